"""Puts a unit's edition together: what is run anew, what is carried over, what does not apply."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.files import canonical
from workbench.params import SuiteParams
from workbench.suite.editions import RESULTS, Edition, Stage, damage, served
from workbench.suite.inputs import UnitData, actions_folder, row_counts
from workbench.suite.manifest import Entry, make_manifest, make_results, missing_lists, read_entries
from workbench.suite.plan import Job, Plan
from workbench.suite.render import Renderer
from workbench.workspace import Workspace

__all__ = ["Bench", "UnitWork", "finish", "prepare"]


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
    last_good
        Report -> the edition that has its last good version, empty for none.
    entries
        Report -> what stands in the edition already: carried over, or not applicable.
    stage
        The folder in the making; made when the first file is to be written.
    """

    data: UnitData
    folder: Path
    before: Edition | None
    to_run: list[Job] = field(default_factory=list)
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


def prepare(
    bench: Bench,
    plan: Plan,
    data: UnitData,
    chosen: Collection[str],
    force: bool,
) -> UnitWork:
    """Return a unit's edition with everything that needs no run, and the jobs that do.

    Parameters
    ----------
    bench
        What all units share.
    plan
        The run's plan.
    data
        The unit and its data.
    chosen
        The reports that were asked for; all when empty. The others are carried over.
    force
        Run what is fresh, too.
    """
    unit = data.unit
    folder = bench.workspace.unit_reports(bench.params.name, unit.name)
    before = served(folder)
    work = UnitWork(data, folder, before)
    old = read_entries(before.manifest, before.results) if before else {}
    broken = set(damage(before)) if before else set()
    actions = actions_folder(bench.workspace, bench.params.name, unit.name)
    jobs, rest = plan.of_unit(unit.name)
    for item in rest:
        report = item.report
        work.entries[report.name] = Entry(
            report.name, report.title, report.order, "not_applicable", item.reason
        )
    for job in jobs:
        report = job.report
        previous = old.get(report.name)
        work.last_good[report.name] = _last_good(before, previous)
        wanted = not chosen or report.name in chosen
        if previous is None or previous.key is None:
            if wanted:
                work.to_run.append(job)
            else:
                never = Entry(report.name, report.title, report.order, "not_run")
                work.entries[report.name] = never
        elif broken & {*previous.files, RESULTS}:
            work.to_run.append(job)  # its files are damaged: mend them, asked for or not
        elif wanted and (force or not is_fresh(previous, job) or missing_lists(previous, actions)):
            work.to_run.append(job)
        else:
            work.entries[report.name] = previous
    return work


def is_fresh(entry: Entry, job: Job) -> bool:
    """Tell whether a report of an earlier edition is what the job would give again."""
    return entry.state == "ok" and entry.key is not None and entry.key.digest == job.key.digest


def finish(bench: Bench, work: UnitWork) -> Edition:
    """Publish a unit's edition and return it; the served one when nothing is new.

    Raises
    ------
    PublishError
        When it cannot be written, or a secret stands in it.
    """
    ran = {job.report.name for job in work.to_run}
    entries = sorted(
        (
            replace(entry, last_good=work.last_good[name])
            if entry.state == "failed" and name in ran
            else entry
            for name, entry in work.entries.items()
        ),
        key=lambda entry: (entry.order, entry.report),
    )
    head = _head(bench, work)
    if work.before is not None and not ran:
        same = make_manifest(head, entries, work.before.manifest["files"])
        if canonical(same) == canonical(work.before.manifest) and not damage(work.before):
            return work.before
    if work.before is not None:
        for entry in entries:
            if entry.report not in ran:
                for name in entry.files:
                    work.stage.carry(work.before, name)
    work.stage.write(RESULTS, canonical(make_results(entries)))
    return work.stage.publish(lambda digests: make_manifest(head, entries, digests), bench.secrets)


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
