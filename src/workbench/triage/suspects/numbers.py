"""Numbers far from the rest of their column."""

from __future__ import annotations

from workbench.triage.suspects.evidence import add_cells
from workbench.triage.suspects.frame import Column, Frame

__all__ = ["find_outliers"]

_FEWEST = 50
_NINES = r"-?9{3,}([.]0+)?"
FAR = 6.0
"""Robust z-scores from which a number is far out: of the value and, where all are positive, of its
logarithm too, so that a long tail (amounts, durations) is not taken for errors."""


def find_outliers(frame: Frame) -> None:
    """Add numbers whose distance to the median is many times the usual one.

    The z-score is ``0.6745 (x - median) / MAD`` (Iglewicz & Hoaglin 1993, How to Detect and Handle
    Outliers). Where half of the values are equal there is no scale, and nothing is found.
    """
    for column in frame.columns:
        if column.number_share < 0.9 or column.filled < _FEWEST or column.distinct < 10:
            continue
        _outliers(frame, column)


def _outliers(frame: Frame, column: Column) -> None:
    numbers = f"(SELECT {column.number_sql} AS x FROM {frame.rows})"
    middle, positive, whole = frame.one(
        f"SELECT median(x), median(ln(nullif(greatest(x, 0), 0))), "
        f"count(*) FILTER (WHERE x = floor(x)) FROM {numbers} WHERE x IS NOT NULL"
    )
    # A whole number that hardly repeats is an identifier.
    if middle is None or (
        int(whole) >= 0.99 * column.filled and column.distinct > 0.9 * column.filled
    ):
        return
    logs = 0.0 if positive is None else positive
    spread, relative, lows = frame.one(
        f"SELECT median(abs(x - {middle!r}::DOUBLE)), "
        f"median(abs(ln(nullif(greatest(x, 0), 0)) - {logs!r}::DOUBLE)), "
        f"count(*) FILTER (WHERE x < 0) FROM {numbers} WHERE x IS NOT NULL"
    )
    if not spread:
        return
    score = f"0.6745 * abs(x - {middle!r}::DOUBLE) / {spread!r}::DOUBLE"
    if relative and lows <= 0.001 * column.filled:
        # On the scale of logarithms a value below the usual ones is far only when tiny or negative.
        log_score = (
            f"0.6745 * abs(ln(nullif(greatest(x, 0), 0)) - {logs!r}::DOUBLE) / {relative!r}::DOUBLE"
        )
        score = f"CASE WHEN x > 0 THEN least({score}, {log_score}) ELSE {score} END"
    # The evidence grows with the distance, and shrinks where many lie as far out.
    scored = (
        f"SELECT r, {column.sql} AS v, {score} AS z FROM "
        f"(SELECT r, {column.sql}, {column.number_sql} AS x FROM {frame.rows}) WHERE x IS NOT NULL"
    )
    (far,) = frame.one(f"SELECT count(*) FROM ({scored}) WHERE z >= {FAR}")
    if not far or far > 0.01 * column.filled:
        return
    lost = 20 * int(far) / column.filled
    add_cells(
        frame,
        f"SELECT r, {column.place} AS place, v, CASE WHEN regexp_full_match(v, '{_NINES}') "
        "THEN 'missing in disguise' ELSE 'outlier' END AS kind, NULL AS suggestion, "
        f"0.9 - {lost:.4f} - 2.0 / z AS confidence FROM ({scored}) WHERE z >= {FAR}",
    )
