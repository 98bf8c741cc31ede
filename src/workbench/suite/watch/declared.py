"""The parameters of a unit -> what is watched in one report, as plain JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from workbench.params import AlertParams, GoalParams, PlanParams, UnitParams
from workbench.suite.known import require_report

__all__ = ["check_watched", "declared_for"]


def declared_for(unit: UnitParams, report: str) -> dict[str, Any]:
    """Return what a unit watches in a report; empty when that is nothing.

    Parameters
    ----------
    unit
        The unit's parameters.
    report
        The report's name.

    Returns
    -------
    dict
        ``goals``, ``alerts`` and ``plans``, each by its key and only where there are any: plain
        JSON, with every owner filled in. The report depends on it, and on no more of the file.
    """
    found: dict[str, Any] = {
        "goals": {
            key: _goal(goal, unit.owner)
            for key, goal in unit.goals.items()
            if _report_of(key) == report
        },
        "alerts": {
            key: _alert(alert, unit.owner)
            for key, alert in unit.alerts.items()
            if _report_of(alert.rule.metric) == report
        },
        "plans": {
            key: _plan(plan, unit.owner)
            for key, plan in unit.plans.items()
            if plan.report == report
        },
    }
    return {kind: declared for kind, declared in found.items() if declared}


def check_watched(units: Iterable[UnitParams], reports: Collection[str]) -> None:
    """Check that every goal, alert and plan is about a report that exists.

    Parameters
    ----------
    units
        The units, the suite's entries laid under theirs.
    reports
        The names of all reports of the project.

    Raises
    ------
    ParameterError
        For the first that names another report: with file, key and the nearest name.
    """
    for unit in units:
        named = [
            *((f"goals.{key}", _report_of(key)) for key in unit.goals),
            *((f"alerts.{key}", _report_of(one.rule.metric)) for key, one in unit.alerts.items()),
            *((f"plans.{key}", one.report) for key, one in unit.plans.items()),
        ]
        for key, report in named:
            require_report(report, reports, where=f"{unit.where}, {key}")


def _report_of(metric: str) -> str:
    return metric.split(".", 1)[0]


def _goal(goal: GoalParams, owner: str) -> dict[str, Any]:
    start = goal.start
    return {
        "target": goal.target,
        "direction": goal.direction,
        "by": goal.by.isoformat() if goal.by else None,
        "owner": goal.owner or owner,
        "from": {"value": start.value, "on": start.on.isoformat()} if start else None,
    }


def _alert(alert: AlertParams, owner: str) -> dict[str, Any]:
    return {
        "metric": alert.rule.metric,
        "when": alert.rule.about("").text,
        "severity": alert.severity,
        "owner": alert.owner or owner,
        "why": alert.why,
    }


def _plan(plan: PlanParams, owner: str) -> dict[str, Any]:
    return {
        "report": plan.report,
        "decision": plan.decision,
        "when": plan.rule.text if plan.rule else None,
        "do": plan.do,
        "owner": plan.owner or owner,
        "by": plan.by.isoformat() if plan.by else None,
    }
