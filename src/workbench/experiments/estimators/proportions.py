"""Differences in proportions.

References
----------
Newcombe, Statistics in Medicine 17, 1998, method 10 (interval for a difference in proportions).
"""

from __future__ import annotations

from math import sqrt

from scipy import stats

from workbench.data.intervals import wilson
from workbench.experiments.estimators.exact import exact_difference
from workbench.experiments.estimators.relative import relative_effect
from workbench.experiments.estimators.results import Difference
from workbench.experiments.moments import MetricMoments

__all__ = ["FEW", "difference_in_proportions"]

FEW = 5
"""With a smaller expected count the test and the interval are exact."""


def difference_in_proportions(
    control: MetricMoments, treatment: MetricMoments, *, alpha: float = 0.05
) -> Difference:
    """Return a difference in proportions.

    The interval is Newcombe's, made of two Wilson intervals; it behaves for small counts and never
    leaves -1 to 1. The test is the pooled z. When an expected count is below :data:`FEW`, both are
    exact: see :func:`workbench.experiments.estimators.exact_difference`.

    Parameters
    ----------
    control, treatment
        Moments of outcomes that are 0 or 1, at least one each. Whether a customer was still active
        at day d is such an outcome, too.
    alpha
        One minus the level of the intervals.
    """
    nc, nt = control.n_obs, treatment.n_obs
    hits_c, hits_t = int(control.total), int(treatment.total)
    c, t = hits_c / nc, hits_t / nt
    effect, pooled = t - c, (hits_c + hits_t) / (nc + nt)
    if min(pooled, 1 - pooled) * min(nc, nt) < FEW:
        return exact_difference(hits_c, nc, hits_t, nt, alpha=alpha)
    low_c, high_c = wilson(hits_c, nc, level=1 - alpha)
    low_t, high_t = wilson(hits_t, nt, level=1 - alpha)
    vc, vt = c * (1 - c) / nc, t * (1 - t) / nt
    statistic = effect / sqrt(pooled * (1 - pooled) * (1 / nc + 1 / nt))
    rel = relative_effect(c, t, vc, vt, alpha=alpha, df=None)
    return Difference(
        nc,
        nt,
        c,
        t,
        effect,
        effect - sqrt((t - low_t) ** 2 + (high_c - c) ** 2),
        effect + sqrt((high_t - t) ** 2 + (c - low_c) ** 2),
        rel.effect,
        rel.lower,
        rel.upper,
        statistic=statistic,
        pvalue=min(float(2 * stats.norm.sf(abs(statistic))), 1.0),
        level=1 - alpha,
        method="Newcombe score interval, pooled z test",
        rel_method=rel.method,
        rel_reason=rel.reason,
        std_error=sqrt(vc + vt),
    )
