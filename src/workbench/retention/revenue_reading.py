"""What cohorts bring over time, for a unit of either kind, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from workbench.data.frames import column_names
from workbench.data.phrases import counted, money, share
from workbench.data.small_groups import hidden_words
from workbench.retention.durations import unseen_before, unseen_words
from workbench.retention.periods import Calendar
from workbench.retention.revenue import RevenueTriangle, order_revenue, subscription_revenue

__all__ = ["CohortRevenue", "RevenueReading", "cohort_revenue", "read_revenue"]

_FEW = 30


@dataclass(frozen=True)
class CohortRevenue:
    """The revenue triangle of a unit, or why there is none.

    Parameters
    ----------
    triangle
        Revenue by cohort and period; None where there is none.
    min_group
        The smallest group that may be shown.
    reason
        Why there is none; empty otherwise.
    unseen
        As :attr:`workbench.retention.study.Retention.unseen`.
    """

    triangle: RevenueTriangle | None
    min_group: int
    reason: str
    unseen: date | None = None

    @property
    def overall(self) -> pd.DataFrame:
        """Return the rows over all cohorts; empty where there is no triangle."""
        return pd.DataFrame() if self.triangle is None else self.triangle.overall

    def grid(self) -> pd.DataFrame:
        """Return the triangle as it is drawn; one empty row where there is none."""
        if self.triangle is None:
            return pd.DataFrame({"cohort": ["All cohorts"], "0": [None]})
        return self.triangle.grid()


@dataclass(frozen=True)
class RevenueReading:
    """Sentences of the report, all computed.

    Parameters
    ----------
    answer
        What a customer brings at the start and later.
    who
        Who is in a cohort, as a heading: `Customers` or `Subscriptions`.
    title, subtitle, alt
        Message of the figure, how to read it, and its text alternative.
    not_added
        Why a sum up to a period is empty.
    """

    answer: str
    who: str
    title: str
    subtitle: str
    alt: str
    not_added: str


def cohort_revenue(
    orders: Any = None,
    subscriptions: Any = None,
    *,
    as_of: date,
    calendar: Calendar,
    horizon: int,
    min_group: int,
) -> CohortRevenue:
    """Return what cohorts bring over time; with both tables, what subscriptions do.

    Parameters
    ----------
    orders, subscriptions
        The unit's tables, None where it has none.
    as_of, calendar, horizon, min_group
        As :func:`workbench.retention.study.retention` takes them.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind.
    """
    options: Any = {
        "as_of": as_of,
        "calendar": calendar,
        "horizon": horizon,
        "min_group": min_group,
    }
    unseen = None
    if subscriptions is not None:
        unseen = unseen_before(subscriptions, as_of=as_of)
        needed = ("customer_id", "monthly_amount")
        lacking = [name for name in needed if name not in column_names(subscriptions)]
        if lacking:
            return CohortRevenue(None, min_group, f"The subscriptions have no {lacking[0]}.")
        triangle = subscription_revenue(subscriptions, **options)
    elif orders is not None:
        triangle = order_revenue(orders, **options)
    else:
        return CohortRevenue(None, min_group, "There are neither subscriptions nor orders.")
    if not len(triangle.overall):
        return CohortRevenue(None, min_group, "In every period too few customers paid to be shown.")
    return CohortRevenue(triangle, min_group, "", unseen)


def read_revenue(found: CohortRevenue, *, currency: str) -> RevenueReading:
    """Return the sentences of a revenue triangle.

    Parameters
    ----------
    found
        The triangle.
    currency
        ISO 4217 code of the amounts.
    """
    triangle = found.triangle
    if triangle is None:
        said = f"What cohorts bring over time cannot be said: {found.reason}"
        return RevenueReading(said, "Customers", said, "", said, "")
    grain, buys = triangle.calendar.grain, triangle.kind == "orders"
    overall = triangle.overall
    last = overall.iloc[-1]
    answer, title = (_bought if buys else _paid)(overall, grain, currency)
    if found.unseen is not None:
        title = "What cohorts of those still there pay"
        answer = f"What is left of a cohort's revenue cannot be said.{unseen_words(found.unseen)}"
    what = "brought in that" if buys else "paid a month at the beginning of that"
    subtitle = (
        f"Revenue per customer of the cohort, {what} {grain}, net of returns; who has left counts "
        "with nought"
        if buys
        else f"Per subscription of the cohort, {what} {grain}; ended ones count with nought"
    )
    return RevenueReading(
        answer=answer,
        title=title,
        who="Customers" if buys else "Subscriptions",
        subtitle=subtitle,
        alt=f"A grid with a row per cohort and a column per {grain} since the start, up to "
        f"{grain} {last['period']}. {answer}",
        not_added=hidden_words(found.min_group)
        if buys or grain == "month"
        else f"amounts a month do not add up over {grain}s",
    )


def _enough(overall: pd.DataFrame) -> pd.DataFrame:
    """Return the periods that a sentence may rest on: not on the few of the oldest cohorts."""
    most = int(overall["customers"].max()) if len(overall) else 0
    return overall[overall["customers"] >= max(_FEW, most / 4)]


def _bought(overall: pd.DataFrame, grain: str, currency: str) -> tuple[str, str]:
    first, known = overall.iloc[0], _enough(overall[overall["so_far"].notna()])
    if first["period"] != 0 or len(known) < 2:
        said = (
            f"Too few {grain}s have passed, or too few customers have been followed, to say what a "
            f"customer brings after the first {grain}."
        )
        return said, said.rstrip(".")
    last = known.iloc[-1]
    later = float(last["so_far"]) - float(first["per_customer"])
    span = counted(int(last["period"]), grain)
    said = (
        f"A customer brings {money(float(first['per_customer']), currency)} on average in the "
        f"{grain} of the first purchase, and {money(later, currency)} more in the {span} after it "
        f"({counted(int(last['customers']), 'customer')} have been followed that long)."
    )
    title = (
        f"A customer brings {money(float(first['per_customer']), currency)} in the first {grain}, "
        f"{money(later, currency)} in the next {span}"
    )
    return said, title


def _paid(overall: pd.DataFrame, grain: str, currency: str) -> tuple[str, str]:
    known = _enough(overall[overall["of_start"].notna()])
    known = known[known["period"] > 0]
    if not len(known):
        said = (
            f"Too few {grain}s have passed, or too few subscriptions have been followed, to say "
            "what is left of a cohort's revenue."
        )
        return said, said.rstrip(".")
    last = known.iloc[-1]
    span = counted(int(last["period"]), grain)
    kept = share(float(last["of_start"]))
    said = (
        f"After {span} cohorts still pay {kept} of what they paid at their start, changes of plan "
        f"included: {money(float(last['per_customer']), currency)} a month for each that "
        f"started ({counted(int(last['customers']), 'subscription')} have been followed that long)."
    )
    return said, f"After {span} cohorts still pay {kept} of what they paid at their start"
