"""Order lines to customers: the same numbers from every engine, exact, whatever the row order."""

from __future__ import annotations

import operator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.segmentation.rfm import rfm

AS_OF = date(2024, 6, 30)
Line = tuple[str, str | None, datetime, int]


def frame_of(lines: list[Line]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "order_id": pd.Series([line[0] for line in lines], dtype="str"),
            "customer_id": pd.Series([line[1] for line in lines], dtype="str"),
            "ordered_at": pd.Series([line[2] for line in lines], dtype="datetime64[us]"),
            "amount": pd.Series([line[3] / 100 for line in lines], dtype="float64"),
        }
    )


def by_hand(lines: list[Line], as_of: date) -> dict[str, dict[str, Any]]:
    """Return the same measures in plain Python, day by day and customer by customer."""
    found: dict[str, dict[str, Any]] = {}
    kept = [line for line in lines if line[2].date() <= as_of and line[1] is not None]
    for name in sorted({line[1] for line in kept if line[1]}):
        own = [line for line in kept if line[1] == name]
        bought = sorted({line[2].date() for line in own if line[3] >= 0})
        if not bought:
            continue
        revenue = sum(line[3] for line in own)
        first = sum(line[3] for line in own if line[2].date() == bought[0])
        found[name] = {
            "lines": len(own),
            "orders": len({(line[0], line[2].date()) for line in own if line[3] >= 0}),
            "purchase_days": len(bought),
            "frequency": len(bought) - 1,
            "recency": (bought[-1] - bought[0]).days,
            "T": (as_of - bought[0]).days,
            "days_since_last_purchase": (as_of - bought[-1]).days,
            "revenue_units": revenue * 100,
            "repeat": (revenue - first) / 100,
            "returned": -sum(line[3] for line in own if line[3] < 0) / 100,
        }
    return found


