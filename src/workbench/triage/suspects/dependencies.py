"""Columns that decide others (``zip -> city``), learned from the rows, and the cells against them.

A dependency ``a -> b`` is judged by how well the other rows with the same ``a`` foretell ``b``, and
how much better that is than always guessing the most frequent value (Goodman & Kruskal's lambda,
1954). Rare values of ``b`` that are nowhere the usual one are left out of lambda: they are what
errors look like, and would hide a dependency of a column with one frequent value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.triage.suspects.frame import MOST_DISTINCT, PREFIX, Column, Frame

__all__ = ["CODES", "MOST_PAIRS", "Dependency", "find_dependencies", "foretold", "hold_codes"]

_ROWS = f"{PREFIX}different_rows"
CODES = f"{PREFIX}codes"
"""The rows' hashes, column by column, as `find_dependencies` left them; 0 for none."""
MOST_PAIRS = 3_000
"""Pairs of columns that are tried."""
MOST_CODES = 80_000_000
"""Codes (of 8 bytes) that are held at once; beyond, they are computed each time they are read."""
MOST_FOR_ONE = 6
"""Dependencies that are kept for one decided column: those that foretell it best."""
SAMPLE = 20_000
"""Rows on which a pair is tried; all rows with the chosen values of ``a`` belong to it."""
TOLERANCE = 0.1
_AMOUNTS = 0.005
"""The same for amounts and times, which vary of their own."""
LEAST_LAMBDA = 0.8
_FEWEST_GROUPS = 5
_ENOUGH = 200_000
_GROUP = 12
_FEWEST_ROWS = 30
_SELDOM = 0.02
_TIMES = -1

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Dependency:
    """One column decides another, but for a few rows.

    Parameters
    ----------
    by
        The column that decides.
    on
        The column that is decided.
    foretold_share
        Share (0-1) of rows whose value the other rows of their group foretell.
    lambda_
        How much of the error of always guessing the most frequent value that takes away (0-1).
    """

    by: Column
    on: Column
    foretold_share: float
    lambda_: float


def find_dependencies(frame: Frame) -> tuple[Dependency, ...]:
    """Return the dependencies of a table, found on samples of its rows.

    The same rows in any order give the same samples: rows are chosen by the hash of their values.
    """
    enough = [one for one in frame.columns if one.filled >= _FEWEST_ROWS and one.distinct >= 2]
    measured = {one.place for one in enough if _measured(frame, one)}
    deciding = [
        one
        for one in enough
        if _FEWEST_GROUPS <= one.distinct <= 0.6 * one.filled
        and one.filled >= 0.5 * frame.count
        and one.place not in measured
    ]
    decided = [one for one in enough if one.distinct <= 0.5 * one.filled]
    pairs = [
        (a, b)
        for a in deciding
        for b in decided
        if a.place != b.place and b.distinct <= 1.1 * a.distinct + 0.1 * b.filled
    ]
    if len(pairs) > MOST_PAIRS:
        deciding, pairs = _fewer(frame, deciding, pairs)
    found: list[Dependency] = []
    used = sorted({one for pair in pairs for one in pair}, key=lambda one: one.place)
    if not pairs:
        return ()
    different = _encode(frame, used, deciding)
    whole = different <= SAMPLE
    shared = _sample(frame, None, used, different) if whole else {}
    for a in deciding:
        ons = [b for one, b in pairs if one.place == a.place]
        if not ons:
            continue
        codes = shared if whole else _sample(frame, a, [a, *ons], different)
        for b in ons:
            share, lambda_ = foretold(codes[a.place], codes[b.place], codes[_TIMES])
            least = 1 - (_AMOUNTS if b.place in measured else TOLERANCE)
            if share >= least and lambda_ >= LEAST_LAMBDA:
                found.append(Dependency(a, b, share, lambda_))
    return _best(found)


