"""What is known of reaching customers: consent to marketing, best channel, margin so far."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw
import pandas as pd

from workbench.data.frames import MONEY_SCALE, collect, column_names, day_number, lazy, money_units

__all__ = ["reach"]

_CONSENT, _CHANNEL = "marketing_consent", "channel"


def reach(people: Any, orders: Any, *, as_of: date) -> pd.DataFrame:
    """Return for each customer consent, channel and margin, as far as the tables tell.

    Parameters
    ----------
    people
        The table of customers, one row for each; None where the unit has none.
    orders
        Order lines; None where the unit has none.
    as_of
        The last day that counts.

    Returns
    -------
    pandas.DataFrame
        Indexed by `customer_id`: `consent` (true, false, or None where nobody asked), `channel`
        (the channel of most order lines that are no returns, of equals the one used last; where
        orders tell none, the one that the customer came by; else None), `margin` (revenue less
        cost, returns taken off; None where the cost of a line is not known).
    """
    found = pd.DataFrame(index=pd.Index([], name="customer_id"))
    parts = [_of_people(people), _used(orders, as_of), _margins(orders, as_of)]
    for part in parts:
        if part is not None:
            found = found.join(part, how="outer")
    told = found.reindex(columns=["consent", "came_by", "used", "margin"]).astype(object)
    told = told.where(told.notna(), None)
    used = told["used"].where(told["used"].notna(), told["came_by"])
    return pd.DataFrame({"consent": told["consent"], "channel": used, "margin": told["margin"]})


def _of_people(people: Any) -> pd.DataFrame | None:
    """Return consent and the channel of joining; None without a table that tells either."""
    columns = {} if people is None else _named(people, {_CONSENT: "consent", _CHANNEL: "came_by"})
    if not columns:
        return None
    frame = lazy(people, where="customers", needs=("customer_id",))
    frame = frame.select("customer_id", **{name: nw.col(old) for old, name in columns.items()})
    return _by_customer(collect(frame))


def _used(orders: Any, as_of: date) -> pd.DataFrame | None:
    """Return the channel of most order lines; None where no line tells one."""
    if orders is None or not _named(orders, {_CHANNEL: "used"}):
        return None
    frame = lazy(orders, where="orders", needs=("customer_id", "ordered_at", "amount"))
    lines = frame.select("customer_id", "amount", used=_CHANNEL, day=day_number("ordered_at"))
    lines = lines.filter(
        (nw.col("day") <= as_of.toordinal()) & (nw.col("amount") >= 0) & ~nw.col("used").is_null()
    )
    counted = collect(
        lines.group_by("customer_id", "used").agg(many=nw.len(), last=nw.col("day").max())
    )
    counted = counted.sort_values(
        ["customer_id", "many", "last", "used"], ascending=[True, False, False, True]
    )
    return _by_customer(counted)[["used"]]


def _margins(orders: Any, as_of: date) -> pd.DataFrame | None:
    """Return revenue less cost; None where no order tells a cost."""
    if orders is None or not _named(orders, {"cost": "cost"}):
        return None
    frame = lazy(orders, where="orders", needs=("customer_id", "ordered_at", "amount"))
    lines = frame.select("customer_id", "amount", "cost", day=day_number("ordered_at"))
    lines = lines.filter(nw.col("day") <= as_of.toordinal())
    known = ~nw.col("cost").is_null()
    if frame.collect_schema()["cost"].is_float():
        known = known & nw.col("cost").is_finite()
    lines = lines.with_columns(
        cost=nw.when(known).then(nw.col("cost")).otherwise(0),
        unknown=nw.when(known).then(0).otherwise(1),
    )
    lines = lines.with_columns(units=money_units("amount"), spent=money_units("cost"))
    sums = collect(
        lines.group_by("customer_id").agg(
            nw.col("units").sum(), nw.col("spent").sum(), nw.col("unknown").sum()
        )
    )
    units = sums["units"].astype("int64") - sums["spent"].astype("int64")
    margin = (units / MONEY_SCALE).astype(object).where(sums["unknown"] == 0, None)
    return _by_customer(sums.assign(margin=margin))[["margin"]]


def _named(table: Any, wanted: dict[str, str]) -> dict[str, str]:
    known = column_names(table)
    return {old: name for old, name in wanted.items() if old in known}


def _by_customer(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the first row of each known customer, indexed by the customer."""
    known = frame[frame["customer_id"].notna()]
    return known.drop_duplicates("customer_id").set_index("customer_id").sort_index()
