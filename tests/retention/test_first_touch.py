"""Retention and revenue by what came first."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from workbench.errors import AnalysisError
from workbench.retention.cohorts import order_triangle
from workbench.retention.first_touch import OTHERS, by_first_touch
from workbench.retention.periods import Calendar

OPTIONS: Any = {"as_of": date(2024, 6, 30), "calendar": Calendar(), "horizon": 3, "min_group": 5}


def shop() -> pd.DataFrame:
    """Twelve of the web and nine of the shop in January, more in June; some come back."""
    rows: list[tuple[str, str, float, str | None]] = []
    rows += [(f"w{i}", "2024-01-10", 10.0, "web") for i in range(12)]
    rows += [(f"s{i}", "2024-01-10", 20.0, "shop") for i in range(9)]
    rows += [(f"w{i}", "2024-02-10", 5.0, "shop") for i in range(6)]  # not their first touch
    rows += [(f"s{i}", "2024-03-10", 8.0, "web") for i in range(7)]
    rows += [("s0", "2024-03-12", -3.0, "web")]
    rows += [(f"n{i}", "2024-06-10", 1.0, "web") for i in range(6)]
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount", "channel"])
    return frame.assign(ordered_at=pd.to_datetime(frame["ordered_at"]).astype("datetime64[us]"))


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_by_hand(engine: str) -> None:
    connection = duckdb.connect()
    connection.register("orders", shop())
    table = {
        "pandas": shop(),
        "polars": pl.from_pandas(shop()),
        "duckdb": connection.sql("FROM orders"),
    }
    found = by_first_touch(table[engine], "channel", **OPTIONS)
    assert (found.levels, found.periods) == (("web", "shop"), 3)
    assert (found.customers, found.left_out) == (21, 6)
    overall = found.overall.set_index(["level", "period"])
    assert overall.loc[("web", 1), ["customers", "active"]].tolist() == [12, 6]
    assert overall.loc[("shop", 2), ["customers", "active"]].tolist() == [9, 7]
    assert overall.loc[("shop", 2), "revenue"] == Decimal("53")
    assert overall.loc[("shop", 3), "so_far"] == pytest.approx(20 + 53 / 9)
    assert overall.loc[("web", 3), "revenue"] == 0
    assert found.triangle("web").loc["2024-01-01"].tolist() == [1, 0.5, 0, 0]
    assert found.triangle("web").loc["2024-06-01"].dropna().tolist() == [1]
    with pytest.raises(AnalysisError, match="'phone' is not shown"):
        found.triangle("phone")


def test_a_column_of_the_customers_and_missing_values() -> None:
    orders = shop()
    people = pd.DataFrame({"customer_id": [f"w{i}" for i in range(12)], "country": "NL"})
    found = by_first_touch(orders, "country", customers=people, **OPTIONS)
    assert found.levels == ("NL", "not stated")
    assert found.overall.groupby("level")["customers"].first().to_dict() == {
        "NL": 12,
        "not stated": 9,
    }


def test_small_levels_stand_together_and_cells_cannot_be_subtracted() -> None:
    orders = shop()
    first = orders["customer_id"].isin(["s0", "s1", "s2"])
    orders.loc[first, "channel"] = "fax"
    found = by_first_touch(orders, "channel", **OPTIONS)
    assert found.levels == ("web", OTHERS)  # three of the fax join the six of the shop
    # One level in one cohort is small: the others of the cohort, which is shown, hide it.
    more = pd.concat(
        [
            orders,
            orders.iloc[:3].assign(
                customer_id=["p1", "p2", "p3"], ordered_at=pd.Timestamp("2024-02-20"), channel="web"
            ),
        ]
    )
    more = pd.concat(
        [
            more,
            orders.iloc[12:20].assign(
                customer_id=[f"q{i}" for i in range(8)],
                ordered_at=pd.Timestamp("2024-02-20"),
                channel="shop",
            ),
        ]
    )
    told = by_first_touch(more, "channel", **OPTIONS).cells
    february = told[(told["cohort"] == "2024-02-01") & (told["period"] == 0)]
    assert february["state"].tolist() == ["suppressed"] * 2
    january = told[(told["cohort"] == "2024-01-01") & (told["period"] == 0)]
    assert january["state"].tolist() == ["suppressed"] * 2  # else the level's total would tell


def test_levels_add_up_to_the_triangle() -> None:
    orders = shop()
    found = by_first_touch(orders, "channel", **OPTIONS)
    whole = order_triangle(orders, **OPTIONS).overall.set_index("period")
    for period in (1, 2, 3):
        own = found.overall[found.overall["period"] == period]
        assert own["customers"].sum() == whole.loc[period, "customers"]
        assert own["active"].sum() == whole.loc[period, "active"]


def test_impossible_input_is_refused() -> None:
    with pytest.raises(AnalysisError, match="column colour is missing"):
        by_first_touch(shop(), "colour", **OPTIONS)
    with pytest.raises(AnalysisError, match="horizon == 0"):
        by_first_touch(shop(), "channel", **{**OPTIONS, "horizon": 0})
    with pytest.raises(AnalysisError, match="fewer than 50 customers came a month ago"):
        by_first_touch(shop(), "channel", **{**OPTIONS, "min_group": 50})
    with pytest.raises(AnalysisError, match="no purchase up to as_of"):
        by_first_touch(shop(), "channel", **{**OPTIONS, "as_of": date(2020, 1, 1)})
