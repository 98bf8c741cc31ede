"""A run of a suite, as its steps: ingest, plan, execute and render, publish, portal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from workbench.data.sources.secrets import referenced_secrets
from workbench.errors import PublishError, WorkbenchError
from workbench.params import load_suite
from workbench.suite.assemble import Bench, UnitWork, finish, prepare
from workbench.suite.editions import Edition, Stage, clean
from workbench.suite.inputs import UnitData, ingest, known, secret_texts
from workbench.suite.limits import Limits
from workbench.suite.lock import only_run
from workbench.suite.notebook import Report, find_reports
from workbench.suite.plan import Job, check_overrides, make_plan
from workbench.suite.portal import write_portal
from workbench.suite.progress import Progress, Silent
from workbench.suite.render import find_renderer
from workbench.suite.runlog import RunLog
from workbench.suite.status import suite_status
from workbench.suite.warm import warm_fonts
from workbench.workspace import Workspace

if TYPE_CHECKING:
    from workbench.suite.jobs import Done

__all__ = ["Choice", "Outcome", "RunResult", "run"]


@dataclass(frozen=True)
class Choice:
    """What a run is asked to do.

    Parameters
    ----------
    units
        The units to run; all when empty.
    reports
        The reports to run; all when empty. The others keep what the served edition has.
    as_of
        The day to look back from; the suite's own unless given.
    workers
        How many jobs at once; the number of cores unless given.
    renderer
        ``auto``, ``quarto`` or ``embedded``.
    force
        Run what is fresh, too.
    limits
        How long a job may take.
    """

    units: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    as_of: date | None = None
    workers: int | None = None
    renderer: str = "auto"
    force: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Outcome:
    """What came of one report of one unit.

    Parameters
    ----------
    unit, report
        Of what.
    state
        ``ok``, ``failed`` or ``not_applicable``.
    reason
        Why it failed or is not applicable; else empty.
    reused
        Whether it was fresh, so that nothing had to run.
    seconds
        Wall-clock seconds that it took.
    page
        Its page, or None.
    """

    unit: str
    report: str
    state: str
    reason: str
    reused: bool
    seconds: float
    page: Path | None


@dataclass(frozen=True)
class RunResult:
    """What came of a run.

    Parameters
    ----------
    suite
        The suite's name.
    outcomes
        Units in the suite's order, reports in theirs.
    editions
        Unit -> the edition that is served now.
    problems
        Unit -> why nothing could be published for it.
    portal
        The suite's page.
    log
        The run log, with all times.
    seconds
        Wall-clock seconds in all.
    """

    suite: str
    outcomes: tuple[Outcome, ...]
    editions: Mapping[str, Edition]
    problems: Mapping[str, str]
    portal: Path
    log: Path
    seconds: float

    @property
    def exit_code(self) -> int:
        """Return 0 when all is good, 1 when something failed."""
        failed = any(outcome.state == "failed" for outcome in self.outcomes)
        return 1 if failed or self.problems else 0


def run(
    workspace: Workspace,
    suite: str,
    choice: Choice | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Run a suite: read what is new, run what is stale, publish an edition for each unit.

    Parameters
    ----------
    workspace
        The project.
    suite
        The suite's name.
    choice
        What to run and how; everything unless told.
    progress
        Where to tell what happens.

    Raises
    ------
    ParameterError
        Before anything runs: a file, key, parameter, unit or report is wrong.
    SourceError, ContractError
        When the sources cannot be read.
    PublishError
        When another run of the suite is under way.
    """
    asked, told, began = choice or Choice(), progress or Silent(), monotonic()
    params = load_suite(workspace, suite, asked.as_of)
    catalogue = find_reports(workspace.notebooks)
    find_reports(workspace.notebooks, asked.reports)  # a misspelt one is an error now
    check_overrides(params.units.values(), catalogue)
    for name in asked.units:
        params.unit(name)
    renderer = find_renderer(asked.renderer)
    log = RunLog(suite)
    with only_run(workspace.data / suite, suite):
        told.step("Reading the sources")
        data, problems = ingest(workspace, params, asked.units, told.detail)
        log.step("ingest")
        told.step("Planning")
        secrets = referenced_secrets(secret_texts(one.unit for one in data.values()))
        bench = Bench(workspace, params, renderer, secrets)
        works = _plan(bench, data, catalogue, asked)
        log.step("plan")
        desk = _Desk(bench, asked, told, log, problems)
        desk.work(works)
        log.step("reports")
        told.step("Writing the portal")
        units, snapshots = known(workspace, params)
        rows = suite_status(workspace, params, units, catalogue, snapshots, bench.renderer_named)
        portal = write_portal(workspace, params, catalogue, rows, problems)
        log.step("portal")
    return RunResult(
        suite,
        tuple(_outcomes(works, desk, asked)),
        desk.editions,
        problems,
        portal,
        log.save(workspace.data / suite / "runs"),
        monotonic() - began,
    )