moments_in_2024 = st.integers(0, 200 * 24).map(lambda h: datetime(2024, 1, 1) + timedelta(hours=h))
order_lines = st.lists(
    st.tuples(
        st.sampled_from(["o1", "o2", "o3", "o4"]),
        st.sampled_from(["a", "b", "c", None]),
        moments_in_2024,
        st.integers(-5_000, 20_000),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=25)
@given(order_lines)
def test_equals_the_count_by_hand(lines: list[Line]) -> None:
    if not any(line[2].date() <= AS_OF for line in lines):
        with pytest.raises(AnalysisError, match="no order line"):
            rfm(frame_of(lines), as_of=AS_OF)
        return
    base = rfm(frame_of(lines), as_of=AS_OF)
    wanted = by_hand(lines, AS_OF)
    assert base.customers["customer_id"].tolist() == sorted(wanted)
    for row in base.customers.to_dict("records"):
        hand = wanted[row["customer_id"]]
        for name in hand:
            if name == "repeat":
                continue
            assert row[name] == pytest.approx(hand[name], abs=1e-9), name
        if row["frequency"]:
            assert row["monetary_value"] * row["frequency"] == pytest.approx(hand["repeat"])
        else:
            assert pd.isna(row["monetary_value"])


@settings(max_examples=20)
@given(order_lines, st.randoms(use_true_random=False))
def test_lines_and_money_are_conserved_in_any_order(lines: list[Line], random: Any) -> None:
    read = [line for line in lines if line[2].date() <= AS_OF]
    if not read:
        return
    base = rfm(frame_of(lines), as_of=AS_OF)
    total = sum((Decimal(line[3]) / 100 for line in read), Decimal(0))
    assert base.revenue + base.anonymous_revenue == total
    counted = base.customers["lines"].sum() + base.returns_only["lines"].sum()
    assert counted + base.anonymous_lines == base.lines == len(read)
    mixed = list(lines)
    random.shuffle(mixed)
    pd.testing.assert_frame_equal(rfm(frame_of(mixed), as_of=AS_OF).customers, base.customers)


LINES: list[Line] = [
    ("1", "a", datetime(2024, 1, 1, 9), 1000),
    ("2", "a", datetime(2024, 1, 1, 23, 59), 500),  # the same day: one purchase, two orders
    ("1", "a", datetime(2024, 1, 5), -300),  # a return on a day without a purchase
    ("3", "a", datetime(2024, 3, 1), 2000),
    ("4", "b", datetime(2024, 2, 29), 0),  # a free order is a purchase
    ("5", "c", datetime(2024, 2, 1), -700),  # returns only
    ("6", None, datetime(2024, 2, 1), 900),  # nobody
    ("7", "a", datetime(2024, 7, 1), 9900),  # after as_of
]


def test_what_each_measure_means() -> None:
    base = rfm(frame_of(LINES), as_of=AS_OF)
    a = base.customers.set_index("customer_id").loc["a"]
    assert (a["orders"], a["purchase_days"], a["frequency"]) == (3, 2, 1)
    assert (a["recency"], a["T"], a["days_since_last_purchase"]) == (60, 181, 121)
    assert a["monetary_value"] == 17.0  # 20.00 less the return, for one repeat purchase
    assert (a["revenue"], a["returned"]) == (32.0, 3.0)
    assert a["first_purchase"] == pd.Timestamp("2024-01-01")
    assert a["last_purchase"] == pd.Timestamp("2024-03-01")
    assert base.returns_only["customer_id"].tolist() == ["c"]
    assert base.returns_only["revenue"].tolist() == [-7.0]
    assert (base.lines, base.anonymous_lines) == (7, 1)
    assert base.anonymous_revenue == Decimal("9.0000")


@pytest.mark.parametrize("engine", ["duckdb", "polars", "polars lazy", "pandas decimal"])
def test_every_engine_gives_the_same_bits(engine: str) -> None:
    pandas = frame_of(LINES)
    table: Any
    if engine == "duckdb":
        connection = duckdb.connect()
        connection.register("lines", pandas)
        table = connection.sql("SELECT * REPLACE (amount::DECIMAL(18,4) AS amount) FROM lines")
    elif engine == "pandas decimal":
        table = pandas.assign(amount=pandas["amount"].astype(pd.ArrowDtype(pa.decimal128(18, 4))))
    else:
        table = pl.from_pandas(pandas)
        table = table.lazy() if engine == "polars lazy" else table
    found = rfm(table, as_of=AS_OF)
    pd.testing.assert_frame_equal(
        found.customers, rfm(pandas, as_of=AS_OF).customers, check_dtype=False
    )


def test_totals_are_exact_where_floats_are_not() -> None:
    lines = [(str(i), "a", datetime(2024, 1, 1), 10) for i in range(1000)]  # 0.1 a thousand times
    base = rfm(frame_of(lines), as_of=AS_OF)
    assert base.revenue == Decimal("100.0000")
    # Added one by one: from Python 3.12 on, sum() makes up for what floats lose.
    assert reduce(operator.add, frame_of(lines)["amount"].tolist()) != 100.0


def test_refuses_what_it_cannot_read() -> None:
    good = frame_of(LINES)
    with pytest.raises(AnalysisError, match="Arrow tables are not read"):
        rfm(pa.Table.from_pandas(good), as_of=AS_OF)
    with pytest.raises(AnalysisError, match="is not a table"):
        rfm([1, 2], as_of=AS_OF)
    with pytest.raises(AnalysisError, match=r"amount is missing.*Did you mean|Allowed"):
        rfm(good.rename(columns={"amount": "amounts"}), as_of=AS_OF)
    with pytest.raises(AnalysisError, match="not a local date or time"):
        rfm(good.assign(ordered_at="2024-01-01"), as_of=AS_OF)
    zoned = good.assign(ordered_at=good["ordered_at"].dt.tz_localize("UTC"))
    with pytest.raises(AnalysisError, match="not a local date or time"):
        rfm(zoned, as_of=AS_OF)
    with pytest.raises(AnalysisError, match="not a number"):
        rfm(good.assign(amount="1.0"), as_of=AS_OF)
    with pytest.raises(AnalysisError, match="1 order lines have no readable amount"):
        rfm(good.assign(amount=[float("inf"), *good["amount"].tolist()[1:]]), as_of=AS_OF)
    with pytest.raises(AnalysisError, match="no order line up to 2020-01-01"):
        rfm(good, as_of=date(2020, 1, 1))


def test_a_narwhals_frame_is_a_table_too() -> None:
    wrapped = nw.from_native(frame_of(LINES))
    assert len(rfm(wrapped, as_of=AS_OF).customers) == 2
