"""Recurring revenue from one period to the next: new, expansion, contraction, churned, won back.

What customers pay a month is compared between the first days of periods. All is done in whole
ten-thousandths of the currency, so that opening and movements add up to closing exactly.

- A spell pays from the day it starts until the day before it ends. A change of plan is a new spell
  of the same subscription; spells of one subscription with a short pause between them are joined,
  so that a pause around the first of a month is not a customer lost and won back.
- A customer is who pays: one with two subscriptions who ends one has contracted, not churned.
- Won back is who paid before, stopped, and pays again; new is who never paid before.
- Gross revenue retention is what is left of the opening revenue after contraction and churn; net
  revenue retention adds expansion. Neither counts new or won-back customers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.frames import as_money
from workbench.errors import AnalysisError
from workbench.retention.durations import NOT_STATED
from workbench.retention.periods import Calendar
from workbench.retention.spells import paying_spells

__all__ = [
    "MOVEMENTS",
    "RevenueRetention",
    "Waterfall",
    "revenue_retention",
    "revenue_waterfall",
]

Ints = npt.NDArray[np.int64]
MOVEMENTS = ("new", "won_back", "expansion", "contraction", "churned")
"""The movements, those that add first; contraction and churned are positive numbers to take off."""
_GROWS = 3  # so many movements add


@dataclass(frozen=True)
class Waterfall:
    """Recurring monthly revenue and how it moved, exact and nothing hidden.

    Parameters
    ----------
    table
        One row per whole period: `period` (its first day), `opening_units`, `new_units`,
        `won_back_units`, `expansion_units`, `contraction_units`, `churned_units`, `closing_units`
        (whole ten-thousandths, none negative), and customers: `opening`, `new`, `won_back`,
        `expansion`, `contraction`, `churned`, `closing`.
    churned
        One row per reason, most revenue first: `reason` ("not stated" where there is none),
        `decided` (false where the reason is no decision to leave, such as a failed payment),
        `customers` (times that a customer stopped paying), `units` (monthly revenue lost).
    spells_without_amount, spells_without_customer
        Spells that could not be read: no monthly amount, or no customer.
    calendar
        The grain of the periods.
    """

    table: pd.DataFrame
    churned: pd.DataFrame
    spells_without_amount: int
    spells_without_customer: int
    calendar: Calendar

    def rates(self) -> pd.DataFrame:
        """Return gross and net revenue retention by period.

        Returns
        -------
        pandas.DataFrame
            `period`, `gross_retention` (0 to 1), `net_retention`, `reason`; None, with the reason,
            where nothing was paid at the opening.
        """
        rows: list[tuple[Any, float | None, float | None, str]] = []
        for row in self.table.to_dict("records"):
            opening, lost = int(row["opening_units"]), int(row["contraction_units"])
            if not opening:
                rows.append((row["period"], None, None, "Nobody paid at the beginning."))
                continue
            kept = opening - lost - int(row["churned_units"])
            net = kept + int(row["expansion_units"])
            rows.append((row["period"], kept / opening, net / opening, ""))
        names = ["period", "gross_retention", "net_retention", "reason"]
        return pd.DataFrame(rows, columns=names, dtype=object)


@dataclass(frozen=True)
class RevenueRetention:
    """What is left of the revenue of those who paid some periods ago.

    Parameters
    ----------
    start, end
        The days that are compared, first days of periods.
    customers
        Who paid at the start.
    opening, kept, now
        Their monthly revenue at the start; what is left of it, no customer counted with more than
        at the start; what they pay at the end.
    gross, net
        `kept` and `now` as shares of `opening`; None without an opening.
    reason
        Why there is no share; empty otherwise.
    """

    start: date
    end: date
    customers: int
    opening: Decimal
    kept: Decimal
    now: Decimal
    gross: float | None
    net: float | None
    reason: str


def revenue_waterfall(
    subscriptions: Any,
    *,
    as_of: date,
    calendar: Calendar,
    periods: int,
    join_days: int = 31,
    undecided: Sequence[str] = ("payment_failed",),
    joined: bool = False,
) -> Waterfall:
    """Return how recurring revenue moved over the last whole periods.

    Parameters
    ----------
    subscriptions
        `subscription_id`, `customer_id`, `started_at`, `ended_at` (missing: it runs),
        `monthly_amount` and, where known, `end_reason`: a DuckDB relation, a pandas or a Polars
        frame.
    as_of
        The last day that counts; later starts are not read, later ends have not happened.
    calendar
        The grain of the periods.
    periods
        How many whole periods to show, at least 1; fewer where the subscriptions are younger.
    join_days
        The longest pause between two spells of one subscription over which they are joined; the
        amount of the earlier one holds until the later one starts. 0 joins none.
    undecided
        Values of `end_reason` that are no decision to leave.
    joined
        Whether these periods are looked at as one: what customers paid at its beginning and what
        they pay at its end, whatever they paid between.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, amounts are negative, or no whole period has
        passed.
    """
    if periods < 1:
        raise AnalysisError(f"periods == {periods}, must be >= 1", where="waterfall")
    spells, without = paying_spells(subscriptions, as_of=as_of, join_days=join_days)
    last = calendar.number_of(as_of + timedelta(days=1))
    first = calendar.number_of(date.fromordinal(int(spells["start"].min())))
    if last <= first:
        raise AnalysisError(
            f"no whole {calendar.grain} has passed since the first subscription",
            where="waterfall",
            fix="Choose a finer grain, or a later as_of.",
        )
    begin = max(first, last - periods)
    bounds = _bounds(calendar, begin, last)
    bounds = bounds[[0, -1]] if joined else bounds
    moves = _movements(spells, bounds)
    moves = moves[moves["bound"] > 0]
    return Waterfall(
        table=_table(spells, moves, bounds),
        churned=_reasons(spells, moves[moves["movement"] == "churned"], bounds, undecided),
        spells_without_amount=without[0],
        spells_without_customer=without[1],
        calendar=calendar,
    )


def revenue_retention(
    subscriptions: Any, *, as_of: date, calendar: Calendar, periods: int, join_days: int = 31
) -> RevenueRetention:
    """Return what is left of the revenue of those who paid so many whole periods ago.

    Unlike a product of the periods' rates it counts a customer who left and came back as kept.

    Parameters
    ----------
    subscriptions, as_of, calendar, join_days
        As :func:`revenue_waterfall` takes them.
    periods
        How many periods to look back, at least 1: 12 months for a year.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, amounts are negative, or for fewer periods
        than 1.
    """
    if periods < 1:
        raise AnalysisError(f"periods == {periods}, must be >= 1", where="waterfall")
    spells, _ = paying_spells(subscriptions, as_of=as_of, join_days=join_days)
    last = calendar.number_of(as_of + timedelta(days=1))
    ends = [calendar.start_of(last - periods), calendar.start_of(last)]
    then, now = (_paid(spells, day.toordinal()) for day in ends)
    here = then > 0
    opening, kept, paid = (int(values[here].sum()) for values in (then, np.minimum(then, now), now))
    reason = "" if opening else "Nobody paid at the beginning."
    return RevenueRetention(
        start=ends[0],
        end=ends[1],
        customers=int(here.sum()),
        opening=as_money(opening),
        kept=as_money(kept),
        now=as_money(paid),
        gross=kept / opening if opening else None,
        net=paid / opening if opening else None,
        reason=reason,
    )


def _paid(spells: pd.DataFrame, day: int) -> Ints:
    """Return what each customer pays on the eve of a day, in ten-thousandths."""
    runs = ((spells["start"] < day) & (spells["end"] >= day)).to_numpy()
    paid = np.zeros(int(spells["customer"].max()) + 1, dtype="int64")
    np.add.at(paid, spells["customer"].to_numpy()[runs], spells["units"].to_numpy()[runs])
    return paid


def _bounds(calendar: Calendar, first: int, last: int) -> Ints:
    days = [calendar.start_of(number).toordinal() for number in range(first, last + 1)]
    return np.array(days, dtype="int64")


def _movements(spells: pd.DataFrame, bounds: Ints) -> pd.DataFrame:
    """Return every change of what a customer pays between two bounds.

    The frame has `customer`, `bound` (place in `bounds`; 0 holds all before), `movement`, `units`
    (the change, positive), sorted by customer and bound.
    """
    start, end, units, who = (
        spells[name].to_numpy("int64") for name in ("start", "end", "units", "customer")
    )
    # Paid at a bound: started before it, not ended before it.
    begins = np.searchsorted(bounds, start, side="right")
    stops = np.searchsorted(bounds, end, side="right")
    changes = pd.DataFrame(
        {
            "customer": np.concatenate([who, who]),
            "bound": np.concatenate([begins, stops]),
            "change": np.concatenate([units, -units]),
            # Whoever paid between two bounds only is no new customer when they pay again later.
            "before": np.concatenate(
                [(begins == stops) & (units > 0), np.zeros(len(who), dtype=bool)]
            ),
        }
    )
    grouped = changes.groupby(["customer", "bound"], as_index=False)
    moves = grouped.agg(change=("change", "sum"), before=("before", "max"))
    people = moves["customer"].to_numpy()
    after = moves.groupby("customer")["change"].cumsum().to_numpy("int64")
    change = moves["change"].to_numpy("int64")
    level = after - change
    ever = pd.Series((after > 0) | moves["before"].to_numpy())
    earlier = ever.groupby(people).cummax().groupby(people).shift(1, fill_value=False)
    names = np.select(
        [
            (level == 0) & (after > 0) & ~earlier.to_numpy(dtype=bool),
            (level == 0) & (after > 0),
            (level > 0) & (after == 0),
            change > 0,
            change < 0,
        ],
        ["new", "won_back", "churned", "expansion", "contraction"],
        "",
    )
    kept = (names != "") & (moves["bound"].to_numpy() < len(bounds))
    made = moves[["customer", "bound"]].assign(movement=names, units=np.abs(change))
    found: pd.DataFrame = made.loc[kept].reset_index(drop=True)
    return found


def _table(spells: pd.DataFrame, moves: pd.DataFrame, bounds: Ints) -> pd.DataFrame:
    size = len(bounds) - 1
    paid = _paid(spells, int(bounds[0]))
    columns: dict[str, Ints] = {}
    net, people = np.zeros(size, dtype="int64"), np.zeros(size, dtype="int64")
    for name in MOVEMENTS:
        own = moves[moves["movement"] == name]
        place = own["bound"].to_numpy("int64") - 1
        units = np.zeros(size, dtype="int64")
        np.add.at(units, place, own["units"].to_numpy("int64"))
        columns[f"{name}_units"] = units
        columns[name] = np.bincount(place, minlength=size)
        sign = 1 if name in MOVEMENTS[:_GROWS] else -1
        net += sign * units
        people += sign * columns[name] * (name not in ("expansion", "contraction"))
    closing = int(paid.sum()) + np.cumsum(net)
    there = int((paid > 0).sum()) + np.cumsum(people)
    starts = [date.fromordinal(int(day)) for day in bounds[:-1]]
    made = {"period": pd.to_datetime(pd.Series(starts)), "opening_units": closing - net}
    made |= {f"{name}_units": columns[f"{name}_units"] for name in MOVEMENTS}
    made |= {"closing_units": closing, "opening": there - people}
    made |= {name: columns[name] for name in MOVEMENTS}
    return pd.DataFrame({**made, "closing": there})


def _reasons(
    spells: pd.DataFrame, lost: pd.DataFrame, bounds: Ints, undecided: Sequence[str]
) -> pd.DataFrame:
    """Return churned revenue by the reason of the customer's spell that ended last."""
    names = ["reason", "decided", "customers", "units"]
    if not len(lost):
        return pd.DataFrame(columns=names)
    ended = spells.assign(bound=np.searchsorted(bounds, spells["end"], side="right"))
    ended = ended[ended["units"] > 0].sort_values(["customer", "bound", "end", "units", "reason"])
    last = ended.drop_duplicates(["customer", "bound"], keep="last")
    told = lost.merge(last[["customer", "bound", "reason"]], on=["customer", "bound"], how="left")
    told["reason"] = told["reason"].fillna(NOT_STATED)
    made = told.groupby("reason", as_index=False).agg(
        customers=("units", "size"), units=("units", "sum")
    )
    made["decided"] = ~made["reason"].isin([*undecided])
    order = made.sort_values(["units", "reason"], ascending=[False, True], kind="stable")
    return order[names].reset_index(drop=True)
