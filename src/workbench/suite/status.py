"""What is fresh, what is stale and why, in words, without running anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workbench.data.snapshots import Snapshot
from workbench.params import SuiteParams, UnitParams
from workbench.suite.contacts.edition import unsettled
from workbench.suite.editions import Edition, standing
from workbench.suite.inputs import actions_folder
from workbench.suite.manifest import Entry, read_entries
from workbench.suite.notebook import Report
from workbench.suite.plan import Job, make_plan, why_stale
from workbench.suite.prior import earlier_numbers, earlier_states
from workbench.workspace import Workspace

__all__ = ["Status", "suite_status"]

Condition = Literal["fresh", "stale", "failed", "stopped", "not_applicable", "never_run"]
_FREED = "held back when the edition was made; nothing holds it back now"


@dataclass(frozen=True)
class Status:
    """How one report of one unit stands.

    Parameters
    ----------
    unit
        The unit.
    report
        The report.
    condition
        ``fresh``: it would come out the same. ``stale``: it is good, but something that it depends
        on changed. ``stopped``: the unit's gate holds it back, or did when the edition was made.
        ``failed``, ``not_applicable``, ``never_run``: as they say.
    reasons
        In words: what changed, why it failed, why it is held back or does not apply.
    entry
        Its place in the served edition, or None.
    edition
        The served edition, or None.
    """

    unit: UnitParams
    report: Report
    condition: Condition
    reasons: tuple[str, ...]
    entry: Entry | None
    edition: Edition | None


def suite_status(
    workspace: Workspace,
    params: SuiteParams,
    units: Mapping[str, UnitParams],
    reports: Mapping[str, Report],
    snapshots: Mapping[str, Snapshot],
    renderer: Mapping[str, str],
) -> list[Status]:
    """Return how each report of each unit stands, units in their order, reports in theirs.

    Parameters
    ----------
    workspace
        The project.
    params
        The suite.
    units
        The units that there are.
    reports
        The reports that there are.
    snapshots
        Unit -> its newest data.
    renderer
        Name and version of the renderer that a run would use.
    """
    folders = {name: workspace.unit_reports(params.name, name) for name in units}
    as_of = params.as_of.isoformat()
    histories, states = earlier_numbers(folders, as_of), earlier_states(folders, reports, as_of)
    plan = make_plan(params, units.values(), reports, snapshots, renderer, histories, states)
    jobs = {(job.unit, job.report.name): job for job in plan.jobs}
    why_not = {(item.unit, item.report.name): item.reason for item in plan.not_applicable}
    held = {(item.unit, item.report.name): item.reason for item in plan.stopped}
    found = []
    for name, unit in units.items():
        edition = standing(folders[name])
        entries = read_entries(edition.manifest, edition.results) if edition else {}
        actions = actions_folder(workspace, params.name, name)
        open_lists = unsettled(params, unit, edition, actions)
        for report in reports.values():
            entry = entries.get(report.name)
            job = jobs.get((name, report.name))
            why = why_not.get((name, report.name), "")
            condition, reasons = _condition(job, entry, why, actions)
            if condition == "fresh" and report.name in open_lists:
                condition, reasons = "stale", open_lists[report.name]
            if (name, report.name) in held:
                condition, reasons = "stopped", (held[name, report.name],)
            found.append(Status(unit, report, condition, reasons, entry, edition))
    return found


def _condition(
    job: Job | None, entry: Entry | None, why_not: str, actions: Path
) -> tuple[Condition, tuple[str, ...]]:
    if job is None:
        return "not_applicable", (why_not,)
    if entry is not None and entry.state == "stopped":
        return "stopped", (_FREED,)
    if entry is None or entry.key is None:
        return "never_run", ()
    if entry.state == "failed":
        return "failed", (entry.reason,)
    reasons = why_stale(entry, job, actions)
    return "stale" if reasons else "fresh", reasons
