"""What came of what is watched: goals, alerts, plans, and rules that could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

__all__ = ["Alert", "Goal", "GoalState", "Plan", "PlanState", "Told", "Unread", "Watched"]

GoalState = Literal["reached", "on_track", "off_track", "missed", "unclear", "no_number"]
PlanState = Literal["due", "not_due", "unknown"]
Trouble = Literal["no_number", "too_few", "wrong_unit"]


class Told(Protocol):
    """What an earlier edition told: the day it looked back from, and its metrics."""

    @property
    def as_of(self) -> str:
        """Return the day, ``YYYY-MM-DD``."""
        ...

    @property
    def metrics(self) -> Mapping[str, Mapping[str, Any]]:
        """Return ``report.metric`` -> at least its ``value`` and ``ci``."""
        ...


@dataclass(frozen=True)
class Goal:
    """A metric against what it shall come to.

    Parameters
    ----------
    id
        ``report.metric``.
    report, metric
        The two parts of it.
    label, unit
        The metric's, as recorded; the label is its id where it was not recorded.
    value, display
        The metric's number, or None; and as the page shows it.
    target, target_display
        The number to reach.
    direction
        ``up``: at least the target; ``down``: at most.
    by
        The day at whose end it shall be reached, or None.
    owner
        The department that answers for it.
    state
        ``reached``; ``on_track`` or ``off_track`` (before the day); ``missed`` (at or after it);
        ``unclear`` (too close to call); ``no_number``.
    words
        How it stands, in one sentence.
    brief
        The same for a card: ``Goal 35% by 31 Dec 2025: on track``.
    """

    id: str
    report: str
    metric: str
    label: str
    unit: str
    value: float | int | None
    display: str
    target: float
    target_display: str
    direction: Literal["up", "down"]
    by: str | None
    owner: str
    state: GoalState
    words: str
    brief: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Alert:
    """A rule that holds of a metric.

    Parameters
    ----------
    id
        The rule's name in the parameters; one rule over many metrics can raise several alerts.
    report, metric, label
        What it is about.
    rule
        The whole rule, as declared.
    condition
        The same in words: what holds of the metric.
    severity
        ``critical`` or ``warning``.
    owner
        The department that is told.
    value, display
        The metric's number, and as the page shows it.
    words
        What happened, in plain sentences.
    detail
        How a change was judged among those before it, and how often chance alone does as much;
        empty for rules without sigma.
    why
        Why it matters, as declared; may be empty.
    as_of
        The day that the report looks back from.
    """

    id: str
    report: str
    metric: str
    label: str
    rule: str
    condition: str
    severity: Literal["critical", "warning"]
    owner: str
    value: float | int
    display: str
    words: str
    detail: str
    why: str
    as_of: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Plan:
    """What will be done about a decision, and whether it is due.

    Parameters
    ----------
    id
        Its name in the parameters.
    report
        The report that serves the decision.
    decision
        The decision, as a question.
    when, condition
        The rule as declared, and in words; None when it will be done in any case.
    do
        What will be done.
    owner
        The department that does it.
    by
        The day at whose end it shall be done, or None.
    state
        ``due``, ``not_due``, or ``unknown`` where the rule could not be read.
    words
        Why, in one or two plain sentences.
    """

    id: str
    report: str
    decision: str
    when: str | None
    condition: str | None
    do: str
    owner: str
    by: str | None
    state: PlanState
    words: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Unread:
    """A rule that could not be read, which is no alert and no all-clear either.

    Parameters
    ----------
    id
        The rule's name in the parameters.
    report
        The report.
    metrics
        The metrics of which it could not be read; for an unknown one, the name as declared.
    rule
        The whole rule, as declared.
    state
        ``no_number``, ``too_few`` earlier editions, or ``wrong_unit``.
    words
        Why not, in plain sentences.
    """

    id: str
    report: str
    metrics: tuple[str, ...]
    rule: str
    state: Trouble
    words: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {**asdict(self), "metrics": list(self.metrics)}


@dataclass(frozen=True)
class Watched:
    """All that is watched in a report, as of one day.

    Parameters
    ----------
    goals, alerts, plans
        Goals and plans as declared; alerts by owner, the critical ones first.
    unread
        Rules that could not be read.
    rules
        How many rules of alerts are declared.
    """

    goals: tuple[Goal, ...] = ()
    alerts: tuple[Alert, ...] = ()
    plans: tuple[Plan, ...] = ()
    unread: tuple[Unread, ...] = ()
    rules: int = 0

    def to_json(self) -> dict[str, list[dict[str, Any]]]:
        """Return ``goals``, ``alerts``, ``plans`` and ``unread`` as plain JSON."""
        return {
            "goals": [goal.to_json() for goal in self.goals],
            "alerts": [alert.to_json() for alert in self.alerts],
            "plans": [plan.to_json() for plan in self.plans],
            "unread": [unread.to_json() for unread in self.unread],
        }
