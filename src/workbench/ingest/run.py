"""Ingest a suite: read what changed, let every row pass the gate, publish snapshots."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from workbench.data.code import package_digest
from workbench.data.engine import connect
from workbench.data.snapshots import (
    Snapshot,
    make_current,
    publish_snapshot,
    read_snapshot,
    verify_snapshot,
)
from workbench.data.sources import Received
from workbench.data.sources.secrets import redact, resolve_secrets
from workbench.errors import ParameterError, SnapshotError, SourceError, one_of
from workbench.files import PRUNED, canonical, digest_of, replace_file, write_file
from workbench.ingest.batch import Batch, name_sources, prepare
from workbench.ingest.inbox import Inbox, Progress
from workbench.params import WHOLE, SuiteParams, UnitParams
from workbench.triage.named import Named
from workbench.triage.record import RECORD_FILE, TriageRecord, read_record
from workbench.workspace import Workspace

__all__ = ["IngestSummary", "ingest_suite", "ingested_units"]

LEDGER = "ingest.json"
MEMORY = "2GB"
ENGINE_SHARE = 0.8
"""The engine's part of the memory: the interpreter, the readers and their buffers need the rest."""


@dataclass(frozen=True)
class IngestSummary:
    """What the ingest of one unit came to.

    Parameters
    ----------
    unit
        The unit; in a split suite, titled after its value.
    snapshot
        Its snapshot, which is now the current one.
    record
        What triage recorded.
    reused
        Whether nothing had changed, so that nothing was checked again.
    """

    unit: UnitParams
    snapshot: Snapshot
    record: TriageRecord
    reused: bool


def ingest_suite(
    workspace: Workspace,
    suite: SuiteParams,
    units: Iterable[str] | None = None,
    *,
    rehash: bool = False,
    memory: str = MEMORY,
    progress: Callable[[str, float | None], None] | None = None,
) -> dict[str, IngestSummary]:
    """Bring the snapshots of a suite's units up to date.

    Parameters
    ----------
    workspace
        The project.
    suite
        The suite's parameters.
    units
        The units to ingest; all when not given. A suite with ``split`` reads its sources once and
        always ingests all of its units.
    rehash
        Read every source again, even one whose size and time are unchanged.
    memory
        The most memory that the ingest should hold, such as ``2GB`` or ``512MB``; what does not fit
        is spilled to the disk.
    progress
        Called with what is being done and the share that is done (0-1, None if unknown).

    Returns
    -------
    dict
        Unit -> summary.

    Raises
    ------
    ParameterError, ContractError, SourceError
        Before anything is published.
    """
    told = progress or (lambda message, share: None)
    if suite.whole is not None:
        found = _ingest(workspace, suite, suite.whole, rehash, memory, told)
        _known(suite, units or (), found)
        return {name: found[name] for name in (units or found)}
    wanted = list(units) if units is not None else list(suite.units)
    _known(suite, wanted, suite.units)
    summaries: dict[str, IngestSummary] = {}
    for name in wanted:
        summaries |= _ingest(workspace, suite, suite.unit(name), rehash, memory, told)
    return summaries


def _known(suite: SuiteParams, names: Iterable[str], known: Iterable[str]) -> None:
    every = set(known)
    for name in names:
        if name not in every:
            raise ParameterError(
                f"no unit `{name}` in suite `{suite.name}`",
                where=suite.where,
                fix=one_of(name, every),
            )


def ingested_units(workspace: Workspace, suite: SuiteParams) -> dict[str, UnitParams]:
    """Return the units that are known without reading any source.

    For a suite with ``split`` these are the ones that its last ingest made.
    """
    if suite.whole is None:
        return dict(suite.units)
    ledger = _read_ledger(workspace.unit_data(suite.name, WHOLE))
    if ledger is None:
        return dict(suite.units)
    return {name: suite.unit(name, entry["title"]) for name, entry in ledger["units"].items()}


