"""Differences in quantiles by order statistics: no bootstrap, no guess at a density.

How many of n values lie below a quantile is binomial, whatever the distribution. So two order
statistics enclose the quantile with a known chance; with ties the chance is larger, never smaller.
How far apart they are tells the standard error of each group's quantile (Price & Bonett). Where
many values are equal there is no such thing as a standard error, and the interval of the difference
is put together from those of the groups instead (Zou & Donner), which errs on the wide side.

References
----------
Price & Bonett, Journal of Statistical Computation and Simulation 72, 2002 (order statistics instead
of a density). Nyblom, Statistics & Probability Letters 14, 1992 (interpolation between order
statistics). Zou & Donner, Statistics in Medicine 27, 2008 (interval of a difference from two).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, floor, isfinite, log, sqrt
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from workbench.data.frames import collect, lazy, require_number
from workbench.errors import AnalysisError
from workbench.experiments.estimators.relative import Relative
from workbench.experiments.estimators.results import Difference, refusal, without
from workbench.experiments.moments.units import place_units

__all__ = [
    "QuantileWindow",
    "difference_in_quantiles",
    "quantile_difference_interval",
    "quantile_windows",
]

_REACH = 8.5  # standard deviations of the rank: more than any p-value that is told apart
_LEAST_ALPHA = 1e-15
_SPREAD_ALPHA = 0.05  # level of the interval whose width tells the standard error
_SPREAD_Z = float(stats.norm.isf(_SPREAD_ALPHA / 2))
_DISTINCT = 0.8  # share of different values below which outcomes are tied


@dataclass(frozen=True, eq=False)
class QuantileWindow:
    """The order statistics of one variant around a quantile.

    Parameters
    ----------
    quantile
        Between 0 and 1.
    n_obs
        Customers with a finite outcome.
    missing, infinite
        Customers without an outcome, or with an infinite one.
    first_rank
        Rank of the first value, from 1 for the smallest outcome.
    values
        The outcomes from that rank on, rising.
    """

    quantile: float
    n_obs: int
    missing: int
    infinite: int
    first_rank: int
    values: npt.NDArray[np.float64]

    @classmethod
    def of(cls, values: npt.NDArray[np.float64], quantile: float) -> QuantileWindow:
        """Return the window of outcomes, shape (customers,); NaN is missing. They are reordered."""
        if not 0 < quantile < 1:
            what = f"quantile == {quantile}, must lie between 0 and 1"
            raise AnalysisError(what, where="quantile")
        there = np.isfinite(values)
        finite = values if there.all() else values[there]
        n, infinite = len(finite), int(np.isinf(values).sum())
        spread = _REACH * sqrt(n * quantile * (1 - quantile)) + 3
        low = max(floor(n * quantile - spread), 0)
        high = min(floor(n * quantile + spread), n - 1)
        if n:
            finite.partition([low, high])
        window = np.sort(finite[low : high + 1])
        return cls(quantile, n, len(values) - n - infinite, infinite, low + 1, window)

    @property
    def estimate(self) -> float:
        """Return the quantile, interpolated linearly between order statistics as NumPy does."""
        place = (self.n_obs - 1) * self.quantile
        below = floor(place)
        lower, upper = self._at(below + 1), self._at(min(below + 2, self.n_obs))
        return lower + (place - below) * (upper - lower)

    def interval(self, alpha: float) -> tuple[float, float]:
        """Return the interval of the quantile; an end is infinite where there are too few outcomes.

        Parameters
        ----------
        alpha
            One minus the level.
        """
        return self._lower(alpha / 2, self.quantile, 1), self._lower(
            alpha / 2, 1 - self.quantile, -1
        )

    @property
    def tied(self) -> bool:
        """Return whether many of the outcomes around the quantile are equal."""
        low, high = np.searchsorted(self.values, self.interval(_SPREAD_ALPHA))
        around = self.values[low : high + 1]
        return len(np.unique(around)) < _DISTINCT * len(around) or len(around) < 2

    @property
    def std_error(self) -> float:
        """Return the standard error of the quantile; it means nothing where `tied`."""
        lower, upper = self.interval(_SPREAD_ALPHA)
        return (upper - lower) / (2 * _SPREAD_Z)

    def _at(self, rank: int) -> float:
        return float(self.values[min(max(rank - self.first_rank, 0), len(self.values) - 1)])

    def _lower(self, tail: float, q: float, side: int) -> float:
        """Return the end that the quantile is beyond with chance `tail`; side -1 counts from above.

        That the order statistic of rank r lies above the quantile means that fewer than r values
        lie below it.
        """
        n = self.n_obs
        rank, weight = _rank(n, q, tail)
        if rank < 1:
            return -side * float("inf")
        here, there = ((r if side > 0 else n + 1 - r) for r in (rank, min(rank + 1, n)))
        x, y = self._at(here), self._at(there)
        return x + weight * (y - x)


@lru_cache(maxsize=8192)
def _rank(n: int, q: float, tail: float) -> tuple[int, float]:
    """Return the last rank that errs at most with `tail`, and how far to go to the next one."""
    rank = int(stats.binom.ppf(tail, n, q))  # the first rank whose successor errs too often
    if rank and stats.binom.cdf(rank - 1, n, q) > tail:
        rank -= 1
    if rank < 1 or rank >= n:
        return rank, 0.0
    errs, errs_next = (float(stats.binom.cdf(r - 1, n, q)) for r in (rank, rank + 1))
    if errs >= tail:
        return rank, 0.0
    ratio = rank * (1 - q) * (errs_next - tail) / ((n - rank) * q * (tail - errs))
    return rank, 1 / (1 + ratio)


def quantile_windows(
    assignments: Any,
    column: str,
    quantile: float,
    *,
    unit: str = "customer_id",
    variant: str = "variant",
    unique: bool = False,
) -> dict[str, QuantileWindow]:
    """Return the order statistics around a quantile per variant.

    Parameters
    ----------
    assignments, unit, variant, unique
        As :func:`workbench.experiments.moments.moments` takes them.
    column
        The outcome.
    quantile
        Between 0 and 1: 0.5 for the median.

    Raises
    ------
    AnalysisError
        When columns are missing or hold no numbers, or the quantile is none.
    """
    needs = ([] if unique else [unit]) + [variant, column]
    frame = lazy(assignments, where="assignments", needs=needs)
    require_number(frame, column, where="assignments")
    made: dict[str, nw.Expr] = {} if unique else {"unit": nw.col(unit)}
    made |= {"variant": nw.col(variant).cast(nw.String), "x": nw.col(column).cast(nw.Float64)}
    placed = place_units(frame.select(**made), ["x"], unique=unique).frame
    names = sorted(str(name) for name in collect(placed.select("variant").unique())["variant"])
    code = nw.lit(0)
    for place, name in enumerate(names[1:], 1):  # numbers are fetched faster than names
        code = nw.when(nw.col("variant") == name).then(nw.lit(place)).otherwise(code)
    rows = collect(placed.select(x=nw.col("x"), code=code.cast(nw.Int16)))
    values, codes = rows["x"].to_numpy("float64", na_value=np.nan), rows["code"].to_numpy()
    return {
        name: QuantileWindow.of(values[codes == place], quantile)
        for place, name in enumerate(names)
    }


def difference_in_quantiles(
    control: QuantileWindow, treatment: QuantileWindow, *, alpha: float = 0.05, min_group: int = 2
) -> Difference:
    """Return a difference in quantiles.

    Parameters
    ----------
    control, treatment
        Windows of the same quantile.
    alpha
        One minus the level of the intervals.
    min_group
        With fewer outcomes in either group no number is given.
    """
    why = refusal(control, treatment, min_group=min_group)
    parts = (control, treatment)
    if not why and not all(
        isfinite(end) for part in parts for end in part.interval(min(alpha, _SPREAD_ALPHA))
    ):
        why = "A group has too few outcomes for an interval of this quantile."
    if why:
        return without(control, treatment, alpha=alpha, min_group=min_group, reason=why)
    c, t = control.estimate, treatment.estimate
    lower, upper = quantile_difference_interval(parts, alpha)
    tied = any(part.tied for part in parts)
    error = sqrt(sum(part.std_error**2 for part in parts))
    statistic = None if tied else (t - c) / error
    how = "Zou and Donner, for many equal outcomes" if tied else "Price and Bonett"
    rel = _relative(parts, alpha)
    return Difference(
        control.n_obs,
        treatment.n_obs,
        c,
        t,
        t - c,
        lower,
        upper,
        rel.effect,
        rel.lower,
        rel.upper,
        statistic=statistic,
        pvalue=_pvalue(parts) if statistic is None else float(2 * stats.norm.sf(abs(statistic))),
        level=1 - alpha,
        method=f"quantile {control.quantile:g} by order statistics ({how})",
        rel_method=rel.method,
        rel_reason=rel.reason,
        std_error=None if tied else error,
    )


def quantile_difference_interval(
    parts: Sequence[QuantileWindow], alpha: float, *, logs: bool = False
) -> tuple[float, float]:
    """Return the interval of the difference from those of the two quantiles.

    Parameters
    ----------
    parts
        The windows of control and variant.
    alpha
        One minus the level.
    logs
        Whether it is the difference of the logarithms; both intervals must be above 0 then.
    """
    scale = log if logs else float
    c, t = (scale(part.estimate) for part in parts)
    gap = t - c
    if not any(part.tied for part in parts):
        z = float(stats.norm.isf(alpha / 2))
        # A logarithm stretches a small step by one over the value.
        errors = (part.std_error / (part.estimate if logs else 1.0) for part in parts)
        half = z * sqrt(sum(error**2 for error in errors))
        return gap - half, gap + half
    ends = [[scale(end) for end in part.interval(alpha)] for part in parts]
    # An end that would lie beyond its own estimate, at levels near 0, reaches just to it.
    (low_c, high_c), (low_t, high_t) = (
        (min(low, middle), max(high, middle))
        for (low, high), middle in zip(ends, (c, t), strict=True)
    )
    return gap - sqrt((t - low_t) ** 2 + (high_c - c) ** 2), gap + sqrt(
        (high_t - t) ** 2 + (c - low_c) ** 2
    )


def _pvalue(parts: Sequence[QuantileWindow]) -> float:
    """Return the smallest alpha at which the interval leaves 0 out."""
    gap = parts[1].estimate - parts[0].estimate
    if gap == 0:
        return 1.0

    def reach(log_alpha: float) -> float:
        ends = quantile_difference_interval(parts, exp(log_alpha))
        return ends[0] if gap > 0 else -ends[1]

    # From the finest alpha at which both groups have an interval at all.
    finest = log(_LEAST_ALPHA)
    fewest = max(
        n_log
        for part in parts
        for n_log in (
            log(2) + part.n_obs * log(1 - part.quantile),
            log(2) + part.n_obs * log(part.quantile),
        )
    )
    start = max(finest, fewest + 1e-9)
    if start >= 0 or reach(-1e-12) <= 0:
        return 1.0
    if reach(start) > 0:
        return exp(start)
    return exp(float(optimize.brentq(reach, start, -1e-12, xtol=1e-10)))


def _relative(parts: Sequence[QuantileWindow], alpha: float) -> Relative:
    c, t = (part.estimate for part in parts)
    if c <= 0:
        return Relative(reason="The control's quantile is not above zero.")
    if parts[0].interval(alpha)[0] <= 0:
        return Relative(reason="The control's quantile is too near zero for a relative effect.")
    if t <= 0 or parts[1].interval(alpha)[0] <= 0:
        why = "The variant's quantile is too near zero for an interval of the relative effect."
        return Relative(t / c - 1, reason=why)
    lower, upper = quantile_difference_interval(parts, alpha, logs=True)
    return Relative(t / c - 1, exp(lower) - 1, exp(upper) - 1, "order statistics, on the logarithm")
