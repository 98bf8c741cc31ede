"""Sources that changed -> snapshots: the part of an ingest that reads rows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from workbench.data.engine import connect
from workbench.data.snapshots import make_current, publish_snapshot, read_snapshot
from workbench.data.sources.secrets import redact
from workbench.errors import SnapshotError, SourceError
from workbench.files import canonical, write_file
from workbench.ingest.batch import Batch
from workbench.ingest.forget.received import leave_out
from workbench.ingest.forget.tombstones import read_tombstones
from workbench.ingest.inbox import Inbox, Progress
from workbench.ingest.ledger import (
    CUSTOMERS_FILE,
    IDENTITY,
    REVIEWS,
    IngestSummary,
    agreed_repairs,
    begin_load,
    inputs_digest,
    load_before,
    load_digest,
    read_identity,
    read_ledger,
    reusable,
    write_ledger,
)
from workbench.ingest.preparing import Customers, prepare
from workbench.params import WHOLE, SuiteParams, UnitParams
from workbench.triage.changed import Comparing, changes_since
from workbench.triage.gate import gated
from workbench.triage.named import Named
from workbench.triage.record import RECORD_FILE, TriageRecord, read_record
from workbench.triage.score import with_history
from workbench.workspace import Workspace

__all__ = ["Order", "make"]


@dataclass(frozen=True)
class Order:
    """All that is needed to ingest the sources of a unit.

    Parameters
    ----------
    workspace
        The project.
    suite, unit
        Whose sources these are.
    named
        The sources, in the order of ingest.
    inbox
        Their received rows.
    token_key
        The secret for personal columns that become tokens, or None.
    memory
        The most memory that the engine may hold, such as ``2GB``.
    progress
        Told what is done.
    """

    workspace: Workspace
    suite: SuiteParams
    unit: UnitParams
    named: tuple[Named, ...]
    inbox: Inbox
    token_key: str | None
    memory: str
    progress: Progress


def make(order: Order) -> dict[str, IngestSummary]:
    """Read the sources, let every row pass the gate, publish the snapshots.

    Raises
    ------
    ParameterError, ContractError, SourceError
        Before anything is published.
    """
    workspace, suite, unit, inbox = order.workspace, order.suite, order.unit, order.inbox
    home = workspace.unit_data(suite.name, unit.name)
    scratch = home / f".work-{os.getpid()}"
    scratch.mkdir(mode=0o700)
    connection = connect(memory=order.memory, temp=scratch / "spill")
    try:
        received = [(one, inbox.receive(connection, one, order.progress)) for one in order.named]
        stones = read_tombstones(home)
        received = leave_out(connection, suite, unit, inbox, received, stones)
        # Read once: what is applied is what the digest speaks of, whoever edits the file meanwhile.
        repairs = agreed_repairs(home, unit)
        inputs = inputs_digest(suite, unit, received, order.token_key, home, stones.digest, repairs)
        kept = None if inbox.rehash else reusable(workspace, suite, unit, inputs)
        if kept is not None:
            return kept
        past = _Past(order, read_ledger(home), load_digest(suite, received))
        customers = _known_customers(connection, home, past.before(unit.name), order.memory)
        batch = prepare(
            connection,
            suite,
            unit,
            received,
            order.token_key,
            scratch,
            order.progress,
            customers,
            repairs,
        )
        titles: Mapping[str, str] = {unit.name: unit.title}
        if batch.units is not None:
            titles = _only_filled(batch)
        before = {name: past.before(name) for name in titles}
        begin_load(home, past.load, before)
        summaries = {}
        for place, (name, title) in enumerate(titles.items()):
            order.progress(f"{name}: publishing", place / len(titles))
            target = unit if suite.split is None else suite.unit(name, title)
            summaries[name] = _publish(workspace, suite, target, batch, before[name])
    except duckdb.Error as error:
        raise SourceError(
            f"the engine could not finish: {redact(str(error).splitlines()[0])}",
            where=unit.where,
            fix="Nothing was published. Where memory or disk ran out, give it more of them.",
        ) from error
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)
    if batch.resolved is not None:
        newest = summaries[unit.name].snapshot.digest
        batch.resolved.write(home / REVIEWS, home / IDENTITY / newest / CUSTOMERS_FILE)
    write_ledger(home, inputs, summaries)
    return summaries


@dataclass(frozen=True)
class _Past:
    """What came before this load.

    Parameters
    ----------
    order
        What is ingested.
    ledger
        What the last ingest came to; None before the first.
    load
        The digest of this load.
    """

    order: Order
    ledger: Mapping[str, Any] | None
    load: str

    def before(self, unit: str) -> str | None:
        """Return the digest of a unit's snapshot of the load before."""
        home = self.order.workspace.unit_data(self.order.suite.name, unit)
        return load_before(home, self.ledger, unit, self.load)


