"""The difference between a variant and the control, with its interval and p-value.

Estimators take moments only. Where a number cannot be had, it is None and a sentence says why; a
result never holds a NaN.

References
----------
Welch, Biometrika 34, 1947 (means). Newcombe, Statistics in Medicine 17, 1998, method 10 (interval
for a difference in proportions). Katz et al., Biometrics 34, 1978 (interval for a ratio by the
delta method on its logarithm).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt

from scipy import stats

from workbench.data.small_groups import is_small
from workbench.experiments.moments import MetricMoments
from workbench.experiments.plan import Kind

__all__ = ["Difference", "difference", "difference_in_means", "difference_in_proportions"]

NEAR_ZERO = 4.0
"""A relative effect needs a control mean of at least this many standard errors."""


@dataclass(frozen=True)
class Difference:
    """A variant against the control, on one outcome.

    Parameters
    ----------
    n_obs_control, n_obs
        Customers with an outcome in the control and in the variant; None where they are too few to
        show.
    control, treatment
        Mean outcome of each (a proportion is a mean of 0 and 1); None without any outcome.
    effect_size
        `treatment - control`; a proportion's is in shares (0.01 = one point).
    effect_size_ci_lower, effect_size_ci_upper
        Interval of the effect at `level`.
    rel_effect_size, rel_effect_size_ci_lower, rel_effect_size_ci_upper
        The effect as a share of the control mean, and its interval.
    statistic, pvalue
        Of the two-sided test that there is no difference.
    level
        Of both intervals, `1 - alpha`.
    method, rel_method
        How interval and test, and the relative interval, were made.
    reason, rel_reason
        Why there is no test, or no relative effect; empty where there is.
    """

    n_obs_control: int | None
    n_obs: int | None
    control: float | None
    treatment: float | None
    effect_size: float | None = None
    effect_size_ci_lower: float | None = None
    effect_size_ci_upper: float | None = None
    rel_effect_size: float | None = None
    rel_effect_size_ci_lower: float | None = None
    rel_effect_size_ci_upper: float | None = None
    statistic: float | None = None
    pvalue: float | None = None
    level: float = 0.95
    method: str = ""
    rel_method: str = ""
    reason: str = ""
    rel_reason: str = ""


def difference(
    control: MetricMoments,
    treatment: MetricMoments,
    kind: Kind,
    *,
    alpha: float = 0.05,
    min_group: int = 2,
) -> Difference:
    """Return the difference between a variant and the control for either kind of outcome.

    Parameters
    ----------
    control, treatment
        Moments of the two groups.
    kind
        `mean` or `proportion`.
    alpha
        One minus the level of the intervals.
    min_group
        With fewer outcomes in either group no number is given.
    """
    smallest = min(control.n_obs, treatment.n_obs)
    if control.infinite or treatment.infinite:
        return _without(control, treatment, alpha, min_group, "Some outcomes are infinite.")
    if smallest == 0:
        return _without(control, treatment, alpha, min_group, "A group has no outcome at all.")
    if smallest < max(min_group, 2):
        why = f"A group has fewer than {max(min_group, 2)} outcomes: too few to be compared."
        return _without(control, treatment, alpha, min_group, why)
    if kind == "proportion":
        if not (control.binary and treatment.binary):
            why = "A proportion needs outcomes of 0 and 1; there are others."
            return _without(control, treatment, alpha, min_group, why)
        return difference_in_proportions(control, treatment, alpha=alpha)
    return difference_in_means(control, treatment, alpha=alpha)


def _without(
    control: MetricMoments, treatment: MetricMoments, alpha: float, min_group: int, reason: str
) -> Difference:
    """Return a difference without any number but the counts of groups large enough to show."""
    there, here = (
        None if is_small(part.n_obs, min_group) else part.n_obs for part in (control, treatment)
    )
    return Difference(
        there,
        here,
        None,
        None,
        level=1 - alpha,
        reason=reason,
        rel_reason=reason,
    )


def difference_in_means(
    control: MetricMoments, treatment: MetricMoments, *, alpha: float = 0.05
) -> Difference:
    """Return a difference in means by Welch's t, which allows unequal variances.

    Parameters
    ----------
    control, treatment
        Moments with at least two outcomes each.
    alpha
        One minus the level of the intervals.
    """
    c, t = control.mean, treatment.mean
    vc, vt = control.variance / control.n_obs, treatment.variance / treatment.n_obs
    effect = float(treatment.total / treatment.n_obs - control.total / control.n_obs)
    error = sqrt(vc + vt)
    if error == 0:
        why = "Every customer of a group has the same outcome, so chance cannot be judged."
        return Difference(
            control.n_obs,
            treatment.n_obs,
            c,
            t,
            effect,
            level=1 - alpha,
            reason=why,
            rel_reason=why,
        )
    half = _t_quantile(alpha, _welch_df(vc, control.n_obs, vt, treatment.n_obs)) * error
    df = _welch_df(vc, control.n_obs, vt, treatment.n_obs)
    statistic = effect / error
    rel = _relative(c, t, vc, vt, alpha, control.n_obs, treatment.n_obs, use_t=True)
    return Difference(
        control.n_obs,
        treatment.n_obs,
        c,
        t,
        effect,
        effect - half,
        effect + half,
        *rel[:3],
        statistic=statistic,
        pvalue=float(2 * stats.t.sf(abs(statistic), df)),
        level=1 - alpha,
        method="Welch t",
        rel_method=rel[3],
        rel_reason=rel[4],
    )


def _welch_df(vc: float, nc: int, vt: float, nt: int) -> float:
    """Return Welch's degrees of freedom from the squared standard errors, safe for tiny ones."""
    share = vc / (vc + vt)
    return 1 / (share**2 / (nc - 1) + (1 - share) ** 2 / (nt - 1))


