"""What is known of reaching customers: consent to marketing, best channel, margin so far."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw
import pandas as pd

from workbench.data.frames import MONEY_SCALE, collect, column_names, lazy
from workbench.data.preferred import preferred_channels
from workbench.segmentation.stakes import Stakes, customer_values

__all__ = ["reach"]

_CONSENT, _CHANNEL = "marketing_consent", "channel"


def reach(people: Any, orders: Any, *, as_of: date, stakes: Stakes | None = None) -> pd.DataFrame:
    """Return for each customer consent, channel and margin, as far as the tables tell.

    Parameters
    ----------
    people
        The table of customers, one row for each; None where the unit has none.
    orders
        Order lines; None where the unit has none.
    as_of
        The last day that counts.
    stakes
        What was measured of the same orders and day already; None: it is measured.

    Returns
    -------
    pandas.DataFrame
        Indexed by `customer_id`: `consent` (true, false, or None where nobody asked), `channel`
        (see :func:`workbench.data.preferred.preferred_channels`; where orders tell
        none, the one that the customer came by; else None), `margin` (revenue less
        cost, returns taken off; None where the cost of a line is not known).
    """
    found = pd.DataFrame(index=pd.Index([], name="customer_id"))
    parts = [_of_people(people), _used(orders, as_of), _margins(orders, as_of, stakes)]
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
    """Return the channel of most purchases; None where no line tells one."""
    found = None if orders is None else preferred_channels(orders, as_of=as_of)
    if found is None or found.empty:
        return None
    return found.rename(columns={"preferred_channel": "used"}).set_index("customer_id")


def _margins(orders: Any, as_of: date, stakes: Stakes | None) -> pd.DataFrame | None:
    """Return revenue less cost; None where no order tells a cost."""
    if orders is None or "cost" not in column_names(orders):
        return None
    values = customer_values(orders, as_of=as_of) if stakes is None else stakes.values
    known = values["costed_lines"] == values["lines"]
    margin = (values["margin_units"] / MONEY_SCALE).astype(object).where(known, None)
    return _by_customer(values.assign(margin=margin))[["margin"]]


def _named(table: Any, wanted: dict[str, str]) -> dict[str, str]:
    known = column_names(table)
    return {old: name for old, name in wanted.items() if old in known}


def _by_customer(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the first row of each known customer, indexed by the customer."""
    known = frame[frame["customer_id"].notna()]
    return known.drop_duplicates("customer_id").set_index("customer_id").sort_index()
