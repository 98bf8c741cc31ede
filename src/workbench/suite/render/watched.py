"""What a page shows of its goals, alerts and plans, and where."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.suite.watch import Asked, Goal, Plan, Unread, Watched, asked_of, by_owner

__all__ = ["Shown", "shown"]


@dataclass(frozen=True)
class Shown:
    """The parts of what is watched, each for its place on the page.

    Parameters
    ----------
    cards
        Metric -> its goal, for the metrics that stand on a card.
    goals
        The other goals, those without a number included.
    alerts
        Owner -> alerts, the critical ones first.
    critical
        Whether one of them is critical.
    plans
        What will be done, and when.
    unread
        Rules that can never be read as they are written.
    asked
        Owner -> what is asked of it.
    note
        How many rules are watched, and which wait for more editions; empty where there are none.
    """

    cards: Mapping[str, Goal] = field(default_factory=dict)
    goals: Sequence[Goal] = ()
    alerts: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    critical: bool = False
    plans: Sequence[Plan] = ()
    unread: Sequence[Unread] = ()
    asked: Mapping[str, Sequence[Asked]] = field(default_factory=dict)
    note: str = ""


def shown(watched: Watched | None, cards: Collection[str]) -> Shown:
    """Return what a page shows of what is watched; nothing where nothing is.

    Parameters
    ----------
    watched
        What came of what is watched in the report.
    cards
        The metrics that stand on a card.
    """
    if watched is None:
        return Shown()
    told = watched.to_json()
    return Shown(
        cards={goal.metric: goal for goal in watched.goals if goal.metric in cards},
        goals=[goal for goal in watched.goals if goal.metric not in cards],
        alerts=by_owner(told["alerts"]),
        critical=any(alert.severity == "critical" for alert in watched.alerts),
        plans=watched.plans,
        unread=[one for one in watched.unread if one.state != "too_few"],
        asked=asked_of([told]),
        note=_note(watched),
    )


def _note(watched: Watched) -> str:
    if not watched.rules:
        return ""
    some = "1 rule" if watched.rules == 1 else f"{watched.rules} rules"
    raised = len(watched.alerts)
    said = f"{some}, {raised or 'no'} alert{'' if raised == 1 else 's'}"
    waiting = [
        f"{one.id} ({one.rule}) of {', '.join(one.metrics)}: {one.words}"
        for one in watched.unread
        if one.state == "too_few"
    ]
    return " ".join([f"{said}.", *waiting])
