"""The difference for either simple kind of outcome, refused where it cannot be had."""

from __future__ import annotations

from typing import Literal

from workbench.experiments.estimators.means import difference_in_means
from workbench.experiments.estimators.proportions import difference_in_proportions
from workbench.experiments.estimators.results import Difference, refusal, without
from workbench.experiments.moments import MetricMoments

__all__ = ["difference"]


def difference(
    control: MetricMoments,
    treatment: MetricMoments,
    kind: Literal["mean", "proportion"],
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
    why = refusal(control, treatment, min_group=min_group)
    if not why and kind == "proportion" and not (control.binary and treatment.binary):
        why = "A proportion needs outcomes of 0 and 1; there are others."
    if why:
        return without(control, treatment, alpha=alpha, min_group=min_group, reason=why)
    if kind == "proportion":
        return difference_in_proportions(control, treatment, alpha=alpha)
    return difference_in_means(control, treatment, alpha=alpha)
