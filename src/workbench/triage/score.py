"""How good a table is on five dimensions, each a share of rows or cells that hold.

There is no total: five shares stand side by side, and no weight hides in any of them. Each one is a
count over a count, so that whoever doubts it can count again:

completeness
    Of the cells of the contract's columns that the table has, among the rows that passed: those
    that are filled. Columns that the unit carries along, and personal columns that never enter,
    do not count; nor does a column whose empty cell is an answer (a subscription that still runs
    has no end).
validity
    Of the rows received, lines that could not be read included: those of whose own values none is
    unreadable, missing, out of range, impossible as a date, or rounded.
uniqueness
    Of the rows that could be read: those that repeat neither another row nor another row's key.
consistency
    Of the rows that could be read: those that agree with the rest. They refer to something that is
    there, their times are in a possible order, and they break no rule of the unit.
freshness
    Of the rows that passed and whose source has a dated row: those from a source whose newest row
    is at most as old as allowed on the day ``as_of``: the unit's gate says how old, else 35 days.
    A table that ends with what it tells of (assignments to experiments) has no such share, unless
    the gate states an age for it.

Warnings count like rejections: a row that is remarked on does not hold. A row with several reasons
of one dimension counts once in it. Where there is nothing to count, there is no share.

References
----------
The dimensions are those of DAMA UK Working Group, "The six primary dimensions for data quality
assessment", 2013; accuracy is left out, as it needs the truth beside the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType

from workbench.triage.judged import DIMENSIONS, Dimension, ScorePoint
from workbench.triage.record import SourceRecord, TableRecord, TriageRecord

__all__ = [
    "ANSWERED_BY_NOTHING",
    "ENDS",
    "MEANINGS",
    "Held",
    "Score",
    "age_in_days",
    "dimension_of",
    "score",
    "score_points",
    "with_history",
]

MEANINGS: Mapping[Dimension, str] = MappingProxyType(
    {
        "completeness": "cells that are filled, of the rows that passed",
        "validity": "rows received whose own values are readable, present and possible",
        "uniqueness": "rows received that repeat neither a row nor a key",
        "consistency": "rows received that agree with other tables, with the order of events and "
        "with the unit's rules",
        "freshness": "rows that passed and come from a source that is up to date",
    }
)
"""What each share is a share of, in words for a report."""

ANSWERED_BY_NOTHING: frozenset[tuple[str, str]] = frozenset(
    {
        ("orders", "campaign_id"),
        ("subscriptions", "ended_at"),
        ("subscriptions", "end_reason"),
        ("interactions", "first_response_at"),
        ("interactions", "resolved_at"),
        ("touchpoints", "campaign_id"),
        ("campaigns", "ended_at"),
    }
)
"""Table and column where an empty cell is an answer: still open, not ended, credited to nothing."""

ENDS: frozenset[str] = frozenset({"assignments"})
"""Tables that get no newer rows when what they tell of is over: their age says nothing."""

_SPEAKS_AGAINST: Mapping[str, Dimension] = MappingProxyType(
    {
        "duplicate_row": "uniqueness",
        "duplicate_key": "uniqueness",
        "orphan": "consistency",
        "order_of_events": "consistency",
        "rule": "consistency",
    }
)


def dimension_of(kind: str) -> Dimension:
    """Return the dimension that a kind of reason speaks against; validity unless it is another.

    Parameters
    ----------
    kind
        A kind of ``workbench.triage.reasons.KINDS``.

    Examples
    --------
    >>> dimension_of("orphan"), dimension_of("unreadable")
    ('consistency', 'validity')
    """
    return _SPEAKS_AGAINST.get(kind, "validity")


@dataclass(frozen=True)
class Held:
    """A share, as its two counts.

    Parameters
    ----------
    held
        Rows or cells that hold.
    of
        Rows or cells that there are, at least 1.
    """

    held: int
    of: int

    @property
    def share(self) -> float:
        """Return the share (0-1)."""
        return self.held / self.of


@dataclass(frozen=True)
class Score:
    """How good a table is; None on a dimension for which there is nothing to count.

    Parameters
    ----------
    table
        Its name.
    completeness, validity, uniqueness, consistency, freshness
        As the module says.
    """

    table: str
    completeness: Held | None
    validity: Held | None
    uniqueness: Held | None
    consistency: Held | None
    freshness: Held | None

    @property
    def shares(self) -> dict[Dimension, float | None]:
        """Return dimension -> share (0-1) or None, in their order."""
        found: dict[Dimension, float | None] = {}
        for dimension in DIMENSIONS:
            held = getattr(self, dimension)
            found[dimension] = None if held is None else held.share
        return found

    @property
    def weakest(self) -> Dimension | None:
        """Return the dimension of the lowest share below 1, the first of equals; None for none."""
        known = [
            (share, place)
            for place, share in enumerate(self.shares.values())
            if share is not None and share < 1
        ]
        return DIMENSIONS[min(known)[1]] if known else None


def score(table: TableRecord, as_of: date) -> Score:
    """Return how good a table is on each dimension.

    Parameters
    ----------
    table
        What triage recorded of it, with the greatest age that it may have.
    as_of
        The day from which ages are counted.
    """
    lines = sum(_unreadable(source) for source in table.sources)
    readable = table.received - lines
    return Score(
        table=table.name,
        completeness=_completeness(table),
        validity=_less(table.received, [source.invalid for source in table.sources]),
        uniqueness=_less(readable, [source.repeated for source in table.sources]),
        consistency=_less(readable, [source.inconsistent for source in table.sources]),
        freshness=_freshness(table, as_of),
    )


def _unreadable(source: SourceRecord) -> int:
    return sum(one.rows for one in source.reasons if one.code == "unreadable_line")


def _less(rows: int, failing: list[int | None]) -> Held | None:
    """Return the rows that do not fail; None where there are none, or nobody counted them."""
    counted = [count for count in failing if count is not None]
    if not rows or len(counted) < len(failing):
        return None
    return Held(rows - sum(counted), rows)


def _completeness(table: TableRecord) -> Held | None:
    asked = [
        column
        for column in table.columns
        if column.kind != "carried" and (table.name, column.name) not in ANSWERED_BY_NOTHING
    ]
    cells = table.accepted * len(asked)
    return Held(cells - sum(column.missing for column in asked), cells) if cells else None


def _freshness(table: TableRecord, as_of: date) -> Held | None:
    oldest = table.max_age_days
    aged = [(source.accepted, age_in_days(source.newest, as_of)) for source in table.sources]
    dated = [(rows, age) for rows, age in aged if age is not None]
    of = sum(rows for rows, _ in dated)
    if oldest is None or not of:
        return None
    return Held(sum(rows for rows, age in dated if age <= oldest), of)


def age_in_days(newest: str | None, as_of: date) -> int | None:
    """Return the days from a time's day to ``as_of``; None where there is no time.

    Parameters
    ----------
    newest
        The time as ISO text, or None.
    as_of
        The day from which ages are counted.

    Examples
    --------
    >>> age_in_days("2025-06-28 23:59:00", date(2025, 6, 30))
    2
    """
    return None if newest is None else (as_of - datetime.fromisoformat(newest).date()).days


def score_points(record: TriageRecord) -> tuple[ScorePoint, ...]:
    """Return the shares of a record as points of a history, by table and dimension.

    Parameters
    ----------
    record
        What triage recorded of a unit.
    """
    day = date.fromisoformat(record.as_of)
    return tuple(
        ScorePoint(record.as_of, table.name, dimension, share)
        for table in record.tables
        for dimension, share in score(table, day).shares.items()
        if share is not None
    )


def with_history(record: TriageRecord, before: TriageRecord | None, most: int = 12) -> TriageRecord:
    """Return a record that knows the scores of earlier loads.

    Parameters
    ----------
    record
        What triage recorded of this load; any history of its own is replaced.
    before
        The record of the snapshot before, with its history; None for the first load.
    most
        At most so many earlier days are kept, the newest ones; at least 0.

    Returns
    -------
    TriageRecord
        With the shares of each earlier day, oldest first. A day has one set of them: where a day is
        loaded again, the new load takes the place of the old one. Days after the record's own have
        no place in it.
    """
    points: dict[str, list[ScorePoint]] = {}
    if before is not None:
        for point in before.history:
            points.setdefault(point.as_of, []).append(point)
        points[before.as_of] = list(score_points(before))
    days = [day for day in sorted(points) if day < record.as_of]
    kept = days[max(0, len(days) - most) :]
    return replace(record, history=tuple(point for day in kept for point in points[day]))
