"""What the last ingest came to, and whether it would come to the same again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.code import package_digest
from workbench.data.snapshots import (
    Snapshot,
    current_snapshot,
    make_current,
    read_snapshot,
    verify_snapshot,
)
from workbench.data.sources import Received
from workbench.errors import SnapshotError
from workbench.files import canonical, digest_of, replace_file
from workbench.params import WHOLE, SuiteParams, UnitParams
from workbench.triage.identity import answers_digest
from workbench.triage.named import Named
from workbench.triage.record import TriageRecord, read_record
from workbench.triage.repairs.file import FILE, agreed, digest_of_agreed
from workbench.triage.repairs.line import Repair
from workbench.workspace import Workspace

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = [
    "CUSTOMERS_FILE",
    "IDENTITY",
    "REVIEWS",
    "IngestSummary",
    "agreed_repairs",
    "begin_load",
    "compared_with",
    "inputs_digest",
    "load_before",
    "load_digest",
    "load_of",
    "read_identity",
    "read_ledger",
    "reusable",
    "write_ledger",
]

LEDGER = "ingest.json"
IDENTITY, CUSTOMERS_FILE = "identity", "customers.parquet"
"""The folder, in a unit's data, with who was which customer in each snapshot's load; the file."""

REVIEWS = "reviews/customers.csv"
"""Where the owner of customers says which pairs of records are one, in a unit's data folder."""


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


def inputs_digest(
    suite: SuiteParams,
    unit: UnitParams,
    received: Iterable[tuple[Named, Received]],
    token_key: str | None,
    home: Path,
    erased: str,
    repairs: Sequence[Repair],
) -> str:
    """Return a digest of all that a snapshot depends on, but for the load before it.

    Parameters
    ----------
    suite, unit
        Whose sources these are.
    received
        The sources with their rows.
    token_key
        The secret of tokens, or None.
    home
        The unit's data folder, where its owners' answers are.
    erased
        The digest of who is forgotten; empty where nobody is.
    repairs
        What the owner of the data agreed to, as `agreed_repairs` reads it.

    Raises
    ------
    ParameterError
        When a file of answers cannot be understood.
    """
    parts: dict[str, Any] = {
        "as_of": suite.as_of.isoformat(),
        "min_group": suite.min_group,
        "split": suite.split.model_dump() if suite.split else None,
        "unit": [unit.name, unit.owner, unit.timezone],
        "seed": suite.seed,
        "calendar": {name: event.model_dump(mode="json") for name, event in unit.calendar.items()},
        "gate": {
            one.name: one.gate.model_dump(mode="json")
            for one in ((unit, *suite.units.values()) if suite.split else (unit,))
            if one.gate is not None
        },
        "identity": unit.identity.model_dump(mode="json") if unit.identity else None,
        "answers": answers_digest(home / REVIEWS) if unit.identity else None,
        "sources": {
            table: {name: source.model_dump(mode="json") for name, source in sources.items()}
            for table, sources in unit.sources.items()
        },
        "tables": {name: table.model_dump(mode="json") for name, table in unit.tables.items()},
        "rows": _rows(received),
        "erased": erased,
        "repairs": digest_of_agreed(repairs),
        "token": digest_of(token_key.encode()) if token_key else None,
        "code": package_digest("data", "triage", "ingest"),
    }
    return digest_of(parts)


def agreed_repairs(home: Path, unit: UnitParams) -> tuple[Repair, ...]:
    """Return the repairs that the owner of a unit's data agreed to; none without a file.

    Parameters
    ----------
    home
        The unit's data folder.
    unit
        The unit, with its sources.

    Raises
    ------
    ParameterError
        When the file cannot be understood, or a line is about a source that there is not.
    """
    return agreed(
        home / FILE, {(table, name) for table in unit.sources for name in unit.sources[table]}
    )


def load_digest(suite: SuiteParams, received: Iterable[tuple[Named, Received]]) -> str:
    """Return a digest that tells one load from another: the day, and the rows that came."""
    return digest_of([suite.as_of.isoformat(), _rows(received)])


def _rows(received: Iterable[tuple[Named, Received]]) -> dict[str, Any]:
    return {
        f"{named.contract.name}.{named.name}": rows.fingerprint.get("sha256")
        for named, rows in received
    }


def load_before(home: Path, ledger: Mapping[str, Any] | None, unit: str, load: str) -> str | None:
    """Return the digest of the snapshot of the load before; None where there is none.

    A load that is ingested again, because a parameter changed or a run was killed, is compared with
    the same one as before.

    Parameters
    ----------
    home
        The unit's data folder.
    ledger
        What the last ingest came to.
    unit
        The unit.
    load
        The digest of this load.
    """
    known = _load(ledger)
    if known.get("digest") == load:
        before = known["before"].get(unit)
        return None if before is None else str(before)
    last = (ledger or {}).get("units", {}).get(unit)
    if last is not None:
        return str(last["snapshot"])
    try:
        return current_snapshot(home).digest
    except SnapshotError:
        return None


def load_of(home: Path) -> Mapping[str, Any]:
    """Return what is noted of a unit's newest load: its digest, and what it was compared with."""
    return _load(read_ledger(home))


def compared_with(home: Path) -> frozenset[str]:
    """Return the snapshots with which a unit's newest data were compared when they came."""
    notes = (load_of(folder) for folder in (home, home.parent / WHOLE))
    return frozenset(
        str(digest) for note in notes for digest in note.get("before", {}).values() if digest
    )


def read_identity(connection: DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Return record -> customer as a load left it; empty when the file is not there.

    Parameters
    ----------
    connection
        The engine.
    path
        ``identity/<digest>/customers.parquet`` in a unit's data folder.
    """
    if not path.is_file():
        return {}
    rows = connection.execute("SELECT record, customer FROM read_parquet(?)", [str(path)])
    return dict(rows.fetchall())


def _load(ledger: Mapping[str, Any] | None) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (ledger or {}).get("load") or {}
    return found


def begin_load(home: Path, load: str, before: Mapping[str, str | None]) -> None:
    """Note what a load is compared with, before its first snapshot becomes the current one.

    Parameters
    ----------
    home
        The unit's data folder.
    load
        The digest of the load.
    before
        Unit -> the snapshot of the load before, None for none.
    """
    units = (read_ledger(home) or {"units": {}})["units"]
    note = {"digest": load, "before": dict(before)}
    replace_file(home / LEDGER, canonical({"inputs": "", "load": note, "units": units}))


def reusable(
    workspace: Workspace, suite: SuiteParams, unit: UnitParams, inputs: str
) -> dict[str, IngestSummary] | None:
    """Return the summaries of the last ingest, if its inputs and its snapshots are the same."""
    ledger = read_ledger(workspace.unit_data(suite.name, unit.name))
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


def read_ledger(home: Path) -> dict[str, Any] | None:
    """Return a unit's ledger: its ``inputs`` and its ``units``; None where there is none."""
    try:
        ledger = json.loads((home / LEDGER).read_text(encoding="utf-8"))
        ledger["inputs"], ledger["units"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return dict(ledger)


def write_ledger(home: Path, inputs: str, summaries: Mapping[str, IngestSummary]) -> None:
    """Note which snapshots the inputs came to; what the load began with stays noted."""
    units = {
        name: {"title": summary.unit.title, "snapshot": summary.snapshot.digest}
        for name, summary in summaries.items()
    }
    load = (read_ledger(home) or {}).get("load")
    replace_file(home / LEDGER, canonical({"inputs": inputs, "load": load, "units": units}))
