"""How often each segment turns to support, and how satisfied it is.

A customer can turn to support from the first purchase on, and is seen to do so from the first
contact in the data on; so a customer's time begins with the later of both. A segment's rate is the
contacts of its customers over their time, and its satisfaction the mean of all scores. Both are
ratios of sums, and their intervals take the customer as what is sampled.

References
----------
Cochran, "Sampling Techniques", Wiley, 1977, chapter 6 (ratio of sums).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, sqrt
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from scipy import stats

from workbench.data.frames import (
    collect,
    column_names,
    day_number,
    lazy,
    require_number,
    require_time,
)
from workbench.data.lines import finite

__all__ = ["MIN_CUSTOMERS", "YEAR", "Care", "Contacts", "read_contacts", "segment_care"]

MIN_CUSTOMERS = 10
"""An interval needs as many customers with contacts, or with scores."""
YEAR = 365.25
_SCORE = 10_000  # scores are added up as whole ten-thousandths, so that their order is nothing
_Estimate = tuple[float | None, float | None, float | None]
_NONE: _Estimate = (None, None, None)


@dataclass(frozen=True)
class Contacts:
    """Contacts with support up to a day.

    Parameters
    ----------
    days
        One row per customer and day: `customer_id` (missing where nobody is known), `day` (day
        number; nought where the time is missing), `all` (contacts), `scored` (those with a score),
        `score` (their sum, in whole ten-thousandths).
    first_day
        The day of the first contact of anybody; None where there is none.
    reason
        Why there are none, or an empty string.
    """

    days: pd.DataFrame
    first_day: int | None
    reason: str = ""


@dataclass(frozen=True)
class Care:
    """Support of each segment.

    Parameters
    ----------
    frame
        One row per segment: `segment`, `contacts_per_year` (per customer), `contacts_ci_lower`,
        `contacts_ci_upper`, `contacts_per_100` (per hundred days with a purchase),
        `per_100_ci_lower`, `per_100_ci_upper`, `satisfaction` (mean score),
        `satisfaction_ci_lower`, `satisfaction_ci_upper`, `scored_share` (of contacts, 0-1); None
        where there is no number.
    since
        The first contact in the data; None without contacts.
    contacts
        Contacts that are counted.
    left_out
        Contacts that are not: of nobody known, of customers in no segment, or from before the
        customer's first purchase.
    scored_share
        Share of the contacts counted that have a score; None without contacts.
    level
        Of all intervals.
    method
        How they were made, in words.
    reason
        Why there is no number at all, or an empty string.
    """

    frame: pd.DataFrame
    since: date | None
    contacts: int
    left_out: int
    scored_share: float | None
    level: float
    method: str
    reason: str = ""


def read_contacts(interactions: Any, *, as_of: date) -> Contacts:
    """Return the contacts with support up to a day.

    Parameters
    ----------
    interactions
        Contacts with `customer_id`, `opened_at` and, if known, `satisfaction`: a DuckDB relation, a
        pandas frame or a Polars frame; None where the unit has none.
    as_of
        The last day that counts.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind.
    """
    if interactions is None:
        nobody = pd.DataFrame(columns=["customer_id", "day", "all", "scored", "score"])
        return Contacts(nobody, None, "the unit has no table of contacts")
    frame = lazy(interactions, where="interactions", needs=("customer_id", "opened_at"))
    require_time(frame, "opened_at", where="interactions")
    scores = "satisfaction" in column_names(interactions)
    if scores:
        require_number(frame, "satisfaction", where="interactions")
    rows = frame.select(
        "customer_id",
        day=day_number("opened_at"),
        there=finite(frame, "satisfaction") if scores else nw.lit(False),
        rating=nw.col("satisfaction").cast(nw.Float64) if scores else nw.lit(0.0),
    ).filter(nw.col("day") <= as_of.toordinal())
    rows = rows.with_columns(rating=nw.when("there").then(nw.col("rating")).otherwise(0.0))
    rows = rows.with_columns(
        score=(nw.col("rating") * _SCORE).round(0).cast(nw.Int64),
        scored=nw.when("there").then(1).otherwise(0),
    )
    grouped = rows.group_by("customer_id", "day").agg(nw.col("score", "scored").sum(), all=nw.len())
    days = collect(grouped.with_columns(nw.col("score", "scored", "all").cast(nw.Int64)))
    dated = days.loc[days["day"] > 0, "day"]
    first = None if dated.empty else int(dated.min())
    return Contacts(days, first, "" if first else "the table of contacts is empty")


def segment_care(
    contacts: Contacts,
    customers: pd.DataFrame,
    segments: np.ndarray[Any, Any],
    order: Sequence[str],
    *,
    as_of: date,
    min_group: int,
    alpha: float = 0.05,
) -> Care:
    """Return the support load and the satisfaction of each segment.

    Parameters
    ----------
    contacts
        As :func:`read_contacts` gives them.
    customers
        `customer_id`, `first_purchase_day` (day number, nought for nobody who bought),
        `purchase_days` (since the first contact of anybody).
    segments
        The segment of each of them; None for those in no segment.
    order
        The segments' names.
    as_of
        The last day that counts.
    min_group
        A mean score of fewer customers is not shown.
    alpha
        One minus the level of the intervals.
    """
    if contacts.first_day is None:
        rows = [(name, *[None] * (len(_COLUMNS) - 1)) for name in order]
        frame = pd.DataFrame(rows, columns=_COLUMNS, dtype=object)
        return Care(frame, None, 0, 0, None, 1 - alpha, _METHOD, contacts.reason)
    known = customers.assign(segment=segments)
    known = known[known["segment"].notna() & (known["first_purchase_day"] > 0)]
    own = known.merge(_since_first_purchase(contacts.days, known), on="customer_id", how="left")
    sums = ["contacts", "scored", "score"]
    own[sums] = own[sums].fillna(0)
    start = np.maximum(own["first_purchase_day"].to_numpy("int64"), contacts.first_day)
    own = own.assign(time=as_of.toordinal() - start + 1)
    rows = [
        (name, *_row(own[own["segment"] == name], min_group=min_group, alpha=alpha))
        for name in order
    ]
    counted, scored = int(own["contacts"].sum()), int(own["scored"].sum())
    return Care(
        frame=pd.DataFrame(rows, columns=_COLUMNS, dtype=object),
        since=date.fromordinal(contacts.first_day),
        contacts=counted,
        left_out=int(contacts.days["all"].sum()) - counted,
        scored_share=scored / counted if counted else None,
        level=1 - alpha,
        method=_METHOD,
    )


_METHOD = "ratio of sums over customers; rates on their logarithm; t with customers as what counts"
_COLUMNS = ["segment", "contacts_per_year", "contacts_ci_lower", "contacts_ci_upper"]
_COLUMNS += ["contacts_per_100", "per_100_ci_lower", "per_100_ci_upper"]
_COLUMNS += ["satisfaction", "satisfaction_ci_lower", "satisfaction_ci_upper", "scored_share"]


def _since_first_purchase(days: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return each customer's contacts and scores from the first purchase on."""
    begun = known.set_index("customer_id")["first_purchase_day"]
    since = days["customer_id"].map(begun)
    kept = days[(days["day"] >= since).to_numpy(dtype=bool)]
    sums = kept.groupby("customer_id")[["all", "scored", "score"]].sum()
    return sums.rename(columns={"all": "contacts"}).reset_index()


