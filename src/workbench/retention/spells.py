"""Subscriptions to spells that pay: from when to when, how much a month, and why they ended.

A change of plan is a new spell of the same subscription, and the next spell takes over from the
one before, also after a short pause.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.data.frames import (
    collect,
    day_number,
    lazy,
    money_units,
    require_number,
    require_time,
)
from workbench.errors import AnalysisError
from workbench.retention.durations import NOT_STATED

__all__ = ["paying_spells"]


def paying_spells(
    subscriptions: Any, *, as_of: date, join_days: int
) -> tuple[pd.DataFrame, tuple[int, int]]:
    """Return spells with what they pay, joined, and how many could not be read.

    Parameters
    ----------
    subscriptions
        `subscription_id`, `customer_id`, `started_at`, `ended_at` (missing: it runs),
        `monthly_amount` and, where known, `end_reason`.
    as_of
        The last day that counts: later starts are not read, later ends have not happened.
    join_days
        The longest pause between two spells of one subscription over which they are joined.

    Returns
    -------
    tuple
        A frame with `customer` (a number), `subscription` (a number), `start`, `end` (days; the
        last day of the calendar while it runs), `units` (ten-thousandths a month), `reason`,
        `begun` (the first start of the subscription, of spells without an amount too), sorted by
        what it holds; then how many spells had no amount, and how many no customer.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, amounts are negative, or no spell is left.
    """
    needs = ("subscription_id", "customer_id", "started_at", "ended_at", "monthly_amount")
    frame = lazy(subscriptions, where="subscriptions", needs=needs)
    for column in ("started_at", "ended_at"):
        require_time(frame, column, where="subscriptions")
    require_number(frame, "monthly_amount", where="subscriptions")
    known = "end_reason" in frame.collect_schema().names()
    reason = nw.col("end_reason").cast(nw.String) if known else nw.lit(None, dtype=nw.String)
    amount = nw.col("monthly_amount").fill_null(0)
    frame = frame.with_columns(
        start=day_number("started_at"),
        stop=day_number("ended_at"),
        reason=reason,
        amount=amount,
        priced=nw.when(nw.col("monthly_amount").is_null()).then(0).otherwise(1),
    ).filter((nw.col("start") > 0) & (nw.col("start") <= as_of.toordinal()))
    frame = frame.with_columns(units=money_units("amount"))
    columns = ["subscription_id", "customer_id", "start", "stop", "units", "priced", "reason"]
    found = collect(frame.select(*columns))
    known_end = (found["stop"] > 0) & (found["stop"] <= as_of.toordinal())
    possible = found["start"].where(~known_end | (found["stop"] >= found["start"]))
    first = possible.groupby(found["subscription_id"]).transform("min")
    found = found.assign(begun=first.fillna(found["start"]).astype("int64"))
    nameless = found["customer_id"].isna()
    priced = found["priced"].astype(bool)
    without = int((~priced).sum()), int(nameless.sum())
    found = found[priced & ~nameless]
    if (found["units"] < 0).any():
        raise AnalysisError(
            f"{int((found['units'] < 0).sum()):,} spells have a negative monthly_amount",
            where="subscriptions",
            fix="Let triage reject them: a discount lowers the amount, but not below nought.",
        )
    if not len(found):
        raise AnalysisError(
            "no spell with a customer and an amount", where="subscriptions", fix="Check as_of."
        )
    return _joined(found, as_of, join_days), without


def _joined(found: pd.DataFrame, as_of: date, join_days: int) -> pd.DataFrame:
    never = date.max.toordinal()
    stop = found["stop"].to_numpy("int64")
    ended = (stop > 0) & (stop <= as_of.toordinal())
    spells = pd.DataFrame(
        {
            "customer": pd.factorize(found["customer_id"], sort=True)[0],
            "subscription": pd.factorize(found["subscription_id"], sort=True)[0],
            "start": found["start"].to_numpy("int64"),
            "begun": found["begun"].to_numpy("int64"),
            "end": np.where(ended, stop, never),
            "units": found["units"].to_numpy("int64"),
            "reason": found["reason"].fillna(NOT_STATED).astype(str).to_numpy(),
        }
    )
    keys = ["subscription", "start", "end", "units", "reason", "customer"]
    spells = spells.sort_values(keys).reset_index(drop=True)
    begins, ends = (spells[name].to_numpy("int64").copy() for name in ("start", "end"))
    same = spells["subscription"].to_numpy()[1:] == spells["subscription"].to_numpy()[:-1]
    # The next spell of the subscription takes over, also where the earlier one seems to run on.
    takes = same & (begins[1:] - ends[:-1] <= join_days)
    ends[:-1][takes] = begins[1:][takes]
    return spells.assign(end=np.maximum(ends, begins))
