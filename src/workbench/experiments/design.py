"""How many customers an experiment needs, what it can show, and how long it takes.

One rule for all kinds of metric: a comparison's standard error under the plan, the critical value
of the test that will be made, and the chance that the effect lands beyond it.

- The size of a mean, ratio or quantile is compared with its standard deviation (of a ratio or a
  quantile: of its linear part, by the delta method). A share has the pooled variance under "no
  difference", and its own under the effect.
- Adjustment for covariates takes the part `r_squared` out of the variance (Deng et al. 2013).
- Clusters multiply it by the design effect, for clusters of unequal size (Eldridge et al. 2006),
  and leave as many degrees of freedom as there are clusters, less two.
- Several comparisons: the plan holds for each of them. Holm's first step is Bonferroni's test, so a
  plan by Bonferroni is safe for Holm (1979); Dunnett's (1955) is exact for many variants against
  one control, and a little smaller.
- Planned looks take the boundaries of their alpha spending; readings at any time take those of a
  confidence sequence, and the power is that of 40 readings up to the planned end.

References
----------
Cohen, "Statistical Power Analysis", 1988; Fleiss, Levin & Paik, "Statistical Methods for Rates and
Proportions", 2003, chapter 4; Deng, Xu, Kohavi & Walker, "Improving the Sensitivity of Online
Controlled Experiments", WSDM 2013; Eldridge, Ashby & Kerry, "Sample Size for Cluster Randomized
Trials", Int. J. Epidemiology 35, 2006; Dunnett, JASA 50, 1955; Holm, Scand. J. Stat. 6, 1979.
"""

from __future__ import annotations

from math import ceil, inf, log, sqrt
from typing import Literal

import numpy as np
from scipy import optimize, stats

from workbench.errors import AnalysisError
from workbench.experiments.crossing import anytime_bounds, crossing, spending_bounds
from workbench.experiments.dunnett import NORMAL_FROM, dunnett_critical
from workbench.experiments.setting import Baseline, Sample, Setting

__all__ = ["duration_days", "mde", "n_obs", "needed_units", "power"]

_MOST = 1e12  # units: beyond this, none of it will ever be had
_READINGS = 40  # readings that stand for "at any time": more of them show hardly more
_FAR = 30.0  # standard errors beyond which an effect is always shown


def power(baseline: Baseline, effect: float, n_obs: float, setting: Setting) -> float:
    """Return the chance that a true effect is shown: in the weakest of the comparisons.

    Parameters
    ----------
    baseline
        The control's outcome.
    effect
        The true difference, treatment less control, in the metric's own unit. A one-sided test
        looks the way of the effect. With a margin: the effect in the better direction, usually 0.
    n_obs
        Units in all variants together, split by the shares.
    setting
        How it is set up.

    Examples
    --------
    >>> round(power(Baseline.of_mean(10, 1), 0.5, 128, Setting()), 4)
    0.8015
    """
    total = sum(setting.shares)
    control = n_obs * setting.shares[0] / total
    return min(
        _power(baseline, effect, control, n_obs * share / total, setting)
        for share in setting.shares[1:]
    )


def n_obs(baseline: Baseline, effect: float, setting: Setting, *, power: float = 0.8) -> Sample:
    """Return the units that a plan needs.

    Parameters
    ----------
    baseline, effect, setting
        As :func:`power` takes them.
    power
        The wanted chance that the effect is shown.

    Raises
    ------
    AnalysisError
        When no number of units would do: an effect of 0, a share beyond 0 or 1.

    Examples
    --------
    >>> n_obs(Baseline.of_share(0.10), 0.02, Setting()).per_variant
    (3841, 3841)
    """
    needed = needed_units(baseline, effect, setting, power=power)
    total = sum(setting.shares)
    parts = [needed * share / total for share in setting.shares]
    clusters = None
    if setting.cluster_size > 1:
        clusters = tuple(ceil(part / setting.cluster_size - 1e-9) for part in parts)
        parts = [count * setting.cluster_size for count in clusters]
    units = tuple(ceil(part - 1e-9) for part in parts)
    return Sample(sum(units), units, clusters)


