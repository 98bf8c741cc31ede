"""Effects by the segments that were declared, for each outcome that decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw

from workbench.experiments.comparing import compare
from workbench.experiments.estimators import Difference
from workbench.experiments.evidence import plain
from workbench.experiments.heterogeneity import Heterogeneity, effects_by_segment
from workbench.experiments.moments import Moments, SegmentMoments, moments
from workbench.experiments.multiplicity import holm
from workbench.experiments.plan import Metric, Plan
from workbench.experiments.sums import Sums, asked_joint, metrics_there

__all__ = ["MOST_SEGMENTS", "SegmentReading", "read_segments"]

MOST_SEGMENTS = 12
"""With more values a column does not name segments that anybody could act on."""


@dataclass(frozen=True)
class SegmentReading:
    """The effects of one variant on one outcome, by one column.

    Parameters
    ----------
    metric, variant
        The outcome and the variant.
    column
        The segments' column.
    found
        The effects; None where they cannot be read.
    reason
        Why they cannot be read; empty where they are.
    pvalue_adj
        Of the test that the effects are one, adjusted by Holm over all such tests of the
        experiment; None where there is no test.
    differ
        Whether it is shown that the effects differ.
    """

    metric: Metric
    variant: str
    column: str
    found: Heterogeneity | None
    reason: str = ""
    pvalue_adj: float | None = None
    differ: bool = False


def read_segments(
    frame: nw.LazyFrame[Any],
    plan: Plan,
    covariates: tuple[str, ...],
    *,
    counts: Mapping[str, int],
    min_group: int,
) -> tuple[SegmentReading, ...]:
    """Return the effects on the primary outcomes by every declared segment.

    The intervals hold for all segments of all columns together, outcome by outcome.

    Parameters
    ----------
    frame
        The experiment's assignments with all columns.
    plan
        What was declared.
    covariates
        Columns of the covariates that comparisons are adjusted for.
    counts
        Segment's column -> how many values it has; those that are not there are left out.
    min_group
        The smallest group that may be shown.
    """
    there = metrics_there(plan, frame.collect_schema().names())
    primary = [one for one in there if one.role == "primary"]
    pairs = [(metric, variant) for metric in primary for variant in plan.treatments]
    family = sum(count for count in counts.values() if count <= MOST_SEGMENTS)
    made: list[SegmentReading] = []
    for column, count in counts.items():
        why = _refused(plan, column, count)
        if why:
            made += [SegmentReading(metric, who, column, None, why) for metric, who in pairs]
            continue
        simple = [one for one in primary if one.kind != "quantile"]
        found = _moments(frame, simple, covariates, column)
        for metric, who in pairs:
            if metric.kind == "quantile":
                words = "A quantile is not read by segment."
                made.append(SegmentReading(metric, who, column, None, words))
                continue
            effects = _effects(plan, metric, who, found, covariates, column, family, min_group)
            made.append(SegmentReading(metric, who, column, effects))
    return _tested(made, plan.alpha)


def _tested(made: Sequence[SegmentReading], alpha: float) -> tuple[SegmentReading, ...]:
    """Return the readings with their tests adjusted for how many of them there are."""
    pvalues = [
        1.0 if one.found is None or one.found.pvalue is None else one.found.pvalue for one in made
    ]
    return tuple(
        replace(one, pvalue_adj=adjusted, differ=adjusted < alpha)
        if one.found is not None and one.found.pvalue is not None
        else one
        for one, adjusted in zip(made, holm(pvalues), strict=True)
    )


def _refused(plan: Plan, column: str, count: int) -> str:
    if plan.clustered:
        return "Effects between clusters are not read by segment."
    if count > MOST_SEGMENTS:
        return (
            f"{column} has {count} values, more than {MOST_SEGMENTS}: declare a column that joins "
            "them to fewer."
        )
    return ""


def _moments(
    frame: nw.LazyFrame[Any], metrics: Sequence[Metric], covariates: tuple[str, ...], column: str
) -> Moments:
    columns = [name for metric in metrics for name in metric.columns]
    asked = [joint for one in metrics if (joint := asked_joint(one, covariates)) is not None]
    return moments(frame, columns, joint=asked, segment=column)


def _effects(
    plan: Plan,
    metric: Metric,
    variant: str,
    found: Moments,
    covariates: tuple[str, ...],
    column: str,
    family: int,
    min_group: int,
) -> Heterogeneity:
    def estimate(part: SegmentMoments) -> Difference:
        sums = Sums.of_segment(part, covariates)
        one = compare(plan, metric, variant, sums, alpha=plan.alpha, min_group=min_group)
        return one.difference

    return effects_by_segment(
        found,
        estimate,
        control=plan.control,
        variant=variant,
        label=plain(column),
        declared=True,
        comparisons=max(family, len(found.segments)),
        alpha=plan.alpha,
        min_group=min_group,
    )
