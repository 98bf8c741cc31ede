"""A unit's tables beside the load before, as the triage record keeps it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import duckdb

from workbench.data.contracts import CUSTOMER, CUSTOMER_RECORD, contract
from workbench.data.engine import column_types
from workbench.data.quoting import literal, quote
from workbench.data.snapshots import Snapshot
from workbench.params import EventParams, GateParams
from workbench.triage.drift import (
    Change,
    Limits,
    Load,
    Settings,
    Subject,
    TableDrift,
    compare_loads,
)
from workbench.triage.found import ChangeRecord, DriftRecord
from workbench.triage.record import TriageRecord

__all__ = ["MOST_COUNTS", "Comparing", "changes_since"]

MOST_COUNTS = 24
"""Loads whose numbers of rows are remembered: from them the usual growth is learned."""

_TOLD = {field.name for field in fields(Change)}


@dataclass(frozen=True)
class Comparing:
    """What a unit's load is compared with, and how.

    Parameters
    ----------
    before
        The snapshot of the load before.
    record
        What triage recorded of it.
    as_of
        The day of this load.
    seed, min_group
        The suite's.
    calendar
        The unit's known events.
    gate
        The unit's gate, whose age limits are the ones that freshness is held against.
    keys
        Table -> the columns that no two of its rows share.
    hidden
        Table -> columns that stand for personal data, whose values are not compared.
    """

    before: Snapshot
    record: TriageRecord
    as_of: date
    seed: int
    min_group: int
    calendar: Mapping[str, EventParams]
    gate: GateParams | None
    keys: Mapping[str, tuple[str, ...]]
    hidden: Mapping[str, Mapping[str, str]]

    def limits(self, table: str) -> Limits:
        """Return from which size on a change of a table is large."""
        own = self.gate.tables.get(table) if self.gate is not None else None
        return Limits(max_age_days=None if own is None else own.max_age_days)


def changes_since(
    connection: duckdb.DuckDBPyConnection, comparing: Comparing, tables: Mapping[str, str]
) -> dict[str, DriftRecord]:
    """Return what changed in each table since the load before.

    Parameters
    ----------
    connection
        The engine.
    comparing
        The load before, and how it is compared.
    tables
        Table -> Parquet file of this load's accepted rows.

    Returns
    -------
    dict
        Table -> its changes, for the tables that both loads have.
    """
    found = {}
    for table, path in tables.items():
        if table not in comparing.before.tables:
            continue
        earlier = comparing.record.table(table)
        counts = () if earlier is None or earlier.drift is None else earlier.drift.counts
        counts = (*counts, comparing.before.tables[table].rows)[-MOST_COUNTS:]
        drift = _compared(connection, comparing, table, path, counts)
        found[table] = _record(drift, comparing.before, counts)
    return found


def _compared(
    connection: duckdb.DuckDBPyConnection,
    comparing: Comparing,
    table: str,
    path: str,
    counts: tuple[int, ...],
) -> TableDrift:
    before = _Rows(connection, str(comparing.before.path(table)))
    now = _Rows(connection, path)
    both = before.columns & now.columns
    clock = contract(table).clock
    key = tuple(
        # Who is one customer may be known better now: rows are followed by their own records.
        CUSTOMER_RECORD if name == CUSTOMER and CUSTOMER_RECORD in both else name
        for name in comparing.keys.get(table, ())
    )
    return compare_loads(
        connection,
        Load(before.query, date.fromisoformat(comparing.before.as_of)),
        Load(now.query, comparing.as_of),
        Subject(
            table,
            clock=clock if clock in both else None,
            key=key if key and set(key) <= both else (),
            skip=tuple(sorted(both & set(comparing.hidden.get(table, {})))),
            earlier_counts=counts[:-1],
        ),
        Settings(
            seed=comparing.seed,
            min_group=comparing.min_group,
            limits=comparing.limits(table),
        ),
        comparing.calendar,
    )


class _Rows:
    """A table's file; where records are known apart from customers, only the records count."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: str) -> None:
        file = f"read_parquet({literal(path)})"
        names = list(column_types(connection, file))
        if CUSTOMER_RECORD in names and CUSTOMER in names:
            names.remove(CUSTOMER)
        self.columns = set(names)
        self.query = f"SELECT {', '.join(quote(name) for name in names)} FROM {file}"


def _record(drift: TableDrift, before: Snapshot, counts: tuple[int, ...]) -> DriftRecord:
    return DriftRecord(
        before=before.digest,
        before_as_of=before.as_of,
        rows_before=drift.rows_before,
        rows_now=drift.rows_now,
        counts=counts,
        method=drift.method,
        changes=tuple(_change(change) for change in drift.changes),
        not_compared=drift.not_compared,
    )


def _change(change: Change) -> ChangeRecord:
    return ChangeRecord(
        kind=change.kind,
        column=change.column,
        sentence=change.sentence,
        large=change.large,
        certain=change.certain,
        flag=change.flag,
        explained_by=change.explained_by,
        figures={name: _plain(value) for name, value in vars(change).items() if name not in _TOLD},
    )


def _plain(value: Any) -> Any:
    """Return a figure as a JSON value; a number without bounds as its name."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