def needed_units(
    baseline: Baseline, effect: float, setting: Setting, *, power: float = 0.8
) -> float:
    """Return the units of :func:`n_obs` before they are rounded up to whole ones."""
    _check_power(power, setting)

    def chance(units: float) -> float:
        return _chance(baseline, effect, units, setting)

    least = _fewest(setting)
    if chance(_MOST) < power:
        raise AnalysisError(
            f"no number of units shows an effect of {effect:g} with a chance of {power:g}",
            where=f"design of a {baseline.kind}",
            fix="Give an effect that is not 0 (with a margin: better than it).",
        )
    if chance(least) >= power:
        return least
    found = optimize.brentq(
        lambda size: chance(float(np.exp(size))) - power, log(least), log(_MOST), xtol=1e-13
    )
    return float(np.exp(found))


def mde(
    baseline: Baseline,
    n_obs: float,
    setting: Setting,
    *,
    power: float = 0.8,
    direction: Literal["up", "down"] = "up",
) -> float:
    """Return the smallest effect that is shown with the wanted chance, as a size above 0.

    Parameters
    ----------
    baseline, setting
        As :func:`power` takes them; without a margin.
    n_obs
        Units in all variants together.
    power
        The wanted chance.
    direction
        Of the effect; of a share it matters.

    Raises
    ------
    AnalysisError
        When no effect would be shown: too few units, or a share without room.

    Examples
    --------
    >>> round(mde(Baseline.of_mean(10, 1), 128, Setting()), 4)
    0.4991
    """
    _check_power(power, setting)
    if setting.margin is not None:
        raise AnalysisError("a guardrail has a margin, not an effect to detect", where="design")
    sign = 1.0 if direction == "up" else -1.0

    def chance(size: float) -> float:
        return _chance(baseline, sign * size, n_obs, setting)

    if baseline.is_share:
        room = (1 - baseline.value if sign > 0 else baseline.value) * (1 - 1e-9)
    else:
        room = baseline.sd
        while chance(room) < power and room < 1e9 * baseline.sd:
            room *= 2
    if n_obs < _fewest(setting) or chance(room) < power:
        raise AnalysisError(
            f"{n_obs:,.0f} units show no effect with a chance of {power:g}",
            where=f"design of a {baseline.kind}",
            fix="Plan with more units.",
        )
    return float(optimize.brentq(lambda size: chance(size) - power, 0.0, room, xtol=1e-14))


def duration_days(n_obs: float, per_day: float, *, window_days: int = 0) -> int:
    """Return the days from the first assignment until the last outcome is known.

    Parameters
    ----------
    n_obs
        Units in all variants together.
    per_day
        Units that come each day.
    window_days
        How long after its assignment a unit's outcome is known.

    Examples
    --------
    >>> duration_days(7682, 250, window_days=28)
    59
    """
    if not per_day > 0:
        raise AnalysisError(f"per_day == {per_day}, must be above 0", where="design")
    return ceil(n_obs / per_day - 1e-9) + window_days


_chance = power  # under a name that no argument hides


def _power(
    baseline: Baseline, effect: float, control: float, treatment: float, setting: Setting
) -> float:
    """Return the power of one comparison with `control` and `treatment` units."""
    df = _df(baseline, control, treatment, setting)
    if df < 1:
        return 0.0
    null, own = _variances(baseline, effect, control, treatment, setting)
    shift = abs(effect) if setting.margin is None else effect + setting.margin
    if own <= 0:
        return 1.0 if shift > 0 else 0.0
    drift = shift / sqrt(own)
    if setting.looks > 1 or setting.anytime:
        return _power_of_looks(drift, setting)
    critical = _critical(setting, df) * sqrt(null / own)
    up, down = _tails(critical, drift, df)
    return up + (down if setting.sides == 2 else 0.0)


