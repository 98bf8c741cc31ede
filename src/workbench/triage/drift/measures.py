"""How large a change is, and how certain: stability index, distances, bootstrap intervals.

The difference of two distributions is a vector (of shares, or of cumulated shares), and each
distance here is a norm of it. For any norm, ``| ||D^|| - ||D|| | <= ||D^ - D||``. So with ``c`` the
quantile of ``||D* - D^||`` over bootstrap resamples, ``[||D^|| - c, ||D^|| + c]`` covers the true
distance. It reaches down to nought where there is no change, which the usual percentile interval
of a distance, never negative, cannot do. A million rows make ``c`` small and leave ``||D^||`` as it
is: that is why both are told.

A load without any row of a rare kind would, resampled, never have one, and so look more certain
than it is. Resamples are therefore drawn twice: each load from its own shares, and both from their
common ones, as if nothing had changed; the wider of the two ``c`` counts.

Resampling rows with replacement and counting them into bins is the same as drawing the bins' counts
from a multinomial distribution. So the cost depends on the number of bins, not of rows.

References
----------
Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993, chapters 12-13. Yurdakul, *Statistical
Properties of the Population Stability Index*, 2018. Abramowitz & Stegun, *Handbook of Mathematical
Functions*, 26.7.3 and 26.7.4 (Student's t).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Interval",
    "cumulative_distance",
    "distance_interval",
    "share_interval",
    "stability_index",
    "stream",
    "student_quantile",
    "times_as_often",
    "total_variation",
    "usual_growth",
]

Floats = NDArray[np.float64]
Counts = Sequence[int]
Norm = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Interval:
    """A number with what it may truly be.

    Parameters
    ----------
    value
        The number.
    lower, upper
        The ends of its interval.
    """

    value: float
    lower: float
    upper: float


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return a source of chance of its own: a column more changes no other column's interval.

    Parameters
    ----------
    seed
        The seed, at least 0.
    names
        What it is for: table, column, measure.
    """
    return np.random.default_rng([seed, *(zlib.crc32(name.encode()) for name in names)])


def stability_index(before: Counts, now: Counts) -> float:
    """Return the population stability index of two counts over the same bins.

    Half a row is added to every bin, so that an empty one does not make it infinite.

    Parameters
    ----------
    before, now
        Rows per bin; of equal length, at least one bin.

    Returns
    -------
    float
        The sum of ``(q - p) ln(q / p)``, at least 0. By custom: below 0.1 little, above 0.25 much.

    Examples
    --------
    >>> stability_index([50, 50], [50, 50]), round(stability_index([500, 500], [400, 600]), 2)
    (0.0, 0.04)
    """
    p, q = _smooth(before), _smooth(now)
    return math.fsum(((q - p) * np.log(q / p)).tolist())


def _smooth(counts: Counts) -> Floats:
    given = np.asarray(counts, dtype=np.float64) + 0.5
    shares: Floats = given / given.sum()
    return shares


def cumulative_distance(difference: Floats) -> Floats:
    """Return the greatest distance of two cumulated distributions (Kolmogorov-Smirnov), 0 to 1.

    Parameters
    ----------
    difference
        Differences of shares per bin, the bins in their order along the last axis.
    """
    found: Floats = np.abs(np.cumsum(difference, axis=-1)).max(axis=-1)
    return found


def total_variation(difference: Floats) -> Floats:
    """Return the share of rows that would have to change their category, 0 to 1.

    Parameters
    ----------
    difference
        Differences of shares per category along the last axis.
    """
    found: Floats = np.abs(difference).sum(axis=-1) / 2
    return found


def distance_interval(
    before: Counts,
    now: Counts,
    norm: Norm,
    *,
    level: float,
    resamples: int,
    rng: np.random.Generator,
) -> Interval:
    """Return the distance of two distributions with its bootstrap interval.

    Parameters
    ----------
    before, now
        Rows per bin, each with at least one row.
    norm
        ``cumulative_distance`` or ``total_variation``.
    level
        Of the interval, above 0 and below 1.
    resamples
        How many; at least ``1 / (1 - level)``, else the interval's end is the furthest resample.
    rng
        Where chance comes from.
    """
    value, spread = _distance(before, now, norm, level, resamples, rng)
    return Interval(value, max(0.0, value - spread), min(1.0, value + spread))


