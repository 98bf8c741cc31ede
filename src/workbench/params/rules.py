"""Rules over metrics: a tiny language, read by hand and never evaluated as code.

::

    rule   = [metric] sign number ["%"]                             churn > 30%     > 0.3
           | move [of] sign number ["%" | "points"]                 change < -10%   rise > 500
           | move [of] sign number "sigma of the last" n "editions"
    move   = "change" | "rise" | "fall"
    of     = "of" metric
    sign   = ">" | ">=" | "<" | "<="
    metric = [report "."] id

A level compares the number itself; ``30%`` is 0.3, for shares. A move compares this edition's
number with the one before: ``change`` has a sign, ``rise`` counts upwards, ``fall`` downwards;
``%`` is a part of the number before, and ``points`` are percentage points of a share. Against the
spread of earlier changes (``sigma``), ``change`` is a move in either direction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BeforeValidator

__all__ = [
    "FEWEST",
    "FORMS",
    "MOST",
    "Measure",
    "MetricName",
    "MetricPattern",
    "Move",
    "Number",
    "Rule",
    "Sign",
    "parse_number",
    "parse_rule",
]

Move = Literal["", "change", "rise", "fall"]
Sign = Literal[">", ">=", "<", "<="]
Measure = Literal["", "%", "points", "sigma"]

FEWEST, MOST = 5, 59
"""How many earlier editions a spread may rest on: four changes at least; more are not kept."""

FORMS = (
    "`> 0.3`, `churn-rate > 30%`, `change < -10%`, `fall > 2 points`, "
    "`change > 3 sigma of the last 8 editions`"
)
_LONGEST = 200
_TOKEN = re.compile(r"\s*(>=|<=|[<>%]|[A-Za-z*][\w*.-]*|[-+\u2212]?[.,]?\d[\w.,']*|\S)")
_NUMBER = re.compile(r"[-\u2212]?\d+(\.\d+)?\Z")
_THOUSANDS = re.compile(r"[-+\u2212]?\d{1,3}([,'_]\d{3})+(\.\d+)?\Z")
_REPORT = r"[a-z0-9][a-z0-9_-]*"
_ID = r"[a-z0-9]+(?:[-_][a-z0-9]+)*"
_NAME = re.compile(rf"({_REPORT}\.)?{_ID}\Z")
_WHOLE_NAME = re.compile(rf"{_REPORT}\.{_ID}\Z")
_PATTERN = re.compile(rf"{_REPORT}\.[a-z0-9_*-]+\Z")


@dataclass(frozen=True)
class Rule:
    """What must hold of a metric for an alert or a plan to take effect.

    Parameters
    ----------
    metric
        Its name, ``report.metric`` or ``metric``; empty where it is stated beside the rule.
    move
        Empty for the number itself; else which move since the edition before.
    sign
        How it is compared.
    amount
        The number as written: ``0.3``, ``-10``.
    measure
        What the number counts: the metric's own unit, ``%``, ``points`` or ``sigma``.
    last
        For ``sigma``: of how many earlier editions; else 0.
    """

    metric: str
    move: Move
    sign: Sign
    amount: str
    measure: Measure
    last: int = 0

    @property
    def number(self) -> float:
        """Return the number to compare with: a percentage or points as a part of one."""
        value = parse_number(self.amount)
        return value / 100 if self.measure in {"%", "points"} else value

    @property
    def text(self) -> str:
        """Return the whole rule in its one way of writing.

        Examples
        --------
        >>> parse_rule("churn-rate>30 %").text
        'churn-rate > 30%'
        """
        amount = f"{self.amount}{'%' if self.measure == '%' else ''}"
        if self.measure in {"points", "sigma"}:
            amount += f" {self.measure}"
        if self.measure == "sigma":
            amount += f" of the last {self.last} editions"
        of = f" of {self.metric}" if self.metric and self.move else ""
        head = f"{self.move}{of} " if self.move else f"{self.metric} " if self.metric else ""
        return f"{head}{self.sign} {amount}"

    def about(self, metric: str) -> Rule:
        """Return the rule about a metric."""
        return replace(self, metric=metric)


class _Reader:
    """Takes a rule's words one by one, and says what stands in the way."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = _TOKEN.findall(text)
        self.place = 0

    @property
    def word(self) -> str:
        return self.words[self.place] if self.place < len(self.words) else ""

    def take(self) -> str:
        word = self.word
        self.place += 1
        return word

    def takes(self, *expected: str) -> bool:
        """Take these words if they come next, all or none."""
        if tuple(self.words[self.place : self.place + len(expected)]) != expected:
            return False
        self.place += len(expected)
        return True

    def wrong(self, expected: str) -> ValueError:
        found = f"`{self.word}`" if self.word else "the end"
        return ValueError(
            f"must be a rule, such as {FORMS}: where {found} stands, {expected} is needed"
        )


