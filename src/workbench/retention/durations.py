"""Orders or subscriptions to times to an event, grouped: equal times are one row with a count.

A customer base at day resolution has few distinct times, so the result is small however many rows
there are, and every model on it is quick.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.data.frames import collect, column_names, day_number, lazy, require_time
from workbench.data.lines import purchase_lines
from workbench.data.phrases import day
from workbench.errors import AnalysisError
from workbench.retention.times import at_risk, total_at

__all__ = [
    "NOT_STATED",
    "join_spells",
    "repeat_durations",
    "subscribers",
    "subscription_durations",
    "unseen_before",
    "unseen_words",
]

NOT_STATED = "not stated"
_SPAN = ("start", "end", "ended", "n")
_FOLLOWED = 30  # a rate at an age does not rest on fewer
_EXPECTED = 20.0  # by chance nobody leaves where so many would in one of 500 million cases


def repeat_durations(orders: Any, *, as_of: date) -> pd.DataFrame:
    """Return the times from first purchase day to second.

    Parameters
    ----------
    orders
        Order lines: `customer_id`, `ordered_at`, `amount`; returns (negative amounts) and lines
        without a customer are not read.
    as_of
        The last day that counts. A customer without a second purchase day is censored there.

    Returns
    -------
    pandas.DataFrame
        `durations` (days), `event_observed` (0 or 1), `n` (customers), sorted.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, or no purchase is left.
    """
    bought = purchase_lines(orders, last_day=as_of.toordinal())
    days = bought.group_by("customer_id", "day").agg(lines=nw.len())
    firsts = days.group_by("customer_id").agg(first=nw.col("day").min())
    never = as_of.toordinal() + 1
    seen = days.join(firsts, on="customer_id", how="inner").with_columns(
        later=nw.when(nw.col("day") > nw.col("first")).then(nw.col("day")).otherwise(never)
    )
    each = seen.group_by("customer_id").agg(nw.col("first").min(), nw.col("later").min())
    each = each.with_columns(
        event_observed=nw.when(nw.col("later") < never).then(1).otherwise(0),
        durations=nw.when(nw.col("later") < never)
        .then(nw.col("later") - nw.col("first"))
        .otherwise(as_of.toordinal() - nw.col("first")),
    )
    return _grouped(each, [], where="orders")


def join_spells(subscriptions: Any, *, as_of: date, by: str | None = None) -> nw.LazyFrame[Any]:
    """Return one row per subscription, still in the engine.

    A change of plan is a new spell of the same subscription, so spells are joined: a subscription
    runs from its first start to its last end, pauses included, and is what it was at its start.

    Parameters
    ----------
    subscriptions
        `subscription_id`, `started_at`, `ended_at` (missing: it runs).
    as_of
        The last day that counts: later starts are not read, later ends have not happened.
    by
        A column whose value at the start groups the subscriptions.

    Returns
    -------
    narwhals.LazyFrame
        `subscription_id`, `start`, `end` (day numbers; `end` is `as_of` where it runs), `ended`
        (0 or 1), and `group` when `by` is given. Spells that end before they start are not read.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind.
    """
    needs = ("subscription_id", "started_at", "ended_at")
    named = {by: "group_by"} if by else None
    frame = lazy(subscriptions, where="subscriptions", needs=needs, named=named)
    for column in ("started_at", "ended_at"):
        require_time(frame, column, where="subscriptions")
    last = as_of.toordinal()
    spells = frame.with_columns(start=day_number("started_at"), stop=day_number("ended_at"))
    over = (nw.col("stop") > 0) & (nw.col("stop") <= last)  # 0: no end is known
    spells = spells.with_columns(
        runs=nw.when(over).then(0).otherwise(1),
        end=nw.when(over).then(nw.col("stop")).otherwise(last),
    ).filter((nw.col("start") > 0) & (nw.col("end") >= nw.col("start")))
    joined = spells.group_by("subscription_id").agg(
        nw.col("start").min(), nw.col("end").max(), nw.col("runs").max()
    )
    joined = joined.with_columns(ended=1 - nw.col("runs")).drop("runs")
    if by is None:
        return joined
    firsts = spells.select("subscription_id", "start", group=nw.col("group_by").cast(nw.String))
    firsts = firsts.group_by("subscription_id", "start").agg(nw.col("group").min())
    found = joined.join(firsts, on=["subscription_id", "start"], how="inner")
    return found.with_columns(nw.col("group").fill_null(NOT_STATED))


def subscription_durations(
    subscriptions: Any, *, as_of: date, by: str | None = None
) -> pd.DataFrame:
    """Return how long subscriptions ran.

    Parameters
    ----------
    subscriptions, as_of, by
        As :func:`join_spells` takes them. A subscription that runs at `as_of` is censored there.

    Returns
    -------
    pandas.DataFrame
        `group` (when `by` is given), `durations` (days), `event_observed` (0 or 1), `n`, sorted.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, or no subscription is left.
    """
    joined = join_spells(subscriptions, as_of=as_of, by=by).with_columns(
        durations=nw.col("end") - nw.col("start"), event_observed=nw.col("ended")
    )
    return _grouped(joined, ["group"] if by else [], where="subscriptions")


def subscribers(subscriptions: Any, *, as_of: date, by: str | None = None) -> pd.DataFrame | None:
    """Return which customers started subscriptions when, where some have several.

    Five subscriptions of one customer are a group of one, which is too small to show.

    Parameters
    ----------
    subscriptions, as_of, by
        As :func:`join_spells` takes them, and `customer_id` where it is there.

    Returns
    -------
    pandas.DataFrame or None
        One row per start, customer and, with `by`, group: `start` (a day number), `customer`,
        `group`. A subscription without a customer counts as one of its own. None where each
        customer has one subscription, or customers are not known: then both numbers are the same.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind.
    """
    if "customer_id" not in column_names(subscriptions):
        return None
    named = nw.col("customer_id").cast(nw.String)
    own = nw.concat_str(nw.lit("subscription "), nw.col("subscription_id").cast(nw.String))
    frame = lazy(subscriptions, where="subscriptions", needs=("subscription_id",))
    customer = (
        nw.when(named.is_null()).then(own).otherwise(nw.concat_str(nw.lit("customer "), named))
    )
    people = frame.select("subscription_id", customer=customer)
    people = people.group_by("subscription_id").agg(nw.col("customer").min())
    both = collect(people.select(rows=nw.len(), customers=nw.col("customer").n_unique()))
    if int(both["rows"].iloc[0]) == int(both["customers"].iloc[0]):
        return None
    joined = join_spells(subscriptions, as_of=as_of, by=by)
    joined = joined.join(people, on="subscription_id", how="inner")
    keys = ["start", *(["group"] if by else []), "customer"]
    found = collect(joined.select(*keys).unique())
    return found.sort_values(keys).reset_index(drop=True)


def unseen_before(subscriptions: Any, *, as_of: date) -> date | None:
    """Return the first day with an end, where those who left before it are evidently not held.

    A table of who is there today, or was on the day of an export, lacks all who left earlier. Then
    nobody leaves in all the time before, though customers of the same ages leave in the time since.
    Ages count, so that a young business whose first contracts have just run out is none of these.

    Parameters
    ----------
    subscriptions, as_of
        As :func:`join_spells` takes them.

    Returns
    -------
    datetime.date or None
        None where nothing speaks against the data holding everyone who left.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind.
    """
    joined = join_spells(subscriptions, as_of=as_of)
    spans = collect(joined.group_by("start", "end", "ended").agg(n=nw.len()))
    gone = spans[spans["ended"] == 1]
    if not len(gone):
        return None
    first = int(gone["end"].min())
    start, end, ended, n = (spans[name].to_numpy("float64") for name in _SPAN)
    # Who is followed from the first end on, by age: entries are late, ends are all there.
    age, entry = end - start, np.where(first - 1 > start, first - 1 - start, -1.0)
    marks = np.unique(age[ended == 1])
    followed = at_risk(marks, age, entry, n)
    places = np.searchsorted(marks, age[ended == 1])
    left = total_at(places, n[ended == 1], len(marks))
    enough = followed >= _FOLLOWED
    rates = np.divide(left, followed, out=np.zeros_like(left), where=enough)
    so_far = np.concatenate([[0.0], np.cumsum(rates)])
    lived = np.searchsorted(marks, entry, side="right")  # ages that were passed before
    expected = float(np.sort(n * so_far[lived]).sum())
    return date.fromordinal(first) if expected >= _EXPECTED else None


def unseen_words(unseen: date | None) -> str:
    """Return what is missing in data that hold no one who left before a day; empty for None.

    Examples
    --------
    >>> unseen_words(date(2025, 6, 30))[:40]
    ' No end before 30 Jun 2025 is in the dat'
    """
    if unseen is None:
        return ""
    return (
        f" No end before {day(unseen)} is in the data: who left earlier is missing, and shares of "
        "those who stay are too high."
    )


def _grouped(each: nw.LazyFrame[Any], groups: list[str], *, where: str) -> pd.DataFrame:
    keys = [*groups, "durations", "event_observed"]
    found = collect(each.group_by(*keys).agg(n=nw.len()))
    if not len(found):
        raise AnalysisError("no row is left up to as_of", where=where, fix="Check as_of.")
    types = {"durations": "int64", "event_observed": "int64", "n": "int64"}
    return found[[*keys, "n"]].astype(types).sort_values(keys).reset_index(drop=True)
