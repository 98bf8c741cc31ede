"""An edition's reports, and all that it tells beside them, made again in a scratch folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from workbench.data.snapshots import read_snapshot
from workbench.files import canonical
from workbench.suite.compose import compose
from workbench.suite.contacts.edition import TOUCHPOINTS, settled_lists, touchpoints_of
from workbench.suite.contacts.places import CONTACTS
from workbench.suite.editions import MANIFEST, Edition, Stage
from workbench.suite.kernels import open_kernels
from workbench.suite.late import import_jobs
from workbench.suite.limits import Limits
from workbench.suite.manifest import Entry, make_manifest
from workbench.suite.plan import Job
from workbench.suite.prior import Prior
from workbench.suite.render import Renderer
from workbench.suite.warm import warm_fonts
from workbench.workspace import Workspace

__all__ = ["rebuild"]

_ABOUT_FILES = {"schema", "prior", "reports", "environments", "files"}


def rebuild(
    workspace: Workspace,
    edition: Edition,
    entries: Sequence[Entry],
    jobs: Sequence[Job],
    prior: Prior | None,
    renderer: Renderer,
    scratch: Path,
    *,
    workers: int | None = None,
    kernel: str = "auto",
    told: Callable[[str], None] = lambda report: None,
) -> Path:
    """Return a folder with the edition made again.

    Parameters
    ----------
    workspace
        The project.
    edition
        The edition.
    entries
        Its reports, in their order.
    jobs
        Those to run; the files of the others are taken from the edition.
    prior
        What it keeps of the edition before.
    renderer
        What its pages were made with.
    scratch
        An empty folder.
    workers
        How many jobs at once; the number of cores unless given.
    kernel
        ``auto`` (forked where that is possible) or ``fresh``.
    told
        Called with each report that is done.
    """
    stage = Stage(scratch)
    by_name = {entry.report: entry for entry in entries}
    ran = {job.report.name for job in jobs}
    for entry in entries:
        if entry.report not in ran:
            for name in entry.files:
                stage.carry(edition, name)
    for entry in _run(workspace, jobs, by_name, stage, renderer, scratch, workers, kernel, told):
        by_name[entry.report] = entry
    made = [by_name[entry.report] for entry in entries]
    head = {name: value for name, value in edition.manifest.items() if name not in _ABOUT_FILES}
    touchpoints = _touchpoints(workspace, head)
    with settled_lists(head, made, scratch / "actions", touchpoints) as lists:
        told_all = compose(stage, head, made, prior, lists.document)
    stage.write(MANIFEST, canonical(make_manifest(told_all, made, stage.digests())))
    return stage.folder


def _touchpoints(workspace: Workspace, head: Mapping[str, Any]) -> Path | None:
    """Return the contacts made that an edition's lists were settled with; None for none."""
    data = head["data"]
    if CONTACTS not in head or TOUCHPOINTS not in data["tables"]:
        return None
    home = workspace.unit_data(str(head["suite"]), str(head["unit"]))
    return touchpoints_of(read_snapshot(home, str(data["snapshot"])))


def _run(
    workspace: Workspace,
    jobs: Sequence[Job],
    entries: dict[str, Entry],
    stage: Stage,
    renderer: Renderer,
    scratch: Path,
    workers: int | None,
    kernel: str,
    told: Callable[[str], None],
) -> Iterable[Entry]:
    if not jobs:
        return
    warm_fonts(workspace)
    jobs_room = import_jobs()  # not before there is something to run

    def do(job: Job) -> Entry:
        last_good = entries[job.report.name].last_good
        actions = scratch / "actions"
        order = jobs_room.Order(
            workspace, job, actions, stage, renderer, Limits(), kernels, last_good
        )
        entry: Entry = jobs_room.do(order).entry
        told(job.report.name)
        return entry

    with (
        open_kernels(workspace, kernel, {job.report.path for job in jobs}) as kernels,
        ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool,
    ):
        yield from pool.map(do, jobs)
