"""The suite in a few numbers: for the cards on top, and for machines as ``portal.json``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.params import SuiteParams
from workbench.suite.notebook import Report
from workbench.suite.portal.quality import Department
from workbench.suite.portal.views import UnitView

__all__ = ["SCHEMA", "Tally", "summary_of", "tally_of"]

SCHEMA = 1


@dataclass(frozen=True)
class Tally:
    """A suite in a few numbers.

    Parameters
    ----------
    applicable, good, stale, failed, stopped
        Reports that apply, that can be read (the stale ones included), that are out of date, that
        failed, that the gate holds back.
    critical, warnings
        Open alerts.
    goals
        State -> how many goals.
    due
        Plans that are due.
    received, quarantined, sources
        Rows received and set aside, of how many sources.
    """

    applicable: int
    good: int
    stale: int
    failed: int
    stopped: int
    critical: int
    warnings: int
    goals: Mapping[str, int]
    due: int
    received: int
    quarantined: int
    sources: int

    @property
    def on_track(self) -> int:
        """Return how many goals are reached or on track."""
        return self.goals.get("reached", 0) + self.goals.get("on_track", 0)

    @property
    def off_track(self) -> int:
        """Return how many goals are off track or missed."""
        return self.goals.get("off_track", 0) + self.goals.get("missed", 0)

    @property
    def all_goals(self) -> int:
        """Return how many goals there are."""
        return sum(self.goals.values())

    @property
    def alerts(self) -> int:
        """Return how many alerts are open."""
        return self.critical + self.warnings


def tally_of(units: Sequence[UnitView], departments: Iterable[Department]) -> Tally:
    """Return a suite in a few numbers.

    Parameters
    ----------
    units
        The suite's units.
    departments
        What each department sent.
    """
    looks = Counter(cell.look for unit in units for cell in unit.cells)
    conditions = Counter(cell.condition for unit in units for cell in unit.cells)
    sent = list(departments)
    return Tally(
        applicable=sum(conditions.values()) - conditions["not_applicable"],
        good=looks["ok"] + looks["stale"],
        stale=looks["stale"],
        failed=looks["failed"],
        stopped=looks["stopped"],
        critical=sum(_alerts(unit)["critical"] for unit in units),
        warnings=sum(_alerts(unit)["warning"] for unit in units),
        goals=dict(sum((_goals(unit) for unit in units), Counter())),
        due=sum(_due(unit) for unit in units),
        received=sum(one.received for one in sent),
        quarantined=sum(one.quarantined for one in sent),
        sources=sum(len(one.sources) for one in sent),
    )


def summary_of(
    params: SuiteParams, reports: Iterable[Report], units: Sequence[UnitView], tally: Tally
) -> dict[str, Any]:
    """Return what machines read of the portal, as plain JSON values.

    Parameters
    ----------
    params
        The suite.
    reports
        Its reports, in their order.
    units
        Its units.
    tally
        The suite in a few numbers.

    Returns
    -------
    dict
        ``schema``, ``name``, ``title``, ``as_of``; ``units`` (how many), ``applicable``, ``good``,
        ``stale``, ``failed``, ``stopped`` (reports); ``alerts`` and ``goals`` (how many of each
        kind), ``due`` (plans); ``rows``; ``reports``; ``states`` (unit by unit).
    """
    return {
        "schema": SCHEMA,
        "name": params.name,
        "title": params.title,
        "as_of": params.as_of.isoformat(),
        "units": len(units),
        "applicable": tally.applicable,
        "good": tally.good,
        "stale": tally.stale,
        "failed": tally.failed,
        "stopped": tally.stopped,
        "alerts": {"critical": tally.critical, "warning": tally.warnings},
        "goals": dict(tally.goals),
        "due": tally.due,
        "rows": {"received": tally.received, "quarantined": tally.quarantined},
        "reports": [{"name": report.name, "title": report.title} for report in reports],
        "states": {unit.name: _state(unit) for unit in units},
    }


def _state(unit: UnitView) -> dict[str, Any]:
    return {
        "title": unit.title,
        "owner": unit.owner,
        "edition": unit.edition,
        "as_of": unit.as_of,
        "problem": unit.problem,
        "alerts": dict(_alerts(unit)),
        "goals": dict(_goals(unit)),
        "due": _due(unit),
        "reports": {
            cell.report: {"state": cell.condition, "as_of": cell.as_of, "page": cell.href}
            for cell in unit.cells
        },
    }


def _alerts(unit: UnitView) -> Mapping[str, int]:
    found = Counter(alert.severity for alert in unit.alerts)
    return {"critical": found["critical"], "warning": found["warning"]}


def _goals(unit: UnitView) -> Counter[str]:
    return Counter(
        str(goal["state"]) for _, told in unit.results.values() for goal in told["goals"]
    )


def _due(unit: UnitView) -> int:
    return sum(
        plan["state"] == "due" for _, told in unit.results.values() for plan in told["plans"]
    )
