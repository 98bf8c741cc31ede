"""Received rows -> a batch: the tables of a unit, typed, checked and settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from workbench.data.contracts import CONTRACTS, CUSTOMER_RECORD, contract
from workbench.data.sources import Received
from workbench.errors import ContractError
from workbench.ingest.batch import Batch
from workbench.ingest.inbox import Progress
from workbench.params import SuiteParams, UnitParams
from workbench.triage.marks import Settled, settle
from workbench.triage.named import Frame, Named
from workbench.triage.outcome import personal_columns, write_accepted
from workbench.triage.overlapping import overlaps_of
from workbench.triage.profile import distinct_received
from workbench.triage.repairs.counted import count_repairs
from workbench.triage.repairs.line import Repair
from workbench.triage.suspected import look_for_suspects
from workbench.triage.tally import tally_source
from workbench.triage.typed import write_typed
from workbench.triage.units import SplitUnits, split_units

if TYPE_CHECKING:
    from workbench.triage.identity import Resolved

__all__ = ["Customers", "prepare"]


@dataclass(frozen=True)
class Customers:
    """What is known of customers before a load is looked at.

    Parameters
    ----------
    reviews
        The owner's review file.
    earlier
        Record -> customer, as the load before left it.
    memory
        What the comparison may hold.
    """

    reviews: Path
    earlier: Mapping[str, str]
    memory: str


def prepare(
    connection: duckdb.DuckDBPyConnection,
    suite: SuiteParams,
    unit: UnitParams,
    received: Sequence[tuple[Named, Received]],
    token_key: str | None,
    scratch: Path,
    progress: Progress,
    customers: Customers,
    repairs: tuple[Repair, ...] = (),
) -> Batch:
    """Type, check and settle a unit's tables, and write all accepted rows.

    Parameters
    ----------
    connection
        The engine.
    suite, unit
        Whose sources these are.
    received
        The sources with their rows, in the order of ingest.
    token_key
        The secret for personal columns that become tokens, or None.
    scratch
        A folder for what is needed on the way.
    progress
        Told what is done.
    customers
        What is known of customers before; needed where the unit states ``identity:``.
    repairs
        The repairs that the data's owner agreed to.
    """
    frame = Frame.of(suite, unit, (named.contract.name for named, _ in received), repairs)
    settled: list[Settled] = []
    overlaps = {}
    for table in frame.present:
        typed = []
        for named, rows in received:
            if named.contract.name == table:
                progress(f"{table}.{named.name}: checking", None)
                out = scratch / f"{table}.{named.name}.typed.parquet"
                typed.append(write_typed(connection, named, rows, frame, out))
        overlaps[table] = overlaps_of(connection, typed)
        settled.append(settle(connection, typed, settled))
    order = list(CONTRACTS)
    settled.sort(key=lambda table: order.index(table.table))
    units = None
    if suite.split is not None:
        units = split_units(connection, settled, suite.split.min_customers)
    resolved = _resolve(connection, suite, unit, settled, customers, progress)
    personal = {
        one.table: personal_columns(contract(one.table), unit.tables.get(one.table), one.columns)
        for one in settled
    }
    accepted = {}
    for one in settled:
        progress(f"{one.table}: writing", None)
        accepted[one.table] = scratch / f"{one.table}.accepted.parquet"
        _refuse_taken(one, resolved is not None)
        write_accepted(
            connection,
            one,
            personal[one.table],
            token_key,
            units,
            accepted[one.table],
            resolved=None if resolved is None else resolved.moved,
        )
    progress("looking for suspected cells", None)
    suspected = look_for_suspects(connection, settled, personal, units, scratch)
    tallies = {
        (table.table, source.named.name): tally_source(connection, table, source, units)
        for table in settled
        for source in table.sources
    }
    repaired = {
        (table.table, source.named.name): count_repairs(connection, table, source, units)
        for table in settled
        for source in table.sources
    }
    distinct = {table.table: _distinct(connection, table, units) for table in settled}
    return Batch(
        connection,
        unit,
        suite.min_group,
        tuple(settled),
        units,
        tallies,
        distinct,
        accepted,
        suspected,
        overlaps,
        resolved,
        repaired,
    )


def _resolve(
    connection: duckdb.DuckDBPyConnection,
    suite: SuiteParams,
    unit: UnitParams,
    settled: Sequence[Settled],
    known: Customers,
    progress: Progress,
) -> Resolved | None:
    """Find who is the same customer, where the unit asks for it and has customers."""
    records = next((table for table in settled if table.table == "customers"), None)
    if unit.identity is None or records is None:
        return None
    progress("customers: looking for the same customer", None)
    # Imported only now: an ingest of units that do not ask for it should not wait for Splink.
    resolving = import_module("workbench.triage.identity.resolving")
    found: Resolved = resolving.resolve_customers(
        connection,
        records.accepted(),
        country=unit.identity.country,
        seed=suite.seed,
        reviews=known.reviews,
        earlier=known.earlier,
        memory=known.memory,
    )
    return found


def _refuse_taken(table: Settled, resolved: bool) -> None:
    """Refuse a column that would be carried along under a name of the snapshot's own."""
    own = {"source": "names where a row came from"}
    if resolved:
        own[CUSTOMER_RECORD] = "names the record of a customer as it came"
    for source in table.sources:
        for name in source.columns:
            if name.lower() in own:
                raise ContractError(
                    f"the column `{name}` would be carried along, but `{name.lower()}` "
                    f"{own[name.lower()]}",
                    where=source.named.where,
                    fix="Give it another name in a query, or with `read: names:`.",
                )


def _distinct(
    connection: duckdb.DuckDBPyConnection, table: Settled, units: SplitUnits | None
) -> dict[str, dict[str, int]]:
    """Return unit -> identifier -> distinct values among all received rows."""
    declared = contract(table.table)
    identifiers = [
        column.name
        for column in declared.columns
        if column.kind == "id" and column.name in table.columns
    ]
    if not identifiers:
        return {}
    parts = []
    for source in table.sources:
        names = [name for name in identifiers if name in source.columns]
        rows = f"SELECT {', '.join([*names, '_wb_split'])} FROM ({table.rows(source)})"
        if units is not None:
            rows = units.labelled(rows, source.columns, source.splits)
        parts.append(rows)
    return distinct_received(
        connection,
        " UNION ALL BY NAME ".join(f"({part})" for part in parts),
        identifiers,
        count=sum(source.received.rows for source in table.sources),
        split=units is not None,
    )
