"""The difference between a variant and the control, with its interval and p-value.

Estimators take moments only (a quantile takes the few order statistics around it). Where a number
cannot be had, it is None and a sentence says why; a result never holds a NaN.

::

    results.py      the difference, and when there is none
    relative.py     effects as a share of the control: log ratio, Fieller, or a refusal
    means.py        Welch
    proportions.py  Newcombe and the pooled z; few events go to
    exact.py        exact unconditional test and interval, Clopper-Pearson
    ratios.py       ratios of sums by the delta method
    adjusted.py     regression adjustment, adjusted and unadjusted side by side
    clustered.py    clusters that were randomised as a whole
    winsorised.py   means of values cut at a cap
    quantiles.py    quantiles by order statistics
"""

from workbench.experiments.estimators.adjusted import AdjustedDifference, adjusted_difference
from workbench.experiments.estimators.clustered import (
    ClusteredDifference,
    difference_between_clusters,
)
from workbench.experiments.estimators.exact import clopper_pearson, exact_difference
from workbench.experiments.estimators.means import difference_in_means
from workbench.experiments.estimators.proportions import difference_in_proportions
from workbench.experiments.estimators.quantiles import (
    QuantileWindow,
    difference_in_quantiles,
    quantile_windows,
)
from workbench.experiments.estimators.ratios import difference_in_ratios
from workbench.experiments.estimators.relative import NEAR_ZERO
from workbench.experiments.estimators.results import Difference
from workbench.experiments.estimators.simple import difference
from workbench.experiments.estimators.winsorised import Cap, find_cap, winsorise

__all__ = [
    "NEAR_ZERO",
    "AdjustedDifference",
    "Cap",
    "ClusteredDifference",
    "Difference",
    "QuantileWindow",
    "adjusted_difference",
    "clopper_pearson",
    "difference",
    "difference_between_clusters",
    "difference_in_means",
    "difference_in_proportions",
    "difference_in_quantiles",
    "difference_in_ratios",
    "exact_difference",
    "find_cap",
    "quantile_windows",
    "winsorise",
]
