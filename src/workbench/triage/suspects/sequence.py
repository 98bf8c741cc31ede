"""Dates that stand out of the order in which their source was written, until day and month swap."""

from __future__ import annotations

from workbench.triage.suspects.evidence import add_cells
from workbench.triage.suspects.frame import MOST_ROWS, Column, Frame

__all__ = ["find_out_of_sequence"]

_FEWEST = 50
_SORTED = 0.95
_AROUND = 5
_RARE = 0.02
_LEAST_DAYS = 20


def find_out_of_sequence(frame: Frame) -> None:
    """Add dates far from those of the rows around them, which fit when day and month change places.

    Only where a source is written in the order of the column: there ``04/10`` between ``10/04`` and
    ``10/04`` tells what the date alone cannot. The rows around are the five before and the five
    behind; how far a date may be from their median is learned from the column.
    """
    if frame.count > MOST_ROWS:
        frame.not_tried.append(
            f"dates out of sequence were not looked for: more than {MOST_ROWS:,} rows"
        )
        return
    for column in frame.columns:
        enough = column.filled >= _FEWEST and column.distinct >= 10
        if column.date_share >= 0.9 and enough and _in_order(frame, column):
            _swapped(frame, column)


def _in_order(frame: Frame, column: Column) -> bool:
    """Return whether nearly every row is dated like the row before it, or later."""
    pairs, later = frame.one(
        f"SELECT count(before), count(*) FILTER (WHERE t >= before) FROM (SELECT t, "
        f"lag(t) OVER (ORDER BY r) AS before FROM (SELECT r, {column.time_sql} AS t "
        f"FROM {frame.rows}) WHERE t IS NOT NULL)"
    )
    return bool(pairs) and int(later) >= _SORTED * int(pairs)


def _swapped(frame: Frame, column: Column) -> None:
    day = f"CAST(CAST({column.time_sql} AS DATE) - DATE '1970-01-01' AS INTEGER)"
    around = (
        f"SELECT r, v, t, d, quantile_disc(d, 0.5) OVER (ORDER BY r ROWS BETWEEN {_AROUND} "
        f"PRECEDING AND {_AROUND} FOLLOWING) AS middle FROM (SELECT r, {column.sql} AS v, "
        f"{column.time_sql} AS t, {day} AS d FROM {frame.rows}) WHERE t IS NOT NULL"
    )
    usual, far = frame.one(f"SELECT quantile_disc(abs(d - middle), 0.95), count(*) FROM ({around})")
    limit = max(_LEAST_DAYS, 5 * int(usual or 0))
    # The swapped day exists where both numbers are twelve at most.
    swapped = "CASE WHEN day(t) <= 12 THEN make_date(year(t), day(t), month(t)) END"
    fits = (
        f"SELECT r, v, swapped, strftime(swapped, '%Y-%m-%d') || substr(CAST(v AS VARCHAR), 11) "
        f"AS suggestion FROM (SELECT *, {swapped} AS swapped FROM ({around}) "
        f"WHERE abs(d - middle) > {limit}) WHERE swapped IS NOT NULL AND "
        f"abs(CAST(swapped - DATE '1970-01-01' AS INTEGER) - middle) <= {max(int(usual or 0), 2)}"
    )
    (found,) = frame.one(f"SELECT count(*) FROM ({fits})")
    if not found or int(found) > _RARE * int(far):
        return
    add_cells(
        frame,
        f"SELECT r, {column.place} AS place, v, 'date order' AS kind, suggestion, "
        f"0.85 AS confidence FROM ({fits})",
    )
