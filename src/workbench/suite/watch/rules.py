"""Whether a rule holds of a metric, and the sentence that says so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.params.rules import FEWEST, Rule, Sign
from workbench.report.formats import format_number, format_share, format_unit
from workbench.suite.watch.conditions import SIDES, wanted
from workbench.suite.watch.earlier import Earlier
from workbench.suite.watch.records import Trouble
from workbench.suite.watch.spread import Spread, false_alarm_rate, spread_of
from workbench.suite.watch.words import (
    day,
    declared,
    gap,
    holds,
    interval,
    no_value,
    quoted,
)

__all__ = ["Verdict", "judge"]

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """Whether a rule holds.

    Parameters
    ----------
    holds
        True or False; None where it could not be read.
    words
        What was found, or why it could not be read, in plain sentences.
    detail
        How a change was judged among those before it; empty for other rules.
    trouble
        Why it could not be read; None where it was.
    """

    holds: bool | None
    words: str
    detail: str = ""
    trouble: Trouble | None = None


def judge(rule: Rule, record: Record, earlier: Sequence[Earlier]) -> Verdict:
    """Return whether a rule holds of a metric.

    Parameters
    ----------
    rule
        The rule.
    record
        The metric, as the report recorded it.
    earlier
        Its numbers in the editions before this one, oldest first.
    """
    unit = str(record["unit"])
    if record["value"] is None:
        return Verdict(None, no_value(record), trouble="no_number")
    if unit != "share" and (rule.measure == "points" or (rule.measure == "%" and not rule.move)):
        return Verdict(
            None,
            f"`{rule.text}` counts in {'percent' if rule.measure == '%' else 'points'}, which only "
            f"shares are counted in; {quoted(record)} is not: write a plain number.",
            trouble="wrong_unit",
        )
    if not rule.move:
        return _level(rule, record)
    if not earlier:
        return Verdict(None, "There is no earlier edition to compare with.", trouble="too_few")
    return (
        _usual(rule, record, earlier) if rule.measure == "sigma" else _move(rule, record, earlier)
    )


def _level(rule: Rule, record: Record) -> Verdict:
    found = _compare(record["value"], rule.sign, rule.number)
    side = f"{'' if found else 'not '}{SIDES[rule.sign]}"
    bound = declared(rule.number, str(record["unit"]))
    words = f"{quoted(record)} is {record['display']}, {side} {bound}."
    if holds(record, rule.number):
        words += f" But {interval(record)} holds {bound}: this may be chance."
    return Verdict(found, words)


def _move(rule: Rule, record: Record, earlier: Sequence[Earlier]) -> Verdict:
    before, value = earlier[-1], record["value"]
    change = value - before.value
    scale = 1.0
    if rule.measure == "%":
        if before.value == 0:
            return Verdict(
                None,
                f"{quoted(record)} was nought before: no part of it can be told.",
                trouble="no_number",
            )
        scale = abs(before.value)
    signed = -change if rule.move == "fall" else change
    found = _compare(signed / scale, rule.sign, rule.number)
    words = f"{_moved(record, before)}."
    if not found:
        words += f" The rule asks whether it {wanted(rule, str(record['unit']))}."
    if _within_noise(
        record, before, change, rule.number * scale * (-1 if rule.move == "fall" else 1)
    ):
        words += " Given the intervals of both numbers, this may be chance."
    return Verdict(found, words)


def _usual(rule: Rule, record: Record, earlier: Sequence[Earlier]) -> Verdict:
    taken = earlier[-rule.last :]
    if len(taken) < FEWEST:
        return Verdict(
            None,
            f"Too few earlier editions (have {len(taken)}, needs {FEWEST}).",
            trouble="too_few",
        )
    spread = spread_of(record["value"], [one.value for one in taken])
    moved = {"change": True, "rise": spread.change > 0, "fall": spread.change < 0}[rule.move]
    off = {"change": abs(spread.sigmas), "rise": spread.sigmas, "fall": -spread.sigmas}[rule.move]
    found = moved and _compare(off, rule.sign, rule.number)
    words = _moved(record, taken[-1])
    if spread.sd:
        times = format_number(abs(spread.sigmas), 1)
        words += f": {times} times the usual spread away from its average change"
    elif spread.sigmas:
        words += ": it never moved so in the editions before"
    detail = _among(spread, str(record["unit"]))
    if found and spread.sd:
        sides = 2 if rule.move == "change" else 1
        rate = false_alarm_rate(rule.number, len(taken) - 1, sides=sides)
        detail += f" By chance alone this rule holds in about {_one_in(rate)}."
    return Verdict(found, f"{words}.", detail)


def _among(spread: Spread, unit: str) -> str:
    """Return what the changes before this one were like."""
    over = f"Over the {spread.editions} editions before"
    usual = gap(spread.usual, 0, unit)
    way = "up" if spread.usual > 0 else "down"
    if spread.sd:
        return (
            f"{over} its changes were {usual} {way} on average, with a spread of "
            f"{gap(spread.sd, 0, unit)}."
        )
    same = f"moved by the same {usual} {way} each time" if spread.usual else "did not move at all"
    return f"{over} it {same}{', so that any other change stands out' if spread.sigmas else ''}."


def _one_in(rate: float) -> str:
    if rate < 1e-6:
        return "none of a million editions"
    often = 1 / rate
    rounded = round(often) if often < 100 else round(often, -len(str(int(often))) + 2)
    return f"1 of {format_number(int(rounded))} editions"


def _moved(record: Record, before: Earlier) -> str:
    value, unit = record["value"], str(record["unit"])
    change = value - before.value
    was = format_unit(before.value, unit)
    if change == 0:
        return f"{quoted(record)} stayed at {record['display']} since {day(before.as_of)}"
    by = gap(value, before.value, unit)
    if unit != "share" and before.value:
        by += f" ({format_share(abs(change / before.value))})"
    elif before.value:
        by += f" ({format_share(abs(change / before.value))} of what it was)"
    verb = "rose" if change > 0 else "fell"
    return (
        f"{quoted(record)} {verb} from {was} on {day(before.as_of)} to {record['display']}, by {by}"
    )


def _within_noise(record: Record, before: Earlier, change: float, bound: float) -> bool:
    """Return whether the bound lies in the interval of a change of two separate samples."""
    ends = [record.get("ci"), before.ci]
    if not all(ends):
        return False
    halves = [(float(ci[1]) - float(ci[0])) / 2 for ci in ends if ci]
    return abs(change - bound) <= math.hypot(*halves)


def _compare(value: float, sign: Sign, bound: float) -> bool:
    """Compare two numbers; those that differ by the computer's grain alone are equal."""
    equal = math.isclose(value, bound, rel_tol=1e-9, abs_tol=1e-12)
    if sign in {">=", "<="} and equal:
        return True
    return not equal and (value > bound if sign[0] == ">" else value < bound)
