"""What the comparisons of one variant say, each held against what was declared of its metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.experiments.plan import Metric, Plan, absolute_size
from workbench.experiments.value import Belief, Worth, believe, worth
from workbench.params.measures import SizeParams, ValueParams

__all__ = ["Evidence", "Outcome", "VariantDecision", "evidence_of", "judge", "plain"]

Outcome = Literal["worth having", "too small", "harmful", "inconclusive", "unknown"]


@dataclass(frozen=True)
class Evidence:
    """One comparison with the control, in plain numbers.

    Parameters
    ----------
    metric, label, role
        The metric's name, its name in a report, and `primary` or `guardrail`.
    variant
        The variant.
    effect, se, ci_lower, ci_upper, level
        Treatment less control, its standard error and interval, in the metric's own unit; None
        where there is no number. An interval that may be read at any time, or at this look, where
        that was declared.
    direction
        Which way is better, `up` or `down`.
    min_effect, margin, typical
        The smallest improvement worth having, a guardrail's margin, how large true effects usually
        are: sizes in the metric's own unit; None where not declared (or not computable).
    shown
        Whether the effect is shown after correction for all comparisons; None: by its interval.
    value
        What an improvement is worth; None where not declared.
    reason
        Why there is no number.
    """

    metric: str
    label: str
    role: Literal["primary", "guardrail"]
    variant: str
    effect: float | None
    se: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    level: float = 0.95
    direction: Literal["up", "down"] = "up"
    min_effect: float | None = None
    margin: float | None = None
    typical: float | None = None
    shown: bool | None = None
    value: ValueParams | None = None
    reason: str = ""

    @property
    def benefit(self) -> tuple[float, float, float] | None:
        """Return lower end, estimate and upper end of the improvement; None without an interval."""
        if self.effect is None or self.ci_lower is None or self.ci_upper is None:
            return None
        if self.direction == "up":
            return self.ci_lower, self.effect, self.ci_upper
        return -self.ci_upper, -self.effect, -self.ci_lower


@dataclass(frozen=True)
class VariantDecision:
    """What is concluded for one variant.

    Parameters
    ----------
    variant
        The variant.
    outcome
        `worth having`, `too small`, `harmful`, `inconclusive`, or `unknown` without a number.
    reasons
        Why, a sentence per metric.
    belief
        Of the first primary metric; None without a standard error.
    worth
        Its value in a year; None where no value was declared.
    """

    variant: str
    outcome: Outcome
    reasons: tuple[str, ...]
    belief: Belief | None
    worth: Worth | None


def evidence_of(
    metric: Metric,
    variant: str,
    *,
    control: float | None,
    effect: float | None,
    se: float | None = None,
    interval: tuple[float, float] | None = None,
    level: float = 0.95,
    shown: bool | None = None,
    reason: str = "",
) -> Evidence:
    """Return a comparison of a declared metric as evidence.

    Parameters
    ----------
    metric
        What was declared: a primary metric or a guardrail.
    variant
        The variant.
    control
        The control's value, which relative sizes are shares of; None where there is none.
    effect, se, interval, level
        Treatment less control, its standard error and its interval; None where there is no number.
    shown
        Whether the effect is shown after correction for all comparisons; None: by its interval.
    reason
        Why there is no number.
    """

    def size(said: SizeParams | None) -> float | None:
        if said is None or control is None:
            return None if said is None else said.absolute
        return absolute_size(said, control)

    return Evidence(
        metric=metric.name,
        label=metric.label,
        role="guardrail" if metric.role == "guardrail" else "primary",
        variant=variant,
        effect=effect,
        se=se if se else None,
        ci_lower=None if interval is None else interval[0],
        ci_upper=None if interval is None else interval[1],
        level=level,
        direction=metric.direction,
        min_effect=size(metric.min_effect),
        margin=size(metric.margin),
        typical=size(metric.typical_effect),
        shown=shown,
        value=metric.value,
        reason=reason,
    )


def plain(variant: str) -> str:
    """Return the name of a variant or a column as words."""
    return variant.replace("_", " ")


def judge(plan: Plan, name: str, evidence: Sequence[Evidence]) -> VariantDecision:
    """Return what is concluded for one variant.

    Parameters
    ----------
    plan
        What was declared.
    name
        The variant.
    evidence
        Its primary and guardrail comparisons.
    """
    primary = [one for one in evidence if one.role == "primary"]
    outcomes: list[Outcome] = []
    reasons = []
    for one in evidence:
        outcome, reason = _judged(plan, one)
        outcomes.append(outcome)
        reasons.append(f"{one.label}, {plain(name)}: {reason}")
    if not primary:
        reasons.append(f"{plain(name)}: no comparison could be made.")
    first = next((one for one in primary if one.benefit is not None and one.se), None)
    belief: Belief | None = None
    value: Worth | None = None
    if first is not None and first.benefit is not None and first.se:
        low, middle, high = first.benefit
        belief = believe(middle, first.se, typical=first.typical)
        if first.value is not None:
            value = worth(belief, first.value, (low, high), first.level, middle)
    outcome = _together(evidence, outcomes, primary)
    if outcome == "worth having" and value is not None and value.value <= 0:
        outcome = "inconclusive"
        reasons.append(f"{plain(name)}: by the estimate it costs more than it brings.")
    return VariantDecision(name, outcome, tuple(reasons), belief, value)


def _together(
    evidence: Sequence[Evidence], outcomes: Sequence[Outcome], primary: Sequence[Evidence]
) -> Outcome:
    """Return the outcome of a variant from those of its metrics."""
    decides = [o for e, o in zip(evidence, outcomes, strict=True) if e.role == "primary"]
    guards = [o for e, o in zip(evidence, outcomes, strict=True) if e.role == "guardrail"]
    if "harmful" in outcomes:
        return "harmful"
    if not primary or "unknown" in outcomes:
        return "unknown"
    if "too small" in decides and "worth having" not in decides:
        return "too small"
    held = all(outcome == "worth having" for outcome in guards)
    return "worth having" if "worth having" in decides and held else "inconclusive"


def _judged(plan: Plan, one: Evidence) -> tuple[Outcome, str]:
    """Return what one comparison says, and in words."""
    benefit = one.benefit
    if benefit is None:
        return "unknown", f"there is no number. {one.reason}".strip()
    low, _, high = benefit
    if one.role == "guardrail":
        return _guarded(one, low, high)
    if high < 0:
        return "harmful", "it is worse than without the change."
    if one.min_effect is not None and high < one.min_effect:
        return "too small", "the effect, if there is any, is smaller than what is worth having."
    if plan.ship_if == "worth-having":
        if one.min_effect is not None and low >= one.min_effect and one.shown is not False:
            return "worth having", "all of the interval is worth having."
        return "inconclusive", "the interval reaches below what is worth having."
    if low > 0 and one.shown is not False:
        small = one.min_effect is not None and low < one.min_effect
        more = ", though it may be smaller than what is worth having" if small else ""
        return "worth having", f"an improvement is shown{more}."
    if low > 0:
        return "inconclusive", "an improvement is not shown once all comparisons are counted."
    return "inconclusive", "the interval holds no effect as well as one worth having."


def _guarded(one: Evidence, low: float, high: float) -> tuple[Outcome, str]:
    if one.margin is None:
        return "unknown", "its margin cannot be computed."
    if low > -one.margin:
        return "worth having", "it holds: all of the interval is better than its margin."
    if high < -one.margin:
        return "harmful", "it is worse than its margin allows."
    return "inconclusive", "it is not shown to hold: the interval reaches beyond its margin."
