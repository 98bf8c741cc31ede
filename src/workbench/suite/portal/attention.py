"""What needs attention before anything else: failures, critical alerts, units without new data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from workbench.report.formats import format_date
from workbench.suite.portal.views import Link, UnitView

__all__ = ["Attention", "Late", "attention_of", "late_units"]


@dataclass(frozen=True)
class Attention:
    """One thing that needs attention.

    Parameters
    ----------
    kind
        ``failed``: a report, or a unit of which nothing could be published. ``critical``: an alert.
    tag
        The same in words.
    unit, report
        Where; `report` is empty for all of the unit.
    reason
        What happened.
    links
        Where to read more.
    """

    kind: str
    tag: str
    unit: str
    report: str
    reason: str
    links: Sequence[Link]


@dataclass(frozen=True)
class Late:
    """A unit whose served edition is older than the suite, or that has none.

    Parameters
    ----------
    name, title
        The unit.
    as_of, age
        Its newest day, and how much older that is; empty where it has no edition.
    """

    name: str
    title: str
    as_of: str
    age: str


def attention_of(units: Iterable[UnitView]) -> list[Attention]:
    """Return what needs attention: what failed first, then the critical alerts.

    Parameters
    ----------
    units
        The suite's units.
    """
    found = [one for unit in units for one in _of_unit(unit)]
    return sorted(found, key=lambda one: one.kind != "failed")


def _of_unit(unit: UnitView) -> Iterator[Attention]:
    if unit.problem:
        yield Attention("failed", "Not published", unit.title, "", unit.problem, ())
    for cell in unit.cells:
        if cell.condition != "failed":
            continue
        links = [Link(cell.href, "What went wrong")] if cell.href else []
        if cell.last_good:
            day = format_date(cell.last_good.title)
            links.append(Link(cell.last_good.href, f"Last good version, {day}"))
        reason = cell.reasons[0] if cell.reasons else ""
        yield Attention("failed", "Failed", unit.title, cell.title, reason, links)
    for alert in unit.alerts:
        if alert.severity == "critical":
            yield Attention(
                "critical",
                "Critical alert",
                unit.title,
                alert.source.title,
                alert.words,
                [Link(alert.source.href, "Read it in the report")],
            )


def late_units(units: Iterable[UnitView]) -> list[Late]:
    """Return the units without an edition of the suite's day, the oldest first.

    Parameters
    ----------
    units
        The suite's units.
    """
    late = [Late(unit.name, unit.title, unit.as_of, unit.age) for unit in units if not unit.is_new]
    return sorted(late, key=lambda one: one.as_of)
