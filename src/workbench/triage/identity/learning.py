"""How often one person's records agree: expectation-maximisation on pairs that share a column.

Among pairs that share a column some are one person and some are not. How often the latter agree is
known (u, from random pairs); share and agreement of the former (m) are what makes the counts of all
patterns of agreement most likely (Dempster, Laird and Rubin 1977). Splink's own routine is not
used: it lets the chance of a level that was not seen fall to zero, and stops when it gets there.
Here one pair of one person is taken to have each level, which also says what an unseen one is worth.

References
----------
A. P. Dempster, N. M. Laird, D. B. Rubin, Maximum Likelihood from Incomplete Data via the EM
Algorithm, JRSS B 39 (1977), 1-38.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
from numpy.typing import NDArray

from workbench.data.quoting import quote
from workbench.triage.identity.blocking import LARGEST_BLOCK
from workbench.triage.identity.measures import Measure
from workbench.triage.identity.people import PEOPLE, sides

__all__ = ["Counts", "agreeing", "learn", "worth"]

Floats = NDArray[np.float64]
Counts = Mapping[str, Floats]
"""Measure -> pairs of one person at each of its levels, from the best to none."""

ROUNDS = 200
"""Rounds of expectation-maximisation, at most."""

CLOSE = 1e-6
"""The largest change of a chance in a round, 0-1, at which it stops."""


def agreeing(
    connection: duckdb.DuckDBPyConnection,
    weighed: Sequence[Measure],
    columns: Sequence[str],
    pairs: int,
) -> tuple[NDArray[np.int64], Floats]:
    """Return the patterns of agreement among pairs that share some columns, and how many have each.

    Parameters
    ----------
    connection
        The engine that holds the people.
    weighed
        What is weighed: one column of the patterns each, -1 where it is missing, else the place of
        the level, 0 the best one.
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
    return np.stack(found[:-1], axis=1).astype(np.int64), found[-1].astype(np.float64)


def learn(patterns: NDArray[np.int64], pairs: Floats, by_chance: Sequence[Floats]) -> list[Floats]:
    """Return how many of the pairs are one person, at each level of each measure.

    Parameters
    ----------
    patterns, pairs
        From ``agreeing``: shapes (patterns, measures) and (patterns,).
    by_chance
        For each measure the chance, 0-1, of each level among different persons.
    """
    share = 0.5
    chances = [_start(len(u)) for u in by_chance]
    sure = pairs
    for _ in range(ROUNDS):
        odds = np.full(len(pairs), np.log(share) - np.log1p(-share))
        for place, (m, u) in enumerate(zip(chances, by_chance, strict=True)):
            level = patterns[:, place]
            odds += np.where(level < 0, 0.0, (np.log(m) - np.log(u))[level])
        sure = pairs / (1.0 + np.exp(-np.clip(odds, -500, 500)))
        before = np.concatenate([*chances, [share]])
        share = min(max((sure.sum() + 1) / (pairs.sum() + 2), 1e-9), 1 - 1e-9)
        chances = [
            worth(_sums(patterns[:, place], sure, len(u))) for place, u in enumerate(by_chance)
        ]
        if np.abs(np.concatenate([*chances, [share]]) - before).max() < CLOSE:
            break
    return [_sums(patterns[:, place], sure, len(u)) for place, u in enumerate(by_chance)]


def worth(pairs: Floats) -> Floats:
    """Return the chance of each level from the pairs that have it, one more taken to have each."""
    chances: Floats = (pairs + 1) / (pairs.sum() + len(pairs))
    return chances


def _start(levels: int) -> Floats:
    return np.array([0.9, *[0.1 / (levels - 1)] * (levels - 1)])


def _sums(level: NDArray[np.int64], sure: Floats, levels: int) -> Floats:
    known = level >= 0
    sums: Floats = np.bincount(level[known], weights=sure[known], minlength=levels)
    return sums