def _t_quantile(alpha: float, df: float) -> float:
    return float(stats.t.isf(alpha / 2, df))


def difference_in_proportions(
    control: MetricMoments, treatment: MetricMoments, *, alpha: float = 0.05
) -> Difference:
    """Return a difference in proportions.

    The interval is Newcombe's, made of two Wilson intervals; it behaves for small counts and never
    leaves -1 to 1. The test is the pooled z, or Fisher's exact one when an expected count is
    below 5.

    Parameters
    ----------
    control, treatment
        Moments of outcomes that are 0 or 1, at least one each.
    alpha
        One minus the level of the intervals.
    """
    nc, nt = control.n_obs, treatment.n_obs
    hits_c, hits_t = int(control.total), int(treatment.total)
    c, t = hits_c / nc, hits_t / nt
    effect = t - c
    low_c, high_c = _wilson(hits_c, nc, alpha)
    low_t, high_t = _wilson(hits_t, nt, alpha)
    lower = effect - sqrt((t - low_t) ** 2 + (high_c - c) ** 2)
    upper = effect + sqrt((high_t - t) ** 2 + (c - low_c) ** 2)
    pooled = (hits_c + hits_t) / (nc + nt)
    statistic: float | None = None
    if min(pooled, 1 - pooled) * min(nc, nt) < 5:
        table = [[hits_t, nt - hits_t], [hits_c, nc - hits_c]]
        pvalue, test = float(stats.fisher_exact(table).pvalue), "Fisher exact test"
    else:
        statistic = effect / sqrt(pooled * (1 - pooled) * (1 / nc + 1 / nt))
        pvalue, test = float(2 * stats.norm.sf(abs(statistic))), "pooled z test"
    rel = _relative(c, t, c * (1 - c) / nc, t * (1 - t) / nt, alpha, nc, nt, use_t=False)
    return Difference(
        nc,
        nt,
        c,
        t,
        effect,
        lower,
        upper,
        *rel[:3],
        statistic=statistic,
        pvalue=min(pvalue, 1.0),
        level=1 - alpha,
        method=f"Newcombe score interval, {test}",
        rel_method=rel[3],
        rel_reason=rel[4],
    )


def _wilson(hits: int, n: int, alpha: float) -> tuple[float, float]:
    """Return Wilson's score interval of one proportion."""
    z = float(stats.norm.isf(alpha / 2))
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At the ends the interval reaches them exactly; rounding must not push it inside or beyond.
    return 0.0 if hits == 0 else middle - half, 1.0 if hits == n else middle + half


def _relative(
    c: float, t: float, vc: float, vt: float, alpha: float, nc: int, nt: int, *, use_t: bool
) -> tuple[float | None, float | None, float | None, str, str]:
    """Return relative effect, its interval, the method, and the reason where there is none.

    `vc` and `vt` are squared standard errors of the means. The interval is that of the logarithm
    of the ratio, so it cannot fall below -100 %.
    """
    if c <= 0:
        return None, None, None, "", "The control's mean is not above zero."
    if c < NEAR_ZERO * sqrt(vc):
        return None, None, None, "", "The control's mean is too near zero for a relative effect."
    ratio = t / c
    if t <= 0 or t < NEAR_ZERO * sqrt(vt):
        why = "The variant's mean is too near zero for an interval of the relative effect."
        return ratio - 1, None, None, "", why
    rel_c, rel_t = vc / c**2, vt / t**2
    if rel_c + rel_t == 0:
        return ratio - 1, None, None, "", "Every customer has the same outcome."
    z = (
        _t_quantile(alpha, _welch_df(rel_c, nc, rel_t, nt))
        if use_t
        else float(stats.norm.isf(alpha / 2))
    )
    spread = exp(z * sqrt(rel_c + rel_t))
    return ratio - 1, ratio / spread - 1, ratio * spread - 1, "delta method on the log ratio", ""
