"""Puts a unit's edition together: what is run anew, what is carried over, what does not apply."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.data.handed import copy_file, state_file
from workbench.params import SuiteParams
from workbench.suite.compose import compose, core, followed
from workbench.suite.contacts.edition import contacts_head, settled_lists, touchpoints_of
from workbench.suite.contacts.places import missing_files
from workbench.suite.editions import RESULTS, Edition, Stage, damage, serve, served, standing
from workbench.suite.inputs import UnitData, actions_folder, row_counts
from workbench.suite.manifest import Entry, State, make_manifest, missing_lists, read_entries
from workbench.suite.notebook import Report
from workbench.suite.plan import Job, Plan, lost_candidates, why_stale
from workbench.suite.render import Renderer
from workbench.workspace import Workspace

__all__ = ["Bench", "UnitWork", "Wanted", "finish", "prepare"]


@dataclass(frozen=True)
class Bench:
    """What all units of a run share.

    Parameters
    ----------
    workspace
        The project.
    params
        The suite.
    renderer
        What turns an executed notebook into HTML.
    secrets
        What must stand in no edition.
    """

    workspace: Workspace
    params: SuiteParams
    renderer: Renderer
    secrets: frozenset[str]

    @property
    def renderer_named(self) -> dict[str, str]:
        """Return the renderer as the keys and the manifest tell it."""
        return {"name": self.renderer.name, "version": self.renderer.version}


@dataclass
class UnitWork:
    """A unit's edition in the making.

    Parameters
    ----------
    data
        The unit and its data.
    folder
        The folder of its editions.
    before
        The edition that is served now, or None.
    to_run
        The jobs to run.
    why
        Report -> why it is run, in words.
    last_good
        Report -> the edition that has its last good version, empty for none.
    entries
        Report -> what stands in the edition already: carried over, held back or not applicable.
    stage
        The folder in the making; made when the first file is to be written.
    """

    data: UnitData
    folder: Path
    before: Edition | None
    to_run: list[Job] = field(default_factory=list)
    why: dict[str, tuple[str, ...]] = field(default_factory=dict)
    last_good: dict[str, str] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    _stage: Stage | None = None

    @property
    def stage(self) -> Stage:
        """Return the folder in the making."""
        if self._stage is None:
            self._stage = Stage(self.folder)
        return self._stage

    @property
    def is_complete(self) -> bool:
        """Tell whether every job has its entry."""
        return all(job.report.name in self.entries for job in self.to_run)

    def discard(self) -> None:
        """Remove what is staged."""
        if self._stage is not None:
            self._stage.discard()


@dataclass(frozen=True)
class Wanted:
    """Which jobs are to run.

    Parameters
    ----------
    reports
        The reports that were asked for; all when empty. The others are carried over.
    force
        Run what is fresh, too.
    failed
        Run only what failed or was held back last time.
    """

    reports: Collection[str] = ()
    force: bool = False
    failed: bool = False


def prepare(bench: Bench, plan: Plan, data: UnitData, wanted: Wanted) -> UnitWork:
    """Return a unit's edition with everything that needs no run, and the jobs that do.

    Parameters
    ----------
    bench
        What all units share.
    plan
        The run's plan.
    data
        The unit and its data.
    wanted
        Which jobs are to run.
    """
    unit = data.unit
    folder = bench.workspace.unit_reports(bench.params.name, unit.name)
    before = standing(folder)
    work = UnitWork(data, folder, before)
    old = read_entries(before.manifest, before.results) if before else {}
    broken = set(damage(before)) if before else set()
    actions = actions_folder(bench.workspace, bench.params.name, unit.name)
    own = plan.of_unit(unit.name)
    for item in own.not_applicable:
        work.entries[item.report.name] = _entry(before, item.report, "not_applicable", item.reason)
    for held in own.stopped:
        last_good = _last_good(before, old.get(held.report.name))
        stopped = _entry(before, held.report, "stopped", held.reason, last_good)
        work.entries[held.report.name] = stopped
    for job in own.jobs:
        report = job.report
        previous = old.get(report.name)
        work.last_good[report.name] = _last_good(before, previous)
        why = _why_run(previous, job, wanted, broken, actions)
        if why:
            work.why[report.name] = why
            work.to_run.append(job)
        elif previous is None or previous.key is None:
            last_good = work.last_good[report.name]
            work.entries[report.name] = _entry(before, report, "not_run", last_good=last_good)
        else:
            work.entries[report.name] = previous
    return work


def _entry(
    before: Edition | None, report: Report, state: State, reason: str = "", last_good: str = ""
) -> Entry:
    """Return the place of a report that is not made; what it handed on is passed on."""
    kept = tuple(
        name
        for name in (state_file(report.name), copy_file(report.name))
        if before is not None and before.read(name) is not None
    )
    return Entry(
        report.name, report.title, report.order, state, reason, files=kept, last_good=last_good
    )


def _why_run(
    previous: Entry | None, job: Job, wanted: Wanted, broken: Collection[str], actions: Path
) -> tuple[str, ...]:
    """Return why a job is to run, in words; nothing when it need not or was not asked for."""
    if previous is not None and previous.key is not None:
        damaged = sorted({*previous.files, RESULTS} & {*broken})
        if damaged:  # mended, asked for or not
            return (f"damaged: {', '.join(damaged)}",)
        if gone := missing_lists(previous, actions):  # without them no list can be settled
            return (lost_candidates(gone),)
    if wanted.reports and job.report.name not in wanted.reports:
        return ()
    if previous is not None and previous.state == "stopped":
        return ("the gate held it back last time",)
    if previous is None or previous.key is None:
        return () if wanted.failed else ("it never ran",)
    if previous.state == "failed":
        return (f"it failed last time: {previous.reason}",)
    if wanted.failed:
        return ()
    return why_stale(previous, job, actions) or (
        ("asked for with --force",) if wanted.force else ()
    )


def finish(bench: Bench, work: UnitWork) -> Edition:
    """Publish a unit's edition and return it; the served one when nothing is new.

    Raises
    ------
    PublishError
        When it or its lists cannot be written, or a secret stands in it.
    """
    ran = {job.report.name for job in work.to_run}
    entries = sorted(
        (
            _failed(work, entry) if entry.state == "failed" and name in ran else entry
            for name, entry in work.entries.items()
        ),
        key=lambda entry: (entry.order, entry.report),
    )
    head = {**_head(bench, work), **contacts_head(bench.params, work.data.unit, entries)}
    actions = actions_folder(bench.workspace, bench.params.name, work.data.unit.name)
    before = work.before
    if before is not None and not ran:
        same = make_manifest(head, entries, before.manifest["files"])
        whole = not damage(before) and not missing_files(actions, before.folder)
        if whole and core(same) == core(before.manifest):
            if served(work.folder) is None:  # the pointer was lost
                serve(work.folder, before.id)
            return before
    if before is not None:
        for entry in entries:
            if entry.report not in ran:
                for name in entry.files:
                    work.stage.carry(before, name)
    prior = followed(work.folder, before, make_manifest(head, entries, work.stage.digests()))
    with settled_lists(head, entries, actions, touchpoints_of(work.data.snapshot)) as lists:
        told = compose(work.stage, head, entries, prior, lists.document)
        edition = work.stage.publish(
            lambda digests: make_manifest(told, entries, digests), bench.secrets
        )
        lists.put(before)
    return edition


def _failed(work: UnitWork, entry: Entry) -> Entry:
    """Return the place of a report that failed now: it names, and keeps, what was good before."""
    kept, files = state_file(entry.report), entry.files
    if work.before is not None and work.before.read(kept) is not None:
        work.stage.carry(work.before, kept)
        files = (*files, kept)
    return replace(entry, files=files, last_good=work.last_good[entry.report])


def _last_good(before: Edition | None, old: Entry | None) -> str:
    if before is None or old is None:
        return ""
    return before.id if old.state == "ok" else old.last_good


def _head(bench: Bench, work: UnitWork) -> dict[str, Any]:
    return {
        "suite": bench.params.name,
        "unit": work.data.unit.name,
        "title": work.data.unit.title,
        "owner": work.data.unit.owner,
        "as_of": bench.params.as_of.isoformat(),
        "renderer": bench.renderer_named,
        "data": {
            "snapshot": work.data.snapshot.digest,
            "tables": {
                name: {"rows": table.rows, "digest": table.digest}
                for name, table in work.data.snapshot.tables.items()
            },
            "rows": row_counts(work.data.record),
        },
    }
