"""Each customer's preferred channel, for lists of customers to act on."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw
import pandas as pd

from workbench.data.frames import collect, column_names
from workbench.data.lines import order_lines, refuse_unreadable, text_of

__all__ = ["preferred_channels"]


def preferred_channels(orders: Any, *, as_of: date) -> pd.DataFrame:
    """Return the channel in which each customer bought on most days.

    Of channels with equally many days the one that was used last is preferred, then the first by
    name. Returns do not count.

    Parameters
    ----------
    orders
        Order lines, as :func:`workbench.data.lines.order_lines` takes them.
    as_of
        The last day that counts.

    Returns
    -------
    pandas.DataFrame
        `customer_id`, `preferred_channel`, sorted by `customer_id`; customers of whom no channel is
        known are left out. Empty where the orders have no channels.

    Raises
    ------
    AnalysisError
        When lines have no readable time or amount.

    Examples
    --------
    >>> from datetime import date
    >>> lines = pd.DataFrame({
    ...     "customer_id": ["a", "a", "a"], "amount": [1.0, 1.0, 1.0],
    ...     "ordered_at": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-01-02"]),
    ...     "channel": ["shop", "shop", "web"]})
    >>> preferred_channels(lines, as_of=date(2024, 1, 31))["preferred_channel"].tolist()
    ['web']
    """
    names = ["customer_id", "preferred_channel"]
    if "channel" not in column_names(orders):
        return pd.DataFrame({name: pd.Series(dtype="str") for name in names})
    lines = order_lines(orders, last_day=as_of.toordinal(), more=("channel",))
    lines = lines.with_columns(channel=text_of(lines, "channel"))
    days = lines.group_by("customer_id", "channel", "day").agg(
        nw.col("bought").max(), nw.col("unreadable").sum()
    )
    days = days.with_columns(
        last_day=nw.when(nw.col("bought") == 1).then(nw.col("day")).otherwise(0)
    )
    found = collect(
        days.group_by("customer_id", "channel").agg(
            nw.col("bought").sum(), nw.col("unreadable").sum(), nw.col("last_day").max()
        )
    )
    refuse_unreadable(found)
    used = found[~found["customer_id"].isna() & (found["channel"] != "") & (found["bought"] > 0)]
    used = used.sort_values(
        ["customer_id", "bought", "last_day", "channel"], ascending=[True, False, False, True]
    )
    first = used.drop_duplicates("customer_id").rename(columns={"channel": "preferred_channel"})
    return first[names].reset_index(drop=True)
