"""A run of a suite, as its steps: ingest, plan, execute and render, publish, portal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any

from workbench.data.sources.secrets import referenced_secrets
from workbench.files import read_json
from workbench.params import load_suite
from workbench.suite.assemble import Bench, UnitWork, Wanted, prepare
from workbench.suite.contacts.policy import check_contacts
from workbench.suite.desk import Desk, Room
from workbench.suite.editions import ALERTS, Edition, lost_pointer
from workbench.suite.inputs import UnitData, ingest, known, secret_texts
from workbench.suite.limits import Limits
from workbench.suite.lock import only_run
from workbench.suite.notebook import Report, find_reports
from workbench.suite.plan import check_overrides, make_plan
from workbench.suite.portal import write_portal
from workbench.suite.prior import earlier_numbers, earlier_states, state_problems
from workbench.suite.progress import Progress, Silent
from workbench.suite.render import find_renderer
from workbench.suite.runlog import RunLog
from workbench.suite.status import suite_status
from workbench.suite.watch import check_watched
from workbench.workspace import Workspace

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
    failed
        Run only what failed or was held back last time.
    why
        Tell why each report is run, and that the others are fresh.
    memory_mb
        The most memory that all jobs together should hold, in megabytes; most of what this
        machine has free unless given.
    kernel
        ``auto`` (forked where that is possible) or ``fresh``.
    limits
        How much a job may take.
    """

    units: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    as_of: date | None = None
    workers: int | None = None
    renderer: str = "auto"
    force: bool = False
    failed: bool = False
    why: bool = False
    memory_mb: float | None = None
    kernel: str = "auto"
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Outcome:
    """What came of one report of one unit.

    Parameters
    ----------
    unit, report
        Of what.
    state
        ``ok``, ``failed``, ``stopped``, ``not_applicable`` or ``not_run``.
    reason
        Why it failed, is held back by the gate or is not applicable; else empty.
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
    alerts
        Unit -> the alerts of that edition, as its ``alerts.json`` has them.
    problems
        Unit -> why nothing could be published for it.
    portal
        The suite's page.
    log
        The run log, with all times.
    seconds
        Wall-clock seconds in all.
    held_back
        Unit -> why its gate holds reports back, asked for or not; only units where it does.
    """

    suite: str
    outcomes: tuple[Outcome, ...]
    editions: Mapping[str, Edition]
    alerts: Mapping[str, Sequence[Mapping[str, Any]]]
    problems: Mapping[str, str]
    portal: Path
    log: Path
    seconds: float
    held_back: Mapping[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """Return 0 when all is good, 1 when something failed; what the gate holds back did not."""
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
    check_watched(params.units.values(), catalogue)
    check_contacts(params.units.values(), catalogue)
    for name in asked.units:
        params.unit(name)
    renderer = find_renderer(asked.renderer)
    log = RunLog(suite)
    with only_run(workspace.data / suite, suite):
        told.step("Reading the sources")
        data, problems = ingest(workspace, params, asked.units, told.detail)
        log.step("ingest")
        told.step("Planning")
        secrets = referenced_secrets(secret_texts(params))
        bench = Bench(workspace, params, renderer, secrets)
        works = _plan(bench, data, catalogue, asked, told)
        log.step("plan")
        if asked.why:
            _tell_why(works, told)
        room = Room(asked.workers, asked.memory_mb, asked.limits, asked.kernel)
        desk = Desk(bench, room, told, log, problems)
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
        {name: _alerts(edition) for name, edition in desk.editions.items()},
        problems,
        portal,
        log.save(workspace.data / suite / "runs"),
        monotonic() - began,
        dict(_held_back(works)),
    )


def _plan(
    bench: Bench,
    data: Mapping[str, UnitData],
    catalogue: Mapping[str, Report],
    asked: Choice,
    told: Progress,
) -> list[UnitWork]:
    """Return the work of each unit that has data."""
    units = [one.unit for one in data.values()]
    snapshots = {name: one.snapshot for name, one in data.items()}
    suite = bench.params.name
    folders = {unit.name: bench.workspace.unit_reports(suite, unit.name) for unit in units}
    for folder in folders.values():
        if wrong := lost_pointer(folder):
            told.step(wrong)
    as_of = bench.params.as_of.isoformat()
    histories, states = earlier_numbers(folders, as_of), earlier_states(folders, catalogue, as_of)
    for wrong in state_problems(states):
        told.step(wrong)
    named = bench.renderer_named
    plan = make_plan(bench.params, units, catalogue, snapshots, named, histories, states)
    wanted = Wanted(asked.reports, asked.force, asked.failed)
    return [prepare(bench, plan, one, wanted) for one in data.values()]


def _tell_why(works: Iterable[UnitWork], told: Progress) -> None:
    """Tell of each job why it is run, and of each report that is carried over that it is fresh."""
    for work in works:
        unit = work.data.unit.name
        for report, reasons in work.why.items():
            told.because(unit, report, reasons)
        for report, entry in work.entries.items():
            if entry.state == "ok":
                told.because(unit, report, ())


def _held_back(works: Iterable[UnitWork]) -> Iterator[tuple[str, str]]:
    """Yield each unit whose gate holds reports back, and why."""
    for work in works:
        stopped = (entry for entry in work.entries.values() if entry.state == "stopped")
        if (first := next(stopped, None)) is not None:
            yield work.data.unit.name, first.reason


def _alerts(edition: Edition) -> list[Mapping[str, Any]]:
    """Return the alerts of an edition; none of one from before there were any."""
    return list((read_json(edition.folder / ALERTS) or {}).get("alerts", ()))


def _outcomes(works: Iterable[UnitWork], desk: Desk, asked: Choice) -> Iterable[Outcome]:
    for work in works:
        unit = work.data.unit.name
        edition = desk.editions.get(unit)
        ran = {job.report.name for job in work.to_run}
        for entry in sorted(work.entries.values(), key=lambda entry: (entry.order, entry.report)):
            if asked.reports and entry.report not in asked.reports:
                continue
            page = edition.folder / f"{entry.report}.html" if edition and entry.has_page else None
            yield Outcome(
                unit,
                entry.report,
                entry.state,
                entry.reason,
                entry.state == "ok" and entry.report not in ran,
                desk.seconds.get((unit, entry.report), 0.0),
                page,
            )
