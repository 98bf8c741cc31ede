"""Assignments to counts, sums and sums of products per variant: one reduction, exact.

Every estimate works on these few numbers alone, so any number of rows costs the same scans.
Sums of floats would differ in their last bits with the order of the rows, and lose the variance of
large values altogether. So a value is first written as a whole number of small steps above the
smallest value; the whole numbers are cut into limbs that are short enough for a product of two to
fit 64 bits; and the limbs' sums are put together again in Python's unlimited integers.

::

    results.py   what a reduction gives: moments of one outcome, joint moments of several
    units.py     one row per unit of randomisation; what contradicts is left out and counted
    steps.py     the range of each column, and how it becomes whole numbers
    scan.py      the one scan: sums of limbs and of their products
    reduce.py    the four together
    clusters.py  units -> totals per cluster -> joint moments
"""

from workbench.experiments.moments.clusters import ClusterMoments, cluster_moments
from workbench.experiments.moments.reduce import moments
from workbench.experiments.moments.results import (
    Joint,
    JointMoments,
    MetricMoments,
    Moments,
    SegmentMoments,
)

__all__ = [
    "ClusterMoments",
    "Joint",
    "JointMoments",
    "MetricMoments",
    "Moments",
    "SegmentMoments",
    "cluster_moments",
    "moments",
]
