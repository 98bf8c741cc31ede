"""Which segment prefers which channel and category: lifts, with intervals over customers.

A lift is the share of a segment's purchases in a channel, divided by the share among all *other*
customers: 1.5 is half as much again as elsewhere. The reference is the others and not everyone:
a large segment is most of everyone, so that it would be compared with itself and look average;
and the two groups share no customer, so that chance in the one says nothing of the other.

The customer is what is sampled. A share is a ratio of two sums over customers, its chance error is
that of the customers' distances from it (the delta method), and the interval is made on the
logarithm of the lift. So a customer with forty purchases is one observation, not forty.

Many lifts are looked at, so chance alone would make some stand out. The false discovery rate is
held over all of a report: of the lifts that are said to stand out, at most a share `alpha` is
expected to be wrong. All intervals are as wide as those must be that were chosen for standing out.

References
----------
Katz et al., Biometrics 34, 1978 (a ratio on its logarithm). Cochran, "Sampling Techniques", Wiley,
1977, chapter 6 (ratio of sums). Satterthwaite, Biometrics Bulletin 2, 1946 (degrees of freedom).
Benjamini & Hochberg, "Controlling the False Discovery Rate", JRSS B 57(1), 1995. Benjamini &
Yekutieli, "False Discovery Rate-Adjusted Multiple Confidence Intervals for Selected Parameters",
JASA 100, 2005.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from workbench.segmentation.profiles.behaviour import Usage

__all__ = ["MIN_BUYERS", "Lift", "Lifts", "Side", "compare", "lifts", "sides"]

MIN_BUYERS = 20
"""A lift needs as many customers who bought there, in the segment and among the others."""


@dataclass(frozen=True)
class Lifts:
    """Preferences of the segments.

    Parameters
    ----------
    frame
        One row per segment and channel or category: `what` (`channel`, `category`), `level` (its
        name), `segment`, `share`, `other_share` (of purchases, 0-1), `lift`, `ci_lower`,
        `ci_upper`, `pvalue`, `pvalue_adj`, `stands_out` (true or false), `reason` (why there is no
        number, or an empty string). An interval leaves out 1 exactly where the lift stands out.
    tested, standing_out
        How many lifts were tested, and how many of them stand out.
    alpha
        The false discovery rate that is held.
    level
        Of every interval: as wide as it must be for those that were chosen.
    method
        How interval and test were made, in words.
    """

    frame: pd.DataFrame
    tested: int
    standing_out: int
    alpha: float
    level: float
    method: str


@dataclass(frozen=True)
class Side:
    """What one group of customers says of one level, as sums over customers.

    Parameters
    ----------
    n, buyers
        Customers who bought anything, and who bought there.
    y, x
        Purchases there, and of all levels.
    yy, yx, xx
        Sums of their squares and products.
    """

    n: int
    buyers: int
    y: int
    x: int
    yy: int
    yx: int
    xx: int

    def minus(self, part: Side) -> Side:
        """Return what the others say, of a whole."""
        names = self.__dataclass_fields__
        return Side(**{name: getattr(self, name) - getattr(part, name) for name in names})

    @property
    def share(self) -> float:
        """Return the share of purchases; needs one at least."""
        return self.y / self.x

    @property
    def log_variance(self) -> float:
        """Return the variance of the logarithm of the share, by the delta method."""
        squares = self.yy - 2 * self.share * self.yx + self.share**2 * self.xx
        return max(squares, 0.0) * self.n / (self.n - 1) / self.y**2


@dataclass(frozen=True)
class Lift:
    """One lift with its chance error.

    Parameters
    ----------
    value
        The share of the one group over that of the others.
    error, df
        Standard error of its logarithm, and degrees of freedom.
    """

    value: float
    error: float
    df: float

    @property
    def pvalue(self) -> float:
        """Return the two-sided p-value that there is no preference."""
        return 2 * float(stats.t.sf(abs(log(self.value)) / self.error, self.df))

    def interval(self, level: float) -> tuple[float, float]:
        """Return the interval at a level."""
        reach = float(stats.t.ppf((1 + level) / 2, self.df)) * self.error
        return self.value * exp(-reach), self.value * exp(reach)


def compare(here: Side, others: Side) -> Lift:
    """Return the lift of one group against others, of whom some bought there, not all alike."""
    parts = [(side.log_variance, side.buyers - 1) for side in (here, others)]
    variance = sum(part for part, _ in parts)
    df = variance**2 / sum(part**2 / n for part, n in parts)
    return Lift(here.share / others.share, sqrt(variance), df)


def sides(days: np.ndarray[Any, Any]) -> list[Side]:
    """Return what some customers say, one for each level.

    Parameters
    ----------
    days
        Days of purchase, shape (customers, levels).
    """
    x = days.sum(axis=1)
    n, total, squares = int((x > 0).sum()), int(x.sum()), int((x * x).sum())
    return [
        Side(n, int((y > 0).sum()), int(y.sum()), total, int(y @ y), int(y @ x), squares)
        for y in days.T
    ]


def lifts(
    usage: Sequence[Usage],
    segments: np.ndarray[Any, Any],
    order: Sequence[str],
    *,
    alpha: float = 0.05,
    min_group: int = 1,
) -> Lifts:
    """Return which segments prefer which channels and categories.

    Parameters
    ----------
    usage
        Days of purchase by level, see :class:`Usage`.
    segments
        The segment of each customer, in the order of the rows of `usage`; None for those who are
        in no segment, who are left out.
    order
        The segments' names.
    alpha
        The false discovery rate, above 0 and below 1.
    min_group
        A share that fewer customers make up is not shown.

    Examples
    --------
    >>> days = np.array([[3, 1], [2, 2], [4, 1], [1, 2]] * 30 + [[1, 4], [2, 3], [1, 1]] * 30)
    >>> made = lifts(
    ...     [Usage("channel", ("app", "shop"), days, 210, 0)],
    ...     np.array(["loyal"] * 120 + ["new"] * 90, dtype=object), ["loyal", "new"])
    >>> first = made.frame.iloc[0]
    >>> first["segment"], first["level"], round(first["lift"], 2), first["stands_out"]
    ('loyal', 'app', 1.88, True)
    """
    rows = [
        row for one in usage if len(one.levels) > 1 for row in _of(one, segments, order, min_group)
    ]
    found = [None if why else compare(here, others) for *_, here, others, why in rows]
    pvalues = [lift.pvalue for lift in found if lift is not None]
    adjusted = [
        float(value)
        for value in (stats.false_discovery_control(pvalues, method="bh") if pvalues else [])
    ]
    chosen = sum(value <= alpha for value in adjusted)
    # At this level an interval leaves out 1 exactly where its lift is chosen: of m lifts R being
    # chosen, the p-values of all others are above R alpha / m, and above alpha / m where none is.
    level = 1 - max(chosen, 1) * alpha / max(len(pvalues), 1)
    left = iter(adjusted)
    told = [
        (*row[:3], *_told(row[3], row[4], lift, level, alpha, left), row[5])
        for row, lift in zip(rows, found, strict=True)
    ]
    return Lifts(
        frame=pd.DataFrame(told, columns=_COLUMNS, dtype=object),
        tested=len(pvalues),
        standing_out=chosen,
        alpha=alpha,
        level=level,
        method="ratio of sums over customers, delta method on the logarithm, t with degrees of "
        "freedom by Satterthwaite from the numbers of buyers; Benjamini & Hochberg over all lifts; "
        "intervals by Benjamini & Yekutieli, for lifts that were chosen",
    )


_COLUMNS = ["what", "level", "segment", "share", "other_share", "lift", "ci_lower", "ci_upper"]
_COLUMNS += ["pvalue", "pvalue_adj", "stands_out", "reason"]


def _told(
    here: Side,
    others: Side,
    lift: Lift | None,
    level: float,
    alpha: float,
    adjusted: Iterator[float],
) -> tuple[Any, ...]:
    """Return what is shown of one lift; of one that was tested, the next adjusted p-value."""
    if lift is None:
        return *[None] * 7, False
    pvalue = next(adjusted)
    ends = lift.interval(level)
    return here.share, others.share, lift.value, *ends, lift.pvalue, pvalue, pvalue <= alpha


def _of(
    usage: Usage, segments: np.ndarray[Any, Any], order: Sequence[str], min_group: int
) -> list[tuple[Any, ...]]:
    """Return a row per segment and level: its own sums, those of the others, or why not."""
    inside = np.array([name is not None for name in segments], dtype=bool)
    everyone = sides(usage.days[inside])
    rows: list[tuple[Any, ...]] = []
    for segment in order:
        own = sides(usage.days[segments == segment])
        for level, here, whole in zip(usage.levels, own, everyone, strict=True):
            others = whole.minus(here)
            rows.append(
                (usage.what, level, segment, here, others, _too_few(here, others, min_group))
            )
    return rows


def _too_few(here: Side, others: Side, min_group: int) -> str:
    """Return why two groups cannot be compared on one level, or an empty string."""
    need = max(MIN_BUYERS, min_group)
    if here.n < need:
        return f"fewer than {need} customers of the segment bought anything"
    if others.n < need:
        return f"fewer than {need} other customers bought anything"
    if here.buyers < need:
        return f"fewer than {need} customers of the segment bought there"
    if others.buyers < need:
        return f"fewer than {need} other customers bought there"
    if here.log_variance + others.log_variance <= 0:
        return "all of them buy there alike, so chance cannot be judged"
    return ""
