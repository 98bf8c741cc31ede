"""How often one person's records agree: expectation-maximisation on pairs that share a column.

Among pairs that share a column some are one person and some are not. How often the latter agree is
known (u, from random pairs); share and agreement of the former (m) are what makes the counts of all
patterns of agreement most likely (Dempster, Laird and Rubin 1977). Splink's own routine is not
used: it lets the chance of a level that was not seen fall to zero, and stops when it gets there.
Here one pair of one person is taken to have each level, which also says what an unseen one is
worth.

References
----------
A. P. Dempster, N. M. Laird, D. B. Rubin, Maximum Likelihood from Incomplete Data via the EM
Algorithm, JRSS B 39 (1977), 1-38.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from workbench.data.quoting import quote
from workbench.triage.identity.blocking import LARGEST_BLOCK
from workbench.triage.identity.measures import Measure
from workbench.triage.identity.people import PEOPLE, sides

__all__ = ["Session", "agreeing", "learn"]

Floats = NDArray[np.float64]
Chances = Mapping[str, Floats]
"""Measure -> the chance of each of its levels, 0-1, from the best to none."""

ROUNDS = 200
"""Rounds of expectation-maximisation, at most."""

CLOSE = 1e-6
"""The largest change of a chance in a round, 0-1, at which it stops."""


@dataclass(frozen=True)
class Session:
    """Pairs of records that share some columns, by how they agree in the others.

    Parameters
    ----------
    measures
        The names of what is learned from them.
    patterns
        One row a pattern, one column a measure: -1 is missing, 0 the best level, then the next.
    pairs
        How many pairs have each pattern.
    """

    measures: tuple[str, ...]
    patterns: NDArray[np.int64]
    pairs: Floats


def agreeing(
    connection: duckdb.DuckDBPyConnection,
    weighed: Sequence[Measure],
    columns: Sequence[str],
    pairs: int,
) -> Session:
    """Return how pairs that share some columns agree in the others.

    Parameters
    ----------
    connection
        The engine that holds the people.
    weighed
        The others.
    columns
        The spellings that the pairs share; values of too many records are left out.
    pairs
        How many pairs are looked at, about: of more, every so many-th.
    """
    together = ", ".join(quote(column) for column in columns)
    same = " AND ".join(f"l.{quote(column)} = r.{quote(column)}" for column in columns)
    few = (
        f"SELECT * FROM {PEOPLE} QUALIFY count(*) OVER (PARTITION BY {together}) <= {LARGEST_BLOCK}"
    )
    joined = f"FROM ({few}) AS l JOIN ({few}) AS r ON {same} WHERE l.person < r.person"
    all_pairs = connection.execute(f"SELECT count(*) {joined}").fetchall()[0][0]
    every = max(1, -(-all_pairs // pairs))
    levels = ", ".join(f"{each.which()} AS level_{place}" for place, each in enumerate(weighed))
    rows = connection.execute(
        f"SELECT *, count(*) FROM (SELECT {levels} FROM (SELECT {sides(connection)} {joined} "
        f"AND (l.person * 7919 + r.person) % {every} = 0)) GROUP BY ALL ORDER BY ALL"
    ).fetchnumpy()
    found = [np.asarray(column) for column in rows.values()]
    return Session(
        tuple(each.name for each in weighed),
        np.stack(found[:-1], axis=1).astype(np.int64),
        found[-1].astype(np.float64),
    )


def learn(
    sessions: Sequence[Session], seen: Chances, drawn: float, prior: float
) -> tuple[Chances, Chances]:
    """Return the chance of each level within a person (m), and between different persons (u).

    Parameters
    ----------
    sessions
        The pairs to learn from; what they say of a measure is added up.
    seen, drawn
        How many random pairs have each level, and how many were drawn.
    prior
        The share, 0-1, of random pairs that are one person: they are taken out of what was seen,
        down to what the luck of the draw hides.
    """
    between = {name: np.maximum(counts, 1.0) / drawn for name, counts in seen.items()}
    within: dict[str, Floats] = {}
    for _ in range(2):
        pairs = {name: np.zeros(len(counts)) for name, counts in seen.items()}
        for session in sessions:
            for name, found in zip(session.measures, _expected(session, between), strict=True):
                pairs[name] += found
        taught = {name for session in sessions for name in session.measures}
        within = {name: _chances(pairs[name]) for name in pairs if name in taught}
        for name, m in within.items():
            others = np.maximum(seen[name] - prior * drawn * m, np.sqrt(seen[name]))
            between[name] = np.maximum(others, 1.0) / drawn
    return within, between


def _expected(session: Session, between: Chances) -> list[Floats]:
    """Return how many pairs of one person there are at each level of each measure."""
    by_chance = [between[name] for name in session.measures]
    pairs, share = session.pairs, 0.5
    chances = [_start(len(u)) for u in by_chance]
    counts = chances
    for _ in range(ROUNDS):
        odds = np.full(len(pairs), np.log(share) - np.log1p(-share))
        for level, m, u in zip(session.patterns.T, chances, by_chance, strict=True):
            odds += np.where(level < 0, 0.0, np.log(m / u)[level])
        sure = pairs / (1.0 + np.exp(-np.clip(odds, -500, 500)))
        counts = [
            np.bincount(level[level >= 0], weights=sure[level >= 0], minlength=len(u)).astype(float)
            for level, u in zip(session.patterns.T, by_chance, strict=True)
        ]
        before = np.array([share, *np.concatenate(chances)])
        share = (sure.sum() + 1) / (pairs.sum() + 2)
        chances = [_chances(found) for found in counts]
        if np.abs(np.array([share, *np.concatenate(chances)]) - before).max() < CLOSE:
            break
    return counts


def _chances(pairs: Floats) -> Floats:
    """Return the chance of each level from the pairs that have it, and one more for each."""
    chances: Floats = (pairs + 1) / (pairs.sum() + len(pairs))
    return chances


def _start(levels: int) -> Floats:
    return np.array([0.9, *[0.1 / (levels - 1)] * (levels - 1)])
