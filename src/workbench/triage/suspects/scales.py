"""Numbers in another unit than their like: pence among pounds, grams among kilograms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from workbench.triage.suspects.evidence import add_cells
from workbench.triage.suspects.frame import MOST_ROWS, Column, Frame

__all__ = ["FACTORS", "find_scales"]

FACTORS = (10, 100, 1000)
"""How many times too large or too small a number in another unit may be."""

_FEWEST = 50
_RARE = 0.05
_GROUP = 5
_EXPLAINED = 0.7
_MOST_GROUPS = 50_000
_AT_ONCE = 32  # columns whose groups are summed in one reading
_SLACK = 1.05
_APART = 3


def find_scales(frame: Frame) -> None:
    """Add numbers far outside the range of their like, but within it when a power of ten is undone.

    The like of a number are the rows with the same value in another column (the article of a
    price), where that column tells how large the numbers are: it explains at least 70% of the
    variance of their logarithms (adjusted R²). The range is that of Tukey's fences, on logarithms:
    one and a half times the distance of the quartiles beyond either of them.
    """
    if frame.count > MOST_ROWS:
        frame.not_tried.append(
            f"numbers in another unit than their like were not looked for: "
            f"more than {MOST_ROWS:,} rows"
        )
        return
    for column in frame.columns:
        if column.number_share < 0.9 or column.filled < _FEWEST or column.distinct < 10:
            continue
        best = _like(frame, column)
        if best is not None:
            _outside(frame, column, best)


def _like(frame: Frame, column: Column) -> Column | None:
    """Return the column that best tells how large the numbers are, None where none does."""
    others = [
        other
        for other in frame.columns
        if other.place != column.place
        and other.kind not in ("number", "date")
        and 2 <= other.distinct <= min(_MOST_GROUPS, column.filled / _GROUP)
    ]
    best, most = None, 0.0
    for start in range(0, len(others), _AT_ONCE):
        some = others[start : start + _AT_ONCE]
        for other, explained in zip(some, _explained(frame, column, some), strict=True):
            if explained >= _EXPLAINED and (best is None or explained > most + 0.01):
                best, most = other, explained
    return best


def _explained(frame: Frame, column: Column, others: Sequence[Column]) -> list[float]:
    """Return the adjusted share of the variance of logarithms that the groups of each explain."""
    # Sums of whole numbers do not depend on the order of rows.
    logs = f"CAST(round(1e6 * ln({column.number_sql})) AS HUGEINT)"
    names = ", ".join(other.sql for other in others)
    # The number of a grouping has a 1 for each column but its own.
    grouped = (
        f"SELECT grouping_id({names}) AS other, coalesce({names}) AS g, count(*) AS n, "
        f"sum(x) AS s, sum(x * x) AS q FROM (SELECT {names}, {logs} AS x FROM {frame.rows} "
        f"WHERE {column.number_sql} > 0) "
        f"GROUP BY GROUPING SETS ({', '.join(f'({other.sql})' for other in others)})"
    )
    found = {
        int(other): told
        for other, *told in frame.all(
            "SELECT other, sum(n), count(*), sum(s), sum(q), "
            "list_sum(list(CAST(s AS DOUBLE) * CAST(s AS DOUBLE) / n ORDER BY n, s, q)) "
            f"FROM ({grouped}) WHERE g IS NOT NULL GROUP BY other"
        )
    }
    every = (1 << len(others)) - 1
    return [
        _share(*found[own]) if (own := every ^ (1 << place)) in found else 0.0
        for place in reversed(range(len(others)))
    ]


def _share(n: Any, groups: Any, total: Any, squares: Any, between: Any) -> float:
    """Return the adjusted share of the variance from a column's count, groups and sums."""
    count = int(n)
    if count < _FEWEST or int(groups) < 2 or count <= int(groups):
        return 0.0
    whole = float(squares) - float(total) ** 2 / count
    within = float(squares) - float(between)
    if whole <= 0 or not math.isfinite(whole):
        return 0.0
    return 1 - (within / (count - int(groups))) / (whole / (count - 1))


def _outside(frame: Frame, column: Column, other: Column) -> None:
    numbers = (
        f"SELECT r, {column.sql} AS v, {column.number_sql} AS x, {other.sql} AS g "
        f"FROM {frame.rows} WHERE {column.number_sql} > 0 AND {other.sql} IS NOT NULL"
    )
    ranges = (
        f"SELECT g, q1 / pow(q3 / q1, 1.5) / {_SLACK} AS low, q3 * pow(q3 / q1, 1.5) * {_SLACK} "
        "AS high FROM (SELECT g, quantile_disc(x, 0.25) AS q1, quantile_disc(x, 0.75) AS q3 "
        f"FROM ({numbers}) GROUP BY g HAVING count(*) >= {_GROUP})"
    )
    cases = [
        f"WHEN {far} AND {undone} BETWEEN low AND high THEN {undone}"
        for factor in FACTORS
        for far, undone in (
            (f"x > {_APART} * high", f"x / {factor}"),
            (f"x * {_APART} < low", f"x * {factor}"),
        )
    ]
    found = (
        f"SELECT r, v, right_value FROM (SELECT *, CASE {' '.join(cases)} END AS right_value "
        f"FROM ({numbers}) JOIN ({ranges}) USING (g)) WHERE right_value IS NOT NULL"
    )
    (cells,) = frame.one(f"SELECT count(*) FROM ({found})")
    if not cells or int(cells) > _RARE * column.filled:
        return
    add_cells(
        frame,
        f"SELECT r, {column.place} AS place, v, 'unit' AS kind, "
        "regexp_replace(regexp_replace(printf('%.6f', right_value), '0+$', ''), '[.]$', '') "
        f"AS suggestion, 0.85 AS confidence FROM ({found})",
    )
