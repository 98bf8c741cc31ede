"""What the comparisons of an experiment are made from: its sums, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import narwhals as nw

from workbench.experiments.estimators import QuantileWindow, quantile_windows
from workbench.experiments.moments import (
    Joint,
    JointMoments,
    MetricMoments,
    Moments,
    SegmentMoments,
    cluster_moments,
    moments,
)
from workbench.experiments.plan import Covariate, Metric, Plan

__all__ = ["Sums", "asked_joint", "covariates_there", "gather", "metrics_there"]

_DRAWN = "units drawn"  # no declared column has a blank in its name


@dataclass(frozen=True)
class Sums:
    """All that estimators need of one experiment, or of one of its segments.

    Parameters
    ----------
    metrics
        (variant, column) -> moments of one outcome.
    joint
        (variant, what was asked for) -> joint moments: of ratios, and of outcomes with covariates.
    windows
        (variant, metric's name) -> order statistics around a quantile.
    clusters
        (variant, column) -> joint moments of the clusters' totals.
    covariates
        Columns of the covariates that are there.
    """

    metrics: Mapping[tuple[str, str], MetricMoments]
    joint: Mapping[tuple[str, Joint], JointMoments]
    windows: Mapping[tuple[str, str], QuantileWindow] = field(default_factory=dict)
    clusters: Mapping[tuple[str, str], JointMoments] = field(default_factory=dict)
    covariates: tuple[str, ...] = ()

    @classmethod
    def of_segment(cls, part: SegmentMoments, covariates: tuple[str, ...]) -> Sums:
        """Return the sums of a segment."""
        return cls(part.metrics, part.joint, covariates=covariates)


def metrics_there(plan: Plan, names: list[str]) -> list[Metric]:
    """Return the metrics all of whose columns are among some names."""
    return [metric for metric in plan.metrics if set(metric.columns) <= set(names)]


def covariates_there(plan: Plan, names: list[str]) -> list[Covariate]:
    """Return the covariates whose column is among some names."""
    return [covariate for covariate in plan.covariates if covariate.column in names]


def asked_joint(metric: Metric, covariates: tuple[str, ...]) -> Joint | None:
    """Return the sums of products that a metric needs, or None when it needs none.

    Parameters
    ----------
    metric
        The metric.
    covariates
        Columns of the covariates that are there.
    """
    if metric.kind == "quantile" or (metric.kind != "ratio" and not covariates):
        return None
    return Joint(metric.columns, covariates)


def gather(frame: nw.LazyFrame[Any], plan: Plan) -> tuple[Moments, Sums]:
    """Return the moments of an experiment, and the sums that its comparisons are made from.

    One reduction gives all but quantiles (which are order statistics) and clusters (which are
    counted as wholes).

    Parameters
    ----------
    frame
        The experiment's assignments with all columns that are there.
    plan
        What was declared.

    Returns
    -------
    tuple
        Moments, whose `units` are those that were drawn (clusters where these were), and the sums.

    Raises
    ------
    AnalysisError
        When an outcome or a covariate holds no numbers, or numbers too large to be measurements.
    """
    names = frame.collect_schema().names()
    there = metrics_there(plan, names)
    known = tuple(one.column for one in covariates_there(plan, names))
    used = () if plan.clustered else known
    asked = [joint for metric in there if (joint := asked_joint(metric, used)) is not None]
    columns = [one for metric in plan.metrics for one in metric.columns if one in names]
    if not columns:
        # Who was drawn is counted although no outcome is there.
        frame = frame.with_columns(**{_DRAWN: nw.lit(1)})
        columns = [_DRAWN]
    found = moments(frame, [*columns, *known], joint=asked)
    several = found.repeated_rows or found.units_in_two_variants or found.units_in_conflict
    unique = not several and not found.rows_without_place
    windows = {
        (variant, metric.name): window
        for metric in there
        if metric.kind == "quantile" and not plan.clustered
        for variant, window in quantile_windows(
            frame, metric.column, metric.q or 0.5, unique=unique
        ).items()
    }
    sums = Sums(found.metrics, found.joint, windows, covariates=used)
    if not plan.clustered:
        return found, sums
    simple = [one.column for one in there if one.kind not in ("ratio", "quantile")]
    totals = cluster_moments(frame, simple or columns[:1], cluster=plan.unit, unique=unique)
    drawn = replace(
        found, units=totals.clusters, units_in_two_variants=totals.clusters_in_two_variants
    )
    return drawn, replace(sums, clusters=totals.joint)
