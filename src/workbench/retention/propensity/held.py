"""Subscriptions to what each customer held on a day, and who left after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.data.frames import (
    MONEY_SCALE,
    collect,
    column_names,
    day_number,
    lazy,
    money_units,
    require_number,
    require_time,
)
from workbench.data.lines import finite
from workbench.retention.propensity.facts import LEVEL, NOT_KNOWN, Fact

__all__ = [
    "JOIN_DAYS",
    "UNDECIDED",
    "held",
    "held_facts",
    "joined_runs",
    "leavers_between",
    "monthly_amounts",
    "spells_of",
]

JOIN_DAYS = 31
"""A pause of at most so many days between two spells is no end."""
UNDECIDED = ("payment_failed",)
"""Values of `end_reason` that are no decision to leave."""
_NEVER = date.max.toordinal()


def held_facts(subscriptions: Any, period_days: int) -> tuple[Fact, ...]:
    """Return the facts that :func:`held` makes of a table of subscriptions."""
    names = lazy(subscriptions, where="subscriptions").collect_schema().names()
    made = [
        Fact("tenure_days", "Days since the first subscription began"),
        Fact("spell_days", "Days since the present plan began"),
        Fact("subscriptions", "Subscriptions that run"),
        Fact("spells_before", "Subscriptions and plans that ended before"),
    ]
    if "monthly_amount" in names:
        change = f"Monthly amount less that of {period_days} days before"
        made.append(Fact("monthly_amount", "Monthly amount", money=True))
        made.append(Fact("amount_trend", change, money=True))
    if "plan" in names:
        made.append(Fact("plan", "Plan", LEVEL))
    return tuple(made)


def held(subscriptions: Any, *, cutoff: date, period_days: int) -> pd.DataFrame:
    """Return what the customers with a running subscription held on a day.

    When a spell that ran on that day ended, and why, is not read.

    Parameters
    ----------
    subscriptions
        `customer_id`, `started_at`, `ended_at` (missing: it runs) and, where known, `plan` and
        `monthly_amount`; one row for each spell.
    cutoff
        The day. A spell runs on a day when it began by then and ended later, or not at all.
    period_days
        How long before the day the earlier monthly amount is looked up.

    Returns
    -------
    pandas.DataFrame
        Indexed by `customer_id`, sorted, one column for each of :func:`held_facts`: floats, and
        text for `plan` (that of the spell that pays most). NaN where what one of the spells pays is
        not known.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind.
    """
    end = cutoff.toordinal()
    spells = _spells(subscriptions).filter(nw.col("start") <= end)
    runs = nw.col("stop") > end
    earlier = end - period_days
    ran = (nw.col("start") <= earlier) & (nw.col("stop") > earlier)
    parts = {
        "subscriptions": nw.when(runs).then(1).otherwise(0),
        "spells_before": nw.when(runs).then(0).otherwise(1),
        "units_now": nw.when(runs).then(nw.col("units")).otherwise(0),
        "units_before": nw.when(ran).then(nw.col("units")).otherwise(0),
        "unknown_now": nw.when(runs).then(nw.col("unknown")).otherwise(0),
        "unknown_before": nw.when(ran).then(nw.col("unknown")).otherwise(0),
        "latest": nw.when(runs).then(nw.col("start")).otherwise(0),
    }
    sums = ["subscriptions", "spells_before"]
    sums += ["units_now", "units_before", "unknown_now", "unknown_before"]
    reduced = spells.with_columns(**parts).group_by("customer_id")
    found = collect(
        reduced.agg(
            nw.col(*sums).sum(), first=nw.col("start").min(), latest=nw.col("latest").max()
        ).filter(nw.col("subscriptions") > 0)
    )
    found = found.set_index("customer_id").sort_index().astype("float64")
    told = found["unknown_now"] == 0
    both = told & (found["unknown_before"] == 0) & (found["first"] <= earlier)
    now, before = (found[f"units_{when}"] / MONEY_SCALE for when in ("now", "before"))
    made = pd.DataFrame(
        {
            "tenure_days": end - found["first"],
            "spell_days": end - found["latest"],
            "subscriptions": found["subscriptions"],
            "spells_before": found["spells_before"],
            "monthly_amount": now.where(told),
            "amount_trend": (now - before).where(both),
        }
    )
    wanted = [fact.name for fact in held_facts(subscriptions, period_days)]
    if "plan" in wanted:
        made["plan"] = _plans(spells.filter(runs), made.index)
    return made[wanted]


def _spells(subscriptions: Any) -> nw.LazyFrame[Any]:
    """Return spells with days, amount, plan and reason, still in the engine."""
    frame = lazy(
        subscriptions, where="subscriptions", needs=("customer_id", "started_at", "ended_at")
    )
    for column in ("started_at", "ended_at"):
        require_time(frame, column, where="subscriptions")
    names = frame.collect_schema().names()
    nothing = nw.lit("")
    texts = {
        new: nw.col(old).cast(nw.String).fill_null("") if old in names else nothing
        for new, old in (("plan", "plan"), ("reason", "end_reason"))
    }
    amount, unknown = nw.lit(0), nw.lit(0)
    if "monthly_amount" in names:
        require_number(frame, "monthly_amount", where="subscriptions")
        known = finite(frame, "monthly_amount")
        amount = nw.when(known).then(nw.col("monthly_amount")).otherwise(0)
        unknown = nw.when(known).then(0).otherwise(1)
    frame = frame.with_columns(amount=amount, unknown=unknown)
    frame = frame.select(
        *("customer_id", "unknown"),
        start=day_number("started_at"),
        stop=day_number("ended_at"),
        units=money_units("amount"),
        **texts,
    )
    stop = nw.when(nw.col("stop") > 0).then(nw.col("stop")).otherwise(_NEVER)
    return frame.with_columns(stop=stop).filter(
        (nw.col("start") > 0)
        & (nw.col("stop") >= nw.col("start"))
        & ~nw.col("customer_id").is_null()
    )


def _plans(running: nw.LazyFrame[Any], customers: pd.Index) -> pd.Series:
    """Return the plan of each customer's spell that pays most, then began last, then by name."""
    found = collect(running.select("customer_id", "plan", "units", "start"))
    found = found.sort_values(
        ["customer_id", "units", "start", "plan"], ascending=[True, False, False, True]
    )
    first = found.drop_duplicates("customer_id").set_index("customer_id")["plan"]
    first = first.reindex(customers).astype(object)
    return first.where(first.astype(str) != "", NOT_KNOWN)


