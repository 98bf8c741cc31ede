"""How often an experiment is read, and how much wider its intervals must be for that.

Whoever looks each week finds an effect some week. A plan may say how it will be read: once at the
end; at planned looks; or whenever anybody likes. The interval of an early reading is that of the
same estimator at a stricter level, chosen so that all readings together keep the declared one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from math import sqrt
from statistics import NormalDist
from typing import Literal

import pandas as pd
from scipy import optimize, stats

from workbench.experiments.comparing import Comparison, compare
from workbench.experiments.decision import planned_looks
from workbench.experiments.estimators import Difference
from workbench.experiments.moments import MetricMoments
from workbench.experiments.plan import Metric, Plan
from workbench.experiments.sequential.always import (
    AnytimeInterval,
    always_valid_difference,
    tuning_of,
)
from workbench.experiments.sequential.boundaries import boundaries
from workbench.experiments.sequential.proportions import always_valid_proportions
from workbench.experiments.sums import Sums

__all__ = ["Pace", "compare_at_pace", "last_look", "read_on", "repeated_pvalue"]

_LEAST = 1e-15  # alpha of an interval that practically holds everything
_SPARED = 0.02  # of the information, kept for each look to come: the last one must have some


@dataclass(frozen=True)
class Pace:
    """How an experiment is read at this moment.

    Parameters
    ----------
    method
        `fixed`, `group-sequential` or `anytime`.
    shares
        Group-sequential: information at each look so far, as a share of the planned one.
    tuning
        Anytime: `metric variant` -> what was fixed at the first reading; filled as it is found.
    n_planned
        Anytime: units at the planned end, in all variants; None where that is not said.
    n_now
        Units so far, in all variants.
    """

    method: Literal["fixed", "group-sequential", "anytime"]
    shares: tuple[float, ...] = ()
    tuning: dict[str, float] = field(default_factory=dict)
    n_planned: int | None = None
    n_now: int = 0

    @classmethod
    def of(
        cls,
        plan: Plan,
        *,
        days: pd.DataFrame | None,
        units: int,
        look: int | None,
        remembered: Mapping[str, float],
    ) -> Pace:
        """Return the pace of a declared experiment.

        Parameters
        ----------
        plan
            What was declared.
        days
            Units by day of assignment, as :class:`workbench.experiments.tally.Tally` has them.
        units
            Units so far, in all variants.
        look
            How many of the planned looks are due.
        remembered
            The tuning of earlier readings.
        """
        if plan.readings.method == "anytime":
            return cls("anytime", (), dict(remembered), plan.n_obs, units)
        if plan.readings.method == "group-sequential" and look:
            return cls("group-sequential", _information(plan, days, units, look))
        return cls("fixed")


def read_on(plan: Plan, as_of: date) -> date:
    """Return the day whose data are read: with planned looks the last one due, else `as_of`."""
    return last_look(plan, as_of) or as_of


def last_look(plan: Plan, as_of: date) -> date | None:
    """Return the day of the last planned look that is due, or None.

    Between two looks nothing new is read: the data are taken as they were at the last one.
    """
    due = [day for day in planned_looks(plan) if day <= as_of]
    return due[-1] if due else None


def _information(plan: Plan, days: pd.DataFrame | None, units: int, look: int) -> tuple[float, ...]:
    """Return the share of the planned information at each look so far, rising to at most 1.

    Units whose window was over, of those planned; where that is not said, or not known by day, the
    looks are as far apart as planned. Only the last planned look has all of it.
    """
    looks = planned_looks(plan)
    planned = plan.n_obs
    shares: list[float] = []
    for number, day in enumerate(looks[:look], start=1):
        share = number / len(looks)
        if planned and days is not None:
            until = (day - timedelta(days=plan.window_days)).toordinal()
            share = int(days.loc[days["day"] <= until, "n"].sum()) / max(planned, 1)
        left = len(looks) - number
        share = min(share, 1 - _SPARED * left) if left else 1.0
        if share > (shares[-1] if shares else 0.0):
            shares.append(share)
    return tuple(shares)


def compare_at_pace(
    plan: Plan, metric: Metric, variant: str, sums: Sums, pace: Pace, *, min_group: int
) -> Comparison:
    """Return a comparison whose interval and p-value hold at this reading.

    Parameters
    ----------
    plan, metric, variant, sums, min_group
        As :func:`workbench.experiments.comparing.compare` takes them.
    pace
        How the experiment is read; its tuning is filled at the first reading.
    """
    if pace.method == "group-sequential" and not pace.shares:
        why = "No window was over at this look."
        none = Difference(None, None, None, None, level=plan.level, reason=why, rel_reason=why)
        return Comparison(metric, variant, none, none)
    found = compare(plan, metric, variant, sums, alpha=plan.alpha, min_group=min_group)
    d = found.difference
    if pace.method == "fixed" or d.pvalue is None or not d.std_error or d.effect_size is None:
        return found
    if pace.method == "group-sequential":
        kind = plan.readings.spending
        z = boundaries(pace.shares, kind=kind, alpha=plan.alpha).z[-1]
        wide = compare(plan, metric, variant, sums, alpha=_alpha_of(z), min_group=min_group)
        pvalue = repeated_pvalue(d.pvalue, pace.shares, kind)
        how = f"repeated interval at look {len(pace.shares)} ({kind})"
        return _as_read(wide, plan, pvalue, how)
    at_any_time = _anytime(plan, metric, found, sums, pace)
    half = (at_any_time.effect_size_ci_upper - at_any_time.effect_size_ci_lower) / 2
    alpha = _alpha_of(half / d.std_error)
    wide = compare(plan, metric, variant, sums, alpha=alpha, min_group=min_group)
    read = _as_read(wide, plan, at_any_time.pvalue, "valid at any time")
    ends = at_any_time.effect_size_ci_lower, at_any_time.effect_size_ci_upper
    chosen = replace(
        read.difference, effect_size_ci_lower=ends[0], effect_size_ci_upper=ends[1],
        method=at_any_time.method,
    )  # fmt: skip
    plain = read.unadjusted if read.is_adjusted else chosen
    return replace(read, difference=chosen, unadjusted=plain)


def _alpha_of(z: float) -> float:
    """Return the alpha at which a two-sided normal interval reaches `z` standard errors."""
    return max(float(2 * stats.norm.sf(z)), _LEAST)


def _as_read(wide: Comparison, plan: Plan, pvalue: float, how: str) -> Comparison:
    """Return a comparison made at a stricter level as one at the declared level."""

    def relabelled(d: Difference, value: float | None) -> Difference:
        return replace(d, level=plan.level, pvalue=value, method=f"{d.method}, {how}")

    chosen = relabelled(wide.difference, None if wide.difference.pvalue is None else pvalue)
    # Without covariates it stands beside for comparison; only one of them is tested.
    plain = relabelled(wide.unadjusted, None) if wide.is_adjusted else chosen
    return replace(wide, difference=chosen, unadjusted=plain)


def repeated_pvalue(
    pvalue: float, shares: tuple[float, ...], kind: Literal["obrien-fleming", "pocock"]
) -> float:
    """Return the p-value of a look that allows for all looks so far.

    It is the smallest alpha at which the boundary of this look is reached, so it lies below alpha
    with a chance of at most alpha over all looks together.

    Parameters
    ----------
    pvalue
        Of the same test, read once; two-sided.
    shares, kind
        As :func:`workbench.experiments.sequential.boundaries.boundaries` takes them.

    References
    ----------
    Jennison & Turnbull, "Group Sequential Methods with Applications to Clinical Trials", 2000,
    section 9.2.
    """
    z = float(stats.norm.isf(max(pvalue, 1e-300) / 2))

    def gap(reach: float) -> float:
        alpha = float(2 * stats.norm.sf(reach))
        return boundaries(shares, kind=kind, alpha=alpha).z[-1] - z

    # Alpha on the scale of standard errors: from 0.999 down to what a boundary of 8 allows.
    low, high = float(stats.norm.isf(0.4995)), 7.5
    if gap(low) >= 0:
        return 1.0
    if gap(high) <= 0:
        return float(2 * stats.norm.sf(high))
    found = float(optimize.brentq(gap, low, high, xtol=1e-6))
    return float(2 * stats.norm.sf(found))


def _anytime(
    plan: Plan, metric: Metric, found: Comparison, sums: Sums, pace: Pace
) -> AnytimeInterval:
    d = found.difference
    if metric.kind in ("proportion", "retention") and not found.is_adjusted and not plan.clustered:
        c, t = (_hits(sums.metrics[who, metric.column]) for who in (plan.control, found.variant))
        return always_valid_proportions(*c, *t, alpha=plan.alpha)
    key = f"{metric.name} {found.variant}"
    if key not in pace.tuning:
        pace.tuning[key] = tuning_of(_planned_error(plan, metric, d, pace), alpha=plan.alpha)
    return always_valid_difference(
        d.effect_size or 0.0, d.std_error or 1.0, tuning=pace.tuning[key], alpha=plan.alpha
    )


def _hits(part: MetricMoments) -> tuple[int, int]:
    return int(part.total), part.n_obs


def _planned_error(plan: Plan, metric: Metric, d: Difference, pace: Pace) -> float:
    """Return the standard error at the planned end: from the plan alone where it says enough."""
    size = metric.min_effect.absolute if metric.min_effect is not None else None
    if size is not None:
        normal = NormalDist()
        return size / (normal.inv_cdf(1 - plan.alpha / 2) + normal.inv_cdf(plan.power))
    grows = pace.n_planned / pace.n_now if pace.n_planned and pace.n_now else 1.0
    return (d.std_error or 1.0) / sqrt(max(grows, 1.0))
