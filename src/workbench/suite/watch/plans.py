"""What is due about a decision, now that the metrics are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.params.rules import parse_rule
from workbench.suite.watch.conditions import condition
from workbench.suite.watch.earlier import earlier_of
from workbench.suite.watch.records import Plan, PlanState, Told
from workbench.suite.watch.rules import judge
from workbench.suite.watch.words import day, no_metric

__all__ = ["read_plan"]


def read_plan(
    key: str,
    report: str,
    plan: Mapping[str, Any],
    metrics: Mapping[str, Mapping[str, Any]],
    as_of: str,
    history: Sequence[Told],
) -> Plan:
    """Return whether a plan is due.

    Parameters
    ----------
    key
        Its name in the parameters.
    report
        The report that serves its decision.
    plan
        What is declared: ``decision``, ``when``, ``do``, ``owner``, ``by``.
    metrics
        Id -> metric, as the report recorded it.
    as_of
        The day that the report looks back from.
    history
        The earlier editions.
    """
    state, words, rule_words = _state(plan, metrics, as_of, history)
    if state == "due" and plan["by"] and plan["by"] < as_of:
        words += f" Its day, {day(plan['by'])}, has passed."
    return Plan(
        id=key,
        report=report,
        decision=str(plan["decision"]),
        when=plan["when"],
        condition=rule_words,
        do=str(plan["do"]),
        owner=str(plan["owner"]),
        by=plan["by"],
        state=state,
        words=words,
    )


def _state(
    plan: Mapping[str, Any],
    metrics: Mapping[str, Mapping[str, Any]],
    as_of: str,
    history: Sequence[Told],
) -> tuple[PlanState, str, str | None]:
    """Return the state, why, and the rule in words."""
    if plan["when"] is None:
        return "due", "It is to be done in any case.", None
    rule = parse_rule(plan["when"])
    name = rule.metric.split(".", 1)[1]
    record = metrics.get(name)
    if record is None:
        return "unknown", no_metric(name, metrics), condition(rule, None)
    verdict = judge(rule, record, earlier_of(rule.metric, str(record["unit"]), as_of, history))
    state: PlanState = "unknown" if verdict.holds is None else "due" if verdict.holds else "not_due"
    return state, verdict.words, condition(rule, record)
