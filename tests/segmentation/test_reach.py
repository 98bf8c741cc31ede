"""Consent, channel and margin of customers, from tables of any engine."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.segmentation.actions import with_reasons
from workbench.segmentation.reach import reach

AS_OF = date(2025, 6, 30)
PEOPLE = pd.DataFrame(
    {
        "customer_id": ["a", "b", "c", "d"],
        "marketing_consent": pd.array([True, False, None, True], dtype="boolean"),
        "channel": ["store", "web", None, "web"],
    }
)
LINES = [
    # customer, day, amount, cost, channel
    ("a", "2025-01-01", "10.00", "4.00", "web"),
    ("a", "2025-01-02", "10.00", "4.00", "app"),
    ("a", "2025-01-03", "10.00", "4.50", "app"),
    ("a", "2025-01-04", "-10.00", "-4.00", "web"),  # brought back: no sign of a channel
    ("a", "2025-01-04", "-1.00", "0.00", "web"),
    ("b", "2025-01-01", "5.00", "1.00", "web"),
    ("b", "2025-01-02", "5.00", None, "app"),  # as often, and later
    ("e", "2025-01-01", "7.00", "2.50", None),
    ("e", "2025-07-01", "7.00", "2.50", "app"),  # after the day
    (None, "2025-01-01", "7.00", "2.50", "app"),
]


def orders() -> pd.DataFrame:
    frame = pd.DataFrame(LINES, columns=["customer_id", "day", "amount", "cost", "channel"])
    return pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            "ordered_at": pd.to_datetime(frame["day"]),
            "amount": [float(one) for one in frame["amount"]],
            "cost": [None if one is None else float(one) for one in frame["cost"]],
            "channel": frame["channel"],
        }
    )


def as_duckdb(frame: pd.DataFrame) -> Any:
    connection = duckdb.connect()
    connection.register("rows", frame)
    kinds = {"amount": "DECIMAL(18,4)", "cost": "DECIMAL(18,4)"}
    parts = [
        f"CAST({name} AS {kinds[name]}) AS {name}" if name in kinds else name for name in frame
    ]
    return connection.sql(f"SELECT {', '.join(parts)} FROM rows")


ENGINES = {"pandas": lambda frame: frame, "polars": pl.from_pandas, "duckdb": as_duckdb}


def plain(found: pd.DataFrame) -> dict[str, tuple[Any, ...]]:
    return {str(row[0]): tuple(row[1:]) for row in found.itertuples()}


@pytest.mark.parametrize("engine", ENGINES)
def test_all_that_both_tables_tell(engine: str) -> None:
    found = reach(ENGINES[engine](PEOPLE), ENGINES[engine](orders()), as_of=AS_OF)
    assert plain(found) == {
        "a": (True, "app", 10.5),
        "b": (False, "app", None),
        "c": (None, None, None),
        "d": (True, "web", None),
        "e": (None, None, 4.5),
    }


def test_without_tables_or_columns_nothing_is_known() -> None:
    assert reach(None, None, as_of=AS_OF).empty
    people = PEOPLE[["customer_id"]]
    lines = orders().drop(columns=["cost", "channel"])
    assert reach(people, lines, as_of=AS_OF).empty
    only = reach(PEOPLE.drop(columns="channel"), None, as_of=AS_OF)
    assert plain(only)["a"] == (True, None, None)


def test_candidates_carry_it_where_it_is_known() -> None:
    chosen = pd.DataFrame(
        {
            "customer_id": ["z", "a"],
            "segment": "x",
            "revenue": [5.0, 5.0],
            "revenue_units": [50000, 50000],
            "purchase_days": [1, 2],
            "last_purchase": pd.to_datetime(["2025-01-01"] * 2),
            "days_since_last_purchase": [1, 180],
        }
    )
    found = with_reasons(chosen, reach(PEOPLE, orders(), as_of=AS_OF))
    assert found["customer_id"].tolist() == ["a", "z"]
    assert found["consent"].tolist() == [True, None]
    assert found["channel"].tolist() == ["app", None]
    assert found["margin"].tolist() == [10.5, None]
    nothing = with_reasons(chosen)
    assert nothing[["consent", "channel", "margin"]].isna().all(axis=None)
    assert nothing.columns.tolist() == found.columns.tolist()


@cache
def in_order() -> Any:
    return plain(reach(PEOPLE, orders(), as_of=AS_OF))


@given(st.permutations(range(len(LINES))))
def test_the_order_of_the_lines_does_not_matter(order: list[int]) -> None:
    mixed = orders().iloc[order]
    assert plain(reach(PEOPLE, mixed, as_of=AS_OF)) == in_order()


amounts = st.integers(-10_000, 10_000).map(lambda cents: Decimal(cents) / 100)


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=8))
def test_the_margin_is_revenue_less_cost_exactly(pairs: list[tuple[Decimal, Decimal]]) -> None:
    lines = pd.DataFrame(
        {
            "customer_id": "a",
            "ordered_at": pd.Timestamp("2025-01-01"),
            "amount": [0.0, *(float(amount) for amount, _ in pairs)],  # one line is a purchase
            "cost": [0.0, *(float(cost) for _, cost in pairs)],
        }
    )
    found = reach(None, lines, as_of=AS_OF).loc["a", "margin"]
    assert Decimal(str(round(found, 4))) == sum(amount - cost for amount, cost in pairs)
