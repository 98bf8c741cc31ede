"""Order lines to customers: how often, how lately, for how much.

Lines are merged in three steps, each a plain aggregation that any engine can do out of memory:
lines to orders of a day, orders to days, days to customers. Money is summed as whole
ten-thousandths, so every total is exact and does not depend on the order of the rows.

References
----------
Fader & Hardie, "Counting Your Customers the Easy Way", Marketing Science 24(2), 2005, for the
names: `frequency` counts repeat purchases, `recency` is the time from first to last purchase.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.data.frames import MONEY_SCALE, as_money, collect, day_number, days_to_dates
from workbench.data.lines import no_lines, order_lines, refuse_unreadable

__all__ = ["CustomerBase", "rfm"]

_NEVER = 2**62  # larger than any key below, so that a minimum passes it over
_LOW = 2**24  # a day's net amount is split at this size, see _first_day_keys
_HIGH = 2**40


@dataclass(frozen=True)
class CustomerBase:
    """Customers as their order lines show them up to a day.

    Parameters
    ----------
    customers
        One row per customer with at least one purchase, sorted by `customer_id`:
        `customer_id`; `lines`, `orders` (order numbers, counted per day), `purchase_days`;
        `frequency` (purchase days after the first), `recency` (days, first to last purchase), `T`
        (days, first purchase to `as_of`), `days_since_last_purchase`; `monetary_value` (net
        spend after the first purchase day for each repeat purchase; missing where there is none);
        `revenue` (net of returns), `returned` (what returns took back, not negative);
        `first_purchase`, `last_purchase` (dates); `revenue_units` (`revenue` in whole
        ten-thousandths, for exact totals).
    returns_only
        Customers with returns but no purchase: `customer_id`, `lines`, `revenue`,
        `revenue_units`.
    as_of
        The last day that is counted.
    lines
        Order lines read up to `as_of`, those without a customer included.
    anonymous_lines, anonymous_revenue
        Lines without a customer, and their net amount.
    """

    customers: pd.DataFrame
    returns_only: pd.DataFrame
    as_of: date
    lines: int
    anonymous_lines: int
    anonymous_revenue: Decimal

    @property
    def revenue(self) -> Decimal:
        """Return the exact net revenue of all known customers, returns-only ones included."""
        units = self.customers["revenue_units"].sum() + self.returns_only["revenue_units"].sum()
        return as_money(int(units))


def rfm(orders: Any, *, as_of: date) -> CustomerBase:
    """Return one row per customer from order lines.

    A purchase day is a day with at least one line that is not a return (a return is a line with a
    negative amount); several orders of one day are one purchase. Returns lower `revenue` on
    whatever day they come; one that comes after the first purchase day lowers `monetary_value`
    too. A customer with returns only is kept apart, so that totals still add up.

    Parameters
    ----------
    orders
        Order lines with `order_id`, `customer_id`, `ordered_at` and `amount`: a DuckDB relation, a
        pandas frame or a Polars frame.
    as_of
        The last day that counts; later lines are not read.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, when lines have no readable time or amount,
        or when no line is left.

    Examples
    --------
    >>> from datetime import date
    >>> import pandas as pd
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "3"], "customer_id": ["a", "a", "a"],
    ...     "ordered_at": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-03-01"]),
    ...     "amount": [10.0, 5.0, 20.0]})
    >>> base = rfm(lines, as_of=date(2024, 3, 31))
    >>> base.customers[["orders", "frequency", "recency", "T", "monetary_value"]].values.tolist()
    [[3.0, 1.0, 60.0, 90.0, 20.0]]
    """
    found = collect(_reduce(orders, as_of))
    if found["unreadable"].any():
        lines = order_lines(orders, last_day=as_of.toordinal())
        refuse_unreadable(collect(lines.select(nw.col("unreadable").sum())))
    return _customer_base(found, as_of)


def _reduce(orders: Any, as_of: date) -> nw.LazyFrame[Any]:
    """Return one row per customer, still in the engine; a missing customer is one of them."""
    # A day is counted once its lines are merged: that is arithmetic on fewer rows. That a line
    # cannot be read is carried as a mark, which holds less than a count of each group would.
    lines = order_lines(orders, last_day=as_of.toordinal(), more=("order_id",), dated=True)
    lines = lines.with_columns(
        returned=nw.when(nw.col("units") < 0).then(-nw.col("units")).otherwise(0)
    )
    sums = [nw.col(name).sum() for name in ("units", "returned")] + [nw.col("unreadable").max()]
    by_order = lines.group_by("customer_id", "day", "order_id").agg(
        nw.col("bought").max(), *sums, lines=nw.len()
    )
    days = by_order.group_by("customer_id", "day").agg(
        *sums, nw.col("lines").sum(), orders=nw.col("bought").sum()
    )
    days = _first_day_keys(days.with_columns(nw.col("units").cast(nw.Int64), day=day_number("day")))
    totals = ("units", "returned", "lines", "orders", "purchase_days")
    customers = days.group_by("customer_id").agg(
        *[nw.col(name).sum() for name in totals],
        nw.col("first_high").min(),
        nw.col("first_low").min(),
        nw.col("last_day").max(),
        nw.col("unreadable").max(),
    )
    return customers.with_columns(nw.col(*totals).cast(nw.Int64))


def _first_day_keys(days: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Add keys whose minimum over a customer's days gives the first purchase day and its amount.

    A day stands once per customer, so the smallest `day * size + part` is that of the first day,
    and carries a part of that day's net amount with it. Two parts hold all 64 bits of the amount.
    A window function would do the same, but holds all days of all customers in memory.
    """
    net = nw.col("units") + _NEVER  # not negative: engines differ in dividing below nought
    high = net // _LOW
    low = net - high * _LOW
    bought = nw.col("orders") > 0
    return days.with_columns(
        purchase_days=nw.when(bought).then(1).otherwise(0),
        first_high=nw.when(bought).then(nw.col("day") * _HIGH + high).otherwise(_NEVER),
        first_low=nw.when(bought).then(nw.col("day") * _LOW + low).otherwise(_NEVER),
        last_day=nw.when(bought).then(nw.col("day")).otherwise(0),
    )


