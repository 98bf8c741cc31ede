"""Subscriptions to spells in arrays, and what was known of them on a day.

Everything that a forecast knows of a day comes from :meth:`ContractLog.until`: an end, a pause or a
new spell after that day has not happened yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.frames import (
    calendar_days,
    collect,
    day_number,
    lazy,
    money_units,
    require_number,
    require_time,
)
from workbench.data.lines import finite
from workbench.errors import AnalysisError
from workbench.retention.maximise import Floats
from workbench.retention.periods import MONTHS_IN

__all__ = ["NEVER", "ContractLog", "Contracts", "contract_log", "renewals_made"]

Ints = npt.NDArray[np.int64]
NEVER = date.max.toordinal()
"""The day on which a spell ends that runs."""


@dataclass(frozen=True)
class ContractLog:
    """Spells of subscriptions, sorted by subscription and start.

    Parameters
    ----------
    contract
        Number of the subscription, from 0 on, shape (spells,).
    start, end
        Day numbers; :data:`NEVER` ends a spell that runs.
    amount
        What is paid a month, in whole units of the currency; 0 where it is not known.
    priced
        Whether the subscriptions state what is paid.
    unpriced
        How many spells that run do not, where others do.
    """

    contract: Ints
    start: Ints
    end: Ints
    amount: Floats
    priced: bool
    unpriced: int = 0

    def until(self, last: int) -> Contracts:
        """Return what was known at the end of a day, and nothing else.

        Parameters
        ----------
        last
            The day's number.

        Raises
        ------
        AnalysisError
            When no subscription had begun by then.
        """
        seen = self.start <= last
        if not seen.any():
            raise AnalysisError(
                f"no subscription began up to {date.fromordinal(int(last))}",
                where="subscriptions",
                fix="Check as_of.",
            )
        who, place = np.unique(self.contract[seen], return_inverse=True)
        size = len(who)
        start = np.full(size, NEVER, dtype="int64")
        end = np.zeros(size, dtype="int64")
        np.minimum.at(start, place, self.start[seen])
        over = np.where(self.end[seen] <= last, self.end[seen], NEVER)
        np.maximum.at(end, place, over)
        amount = np.zeros(size)
        now = over == NEVER
        # Where two spells run at once, the later one holds.
        amount[place[now]] = self.amount[seen][now]
        return Contracts(who, start, end, amount, int(last))

    def still_there(self, contracts: Contracts, edges: Ints) -> npt.NDArray[np.bool_]:
        """Return which running subscriptions are still there, shape (running, periods).

        One that was found gone at the end of a period counts as gone from then on.

        Parameters
        ----------
        contracts
            What was known on an earlier day.
        edges
            Last days of the periods after it, that day first, shape (periods + 1,).
        """
        running = contracts.who[contracts.running]
        there = np.ones((len(running), len(edges) - 1), dtype=bool)
        for place, day in enumerate(edges[1:]):
            runs = (self.start <= day) & (self.end > day)
            there[:, place] = np.isin(running, self.contract[runs])
        made: npt.NDArray[np.bool_] = np.logical_and.accumulate(there, axis=1)
        return made


@dataclass(frozen=True)
class Contracts:
    """Subscriptions as they were known at the end of a day; their spells are joined.

    Parameters
    ----------
    who
        Each subscription's number in the log, rising, shape (subscriptions,).
    start, end
        Day numbers of the first start and the last end; :data:`NEVER` for one that runs.
    amount
        What it pays a month now; 0 where it has ended, shape (subscriptions,).
    last
        The day's number.
    """

    who: Ints
    start: Ints
    end: Ints
    amount: Floats
    last: int

    @property
    def running(self) -> npt.NDArray[np.bool_]:
        """Return which run at the end of the day, shape (subscriptions,)."""
        runs: npt.NDArray[np.bool_] = self.end == NEVER
        return runs

    @property
    def begin(self) -> int:
        """Return the number of the day on which the first one began."""
        return int(self.start.min())

    def lives(self, grain: str) -> tuple[Ints, npt.NDArray[np.bool_], Ints]:
        """Return what the renewal model is fitted to, grouped.

        Parameters
        ----------
        grain
            How long the time between two renewals is.

        Returns
        -------
        tuple
            The period in which a subscription ended, from 1 on, or the renewals so far of one that
            runs; which of the two it is; how many subscriptions each row stands for.
        """
        gone = ~self.running
        made = renewals_made(self.start, np.where(gone, self.end, self.last), grain)
        # Who ends on the day of a renewal did not renew; who ends before it will not.
        exact = renewals_made(self.start, np.where(gone, self.end - 1, self.last), grain) < made
        period = np.where(gone, np.maximum(np.where(exact, made, made + 1), 1), made)
        rows, n = np.unique(period * 2 + gone, return_counts=True)
        return rows // 2, rows % 2 == 1, n.astype("int64")


def renewals_made(start: Ints, day: Ints, grain: str) -> Ints:
    """Return how many whole periods have passed from each start to a day.

    Parameters
    ----------
    start, day
        Day numbers of one shape; a day before its start gives a negative number.
    grain
        `week`, `month`, `quarter` or `year`. A month is over on the day of the month on which it
        began, or on the last day of a shorter month.
    """
    if grain == "week":
        return (day - start) // 7
    begin, end = calendar_days(start), calendar_days(day)
    first, month = begin.astype("datetime64[M]"), end.astype("datetime64[M]")
    begun = (begin - first).astype("int64")
    at = (end - month).astype("int64")
    longest = ((month + 1).astype("datetime64[D]") - month).astype("int64") - 1
    whole = (month - first).astype("int64") - (at < np.minimum(begun, longest))
    made: Ints = whole // MONTHS_IN[grain]
    return made


def _odd(frame: nw.LazyFrame[Any]) -> nw.Expr:
    """Return 1 where a monthly amount is infinite, which is no amount; missing ones are 0."""
    amount = nw.col("monthly_amount")
    if not frame.collect_schema()["monthly_amount"].is_float():
        return nw.lit(0)
    there = ~amount.is_null() & ~amount.is_nan() & ~amount.is_finite()
    return nw.when(there).then(1).otherwise(0)


def contract_log(subscriptions: Any, *, as_of: date) -> ContractLog:
    """Return the spells of all subscriptions.

    Parameters
    ----------
    subscriptions
        `subscription_id`, `started_at`, `ended_at` (missing: it runs) and, where known,
        `monthly_amount`: a DuckDB relation, a pandas or a Polars frame. Spells that end before they
        start are not read.
    as_of
        The last day that counts: later starts are not read, later ends have not happened.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, amounts are negative or infinite, or nothing
        is left.
    """
    needs = ("subscription_id", "started_at", "ended_at")
    frame = lazy(subscriptions, where="subscriptions", needs=needs)
    for column in ("started_at", "ended_at"):
        require_time(frame, column, where="subscriptions")
    priced = "monthly_amount" in frame.collect_schema().names()
    if priced:
        require_number(frame, "monthly_amount", where="subscriptions")
        known = finite(frame, "monthly_amount")
        frame = frame.with_columns(
            paid=nw.when(known).then(nw.col("monthly_amount")).otherwise(0),
            told=nw.when(known).then(1).otherwise(0),
        )
        frame = frame.with_columns(units=money_units("paid"), unreadable=_odd(frame))
    else:
        frame = frame.with_columns(units=nw.lit(0), unreadable=nw.lit(0), told=nw.lit(1))
    frame = frame.select(
        *("subscription_id", "units", "unreadable", "told"),
        start=day_number("started_at"),
        stop=day_number("ended_at"),
    ).filter((nw.col("start") > 0) & (nw.col("start") <= as_of.toordinal()))
    found = collect(frame)
    start, stop = (found[name].to_numpy("int64") for name in ("start", "stop"))
    end = np.where((stop > 0) & (stop <= as_of.toordinal()), stop, NEVER)
    units = found["units"].to_numpy("int64")
    kept = end >= start
    if not kept.any():
        raise AnalysisError(
            f"no subscription began up to {as_of}", where="subscriptions", fix="Check as_of."
        )
    for what, bad in (("a negative", units < 0), ("an infinite", found["unreadable"] > 0)):
        if bad.any():
            raise AnalysisError(
                f"{int(bad.sum()):,} spells have {what} monthly_amount",
                where="subscriptions",
                fix="Let triage reject them: a discount lowers the amount, but not below nought.",
            )
    contract = pd.factorize(found["subscription_id"], sort=True)[0].astype("int64")
    order = np.lexsort((units, end, start, contract))
    order = order[kept[order]]
    silent = (found["told"].to_numpy() == 0)[order] & (end[order] == NEVER)
    return ContractLog(
        contract[order],
        start[order],
        end[order],
        units[order] / 10_000.0,
        bool(priced and units.any()),
        int(silent.sum()),
    )
