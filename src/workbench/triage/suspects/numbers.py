"""Numbers far from the rest of their column."""

from __future__ import annotations

from workbench.triage.suspects.evidence import add_cells, add_values
from workbench.triage.suspects.frame import MOST_DISTINCT, PREFIX, Column, Frame, number_sql

__all__ = ["find_outliers"]

_FEWEST = 50
_NINES = r"-?9{3,}([.]0+)?"
_COUNTS = f"{PREFIX}numbers"
FAR = 6.0
"""Robust z-scores from which a number is far out: of the value and, where all are positive, of its
logarithm too, so that a long tail (amounts, durations) is not taken for errors."""


def find_outliers(frame: Frame) -> None:
    """Add numbers whose distance to the median is many times the usual one.

    The z-score is ``0.6745 (x - median) / MAD`` (Iglewicz & Hoaglin 1993, How to Detect and Handle
    Outliers). Where half of the values are equal there is no scale, and nothing is found. Of a
    column with millions of different numbers the median and the usual distance are those of a
    sample of some two million rows; every row is then held against them.
    """
    for column in frame.columns:
        if column.number_share < 0.9 or column.filled < _FEWEST or column.distinct < 10:
            continue
        _count(frame, column)
        score = _score(frame, column)
        if score is not None:
            _outliers(frame, column, score)


def _count(frame: Frame, column: Column) -> None:
    """Make the table of a column's numbers (``x``) and their rows (``n``)."""
    rows = f"SELECT {number_sql('v')} AS x, n FROM {column.values}"
    if not column.listed:
        rows = f"SELECT {column.number_sql} AS x, 1 AS n FROM {frame.rows}"
        if column.distinct > MOST_DISTINCT:
            rows += f" WHERE hash(r) % {frame.count // MOST_DISTINCT + 1} = 0"
    frame.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_COUNTS} AS SELECT x, CAST(sum(n) AS BIGINT) AS n "
        f"FROM ({rows}) WHERE x IS NOT NULL GROUP BY x"
    )


def _score(frame: Frame, column: Column) -> str | None:
    """Return SQL for the z-score of ``x``, or None where the column has no scale."""
    rows, whole, lows = frame.one(
        f"SELECT sum(n), sum(n) FILTER (WHERE x = floor(x)), sum(n) FILTER (WHERE x < 0) "
        f"FROM {_COUNTS}"
    )
    # A whole number that hardly repeats is an identifier.
    if not rows or (int(whole or 0) >= 0.99 * int(rows) and column.distinct > 0.9 * column.filled):
        return None
    logarithm = "ln(nullif(greatest(x, 0), 0))"
    middle, logs = _median(frame, "x"), _median(frame, logarithm)
    spread = _median(frame, f"abs(x - {middle!r}::DOUBLE)")
    if not spread:
        return None
    score = f"0.6745 * abs(x - {middle!r}::DOUBLE) / {spread!r}::DOUBLE"
    if logs is None or int(lows or 0) > 0.001 * int(rows):
        return score
    relative = _median(frame, f"abs({logarithm} - {logs!r}::DOUBLE)")
    if not relative:
        return score
    # On the scale of logarithms a value below the usual ones is far only when tiny or negative.
    log_score = f"0.6745 * abs({logarithm} - {logs!r}::DOUBLE) / {relative!r}::DOUBLE"
    return f"CASE WHEN x > 0 THEN least({score}, {log_score}) ELSE {score} END"


def _median(frame: Frame, value: str) -> float | None:
    """Return the median of an expression of ``x`` over the rows; None where there is none."""
    low, high = frame.one(
        "SELECT min(y) FILTER (WHERE 2 * upto >= rows), min(y) FILTER (WHERE 2 * upto > rows) "
        "FROM (SELECT y, sum(n) OVER (ORDER BY y) AS upto, sum(n) OVER () AS rows "
        f"FROM (SELECT {value} AS y, n FROM {_COUNTS}) WHERE y IS NOT NULL)"
    )
    return None if low is None else float(low) + (float(high) - float(low)) / 2


def _outliers(frame: Frame, column: Column, score: str) -> None:
    values = f"SELECT v, {number_sql('v')} AS x, n FROM {column.values}"
    if not column.listed:
        values = f"SELECT r, {column.sql} AS v, {column.number_sql} AS x, 1 AS n FROM {frame.rows}"
    scored = f"SELECT *, {score} AS z FROM ({values}) WHERE x IS NOT NULL"
    (far,) = frame.one(f"SELECT coalesce(sum(n), 0) FROM ({scored}) WHERE z >= {FAR}")
    if not far or far > 0.01 * column.filled:
        return
    # The evidence grows with the distance, and shrinks where many lie as far out.
    lost = 20 * int(far) / column.filled
    kind = (
        f"CASE WHEN regexp_full_match(v, '{_NINES}') THEN 'missing in disguise' ELSE 'outlier' END"
    )
    found = (
        f"SELECT *, {kind} AS kind, NULL AS suggestion, 0.9 - {lost:.4f} - 2.0 / z AS confidence "
        f"FROM ({scored}) WHERE z >= {FAR}"
    )
    if not column.listed:
        wanted = "v, kind, suggestion, confidence"
        add_cells(frame, f"SELECT r, {column.place} AS place, {wanted} FROM ({found})")
        return
    for one in ("missing in disguise", "outlier"):
        add_values(frame, column, one, f"SELECT * FROM ({found}) WHERE kind = '{one}'")