def _distance(
    before: Counts,
    now: Counts,
    norm: Norm,
    level: float,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Return a distance, and how far at most it is off."""
    n, m = int(sum(before)), int(sum(now))
    p, q = np.asarray(before) / n, np.asarray(now) / m
    seen = q - p
    both = (np.asarray(before) + np.asarray(now)) / (n + m)

    def differences(one: Floats, other: Floats) -> Floats:
        drawn = rng.multinomial(m, other, size=resamples) / m
        again: Floats = drawn - rng.multinomial(n, one, size=resamples) / n
        return again

    own = _upper_end(norm(differences(p, q) - seen), level)
    common = _upper_end(norm(differences(both, both)), level)
    return float(norm(seen)), max(own, common)


def share_interval(
    before: tuple[int, int],
    now: tuple[int, int],
    *,
    level: float,
    resamples: int,
    rng: np.random.Generator,
) -> Interval:
    """Return the change of a share, with its sign and its bootstrap interval.

    Parameters
    ----------
    before, now
        Rows that have it, and all rows; at least one row each.
    level, resamples, rng
        As for :func:`distance_interval`.
    """
    one, other = (before[0], before[1] - before[0]), (now[0], now[1] - now[0])
    _, spread = _distance(one, other, total_variation, level, resamples, rng)
    change = now[0] / now[1] - before[0] / before[1]
    return Interval(change, max(-1.0, change - spread), min(1.0, change + spread))


def _upper_end(values: Floats, level: float) -> float:
    """Return the order statistic that leaves at most ``1 - level`` above it."""
    place = min(len(values), math.ceil(level * (len(values) + 1))) - 1
    return float(np.sort(values)[place])


def times_as_often(rows: int, there: int, missing: int, *, level: float) -> float:
    """Return how many times as frequent a category at least is in the one load that has it.

    It occurs in ``rows`` of ``there`` rows of one load and in none of ``missing`` of the other.
    Given their sum, the number of rows in the one load is binomial; the exact (Clopper-Pearson)
    limit of a binomial share of one has a closed form.

    Parameters
    ----------
    rows
        At least 1.
    there, missing
        Rows of the two loads, at least 1.
    level
        Of the two-sided interval, of which this is the lower end; it has no upper end.

    Examples
    --------
    >>> round(times_as_often(20, 1000, 1000, level=0.95), 2)
    4.94
    """
    least = ((1 - level) / 2) ** (1 / rows)
    return math.inf if least == 1 else least / (1 - least) * missing / there


def student_quantile(probability: float, freedom: int) -> float:
    """Return the ``t`` that lies between ``-t`` and ``t`` with a probability.

    Parameters
    ----------
    probability
        From 0 to below 1.
    freedom
        Degrees of freedom, at least 1.

    Examples
    --------
    >>> round(student_quantile(0.95, 9), 3)
    2.262
    """
    low, high = 0.0, 1.0
    while _student_within(high, freedom) < probability:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if _student_within(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return high


def _student_within(t: float, freedom: int) -> float:
    angle = math.atan(t / math.sqrt(freedom))
    squared = math.cos(angle) ** 2
    odd = freedom % 2
    term = total = math.cos(angle) if odd else 1.0
    if freedom == 1:
        return 2 * angle / math.pi
    for step in range(2 + odd, freedom - 1, 2):
        term *= squared * (step - 1) / step
        total += term
    inner = math.sin(angle) * total
    return 2 / math.pi * (angle + inner) if odd else inner


def usual_growth(counts: Counts, *, level: float) -> tuple[float, float]:
    """Return the range in which a table's next growth lies if it goes on as it did.

    A prediction interval from Student's t for the logarithm of the growth from load to load.

    Parameters
    ----------
    counts
        Rows of at least four loads, the oldest first.
    level
        Of the interval, above 0 and below 1.

    Returns
    -------
    tuple of float
        Lowest and highest usual change as a part of the rows before: -0.1 is a tenth less.
    """
    logs = [math.log1p(count) for count in counts]
    steps = [after - one for one, after in pairwise(logs)]
    middle = math.fsum(steps) / len(steps)
    variance = math.fsum((step - middle) ** 2 for step in steps) / (len(steps) - 1)
    reach = student_quantile(level, len(steps) - 1) * math.sqrt(variance * (1 + 1 / len(steps)))
    return math.expm1(middle - reach), math.expm1(min(middle + reach, 700.0))
