"""What triage found beyond single rows: suspected cells, changes, overlaps, who is who.

Plain values only, so that they travel in the triage record as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "ChangeRecord",
    "CustomersRecord",
    "DriftRecord",
    "Example",
    "LearnedRule",
    "OverlapColumn",
    "OverlapRecord",
    "SuspectRecord",
]


@dataclass(frozen=True)
class Example:
    """Where a reason was met, without the row itself.

    Parameters
    ----------
    row
        The record's number in its source, from 1.
    pattern
        The shape of the offending values: letters as ``A`` or ``a``, digits as ``9``.
    """

    row: int
    pattern: str

    @classmethod
    def all_from(cls, values: Any) -> tuple[Example, ...]:
        """Return the examples that were written as JSON."""
        return tuple(cls(**one) for one in values)


@dataclass(frozen=True)
class SuspectRecord:
    """Cells of one column that look wrong in one way.

    Parameters
    ----------
    column
        The source's own column.
    kind
        What seems wrong, one of ``workbench.triage.suspects.find.KINDS``.
    cells
        How many accepted rows have such a cell.
    listed
        How many of them are in the owner's list, the surest first.
    examples
        The first few places.
    """

    column: str
    kind: str
    cells: int
    listed: int
    examples: tuple[Example, ...]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SuspectRecord:
        """Return the record that was written as JSON."""
        return cls(**{**value, "examples": Example.all_from(value["examples"])})


@dataclass(frozen=True)
class LearnedRule:
    """That one column of a source decides another, as its rows show.

    Parameters
    ----------
    by, on
        The column that decides, and the one that is decided.
    share
        The share of rows (0-1) that keep to it.
    """

    by: str
    on: str
    share: float


@dataclass(frozen=True)
class ChangeRecord:
    """One change of a table since the load before.

    Parameters
    ----------
    kind, column
        Its kind, as a calendar's ``explains:`` names it; the column is empty for the whole table.
    sentence
        The change in plain words, with its size and its certainty.
    large, certain, flag
        Whether its size is beyond the threshold, its interval leaves out "no change", and both.
    explained_by
        Titles of the calendar's events that account for it.
    figures
        What the flag was computed from.
    """

    kind: str
    column: str
    sentence: str
    large: bool
    certain: bool
    flag: bool
    explained_by: tuple[str, ...]
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def asks(self) -> bool:
        """Return whether somebody should look: flagged, and no event accounts for it."""
        return self.flag and not self.explained_by

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ChangeRecord:
        """Return the record that was written as JSON."""
        return cls(**{**value, "explained_by": tuple(value["explained_by"])})


@dataclass(frozen=True)
class DriftRecord:
    """One table's load beside the load before.

    Parameters
    ----------
    before, before_as_of
        The snapshot that was compared with, and its day (ISO).
    rows_before, rows_now
        Rows of the two.
    counts
        Rows of the loads up to the one before, the oldest first.
    method
        How certainty was found, in a sentence; empty where nothing was compared.
    changes
        Every change that was looked for, flagged or not.
    not_compared
        Column, or an empty text for the whole table -> why it was not compared.
    """

    before: str
    before_as_of: str
    rows_before: int
    rows_now: int
    counts: tuple[int, ...]
    method: str
    changes: tuple[ChangeRecord, ...]
    not_compared: tuple[tuple[str, str], ...]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> DriftRecord:
        """Return the record that was written as JSON."""
        return cls(
            **{
                **value,
                "counts": tuple(value["counts"]),
                "changes": tuple(ChangeRecord.from_json(one) for one in value["changes"]),
                "not_compared": tuple((name, why) for name, why in value["not_compared"]),
            }
        )


@dataclass(frozen=True)
class OverlapColumn:
    """One column in the rows that two sources share.

    Parameters
    ----------
    name
        The column.
    conflicts
        Shared keys for which both have a value and the values differ.
    only_first, only_second
        Shared keys for which only that source has a value.
    """

    name: str
    conflicts: int
    only_first: int
    only_second: int


@dataclass(frozen=True)
class OverlapRecord:
    """Two sources of one table.

    Parameters
    ----------
    first, second
        Their names, in the order of their declaration.
    shared, only_first, only_second
        Keys in both, and in one of them.
    conflicts
        Shared keys with a conflict in any column.
    columns
        The columns in which they differ, the most conflicts first.
    keep
        Which source is the better one where both have a key; empty where nothing is shared.
    sentence, advice
        What they share, and which to keep and why, in words.
    """

    first: str
    second: str
    shared: int
    only_first: int
    only_second: int
    conflicts: int
    columns: tuple[OverlapColumn, ...]
    keep: str
    sentence: str
    advice: str

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> OverlapRecord:
        """Return the record that was written as JSON."""
        return cls(**{**value, "columns": tuple(OverlapColumn(**one) for one in value["columns"])})


@dataclass(frozen=True)
class CustomersRecord:
    """Which records are one customer, in figures.

    Parameters
    ----------
    records, customers
        Accepted records of customers, and the customers that they are.
    joined
        Records that belong to a customer of several records.
    asked
        Pairs that wait for the owner's answer in the review file.
    answered
        Pairs that the owner has answered.
    merges, splits
        Customers that became one, or several, since the load before.
    by
        The columns that told them.
    unlinked_because
        Why nothing was compared; empty when all went well.
    not_compared
        What was not compared, as a sentence; empty when all pairs were.
    """

    records: int
    customers: int
    joined: int
    asked: int
    answered: int
    merges: int
    splits: int
    by: tuple[str, ...]
    unlinked_because: str
    not_compared: str

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> CustomersRecord:
        """Return the record that was written as JSON."""
        return cls(**{**value, "by": tuple(value["by"])})