def parse_rule(text: str) -> Rule:
    """Return the rule that a text states.

    Parameters
    ----------
    text
        As the module's docstring allows.

    Raises
    ------
    ValueError
        When it is no rule; the message begins with "must" and names the allowed forms.

    Examples
    --------
    >>> parse_rule("change > 3 sigma of the last 8 editions")
    Rule(metric='', move='change', sign='>', amount='3', measure='sigma', last=8)
    """
    if len(text) > _LONGEST:
        raise ValueError(f"must be a rule of at most {_LONGEST} letters, such as {FORMS}")
    read = _Reader(text)
    move, metric = _subject(read)
    sign = read.word
    if sign not in {">", ">=", "<", "<="}:
        raise read.wrong("`>`, `>=`, `<` or `<=`")
    read.take()
    amount = _amount(read)
    measure, last = _measure(read, move)
    if read.word:
        raise read.wrong("nothing more")
    rule = Rule(metric, move, cast(Sign, sign), amount, measure, last)
    _check_direction(rule)
    return rule


def _subject(read: _Reader) -> tuple[Move, str]:
    if read.word in {"change", "rise", "fall"}:
        move = cast(Move, read.take())
        return move, _metric(read) if read.takes("of") else ""
    return "", "" if read.word in {">", ">=", "<", "<=", ""} else _metric(read)


def _metric(read: _Reader) -> str:
    if not _NAME.match(read.word):
        raise read.wrong("the name of a metric, `metric` or `report.metric`,")
    return read.take()


def _amount(read: _Reader) -> str:
    word = read.word
    if _NUMBER.match(word):
        return read.take().replace("\u2212", "-")
    if _THOUSANDS.match(word):
        plain = re.sub(r"[,'_]", "", word)
        raise ValueError(
            f"must hold plain numbers, without a mark between thousands: `{plain}` for `{word}`"
        )
    raise read.wrong("a plain number with a point for decimals, such as 0.3, 30% or 1200,")


def _measure(read: _Reader, move: Move) -> tuple[Measure, int]:
    if read.takes("%"):
        return "%", 0
    if not move:
        return "", 0
    if read.takes("points"):
        return "points", 0
    if not read.takes("sigma"):
        return "", 0
    if not read.takes("of", "the", "last"):
        raise read.wrong("`of the last ... editions`")
    count = read.word
    if not count.isdecimal() or not FEWEST <= int(count) <= MOST:
        raise read.wrong(f"a number of editions from {FEWEST} to {MOST}")
    read.take()
    if not read.takes("editions"):
        raise read.wrong("`editions`")
    return "sigma", int(count)


def _check_direction(rule: Rule) -> None:
    """Refuse what is true of nearly every edition, or means something else than it seems to."""
    if rule.measure == "sigma" and (rule.sign not in {">", ">="} or rule.number <= 0):
        raise ValueError(
            "must ask for more than some sigma: `change > 3 sigma ...` is a move in either "
            "direction, `rise > 3 sigma ...` and `fall > 3 sigma ...` are moves in one"
        )
    if rule.move in {"rise", "fall"} and (rule.sign not in {">", ">="} or rule.number < 0):
        raise ValueError(
            f"must ask for a {rule.move} of more than a number: `{rule.move} > 10%`; "
            "with a sign it is a change, `change < -10%`"
        )


def parse_number(text: str) -> float:
    """Return a plain number written as text."""
    return float(text.replace("\u2212", "-"))


def _number(value: object) -> object:
    """Take ``35%`` for 0.35; all else is left to the model."""
    if isinstance(value, str) and value.endswith("%"):
        text = value[:-1].strip()
        if _NUMBER.match(text):
            return parse_number(text) / 100
    if isinstance(value, str):
        raise ValueError(
            "must be a plain number: a point for decimals, no mark between thousands, "
            "such as 0.35, 35% or 1200"
        )
    return value


def _metric_name(name: str) -> str:
    if not _WHOLE_NAME.match(name):
        raise ValueError("must name a report and its metric: `report.metric`")
    return name


def _metric_pattern(name: str) -> str:
    if not _PATTERN.match(name):
        raise ValueError(
            "must name a report and its metric, `report.metric`, where `*` in the metric's name "
            "stands for any letters: `report.*`"
        )
    return name


Number = Annotated[float, BeforeValidator(_number)]
MetricName = Annotated[str, AfterValidator(_metric_name)]
MetricPattern = Annotated[str, AfterValidator(_metric_pattern)]