def _row(own: pd.DataFrame, *, min_group: int, alpha: float) -> tuple[Any, ...]:
    """Return rate and satisfaction of one segment's customers, with intervals."""
    # In an order of the numbers alone: what a customer is called must not move the last digit.
    own = own.sort_values(["time", "purchase_days", "contacts", "scored", "score"])
    contacts = own["contacts"].to_numpy("float64")
    scored, score = own["scored"].to_numpy("float64"), own["score"].to_numpy("float64")
    years = own["time"].to_numpy("float64") / YEAR
    hundreds = own["purchase_days"].to_numpy("float64") / 100
    enough = len(own) >= max(min_group, 1)
    rates = [_rate(contacts, base, alpha) if enough else _NONE for base in (years, hundreds)]
    mean = _NONE
    those = int((scored > 0).sum())
    if those >= max(min_group, 1):
        level = float(score.sum() / scored.sum()) / _SCORE
        mean = (level, None, None)
        if those >= MIN_CUSTOMERS:
            reach = _reach(score, scored, those, alpha) / _SCORE
            mean = (level, level - reach, level + reach)
    share = float(scored.sum() / contacts.sum()) if contacts.sum() else None
    return *rates[0], *rates[1], *mean, share


def _rate(contacts: np.ndarray[Any, Any], base: np.ndarray[Any, Any], alpha: float) -> _Estimate:
    """Return contacts over what they are counted against, with an interval on its logarithm."""
    if not base.sum():
        return _NONE
    middle, those = float(contacts.sum() / base.sum()), int((contacts > 0).sum())
    if those < MIN_CUSTOMERS:
        return middle, None, None
    reach = _reach(contacts, base, those, alpha) / middle
    return middle, middle * exp(-reach), middle * exp(reach)


def _reach(top: np.ndarray[Any, Any], below: np.ndarray[Any, Any], n: int, alpha: float) -> float:
    """Return half the length of the interval of a ratio of sums over customers."""
    distances = top - top.sum() / below.sum() * below
    there = int((below > 0).sum())
    error = sqrt(float(distances @ distances) * there / (there - 1)) / float(below.sum())
    return float(stats.t.ppf(1 - alpha / 2, n - 1)) * error
