"""One comparison in words and numbers that a manager can read."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from workbench.data.phrases import share, signed
from workbench.experiments.comparing import Comparison
from workbench.experiments.evidence import plain
from workbench.experiments.plan import Metric
from workbench.experiments.result import ExperimentResult

__all__ = ["Form", "chance_of", "sentence", "slug_of"]

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_ID = 80


@dataclass(frozen=True)
class Form:
    """How the numbers of one outcome are written: shares as percentages, others as they are.

    Parameters
    ----------
    scale
        What a difference is multiplied by: 100 for percentage points.
    digits
        Digits after the point.
    is_share
        Whether it is a share of customers.
    """

    scale: float
    digits: int
    is_share: bool

    @classmethod
    def of(cls, metric: Metric, largest: float) -> Form:
        """Return the form of an outcome.

        Parameters
        ----------
        metric
            The outcome.
        largest
            The largest value that is written.
        """
        if metric.kind in ("proportion", "retention"):
            return cls(100.0, 1 if largest >= 0.02 or largest == 0 else 2, True)
        return cls(1.0, 2 if largest < 1000 else 0, False)

    @classmethod
    def of_comparison(cls, one: Comparison) -> Form:
        """Return the form of a comparison's numbers."""
        d = one.difference
        return cls.of(one.metric, max(abs(d.treatment or 0.0), abs(d.control or 0.0)))

    def mean(self, value: float) -> str:
        """Return a group's value."""
        return share(value, self.digits) if self.is_share else f"{value:,.{self.digits}f}"

    def difference(self, value: float) -> str:
        """Return a difference, with its sign and unit."""
        return f"{signed(self.scale * value, self.digits)}{' points' if self.is_share else ''}"

    def interval(self, low: float, high: float) -> str:
        """Return an interval of a difference."""
        ends = (signed(self.scale * end, self.digits) for end in (low, high))
        return " to ".join(ends)


def sentence(one: Comparison, result: ExperimentResult) -> str:
    """Return one comparison as a sentence.

    Parameters
    ----------
    one
        The comparison.
    result
        Its experiment.
    """
    d, control, variant = one.difference, plain(result.plan.control), plain(one.variant)
    if d.control is None or d.treatment is None or d.effect_size is None:
        return f"{one.metric.label}, {variant} against {control}: no number. {d.reason}"
    form = Form.of_comparison(one)
    there, here = one.unadjusted.treatment, one.unadjusted.control
    means = f"{form.mean(there or 0.0)} with {variant}, {form.mean(here or 0.0)} with {control}"
    head = f"{one.metric.label} is {means}, {form.difference(d.effect_size)}"
    if one.is_adjusted:
        gap = f"{form.difference(d.effect_size)} once adjusted for what was known before"
        head = f"{one.metric.label} is {means}: {gap}"
    if d.effect_size_ci_lower is None or d.effect_size_ci_upper is None:
        return f"{head}. {d.reason}"
    ends = form.interval(d.effect_size_ci_lower, d.effect_size_ci_upper)
    return f"{head} ({share(d.level, 0)} interval {ends})."


def chance_of(probability: float) -> str:
    """Return a probability in words that promise no more than it holds.

    Examples
    --------
    >>> chance_of(0.00002), chance_of(0.0614), chance_of(0.9999)
    ('below 0.1%', '6.1%', 'above 99.9%')
    """
    if probability < 0.001:
        return "below 0.1%"
    return "above 99.9%" if probability > 0.999 else share(probability, 1)


def slug_of(*parts: str) -> str:
    """Return an id made of names; a variant may be called anything, and two never get one id."""
    name = "-".join(parts).lower().replace("_", "-").replace(" ", "-")
    if _ID.fullmatch(name) and len(name) <= _LONGEST_ID:
        return name
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:8]
    words = "-".join(re.findall(r"[a-z0-9]+", name))[: _LONGEST_ID - 9].strip("-")
    return f"{words}-{digest}" if words else digest
