"""Order lines to what each customer had bought by a day: the reduction, in the engine."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.data.frames import MONEY_SCALE, collect
from workbench.data.lines import order_lines, refuse_unreadable
from workbench.retention.propensity.facts import ACTIVE_DAYS, YEAR_DAYS, Fact, in_period

__all__ = ["bought", "bought_facts", "buyers_between"]


def bought_facts(period_days: int) -> tuple[Fact, ...]:
    """Return the facts that :func:`bought` makes."""
    lately = in_period(period_days)
    return (
        Fact("days_since_last_purchase", "Days since the last purchase"),
        Fact("frequency", "Repeat purchases so far"),
        Fact("recency_days", "Days from the first to the last purchase"),
        Fact("tenure_days", "Days since the first purchase"),
        Fact("monetary_value", "Mean spend per repeat purchase", money=True),
        Fact("spend_year", "Spend in the last 365 days", money=True),
        Fact("purchases_lately", f"Purchases {lately}"),
        Fact("purchases_trend", f"Purchases {lately} less those before"),
        Fact("spend_trend", f"Spend {lately} less that before", money=True),
        Fact("gap_days", "Usual days between purchases"),
        Fact("overdue", "Time since the last purchase as a multiple of the usual gap", digits=1),
        Fact("returned_share", "Share of order lines sent back", digits=2),
    )


def bought(orders: Any, *, cutoff: date, period_days: int) -> pd.DataFrame:
    """Return what each customer who bought within a year had bought by a day.

    Parameters
    ----------
    orders
        Order lines, as :func:`workbench.data.lines.order_lines` takes them. Several lines of a day
        are one purchase; returns are netted.
    cutoff
        The last day that counts.
    period_days
        The length of the last period, and of the one before.

    Returns
    -------
    pandas.DataFrame
        Indexed by `customer_id`, sorted, one float column for each of :func:`bought_facts`. NaN
        where a fact is not defined: spend and gap without a repeat purchase, trends of customers
        who came after the earlier period began.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, or lines cannot be read.
    """
    end = cutoff.toordinal()
    lines = order_lines(orders, last_day=end).filter(~nw.col("customer_id").is_null())
    lines = lines.with_columns(back=1 - nw.col("bought"), one=nw.lit(1))
    by_day = lines.group_by("customer_id", "day").agg(
        nw.col("units", "back", "one", "unreadable").sum(), nw.col("bought").max()
    )
    firsts = by_day.filter(nw.col("bought") == 1).group_by("customer_id")
    days = by_day.join(firsts.agg(first=nw.col("day").min()), on="customer_id", how="inner")
    days = days.with_columns(**_parts(end, period_days))
    sums = [
        *("units", "later_units", "year_units", "lately_units", "before_units", "bought", "lately"),
        *("before", "back", "one", "unreadable"),
    ]
    reduced = days.group_by("customer_id").agg(
        nw.col(*sums).sum(), nw.col("first").min(), nw.col("last").max()
    )
    found = collect(reduced.with_columns(nw.col(*sums).cast(nw.Float64)))
    refuse_unreadable(found)
    found = found[found["last"] > end - ACTIVE_DAYS]
    found = found.set_index("customer_id").sort_index().astype("float64")
    return _told(found, end, period_days)


def _parts(end: int, period_days: int) -> dict[str, nw.Expr]:
    """Return the columns of a purchase day that are then added up."""
    day, units, one = nw.col("day"), nw.col("units"), nw.col("bought")
    lately = day > end - period_days
    before = (day > end - 2 * period_days) & ~lately
    return {
        "last": nw.when(one == 1).then(day).otherwise(0),
        "later_units": nw.when(day > nw.col("first")).then(units).otherwise(0),
        "year_units": nw.when(day > end - YEAR_DAYS).then(units).otherwise(0),
        "lately_units": nw.when(lately).then(units).otherwise(0),
        "before_units": nw.when(before).then(units).otherwise(0),
        "lately": nw.when(lately).then(one).otherwise(0),
        "before": nw.when(before).then(one).otherwise(0),
    }


def _told(found: pd.DataFrame, end: int, period_days: int) -> pd.DataFrame:
    first, last, purchases = (found[name] for name in ("first", "last", "bought"))
    repeats = purchases - 1
    some = repeats.where(repeats > 0)  # NaN: there is none to divide by
    gap = (last - first) / some
    whole = first <= end - 2 * period_days  # known during all of both periods
    trend = {
        name: (found[f"lately{tail}"] - found[f"before{tail}"]).where(whole)
        for name, tail in (("purchases_trend", ""), ("spend_trend", "_units"))
    }
    made = pd.DataFrame(
        {
            "days_since_last_purchase": end - last,
            "frequency": repeats,
            "recency_days": last - first,
            "tenure_days": end - first,
            "monetary_value": found["later_units"] / some / MONEY_SCALE,
            "spend_year": found["year_units"] / MONEY_SCALE,
            "purchases_lately": found["lately"],
            "purchases_trend": trend["purchases_trend"],
            "spend_trend": trend["spend_trend"] / MONEY_SCALE,
            "gap_days": gap,
            "overdue": (end - last) / gap,
            "returned_share": found["back"] / found["one"],
        }
    )
    return made[[fact.name for fact in bought_facts(period_days)]].astype(np.float64)


def buyers_between(orders: Any, *, after: date, until: date) -> pd.Index:
    """Return the customers who bought after one day and up to another, sorted.

    Raises
    ------
    AnalysisError
        As :func:`bought`.
    """
    lines = order_lines(orders, last_day=until.toordinal()).filter(
        ~nw.col("customer_id").is_null() & (nw.col("day") > after.toordinal())
    )
    found = collect(
        lines.group_by("customer_id").agg(nw.col("bought").max(), nw.col("unreadable").sum())
    )
    refuse_unreadable(found)
    bought_some: pd.Index = pd.Index(found.loc[found["bought"] > 0, "customer_id"])
    return bought_some.sort_values()
