"""Rankings of customers, and the share of later revenue that the top of each captures.

The top 20% by a ranking hold a share of the later revenue. Where customers tie at the edge, as all
of one segment do, each of them counts in part, so that the top is exactly 20%: the share that is
expected when the tie is broken by lot.

The interval of a difference between two rankings takes the customers as a sample. A share captured
is a ratio of sums, and its edge is estimated too. Both are linearised: a customer's influence on
the share captured ``C`` by the top ``k`` is ``(r (w - C) - m (w - k)) / mean(r)``, with ``r`` the
customer's later revenue, ``w`` the part that counts in the top, and ``m`` the mean of ``r`` at the
edge. The two rankings are of the same customers, so the influences are subtracted before they are
squared: what is alike in both cancels.

References
----------
Deville, "Variance estimation for complex statistics and estimators: linearization and residual
techniques", Survey Methodology 25(2), 1999. Langel & Tillé, "Variance estimation of the Gini
index", JRSS A 176(2), 2013, for shares of a ranked total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

__all__ = ["Captured", "Gain", "captured", "gain", "rank_by", "top_weights"]

Floats = npt.NDArray[np.float64]
_NEAR = (
    0.025  # of all customers, on each side of the edge, make up its mean where there are no ties
)


@dataclass(frozen=True)
class Captured:
    """What the top of a ranking captures.

    Parameters
    ----------
    share
        Of the later revenue; may be above 1, where others sent back more than they bought.
    influence
        How much each customer moves it, shape (customers,).
    """

    share: float
    influence: Floats


@dataclass(frozen=True)
class Gain:
    """How much more of the later revenue one ranking captures than another.

    Parameters
    ----------
    difference
        In shares: 0.01 is one point.
    ci_lower, ci_upper
        Interval at `level`; None where chance cannot be judged.
    level
        Of the interval.
    """

    difference: float
    ci_lower: float | None
    ci_upper: float | None
    level: float


def top_weights(ranks: Sequence[Any] | npt.NDArray[Any], top: float) -> Floats:
    """Return which part of each customer counts in the top.

    Parameters
    ----------
    ranks
        Whole numbers, lowest first in the ranking; equal ones tie.
    top
        Share of the customers, above 0 and below 1.

    Examples
    --------
    >>> top_weights([1, 2, 2, 3], 0.5).tolist()
    [1.0, 0.5, 0.5, 0.0]
    """
    values = np.asarray(ranks)
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    before = np.cumsum(counts) - counts
    part = np.clip((top * len(values) - before) / counts, 0.0, 1.0)
    weights: Floats = part[place]
    return weights


def captured(ranks: npt.NDArray[Any], revenue: Floats, top: float) -> Captured:
    """Return the share of later revenue that the top of a ranking captures.

    Parameters
    ----------
    ranks
        As :func:`top_weights` takes them.
    revenue
        Later revenue of each customer; their sum must be above nought.
    top
        Share of the customers, above 0 and below 1.
    """
    weights = top_weights(ranks, top)
    share = float(weights @ revenue / revenue.sum())
    edge = _mean_at_edge(ranks, revenue, top)
    influence = (revenue * (weights - share) - edge * (weights - top)) / revenue.mean()
    return Captured(share, influence)


def _mean_at_edge(ranks: npt.NDArray[Any], revenue: Floats, top: float) -> float:
    """Return the mean later revenue of customers at the edge of the top.

    They are those who tie there, or the nearest ones on both sides where these are too few.
    """
    n = len(ranks)
    order = np.argsort(ranks, kind="stable")
    edge = min(int(top * n), n - 1)
    tied = ranks == ranks[order[edge]]
    near = max(int(_NEAR * n), 10)
    if tied.sum() >= near:
        return float(revenue[tied].mean())
    return float(revenue[order[max(edge - near, 0) : edge + near]].mean())


def gain(one: Captured, other: Captured, *, alpha: float = 0.05) -> Gain:
    """Return how much more one ranking captures than another of the same customers.

    Parameters
    ----------
    one, other
        The rankings; the difference is `one` less `other`.
    alpha
        One minus the level of the interval.
    """
    difference = one.share - other.share
    influence = one.influence - other.influence
    n = len(influence)
    squares = float(influence @ influence)
    if squares == 0 or n < 2:
        return Gain(difference, None, None, 1 - alpha)
    error = sqrt(squares / (n - 1) / n)
    reach = float(stats.t.ppf(1 - alpha / 2, n - 1)) * error
    return Gain(difference, difference - reach, difference + reach, 1 - alpha)


def rank_by(*keys: Floats) -> npt.NDArray[np.int64]:
    """Return ranks from the highest to the lowest, by the first key, then by the next.

    Parameters
    ----------
    keys
        One number per customer each; customers who are equal in all of them tie.

    Examples
    --------
    >>> rank_by(np.array([1.0, 2.0, 2.0]), np.array([9.0, 5.0, 5.0])).tolist()
    [1, 0, 0]
    """
    order = np.lexsort([-key for key in reversed(keys)])
    new = np.zeros(len(order), dtype=bool)
    for key in keys:
        new[1:] |= np.diff(key[order]) != 0
    ranks = np.empty(len(order), dtype="int64")
    ranks[order] = np.cumsum(new)
    return ranks
