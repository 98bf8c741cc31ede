"""The effect as a share of the control: by the log ratio, by Fieller, or refused.

References
----------
Katz et al., Biometrics 34, 1978 (interval for a ratio by the delta method on its logarithm).
Fieller, JRSS B 16, 1954 (interval for a ratio of two normal means).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt

from scipy import stats

__all__ = ["NEAR_ZERO", "Relative", "fieller", "relative_effect", "t_quantile", "welch_df"]

NEAR_ZERO = 4.0
"""A relative effect needs a control mean of at least this many standard errors."""


@dataclass(frozen=True)
class Relative:
    """A relative effect, its interval and how it was made; or why there is none.

    Parameters
    ----------
    effect, lower, upper
        As shares of the control's mean.
    method, reason
        How the interval was made; why something is None.
    """

    effect: float | None = None
    lower: float | None = None
    upper: float | None = None
    method: str = ""
    reason: str = ""


def welch_df(vc: float, dc: float, vt: float, dt: float) -> float:
    """Return Welch's degrees of freedom.

    Parameters
    ----------
    vc, vt
        Squared standard errors of the two means, not both 0; tiny ones are safe.
    dc, dt
        Degrees of freedom of each.
    """
    share = vc / (vc + vt)
    return 1 / (share**2 / dc + (1 - share) ** 2 / dt)


def t_quantile(alpha: float, df: float) -> float:
    """Return how many standard errors an interval at `1 - alpha` reaches to either side."""
    return float(stats.t.isf(alpha / 2, df))


def relative_effect(
    c: float,
    t: float,
    vc: float,
    vt: float,
    *,
    alpha: float,
    df: tuple[float, float] | None,
    shared: float = 0.0,
) -> Relative:
    """Return the relative effect and its interval.

    The interval is that of the logarithm of the ratio, so it cannot fall below -100 %. Where the
    variant's mean is too near zero for a logarithm, Fieller's interval is given.

    Parameters
    ----------
    c, t
        Means of control and variant.
    vc, vt
        Their squared standard errors.
    alpha
        One minus the level of the interval.
    df
        Degrees of freedom of the two for a t quantile; None for a normal one.
    shared
        Covariance of the two means.
    """
    if c <= 0:
        return Relative(reason="The control's mean is not above zero.")
    if c < NEAR_ZERO * sqrt(vc):
        return Relative(reason="The control's mean is too near zero for a relative effect.")
    ratio = t / c
    if vc + vt == 0:
        return Relative(ratio - 1, reason="Every customer has the same outcome.")
    if t <= 0 or t < NEAR_ZERO * sqrt(vt):
        quantile = _quantile(alpha, vc, vt, df)
        ends = fieller(c, t, vc, vt, quantile, shared=shared)
        if ends is None:
            why = "The variant's mean is too near zero for an interval of the relative effect."
            return Relative(ratio - 1, reason=why)
        return Relative(ratio - 1, ends[0] - 1, ends[1] - 1, "Fieller")
    rel_c, rel_t = vc / c**2, vt / t**2
    spread_squared = max(rel_c + rel_t - 2 * shared / (c * t), 0.0)
    spread = exp(_quantile(alpha, rel_c, rel_t, df) * sqrt(spread_squared))
    method = "delta method on the log ratio"
    return Relative(ratio - 1, ratio / spread - 1, ratio * spread - 1, method)


def _quantile(alpha: float, vc: float, vt: float, df: tuple[float, float] | None) -> float:
    if df is None:
        return float(stats.norm.isf(alpha / 2))
    return t_quantile(alpha, welch_df(vc, df[0], vt, df[1]))


def fieller(
    c: float, t: float, vc: float, vt: float, quantile: float, *, shared: float = 0.0
) -> tuple[float, float] | None:
    """Return Fieller's interval of `t / c`, or None where the control is not clear of zero.

    Parameters
    ----------
    c, t, vc, vt, shared
        As :func:`relative_effect` takes them.
    quantile
        Of the normal or t distribution at the wanted level.

    Examples
    --------
    >>> [round(end, 4) for end in fieller(10.0, 12.0, 0.25, 0.36, 1.96)]
    [1.0441, 1.3792]
    """
    g = quantile**2
    a, b, d = c * c - g * vc, c * t - g * shared, t * t - g * vt
    inside = b * b - a * d
    if a <= 0 or inside < 0:
        return None
    return (b - sqrt(inside)) / a, (b + sqrt(inside)) / a
