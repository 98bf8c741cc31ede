"""All that changed in one table from the load before to this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from workbench.triage.drift.changes import (
    Change,
    FreshnessChange,
    HistoryChange,
    SchemaChange,
    VolumeChange,
)
from workbench.triage.drift.shifts import (
    CategoryChange,
    DistributionChange,
    MissingChange,
    NewCategory,
)

__all__ = [
    "TableDrift",
]


@dataclass(frozen=True)
class TableDrift:
    """One table's load beside the load before.

    Parameters
    ----------
    table
        The canonical table.
    first, last
        The days in which the changes came about: from the day after the load before was taken to
        the ``as_of`` of this one.
    compared
        Which rows' values are compared: ``all`` of both loads, or the ``new`` ones of this load
        with all of the load before.
    rows_before, rows_now
        How many rows that are.
    level
        All intervals of this table hold together with this probability.
    intervals
        Among how many the error is shared (Bonferroni), so that many columns raise no more false
        alarms than one.
    method
        How the intervals were found, in a sentence.
    schema, volume, freshness, history
        Changes of the table; freshness needs a clock, history a clock and a key.
    missing, categories, distributions
        Changes by column, in the columns' order; each compared column is here, changed or not.
    new_categories
        Categories that only one of the loads has.
    not_compared
        Column -> why its values were not compared.
    """

    table: str
    first: date
    last: date
    compared: str
    rows_before: int
    rows_now: int
    level: float
    intervals: int
    method: str
    schema: SchemaChange
    volume: VolumeChange
    freshness: FreshnessChange | None
    history: HistoryChange | None
    missing: tuple[MissingChange, ...]
    categories: tuple[CategoryChange, ...]
    new_categories: tuple[NewCategory, ...]
    distributions: tuple[DistributionChange, ...]
    not_compared: tuple[tuple[str, str], ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return all of them, the table's first."""
        whole: Sequence[Change | None] = (self.schema, self.volume, self.freshness, self.history)
        return (
            *(change for change in whole if change is not None),
            *self.missing,
            *self.categories,
            *self.new_categories,
            *self.distributions,
        )

    @property
    def flagged(self) -> tuple[Change, ...]:
        """Return the changes that are both large and certain, explained or not."""
        return tuple(change for change in self.changes if change.flag)

    @property
    def asks(self) -> tuple[Change, ...]:
        """Return the flagged changes that no event accounts for."""
        return tuple(change for change in self.changes if change.asks)
