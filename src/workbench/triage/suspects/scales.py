"""Numbers in another unit than their like: pence among pounds, grams among kilograms."""

from __future__ import annotations

import math

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
    best, most = None, 0.0
    for other in frame.columns:
        if (
            other.place == column.place
            or other.kind in ("number", "date")
            or not 2 <= other.distinct <= min(_MOST_GROUPS, column.filled / _GROUP)
        ):
            continue
        explained = _explained(frame, column, other)
        if explained >= _EXPLAINED and (best is None or explained > most + 0.01):
            best, most = other, explained
    return best


def _explained(frame: Frame, column: Column, other: Column) -> float:
    """Return the adjusted share of the variance of logarithms that groups explain."""
    # Sums of whole numbers do not depend on the order of rows.
    logs = f"CAST(round(1e6 * ln({column.number_sql})) AS HUGEINT)"
    grouped = (
        f"SELECT count(*) AS n, sum(x) AS s, sum(x * x) AS q FROM (SELECT {other.sql} AS g, "
        f"{logs} AS x FROM {frame.rows} WHERE {column.number_sql} > 0 AND {other.sql} IS NOT NULL) "
        "GROUP BY g"
    )
    n, groups, total, squares, between = frame.one(
        "SELECT sum(n), count(*), sum(s), sum(q), "
        f"list_sum(list(CAST(s AS DOUBLE) * CAST(s AS DOUBLE) / n ORDER BY n, s, q)) "
        f"FROM ({grouped})"
    )
    if n is None or int(n) < _FEWEST or int(groups) < 2 or int(n) <= int(groups):
        return 0.0
    count = int(n)
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
