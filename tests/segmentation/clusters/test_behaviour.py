"""Order lines to what customers do: the same from every engine, whatever the order of the rows."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from workbench.errors import AnalysisError
from workbench.segmentation.clusters.behaviour import measure_behaviour
from workbench.segmentation.clusters.traits import PURCHASES, Behaviour
from workbench.segmentation.rfm import rfm

AS_OF = date(2024, 6, 30)
LINES = [
    ("1", "a", "2024-01-01", 30.0, "Tents", "web"),
    ("1", "a", "2024-01-01", 10.0, "Maps", "web"),
    ("2", "a", "2024-03-01", 40.0, "Tents", "store"),
    ("3", "a", "2024-03-05", -20.0, "Tents", "store"),
    ("4", "b", "2024-06-20", 8.0, None, "web"),
    ("5", "c", "2024-05-01", 5.0, "Maps", ""),
    ("6", "c", "2024-08-01", 500.0, "Tents", "web"),
    ("7", None, "2024-05-01", 99.0, "Tents", "web"),
    ("8", "d", "2024-05-01", -7.0, "Tents", "web"),
]


def lines() -> pd.DataFrame:
    names = ["order_id", "customer_id", "ordered_at", "amount", "category", "channel"]
    frame = pd.DataFrame(LINES, columns=names)
    return frame.assign(ordered_at=pd.to_datetime(frame["ordered_at"]))


def measured(orders: Any, **options: Any) -> Behaviour:
    return measure_behaviour(orders, rfm(orders, as_of=AS_OF), **options)


def test_measures_by_hand() -> None:
    found = measured(lines())
    table = found.customers.set_index("customer_id")
    assert table.index.tolist() == ["a", "b", "c"], "d only returned"
    assert table.loc["a", "days_since_last_purchase"] == (AS_OF - date(2024, 3, 1)).days
    assert table.loc["a", PURCHASES] == 2
    assert table.loc["a", "T"] == (AS_OF - date(2024, 1, 1)).days
    assert table.loc["a", "spend_per_purchase_day"] == 40.0
    assert table.loc["a", "returned_share"] == 0.25
    assert table.loc["a", ["category: Tents", "category: Maps"]].tolist() == [70 / 80, 10 / 80]
    # Who has no spending with a known category has the shares of all: 70 of 85 on tents.
    assert table.loc["b", "category: Tents"] == pytest.approx(70 / 85)
    assert table.loc["c", "channel: web"] == pytest.approx(48 / 88)
    assert [t.label for t in found.traits if t.block == "category"] == [
        "Share of spending on Tents",
        "Share of spending on Maps",
    ]
    assert "without spending on a known category" in found.left_out[0]


@pytest.mark.parametrize("engine", ["duckdb", "polars", "shuffled"])
def test_every_engine_and_order_gives_the_same(engine: str) -> None:
    frame = lines()
    orders: Any = frame.sample(frac=1, random_state=3)
    if engine == "duckdb":
        orders = duckdb.from_df(orders)
    if engine == "polars":
        orders = pl.from_pandas(orders)
    pd.testing.assert_frame_equal(measured(orders).customers, measured(frame).customers)


def test_what_is_missing_is_said() -> None:
    found = measured(lines().drop(columns=["category", "channel"]))
    assert {trait.block for trait in found.traits} == {
        "recency",
        "frequency",
        "tenure",
        "money",
        "returns",
    }
    assert [said.split(":")[0] for said in found.left_out] == [
        "The orders have no column `category`",
        "The orders have no column `channel`",
    ]
    alone = measured(lines().assign(channel="web"))
    assert any("channel has one value only" in said for said in alone.left_out)


def test_the_smallest_go_together() -> None:
    frame = lines()
    frame["category"] = ["A", "B", "C", "C", "D", "E", "A", "A", "A"]
    found = measured(frame, largest=2)
    shares = [name for name in found.columns if name.startswith("category")]
    assert shares == ["category: C", "category: A", "category: (others)"]
    assert found.customers[shares].sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert found.customers["category: (others)"].tolist() == [10 / 80, 1.0, 1.0]


def test_later_orders_are_measured_like_earlier_ones() -> None:
    first = measured(lines())
    later = lines().assign(category=["Boots", "Maps", *["Boots"] * 7])
    found = measured(later, like=first.traits)
    assert found.columns == first.columns
    assert found.customers["category: Tents"].tolist() == [0.0, 0.0, 0.0]
    assert any("do not know" in said for said in found.left_out)
    with pytest.raises(AnalysisError, match="column channel is missing"):
        measured(later.drop(columns="channel"), like=first.traits)


def test_other_lines_than_the_bases_are_an_error() -> None:
    base = rfm(lines(), as_of=AS_OF)
    with pytest.raises(AnalysisError, match="made from other order lines"):
        measure_behaviour(lines().iloc[1:], base)
    with pytest.raises(AnalysisError, match="largest == 0"):
        measure_behaviour(lines(), base, largest=0)


def test_no_value_is_missing() -> None:
    free = lines().assign(amount=[0.0 if a > 0 else a for a in lines()["amount"]])
    assert np.isfinite(measured(free).customers.drop(columns="customer_id").to_numpy()).all()
