"""A report's metrics against all that is declared for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbench.suite.watch.alerts import read_alert
from workbench.suite.watch.asked import urgency
from workbench.suite.watch.goals import read_goal
from workbench.suite.watch.plans import read_plan
from workbench.suite.watch.records import Alert, Told, Unread, Watched

__all__ = ["read_watch"]


def read_watch(
    watch: Mapping[str, Any],
    metrics: Iterable[Mapping[str, Any]],
    as_of: str,
    history: Sequence[Told],
) -> Watched:
    """Return how a report stands against its goals, alerts and plans.

    Parameters
    ----------
    watch
        What `declared_for` says of the report.
    metrics
        The metrics that the report recorded.
    as_of
        The day whose end the report looks back from, ``YYYY-MM-DD``.
    history
        What earlier editions told, in any order; those of this day or later are left out.

    Returns
    -------
    Watched
        Goals and plans in the order of the parameters, alerts by owner and severity.
    """
    known = {str(record["id"]): record for record in metrics}
    raised: list[Alert] = []
    unread: list[Unread] = []
    for key, alert in watch.get("alerts", {}).items():
        more, not_read = read_alert(key, alert, known, as_of, history)
        raised += more
        unread += not_read
    return Watched(
        goals=tuple(
            read_goal(key, goal, known.get(key.split(".", 1)[1]), as_of, known)
            for key, goal in watch.get("goals", {}).items()
        ),
        alerts=tuple(sorted(raised, key=lambda alert: urgency(alert.to_json()))),
        plans=tuple(
            read_plan(key, plan["report"], plan, known, as_of, history)
            for key, plan in watch.get("plans", {}).items()
        ),
        unread=tuple(unread),
        rules=len(watch.get("alerts", {})),
    )
