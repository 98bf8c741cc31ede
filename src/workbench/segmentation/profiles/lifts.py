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

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from workbench.segmentation.profiles.behaviour import Usage

__all__ = ["MIN_BUYERS", "Lifts", "lifts"]

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
class _Side:
    """What one group of customers says of one level: sums over customers, all whole numbers."""

    n: int
    buyers: int
    y: int
    x: int
    yy: int
    yx: int
    xx: int

    def minus(self, part: _Side) -> _Side:
        names = self.__dataclass_fields__
        return _Side(**{name: getattr(self, name) - getattr(part, name) for name in names})

    @property
    def share(self) -> float:
        return self.y / self.x

    @property
    def log_variance(self) -> float:
        """Return the variance of the logarithm of the share, by the delta method."""
        squares = self.yy - 2 * self.share * self.yx + self.share**2 * self.xx
        return max(squares, 0.0) * self.n / (self.n - 1) / self.y**2


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
    >>> made.frame[["segment", "level", "lift", "stands_out"]].round(2).values.tolist()[0]
    ['loyal', 'app', 1.88, True]
    """
    rows = [
        row for one in usage if len(one.levels) > 1 for row in _of(one, segments, order, min_group)
    ]
    frame = pd.DataFrame(rows, columns=["what", "level", "segment", "here", "others", "reason"])
    found = [_measured(row, alpha) for row in frame.to_dict("records")]
    columns = ["share", "other_share", "lift", "error", "df", "pvalue"]
    frame = frame.drop(columns=["here", "others"])
    frame[columns] = pd.DataFrame(found, columns=columns, index=frame.index, dtype=object)
    frame, tested, chosen, level = _selected(frame, alpha)
    names = ["what", "level", "segment", "share", "other_share", "lift", "ci_lower", "ci_upper"]
    names += ["pvalue", "pvalue_adj", "stands_out", "reason"]
    method = (
        "ratio of sums over customers, delta method on the logarithm, t with degrees of freedom "
        "by Satterthwaite from the numbers of buyers; Benjamini & Hochberg over all lifts; "
        "intervals by Benjamini & Yekutieli, for lifts that were chosen"
    )
    return Lifts(frame[names], tested, chosen, alpha, level, method)


def _of(
    usage: Usage, segments: np.ndarray[Any, Any], order: Sequence[str], min_group: int
) -> list[tuple[Any, ...]]:
    """Return a row per segment and level: its own sums, those of the others, or why not."""
    inside = np.array([name is not None for name in segments], dtype=bool)
    everyone = _sums(usage.days[inside])
    rows: list[tuple[Any, ...]] = []
    for segment in order:
        own = _sums(usage.days[segments == segment])
        for level, here, whole in zip(usage.levels, own, everyone, strict=True):
            others = whole.minus(here)
            rows.append(
                (usage.what, level, segment, here, others, _too_few(here, others, min_group))
            )
    return rows


def _sums(days: np.ndarray[Any, Any]) -> list[_Side]:
    """Return the sums over some customers, one for each level."""
    x = days.sum(axis=1)
    n, total, squares = int((x > 0).sum()), int(x.sum()), int((x * x).sum())
    return [
        _Side(n, int((y > 0).sum()), int(y.sum()), total, int(y @ y), int(y @ x), squares)
        for y in days.T
    ]


def _too_few(here: _Side, others: _Side, min_group: int) -> str:
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


def _measured(row: dict[Any, Any], alpha: float) -> tuple[Any, ...]:
    """Return shares, lift, its error on the logarithm, degrees of freedom and p-value."""
    here, others = row["here"], row["others"]
    if row["reason"]:
        return (None,) * 6
    lift = here.share / others.share
    parts = (here.log_variance, others.log_variance)
    error = sqrt(sum(parts))
    spread = sum(
        part**2 / (side.buyers - 1) for part, side in zip(parts, (here, others), strict=True)
    )
    df = sum(parts) ** 2 / spread
    pvalue = 2 * float(stats.t.sf(abs(log(lift)) / error, df))
    return here.share, others.share, lift, error, df, pvalue


def _selected(frame: pd.DataFrame, alpha: float) -> tuple[pd.DataFrame, int, int, float]:
    """Return the rows with intervals and adjusted p-values; how many tested and chosen; the level.

    The chosen are those of Benjamini & Hochberg's procedure. R of m being chosen, the level is
    1 - R alpha / m (with R at least 1): then an interval leaves out 1 exactly where its lift is
    chosen, for the p-values of all others are above R alpha / m.
    """
    tested = np.flatnonzero(frame["reason"] == "")
    adjusted = np.full(len(frame), np.nan)
    if len(tested):
        pvalues = frame["pvalue"].iloc[tested].to_numpy("float64")
        adjusted[tested] = stats.false_discovery_control(pvalues, method="bh")
    chosen = adjusted <= alpha  # not a number is never chosen
    level = 1 - max(int(chosen.sum()), 1) * alpha / max(len(tested), 1)
    made: list[tuple[Any, ...]] = []
    for place, row in enumerate(frame.to_dict("records")):
        if row["reason"]:
            made.append((None, None, None, False))
            continue
        reach = float(stats.t.ppf((1 + level) / 2, row["df"])) * row["error"]
        middle = log(row["lift"])
        ends = exp(middle - reach), exp(middle + reach)
        made.append((*ends, float(adjusted[place]), bool(chosen[place])))
    columns = ["ci_lower", "ci_upper", "pvalue_adj", "stands_out"]
    frame = frame.drop(columns=["error", "df"])
    frame[columns] = pd.DataFrame(made, columns=columns, index=frame.index, dtype=object)
    return frame, len(tested), int(chosen.sum()), level