def _known_customers(
    connection: duckdb.DuckDBPyConnection, home: Path, before: str | None, memory: str
) -> Customers:
    earlier = read_identity(connection, home / IDENTITY / str(before) / CUSTOMERS_FILE)
    return Customers(home / REVIEWS, earlier, memory)


def _only_filled(batch: Batch) -> dict[str, str]:
    """Return the split's units that received any row: there need be no rest."""
    assert batch.units is not None
    filled = {name for counts in batch.tallies.values() for name in counts}
    return {name: title for name, title in batch.units.titles.items() if name in filled}


def _publish(
    workspace: Workspace, suite: SuiteParams, unit: UnitParams, batch: Batch, before: str | None
) -> IngestSummary:
    """Write one unit's snapshot and quarantine, and make them current."""
    home = workspace.unit_data(suite.name, unit.name)
    home.mkdir(parents=True, exist_ok=True)
    draft = home / f".draft-{os.getpid()}"
    quarantine = home / f".draft-quarantine-{os.getpid()}"
    for folder in (draft, quarantine):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    written = batch.write(unit.name if suite.split else WHOLE, draft, quarantine)
    as_of = suite.as_of.isoformat()
    record = TriageRecord(
        suite.name,
        unit.name,
        as_of,
        tuple(table.record for table in written.values()),
        customers=None
        if batch.resolved is None or unit.name != batch.unit.name
        else batch.resolved.record,
    )
    record = gated(record, unit.gate, batch.unit.tables)
    record = _with_changes(batch, suite, unit, home, before, record, draft)
    write_file(draft / RECORD_FILE, canonical(record.to_json()))
    snapshot = publish_snapshot(
        draft,
        home,
        suite=suite.name,
        unit=unit.name,
        as_of=as_of,
        rows={name: table.rows for name, table in written.items()},
    )
    kept = home / "quarantine" / snapshot.digest
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.rmtree(kept, ignore_errors=True)
    quarantine.rename(kept)
    make_current(home, snapshot.digest)
    return IngestSummary(unit, snapshot, record, reused=False)


def _with_changes(
    batch: Batch,
    suite: SuiteParams,
    unit: UnitParams,
    home: Path,
    before: str | None,
    record: TriageRecord,
    draft: Path,
) -> TriageRecord:
    """Return the record with what changed since the load before, where there is one."""
    if before is None:
        return record
    try:
        snapshot = read_snapshot(home, before)
        earlier = read_record(snapshot.folder)
    except SnapshotError:
        return replace(record, not_compared="The load before is no longer kept.")
    if snapshot.as_of > record.as_of:
        return replace(record, not_compared="The load before is of a later day than this one.")
    comparing = Comparing(
        before=snapshot,
        record=earlier,
        as_of=suite.as_of,
        seed=suite.seed,
        min_group=suite.min_group,
        calendar=unit.calendar,
        gate=unit.gate,
        keys={table.table: table.sources[0].named.key for table in batch.tables},
        hidden={table.name: table.personal for table in record.tables},
    )
    changes = changes_since(
        batch.connection,
        comparing,
        {table.name: str(draft / f"{table.name}.parquet") for table in record.tables},
    )
    tables = tuple(replace(table, drift=changes.get(table.name)) for table in record.tables)
    gone = tuple(name for name in snapshot.tables if record.table(name) is None)
    found = replace(record, tables=tables, before=before, tables_gone=gone)
    return with_history(found, earlier)
