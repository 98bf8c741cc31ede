"""The repairs file of a unit: what ingest applies, and what is suggested after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from workbench.data.snapshots import current_snapshot
from workbench.errors import SnapshotError
from workbench.ingest.inbox import Inbox
from workbench.ingest.naming import name_sources
from workbench.params import SuiteParams, UnitParams
from workbench.triage.named import Named
from workbench.triage.repairs.file import FILE, agreed, merged, read_repairs, write_repairs
from workbench.triage.repairs.line import Repair
from workbench.workspace import Workspace

__all__ = ["SUSPECTED", "Suggested", "agreed_repairs", "write_suggestions"]

SUSPECTED = "suspected_cells.parquet"
"""The suspected cells of a load, in its folder of the quarantine."""


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


def agreed_repairs(home: Path, named: Sequence[Named]) -> tuple[Repair, ...]:
    """Return the repairs that the owner of a unit's data agreed to; none without a file.

    Parameters
    ----------
    home
        The unit's folder of data.
    named
        Its sources.

    Raises
    ------
    ParameterError
        When the file cannot be understood, or a line is about a source that there is not.
    """
    return agreed(home / FILE, {(one.contract.name, one.name) for one in named})


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
    suspected = home / "quarantine" / snapshot.digest / SUSPECTED
    if not suspected.is_file():
        raise SnapshotError(
            "there are no suspected cells of this load",
            where=str(suspected),
            fix="Run `workbench ingest --rehash`; it writes them anew.",
        )
    earlier = read_repairs(home / FILE)
    yes = [one for one in earlier if one.apply == "yes"]
    inbox = Inbox(home / "received", workspace.root, False)
    # Imported only now: an ingest with nothing to do should not wait for the engine.
    suggest = import_module("workbench.triage.repairs.suggest")
    connect = import_module("workbench.data.engine").connect
    lines: list[Repair] = []
    left_out: list[Any] = []
    with connect() as connection:
        for one in named:
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
