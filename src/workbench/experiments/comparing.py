"""One comparison of a variant with the control, by the estimator that its outcome needs.

Where covariates were declared, the adjusted comparison decides: that was settled before the data
were read. A share with few events is not adjusted, because the adjustment leans on many of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from workbench.experiments.estimators import (
    Difference,
    adjusted_difference,
    difference,
    difference_between_clusters,
    difference_in_quantiles,
    difference_in_ratios,
)
from workbench.experiments.moments import MetricMoments
from workbench.experiments.plan import Metric, Plan
from workbench.experiments.sums import Sums, asked_joint

__all__ = ["ADJUST_FROM", "Comparison", "compare"]

ADJUST_FROM = 50
"""A share is adjusted when each group has at least so many with the outcome, and without it."""

NONE = MetricMoments(0, 0, 0, Fraction(0), Fraction(0), True)
"""Moments of nobody."""


@dataclass(frozen=True)
class Comparison:
    """One comparison of a variant with the control.

    Parameters
    ----------
    metric
        The outcome.
    variant
        The variant.
    difference
        The estimate that decides: adjusted for the covariates where that was declared and can be
        done.
    unadjusted
        The same without covariates.
    variance_reduction
        Share of the effect's variance that the adjustment takes away; None where there is none.
    note
        Why it is not adjusted although covariates were declared; empty otherwise.
    clusters
        Clusters of the control and of the variant; None where customers were drawn.
    pvalue_adj
        Adjusted: by Holm over all primary comparisons, by Benjamini and Hochberg over all others;
        None where there is no test.
    adjustment
        `Holm` or `Benjamini-Hochberg`, with the number of comparisons.
    """

    metric: Metric
    variant: str
    difference: Difference
    unadjusted: Difference
    variance_reduction: float | None = None
    note: str = ""
    clusters: tuple[int, int] | None = None
    pvalue_adj: float | None = None
    adjustment: str = ""

    @property
    def is_adjusted(self) -> bool:
        """Return whether the estimate that decides is adjusted for covariates."""
        return self.difference is not self.unadjusted


def compare(
    plan: Plan, metric: Metric, variant: str, sums: Sums, *, alpha: float, min_group: int
) -> Comparison:
    """Return the comparison of a variant with the control on one outcome.

    Parameters
    ----------
    plan, metric, variant
        What was declared, and which of its comparisons.
    sums
        The experiment's, or a segment's.
    alpha
        One minus the level of the intervals.
    min_group
        With fewer customers in either group no number is given.
    """
    if plan.clustered:
        return _between_clusters(plan, metric, variant, sums, alpha, min_group)
    plain = _unadjusted(plan, metric, variant, sums, alpha, min_group)
    if not plan.covariates:
        return Comparison(metric, variant, plain, plain)
    why = _not_adjusted(plan, metric, variant, sums)
    if not why and plain.pvalue is None:
        return Comparison(metric, variant, plain, plain)
    joint = asked_joint(metric, sums.covariates)
    if why or joint is None:
        return Comparison(metric, variant, plain, plain, note=why)
    kind: Literal["mean", "ratio"] = "ratio" if metric.kind == "ratio" else "mean"
    pair = sums.joint[plan.control, joint], sums.joint[variant, joint]
    found = adjusted_difference(*pair, kind=kind, alpha=alpha, min_group=min_group)
    if found.adjusted.pvalue is None:
        return Comparison(metric, variant, plain, plain, note=found.adjusted.reason)
    # Against what would have been reported without covariates, whatever made it.
    saved = None
    if plain.std_error and found.adjusted.std_error is not None:
        saved = 1 - (found.adjusted.std_error / plain.std_error) ** 2
    return Comparison(metric, variant, found.adjusted, plain, saved)


def _unadjusted(
    plan: Plan, metric: Metric, variant: str, sums: Sums, alpha: float, min_group: int
) -> Difference:
    options = {"alpha": alpha, "min_group": min_group}
    if metric.kind == "quantile":
        windows = [sums.windows.get((who, metric.name)) for who in (plan.control, variant)]
        if windows[0] is not None and windows[1] is not None:
            return difference_in_quantiles(windows[0], windows[1], alpha=alpha, min_group=min_group)
        return _nothing(alpha, _missing(metric, sums))
    if metric.kind == "ratio":
        joint = asked_joint(metric, sums.covariates)
        parts = [sums.joint.get((who, joint)) for who in (plan.control, variant) if joint]
        if len(parts) == 2 and parts[0] is not None and parts[1] is not None:
            pair = [part.part(metric.columns) for part in parts if part is not None]
            return difference_in_ratios(pair[0], pair[1], alpha=alpha, min_group=min_group)
        return _nothing(alpha, _missing(metric, sums))
    kind: Literal["mean", "proportion"] = "mean" if metric.kind == "mean" else "proportion"
    control = sums.metrics.get((plan.control, metric.column), NONE)
    treatment = sums.metrics.get((variant, metric.column), NONE)
    if control is NONE and treatment is NONE:
        return _nothing(alpha, _missing(metric, sums))
    return difference(control, treatment, kind, **options)  # type: ignore[arg-type]


def _missing(metric: Metric, sums: Sums) -> str:
    known = {column for _, column in sums.metrics}
    absent = [column for column in metric.columns if column not in known]
    if absent:
        return f"The assignments have no column {absent[0]}."
    return "A group has no outcome at all."


def _nothing(alpha: float, why: str) -> Difference:
    return Difference(None, None, None, None, level=1 - alpha, reason=why, rel_reason=why)


def _not_adjusted(plan: Plan, metric: Metric, variant: str, sums: Sums) -> str:
    """Return why a comparison cannot be adjusted, or nothing."""
    if not sums.covariates:
        return "The assignments have none of the covariates."
    if metric.kind == "quantile":
        return "A quantile is not adjusted."
    joint = asked_joint(metric, sums.covariates)
    if joint is None or any((who, joint) not in sums.joint for who in (plan.control, variant)):
        return "A group has no outcome at all."
    if metric.kind in ("proportion", "retention"):
        for who in (plan.control, variant):
            part = sums.metrics[who, metric.column]
            if min(part.total, part.n_obs - part.total) < ADJUST_FROM:
                return f"Fewer than {ADJUST_FROM} of a group have the outcome, or lack it."
    return ""


def _between_clusters(
    plan: Plan, metric: Metric, variant: str, sums: Sums, alpha: float, min_group: int
) -> Comparison:
    if metric.kind in ("ratio", "quantile"):
        none = _nothing(alpha, f"A {metric.kind} is not compared between clusters.")
        return Comparison(metric, variant, none, none)
    pair = [sums.clusters.get((who, metric.column)) for who in (plan.control, variant)]
    if pair[0] is None or pair[1] is None:
        none = _nothing(alpha, _missing(metric, sums))
        return Comparison(metric, variant, none, none)
    found = difference_between_clusters(pair[0], pair[1], alpha=alpha, min_group=min_group)
    one = Comparison(
        metric, variant, found.difference, found.difference,
        clusters=(found.clusters_control, found.clusters),
    )  # fmt: skip
    if plan.covariates:
        return replace(one, note="Clusters are compared without covariates.")
    return one
