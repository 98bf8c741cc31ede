"""Ratios of sums: spend per order, clicks per visit.

The customer is what was randomised, so orders of one customer go together: the ratio's variance is
that of the customers' sums.

References
----------
Deng, Knoblich & Lu, "Applying the Delta Method in Metric Analytics", KDD 2018.
"""

from __future__ import annotations

from workbench.experiments.estimators.means import compare_estimates
from workbench.experiments.estimators.relative import NEAR_ZERO
from workbench.experiments.estimators.results import Difference, refusal, without
from workbench.experiments.moments import JointMoments

__all__ = ["difference_in_ratios", "ratio_refusal", "ratio_variance"]


def difference_in_ratios(
    control: JointMoments, treatment: JointMoments, *, alpha: float = 0.05, min_group: int = 2
) -> Difference:
    """Return a difference in ratios of two sums, by the delta method and Welch's t.

    Parameters
    ----------
    control, treatment
        Joint moments; the first column is the numerator, the second the denominator.
    alpha
        One minus the level of the intervals.
    min_group
        With fewer customers in either group no number is given.
    """
    why = refusal(control, treatment, min_group=min_group) or ratio_refusal(control, treatment)
    if why:
        return without(control, treatment, alpha=alpha, min_group=min_group, reason=why)
    parts = [ratio_variance(part) for part in (control, treatment)]
    nc, nt = control.n_obs, treatment.n_obs
    return compare_estimates(
        (parts[0][0], parts[1][0]),
        (parts[0][1], parts[1][1]),
        (nc, nt),
        (nc - 1, nt - 1),
        alpha=alpha,
        method="ratio of sums by the delta method, Welch t",
        same="Every customer of a group has the same ratio, so chance cannot be judged.",
    )


def ratio_refusal(control: JointMoments, treatment: JointMoments) -> str:
    """Return why the ratios of two groups cannot be had, or nothing."""
    for part in (control, treatment):
        below = part.totals[1]
        if below <= 0:
            return "A group's denominator does not add up to more than zero."
        # In squares and fractions: mean > NEAR_ZERO standard errors, exactly.
        error_squared = part.centred[1][1] / (part.n_obs - 1) / part.n_obs
        if (below / part.n_obs) ** 2 < NEAR_ZERO**2 * error_squared:
            return "A group's denominator is too near zero for a ratio."
    return ""


def ratio_variance(part: JointMoments) -> tuple[float, float]:
    """Return a group's ratio of the first two columns, and its squared standard error."""
    n, ratio = part.n_obs, part.totals[0] / part.totals[1]
    (xx, xy), (_, yy) = part.centred[0][:2], part.centred[1][:2]
    # Exact until here: nearly equal numbers are subtracted.
    spread = (xx - 2 * ratio * xy + ratio**2 * yy) / (n - 1)
    return float(ratio), float(spread / (part.totals[1] / n) ** 2 / n)
