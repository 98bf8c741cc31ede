"""Order lines to customers: money, cost, and days in channels and categories, against pandas."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from support.shop import AS_OF, atlas
from workbench.data.preferred import preferred_channels
from workbench.segmentation.profiles.behaviour import (
    MAX_LEVELS,
    OTHER,
    Behaviour,
    behaviour,
)


def with_gaps() -> pd.DataFrame:
    """Return the shop's lines with some channels, categories and costs missing."""
    lines = atlas().orders.copy()
    lines.loc[lines.index % 17 == 0, "category"] = None
    lines.loc[lines.index % 29 == 0, "channel"] = ""
    lines.loc[lines.index % 23 == 0, "cost"] = np.nan
    lines.loc[lines.index % 101 == 0, "customer_id"] = None
    return lines


def test_equals_plain_pandas_customer_by_customer() -> None:
    lines, since = with_gaps(), date(2024, 3, 1)
    found = behaviour(lines, as_of=AS_OF, days_from=since.toordinal())
    known = lines[lines["customer_id"].notna()].assign(
        day=lambda frame: frame["ordered_at"].dt.normalize(),
        units=lambda frame: (frame["amount"] * 10_000).round().astype("int64"),
    )
    bought = known[known["amount"] >= 0]
    customers = found.customers.set_index("customer_id")
    assert customers.index.tolist() == sorted(known["customer_id"].unique())
    by = known.groupby("customer_id")
    costed = known[known["cost"].notna()]
    late = bought[bought["day"] >= pd.Timestamp(since)]
    wanted = {
        "units": by["units"].sum(),
        "bought_units": bought.groupby("customer_id")["units"].sum(),
        "costed_units": costed.groupby("customer_id")["units"].sum(),
        "cost_units": (costed["cost"] * 10_000).round().groupby(costed["customer_id"]).sum(),
        "lines": by.size(),
        "lines_without_cost": known["cost"].isna().groupby(known["customer_id"]).sum(),
        "purchase_days": late.groupby("customer_id")["day"].nunique(),
    }
    for name, values in wanted.items():
        values = values.reindex(customers.index, fill_value=0)
        assert (customers[name] == values).all(), name
    first = bought.groupby("customer_id")["day"].min().reindex(customers.index)
    days = customers["first_purchase_day"].map(
        lambda day: pd.Timestamp(date.fromordinal(day)) if day else pd.NaT
    )
    pd.testing.assert_series_equal(days, first, check_names=False, check_dtype=False)
    for usage in found.usage:
        named = bought[bought[usage.what].notna() & bought[usage.what].ne("")]
        counts = named.groupby(["customer_id", usage.what])["day"].nunique().unstack(fill_value=0)
        counts = counts.reindex(customers.index, fill_value=0)[list(usage.levels)]
        assert (counts.to_numpy() == usage.days).all(), usage.what
        assert (usage.lines, usage.lines_without) == (len(bought), len(bought) - len(named))


def same(one: Behaviour, other: Behaviour) -> None:
    pd.testing.assert_frame_equal(one.customers, other.customers, check_dtype=False)
    for a, b in zip(one.usage, other.usage, strict=True):
        assert (a.what, a.levels, a.lines_without) == (b.what, b.levels, b.lines_without)
        assert (a.days == b.days).all()


@pytest.mark.parametrize("engine", ["duckdb", "polars", "shuffled"])
def test_every_engine_and_order_gives_the_same(engine: str) -> None:
    lines = with_gaps()
    table: Any = lines.sample(frac=1, random_state=3)
    if engine == "duckdb":
        table = duckdb.sql("SELECT * REPLACE (amount::DECIMAL(18,4) AS amount) FROM lines")
    elif engine == "polars":
        table = pl.from_pandas(lines)
    same(behaviour(table, as_of=AS_OF), behaviour(lines, as_of=AS_OF))
    pd.testing.assert_frame_equal(
        preferred_channels(table, as_of=AS_OF),
        preferred_channels(lines, as_of=AS_OF),
        check_dtype=False,
    )


def lines_with(channels: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(len(channels))],
            "ordered_at": pd.Timestamp("2024-05-01"),
            "amount": 1.0,
            "channel": channels,
        }
    )


def test_rare_levels_stand_together_and_no_day_is_lost() -> None:
    names = [f"n{i:02d}" for i in range(20) for _ in range(20 - i)] + ["rare"]
    found = behaviour(lines_with(names), as_of=AS_OF).usage[0]
    assert len(found.levels) == MAX_LEVELS
    assert found.levels[-1] == OTHER
    assert found.days.sum() == len(names)
    assert found.days[:, -1].sum() == sum(20 - i for i in range(11, 20)) + 1


def test_a_channel_that_is_called_as_the_rest_is_still_itself() -> None:
    found = behaviour(lines_with(["web"] * 60 + [OTHER] * 40), as_of=AS_OF).usage[0]
    assert found.levels == ("web", OTHER)
    assert found.days.sum(axis=0).tolist() == [60, 40]


def test_orders_without_channel_category_and_cost() -> None:
    lines = lines_with(["a", "b"]).drop(columns="channel")
    found = behaviour(lines, as_of=AS_OF)
    assert (found.usage, found.has_cost) == ((), False)
    assert preferred_channels(lines, as_of=AS_OF).empty


def test_the_preferred_channel_is_that_of_most_days() -> None:
    def line(customer: str, day: str, channel: str | None, amount: float = 1.0) -> tuple[Any, ...]:
        return customer, pd.Timestamp(day), channel, amount

    lines = pd.DataFrame(
        [
            *[line("most", "2024-01-01", "web") for _ in range(9)],  # many lines, one day
            *[line("most", day, "shop") for day in ("2023-01-01", "2023-01-02")],
            line("latest", "2024-01-01", "web"),
            line("latest", "2024-01-02", "shop"),
            line("name", "2024-01-01", "web"),
            line("name", "2024-01-01", "app"),
            line("returned", "2024-01-01", "web"),
            line("returned", "2024-01-02", "shop", -1.0),
            line("unknown", "2024-01-01", None),
            line("after", "2026-01-01", "web"),
        ],
        columns=["customer_id", "ordered_at", "channel", "amount"],
    )
    found = preferred_channels(lines, as_of=AS_OF).set_index("customer_id")["preferred_channel"]
    assert found.to_dict() == {"latest": "shop", "most": "shop", "name": "app", "returned": "web"}
