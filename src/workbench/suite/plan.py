"""Which jobs there are: units x reports, each with its key, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.data.archived import Archived, lists_to_measure
from workbench.data.gone import why_gone
from workbench.data.handed import Handed
from workbench.data.snapshots import Snapshot
from workbench.files import digest_of
from workbench.params import SuiteParams, UnitParams
from workbench.params.rules import parse_rule
from workbench.suite.held import held_back
from workbench.suite.history import Point
from workbench.suite.keys import JobKey, differences, job_key
from workbench.suite.known import require_report
from workbench.suite.manifest import Entry, missing_lists
from workbench.suite.notebook import Report, resolve
from workbench.suite.watch import declared_for

__all__ = [
    "Job",
    "NotMade",
    "Plan",
    "check_overrides",
    "facts_of",
    "lost_candidates",
    "make_plan",
    "read_of_earlier",
    "read_of_history",
    "why_stale",
]


@dataclass(frozen=True)
class Job:
    """One report for one unit on one snapshot: what is run, cached, retried.

    Parameters
    ----------
    suite, unit
        For whom.
    report
        What.
    parameters
        The report's own resolved parameters.
    snapshot
        The data.
    tables
        The canonical tables that it reads.
    facts
        What it sees of its suite and unit, as plain JSON values.
    watch
        The goals, alerts and plans of the report, as `declared_for` gives them.
    history
        The numbers of earlier days, oldest first.
    key
        The digest of all that its result depends on, and the parts.
    handed
        What the report's earlier edition handed on; None for nothing.
    lists
        Its lists of earlier days that it is given to measure, by id.
    """

    suite: str
    unit: str
    report: Report
    parameters: Mapping[str, Any]
    snapshot: Snapshot
    tables: tuple[str, ...]
    facts: Mapping[str, Any]
    watch: Mapping[str, Any]
    history: tuple[Point, ...]
    key: JobKey
    handed: Handed | None = None
    lists: Mapping[str, Archived] = field(default_factory=dict)


@dataclass(frozen=True)
class NotMade:
    """A report that is not made for a unit, which is no failure.

    Parameters
    ----------
    unit
        For whom.
    report
        What.
    reason
        Why, in words: it cannot be had, or the unit's gate holds it back.
    """

    unit: str
    report: Report
    reason: str


@dataclass(frozen=True)
class Plan:
    """All that there is to do for a suite.

    Parameters
    ----------
    suite
        The suite's name.
    jobs
        Units in the suite's order, reports in theirs.
    not_applicable, stopped
        The rest of units x reports: what does not apply, and what the gate holds back.
    """

    suite: str
    jobs: tuple[Job, ...]
    not_applicable: tuple[NotMade, ...]
    stopped: tuple[NotMade, ...] = ()

    def of_unit(self, unit: str) -> Plan:
        """Return a unit's part of the plan."""
        return Plan(
            self.suite,
            tuple(job for job in self.jobs if job.unit == unit),
            tuple(item for item in self.not_applicable if item.unit == unit),
            tuple(item for item in self.stopped if item.unit == unit),
        )


def check_overrides(units: Iterable[UnitParams], reports: Mapping[str, Report]) -> None:
    """Check every override of every unit against the notebooks, before anything runs.

    Parameters
    ----------
    units
        The units, the suite's overrides laid under theirs.
    reports
        All reports of the project.

    Raises
    ------
    ParameterError
        For an unknown report, an unknown parameter, a value of a wrong type.
    """
    for unit in units:
        for name, overrides in unit.reports.items():
            where = f"{unit.where}, reports.{name}"
            require_report(name, reports, where=where)
            resolve(reports[name].parameters, overrides, where)


def facts_of(suite: SuiteParams, unit: UnitParams) -> dict[str, Any]:
    """Return what a report sees of its suite and unit, as plain JSON values."""
    return {
        "suite": suite.name,
        "suite_title": suite.title,
        "as_of": suite.as_of.isoformat(),
        "seed": suite.seed,
        "min_group": suite.min_group,
        "unit": unit.facts(),
    }


def make_plan(
    suite: SuiteParams,
    units: Iterable[UnitParams],
    reports: Mapping[str, Report],
    snapshots: Mapping[str, Snapshot],
    renderer: Mapping[str, str],
    histories: Mapping[str, Sequence[Point]] | None = None,
    states: Mapping[str, Mapping[str, Handed]] | None = None,
) -> Plan:
    """Return the jobs of units x reports.

    Parameters
    ----------
    suite
        The suite.
    units
        The units to plan for.
    reports
        The reports to plan for.
    snapshots
        Unit -> its data; a unit without data has no jobs.
    renderer
        Name and version of the renderer that will be used.
    histories
        Unit -> the numbers of earlier days; none unless told.
    states
        Unit -> report -> what its earlier edition handed on; nothing unless told.

    Raises
    ------
    ParameterError
        When an override does not fit its notebook.
    SnapshotError
        When what triage recorded beside a snapshot cannot be read.
    """
    known, handed = histories or {}, states or {}
    jobs: list[Job] = []
    rest: list[NotMade] = []
    stopped: list[NotMade] = []
    for unit in units:
        snapshot = snapshots.get(unit.name)
        held = held_back(snapshot) if snapshot else ""
        lists = lists_to_measure(snapshot.home, suite.as_of) if snapshot else {}
        for report in reports.values():
            reason = _why_not(report, snapshot)
            if snapshot is None or reason:
                rest.append(NotMade(unit.name, report, reason))
            elif held and not report.despite_gate:
                stopped.append(NotMade(unit.name, report, held))
            else:
                history = known.get(unit.name, ())
                given = handed.get(unit.name, {}).get(report.name)
                given = given if given and given.is_anything else None
                own = lists.get(report.name, {})
                jobs.append(_job(suite, unit, report, snapshot, renderer, history, given, own))
    return Plan(suite.name, tuple(jobs), tuple(rest), tuple(stopped))


