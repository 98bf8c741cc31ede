"""Recurring revenue: movements by hand, exact totals, rates, reasons."""

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
from workbench.retention.periods import Calendar
from workbench.retention.recurring import MOVEMENTS, revenue_retention, revenue_waterfall

OPTIONS: Any = {"as_of": date(2024, 8, 5), "calendar": Calendar(), "periods": 24}
NAMES = ["subscription_id", "customer_id", "started_at", "ended_at", "end_reason", "monthly_amount"]
ROWS = [
    ("s1", "a", "2024-01-10", None, None, 10),
    ("s2", "b", "2024-01-10", "2024-02-15", "plan_change", 10),
    ("s2", "b", "2024-02-15", "2024-04-20", "price", 25.5),
    ("s2", "b", "2024-07-02", None, None, 12.5),
    ("s3", "c", "2024-02-01", "2024-03-05", "payment_failed", 7),
    ("s4", "a", "2024-03-05", "2024-05-02", "moved", 5),
    ("s5", "d", "2024-01-01", "2024-03-31", "pause", 8),
    ("s5", "d", "2024-04-02", None, "", 8),
]


def table(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=NAMES)
    for name in ("started_at", "ended_at"):
        made[name] = pd.to_datetime(made[name])
    return made


def movements(found: pd.DataFrame) -> dict[str, list[float]]:
    names = ["opening", *MOVEMENTS, "closing"]
    return {name: (found[f"{name}_units"] / 10_000).tolist() for name in names}


def test_movements_by_hand() -> None:
    """Alice adds and drops a second plan, Bob upgrades, leaves and returns, Carol cannot pay."""
    found = revenue_waterfall(table(ROWS), **OPTIONS)
    assert found.table["period"].dt.strftime("%m").tolist() == [f"0{m}" for m in range(1, 8)]
    assert movements(found.table) == {
        "opening": [0, 28, 50.5, 48.5, 23, 18, 18],
        "new": [28, 7, 0, 0, 0, 0, 0],
        "won_back": [0, 0, 0, 0, 0, 0, 12.5],
        "expansion": [0, 15.5, 5, 0, 0, 0, 0],
        "contraction": [0, 0, 0, 0, 5, 0, 0],
        "churned": [0, 0, 7, 25.5, 0, 0, 0],
        "closing": [28, 50.5, 48.5, 23, 18, 18, 30.5],
    }
    assert found.table["closing"].tolist() == [3, 4, 3, 2, 2, 2, 3]
    assert found.churned.values.tolist() == [
        ["price", True, 1, 255_000],
        ["payment_failed", False, 1, 70_000],
    ]
    rates = found.rates()
    assert rates["gross_retention"].iloc[0] is None
    assert rates["reason"].iloc[0] == "Nobody paid at the beginning."
    assert rates["gross_retention"].iloc[2] == pytest.approx(43.5 / 50.5)
    assert rates["net_retention"].iloc[2] == pytest.approx(48.5 / 50.5)


def test_a_short_pause_is_no_customer_lost_and_won_back() -> None:
    joined = revenue_waterfall(table(ROWS[-2:]), **OPTIONS).table
    assert joined[["churned", "won_back"]].to_numpy().sum() == 0
    apart = revenue_waterfall(table(ROWS[-2:]), **OPTIONS, join_days=0).table
    assert apart["churned"].sum() == apart["won_back"].sum() == 1


def test_a_later_spell_takes_over_from_one_that_seems_to_run_on() -> None:
    rows = [
        ("s", "a", "2024-01-05", None, None, 10),
        ("s", "a", "2024-03-05", None, None, 30),
    ]
    found = movements(revenue_waterfall(table(rows), **OPTIONS).table)
    assert found["closing"] == [10, 10, 30, 30, 30, 30, 30]
    assert found["expansion"][2] == 20


def test_who_paid_before_the_window_is_won_back_not_new() -> None:
    rows = [
        ("s", "a", "2024-01-05", "2024-02-05", "price", 10),
        ("t", "a", "2024-07-05", None, None, 10),
        ("u", "b", "2024-06-03", "2024-06-20", "price", 10),
        ("v", "b", "2024-07-20", None, None, 10),
    ]
    for periods in (24, 2):
        found = revenue_waterfall(table(rows), **{**OPTIONS, "periods": periods}).table
        assert found["won_back"].iloc[-1] == 2
        assert found["new"].iloc[-1] == 0


def test_ends_after_as_of_have_not_happened_and_later_starts_are_not_read() -> None:
    rows = [
        ("s", "a", "2024-01-05", "2024-08-20", "price", 10),
        ("t", "b", "2024-08-06", None, None, 99),
    ]
    found = revenue_waterfall(table(rows), **OPTIONS)
    assert found.table["closing_units"].iloc[-1] == 100_000
    assert not len(found.churned)


@pytest.mark.parametrize("kind", ["polars", "duckdb"])
def test_every_engine_gives_the_same(kind: str) -> None:
    frame = table(ROWS)
    given_as: Any = pl.from_pandas(frame)
    if kind == "duckdb":
        sql = "SELECT * REPLACE (monthly_amount::DECIMAL(18,4) AS monthly_amount) FROM frame"
        given_as = duckdb.connect().sql(sql)
    found, ours = (revenue_waterfall(one, **OPTIONS) for one in (given_as, frame))
    pd.testing.assert_frame_equal(found.table, ours.table)
    pd.testing.assert_frame_equal(found.churned, ours.churned)


