"""Would other customers give the same groups? Agreement between two analysts, with an interval.

What is estimated, in plain words: *if we had seen other customers from the same population, two
analysts would agree to this degree.* Each has `Stability.customers` customers, none in common, and
forms `k` groups; then both put all customers of either into their groups. The estimand is the
expected adjusted Rand index of these two groupings, over all such pairs of samples from the
population. It is not a statement about this one set of customers.

How: the customers are dealt at random into J pairs of analysts (8; up to 20 where there are many
customers), nobody twice, and dealt anew until there are 24 pairs or more. All values of one dealing
are independent, and each has the estimand as its mean. So the mean of all is unbiased, and its
variance is at most that of one pair divided by J, whatever the data (Hoeffding's inequality for
U-statistics). The spread between all values misses what they share, at most one part in J. So the
standard error ``s / sqrt(J - 1)``, with Student's t for J independent values, is on the safe side.

What the values cannot show is a failure that is rare and that none of them met, such as a small
group that one analyst in twenty overlooks. So the variance of one pair is taken to be at least
`_RARE` of the most that a mean leaves room for, ``mean * (1 - mean)``, as in Wilson's interval.

What was found wanting: splitting all customers into halves, again and again, gives analysts with
more customers. But one set of customers may lean to one answer, so that all of its splits are
alike, and unlike those of another set. An interval from the spread of the splits held the truth
in 7 to 63 of 100 data sets, and one with the variance of Nadeau & Bengio, ``s**2 * (1/J + 1)``, in
99 of them for some shapes, but in 83 for others. `benchmarks/stability.py` prints the coverage of
the interval used here.

References
----------
Hoeffding, "A class of statistics with asymptotically normal distribution", Annals of Mathematical
Statistics 19, 1948, section 5. Nadeau & Bengio, "Inference for the generalization error", Machine
Learning 52, 2003. Wilson, "Probable inference, the law of succession, and statistical inference",
JASA 22, 1927. Lange, Roth, Braun & Buhmann, "Stability-based validation of clustering solutions",
Neural Computation 16, 2004. Steinley, "Properties of the Hubert-Arabie adjusted Rand index",
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

__all__ = ["CONFIDENCE", "PAIRS", "Stability", "analyst_size", "interval_of", "measure_stability"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Form = Callable[[Floats, np.random.Generator], Callable[[Floats], Ints]]
"""Forms groups from points, and returns what puts points into them."""

CONFIDENCE = 0.95
"""The level of the interval, two-sided."""

PAIRS, MOST_PAIRS = 8, 20
"""Pairs of analysts in one dealing: at least, and at most."""

_VALUES = 24  # that there are at least, over all dealings
_ANALYST = 1000  # customers that each analyst has at most
_RARE = 0.1  # the least share of mean * (1 - mean) that the variance of a pair is taken to be


@dataclass(frozen=True)
class Stability:
    """How far two analysts would agree.

    Parameters
    ----------
    ari
        The expected adjusted Rand index: 1 they agree, 0 as chance would.
    ci_lower, ci_upper
        Its interval at `CONFIDENCE`, within -1 and 1.
    customers
        How many customers each analyst has.
    pairs
        How many pairs of analysts have no customer in common.
    """

    ari: float
    ci_lower: float
    ci_upper: float
    customers: int
    pairs: int


def measure_stability(points: Floats, form: Form, rng: np.random.Generator) -> Stability:
    """Return how far two analysts would agree who saw other customers of the same population.

    Parameters
    ----------
    points
        Customers on a common scale, shape (customers, measures), drawn independently; at least 16.
    form
        What forms groups from some of them.
    rng
        Where the dealings, and the starts of forming, come from.

    Raises
    ------
    AnalysisError
        When there are too few customers.
    """
    if len(points) < 2 * PAIRS:
        raise AnalysisError(
            f"{len(points)} customers are too few to deal out to {PAIRS} pairs of analysts",
            where="stability",
        )
    pairs = min(max(len(points) // (2 * _ANALYST), PAIRS), MOST_PAIRS)
    size = analyst_size(len(points))
    found = []
    for _ in range(-(-_VALUES // pairs)):
        dealt = points[rng.permutation(len(points))[: 2 * pairs * size]]
        for both in dealt.reshape(pairs, 2 * size, -1):
            one, other = form(both[:size], rng), form(both[size:], rng)
            found.append(adjusted_rand(one(both), other(both)))
    ari, low, high = interval_of(found, pairs)
    return Stability(ari, low, high, size, pairs)


def analyst_size(customers: int) -> int:
    """Return how many of some customers each analyst has."""
    return min(customers // (2 * PAIRS), _ANALYST)


def interval_of(values: Any, pairs: int) -> tuple[float, float, float]:
    """Return mean and interval of the agreement of pairs of analysts.

    Parameters
    ----------
    values
        The adjusted Rand index of each pair, of all dealings.
    pairs
        How many pairs of one dealing have no customer in common.
    """
    found = np.asarray(values, dtype="float64")
    mean, spread = float(found.mean()), float(found.std(ddof=1))
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, pairs - 1)) / (pairs - 1) ** 0.5
    rare = _RARE * reach**2
    inside = min(max(mean, 0.0), 1.0)
    middle, width = 2 * inside + rare, (rare * (rare + 4 * inside * (1 - inside))) ** 0.5
    low, high = ((middle + way * width) / (2 * (1 + rare)) for way in (-1, 1))
    return (
        mean,
        max(min(mean - reach * spread, low), -1.0),
        min(max(mean + reach * spread, high), 1.0),
    )
