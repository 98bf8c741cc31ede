"""What changed between two loads of a table: each change with its size, its certainty, its flag.

A flag is never stored. It is computed from the figures beside it, so that it cannot disagree with
them: a change is flagged where its size is beyond its threshold *and* its interval leaves out "no
change". What is counted in full, and not drawn by chance (columns, restated rows, ages), has no
interval: it is certain as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from workbench.params import ChangeKind

__all__ = [
    "Change",
    "FreshnessChange",
    "HistoryChange",
    "SchemaChange",
    "VolumeChange",
]


@dataclass(frozen=True)
class Change:
    """What all changes have.

    Parameters
    ----------
    table, column
        Where it is; the column is empty for a change of the whole table.
    sentence
        The change in plain words, with its size and its certainty.
    explained_by
        Titles of the calendar's events that account for it; empty where none does.

    Attributes
    ----------
    kind
        The kind of change, as a calendar's ``explains:`` names it.
    """

    kind: ClassVar[ChangeKind]
    table: str
    column: str
    sentence: str
    explained_by: tuple[str, ...]

    @property
    def large(self) -> bool:
        """Return whether the size is beyond its threshold."""
        raise NotImplementedError

    @property
    def certain(self) -> bool:
        """Return whether the interval leaves out "no change"; True for what is counted in full."""
        return True

    @property
    def flag(self) -> bool:
        """Return whether the change is both large and certain."""
        return self.large and self.certain

    @property
    def asks(self) -> bool:
        """Return whether somebody should look: flagged, and no event accounts for it."""
        return self.flag and not self.explained_by


@dataclass(frozen=True)
class SchemaChange(Change):
    """Columns that came, went, or changed their type.

    Parameters
    ----------
    new, gone
        Names of columns that only this load, or only the load before, has.
    retyped
        Column, type before, type now.
    """

    kind: ClassVar[ChangeKind] = "schema"

    new: tuple[str, ...]
    gone: tuple[str, ...]
    retyped: tuple[tuple[str, str, str], ...]

    @property
    def large(self) -> bool:
        """Return whether a column went or changed its type; a new one breaks nothing."""
        return bool(self.gone or self.retyped)


@dataclass(frozen=True)
class VolumeChange(Change):
    """The number of rows.

    Parameters
    ----------
    before, now
        Rows of the two loads.
    change
        ``now / before - 1``; None where the load before was empty.
    usual_low, usual_high
        The range of usual changes, as parts of the rows before.
    loads
        Loads before this one from which the range was learned, the load before among them; 0 where
        there are too few, and the range is assumed.
    threshold
        A change is large from this size on, up or down.
    level
        Of the range as a prediction interval.
    """

    kind: ClassVar[ChangeKind] = "volume"

    before: int
    now: int
    change: float | None
    usual_low: float
    usual_high: float
    loads: int
    threshold: float
    level: float

    @property
    def large(self) -> bool:
        """Return whether the size is beyond its threshold."""
        if self.change is None:
            return self.now > 0
        return abs(self.change) >= self.threshold

    @property
    def certain(self) -> bool:
        """Return whether the change lies outside the usual range; any rows after none do."""
        if self.change is None:
            return self.now > 0
        return not self.usual_low <= self.change <= self.usual_high


@dataclass(frozen=True)
class FreshnessChange(Change):
    """How old the newest row is.

    Parameters
    ----------
    newest_before, newest_now
        The newest date in the table's clock; None where there is none.
    age_before, age_now
        Days from there to the ``as_of`` of either load; negative for a date after it.
    max_age_days
        The newest row may be this old; None where no limit was given.
    """

    kind: ClassVar[ChangeKind] = "freshness"

    newest_before: date | None
    newest_now: date | None
    age_before: int | None
    age_now: int | None
    max_age_days: int | None

    @property
    def large(self) -> bool:
        """Return whether the newest row is older than the limit; False where there is no limit."""
        if self.max_age_days is None:
            return False
        return self.age_now is None or self.age_now > self.max_age_days


@dataclass(frozen=True)
class HistoryChange(Change):
    """Rows that changed in the past: what the load before had, or should have had.

    Parameters
    ----------
    until
        The newest day of the load before. Rows that came late are dated before it; that day itself
        may not have been over.
    rows_before
        Rows of the load before that could be followed: with a key of their own and a date.
    changed, gone, late
        Rows with other values than before; rows that are there no more; rows that only now came.
    columns
        Column -> changed rows in which it differs, the most frequent first.
    first, last
        The days of the earliest and latest of these rows; None where there are none.
    unfollowed
        Rows of either load that could not be followed: no key, a repeated key or no date.
    threshold
        The change is large from this share of ``rows_before`` on.
    """

    kind: ClassVar[ChangeKind] = "history"

    until: date
    rows_before: int
    changed: int
    gone: int
    late: int
    columns: tuple[tuple[str, int], ...]
    first: date | None
    last: date | None
    unfollowed: int
    threshold: float

    @property
    def share(self) -> float:
        """Return restated rows as a share of the rows before; more than 1 where many came late."""
        return (self.changed + self.gone + self.late) / max(self.rows_before, 1)

    @property
    def large(self) -> bool:
        """Return whether the size is beyond its threshold."""
        return self.share >= self.threshold and self.share > 0
