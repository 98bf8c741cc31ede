"""What is said of revenue by cohort and by first touch, for either kind of unit."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from workbench.retention.first_touch_reading import FirstTouchReading, read_first_touch
from workbench.retention.periods import Calendar
from workbench.retention.revenue_reading import RevenueReading, cohort_revenue, read_revenue

OPTIONS: Any = {"as_of": date(2024, 6, 30), "calendar": Calendar(), "horizon": 3, "min_group": 5}


def orders(again: int = 40) -> pd.DataFrame:
    """Return 80 first purchases of January; some of the web, none of the shop buys again."""
    rows = [(f"c{i}", "2024-01-10", 30.0, "web" if i % 2 else "shop") for i in range(80)]
    rows += [(f"c{i}", "2024-04-10", 12.0, "web") for i in range(1, 2 * again, 2)]
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount", "channel"])
    return frame.assign(ordered_at=pd.to_datetime(frame["ordered_at"]))


def subscriptions() -> pd.DataFrame:
    names = [f"s{i}" for i in range(40)]
    ends = [pd.Timestamp("2024-03-15")] * 10 + [pd.NaT] * 30
    return pd.DataFrame(
        {
            "subscription_id": names,
            "customer_id": names,
            "started_at": pd.Timestamp("2024-01-10"),
            "ended_at": pd.Series(ends, dtype="datetime64[us]"),
            "monthly_amount": 10.0,
        }
    )


def no_nan(said: RevenueReading | FirstTouchReading) -> None:
    words = " ".join(str(value) for value in vars(said).values() if isinstance(value, str))
    assert "nan" not in words.lower().split()


def test_what_customers_who_buy_bring() -> None:
    found = cohort_revenue(orders(), None, **OPTIONS)
    said = read_revenue(found, currency="GBP")
    assert said.answer == (
        "A customer brings £30.00 on average in the month of the first purchase, and £6.00 more in "
        "the 3 months after it (80 customers have been followed that long)."
    )
    assert said.who == "Customers"
    assert found.grid()["3"].tolist() == [6.0, 6.0]
    no_nan(said)


def test_a_snapshot_of_those_still_there_is_no_proof_that_all_pay_on() -> None:
    """All ends lie on the day of the snapshot: cohorts would seem to pay all of what they did."""
    names = [f"s{i}" for i in range(1200)]
    start = pd.Timestamp("2024-06-30") - pd.to_timedelta(
        [30 * (1 + i % 12) for i in range(1200)], "D"
    )
    ended = pd.Series([i % 4 == 0 for i in range(1200)])
    table = pd.DataFrame(
        {
            "subscription_id": names,
            "customer_id": names,
            "started_at": start,
            "ended_at": pd.Series(pd.Timestamp("2024-06-30"), index=ended.index).where(ended),
            "monthly_amount": 10.0,
        }
    )
    said = read_revenue(cohort_revenue(None, table, **OPTIONS), currency="EUR")
    assert said.answer.startswith(
        "What is left of a cohort's revenue cannot be said. No end before"
    )
    assert "100" not in said.answer + said.title


def test_what_is_left_of_what_subscribers_paid() -> None:
    found = cohort_revenue(orders(), subscriptions(), **OPTIONS)  # an end that is seen says more
    said = read_revenue(found, currency="EUR")
    assert said.answer == (
        "After 3 months cohorts still pay 75.0% of what they paid at their start, changes of plan "
        "included: €7.50 a month for each that started (40 subscriptions have been followed that "
        "long)."
    )
    assert said.who == "Subscriptions"
    weeks = cohort_revenue(None, subscriptions(), **{**OPTIONS, "calendar": Calendar("week")})
    told = read_revenue(weeks, currency="EUR")
    assert told.not_added == "amounts a month do not add up over weeks"
    no_nan(said)


@pytest.mark.parametrize(
    ("tables", "more", "reason"),
    [
        ((None, None), {}, "There are neither subscriptions nor orders."),
        (
            (None, subscriptions().drop(columns="monthly_amount")),
            {},
            "The subscriptions have no monthly_amount.",
        ),
        (
            (orders(), None),
            {"min_group": 90},
            "In every period too few customers paid to be shown.",
        ),
    ],
)
def test_why_there_is_no_revenue_triangle(tables: Any, more: Any, reason: str) -> None:
    found = cohort_revenue(*tables, **{**OPTIONS, **more})
    said = read_revenue(found, currency="GBP")
    assert said.answer == f"What cohorts bring over time cannot be said: {reason}"
    assert found.grid()["0"].isna().all()
    assert len(found.overall) == 0
    no_nan(said)


def test_a_sentence_does_not_rest_on_few() -> None:
    table = orders()
    few = table[table["customer_id"].isin([f"c{i}" for i in range(24)])]
    said = read_revenue(cohort_revenue(few, None, **OPTIONS), currency="GBP")
    assert said.answer.startswith("Too few months have passed, or too few customers have been")
    no_nan(said)


def test_too_early_is_said() -> None:
    early = {**OPTIONS, "as_of": date(2024, 1, 20)}
    for tables in ((orders(), None), (None, subscriptions())):
        said = read_revenue(cohort_revenue(*tables, **early), currency="GBP")
        assert "Too few months have passed" in said.answer or "cannot be said" in said.answer


def test_whether_the_first_purchase_tells_who_comes_back() -> None:
    said = read_first_touch(orders(), **OPTIONS)
    assert said.answer == (
        "The first channel matters: 100.0% of those whose first channel was web bought in month 3 "
        "after it, 0.0% of those with shop, more apart than chance explains (p < 0.001)."
    )
    assert said.table["so_far"].tolist() == [30.0, 42.0]
    rows = orders(again=20)
    both = rows.assign(channel=["web", "web", "shop", "shop"] * 25)
    alike = read_first_touch(both, **OPTIONS)
    assert alike.answer.startswith("No difference by first channel is shown: 25.0% of those")
    few = read_first_touch(orders(again=2), **OPTIONS)
    assert few.answer == "Too few customers have been followed to compare them by first channel."
    assert few.table["so_far"].tolist() == [30.0, None]  # the money of two is hidden, nought is not
    never = read_first_touch(orders(again=0), **OPTIONS)
    assert never.answer == "Nobody bought in month 3 after the first purchase."
    for one in (said, alike, few, never):
        no_nan(one)


@pytest.mark.parametrize(
    ("table", "more", "reason"),
    [
        (None, {}, "There are no orders, so there is no first purchase."),
        (
            orders().drop(columns="channel"),
            {},
            "No column says where the first purchase came from.",
        ),
        (orders(), {"min_group": 90}, "Fewer than 90 customers came a month ago or earlier."),
        (
            orders().assign(channel="web"),
            {},
            "Only one value of channel is common enough to be shown.",
        ),
    ],
)
def test_why_first_touch_tells_nothing(table: Any, more: Any, reason: str) -> None:
    said = read_first_touch(table, **{**OPTIONS, **more})
    assert said.reason == reason
    assert said.answer == f"Whether the first purchase tells who stays cannot be said: {reason}"
    assert len(said.table) == 0
    no_nan(said)
