"""The repairs that the newest load of a unit suggests, written for its owner."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from workbench.data.snapshots import current_snapshot
from workbench.errors import SnapshotError
from workbench.ingest.inbox import Inbox
from workbench.ingest.naming import name_sources
from workbench.params import SuiteParams, UnitParams
from workbench.triage.repairs.file import FILE, merged, read_repairs, write_repairs
from workbench.triage.repairs.line import Repair
from workbench.workspace import Workspace

__all__ = ["Suggested", "write_suggestions"]


@dataclass(frozen=True)
class Suggested:
    """What was written into a unit's repairs file.

    Parameters
    ----------
    path
        The file.
    lines
        Its lines: open ones, then those that the owner answered or wrote.
    left_out
        The suspected cells that are not in it, as `workbench.triage.repairs.suggest.LeftOut`.
    """

    path: Path
    lines: tuple[Repair, ...]
    left_out: tuple[Any, ...]


def write_suggestions(workspace: Workspace, suite: SuiteParams, unit: UnitParams) -> Suggested:
    """Write the repairs that the newest load of a unit suggests into its file.

    Lines that the owner answered, or whose repair they wrote, stay as they are.

    Parameters
    ----------
    workspace, suite, unit
        Whose; of a suite with ``split`` the whole, to which all sources belong.

    Raises
    ------
    SnapshotError
        When the unit was not ingested yet, or its received rows or suspected cells are gone.
    ParameterError
        When the file as it is cannot be understood.
    """
    home = workspace.unit_data(suite.name, unit.name)
    named = name_sources(unit)
    snapshot = current_snapshot(home)
    quarantine = home / "quarantine" / snapshot.digest
    if not quarantine.is_dir():
        raise SnapshotError(
            "the suspected cells of this load are gone",
            where=str(quarantine),
            fix="Run `workbench ingest --rehash`; it writes them anew.",
        )
    earlier = read_repairs(home / FILE)
    yes = [one for one in earlier if one.apply == "yes"]
    inbox = Inbox(home / "received", workspace.root, False)
    # Imported only now: other commands should not wait for the engine.
    suspected = quarantine / import_module("workbench.triage.suspected").SUSPECTED_FILE
    suggest = import_module("workbench.triage.repairs.suggest")
    connect = import_module("workbench.data.engine").connect
    lines: list[Repair] = []
    left_out: list[Any] = []
    with connect() as connection:
        for one in named if suspected.is_file() else ():
            received = inbox.last(one)
            if received is None:
                raise SnapshotError(
                    "its rows are not here as it says that they are read",
                    where=one.where,
                    fix="Run `workbench ingest` first.",
                )
            found = suggest.suggest_repairs(
                connection, suspected, one, received, unit.timezone, yes
            )
            lines += found.lines
            left_out += found.left_out
    written = merged(lines, earlier)
    write_repairs(home / FILE, written)
    return Suggested(home / FILE, written, tuple(left_out))
