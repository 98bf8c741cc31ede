"""Rules in words, for those who act on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.params.rules import Rule
from workbench.report.formats import format_number
from workbench.suite.watch.words import declared, quoted

__all__ = ["SIDES", "condition", "wanted"]

SIDES = {">": "above", ">=": "at or above", "<": "below", "<=": "at or below"}
_MORE = {">": "more than", ">=": "at least"}


def condition(rule: Rule, record: Mapping[str, Any] | None) -> str:
    """Return a rule as a clause about its metric; as it was written where there is no metric.

    Parameters
    ----------
    rule
        The rule.
    record
        Its metric, as the report recorded it, or None.
    """
    if record is None:
        return rule.text
    unit = str(record["unit"])
    if not rule.move:
        return f"{quoted(record)} is {SIDES[rule.sign]} {declared(rule.number, unit)}"
    return f"{quoted(record)} {wanted(rule, unit)}"


def wanted(rule: Rule, unit: str) -> str:
    """Return the move that a rule asks for, as a verb: ``falls by more than 10%``.

    Parameters
    ----------
    rule
        A rule over a move.
    unit
        The metric's unit.
    """
    if rule.measure == "sigma":
        verb = {"change": "changes", "rise": "rises", "fall": "falls"}[rule.move]
        return f"{verb} by {_MORE[rule.sign]} {rule.amount} times the usual spread of its changes"
    number = _amount(rule, abs(rule.number), unit)
    if rule.move != "change":
        return f"{'rises' if rule.move == 'rise' else 'falls'} by {_MORE[rule.sign]} {number}"
    upwards = rule.sign[0] == ">"
    if rule.number == 0:
        if rule.sign in {">", "<"}:
            return "rises" if upwards else "falls"
        return "does not fall" if upwards else "does not rise"
    or_equal = rule.sign in {">=", "<="}
    if upwards == (rule.number > 0):
        verb = "rises" if upwards else "falls"
        return f"{verb} by {'at least' if or_equal else 'more than'} {number}"
    # More than minus five: no fall by five or more.
    verb = "does not fall" if upwards else "does not rise"
    return f"{verb} by {f'more than {number}' if or_equal else f'{number} or more'}"


def _amount(rule: Rule, number: float, unit: str) -> str:
    if rule.measure == "%":
        return declared(number, "share")
    if rule.measure == "points" or unit == "share":
        points = format_number(round(number * 100, 6))
        return f"{points} point{'' if points == '1' else 's'}"
    return declared(number, unit)