def _ingest(
    workspace: Workspace,
    suite: SuiteParams,
    unit: UnitParams,
    rehash: bool,
    memory: str,
    progress: Progress,
) -> dict[str, IngestSummary]:
    home = workspace.unit_data(suite.name, unit.name)
    home.mkdir(parents=True, exist_ok=True)
    _clean(home)
    named = name_sources(unit)
    token_key = _token_key(unit)
    scratch = home / f".work-{os.getpid()}"
    scratch.mkdir(mode=0o700)
    connection = connect(memory=_engine_memory(memory), temp=scratch / "spill")
    try:
        inbox = Inbox(home / "received", workspace.root, rehash)
        received = [(one, inbox.receive(connection, one, progress)) for one in named]
        inputs = _inputs(suite, unit, received, token_key)
        kept = None if rehash else _reusable(workspace, suite, unit, inputs)
        if kept is not None:
            return kept
        batch = prepare(connection, suite, unit, received, token_key, scratch, progress)
        titles: Mapping[str, str] = {unit.name: unit.title}
        if batch.units is not None:
            titles = _only_filled(batch)
        summaries = {}
        for place, (name, title) in enumerate(titles.items()):
            progress(f"{name}: publishing", place / len(titles))
            target = unit if suite.split is None else suite.unit(name, title)
            summaries[name] = _publish(workspace, suite, target, batch)
    except duckdb.Error as error:
        raise SourceError(
            f"the engine could not finish: {redact(str(error).splitlines()[0])}",
            where=unit.where,
            fix="Nothing was published. Where memory or disk ran out, give it more of them.",
        ) from error
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)
    entries = {
        name: {"title": summary.unit.title, "snapshot": summary.snapshot.digest}
        for name, summary in summaries.items()
    }
    replace_file(home / LEDGER, canonical({"inputs": inputs, "units": entries}))
    return summaries


def _engine_memory(memory: str) -> str:
    """Return the engine's part of a size such as ``2GB``."""
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]i?B)\s*", memory, re.IGNORECASE)
    if found is None:
        raise ParameterError(
            f"`{memory}` is no size of memory", where="memory", fix="Write it as 2GB or 512MB."
        )
    return f"{float(found[1]) * ENGINE_SHARE:g}{found[2]}"


def _only_filled(batch: Batch) -> dict[str, str]:
    """Return the split's units that received any row: there need be no rest."""
    assert batch.units is not None
    filled = {name for counts in batch.tallies.values() for name in counts}
    return {name: title for name, title in batch.units.titles.items() if name in filled}


def _publish(
    workspace: Workspace, suite: SuiteParams, unit: UnitParams, batch: Batch
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
        suite.name, unit.name, as_of, tuple(table.record for table in written.values())
    )
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


def _inputs(
    suite: SuiteParams,
    unit: UnitParams,
    received: Iterable[tuple[Named, Received]],
    token_key: str | None,
) -> str:
    """Return a digest of all that a snapshot depends on."""
    parts: dict[str, Any] = {
        "as_of": suite.as_of.isoformat(),
        "min_group": suite.min_group,
        "split": suite.split.model_dump() if suite.split else None,
        "unit": [unit.name, unit.owner, unit.timezone],
        "sources": {
            table: {name: source.model_dump(mode="json") for name, source in sources.items()}
            for table, sources in unit.sources.items()
        },
        "tables": {name: table.model_dump(mode="json") for name, table in unit.tables.items()},
        "rows": {
            f"{named.contract.name}.{named.name}": rows.fingerprint.get("sha256")
            for named, rows in received
        },
        "token": digest_of(token_key.encode()) if token_key else None,
        "code": package_digest("data", "triage", "ingest"),
    }
    return digest_of(parts)


def _reusable(
    workspace: Workspace, suite: SuiteParams, unit: UnitParams, inputs: str
) -> dict[str, IngestSummary] | None:
    """Return the summaries of the last ingest, if its inputs and its snapshots are the same."""
    ledger = _read_ledger(workspace.unit_data(suite.name, unit.name))
    if ledger is None or ledger["inputs"] != inputs:
        return None
    found = {}
    for name, entry in ledger["units"].items():
        home = workspace.unit_data(suite.name, name)
        target = unit if suite.split is None else suite.unit(name, entry["title"])
        try:
            snapshot = read_snapshot(home, entry["snapshot"])
            verify_snapshot(snapshot)
            record = read_record(snapshot.folder)
        except SnapshotError:
            # Damaged or gone: it is made again from the received rows.
            return None
        make_current(home, snapshot.digest)
        found[name] = IngestSummary(target, snapshot, record, reused=True)
    return found


def _read_ledger(home: Path) -> dict[str, Any] | None:
    try:
        ledger = json.loads((home / LEDGER).read_text(encoding="utf-8"))
        ledger["inputs"], ledger["units"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return dict(ledger)


def _token_key(unit: UnitParams) -> str | None:
    wanted = any("token" in table.personal.values() for table in unit.tables.values())
    if not wanted:
        return None
    return resolve_secrets("${env:WORKBENCH_TOKEN_KEY}", f"{unit.where}, tables.*.personal")


def _clean(home: Path) -> None:
    """Remove what a run that was killed left behind."""
    for leftover in (*home.glob(".work-*"), *home.glob(".draft-*"), *home.glob(f"{PRUNED}*")):
        shutil.rmtree(leftover, ignore_errors=True)
