"""Differences where clusters were randomised: shops, teams, regions, households.

Customers of one cluster are alike, so the clusters are what is counted. The mean over customers is
the ratio of two totals of clusters, and its variance is that of the clusters' totals.

References
----------
Donner & Klar, "Design and Analysis of Cluster Randomization Trials in Health Research", 2000,
chapters 6 and 7. Cochran, "Sampling Techniques", 3rd edition, 1977, chapter 9 (ratio estimator).
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.experiments.estimators.means import compare_estimates
from workbench.experiments.estimators.ratios import ratio_variance
from workbench.experiments.estimators.results import Difference, refusal, without
from workbench.experiments.moments import JointMoments

__all__ = ["FEWEST_CLUSTERS", "ClusteredDifference", "difference_between_clusters"]

FEWEST_CLUSTERS = 5
"""With fewer clusters in either group no interval could be trusted."""


@dataclass(frozen=True)
class ClusteredDifference:
    """A comparison of clusters.

    Parameters
    ----------
    difference
        The comparison; its `n_obs` are customers.
    clusters_control, clusters
        Clusters in the control and in the variant.
    """

    difference: Difference
    clusters_control: int
    clusters: int


def difference_between_clusters(
    control: JointMoments, treatment: JointMoments, *, alpha: float = 0.05, min_group: int = 2
) -> ClusteredDifference:
    """Return a difference in means over customers, where clusters were randomised.

    The variance has the divisor clusters - 1, and the quantile is that of Welch's t with as many
    degrees of freedom as clusters give: few clusters make a wide interval.

    Parameters
    ----------
    control, treatment
        Joint moments of the clusters' totals, as
        :func:`workbench.experiments.moments.cluster_moments` gives them.
    alpha
        One minus the level of the intervals.
    min_group
        With fewer customers in either group no number is given.
    """
    people = [_Customers(int(part.totals[1]), part.infinite) for part in (control, treatment)]
    why = refusal(*people, min_group=min_group) or refusal(
        control, treatment, min_group=1, least=FEWEST_CLUSTERS, unit="clusters"
    )
    gc, gt = control.n_obs, treatment.n_obs
    if why:
        none = without(*people, alpha=alpha, min_group=min_group, reason=why)
        return ClusteredDifference(none, gc, gt)
    parts = [ratio_variance(part) for part in (control, treatment)]
    found = compare_estimates(
        (parts[0][0], parts[1][0]),
        (parts[0][1], parts[1][1]),
        (people[0].n_obs, people[1].n_obs),
        (gc - 1, gt - 1),
        alpha=alpha,
        method=f"ratio of totals of {gc:,} and {gt:,} clusters, Welch t",
        same="All clusters of a group have the same mean, so chance cannot be judged.",
    )
    return ClusteredDifference(found, gc, gt)


@dataclass(frozen=True)
class _Customers:
    n_obs: int
    infinite: int
