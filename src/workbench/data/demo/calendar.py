"""The days of a business: seasons, weekdays, closed days, and hours of the day.

A day has a weight whose mean is 1. Chance runs in *operational* time, the running sum of weights:
a purchase process that is stationary there is seasonal in the calendar, while its yearly rate stays
what was planted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from workbench.data.demo.shared import Floats, Ints, Times, choose

__all__ = ["Calendar", "make_calendar"]


@dataclass(frozen=True)
class Calendar:
    """The days from ``start`` to ``as_of``, both included.

    Parameters
    ----------
    start, as_of
        First and last day.
    weights
        One number per day, mean 1; 0 on a closed day.
    elapsed
        Operational time before each day, one element more than days.
    """

    start: date
    as_of: date
    weights: Floats
    elapsed: Floats

    @property
    def days(self) -> int:
        """Return the number of days."""
        return len(self.weights)

    def draw_days(self, rng: np.random.Generator, size: int, growth: float = 0.0) -> Ints:
        """Return day numbers drawn by weight.

        Parameters
        ----------
        rng
            Where chance comes from.
        size
            How many.
        growth
            Relative growth of the weight over the history; 0.5: half as much again at the end.
        """
        trend = 1 + growth * np.arange(self.days) / self.days
        return choose(rng, self.weights * trend, size)

    def day_at(self, operational: Floats) -> Ints:
        """Return the day numbers in which moments of operational time fall."""
        found = np.searchsorted(self.elapsed, operational, side="right") - 1
        return np.clip(found, 0, self.days - 1).astype(np.int64)

    def times(self, rng: np.random.Generator, days: Ints, opens: float, closes: float) -> Times:
        """Return times to the minute on the given days, most of them around the middle of the day.

        Parameters
        ----------
        rng
            Where chance comes from.
        days
            Day numbers.
        opens, closes
            Hours between which all times lie.
        """
        minutes = ((opens + rng.beta(2.2, 2.0, len(days)) * (closes - opens)) * 60).astype(np.int64)
        times: Times = self.midnight(days) + minutes.astype("timedelta64[m]")
        return times

    def midnight(self, days: Ints) -> Times:
        """Return the beginnings of days as times to the minute."""
        first = np.datetime64(self.start, "D")
        begun: Times = (first + days.astype("timedelta64[D]")).astype("datetime64[m]")
        return begun

    @property
    def end(self) -> np.datetime64:
        """Return the moment after the last minute of ``as_of``."""
        return np.datetime64(self.as_of + timedelta(days=1), "m")


def make_calendar(
    as_of: date,
    *,
    days: int,
    weekdays: tuple[float, ...] = (1.0,) * 7,
    months: tuple[float, ...] = (1.0,) * 12,
    closed: tuple[tuple[int, int], ...] = (),
) -> Calendar:
    """Return the calendar of a business.

    Parameters
    ----------
    as_of
        The last day.
    days
        Length of the history in days.
    weekdays
        Relative weight of Monday to Sunday.
    months
        Relative weight of January to December; between mid-months the weight runs smoothly.
    closed
        Closed days as (month, day).
    """
    start = as_of - timedelta(days=days - 1)
    all_days = [start + timedelta(days=k) for k in range(days)]
    position = np.array([d.month - 1 + (d.day - 15.5) / 31 for d in all_days])
    season = np.interp(position, np.arange(-1, 13), (months[-1], *months, months[0]))
    week = np.array([weekdays[d.weekday()] for d in all_days])
    is_open = np.array([(d.month, d.day) not in closed for d in all_days])
    # Normalised over whole years, so that a history of two and a half years is not tilted.
    shape = season / np.mean(months) * week / np.mean(weekdays)
    weights = shape * is_open
    return Calendar(start, as_of, weights, np.concatenate([[0.0], np.cumsum(weights)]))
