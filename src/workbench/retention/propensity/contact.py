"""Whether customers may be contacted, and how: consent to marketing, and the channel they use."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw
import pandas as pd

from workbench.data.frames import collect, column_names, day_number, lazy
from workbench.data.lines import text_of
from workbench.data.preferred import preferred_channels
from workbench.retention.propensity.facts import Tables

__all__ = ["contact_of"]


def contact_of(tables: Tables, customers: pd.Index, *, as_of: date) -> pd.DataFrame:
    """Return consent and channel of customers, as far as the tables tell.

    Parameters
    ----------
    tables
        The unit's tables.
    customers
        The customers, in the order wanted.
    as_of
        The last day that counts.

    Returns
    -------
    pandas.DataFrame
        Indexed by the customers: `consent` (true, false, or None where nobody asked) and `channel`:
        that of most purchases; where there is none, that of most contacts with support; where there
        is none, the one that the customer came by; else None.
    """
    consent = came_by = used = asked = pd.Series(dtype=object)
    if tables.customers is not None:
        consent = _column(tables.customers, "marketing_consent")
        came_by = _column(tables.customers, "channel")
    if tables.orders is not None:
        found = preferred_channels(tables.orders, as_of=as_of)
        used = found.set_index("customer_id")["preferred_channel"]
    if tables.interactions is not None:
        asked = _most_asked(tables.interactions, as_of)
    channel = used.reindex(customers).astype(object)
    for other in (asked, came_by):
        channel = channel.where(channel.notna(), other.reindex(customers).astype(object))
    told = pd.DataFrame({"consent": consent.reindex(customers).astype(object), "channel": channel})
    return told.where(told.notna(), None)


def _column(customers: Any, name: str) -> pd.Series:
    """Return a column of the table of customers, by customer; empty where there is none."""
    if name not in column_names(customers):
        return pd.Series(dtype=object)
    frame = lazy(customers, where="customers", needs=("customer_id",))
    found = collect(frame.select("customer_id", name)).sort_values(["customer_id", name])
    found = found[found["customer_id"].notna()].drop_duplicates("customer_id")
    return found.set_index("customer_id")[name].astype(object)


def _most_asked(interactions: Any, as_of: date) -> pd.Series:
    """Return the channel of most contacts with support, then the latest, then the first by name."""
    if "channel" not in column_names(interactions):
        return pd.Series(dtype=object)
    frame = lazy(interactions, where="interactions", needs=("customer_id", "opened_at"))
    rows = frame.select(
        "customer_id", channel=text_of(frame, "channel"), day=day_number("opened_at")
    ).filter(
        (nw.col("day") > 0)
        & (nw.col("day") <= as_of.toordinal())
        & (nw.col("channel") != "")
        & ~nw.col("customer_id").is_null()
    )
    found = collect(
        rows.group_by("customer_id", "channel").agg(n=nw.len(), last=nw.col("day").max())
    )
    found = found.sort_values(
        ["customer_id", "n", "last", "channel"], ascending=[True, False, False, True]
    )
    return found.drop_duplicates("customer_id").set_index("customer_id")["channel"].astype(object)