def foretold(a: Codes, b: Codes, times: Codes | None = None) -> tuple[float, float]:
    """Return how well ``a`` decides ``b``: the share of rows foretold, and lambda.

    Parameters
    ----------
    a, b
        Codes of the two columns' values, row by row, 0 or more; -1 for none.
    times
        How often each row is there; once when not given.

    Returns
    -------
    tuple of float
        Both 0 where there are too few rows or groups to tell.

    Examples
    --------
    >>> a = np.repeat(np.arange(10), 6)
    >>> foretold(a, a % 3)
    (1.0, 1.0)
    """
    kept = (a >= 0) & (b >= 0)
    if not kept.any():
        return 0.0, 0.0
    width = int(b.max()) + 1
    pair, where = np.unique(a[kept] * width + b[kept], return_inverse=True)
    rows = np.bincount(where, weights=None if times is None else times[kept]).astype(np.int64)
    group, value = pair // width, pair % width
    order = np.lexsort((value, -rows, group))
    group, value, rows = group[order], value[order], rows[order]
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    total = np.add.reduceat(rows, starts)
    first = rows[starts]
    after = np.minimum(starts + 1, len(rows) - 1)
    second = np.where(np.r_[np.diff(starts), len(rows) - starts[-1]] > 1, rows[after], 0)
    told = total >= 2
    wins = told & (first - 1 > second) | (told & (first >= 2) & (second == 0))
    everything = int(total[told].sum())
    if int(told.sum()) < _FEWEST_GROUPS or everything < _FEWEST_ROWS:
        return 0.0, 0.0
    right = int(first[wins].sum())
    usual = np.unique(value[starts[wins]])
    inside = np.repeat(told, np.r_[np.diff(starts), len(rows) - starts[-1]])
    among = np.bincount(value[inside], weights=rows[inside])
    # What is frequent, but nowhere usual, is no error.
    known = np.isin(np.arange(len(among)), usual) | (among > _SELDOM * everything)
    among = among[known]
    if len(usual) < 2:
        return right / everything, 0.0
    missed = 1 - right / among.sum()
    guessed = 1 - among.max() / among.sum()
    return right / everything, float(1 - missed / guessed)


def _measured(frame: Frame, column: Column) -> bool:
    """Return whether a column holds amounts or times of day.

    They decide nothing: what falls together there does so by chance. Of a column with millions of
    different values a part is looked at, those chosen by their hash.
    """
    if column.listed and not column.digits:
        return False
    values = f"SELECT v, n FROM {column.values}"
    if not column.listed:
        typed = column.sql if column.kind == "text" else column.typed
        every = 1 if column.distinct <= MOST_DISTINCT else column.distinct // _ENOUGH
        chosen = f"WHERE hash({typed}) % {every} = 0" if every > 1 else ""
        values = (
            f"SELECT CAST(v AS VARCHAR) AS v, {every} * n AS n FROM "
            f"(SELECT {typed} AS v, count(*) AS n FROM {frame.rows} {chosen} GROUP BY 1)"
        )
    amount = "regexp_full_match(v, '[+-]?[0-9.,]*[.,][0-9]+') AND NOT ends_with(v, '.0')"
    clock = "regexp_matches(v, '[0-9]:[0-9]{2}') AND NOT regexp_matches(v, '00:00(:00)?$')"
    amounts, clocks = frame.one(
        f"SELECT coalesce(sum(n) FILTER (WHERE {amount}), 0), "
        f"coalesce(sum(n) FILTER (WHERE {clock}), 0) FROM ({values}) WHERE v IS NOT NULL"
    )
    return int(amounts) > 0.2 * column.filled or int(clocks) > 0.2 * column.filled


def _best(found: list[Dependency]) -> tuple[Dependency, ...]:
    """Return the best few for each decided column: those that foretell more, by fewer values."""
    kept = []
    for place in sorted({one.on.place for one in found}):
        ranked = sorted(
            (one for one in found if one.on.place == place),
            key=lambda one: (-round(one.foretold_share, 2), one.by.distinct, one.by.place),
        )
        kept += ranked[:MOST_FOR_ONE]
    return tuple(kept)


def _fewer(
    frame: Frame, deciding: list[Column], pairs: list[tuple[Column, Column]]
) -> tuple[list[Column], list[tuple[Column, Column]]]:
    """Return as many deciding columns as the limit allows, those with fewest values first."""
    kept: list[tuple[Column, Column]] = []
    chosen = []
    for column in sorted(deciding, key=lambda one: (one.distinct, one.place)):
        own = [pair for pair in pairs if pair[0].place == column.place]
        if len(kept) + len(own) > MOST_PAIRS:
            break
        kept += own
        chosen.append(column)
    frame.not_tried.append(
        f"{len(pairs) - len(kept):,} of {len(pairs):,} pairs of columns were not tried for "
        f"dependencies: {len(deciding) - len(chosen):,} columns were not taken as deciding others"
    )
    return sorted(chosen, key=lambda one: one.place), kept


