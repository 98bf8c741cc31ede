"""What is asked of each department, over all units: the same thing asked in many stands once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.report.formats import format_date
from workbench.suite.portal.unit import anchor
from workbench.suite.portal.views import Link, UnitView
from workbench.suite.watch import Asked, asked_of

__all__ = ["Ask", "Asking", "asked_of_all"]

Json = Mapping[str, Any]
_LISTS = {"alert": "alerts", "plan": "plans", "goal": "goals"}
_RANKS = {"critical": 0, "plan": 1, "goal": 2, "decision": 3, "warning": 4}


@dataclass(frozen=True)
class Ask:
    """One thing that is asked of a department, in one or more units.

    Parameters
    ----------
    kind
        ``critical`` or ``warning`` (an alert), ``plan``, ``goal`` or ``decision``.
    tag
        The same in words.
    text
        What is asked.
    why
        Why, or by when; may be empty.
    places
        The unit, and the report at its place: the title is the unit's.
    details
        What to say of each place beside its title; empty texts for nothing.
    report
        The report's title.
    """

    kind: str
    tag: str
    text: str
    why: str
    places: Sequence[Link]
    details: Sequence[str]
    report: str


@dataclass(frozen=True)
class Asking:
    """What is asked of one department.

    Parameters
    ----------
    owner
        The department.
    asks
        The weightiest first.
    """

    owner: str
    asks: Sequence[Ask]

    def count(self, *kinds: str) -> int:
        """Return how often something of these kinds is asked, each unit counted."""
        return sum(len(ask.places) for ask in self.asks if ask.kind in kinds)


@dataclass(frozen=True)
class _One:
    """One thing asked in one unit, with what makes it the same thing as in another."""

    owner: str
    kind: str
    by: str
    same: tuple[str, ...]
    text: str
    label: str
    why: str
    place: Link
    detail: str
    report: str


def asked_of_all(units: Iterable[UnitView]) -> list[Asking]:
    """Return what is asked of each department.

    Parameters
    ----------
    units
        The suite's units.

    Returns
    -------
    list of Asking
        By the gravest thing that is asked of each, then by name. Of each: critical alerts, plans
        that are due, goals off track, decisions that its units' reports ask for, other alerts.
    """
    found: dict[str, dict[tuple[str, ...], list[_One]]] = {}
    for unit in units:
        for one in (*_watched(unit), *_decided(unit)):
            found.setdefault(one.owner, {}).setdefault(one.same, []).append(one)
    asking = [
        Asking(
            owner,
            [_ask(group) for group in sorted(groups.values(), key=_place)],
        )
        for owner, groups in found.items()
    ]
    return sorted(asking, key=lambda one: (_RANKS[one.asks[0].kind], one.owner))


def _place(group: Sequence[_One]) -> tuple[int, str]:
    return _RANKS[group[0].kind], group[0].by or "9999"


def _watched(unit: UnitView) -> Iterator[_One]:
    """Yield alerts, plans that are due and goals off track, as the rules of a watch choose them."""
    for link, told in unit.results.values():
        for owner, asks in asked_of([told]).items():
            for asked in asks:
                yield _of_watch(unit, link, owner, asked, _record(told, asked))


def _record(told: Json, asked: Asked) -> Json:
    found: Json = next(
        one
        for one in told[_LISTS[asked.kind]]
        if one["id"] == asked.id and one.get("metric", "") == asked.metric
    )
    return found


def _of_watch(unit: UnitView, link: Link, owner: str, asked: Asked, told: Json) -> _One:
    kind = asked.severity or asked.kind
    due = f"by {format_date(asked.by)}" if asked.by else ""
    label, why, detail, also = asked.text, due, "", ""
    if asked.kind == "alert":
        label, why, detail = f"{told.get('condition', told['rule'])}.", told["why"], told["display"]
        also = told["rule"]
    elif asked.kind == "goal":
        label, why, detail = f"“{told['label']}”: {_aim(told, due)}", "", told["display"]
        also = str(told["target"])
    return _One(
        owner,
        kind,
        asked.by or "",
        (kind, asked.report, asked.id, asked.metric, label if asked.kind == "plan" else also),
        asked.text,
        label,
        why,
        Link(f"{link.href}#{anchor(asked.kind, told)}", unit.title),
        detail,
        link.title,
    )


def _aim(goal: Json, due: str) -> str:
    most = "at most " if goal["direction"] == "down" else ""
    return f"goal {most}{goal['target_display']}{f' {due}' if due else ''}, off track"


def _decided(unit: UnitView) -> Iterator[_One]:
    """Yield what the reports of a unit ask its owner to decide; the same words once a report."""
    seen = set()
    for said in unit.decisions:
        text = said.decision or said.text
        if (text, said.source.href) in seen:
            continue
        seen.add((text, said.source.href))
        yield _One(
            unit.owner,
            "decision",
            "",
            ("decision", said.source.title, text),
            text,
            text,
            "",
            Link(said.source.href, unit.title),
            "",
            said.source.title,
        )


def _ask(group: Sequence[_One]) -> Ask:
    first, alone = group[0], len(group) == 1
    tags = {
        "critical": "Critical alert",
        "warning": "Alert",
        "plan": "Due",
        "goal": "Off track",
        "decision": "Decide",
    }
    return Ask(
        kind=first.kind,
        tag=tags[first.kind],
        text=first.text if alone else first.label,
        why=first.why,
        places=[one.place for one in group],
        details=["" if alone else one.detail for one in group],
        report=first.report,
    )
