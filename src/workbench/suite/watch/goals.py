"""A metric against its target, and against a straight way to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from workbench.report.formats import MISSING
from workbench.suite.watch.records import Goal, GoalState
from workbench.suite.watch.words import (
    day,
    declared,
    gap,
    interval,
    no_metric,
    no_value,
    quoted,
)

__all__ = ["read_goal"]

Record = Mapping[str, Any]


@dataclass(frozen=True)
class _Standing:
    """How a metric stands against its goal: the state, the end of the sentence, a few words."""

    state: GoalState
    words: str
    brief: str


def read_goal(
    key: str, goal: Mapping[str, Any], record: Record | None, as_of: str, known: Collection[str]
) -> Goal:
    """Return how a metric stands against its goal.

    Parameters
    ----------
    key
        ``report.metric``.
    goal
        What is declared for it: ``target``, ``direction``, ``by``, ``owner``, ``from``.
    record
        The metric, as the report recorded it; None where it was not recorded.
    as_of
        The day whose end the report looks back from.
    known
        The metrics that the report recorded, for the nearest name.
    """
    report, metric = key.split(".", 1)
    unit = str(record["unit"]) if record is not None else "number"
    target = declared(goal["target"], unit)
    aim = _aim(goal, target)
    if record is None or record["value"] is None:
        words = no_metric(metric, known) if record is None else no_value(record)
        standing = _Standing("no_number", words, "no number")
    else:
        standing = _standing(goal, record, as_of, target)
        tense = "was to be" if goal["by"] and as_of >= goal["by"] else "is to be"
        least = "at least" if goal["direction"] == "up" else "at most"
        words = f"{quoted(record)} {tense} {least} {target}{_by(goal)}; {standing.words}."
    return Goal(
        id=key,
        report=report,
        metric=metric,
        label=str(record["label"]) if record is not None else metric,
        unit=unit,
        value=record["value"] if record is not None else None,
        display=str(record["display"]) if record is not None else MISSING,
        target=goal["target"],
        target_display=target,
        direction=goal["direction"],
        by=goal["by"],
        owner=goal["owner"],
        state=standing.state,
        words=words,
        brief=f"{aim}: {standing.brief}",
    )


def _aim(goal: Mapping[str, Any], target: str) -> str:
    return f"Goal {'at most ' if goal['direction'] == 'down' else ''}{target}{_by(goal)}"


def _by(goal: Mapping[str, Any]) -> str:
    return f" by {day(goal['by'])}" if goal["by"] else ""


def _standing(goal: Mapping[str, Any], record: Record, as_of: str, target: str) -> _Standing:
    """Compare with the target first, and before its day with the way to it."""
    reached = _meets(goal, record, goal["target"])
    at = f"it stands at {record['display']}"
    if reached is True:
        return _Standing("reached", f"{at}: reached", "reached")
    ended = goal["by"] is not None and as_of >= goal["by"]
    if goal["from"] and not ended:
        return _on_the_way(goal, record, as_of, reached)
    if reached is None:
        words = f"{at}, and {interval(record)} holds {target}: too close to call"
        return _Standing("unclear", words, "too close to call")
    off = gap(record["value"], goal["target"], str(record["unit"]))
    short = f"{off} {'short' if goal['direction'] == 'up' else 'above it'}"
    if ended:
        return _Standing("missed", f"{at}, {short}: missed", f"missed, {short}")
    return _Standing("off_track", f"{at}, {short}", short)


def _on_the_way(
    goal: Mapping[str, Any], record: Record, as_of: str, reached: bool | None
) -> _Standing:
    unit, start = str(record["unit"]), goal["from"]
    now = _way(goal, as_of)
    ahead = _meets(goal, record, now)
    at = f"it stands at {record['display']}"
    asked = f"a straight way from {declared(start['value'], unit)} on {day(start['on'])}"
    mark = declared(_rounded(now, unit), unit)
    if ahead is None:
        words = f"{at}, and {interval(record)} holds the {mark} that {asked} has come to by now"
        return _Standing("unclear", f"{words}: too close to call", "too close to call")
    better = goal["direction"] == "up"
    off = gap(record["value"], now, unit)
    if not ahead:
        words = (
            f"{at}, {off} {'short of' if better else 'above'} the {mark} that {asked} has come to"
        )
        return _Standing("off_track", f"{words} by now: off track", "off track")
    words = f"{at}, where {asked} has come to {mark} by now: on track"
    if reached is None:
        words += f", and too close to call whether {declared(goal['target'], unit)} is reached"
    return _Standing("on_track", words, "on track")


def _rounded(value: float, unit: str) -> float:
    """Return a number of the way with the digits that the page shows."""
    return round(value, 3) if unit == "share" else value


def _way(goal: Mapping[str, Any], as_of: str) -> float:
    """Return what the straight way from the start to the target has come to on a day."""
    start, end = date.fromisoformat(goal["from"]["on"]), date.fromisoformat(goal["by"])
    gone = (date.fromisoformat(as_of) - start).days / (end - start).days
    first = float(goal["from"]["value"])
    return first + (float(goal["target"]) - first) * min(max(gone, 0.0), 1.0)


def _meets(goal: Mapping[str, Any], record: Record, mark: float) -> bool | None:
    """Return whether a metric is at a mark or beyond it; None when its interval holds both."""
    value = record["value"]
    low, high = record["ci"][:2] if record.get("ci") else (value, value)
    if goal["direction"] == "down":
        value, low, high, mark = -value, -high, -low, -mark
    if min(value, low) >= mark:
        return True
    return False if max(value, high) < mark else None
