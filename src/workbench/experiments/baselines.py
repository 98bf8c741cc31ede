"""What the control group's outcomes are like, and the curves of power that follow."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from workbench.data.small_groups import is_small
from workbench.errors import AnalysisError
from workbench.experiments.curves import Curves, declared_curves
from workbench.experiments.moments import Moments
from workbench.experiments.plan import Plan
from workbench.experiments.setting import Baseline
from workbench.experiments.sums import Sums, asked_joint
from workbench.experiments.tally import Tally

__all__ = ["baselines_of", "curves_of"]


def baselines_of(plan: Plan, found: Moments, sums: Sums, *, min_group: int) -> dict[str, Baseline]:
    """Return what the control group's outcomes are like, where that can be said.

    Quantiles and outcomes of clusters are left out: their spread is not among the sums.

    Parameters
    ----------
    plan
        What was declared.
    found, sums
        As :func:`workbench.experiments.sums.gather` gives them.
    min_group
        Of a smaller group nothing is said.
    """
    made = {}
    for metric in plan.metrics:
        part = found.metrics.get((plan.control, metric.column))
        if plan.clustered or part is None or is_small(part.n_obs, max(min_group, 2)):
            continue
        joint = asked_joint(metric, sums.covariates)
        if metric.kind in ("proportion", "retention"):
            if part.binary and 0 < part.mean < 1:
                made[metric.name] = Baseline.of_share(part.mean, metric.kind)
        elif metric.kind == "mean" and part.variance > 0:
            made[metric.name] = Baseline.of_mean(part.mean, sqrt(part.variance))
        elif metric.kind == "ratio" and joint is not None:
            pair = sums.joint[plan.control, joint].part(metric.columns)
            (xx, xy), (_, yy) = pair.covariance() if pair.n_obs >= 2 else ((0, 0), (0, 0))
            if pair.n_obs >= 2 and pair.totals[1] > 0 and xx > 0:
                above, below = pair.means()
                made[metric.name] = Baseline.of_ratio(
                    float(above), float(below), float(xx), float(yy), float(xy)
                )
    return made


def curves_of(
    plan: Plan, baselines: Mapping[str, Baseline], spread: Tally, *, units: int | None
) -> dict[str, Curves]:
    """Return the curves of each primary outcome that declares an effect worth having.

    Parameters
    ----------
    plan
        What was declared.
    baselines
        Metric's name -> the control's outcome.
    spread
        Units by day, which tell how many come each day.
    units
        Units that took part; None where they are not told.
    """
    days = 0 if spread.days is None else spread.days["day"].nunique()
    per_day = int(spread.days["n"].sum()) / days if days and spread.days is not None else None
    made = {}
    for metric in plan.metrics:
        if not metric.primary or metric.name not in baselines:
            continue
        try:
            curves = declared_curves(
                plan, metric, baselines[metric.name], per_day=per_day, units=units
            )
        except AnalysisError:
            continue  # the review says in words why it cannot be computed
        if curves is not None:
            made[metric.name] = curves
    return made