def _encode(frame: Frame, columns: list[Column], deciding: list[Column]) -> int:
    """Make the codes of all rows and of different rows; return how many the latter are.

    ``r`` and each column's hash, 0 where it is empty; each different row once, with ``h`` (the hash
    of all columns) and ``times``. Of a large table the codes are a view, and of its different rows
    only those are held that a sample may ask for.
    """
    held = frame.count * (len(columns) + 2) <= MOST_CODES
    everything = ", ".join(one.sql for one in frame.columns)
    codes = ", ".join(_code(one) for one in columns)
    frame.connection.execute(
        f"CREATE TEMP {'TABLE' if held else 'VIEW'} {CODES} AS "
        f"SELECT r, hash({everything}) AS h, {codes} FROM {frame.rows}"
    )
    different = max(one.distinct for one in frame.columns)
    if different <= 0.5 * frame.count:
        (different,) = frame.one(f"SELECT approx_count_distinct(h) FROM {CODES}")
    if int(different) <= 0.5 * frame.count:
        frame.connection.execute(
            f"CREATE TEMP TABLE {_ROWS} AS SELECT * EXCLUDE (r), count(*) AS times FROM {CODES} "
            "GROUP BY ALL"
        )
        return int(frame.one(f"SELECT count(*) FROM {_ROWS}")[0])
    rows = f"SELECT * EXCLUDE (r), 1 AS times FROM {CODES}"
    if held or frame.count <= SAMPLE:
        frame.connection.execute(f"CREATE TEMP VIEW {_ROWS} AS {rows}")
    else:
        wanted = " OR ".join(f"({_chosen(frame, one, frame.count)[0]})" for one in deciding)
        frame.connection.execute(f"CREATE TEMP TABLE {_ROWS} AS {rows} WHERE {wanted}")
    return frame.count


def _code(column: Column) -> str:
    return f"CASE WHEN {column.sql} IS NULL THEN 0::UBIGINT ELSE hash({column.sql}) END AS " + (
        column.sql
    )


def hold_codes(frame: Frame, dependencies: Sequence[Dependency]) -> None:
    """Hold the codes of the columns of some dependencies, where they are a view and few enough."""
    used = {one.place: one for pair in dependencies for one in (pair.by, pair.on)}
    (view,) = frame.one(f"SELECT count(*) FROM duckdb_views() WHERE view_name = '{CODES}'")
    if not view or frame.count * (len(used) + 1) > MOST_CODES:
        return
    codes = ", ".join(_code(used[place]) for place in sorted(used))
    frame.connection.execute(f"DROP VIEW {CODES}")
    frame.connection.execute(f"CREATE TEMP TABLE {CODES} AS SELECT r, {codes} FROM {frame.rows}")


def _chosen(frame: Frame, by: Column, different: int) -> tuple[str, int]:
    """Return the condition on a sample's different rows, and of how many in a group one is taken.

    Groups of ``by`` are whole where they are small.
    """
    filled = by.filled * different // frame.count
    size = max(1, filled // by.distinct)
    every_row = max(1, size // _GROUP)
    every_group = max(1, filled // every_row // SAMPLE)
    return f"{by.sql} <> 0 AND {by.sql} % {every_group} = 0 AND h % {every_row} = 0", every_row


def _sample(
    frame: Frame, by: Column | None, columns: list[Column], different: int
) -> dict[int, Codes]:
    """Return the columns' codes on a sample of rows, and how often each is there."""
    where = ""
    if by is not None:
        chosen, every_row = _chosen(frame, by, different)
        (rows,) = frame.one(f"SELECT count(*) FROM {_ROWS} WHERE {chosen}")
        every_row *= max(1, int(rows) // (4 * SAMPLE))
        where = f"WHERE {chosen} AND h % {every_row} = 0"
    picked = ", ".join(one.sql for one in columns)
    found = frame.connection.execute(f"SELECT {picked}, times FROM {_ROWS} {where}").fetchnumpy()
    codes = {_TIMES: np.asarray(found["times"]).astype(np.int64)}
    for one in columns:
        kinds, inverse = np.unique(np.asarray(found[one.sql]), return_inverse=True)
        # The least code is that of "none", where there is one.
        codes[one.place] = inverse.astype(np.int64) - int(len(kinds) > 0 and kinds[0] == 0)
    return codes
