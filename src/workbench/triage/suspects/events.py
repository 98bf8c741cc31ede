"""Times: two orders of day and month in one column, events in an impossible order, gaps."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations, pairwise
from statistics import median

from workbench.data.quoting import literal
from workbench.triage.suspects.evidence import add_cells, add_values
from workbench.triage.suspects.frame import Column, Frame

__all__ = ["find_date_orders", "find_event_orders", "find_gaps"]

MOST_TIMES = 16
"""Columns of times that are compared with each other."""
SLASHED = r"^\s*([0-9]{1,2})([/.-])([0-9]{1,2})([/.-])([0-9]{4}|[0-9]{2})(\D.*)?$"
ISO = r"^\s*([0-9]{4})([/.-])([0-9]{1,2})([/.-])([0-9]{1,2})(\D.*)?$"
_READ = 0.5
_FEWEST = 50
_RARE = 0.01
_LONGEST_SERIES = 40_000
_EXPECTED = 12
_AROUND = range(-4, 5)


def find_date_orders(frame: Frame) -> None:
    """Add dates that can only be month first where most can only be day first, or the reverse."""
    for column in frame.texts():
        if column.dated >= _READ * column.filled:
            for pattern, first, second in ((SLASHED, 1, 3), (ISO, 5, 3)):
                _order(frame, column, pattern, first, second)


def _order(frame: Frame, column: Column, pattern: str, first: int, second: int) -> None:
    parts = (
        f"SELECT v, n, TRY_CAST(regexp_extract(v, {literal(pattern)}, {first}) AS INTEGER) AS a, "
        f"TRY_CAST(regexp_extract(v, {literal(pattern)}, {second}) AS INTEGER) AS b "
        f"FROM {column.values} WHERE strlen(v) <= 60"
    )
    days, months, rows = (
        int(one or 0)
        for one in frame.one(
            f"SELECT sum(n) FILTER (WHERE a BETWEEN 13 AND 31 AND b BETWEEN 1 AND 12), "
            "sum(n) FILTER (WHERE b BETWEEN 13 AND 31 AND a BETWEEN 1 AND 12), "
            f"sum(n) FILTER (WHERE a BETWEEN 1 AND 31 AND b BETWEEN 1 AND 31) FROM ({parts})"
        )
    )
    if not days or not months or rows < _READ * column.filled:
        return
    odd = "b > 12 AND a BETWEEN 1 AND 12" if months <= days else "a > 12 AND b BETWEEN 1 AND 12"
    order = (1, 2, 5, 4, 3, 6) if first == 5 else (3, 2, 1, 4, 5, 6)
    swapped = " || ".join(f"regexp_extract(v, {literal(pattern)}, {one})" for one in order)
    share = min(days, months) / (days + months)
    add_values(
        frame,
        column,
        "date order",
        f"SELECT v, {swapped} AS suggestion, {0.95 - 0.6 * share:.4f} AS confidence "
        f"FROM ({parts}) WHERE greatest(a, b) <= 31 AND {odd}",
    )


def find_event_orders(frame: Frame) -> None:
    """Add later times that lie before the earlier one, where next to no row has that."""
    times = [one for one in frame.columns if one.date_share >= 0.9 and one.filled >= _FEWEST]
    if len(times) > MOST_TIMES:
        frame.not_tried.append(
            f"the order of {', '.join(f'`{one.name}`' for one in times[MOST_TIMES:])} was not "
            f"compared: more than {MOST_TIMES} columns of times"
        )
        times = times[:MOST_TIMES]
    pairs = list(combinations(times, 2))
    if not pairs:
        return
    counts = ", ".join(
        f"count(*) FILTER (WHERE t{a.place} {order} t{b.place})"
        for a, b in pairs
        for order in ("<", ">", "=")
    )
    # Each time is read once, however many pairs it is in.
    read = ", ".join(f"{one.time_sql} AS t{one.place}" for one in times)
    found = frame.one(f"SELECT {counts} FROM (SELECT {read} FROM {frame.rows})")
    for number, (a, b) in enumerate(pairs):
        before, after, same = (int(one) for one in found[3 * number : 3 * number + 3])
        rows = before + after + same
        early, late, wrong = (a, b, after) if before >= after else (b, a, before)
        usual = max(before, after)
        if rows < _FEWEST or not 0 < wrong <= _RARE * rows or usual < 0.3 * rows:
            continue
        add_cells(
            frame,
            f"SELECT r, {late.place} AS place, {late.sql} AS v, 'event order' AS kind, "
            f"NULL AS suggestion, {0.9 - 20 * wrong / rows:.4f} AS confidence "
            f"FROM {frame.rows} WHERE {late.time_sql} < {early.time_sql}",
        )


def find_gaps(frame: Frame) -> None:
    """Add the first row behind days without rows, where a dozen or more were to be expected.

    What is expected on a day is the median count of its weekday in the four weeks before and after,
    so that a shop that is closed on Sundays has no gaps. Where such days are many, none is a gap.
    """
    for column in frame.columns:
        if column.date_share < 0.9 or column.filled < _FEWEST:
            continue
        day = f"CAST({column.time_sql} AS DATE)"
        found = frame.all(
            f"SELECT {day} AS day, count(*), min(r) FROM {frame.rows} WHERE {day} IS NOT NULL "
            f"AND year({day}) BETWEEN 1800 AND 2200 GROUP BY day ORDER BY day "
            f"LIMIT {_LONGEST_SERIES}"
        )
        for begin, end, row, expected in _gaps([(d, int(n), int(r)) for d, n, r in found]):
            span = f"{begin} to {end}" if begin < end else f"{begin}"
            add_cells(
                frame,
                f"SELECT CAST({row} AS BIGINT) AS r, {column.place} AS place, "
                f"'{span}: no rows' AS v, 'gap' AS kind, NULL AS suggestion, "
                f"{0.95 - 3 / expected:.4f} AS confidence",
            )


def _gaps(counts: list[tuple[date, int, int]]) -> list[tuple[date, date, int, float]]:
    """Return first and last day of each gap, the first row behind it, and the rows expected."""
    if len(counts) < 14 or (counts[-1][0] - counts[0][0]).days > _LONGEST_SERIES:
        return []
    known = {day: n for day, n, _ in counts}
    length = (counts[-1][0] - counts[0][0]).days + 1
    days = [counts[0][0] + timedelta(step) for step in range(length)]
    # What is usual changes as a business grows: it is the median of the weeks around.
    usual = {
        day: median(
            known.get(day + timedelta(7 * step), 0)
            for step in _AROUND
            if counts[0][0] <= day + timedelta(7 * step) <= counts[-1][0]
        )
        for day in days
    }
    busy = [day for day in days if usual[day] >= 3]
    empty = sum(1 for day in busy if day not in known)
    if not empty or empty > 0.05 * len(busy):
        return []
    gaps = []
    for (before, *_), (after, _, row) in pairwise(counts):
        missed = [before + timedelta(step) for step in range(1, (after - before).days)]
        expected = float(sum(usual[day] for day in missed))
        if expected >= _EXPECTED:
            gaps.append((missed[0], missed[-1], row, expected))
    return gaps
