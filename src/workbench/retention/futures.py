"""Drawn futures of several numbers at once, and what they say: what all forecasts share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.retention.maximise import Floats

__all__ = ["Futures", "listed_periods", "pooled", "summed_up"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Futures:
    """Futures of one base of customers, all drawn from what was known at the end of one day.

    Parameters
    ----------
    bounds
        Last days of the periods as day numbers, the day itself first, shape (periods + 1,).
    model
        The name of the model.
    draws
        Number that is forecast -> shape (draws, periods) or (draws, periods + 1): by period, and
        where there is one more, of the whole time.
    """

    bounds: Ints
    model: str
    draws: Mapping[str, Floats]

    @property
    def periods(self) -> int:
        """Return how many periods are looked ahead."""
        return len(self.bounds) - 1

    def mean(self, name: str) -> Floats:
        """Return what is expected of a number, by period and, where there is one, of the whole."""
        made: Floats = self.draws[name].mean(axis=0)
        return made

    def ends(self, name: str, alpha: float) -> tuple[Floats, Floats]:
        """Return the ends of the predictive intervals of a number."""
        tails = [alpha / 2, 1 - alpha / 2]
        low, high = np.quantile(self.draws[name], tails, axis=0, method="inverted_cdf")
        return low, high


def pooled(several: Sequence[Futures], model: str) -> Futures:
    """Return the futures of several models as one: any of them may be right.

    Parameters
    ----------
    several
        Futures of the same numbers and periods, at least one; each counts by its number of draws.
    model
        What they are called together; futures of one model keep its name.

    References
    ----------
    Bates & Granger, "The Combination of Forecasts", Operational Research Quarterly 20, 1969: the
    mean of two forecasts is seldom worse than the better one, and nobody knows which that will be.
    """
    if len(several) == 1:
        return several[0]
    names = several[0].draws
    drawn = {name: np.concatenate([one.draws[name] for one in several]) for name in names}
    return Futures(several[0].bounds, model, drawn)


def summed_up(futures: Futures, name: str, *, alpha: float = 0.05) -> pd.DataFrame:
    """Return a number's forecast by period.

    Parameters
    ----------
    futures
        The drawn futures.
    name
        The number.
    alpha
        One minus the level of the intervals.

    Returns
    -------
    pandas.DataFrame
        `period` (1, 2 ...; 0 for the whole time, in the last row, where there is one), `first_day`,
        `last_day` (day numbers), `expected`, `ci_lower`, `ci_upper`.
    """
    mean = futures.mean(name)
    low, high = futures.ends(name, alpha)
    days = listed_periods(futures.bounds, whole=len(mean) > futures.periods)
    return days.assign(expected=mean, ci_lower=low, ci_upper=high)


def listed_periods(bounds: Ints, *, whole: bool) -> pd.DataFrame:
    """Return periods by their days: `period`, `first_day`, `last_day`.

    Parameters
    ----------
    bounds
        Last days of the periods, the day before the first one first, shape (periods + 1,).
    whole
        Whether the whole time stands in the last row, as period 0.
    """
    begin, end = bounds[:-1] + 1, bounds[1:]
    period = np.arange(1, len(bounds))
    if whole:
        begin, end = np.append(begin, bounds[0] + 1), np.append(end, bounds[-1])
        period = np.append(period, 0)
    return pd.DataFrame({"period": period, "first_day": begin, "last_day": end})