def monthly_amounts(subscriptions: Any) -> pd.Series | None:
    """Return what each customer pays a month in all rows together; None where nothing tells."""
    if subscriptions is None or "monthly_amount" not in column_names(subscriptions):
        return None
    found = collect(_spells(subscriptions).group_by("customer_id").agg(nw.col("units").sum()))
    return found.set_index("customer_id")["units"].sort_index() / MONEY_SCALE


def spells_of(subscriptions: Any) -> pd.DataFrame:
    """Return spells with their days and how they ended, sorted: read once, for every cut-off.

    Parameters
    ----------
    subscriptions
        As :func:`held` takes them, with `end_reason` where it is known.

    Returns
    -------
    pandas.DataFrame
        `customer_id`, `start`, `stop` (day numbers; that of the last day of all where it runs),
        `reason`.

    Raises
    ------
    AnalysisError
        As :func:`held`.
    """
    spells = collect(_spells(subscriptions).select("customer_id", "start", "stop", "reason"))
    order = ["customer_id", "start", "stop", "reason"]
    return spells.sort_values(order).reset_index(drop=True)


def joined_runs(
    spells: pd.DataFrame,
    *,
    until: date,
    undecided: Sequence[str] = UNDECIDED,
    join_days: int = JOIN_DAYS,
) -> pd.DataFrame:
    """Return from when to when customers held a subscription, as it was known on a day.

    All spells of a customer count together. A spell that began after the day is not read, so that a
    customer who pauses over it has left, as far as anybody knew.

    Parameters
    ----------
    spells
        As :func:`spells_of` returns them.
    until
        The last day that counts. A spell that ended later ran.
    undecided
        Reasons that are no decision to leave.
    join_days
        The longest pause between spells that is no end.

    Returns
    -------
    pandas.DataFrame
        `customer_id`, `start`, `stop` (day numbers; that of the last day of all where it runs),
        `decided` (false where the end had one of the reasons of `undecided`), sorted.
    """
    spells = spells[spells["start"] <= until.toordinal()]
    who, names = pd.factorize(spells["customer_id"])
    start, stop = (spells[name].to_numpy("int64") for name in ("start", "stop"))
    stop = np.where(stop > until.toordinal(), _NEVER, stop)
    # The running maximum of the ends within a customer: one number that no other customer reaches.
    apart = who.astype("int64") * (2 * _NEVER)
    reach = np.maximum.accumulate(stop + apart) - apart
    begins = np.append(start[1:], 0)
    last = np.append(who[1:] != who[:-1], True)[: len(who)] | (begins - reach > join_days)
    run = np.append(0, np.cumsum(last)[:-1])[: len(who)]
    ends = np.flatnonzero(last)
    # Of spells that end together, a decision to leave counts first.
    final = stop == reach[ends][run]
    chose = final & ~spells["reason"].isin([*undecided]).to_numpy(bool)
    decided = np.zeros(len(ends), dtype=bool)
    decided[run[chose]] = True
    return pd.DataFrame(
        {
            "customer_id": names[who[ends]],
            "start": start[np.append(0, ends + 1)[:-1]],
            "stop": reach[ends],
            "decided": decided,
        }
    )


def leavers_between(spells: pd.DataFrame, *, after: date, until: date) -> pd.DataFrame:
    """Return who held a subscription on a day and had none left by another, as was known then.

    Parameters
    ----------
    spells
        As :func:`spells_of` returns them.
    after, until
        The first day does not count, the last does.

    Returns
    -------
    pandas.DataFrame
        Indexed by `customer_id`, sorted: `decided`, false for an end that was no decision.
    """
    runs = joined_runs(spells, until=until)
    first, last = after.toordinal(), until.toordinal()
    left = (runs["start"] <= first) & (runs["stop"] > first) & (runs["stop"] <= last)
    return runs.loc[left, ["customer_id", "decided"]].set_index("customer_id").sort_index()