def _plan(
    bench: Bench, data: Mapping[str, UnitData], catalogue: Mapping[str, Report], asked: Choice
) -> list[UnitWork]:
    """Return the work of each unit that has data."""
    units = [one.unit for one in data.values()]
    snapshots = {name: one.snapshot for name, one in data.items()}
    plan = make_plan(bench.params, units, catalogue, snapshots, bench.renderer_named)
    return [prepare(bench, plan, one, asked.reports, asked.force) for one in data.values()]


class _Desk:
    """Hands out the jobs, takes in what came of them, publishes each unit once it is complete."""

    def __init__(
        self, bench: Bench, asked: Choice, told: Progress, log: RunLog, problems: dict[str, str]
    ) -> None:
        self.bench, self.asked, self.told, self.log = bench, asked, told, log
        self.problems = problems
        self.editions: dict[str, Edition] = {}
        self.seconds: dict[tuple[str, str], float] = {}

    def work(self, works: Iterable[UnitWork]) -> None:
        """Do all jobs; on an interrupt the running ones are ended and what is done is kept."""
        works = list(works)
        for work in works:
            clean(work.folder)
        jobs = sum(len(work.to_run) for work in works)
        self.told.planned(jobs)
        if jobs:
            warm_fonts(self.bench.workspace)
            import_module("workbench.suite.jobs")  # once, before the threads ask for it
        pool = ThreadPoolExecutor(self.asked.workers or os.cpu_count() or 1)
        try:
            waiting: dict[Future[Done], tuple[UnitWork, Job]] = {}
            for work in works:
                if not work.to_run:
                    self._publish(work)
                elif (stage := self._open(work)) is not None:
                    for job in work.to_run:
                        waiting[pool.submit(self._do, work, job, stage)] = (work, job)
            for future in as_completed(waiting):
                self._take(*waiting[future], future)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            if jobs:
                import_module("workbench.suite.engine").stop_all()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            for work in works:
                work.discard()

    def _open(self, work: UnitWork) -> Stage | None:
        try:
            return work.stage
        except PublishError as error:
            self.problems[work.data.unit.name] = str(error)
            return None

    def _do(self, work: UnitWork, job: Job, stage: Stage) -> Done:
        self.told.started(job.unit, job.report.name)
        # Imported only now: a run with nothing to do should not wait for papermill and nbconvert.
        rooms = import_module("workbench.suite.jobs")
        done: Done = rooms.do(
            rooms.Order(
                self.bench.workspace,
                job,
                work.data.unit,
                stage,
                self.bench.renderer,
                self.asked.limits,
                work.last_good[job.report.name],
            )
        )
        return done

    def _take(self, work: UnitWork, job: Job, future: Future[Done]) -> None:
        unit, report = job.unit, job.report.name
        try:
            done = future.result()
        except (WorkbenchError, OSError) as error:
            self.problems[unit] = f"{report}: {error}"
            self.told.finished(unit, report, "failed", 0.0, str(error))
            return
        entry = done.entry
        work.entries[report] = entry
        seconds = done.times["seconds"]
        self.seconds[unit, report] = seconds
        self.log.job(unit, report, entry.state, entry.reason, done.times)
        self.told.finished(unit, report, entry.state, seconds, entry.reason)
        if work.is_complete:
            self._publish(work)

    def _publish(self, work: UnitWork) -> None:
        try:
            edition = finish(self.bench, work)
        except WorkbenchError as error:
            self.problems[work.data.unit.name] = str(error)
            return
        self.editions[work.data.unit.name] = edition
        self.log.edition(work.data.unit.name, edition.id)


def _outcomes(works: Iterable[UnitWork], desk: _Desk, asked: Choice) -> Iterable[Outcome]:
    for work in works:
        unit = work.data.unit.name
        edition = desk.editions.get(unit)
        ran = {job.report.name for job in work.to_run}
        for entry in sorted(work.entries.values(), key=lambda entry: (entry.order, entry.report)):
            if asked.reports and entry.report not in asked.reports:
                continue
            page = edition.folder / f"{entry.report}.html" if edition and entry.files else None
            yield Outcome(
                unit,
                entry.report,
                entry.state,
                entry.reason,
                entry.state == "ok" and entry.report not in ran,
                desk.seconds.get((unit, entry.report), 0.0),
                page,
            )