def test_retention_over_several_periods() -> None:
    found = revenue_retention(table(ROWS), as_of=date(2024, 8, 5), calendar=Calendar(), periods=4)
    assert (found.start, found.end) == (date(2024, 4, 1), date(2024, 8, 1))
    # Opening 48.50: Alice 15, Bob 25.50, Dora 8; now 10, 12.50 and 8.
    assert (found.opening, found.kept, found.now) == (
        Decimal("48.5000"),
        Decimal("30.5000"),
        Decimal("30.5000"),
    )
    assert found.customers == 3
    assert found.gross == found.net == pytest.approx(30.5 / 48.5)
    early = revenue_retention(table(ROWS), as_of=date(2024, 2, 5), calendar=Calendar(), periods=1)
    assert early.gross is None
    assert early.reason == "Nobody paid at the beginning."


spells = st.lists(
    st.tuples(
        st.integers(0, 5),  # customer
        st.integers(0, 7),  # subscription
        st.integers(0, 300),  # start
        st.integers(0, 200),  # length
        st.booleans(),  # ended
        st.integers(0, 3),  # amount
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=20)
@given(spells, st.integers(0, 40))
def test_movements_add_up_and_levels_are_those_of_the_day(
    drawn: list[tuple[int, int, int, int, bool, int]], join_days: int
) -> None:
    begin = pd.Timestamp("2023-10-02")
    rows = {
        (sub, start): (
            f"s{sub}",
            f"c{sub % 6 if who % 2 else who}",
            begin + pd.Timedelta(days=start),
            begin + pd.Timedelta(days=start + length) if ended else None,
            "price",
            amount * 0.1,
        )
        for who, sub, start, length, ended, amount in drawn
    }
    frame = table([*rows.values()])
    options = {**OPTIONS, "join_days": join_days}
    found = revenue_waterfall(frame, **options).table
    assert (found.iloc[:, 1:] >= 0).to_numpy().all()
    plus, minus = ("new", "won_back", "expansion"), ("contraction", "churned")
    net = sum(found[f"{name}_units"] for name in plus)
    net = net - sum(found[f"{name}_units"] for name in minus)
    assert (found["opening_units"] + net).equals(found["closing_units"])
    people = found["opening"] + found["new"] + found["won_back"] - found["churned"]
    assert people.equals(found["closing"])
    assert found["closing_units"].tolist()[:-1] == found["opening_units"].tolist()[1:]
    turned = revenue_waterfall(frame.iloc[::-1], **options).table
    pd.testing.assert_frame_equal(turned, found)
    # A window shows the same as the last rows of all.
    last = revenue_waterfall(frame, **{**options, "periods": 3}).table
    tail = found.tail(3).reset_index(drop=True)
    pd.testing.assert_frame_equal(last, tail)
    # As one period they tell what became of the customers of its beginning.
    whole = revenue_waterfall(frame, **{**options, "periods": 3}, joined=True)
    assert len(whole.table) == 1
    assert whole.table["opening_units"].iloc[0] == last["opening_units"].iloc[0]
    assert whole.table["closing_units"].iloc[0] == last["closing_units"].iloc[-1]
    if len(last) == 3:
        left = revenue_retention(frame, **{**options, "periods": 3})
        assert whole.rates()["gross_retention"].iloc[0] == left.gross
        assert whole.rates()["net_retention"].iloc[0] == left.net
    if join_days == 0:
        single = frame[~frame["subscription_id"].duplicated(keep=False)]
        if len(single) == len(frame):  # nothing to join: levels are plain sums
            for row in found.itertuples():
                runs = (frame["started_at"] < row.period) & ~(frame["ended_at"] < row.period)
                paid = np.rint(frame.loc[runs, "monthly_amount"] * 10_000).sum()
                assert row.opening_units == paid


def test_what_cannot_be_read_is_counted_or_refused() -> None:
    odd = table([*ROWS, ("s8", "e", "2024-01-01", None, None, None)])
    odd = pd.concat([odd, table([("s9", None, "2024-01-01", None, None, 5.0)])])
    found = revenue_waterfall(odd, **OPTIONS)
    assert (found.spells_without_amount, found.spells_without_customer) == (1, 1)
    pd.testing.assert_frame_equal(found.table, revenue_waterfall(table(ROWS), **OPTIONS).table)
    plain = revenue_waterfall(table(ROWS).drop(columns="end_reason"), **OPTIONS)
    assert plain.churned["reason"].tolist() == ["not stated"]
    with pytest.raises(AnalysisError, match="1 spells have a negative monthly_amount"):
        revenue_waterfall(table([("s", "a", "2024-01-01", None, None, -5)]), **OPTIONS)
    with pytest.raises(AnalysisError, match="no spell with a customer and an amount"):
        revenue_waterfall(table(ROWS).iloc[:0], **OPTIONS)
    with pytest.raises(AnalysisError, match="no whole month has passed"):
        revenue_waterfall(table([("s", "a", "2024-08-01", None, None, 5)]), **OPTIONS)
    with pytest.raises(AnalysisError, match="periods == 0"):
        revenue_waterfall(table(ROWS), **{**OPTIONS, "periods": 0})
    with pytest.raises(AnalysisError, match="monthly_amount is missing"):
        revenue_waterfall(table(ROWS).drop(columns="monthly_amount"), **OPTIONS)