def _customer_base(found: pd.DataFrame, as_of: date) -> CustomerBase:
    if not len(found):
        raise no_lines(as_of)
    nobody = found["customer_id"].isna()
    known = found[~nobody].sort_values("customer_id").reset_index(drop=True)
    buyers = known["purchase_days"] > 0
    rest = known.loc[~buyers, ["customer_id", "lines"]].copy()
    rest["revenue"] = known.loc[~buyers, "units"] / MONEY_SCALE
    rest["revenue_units"] = known.loc[~buyers, "units"]
    return CustomerBase(
        customers=_measures(known[buyers].reset_index(drop=True), as_of),
        returns_only=rest.reset_index(drop=True),
        as_of=as_of,
        lines=int(found["lines"].sum()),
        anonymous_lines=int(found.loc[nobody, "lines"].sum()),
        anonymous_revenue=as_money(int(found.loc[nobody, "units"].sum())),
    )


def _measures(found: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the columns of `CustomerBase.customers`; dates are worked out here, not in engines."""
    first_high = found["first_high"].to_numpy("int64")
    first = first_high // _HIGH
    last = found["last_day"].to_numpy("int64")
    first_low = found["first_low"].to_numpy("int64") - first * _LOW
    first_net = (first_high - first * _HIGH) * _LOW + first_low - _NEVER
    units = found["units"].to_numpy("int64")
    frequency = found["purchase_days"].to_numpy("int64") - 1
    repeats = np.where(frequency > 0, frequency, 1)
    spend = np.where(frequency > 0, (units - first_net) / MONEY_SCALE / repeats, np.nan)
    table = found[["customer_id", "lines", "orders", "purchase_days"]].copy()
    return table.assign(
        frequency=frequency,
        recency=last - first,
        T=as_of.toordinal() - first,
        days_since_last_purchase=as_of.toordinal() - last,
        monetary_value=spend,
        revenue=units / MONEY_SCALE,
        returned=found["returned"] / MONEY_SCALE,
        first_purchase=days_to_dates(first),
        last_purchase=days_to_dates(last),
        revenue_units=units,
    )
