"""Contacts with support, and contacts by campaigns, to what was known of them by a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import narwhals as nw
import pandas as pd

from workbench.data.frames import (
    MONEY_SCALE,
    collect,
    day_number,
    lazy,
    money_units,
    require_number,
    require_time,
)
from workbench.data.lines import finite
from workbench.retention.propensity.facts import YEAR_DAYS, Fact, LeftOut, in_period

__all__ = ["SETTLED_DAYS", "asked", "asked_facts", "touched", "touched_facts", "unknown_answers"]

SETTLED_DAYS = 30
"""A contact may be opened again, and is rated, only after it is over, on a day that no table tells:
how it went is read only where it had been over for so long."""
_ANSWERS = ("reopened", "satisfaction")


def asked_facts(interactions: Any, period_days: int) -> tuple[Fact, ...]:
    """Return the facts that :func:`asked` makes of a table of contacts with support."""
    lately = in_period(period_days)
    made = [
        Fact("contacts", f"Contacts with support {lately}"),
        Fact("contacts_trend", f"Contacts with support {lately} less those before"),
        Fact("contacts_year", "Contacts with support in the last 365 days"),
        Fact("days_since_contact", "Days since the last contact with support"),
    ]
    names = _answers(interactions)
    if "resolved_at" in names:
        made.append(Fact("open_contacts", "Contacts with support that are still open"))
    if "reopened" in names:
        made.append(Fact("reopened", "Contacts with support in 365 days that were opened again"))
    if "satisfaction" in names:
        made.append(Fact("satisfaction", "Average rating of support in 365 days", digits=1))
    return tuple(made)


def unknown_answers(interactions: Any) -> tuple[LeftOut, ...]:
    """Return the columns that are known only later, at a time that the table does not tell."""
    names = lazy(interactions, where="interactions").collect_schema().names()
    if "resolved_at" in names:
        return ()
    why = "is known only once a contact is over, and the table does not say when (resolved_at)"
    return tuple(LeftOut("interactions", name, why) for name in _ANSWERS if name in names)


def _answers(interactions: Any) -> list[str]:
    """Return the columns about how a contact ended, if it is known when it did."""
    names = lazy(interactions, where="interactions").collect_schema().names()
    wanted = ("resolved_at", *_ANSWERS)
    return [name for name in wanted if name in names] if "resolved_at" in names else []


def asked(interactions: Any, *, cutoff: date, period_days: int) -> pd.DataFrame:
    """Return what was known by a day of each customer's contacts with support.

    How a contact went - whether it was opened again, how it was rated - is read only where it had
    been over for :data:`SETTLED_DAYS` by that day.

    Parameters
    ----------
    interactions
        `customer_id`, `opened_at` and, where known, `resolved_at`, `reopened`, `satisfaction`.
    cutoff, period_days
        As :func:`workbench.retention.propensity.bought.bought` takes them.

    Returns
    -------
    pandas.DataFrame
        Indexed by `customer_id`, sorted, of customers with a contact: one float column for each of
        :func:`asked_facts`.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind.
    """
    end = cutoff.toordinal()
    frame = lazy(interactions, where="interactions", needs=("customer_id", "opened_at"))
    require_time(frame, "opened_at", where="interactions")
    frame, chosen = _outcomes(frame, _answers(interactions), end)
    rows = frame.select("customer_id", day=day_number("opened_at"), **chosen)
    parts = _periods(end, period_days)
    if "over" in chosen:
        parts["open"] = nw.when("over").then(0.0).otherwise(1.0)
    year = nw.col("day") > end - YEAR_DAYS
    if "again" in chosen:
        parts["reopened"] = nw.when(nw.col("settled") & year).then(nw.col("again")).otherwise(0.0)
    if "rated" in chosen:
        told = nw.col("settled") & year & nw.col("rated")
        parts["ratings"] = nw.when(told).then(1.0).otherwise(0.0)
        parts["stars"] = nw.when(told).then(nw.col("rating")).otherwise(0)
    found = _reduced(rows, end, parts)
    made = pd.DataFrame(
        {
            "contacts": found["lately"],
            "contacts_trend": found["lately"] - found["before"],
            "contacts_year": found["year"],
            "days_since_contact": end - found["last"],
        }
    )
    if "open" in parts:
        made["open_contacts"] = found["open"]
    if "reopened" in parts:
        made["reopened"] = found["reopened"]
    if "ratings" in parts:
        made["satisfaction"] = (
            found["stars"] / MONEY_SCALE / found["ratings"].where(found["ratings"] > 0)
        )
    return made


def _outcomes(
    frame: nw.LazyFrame[Any], names: Sequence[str], end: int
) -> tuple[nw.LazyFrame[Any], dict[str, nw.Expr]]:
    """Return what tells how contacts went, by the columns that there are."""
    chosen: dict[str, nw.Expr] = {}
    if "resolved_at" in names:
        require_time(frame, "resolved_at", where="interactions")
        over = day_number("resolved_at")
        chosen["over"] = over.is_between(1, end)
        chosen["settled"] = over.is_between(1, end - SETTLED_DAYS)
    if "reopened" in names:
        require_number(frame, "reopened", where="interactions")
        chosen["again"] = nw.col("reopened").cast(nw.Float64).fill_null(0.0)
    if "satisfaction" in names:
        require_number(frame, "satisfaction", where="interactions")
        chosen["rated"] = finite(frame, "satisfaction")
        rating = nw.when(chosen["rated"]).then(nw.col("satisfaction")).otherwise(0)
        frame = frame.with_columns(rating=rating)
        # Whole numbers: their sum is the same in any order.
        chosen["rating"] = money_units("rating")
    return frame, chosen


def touched_facts(period_days: int) -> tuple[Fact, ...]:
    """Return the facts that :func:`touched` makes."""
    lately = in_period(period_days)
    return (
        Fact("touchpoints", f"Contacts by campaigns {lately}"),
        Fact("touchpoints_trend", f"Contacts by campaigns {lately} less those before"),
        Fact("days_since_touchpoint", "Days since the last contact by a campaign"),
    )


def touched(touchpoints: Any, *, cutoff: date, period_days: int) -> pd.DataFrame:
    """Return how often campaigns had reached each customer by a day.

    Parameters
    ----------
    touchpoints
        `customer_id`, `touched_at`.
    cutoff, period_days
        As :func:`workbench.retention.propensity.bought.bought` takes them.

    Returns
    -------
    pandas.DataFrame
        Indexed by `customer_id`, sorted, of customers who were reached: one float column for each
        of :func:`touched_facts`.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind.
    """
    end = cutoff.toordinal()
    frame = lazy(touchpoints, where="touchpoints", needs=("customer_id", "touched_at"))
    require_time(frame, "touched_at", where="touchpoints")
    rows = frame.select("customer_id", day=day_number("touched_at"))
    found = _reduced(rows, end, _periods(end, period_days))
    return pd.DataFrame(
        {
            "touchpoints": found["lately"],
            "touchpoints_trend": found["lately"] - found["before"],
            "days_since_touchpoint": end - found["last"],
        }
    )


def _periods(end: int, period_days: int) -> dict[str, nw.Expr]:
    day = nw.col("day")
    lately = day > end - period_days
    before = (day > end - 2 * period_days) & ~lately
    return {
        "lately": nw.when(lately).then(1.0).otherwise(0.0),
        "before": nw.when(before).then(1.0).otherwise(0.0),
        "year": nw.when(day > end - YEAR_DAYS).then(1.0).otherwise(0.0),
    }


def _reduced(rows: nw.LazyFrame[Any], end: int, parts: dict[str, nw.Expr]) -> pd.DataFrame:
    """Return sums of parts by customer, over the rows up to a day, and the last of these days."""
    known = rows.filter(
        (nw.col("day") > 0) & (nw.col("day") <= end) & ~nw.col("customer_id").is_null()
    )
    reduced = known.with_columns(**parts).group_by("customer_id")
    found = collect(reduced.agg(nw.col(*parts).sum(), last=nw.col("day").max()))
    return found.set_index("customer_id").sort_index().astype("float64")
