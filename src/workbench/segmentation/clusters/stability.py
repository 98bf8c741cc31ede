"""Would other customers give the same groups? Agreement between two analysts, with an interval.

What is estimated, in plain words: *if we had seen other customers from the same population, two
analysts would agree to this degree.* Each has half as many customers as were used here, none in
common, and forms `k` groups; then both put all customers of either into their groups. The estimand
is the expected adjusted Rand index of these two groupings, over all such pairs of samples from the
population. It is not a statement about this one set of customers.

How: the customers are split into halves at random, again and again, which gives the index many
times. These values are not independent, as each split is of the same customers: their spread alone
is too small a margin, by far (its interval held the truth in 13 to 91 of 100 simulated data sets).
Two things widen it:

- the variance is that of Nadeau & Bengio for overlapping resamples, ``s**2 * (1/J + n2/n1)`` for J
  splits into parts of n1 and n2 customers; halves have ``n2/n1 = 1``. It takes the variance between
  data sets to be no more than that between splits of one, and held in all shapes tried but one:
- where the groups are nearly perfectly stable, a data set may lack the few customers who fall
  otherwise, and all splits agree. So the interval is wider by `_UNSEEN` customers' worth on either
  side, as in the rule of three.

The benchmark `benchmarks/stability.py` prints the coverage of the 95 % interval for several shapes.

References
----------
Nadeau & Bengio, "Inference for the generalization error", Machine Learning 52, 2003.
Hennig, "Cluster-wise assessment of cluster stability", Computational Statistics & Data Analysis 52,
2007. Lange, Roth, Braun & Buhmann, "Stability-based validation of clustering solutions", Neural
Computation 16, 2004. Hanley & Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA
249, 1983, for the rule of three. Steinley, "Properties of the Hubert-Arabie adjusted Rand index",
Psychological Methods 9, 2004: above 0.9 is excellent, above 0.8 good, below 0.65 poor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from workbench.errors import AnalysisError
from workbench.segmentation.clusters.agreement import adjusted_rand

__all__ = ["CONFIDENCE", "Stability", "interval_of", "measure_stability"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Form = Callable[[Floats, np.random.Generator], Callable[[Floats], Ints]]
"""Forms groups from points, and returns what puts points into them."""

CONFIDENCE = 0.95
"""The level of the interval, two-sided."""

_UNSEEN = 3.0  # customers that fall otherwise, in a data set where none was seen: 95 % one-sided
_WORTH = 2.0  # the index falls by about this share for each customer, of all, who falls otherwise


@dataclass(frozen=True)
class Stability:
    """How far two analysts would agree.

    Parameters
    ----------
    ari
        The expected adjusted Rand index: 1 they agree, 0 as chance would.
    ci_lower, ci_upper
        Its interval at `CONFIDENCE` (Nadeau & Bengio), within -1 and 1.
    customers
        How many customers each analyst has.
    splits
        How many splits into halves it was measured on.
    """

    ari: float
    ci_lower: float
    ci_upper: float
    customers: int
    splits: int


def measure_stability(
    points: Floats, form: Form, rng: np.random.Generator, *, splits: int = 15
) -> Stability:
    """Return how far two analysts would agree who saw other customers of the same population.

    Parameters
    ----------
    points
        Customers on a common scale, shape (customers, measures), drawn independently.
    form
        What forms groups from some of them.
    rng
        Where the splits, and the starts of forming, come from.
    splits
        How many splits, at least 5.

    Raises
    ------
    AnalysisError
        When there are fewer than 5 splits.
    """
    if splits < 5:
        raise AnalysisError(f"splits == {splits}, must be >= 5", where="stability")
    half = len(points) // 2
    found = []
    for _ in range(splits):
        mixed = points[rng.permutation(len(points))[: 2 * half]]
        one, other = form(mixed[:half], rng), form(mixed[half:], rng)
        found.append(adjusted_rand(one(mixed), other(mixed)))
    ari, low, high = interval_of(found, 2 * half)
    return Stability(ari, low, high, half, splits)


def interval_of(values: Any, customers: int) -> tuple[float, float, float]:
    """Return mean and interval of the indices of repeated splits of some customers into halves.

    Parameters
    ----------
    values
        The adjusted Rand index of each split.
    customers
        How many customers were split.
    """
    found = np.asarray(values, dtype="float64")
    splits, mean = len(found), float(found.mean())
    spread = float(found.std(ddof=1)) * (1 / splits + 1.0) ** 0.5
    margin = float(stats.t.ppf((1 + CONFIDENCE) / 2, splits - 1)) * spread
    margin += _UNSEEN * _WORTH / customers
    return mean, max(mean - margin, -1.0), min(mean + margin, 1.0)
