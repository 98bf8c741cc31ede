"""What the last ingest came to, and whether it would come to the same again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.data.code import package_digest
from workbench.data.snapshots import Snapshot, make_current, read_snapshot, verify_snapshot
from workbench.data.sources import Received
from workbench.errors import SnapshotError
from workbench.files import canonical, digest_of, replace_file
from workbench.params import SuiteParams, UnitParams
from workbench.triage.named import Named
from workbench.triage.record import TriageRecord, read_record
from workbench.workspace import Workspace

__all__ = ["IngestSummary", "inputs_digest", "read_ledger", "reusable", "write_ledger"]

LEDGER = "ingest.json"


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
    erased: str = "",
) -> str:
    """Return a digest of all that a snapshot depends on; ``erased``: that of the tombstones."""
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
        "erased": erased,
        "token": digest_of(token_key.encode()) if token_key else None,
        "code": package_digest("data", "triage", "ingest"),
    }
    return digest_of(parts)


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
    """Note which snapshots the inputs came to."""
    units = {
        name: {"title": summary.unit.title, "snapshot": summary.snapshot.digest}
        for name, summary in summaries.items()
    }
    replace_file(home / LEDGER, canonical({"inputs": inputs, "units": units}))
