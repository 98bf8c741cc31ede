"""Differences in means.

References
----------
Welch, Biometrika 34, 1947.
"""

from __future__ import annotations

from math import sqrt

from scipy import stats

from workbench.experiments.estimators.relative import relative_effect, t_quantile, welch_df
from workbench.experiments.estimators.results import Difference
from workbench.experiments.moments import MetricMoments

__all__ = ["SAME", "compare_estimates", "difference_in_means"]

SAME = "Every customer of a group has the same outcome, so chance cannot be judged."


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
    nc, nt = control.n_obs, treatment.n_obs
    return compare_estimates(
        (control.mean, treatment.mean),
        (control.variance / nc, treatment.variance / nt),
        (nc, nt),
        (nc - 1, nt - 1),
        alpha=alpha,
        method="Welch t",
        effect=float(treatment.total / nt - control.total / nc),
    )


def compare_estimates(
    estimates: tuple[float, float],
    variances: tuple[float, float],
    n_obs: tuple[int, int],
    df: tuple[float, float],
    *,
    alpha: float,
    method: str,
    effect: float | None = None,
    extra: float = 0.0,
    own_extra: tuple[float, float, float] = (0.0, 0.0, 0.0),
    same: str = SAME,
) -> Difference:
    """Return the difference of two estimates by Welch's t.

    Parameters
    ----------
    estimates, variances
        Of control and variant; the variances are squared standard errors.
    n_obs
        Customers of the two.
    df
        Degrees of freedom of the two variances.
    alpha
        One minus the level of the intervals.
    method
        The name of the method.
    effect
        The difference, where it is known more exactly than by subtracting.
    extra
        A variance of the difference beside that of the two.
    own_extra
        What the variances of control and variant, and their covariance, are larger by when each
        is looked at by itself; it only matters for the relative effect.
    same
        What to say where both variances are 0.
    """
    (c, t), (vc, vt), (nc, nt) = estimates, variances, n_obs
    effect = t - c if effect is None else effect
    if vc + vt + extra <= 0:
        return Difference(nc, nt, c, t, effect, level=1 - alpha, reason=same, rel_reason=same)
    freedom = welch_df(vc, df[0], vt, df[1]) if vc + vt > 0 else min(df)
    error = sqrt(vc + vt + extra)
    half, statistic = t_quantile(alpha, freedom) * error, effect / error
    more_c, more_t, shared = own_extra
    rel = relative_effect(c, t, vc + more_c, vt + more_t, alpha=alpha, df=df, shared=shared)
    return Difference(
        nc,
        nt,
        c,
        t,
        effect,
        effect - half,
        effect + half,
        rel.effect,
        rel.lower,
        rel.upper,
        statistic=statistic,
        pvalue=float(2 * stats.t.sf(abs(statistic), freedom)),
        level=1 - alpha,
        method=method,
        rel_method=rel.method,
        rel_reason=rel.reason,
        std_error=error,
    )
