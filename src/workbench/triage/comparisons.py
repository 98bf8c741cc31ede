"""What triage compared - loads, sources, customers - as frames and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from workbench.data import phrases
from workbench.triage.found import ChangeRecord, CustomersRecord, DriftRecord
from workbench.triage.record import TableRecord, TriageRecord

__all__ = [
    "ChangesVerdict",
    "CustomersVerdict",
    "changes",
    "changes_verdict",
    "customers_verdict",
    "overlaps",
]

_KINDS = {
    "schema": "Columns",
    "volume": "Number of rows",
    "freshness": "Newest row",
    "missing": "Empty cells",
    "categories": "Categories",
    "distribution": "Spread of values",
    "history": "Past rows",
}


@dataclass(frozen=True)
class ChangesVerdict:
    """What a manager should know of changes since the load before.

    Parameters
    ----------
    asks
        Changes that are large and certain, and that no known event explains; None where there is
        no load to compare with.
    said
        The same in a sentence.
    method
        How certainty was found; empty where nothing was compared.
    no_asks
        Why there is no number of changes; None where there is one.
    """

    asks: int | None
    said: str
    method: str
    no_asks: str | None


@dataclass(frozen=True)
class CustomersVerdict:
    """What a manager should know of customers with several records.

    Parameters
    ----------
    looked
        Whether anybody looked.
    said
        How many records are how many customers, or why nobody looked, in a sentence.
    asked
        What the owner should answer, in a sentence; None where nothing is open.
    """

    looked: bool
    said: str
    asked: str | None


def changes(record: TriageRecord) -> pd.DataFrame:
    """Return what changed since the load before.

    Returns
    -------
    pandas.DataFrame
        ``table, column`` (missing for the whole table), ``kind`` (in words), ``sentence`` (with
        size and certainty) and ``reading``: ``look at this``, ``explained: ...``, or ``as usual``.
        First those that ask for attention, then the explained ones, then the number of rows of
        each table; other changes that are not both large and certain are left out.
    """
    rows = [
        {
            "table": table.name,
            "column": change.column or None,
            "kind": _KINDS[change.kind],
            "sentence": change.sentence.replace("`", ""),
            "reading": _reading(change),
            "order": 0 if change.asks else 1 if change.flag else 2,
        }
        for table, change in _changes(record)
        if change.flag or change.kind == "volume"
    ]
    columns = ["table", "column", "kind", "sentence", "reading", "order"]
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values("order", kind="stable", ignore_index=True).drop(columns="order")


def _reading(change: ChangeRecord) -> str:
    if change.asks:
        return "look at this"
    return f"explained: {phrases.listed(change.explained_by)}" if change.flag else "as usual"


def changes_verdict(record: TriageRecord) -> ChangesVerdict:
    """Return what a manager should know of changes since the load before."""
    compared = [table.drift for table in record.tables if table.drift is not None]
    if not compared:
        why = record.not_compared or "There is no earlier load to compare this one with."
        return ChangesVerdict(None, why, "", why.rstrip(".").lower())
    day = phrases.day(date.fromisoformat(compared[0].before_as_of))
    every = [change for _, change in _changes(record)]
    asks = [(table, change) for table, change in _changes(record) if change.asks]
    gone = ""
    if record.tables_gone:
        names = phrases.listed(record.tables_gone)
        gone = f" The load before also had {names}."
    explained = sum(change.flag and not change.asks for change in every)
    told = f"; {phrases.counted(explained, 'more is', 'more are')} explained by a known event"
    if not asks:
        said = (
            f"Since the load of {day} nothing changed that is both large and certain"
            f"{told if explained else ''} ({len(every):,} comparisons)."
        )
    else:
        table, change = asks[0]
        said = (
            f"Since the load of {day} {phrases.counted(len(asks), 'change')} "
            f"{'is' if len(asks) == 1 else 'are'} both large and certain"
            f"{told if explained else ''}. First: {table.name}: {change.sentence.replace('`', '')}"
        )
    return ChangesVerdict(len(asks), said + gone, _method(compared), None)


def _method(compared: Sequence[DriftRecord]) -> str:
    """Return how certainty was found, told of the table with most changes looked for."""
    told = max(compared, key=lambda one: len(one.changes))
    others = len({one.method for one in compared}) > 1
    where = f" That is of the table with {told.rows_now:,} rows; of the others likewise."
    return told.method + (where if told.method and others else "")


def overlaps(record: TriageRecord) -> pd.DataFrame:
    """Return what each two sources of a table share.

    Returns
    -------
    pandas.DataFrame
        ``table, sources`` (the two names), ``shared, only_first, only_second, conflicts`` (keys),
        ``differ`` (the columns that differ most, with their keys) and ``advice`` (which to keep).
    """
    return pd.DataFrame(
        [
            {
                "table": table.name,
                "sources": f"{one.first} and {one.second}",
                "shared": one.shared,
                "only_first": one.only_first,
                "only_second": one.only_second,
                "conflicts": one.conflicts,
                "differ": ", ".join(
                    f"{column.name} ({column.conflicts:,})"
                    for column in one.columns[:3]
                    if column.conflicts
                )
                or None,
                "advice": one.advice.replace("`", ""),
            }
            for table in record.tables
            for one in table.overlaps
        ],
        columns=[
            "table",
            "sources",
            "shared",
            "only_first",
            "only_second",
            "conflicts",
            "differ",
            "advice",
        ],
    )


def customers_verdict(record: TriageRecord) -> CustomersVerdict:
    """Return what a manager should know of customers with several records."""
    found = record.customers
    if found is None:
        if record.table("customers") is None:
            return CustomersVerdict(False, "The unit has no table of customers.", None)
        return CustomersVerdict(
            False,
            "Nobody looked whether one customer has several records: the unit's parameters do not "
            "ask for it (identity:).",
            None,
        )
    if found.unlinked_because:
        return CustomersVerdict(
            True,
            f"Records of one customer could not be told: {found.unlinked_because}.",
            _asked(found),
        )
    said = (
        f"{phrases.counted(found.records, 'record')} are "
        f"{phrases.counted(found.customers, 'customer')}: {found.joined:,} records share a "
        f"customer with another one, told by {phrases.listed(found.by)}."
    )
    moved = [
        phrases.counted(count, what)
        for count, what in ((found.merges, "merge"), (found.splits, "split"))
        if count
    ]
    if moved:
        said += f" Since the load before: {phrases.listed(moved)} of customers."
    return CustomersVerdict(True, said, _asked(found))


def _asked(found: CustomersRecord) -> str | None:
    if not found.asked:
        return None
    return (
        f"{phrases.counted(found.asked, 'pair')} of records may be one customer or two: "
        "only the owner can tell, in the review file."
    )


def _changes(record: TriageRecord) -> Iterator[tuple[TableRecord, ChangeRecord]]:
    for table in record.tables:
        if table.drift is not None:
            for change in table.drift.changes:
                yield table, change
