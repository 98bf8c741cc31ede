"""What needs attention first: failures, what is held back, critical alerts, units without data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from workbench.report.formats import format_date
from workbench.suite.portal.views import Cell, Link, UnitView

__all__ = ["Attention", "Late", "attention_of", "late_units"]


_ORDER = ("failed", "stopped", "critical")
SEVERAL = 3  # from here on, the same trouble in so many units is told once


@dataclass(frozen=True)
class Attention:
    """One thing that needs attention.

    Parameters
    ----------
    kind
        ``failed``: a report, or a unit of which nothing could be published. ``stopped``: reports of
        a unit that its gate holds back. ``critical``: an alert.
    tag
        The same in words.
    where
        The unit and the report; the report alone where it is so in several units.
    reason
        What happened.
    links
        Where to read more; one for each unit where it is so in several.
    units
        In how many units it is so.
    """

    kind: str
    tag: str
    where: str
    reason: str
    links: Sequence[Link]
    units: int = 1


@dataclass(frozen=True)
class Late:
    """A unit whose served edition is older than the suite, or that has none.

    Parameters
    ----------
    href, title
        The unit.
    as_of
        The day of its newest edition; empty where it has none.
    words
        How much older that is.
    """

    href: str
    title: str
    as_of: str
    words: str


@dataclass(frozen=True)
class _One:
    """One trouble of one unit, and how it is told where several units have it."""

    alone: Attention
    report: str
    same: str
    link: Link


def attention_of(units: Iterable[UnitView]) -> list[Attention]:
    """Return what needs attention: what failed first, then what is held back, then the alerts.

    Parameters
    ----------
    units
        The suite's units.
    """
    groups: dict[tuple[str, ...], list[_One]] = {}
    for unit in units:
        for one in (*_failures(unit), *_held_back(unit), *_alerts(unit)):
            groups.setdefault((one.alone.tag, one.report, one.same), []).append(one)
    found = [told for group in groups.values() for told in _told(group)]
    return sorted(found, key=lambda one: (_ORDER.index(one.kind), -one.units))


def _told(group: Sequence[_One]) -> Sequence[Attention]:
    if len(group) < SEVERAL:
        return [one.alone for one in group]
    first = group[0]
    links = [one.link for one in group]
    kind, tag = first.alone.kind, first.alone.tag
    return [Attention(kind, tag, first.report, first.same, links, len(group))]


def _failures(unit: UnitView) -> Iterator[_One]:
    here = Link(f"#unit-{unit.name}", unit.title)
    if unit.problem:
        alone = Attention("failed", "Not published", unit.title, unit.problem, ())
        yield _One(alone, "", unit.problem, here)
    for cell in unit.cells:
        if cell.condition != "failed":
            continue
        links = [Link(cell.href, "What went wrong")] if cell.href else []
        if cell.last_good:
            day = format_date(cell.last_good.title)
            links.append(Link(cell.last_good.href, f"Last good version, {day}"))
        reason = cell.reasons[0] if cell.reasons else ""
        alone = Attention("failed", "Failed", f"{unit.title}, {cell.title}", reason, links)
        page = Link(cell.href, unit.title) if cell.href else here
        yield _One(alone, cell.title, reason, page)


def _held_back(unit: UnitView) -> Iterator[_One]:
    """Yield each reason for which the gate holds reports of a unit back, once for all of them."""
    held = [cell for cell in unit.cells if cell.condition == "stopped"]
    # What stands in the edition was made in spite of the gate: it tells what to mend.
    made = [cell for cell in unit.cells if cell.condition != "stopped" and cell.href]
    by_reason: dict[str, list[Cell]] = {}
    for cell in held:
        by_reason.setdefault(cell.reasons[0] if cell.reasons else "", []).append(cell)
    for reason, cells in by_reason.items():
        links = [Link(cell.href, cell.title) for cell in made]
        for cell in cells:
            if cell.last_good:
                day = format_date(cell.last_good.title)
                links.append(Link(cell.last_good.href, f"{cell.title}: last good version, {day}"))
        what = "1 report" if len(cells) == 1 else f"{len(cells)} reports"
        alone = Attention("stopped", "Held back", f"{unit.title}, {what}", reason, links)
        yield _One(alone, "Reports", reason, Link(f"#unit-{unit.name}", unit.title))


def _alerts(unit: UnitView) -> Iterator[_One]:
    for alert in unit.alerts:
        if alert.severity != "critical":
            continue
        report = alert.source.title
        alone = Attention(
            "critical",
            "Critical alert",
            f"{unit.title}, {report}",
            alert.words,
            [Link(alert.source.href, "Read it in the report")],
        )
        yield _One(alone, report, f"{alert.condition}.", Link(alert.source.href, unit.title))


def late_units(units: Iterable[UnitView]) -> list[Late]:
    """Return the units without an edition of the suite's day, the oldest first.

    Parameters
    ----------
    units
        The suite's units.
    """
    late = [
        Late(f"#unit-{unit.name}", unit.title, unit.as_of, f"({unit.age or 'no edition yet'})")
        for unit in units
        if not unit.is_new
    ]
    return sorted(late, key=lambda one: one.as_of)
