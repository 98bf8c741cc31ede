"""Order lines to purchase days with what was spent on them, and who was known on a day.

Everything that a forecast knows of a day comes from :meth:`PurchaseLog.until`, which holds no
purchase after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.frames import collect, money_units
from workbench.data.lines import purchase_lines
from workbench.errors import AnalysisError
from workbench.retention.maximise import Floats
from workbench.retention.purchases.cells import Cells, alike
from workbench.retention.purchases.season import EVEN, Season

__all__ = ["WEEK", "Known", "PurchaseLog", "in_season", "purchase_log"]

Ints = npt.NDArray[np.int64]
WEEK = 7.0
"""Days in the models' unit of time."""


@dataclass(frozen=True)
class PurchaseLog:
    """Purchase days, sorted by customer and day.

    Parameters
    ----------
    customer
        Number of the customer, from 0 on, shape (purchases,).
    day
        Day number as :meth:`datetime.date.toordinal` gives it, shape (purchases,).
    units
        What was bought on it before returns, in ten-thousandths, shape (purchases,).
    """

    customer: Ints
    day: Ints
    units: Ints

    def __len__(self) -> int:
        """Return how many purchase days there are."""
        return len(self.day)

    def until(self, last: int) -> Known:
        """Return what was known at the end of a day, and nothing else.

        Parameters
        ----------
        last
            The day's number.

        Raises
        ------
        AnalysisError
            When nobody had bought by then.
        """
        seen = self.day <= last
        if not seen.any():
            raise AnalysisError(
                f"no purchase up to {date.fromordinal(int(last))}", where="orders", fix="Check it."
            )
        who, customer = np.unique(self.customer[seen], return_inverse=True)
        return _known(who, customer.astype("int64"), self.day[seen], self.units[seen], last)

    def after(self, known: Known) -> tuple[Ints, Ints, Ints]:
        """Return the later purchases of known customers: customer (as known), day and units."""
        place = np.minimum(np.searchsorted(known.who, self.customer), len(known.who) - 1)
        later = (self.day > known.last) & (known.who[place] == self.customer)
        return place[later].astype("int64"), self.day[later], self.units[later]


@dataclass(frozen=True)
class Known:
    """Customers as they were known at the end of a day.

    Parameters
    ----------
    who
        Each customer's number in the log, rising, shape (customers,).
    customer, day, units
        Their purchase days up to then, as in the log, with customers from 0 on.
    last
        The day's number.
    first, latest
        Each customer's first and last purchase day, shape (customers,).
    frequency
        Each customer's repeat purchase days, shape (customers,).
    spend
        Mean spend on these, in whole units of the currency, 0 without any, shape (customers,).
    cells
        Customers with equal (frequency, recency, T) as one row; times in weeks, on the clock of the
        season.
    cell
        Each customer's row of the cells, shape (customers,).
    season
        When all customers buy faster or slower.
    """

    who: Ints
    customer: Ints
    day: Ints
    units: Ints
    last: int
    first: Ints
    latest: Ints
    frequency: Ints
    spend: Floats
    cells: Cells
    cell: Ints
    season: Season = EVEN

    @property
    def customers(self) -> int:
        """Return how many customers there are."""
        return len(self.who)

    @property
    def repeat(self) -> npt.NDArray[np.bool_]:
        """Return which purchase days are not a customer's first, shape (purchases,)."""
        return self.day > self.first[self.customer]

    @property
    def begin(self) -> int:
        """Return the number of the first day on which anybody bought."""
        return int(self.first.min())

    def clock(self, days: Ints) -> Floats:
        """Return what the clock of the season shows at the end of days, in days of usual pace.

        Parameters
        ----------
        days
            Day numbers, none before the first day, shape (days,). At the end of that one it is 0.
        """
        whole = np.arange(self.begin + 1, max(int(days.max()), self.last) + 1)
        marks = np.concatenate([[0.0], np.cumsum(self.season.pace(whole))])
        made: Floats = marks[days - self.begin]
        return made

    def weeks_until(self, days: Ints) -> Floats:
        """Return the models' time from the last day to the end of other days, negative before it.

        Parameters
        ----------
        days
            Day numbers, none before the first day, shape (days,).
        """
        shown = self.clock(np.append(days, self.last))
        made: Floats = (shown[:-1] - shown[-1]) / WEEK
        return made


def in_season(known: Known, season: Season) -> Known:
    """Return the same customers on the clock of a season.

    Parameters
    ----------
    known
        The customers, on any clock.
    season
        The season. Its clock is read in whole days, so that customers stay alike who were.
    """
    moved = replace(known, season=season)
    first, latest = moved.clock(known.first), moved.clock(known.latest)
    end = moved.clock(np.array([known.last]))
    recency = np.where(known.frequency > 0, np.maximum(np.rint(latest - first), 1.0), 0.0)
    age = np.maximum(np.rint(end - first), recency)
    cells, cell = _cells(known.frequency, recency.astype("int64"), age.astype("int64"))
    return replace(moved, cells=cells, cell=cell)


def _known(who: Ints, customer: Ints, day: Ints, units: Ints, last: int) -> Known:
    size = len(who)
    bought = np.bincount(customer, minlength=size)
    begins = np.cumsum(bought) - bought
    first, latest = day[begins], day[begins + bought - 1]
    frequency = (bought - 1).astype("int64")
    whole = np.zeros(size, dtype="int64")
    np.add.at(whole, customer, units)
    spent = (whole - units[begins]) / 10_000.0
    spend = np.where(frequency > 0, spent / np.maximum(frequency, 1), 0.0)
    cells, cell = _cells(frequency, latest - first, last - first)
    return Known(who, customer, day, units, int(last), first, latest, frequency, spend, cells, cell)


def _cells(frequency: Ints, recency: Ints, age: Ints) -> tuple[Cells, Ints]:
    """Return customers who are alike as one row, and each customer's row; times in days."""
    first, cell = alike(frequency, recency, age)
    x, t_x, end = (column[first].astype("float64") for column in (frequency, recency, age))
    return Cells(x, t_x / WEEK, end / WEEK, np.bincount(cell).astype("float64")), cell


def purchase_log(orders: Any, *, as_of: date) -> PurchaseLog:
    """Return the purchase days of all customers.

    A purchase day is a day with a line that is not a return.

    Parameters
    ----------
    orders
        Order lines with `customer_id`, `ordered_at`, `amount`: a DuckDB relation, a pandas or a
        Polars frame. Lines without a customer, and returns (negative amounts), are not read.
    as_of
        The last day that counts: later lines are not read.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, or no purchase is left.
    """
    bought = purchase_lines(orders, last_day=as_of.toordinal())
    bought = bought.with_columns(units=money_units("amount"))
    found = collect(bought.group_by("customer_id", "day").agg(nw.col("units").sum()))
    if not len(found):
        raise AnalysisError(f"no purchase up to {as_of}", where="orders", fix="Check as_of.")
    customer = pd.factorize(found["customer_id"], sort=True)[0].astype("int64")
    day = found["day"].to_numpy("int64")
    order = np.lexsort((day, customer))
    return PurchaseLog(customer[order], day[order], found["units"].to_numpy("int64")[order])
