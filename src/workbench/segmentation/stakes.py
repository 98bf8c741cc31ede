"""What is at stake: what customers bring in a year, what is left of it, and what contacting costs.

Facts, no forecasts: the year up to `as_of`, and for customers who have gone quiet the year up to
their own last purchase, which is what would come back if they did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import narwhals as nw
import pandas as pd

from workbench.data.frames import (
    collect,
    column_names,
    lazy,
    money_units,
    require_number,
    require_time,
)
from workbench.data.lines import finite, order_lines, refuse_unreadable
from workbench.errors import AnalysisError

__all__ = [
    "YEAR_DAYS",
    "Contacts",
    "Stakes",
    "contact_costs",
    "customer_values",
    "measure_stakes",
    "values_of",
]

YEAR_DAYS = 365
_WINDOWS = ("year_", "active_year_", "")
_SUMS = (
    *(
        f"{window}{what}"
        for window in _WINDOWS
        for what in ("units", "margin_units", "costed_units")
    ),
    "costed_lines",
    "lines",
)


@dataclass(frozen=True)
class Contacts:
    """What contacting customers took in the year up to a day.

    Parameters
    ----------
    customers
        One row per customer who was contacted: `customer_id`, `contacts`, `cost_units` (whole
        ten-thousandths; contacts without a cost add nothing).
    without_cost
        Contacts of which no cost is known.
    has_cost
        Whether costs are known at all.
    """

    customers: pd.DataFrame
    without_cost: int
    has_cost: bool


@dataclass(frozen=True)
class Stakes:
    """What customers bring in a year, and what contacting them took.

    Parameters
    ----------
    values
        As :func:`customer_values` returns them.
    contacts
        As :func:`contact_costs` returns them; None where no contacts are recorded.
    """

    values: pd.DataFrame
    contacts: Contacts | None


def measure_stakes(orders: Any, touchpoints: Any = None, *, as_of: date) -> Stakes:
    """Return what is at stake with each customer.

    Parameters
    ----------
    orders, touchpoints
        As :func:`customer_values` and :func:`contact_costs` take them; None for no touchpoints.
    as_of
        The last day that counts.
    """
    costs = None if touchpoints is None else contact_costs(touchpoints, as_of=as_of)
    return Stakes(customer_values(orders, as_of=as_of), costs)


def customer_values(orders: Any, *, as_of: date) -> pd.DataFrame:
    """Return what each customer brings in a year, and the margin where costs are known.

    Parameters
    ----------
    orders
        Order lines with `customer_id`, `ordered_at`, `amount` and, where known, `cost`: a DuckDB
        relation, a pandas or a Polars frame.
    as_of
        The last day that counts; the year is the 365 days up to it.

    Returns
    -------
    pandas.DataFrame
        One row per customer, sorted by `customer_id`, money in whole ten-thousandths: `units` (net
        revenue), `costed_units` (that of lines whose cost is known), `margin_units` (the same less
        their cost); each again as `year_...` (the year up to `as_of`) and `active_year_...` (the
        year up to the customer's own last purchase, later returns included); `costed_lines`,
        `lines`. Without a column `cost` nothing is costed.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, or lines have no readable time or amount.
    """
    has_cost = "cost" in column_names(orders)
    lines = order_lines(
        orders, last_day=as_of.toordinal(), more=("cost",) if has_cost else ()
    ).filter(~nw.col("customer_id").is_null())
    known = finite(lines, "cost") if has_cost else nw.lit(value=False)
    lines = lines.with_columns(known=known)
    spent = nw.when("known").then(nw.col("cost")).otherwise(0) if has_cost else nw.lit(0)
    lines = lines.with_columns(cost=spent).with_columns(cost_units=money_units("cost"))
    bought = lines.filter(nw.col("bought") == 1)
    last = bought.group_by("customer_id").agg(last_day=nw.col("day").max())
    found = lines.join(last, on="customer_id", how="inner").with_columns(
        margin_units=_where(nw.col("known"), nw.col("units") - nw.col("cost_units")),
        costed_units=_where(nw.col("known"), nw.col("units")),
        costed_lines=_where(nw.col("known"), nw.lit(1)),
        lines=nw.lit(1),
    )
    since = (nw.lit(as_of.toordinal()), nw.col("last_day"))
    for window, end in zip(_WINDOWS, since, strict=False):
        found = found.with_columns(
            **{
                f"{window}{what}": _where(nw.col("day") > end - YEAR_DAYS, nw.col(what))
                for what in ("units", "margin_units", "costed_units")
            }
        )
    made = collect(
        found.group_by("customer_id")
        .agg(*[nw.col(name).sum() for name in (*_SUMS, "unreadable")])
        .with_columns(nw.col(*_SUMS, "unreadable").cast(nw.Int64))
    )
    refuse_unreadable(made)
    made = made.drop(columns="unreadable")
    return made.sort_values("customer_id").reset_index(drop=True)


def _where(condition: nw.Expr, value: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(value).otherwise(0)


def contact_costs(touchpoints: Any, *, as_of: date) -> Contacts:
    """Return how often each customer was contacted in the year up to a day, and at what cost.

    Parameters
    ----------
    touchpoints
        Contacts with `customer_id`, `touched_at` and, where known, `cost`.
    as_of
        The last day that counts.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind.
    """
    frame = lazy(touchpoints, where="touchpoints", needs=("customer_id", "touched_at"))
    require_time(frame, "touched_at", where="touchpoints")
    has_cost = "cost" in frame.collect_schema().names()
    if has_cost:
        require_number(frame, "cost", where="touchpoints")
    first = datetime.fromordinal(as_of.toordinal() - YEAR_DAYS + 1)
    day = nw.col("touched_at").dt.truncate("1d")
    last = datetime.combine(as_of, time.min)
    made = frame.filter(~nw.col("customer_id").is_null() & (day >= first) & (day <= last))
    cost = nw.col("cost") if has_cost else nw.lit(0)
    there = ~nw.col("cost").is_null() if has_cost else nw.lit(value=True)
    made = made.select("customer_id", cost=nw.when(there).then(cost).otherwise(0), known=there)
    made = made.with_columns(
        cost_units=money_units("cost"), unknown=nw.when("known").then(0).otherwise(1)
    )
    whole = collect(
        made.group_by("customer_id")
        .agg(nw.col("cost_units").sum(), nw.col("unknown").sum(), contacts=nw.len())
        .with_columns(nw.col("cost_units", "unknown", "contacts").cast(nw.Int64))
    )
    whole = whole.sort_values("customer_id").reset_index(drop=True)
    return Contacts(
        whole[["customer_id", "contacts", "cost_units"]], int(whole["unknown"].sum()), has_cost
    )


def values_of(
    customers: pd.DataFrame, values: pd.DataFrame, segments: Sequence[str]
) -> dict[str, int]:
    """Return what the customers of some segments bring together, in whole ten-thousandths.

    Parameters
    ----------
    customers
        `customer_id` and `segment`.
    values
        As :func:`customer_values` returns them.
    segments
        Names of segments.

    Returns
    -------
    dict
        Each sum by its name.

    Raises
    ------
    AnalysisError
        When a customer has no values: they are not of the same order lines.
    """
    chosen = customers.loc[customers["segment"].isin(list(segments)), "customer_id"]
    own = values[values["customer_id"].isin(chosen)]
    if len(own) != len(chosen):
        raise AnalysisError(
            f"{len(chosen) - len(own):,} customers have no values",
            where="segmentation stakes",
            fix="Make both from the same order lines, up to the same day.",
        )
    return {name: int(own[name].sum()) for name in _SUMS}
