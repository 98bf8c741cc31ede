"""Whether all that an edition was made from is still here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.data.archived import Archived
from workbench.data.code import package_digest
from workbench.data.gone import why_gone
from workbench.data.handed import copy_file, read_handed
from workbench.data.snapshots import Snapshot, read_snapshot, verify_snapshot
from workbench.errors import NotebookError, SnapshotError
from workbench.suite.contacts.edition import TOUCHPOINTS
from workbench.suite.contacts.places import CONTACTS
from workbench.suite.editions import Edition
from workbench.suite.environment import engine_facts
from workbench.suite.keys import differences, installed_versions, notebook_digest
from workbench.suite.manifest import Entry
from workbench.suite.notebook import Report, read_report
from workbench.suite.plan import Job, read_of_earlier
from workbench.suite.prior import Prior
from workbench.workspace import Workspace

__all__ = ["job_again", "missing_for", "missing_for_lists"]


def missing_for(
    workspace: Workspace, entry: Entry, home: Path, renderer: Mapping[str, str]
) -> Iterator[str]:
    """Yield what a report was made from and is not here any more, in words.

    Parameters
    ----------
    workspace
        The project.
    entry
        The report's place in the edition.
    home
        The unit's data folder.
    renderer
        Name and version of the renderer that would be used.
    """
    assert entry.key is not None
    path = workspace.notebooks / f"{entry.report}.ipynb"
    try:
        digest = notebook_digest(path)
    except (OSError, NotebookError):
        yield f"{entry.report}: its notebook is gone"
        return
    now = {
        "notebook": digest,
        "package": package_digest(),
        "versions": installed_versions(),
        "engine": engine_facts(),
        "renderer": dict(renderer),
    }
    old = {name: entry.key.parts.get(name) for name in now}
    for words in differences(old, now):
        yield f"{entry.report}: {words}"
    try:
        verify_snapshot(read_snapshot(home, entry.snapshot))
    except SnapshotError as error:
        yield f"{entry.report}: its data, snapshot {entry.snapshot}: {error.what}"
    for archived in _lists(entry).values():
        if not archived.is_here(home):
            named = f"its list {archived.id} of {archived.day}"
            yield f"{entry.report}: {named}: {_why(archived, home)}"


def _lists(entry: Entry) -> dict[str, Archived]:
    """Return the earlier lists that a report was given, by id."""
    assert entry.key is not None
    told = entry.key.parts.get("prior", {}).get("lists", {})
    return {id: Archived(entry.report, id, **one) for id, one in told.items()}


def _why(archived: Archived, home: Path) -> str:
    if (home / archived.file).is_file():
        return "it is another one now, as after a customer was forgotten"
    return why_gone(home, archived.day, "lists") or "it is no longer here"


def missing_for_lists(manifest: Mapping[str, Any], home: Path) -> Iterator[str]:
    """Yield what an edition's lists were settled with and is not here any more, in words.

    Parameters
    ----------
    manifest
        The edition's manifest.
    home
        The unit's data folder.
    """
    data = manifest["data"]
    if CONTACTS not in manifest or TOUCHPOINTS not in data["tables"]:
        return
    try:
        verify_snapshot(read_snapshot(home, str(data["snapshot"])))
    except SnapshotError as error:
        yield f"{CONTACTS}: contacts made, snapshot {data['snapshot']}: {error.what}"


def job_again(
    workspace: Workspace, edition: Edition, entry: Entry, home: Path, prior: Prior | None
) -> Job:
    """Return the job that made a report, from what its edition tells of it.

    Parameters
    ----------
    workspace
        The project.
    edition
        The edition.
    entry
        The report's place in the edition; of it nothing may be missing.
    home
        The unit's data folder.
    prior
        What the edition keeps of the one before.

    Raises
    ------
    SnapshotError
        When what it was given of earlier editions is not in the edition.
    """
    assert entry.key is not None
    parts, manifest = entry.key.parts, edition.manifest
    report: Report = read_report(workspace.notebooks / f"{entry.report}.ipynb")
    snapshot: Snapshot = read_snapshot(home, entry.snapshot)
    points = prior.points if prior else ()
    history = tuple(point for point in points if point.as_of < entry.as_of)
    watch = parts.get("watch", {})
    handed = read_handed(edition.folder, manifest, copy_file(entry.report))
    lists = _lists(entry)
    if read_of_earlier(entry.report, watch, history, handed, lists) != parts.get("prior", {}):
        raise SnapshotError(
            "what it was given of earlier editions is not in the edition",
            where=f"{manifest['suite']}/{manifest['unit']}, {entry.report}",
            fix="Run the report again: `workbench run --report "
            f"{entry.report} --unit {manifest['unit']}`.",
        )
    return Job(
        suite=str(manifest["suite"]),
        unit=str(manifest["unit"]),
        report=report,
        parameters=_as_declared(report, parts["parameters"]),
        snapshot=snapshot,
        tables=tuple(sorted(name for name in parts["data"] if name in snapshot.tables)),
        facts=parts["unit"],
        watch=watch,
        history=history,
        key=entry.key,
        handed=handed,
        lists=lists,
    )


def _as_declared(report: Report, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters in the notebook's order, in which the injected cell has them."""
    names = [one.name for one in report.parameters if one.name in parameters]
    return {name: parameters[name] for name in dict.fromkeys([*names, *parameters])}
