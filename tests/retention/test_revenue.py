"""The revenue triangle by hand, from every engine, and what must stay hidden in it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.retention.cohorts import order_triangle, subscription_triangle
from workbench.retention.periods import Calendar
from workbench.retention.revenue import RevenueTriangle, order_revenue, subscription_revenue

AS_OF = date(2024, 6, 30)
OPTIONS: Any = {"as_of": AS_OF, "calendar": Calendar(), "horizon": 12, "min_group": 1}


def orders(rows: list[tuple[str | None, str, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount"])
    times = pd.to_datetime(frame["ordered_at"], format="ISO8601").astype("datetime64[us]")
    return frame.assign(ordered_at=times)


ORDERS = orders(
    [
        ("a", "2024-01-05", 10),
        ("a", "2024-01-20", 5.25),
        ("a", "2024-03-31", 7),
        ("b", "2024-01-31", 20),
        ("b", "2024-02-10", -4),  # a return lowers the revenue of its period
        ("c", "2024-05-01", 30),
        ("c", "2024-06-30", 1),
        ("d", "2024-04-02", -9),  # returned before anything was bought
        ("d", "2024-05-31", 10),
        ("r", "2024-05-31", -2),  # never bought anything in the data
        (None, "2024-01-01", 10),
        ("e", "2024-07-01", 10),  # after as_of
    ]
)


def money(found: RevenueTriangle, cohort: str) -> list[Decimal | None]:
    return found.cells.loc[found.cells["cohort"] == cohort, "revenue"].tolist()


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_orders_by_hand(engine: str) -> None:
    connection = duckdb.connect()
    connection.register("orders", ORDERS)
    table = {
        "pandas": ORDERS,
        "polars": pl.from_pandas(ORDERS),
        "duckdb": connection.sql("FROM orders"),
    }
    found = order_revenue(table[engine], **OPTIONS)
    assert money(found, "2024-01-01") == [Decimal(x) for x in ("35.25", "-4", "7", "0", "0", "0")]
    assert money(found, "2024-05-01") == [Decimal("40"), Decimal("1")]
    assert found.unplaced == Decimal("-11")
    overall = found.overall.set_index("period")
    assert overall.loc[1, ["cohorts", "customers", "revenue"]].tolist() == [2, 4, Decimal("-3")]
    assert overall.loc[1, "per_customer"] == pytest.approx(-0.75)
    assert overall.loc[1, "so_far"] == pytest.approx(75.25 / 4 - 0.75)
    assert found.grid()["0"].tolist() == pytest.approx([35.25 / 2, 20.0, 75.25 / 4])


def test_a_period_that_is_not_over_is_immature_not_nought() -> None:
    found = order_revenue(ORDERS, **{**OPTIONS, "as_of": date(2024, 6, 29)})
    assert money(found, "2024-05-01") == [Decimal("40"), None]
    assert found.cells["state"].tolist().count("immature") == 2
    assert found.overall["period"].max() == 4


def test_customers_and_cohorts_are_those_of_the_retention_triangle() -> None:
    shares = order_triangle(ORDERS, **OPTIONS)
    found = order_revenue(ORDERS, **OPTIONS)
    assert found.overall["customers"].tolist() == shares.overall["customers"].tolist()
    assert found.cells["customers"].tolist() == shares.cells["customers"].tolist()


def test_money_of_few_is_hidden_and_cannot_be_subtracted() -> None:
    rows = [(f"x{i}", "2024-01-10", 1.0) for i in range(30)]
    rows += [(f"y{i}", "2024-02-10", 1.0) for i in range(30)]
    rows += [(f"z{i}", "2024-03-10", 1.0) for i in range(30)]
    rows += [(f"x{i}", "2024-02-11", 50.0) for i in range(2)]  # two of January in period 1
    rows += [(f"y{i}", "2024-03-11", 3.0) for i in range(9)]
    rows += [(f"z{i}", "2024-04-11", 2.0) for i in range(20)]
    found = order_revenue(orders(rows), **{**OPTIONS, "min_group": 5})
    first = found.cells[found.cells["period"] == 1].set_index("cohort")
    # The nine of February go with the two of January: all less the others would be these.
    assert first["revenue"].tolist() == [None, None, Decimal("40")]
    assert first["state"].tolist() == ["suppressed", "suppressed", "mature"]
    assert first["customers"].tolist() == [30, 30, 30]
    assert found.overall["revenue"].iloc[1] == Decimal("167")
    assert found.overall["so_far"].iloc[1] == pytest.approx(1 + 167 / 90)
    # Nobody bought later: nought is shown as nought.
    assert found.overall["revenue"].iloc[2] == 0


def test_behind_a_period_of_few_nothing_is_added_up() -> None:
    rows = [(f"x{i}", "2024-01-10", 1.0) for i in range(30)] + [("x1", "2024-02-10", 7.0)]
    rows += [(f"x{i}", "2024-03-10", 2.0) for i in range(30)]
    found = order_revenue(orders(rows), **{**OPTIONS, "min_group": 5})
    assert found.overall["period"].tolist() == [0, 2, 3, 4, 5]
    assert found.overall["so_far"].tolist() == [1.0, None, None, None, None]


def test_a_first_spell_without_an_amount_is_the_start_nevertheless() -> None:
    """A trial without an amount: the cohort is that of its start, as in the retention triangle."""
    rows = [
        ("s1", "a", "2024-01-05", "2024-03-01", None),
        ("s1", "a", "2024-03-01", None, 20.0),
        ("s2", "b", "2024-01-07", None, 10.0),
    ]
    names = ["subscription_id", "customer_id", "started_at", "ended_at", "monthly_amount"]
    table = pd.DataFrame(rows, columns=names)
    for name in ("started_at", "ended_at"):
        table[name] = pd.to_datetime(table[name]).astype("datetime64[us]")
    found = subscription_revenue(table, **OPTIONS)
    assert money(found, "2024-01-01") == [Decimal(x) for x in ("10", "10", "30", "30", "30", "30")]
    assert found.overall["customers"].tolist() == [2] * 6


def test_spells_that_end_before_they_start_are_no_subscriptions() -> None:
    table = pd.DataFrame(
        {
            "subscription_id": ["s1", "s2"],
            "customer_id": ["a", "b"],
            "started_at": pd.to_datetime(["2024-03-01", "2024-04-01"]).astype("datetime64[us]"),
            "ended_at": pd.to_datetime(["2024-02-01", "2024-03-31"]).astype("datetime64[us]"),
            "monthly_amount": [5.0, 6.0],
        }
    )
    with pytest.raises(AnalysisError, match="no subscription up to as_of"):
        subscription_revenue(table, **OPTIONS)


def test_subscriptions_by_hand() -> None:
    rows = [
        ("s1", "a", "2024-01-05", "2024-03-10", 10.0),
        ("s1", "a", "2024-03-10", None, 25.0),  # a larger plan
        ("s2", "b", "2024-01-20", "2024-02-01", 8.0),  # ends on the period's first day
        ("s3", "b", "2024-04-15", None, 6.0),  # comes back in period 3
        ("s4", "c", "2024-05-31", None, 40.0),
    ]
    names = ["subscription_id", "customer_id", "started_at", "ended_at", "monthly_amount"]
    table = pd.DataFrame(rows, columns=names)
    for name in ("started_at", "ended_at"):
        table[name] = pd.to_datetime(table[name])
    found = subscription_revenue(table, **OPTIONS)
    assert money(found, "2024-01-01") == [Decimal(x) for x in (18, 10, 10, 25, 25, 25)]
    assert money(found, "2024-04-01") == [Decimal(6)] * 3
    assert money(found, "2024-05-01") == [Decimal(40), Decimal(40)]
    shares = subscription_triangle(table, **OPTIONS)
    assert found.overall["customers"].tolist() == shares.overall["customers"].tolist()
    of_start = found.overall["of_start"].tolist()
    assert of_start[:2] == [1.0, pytest.approx((10 + 6 + 40) / 64)]
    assert found.overall["so_far"].iloc[1] == pytest.approx(64 / 4 + 56 / 4)
    weeks = subscription_revenue(table, **{**OPTIONS, "calendar": Calendar("week")})
    assert set(weeks.overall["so_far"]) == {None}  # amounts a month do not add up over weeks
    assert found.kind == "subscriptions"


def test_the_amount_of_few_who_leave_is_no_difference_of_two_periods() -> None:
    start = pd.Timestamp("2024-01-10")
    names = [f"{m}{i}" for m in "ab" for i in range(20)]
    table = pd.DataFrame(
        {
            "subscription_id": names,
            "customer_id": names,
            "started_at": [start] * 20 + [start + pd.DateOffset(months=1)] * 20,
            "ended_at": pd.Series([pd.NaT] * 40, dtype="datetime64[us]"),
            "monthly_amount": 10.0,
        }
    )
    table.loc[3, "ended_at"] = pd.Timestamp("2024-01-20")  # one leaves early ...
    table.loc[[5, 6, 7, 8], "ended_at"] = pd.Timestamp("2024-03-15")  # ... and four later
    table.loc[20:28, "ended_at"] = pd.Timestamp("2024-02-20")
    found = subscription_revenue(table, **{**OPTIONS, "min_group": 5})
    # Of January the first change is of one; after the second the change is of five: they are shown.
    january = [Decimal(200), None, None, Decimal(150), Decimal(150), Decimal(150)]
    assert money(found, "2024-01-01") == january
    # February's is hidden where the row over all would tell January's.
    assert money(found, "2024-02-01")[:2] == [Decimal(200), None]
    assert found.overall["revenue"].tolist()[:2] == [Decimal(400), Decimal(300)]


@settings(max_examples=20)
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(sum),
    st.integers(2, 6),
    st.lists(st.tuples(st.integers(0, 44), st.integers(1, 5)), max_size=40),
)
def test_no_money_of_few_is_a_difference_of_what_is_shown(
    sizes: list[int], min_group: int, later: list[tuple[int, int]]
) -> None:
    people = [(f"c{month}-{i}", month) for month, n in enumerate(sizes) for i in range(n)]
    rows = [(name, f"2024-{month + 1:02d}-10", 1.0) for name, month in people]
    again = {(people[who % len(people)], k) for who, k in later}
    rows += [(n, f"2024-{min(month + k, 9) + 1:02d}-12", 2.0) for (n, month), k in sorted(again)]
    options = {**OPTIONS, "as_of": date(2024, 12, 31)}
    exact = order_revenue(orders(rows), **options)
    found = order_revenue(orders(rows), **{**options, "min_group": min_group})
    assert not {"nan", "NaN"} & {str(value) for value in found.overall.to_numpy().ravel()}
    everyone = exact.cells.assign(shown=found.cells["revenue"].notna())
    for period, own in everyone.groupby("period"):
        paid = np.array(
            [len({n for n, m, _ in _paid(rows, c, int(str(period)))}) for c in own["cohort"]]
        )
        shown = own["shown"].to_numpy()
        assert not (shown & (paid > 0) & (paid < min_group)).any()
        if (found.overall["period"] == period).any():
            hidden = paid[~shown]
            assert not 0 < hidden.sum() < min_group
            assert (hidden > 0).sum() != 1 or hidden.sum() >= min_group


def _paid(rows: list[Any], cohort: pd.Timestamp, period: int) -> list[tuple[str, int, str]]:
    """Return the lines of a cohort's customers in a period."""
    first = {name: min(day for who, day, _ in rows if who == name) for name, _, _ in rows}
    own = [n for n, day in first.items() if int(day[5:7]) == cohort.month]
    return [(n, 1, d) for n, d, _ in rows if n in own and int(d[5:7]) == cohort.month + period]


def test_impossible_input_is_refused() -> None:
    with pytest.raises(AnalysisError, match="horizon == 0"):
        order_revenue(ORDERS, **{**OPTIONS, "horizon": 0})
    with pytest.raises(AnalysisError, match="no purchase up to as_of"):
        order_revenue(ORDERS, **{**OPTIONS, "as_of": date(2023, 1, 1)})
    with pytest.raises(AnalysisError, match="column amount is missing"):
        order_revenue(ORDERS.drop(columns="amount"), **OPTIONS)