def _power_of_looks(drift: float, setting: Setting) -> float:
    """Return the chance that the effect is shown at any reading up to the planned end."""
    alpha = _alpha_each(setting)
    count = _READINGS if setting.anytime else setting.looks
    times = tuple((k + 1) / count for k in range(count))
    if setting.anytime:
        # The sequence is two-sided; one side of it may err twice as often.
        bounds = anytime_bounds(alpha * (2 if setting.sides == 1 else 1), times)
    else:
        bounds = spending_bounds(alpha, times, setting.spending, sides=setting.sides)
    return float(min(crossing(bounds, times, drift, sides=setting.sides).sum(), 1.0))


def _tails(critical: float, drift: float, df: float) -> tuple[float, float]:
    """Return the chance of a (noncentral) t above the critical value, and below its negative."""
    up, down = float(stats.norm.sf(critical - drift)), float(stats.norm.cdf(-critical - drift))
    if df < NORMAL_FROM and abs(drift) < _FAR:
        exact_up = float(stats.nct.sf(critical, df, drift))
        exact_down = float(stats.nct.cdf(-critical, df, drift))
        # Far out the noncentral t is not a number; the normal is nought there, as it should be.
        up = up if exact_up != exact_up else exact_up
        down = down if exact_down != exact_down else exact_down
    return up, down


def _variances(
    baseline: Baseline, effect: float, control: float, treatment: float, setting: Setting
) -> tuple[float, float]:
    """Return the variance of the difference under "no difference", and under the effect."""
    if not baseline.is_share:
        same = baseline.sd**2 * (1 / control + 1 / treatment) * setting.inflation
        return same, same
    p = baseline.value
    q = p + effect
    if not 0 <= q <= 1:
        raise AnalysisError(
            f"a share of {p:g} changed by {effect:g} is no share",
            where=f"design of a {baseline.kind}",
            fix=f"Give an effect between {-p:g} and {1 - p:g}.",
        )
    own = p * (1 - p) / control + q * (1 - q) / treatment
    if setting.margin is not None or setting.cluster_size > 1 or setting.r_squared:
        # These tests take the variance as it is, not pooled.
        return own * setting.inflation, own * setting.inflation
    pooled = (p * control + q * treatment) / (control + treatment)
    return pooled * (1 - pooled) * (1 / control + 1 / treatment), own


def _df(baseline: Baseline, control: float, treatment: float, setting: Setting) -> float:
    if setting.cluster_size > 1:
        return (control + treatment) / setting.cluster_size - 2 - setting.covariates
    if baseline.kind == "mean":
        return control + treatment - 2 - setting.covariates
    return inf


def _alpha_each(setting: Setting) -> float:
    """Return the error that one comparison may make, where comparisons share it alike."""
    if setting.adjustment == "none":
        return setting.alpha
    return setting.alpha / (setting.metrics * setting.treatments)


def _critical(setting: Setting, df: float) -> float:
    if setting.adjustment == "dunnett" and setting.treatments > 1:
        alpha = setting.alpha / setting.metrics
        return dunnett_critical(setting.shares, alpha, sides=setting.sides, df=df)
    tail = _alpha_each(setting) / setting.sides
    return float(stats.norm.isf(tail) if df >= NORMAL_FROM else stats.t.isf(tail, df))


def _fewest(setting: Setting) -> float:
    """Return the units below which no test can be made."""
    total = sum(setting.shares)
    two = 2 * total / min(setting.shares)
    return max(two, (2.001 + setting.covariates) * setting.cluster_size)


def _check_power(power: float, setting: Setting) -> None:
    if not setting.alpha < power < 1:
        raise AnalysisError(
            f"power == {power}, must lie between alpha ({setting.alpha:g}) and 1", where="design"
        )
