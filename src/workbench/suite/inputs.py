"""What the suite takes from the rooms below: the units there are, their data, their row counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.data.snapshots import CURRENT, Snapshot, current_snapshot
from workbench.data.sources.secrets import redact
from workbench.errors import ContractError, SnapshotError, SourceError
from workbench.ingest import TOKEN_KEY, ingest_suite, ingested_units
from workbench.params import SuiteParams, UnitParams
from workbench.triage.record import TriageRecord
from workbench.workspace import Workspace

__all__ = ["UnitData", "actions_folder", "ingest", "known", "row_counts", "secret_texts"]


@dataclass(frozen=True)
class UnitData:
    """A unit and its data.

    Parameters
    ----------
    unit
        Its parameters; in a split suite, titled after its value.
    snapshot
        Its newest snapshot.
    record
        What triage recorded of it.
    """

    unit: UnitParams
    snapshot: Snapshot
    record: TriageRecord


def ingest(
    workspace: Workspace,
    params: SuiteParams,
    units: Iterable[str],
    told: Callable[[str, float | None], None],
) -> tuple[dict[str, UnitData], dict[str, str]]:
    """Bring the data up to date, and return each unit's, and why others have none.

    One unit's broken source does not hold up another unit, unless they share it by a split.

    Raises
    ------
    ParameterError
        When a unit is unknown.
    SourceError, ContractError, SnapshotError
        When the shared source of a split suite is broken.
    """
    wanted = list(units)
    if params.split is not None:
        found = ingest_suite(workspace, params, wanted or None, progress=told)
        return {
            name: UnitData(one.unit, one.snapshot, one.record) for name, one in found.items()
        }, {}
    data: dict[str, UnitData] = {}
    problems: dict[str, str] = {}
    for name in wanted or params.units:
        try:
            one = ingest_suite(workspace, params, [name], progress=told)[name]
        except (SourceError, ContractError, SnapshotError) as error:
            problems[name] = redact(str(error))
        else:
            data[name] = UnitData(one.unit, one.snapshot, one.record)
    return data, problems


def known(
    workspace: Workspace, params: SuiteParams
) -> tuple[dict[str, UnitParams], dict[str, Snapshot]]:
    """Return the units that there are and the newest snapshots, without reading any source.

    Raises
    ------
    SnapshotError
        When a snapshot is there but damaged.
    """
    units = ingested_units(workspace, params)
    snapshots = {}
    for name in units:
        home = workspace.unit_data(params.name, name)
        if (home / CURRENT).exists():
            snapshots[name] = current_snapshot(home)
    return units, snapshots


def actions_folder(workspace: Workspace, suite: str, unit: str) -> Path:
    """Return the owner-only folder of a unit's action lists."""
    return workspace.unit_data(suite, unit) / "actions"


def row_counts(record: TriageRecord) -> dict[str, Any]:
    """Return per table and source the rows received, accepted and quarantined, as triage counted.

    Also the department that answers for each source.
    """
    return {
        table.name: {
            source.name: {
                "department": source.department,
                "received": source.received,
                "accepted": source.accepted,
                "quarantined": source.quarantined,
            }
            for source in table.sources
        }
        for table in record.tables
    }


def secret_texts(params: SuiteParams) -> list[str]:
    """Return what names a suite's secrets: the addresses of its sources, and the key of tokens."""
    units = [*params.units.values(), *((params.whole,) if params.whole else ())]
    urls = [
        source.url
        for unit in units
        for named in unit.sources.values()
        for source in named.values()
        if source.url
    ]
    return [*urls, f"${{env:{TOKEN_KEY}}}"]
