"""Retention of either kind of business, and what is said of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from workbench.errors import AnalysisError
from workbench.retention.periods import Calendar
from workbench.retention.reading import read
from workbench.retention.remaining import remaining_time
from workbench.retention.study import OTHERS, Retention, retention

AS_OF = date(2024, 6, 30)
OPTIONS: Any = {"as_of": AS_OF, "calendar": Calendar(), "horizon": 6, "min_group": 5}


def subscriptions(sizes: dict[str, int], ended: bool = True) -> pd.DataFrame:
    """Return subscriptions from January to March; every third ends, after 10 to 70 days."""
    count = sum(sizes.values())
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(count) % 90, unit="D")
    end = start + pd.to_timedelta(10 + np.arange(count) * 7 % 60, unit="D")
    keep = (np.arange(count) % 3 == 0) & ended
    return pd.DataFrame(
        {
            "subscription_id": [f"s{i}" for i in range(count)],
            "started_at": start,
            "ended_at": end.where(keep),
            "plan": np.repeat(list(sizes), list(sizes.values())),
        }
    )


def texts(found: Retention) -> str:
    said = read(found)
    return " ".join(str(value) for value in vars(said).values()).lower()


def test_subscriptions_by_plan() -> None:
    table = subscriptions({"basic": 60, "team": 40, "rare": 3, "odd": 4})
    found = retention(None, table, by="plan", **OPTIONS)
    assert [curve.group for curve in found.groups] == ["basic", "team", OTHERS]
    assert sum(curve.n_obs for curve in found.groups) == found.curve.n_obs == 107
    assert found.test is not None
    assert found.test.groups == 3
    summary = found.summary()
    assert summary["group"].tolist() == ["everyone", "basic", "team", OTHERS]
    for value in summary.to_numpy().ravel():
        assert value is None or value == value
    assert set(found.drawn()["group"]) == {"basic", "team", OTHERS}
    assert "nan" not in texts(found)


def test_a_single_small_group_is_not_told_by_subtraction() -> None:
    table = subscriptions({"basic": 60, "team": 40, "rare": 3})
    found = retention(None, table, by="plan", **OPTIONS)
    assert [(c.group, c.n_obs) for c in found.groups] == [("basic", 60), (OTHERS, 43)]


def test_a_curve_ends_where_few_are_followed() -> None:
    # Ten subscriptions end on one day each, from day 11 on: at day 17 four are left.
    start = pd.Timestamp("2024-01-01")
    table = pd.DataFrame(
        {
            "subscription_id": [f"s{i}" for i in range(10)],
            "started_at": start,
            "ended_at": [start + pd.Timedelta(days=11 + i) for i in range(10)],
        }
    )
    drawn = retention(None, table, **OPTIONS).curve_frame()
    assert drawn["time"].tolist() == [0, 11, 12, 13, 14, 15, 16, 17]
    assert drawn["share"].iloc[-1] == pytest.approx(0.4)
    whole = retention(None, table, **{**OPTIONS, "min_group": 1}).curve_frame()
    assert whole["share"].iloc[-1] == 0


def test_orders_count_coming_back_upwards() -> None:
    rows = [(f"c{i}", f"2024-01-{1 + i % 28:02d}") for i in range(40)]
    rows += [(f"c{i}", f"2024-03-{1 + i % 28:02d}") for i in range(0, 40, 2)]
    orders = pd.DataFrame(rows, columns=["customer_id", "ordered_at"]).assign(amount=9.5)
    orders["ordered_at"] = pd.to_datetime(orders["ordered_at"])
    found = retention(orders, None, **{**OPTIONS, "horizon": 4})
    assert found.kind == "orders"
    assert found.at_horizon.value == pytest.approx(0.5)
    assert found.at_horizon.ci_lower is not None
    assert found.at_horizon.ci_upper is not None
    assert found.at_horizon.ci_lower < 0.5 < found.at_horizon.ci_upper
    frame = found.curve_frame()
    assert frame["share"].is_monotonic_increasing
    said = read(found)
    assert said.headline.startswith(
        "An estimated 50.0% of first-time buyers bought again within 122 days (95% interval"
    )
    assert said.timing == "Of those who buy again within 122 days, half have done so by day 60."
    assert said.groups == ""


def test_nobody_left_and_too_early_are_said() -> None:
    stayed = retention(None, subscriptions({"basic": 30}, ended=False), by="plan", **OPTIONS)
    said = read(stayed)
    assert said.timing == "Nobody has left within 183 days, so that it cannot be said when."
    assert said.median_reason == "Fewer than half have ended so far."
    assert stayed.test is not None
    assert stayed.test.reason == "There is only one group."
    early = retention(None, subscriptions({"basic": 30}), **{**OPTIONS, "horizon": 24})
    assert early.at_horizon.value is None
    assert "cannot be said yet" in read(early).headline
    assert read(early).ci is None


def test_a_plan_of_one_customer_with_many_seats_stands_with_others() -> None:
    table = subscriptions({"basic": 60, "team": 40, "seats": 20})
    whose = [f"c{i}" if plan != "seats" else "big" for i, plan in enumerate(table["plan"])]
    found = retention(None, table.assign(customer_id=whose), by="plan", **OPTIONS)
    assert [curve.group for curve in found.groups] == ["basic", OTHERS]
    assert found.curve.n_obs == 120
    with pytest.raises(AnalysisError, match="fewer than 5 customers"):
        retention(None, table.assign(customer_id="big"), **OPTIONS)
    two = table.assign(customer_id=[None if i % 2 else "big" for i in range(120)])
    assert retention(None, two, **OPTIONS).curve.n_obs == 120


def test_the_days_of_few_are_not_told() -> None:
    """One of thirty buys again, on day 17: neither that day nor a median of four is shown."""
    rows = [(f"c{i}", "2024-01-10") for i in range(30)] + [("c1", "2024-01-27")]
    orders = pd.DataFrame(rows, columns=["customer_id", "ordered_at"]).assign(amount=1.0)
    orders["ordered_at"] = pd.to_datetime(orders["ordered_at"])
    said = read(retention(orders, None, **{**OPTIONS, "horizon": 5}))
    assert said.timing == "Too few have bought again within 152 days to say when."
    assert said.timing_decision is None
    # Of six subscriptions two were followed for longer than 20 days; the next end is the median.
    start, ends = pd.Timestamp("2024-06-01"), [None, None, 5, 6, 25, 28]
    table = pd.DataFrame(
        {
            "subscription_id": [f"s{i}" for i in range(6)],
            "started_at": [start + pd.Timedelta(days=20)] * 2 + [start] * 4,
            "ended_at": [pd.NaT if n is None else start + pd.Timedelta(days=n) for n in ends],
        }
    )
    few = retention(None, table, **{**OPTIONS, "horizon": 1})
    assert few.curve.median.value == 25
    assert few.summary()["median_days"].tolist() == [None]
    assert read(few).median_days is None
    assert read(few).median_reason.startswith("So few were followed that long")


def test_both_tables_neither_and_too_few() -> None:
    table = subscriptions({"basic": 30})
    orders = pd.DataFrame(
        {"customer_id": ["a"], "ordered_at": [pd.Timestamp("2024-01-01")], "amount": [1.0]}
    )
    assert retention(orders, table, **OPTIONS).kind == "subscriptions"
    assert retention(None, table, by="channel", **OPTIONS).groups == ()
    with pytest.raises(AnalysisError, match="neither subscriptions nor orders"):
        retention(None, None, **OPTIONS)
    with pytest.raises(AnalysisError, match="fewer than 5 customers: a group must have as many"):
        retention(orders, None, **OPTIONS)


def world(seed: int, *, held_from: str = "", contract: int = 0) -> pd.DataFrame:
    """Return subscriptions since 2021; of an export only those that ran on a day or came later."""
    rng = np.random.default_rng(seed)
    first = pd.Timestamp("2023-01-01" if contract else "2021-01-01")
    span = (pd.Timestamp(AS_OF) - first).days
    start = first + pd.to_timedelta(rng.integers(0, span, 1500), unit="D")
    days = np.ceil(rng.exponential(size=1500) * 700)
    if contract:  # they end after whole years only
        days = contract * rng.geometric(0.3, 1500)
    end = pd.Series(start + pd.to_timedelta(days, unit="D"))
    table = pd.DataFrame(
        {
            "subscription_id": [f"s{i}" for i in range(1500)],
            "started_at": start,
            "ended_at": end.where(end <= pd.Timestamp(AS_OF)),
        }
    )
    return table[end >= pd.Timestamp(held_from)] if held_from else table


@pytest.mark.parametrize("held_from", ["2023-07-01", "2024-01-01"])
def test_an_export_of_those_still_there_is_seen_and_said(held_from: str) -> None:
    """Left truncation: who left before the export is not in it, so staying looks too good."""
    options = {**OPTIONS, "horizon": 24}
    whole = retention(None, world(1), **options)
    assert whole.unseen is None
    assert "No end before" not in read(whole).headline
    part = retention(None, world(1, held_from=held_from), **options)
    assert part.at_horizon.value > whole.at_horizon.value + 0.1
    assert part.unseen is not None
    said = read(part)
    told = "who left earlier is missing, and shares of those who stay are too high."
    assert said.headline.endswith(told)
    assert remaining_time(part).answer.endswith(told)
    assert said.trend.startswith("Whether it is getting better cannot be said")


@pytest.mark.parametrize("seed", range(4))
def test_a_young_business_is_no_such_export(seed: int) -> None:
    """The first contracts of a year run out after a year: nobody could leave before."""
    assert retention(None, world(seed, contract=365), **OPTIONS).unseen is None
    assert retention(None, world(seed), **OPTIONS).unseen is None


@pytest.mark.parametrize(
    ("customers", "said"),
    [
        (8, "Too few months have passed to compare"),  # one cohort a month, all of them large
        (4, "Too few months have passed, or the cohorts are too small, to compare"),
    ],
)
def test_why_cohorts_cannot_be_compared(customers: int, said: str) -> None:
    rows = [
        (f"{month}-{n}", pd.Timestamp(2024, month, 10), 1.0)
        for month in (4, 5)
        for n in range(customers)
    ]
    orders = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount"])
    assert read(retention(orders, None, **OPTIONS)).trend.startswith(said)