def _why_not(report: Report, snapshot: Snapshot | None) -> str:
    if snapshot is None:
        return "No data of this unit have been ingested."
    has = {name for name, table in snapshot.tables.items() if table.rows > 0}
    missing = [table for table in report.tables if table not in has]
    if missing:
        return f"The unit has no {_listed(missing, 'and')}."
    if report.any_of and not any(has.issuperset(names) for names in report.any_of):
        ways = [_listed(names, "with") for names in report.any_of]
        return f"The unit has {'neither' if len(ways) > 1 else 'no'} {_listed(ways, 'nor')}."
    return ""


def _listed(names: Iterable[str], last: str) -> str:
    *first, final = names
    return f"{', '.join(first)} {last} {final}" if first else final


def _job(
    suite: SuiteParams,
    unit: UnitParams,
    report: Report,
    snapshot: Snapshot,
    renderer: Mapping[str, str],
    history: Iterable[Point],
    handed: Handed | None,
    lists: Mapping[str, Archived],
) -> Job:
    where = f"{unit.where}, reports.{report.name}"
    parameters = resolve(report.parameters, unit.reports.get(report.name, {}), where)
    facts = facts_of(suite, unit)
    tables = report.reads(snapshot.tables)
    data = {
        name: {"rows": snapshot.tables[name].rows, "digest": snapshot.tables[name].digest}
        for name in tables
    }
    if report.reads_all:
        data["triage"] = {"rows": 0, "digest": snapshot.triage}
    watch = declared_for(unit, report.name)
    earlier = tuple(point for point in history if point.as_of < suite.as_of.isoformat())
    return Job(
        suite.name,
        unit.name,
        report,
        parameters,
        snapshot,
        tables,
        facts,
        watch,
        earlier,
        job_key(
            report.path,
            parameters,
            facts,
            data,
            renderer,
            watch=watch,
            prior=read_of_earlier(report.name, watch, earlier, handed, lists),
        ),
        handed,
        lists,
    )


def read_of_earlier(
    report: str,
    watch: Mapping[str, Any],
    history: Iterable[Point],
    handed: Handed | None,
    lists: Mapping[str, Archived],
) -> dict[str, Any]:
    """Return digests of all that a report is given of earlier editions; empty for nothing.

    Parameters
    ----------
    report, watch, history
        As `read_of_history` takes them.
    handed
        What its earlier edition handed on; it counts whether the notebook reads it or not.
    lists
        Its lists of earlier days, by id; they count likewise.
    """
    found: dict[str, Any] = dict(read_of_history(report, watch, history) or {})
    if handed:
        found["state"] = handed.digest
    if lists:
        found["lists"] = {id: archived.told for id, archived in lists.items()}
    return found


def read_of_history(
    report: str, watch: Mapping[str, Any], history: Iterable[Point]
) -> dict[str, str] | None:
    """Return a digest of a report's earlier numbers where one of its rules reads them, else None.

    Parameters
    ----------
    report
        The report's name.
    watch
        What is watched in it, as `declared_for` gives it.
    history
        The numbers of earlier days.
    """
    rules = [
        *(alert["when"] for alert in watch.get("alerts", {}).values()),
        *(plan["when"] for plan in watch.get("plans", {}).values() if plan["when"]),
    ]
    if not any(parse_rule(rule).move for rule in rules):
        return None
    own = [
        [point.as_of, {k: v for k, v in point.metrics.items() if k.startswith(f"{report}.")}]
        for point in history
    ]
    return {"history": digest_of(own)}


def lost_candidates(lists: Iterable[str]) -> str:
    """Return in words that the candidates for some of a report's lists are lost."""
    return f"its candidates for {', '.join(lists)} are gone, or not those it recorded"


def why_stale(entry: Entry, job: Job, actions: Path) -> tuple[str, ...]:
    """Return in words why a good report would not come out the same; nothing when it would.

    Parameters
    ----------
    entry
        The report's place in the served edition.
    job
        What would be run now.
    actions
        The unit's folder of action lists.
    """
    if entry.key is None or entry.key.digest != job.key.digest:
        old = entry.key.parts if entry.key else {}
        return tuple(differences(old, job.key.parts)) or ("its key changed",)
    gone = missing_lists(entry, actions)
    if gone:
        return (lost_candidates(gone),)
    if entry.snapshot and not (job.snapshot.folder.parent / entry.snapshot).is_dir():
        # It would come out the same, but nobody could verify that it does.
        why = why_gone(job.snapshot.home, entry.snapshot)
        return (f"its data, snapshot {entry.snapshot}, are gone: {why}",) if why else ()
    return ()
