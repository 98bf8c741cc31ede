"""Rules over metrics, one by one or for many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from workbench.params.rules import Rule, parse_rule
from workbench.suite.watch.conditions import condition
from workbench.suite.watch.earlier import earlier_of
from workbench.suite.watch.records import Alert, Told, Trouble, Unread
from workbench.suite.watch.rules import Verdict, judge
from workbench.suite.watch.words import no_metric

__all__ = ["read_alert"]

Record = Mapping[str, Any]


def read_alert(
    key: str,
    alert: Mapping[str, Any],
    metrics: Mapping[str, Record],
    as_of: str,
    history: Sequence[Told],
) -> tuple[list[Alert], list[Unread]]:
    """Return the alerts that a rule raises, and where it could not be read.

    Parameters
    ----------
    key
        The rule's name in the parameters.
    alert
        What is declared: ``metric`` (in which ``*`` stands for any letters), ``when``,
        ``severity``, ``owner``, ``why``.
    metrics
        Id -> metric, as the report recorded it.
    as_of
        The day that the report looks back from.
    history
        The earlier editions.
    """
    report, pattern = str(alert["metric"]).split(".", 1)
    rule = parse_rule(alert["when"])
    raised: list[Alert] = []
    troubles: dict[tuple[Trouble, str], list[str]] = {}
    chosen = [name for name in metrics if fnmatchcase(name, pattern)]
    for name in chosen:
        one = rule.about(f"{report}.{name}")
        unit = str(metrics[name]["unit"])
        verdict = judge(one, metrics[name], earlier_of(one.metric, unit, as_of, history))
        if verdict.trouble is not None:
            troubles.setdefault((verdict.trouble, verdict.words), []).append(name)
        elif verdict.holds:
            raised.append(_raised(key, alert, one, metrics[name], verdict, as_of))
    if not chosen:
        troubles["no_number", no_metric(pattern, metrics)] = [pattern]
    unread = [
        Unread(key, report, tuple(names), rule.about(str(alert["metric"])).text, state, words)
        for (state, words), names in troubles.items()
    ]
    return raised, unread


def _raised(
    key: str,
    alert: Mapping[str, Any],
    rule: Rule,
    record: Record,
    verdict: Verdict,
    as_of: str,
) -> Alert:
    report, metric = rule.metric.split(".", 1)
    return Alert(
        id=key,
        report=report,
        metric=metric,
        label=str(record["label"]),
        rule=rule.text,
        condition=condition(rule, record),
        severity=alert["severity"],
        owner=str(alert["owner"]),
        value=record["value"],
        display=str(record["display"]),
        words=verdict.words,
        detail=verdict.detail,
        why=str(alert["why"]),
        as_of=as_of,
    )
