"""Each department's own list: the alerts that it is told of, what it does, its goals off track."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Asked", "asked_of", "by_owner", "urgency"]

Json = Mapping[str, Any]
_ATTENTION = {"off_track", "missed"}


@dataclass(frozen=True)
class Asked:
    """One thing that is asked of a department.

    Parameters
    ----------
    kind
        ``alert``, ``plan`` or ``goal``.
    report, id
        Which one, and of which report.
    metric
        The metric of an alert or a goal; empty for a plan.
    text
        What is asked, in plain words.
    severity
        ``critical`` or ``warning`` for an alert; else empty.
    by
        The day at whose end it shall be done or reached, or None.
    """

    kind: Literal["alert", "plan", "goal"]
    report: str
    id: str
    metric: str
    text: str
    severity: str = ""
    by: str | None = None


def asked_of(readings: Iterable[Json]) -> dict[str, list[Asked]]:
    """Return what is asked of each department.

    Parameters
    ----------
    readings
        For each report its ``goals``, ``alerts`` and ``plans`` as plain JSON: `Watched.to_json`, or
        a report's results.

    Returns
    -------
    dict
        Owner -> critical alerts, plans that are due, goals that are off track or missed, other
        alerts; within each the earliest day first. Owners in the order of their names; those of
        whom nothing is asked are left out.
    """
    found: dict[str, list[Asked]] = {}
    for reading in readings:
        for owner, asked in _of_one(reading):
            found.setdefault(owner, []).append(asked)
    return {owner: sorted(found[owner], key=_place) for owner in sorted(found)}


def _of_one(reading: Json) -> Iterable[tuple[str, Asked]]:
    for alert in reading.get("alerts", ()):
        yield (
            alert["owner"],
            Asked(
                "alert",
                alert["report"],
                alert["id"],
                alert["metric"],
                alert["words"],
                alert["severity"],
            ),
        )
    for plan in reading.get("plans", ()):
        if plan["state"] == "due":
            asked = Asked("plan", plan["report"], plan["id"], "", plan["do"], by=plan["by"])
            yield plan["owner"], asked
    for goal in reading.get("goals", ()):
        if goal["state"] in _ATTENTION:
            asked = Asked(
                "goal", goal["report"], goal["id"], goal["metric"], goal["words"], by=goal["by"]
            )
            yield goal["owner"], asked


def _place(asked: Asked) -> tuple[object, ...]:
    first = {"critical": 0, "warning": 3}.get(asked.severity, 1 if asked.kind == "plan" else 2)
    return first, asked.by or "9999", asked.report, asked.id, asked.metric


def urgency(alert: Json) -> tuple[object, ...]:
    """Return the place of an alert: by owner, the critical ones first."""
    return (
        alert["owner"],
        alert["severity"] != "critical",
        alert["report"],
        alert["id"],
        alert["metric"],
    )


def by_owner(alerts: Iterable[Json]) -> dict[str, Sequence[Json]]:
    """Return alerts as they are shown: grouped by owner, the critical ones first.

    Parameters
    ----------
    alerts
        Alerts as plain JSON.

    Returns
    -------
    dict
        Owner -> alerts; owners with a critical one first, then in the order of their names.
    """
    grouped: dict[str, list[Json]] = {}
    for alert in sorted(alerts, key=urgency):
        grouped.setdefault(alert["owner"], []).append(alert)
    most = sorted(grouped, key=lambda owner: (grouped[owner][0]["severity"] != "critical", owner))
    return {owner: grouped[owner] for owner in most}
