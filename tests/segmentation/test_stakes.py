"""What is at stake: yearly values, margins and costs of contacts, counted again by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.segmentation.stakes import YEAR_DAYS, contact_costs, customer_values, values_of

AS_OF = date(2025, 6, 30)
lines_drawn = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", None]),
        st.integers(-5, 900),  # days before as_of
        st.integers(-5_000, 20_000),  # pence
        st.one_of(st.none(), st.integers(0, 9_000)),
    ),
    min_size=1,
    max_size=30,
)


def frame_of(drawn: list[tuple[str | None, int, int, int | None]]) -> pd.DataFrame:
    noon = datetime(2025, 6, 30, 12)
    return pd.DataFrame(
        {
            "customer_id": pd.Series([one[0] for one in drawn], dtype="str"),
            "ordered_at": pd.Series(
                [noon - timedelta(days=one[1]) for one in drawn], dtype="datetime64[us]"
            ),
            "amount": pd.Series([one[2] / 100 for one in drawn], dtype="float64"),
            "cost": pd.Series(
                [None if one[3] is None else one[3] / 100 for one in drawn], dtype="float64"
            ),
        }
    )


@settings(max_examples=25)
@given(lines_drawn)
def test_equals_the_count_by_hand(drawn: list[Any]) -> None:
    found = customer_values(frame_of(drawn), as_of=AS_OF).set_index("customer_id")
    kept = [one for one in drawn if one[1] >= 0 and one[0] is not None]
    buyers = {one[0] for one in kept if one[2] >= 0}
    assert set(found.index) == buyers
    for name in buyers:
        own = [one for one in kept if one[0] == name]
        last = min(one[1] for one in own if one[2] >= 0)
        costed = [one for one in own if one[3] is not None]
        row = found.loc[name]
        assert row["year_units"] == 100 * sum(o[2] for o in own if o[1] < YEAR_DAYS)
        assert row["active_year_units"] == 100 * sum(o[2] for o in own if o[1] < last + YEAR_DAYS)
        assert row["units"] == 100 * sum(o[2] for o in own)
        assert row["margin_units"] == 100 * sum(o[2] - o[3] for o in costed)
        year = [o for o in costed if o[1] < YEAR_DAYS]
        assert row["year_margin_units"] == 100 * sum(o[2] - o[3] for o in year)
        active = [o for o in costed if o[1] < last + YEAR_DAYS]
        assert row["active_year_costed_units"] == 100 * sum(o[2] for o in active)
        assert row["costed_units"] == 100 * sum(o[2] for o in costed)
        assert (row["costed_lines"], row["lines"]) == (len(costed), len(own))


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_every_engine_gives_the_same(engine: str) -> None:
    drawn = [("a", n, 100 * n, None if n % 3 else 50 * n) for n in range(600)]
    pandas = frame_of([*drawn, ("b", 10, -500, 100), ("c", 400, 900, None)])
    wanted = customer_values(pandas, as_of=AS_OF)
    table: Any = pl.from_pandas(pandas)
    if engine == "duckdb":
        connection = duckdb.connect()
        connection.register("lines", pandas)
        table = connection.sql(
            "SELECT * REPLACE (amount::DECIMAL(18,4) AS amount, cost::DECIMAL(18,4) AS cost) "
            "FROM lines"
        )
    found = customer_values(table, as_of=AS_OF)
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)


def test_without_costs_there_is_no_margin() -> None:
    lines = frame_of([("a", 1, 500, None)]).drop(columns="cost")
    found = customer_values(lines, as_of=AS_OF)
    assert found[["costed_lines", "margin_units"]].to_numpy().tolist() == [[0, 0]]


def test_contacts_of_the_year_are_counted_with_their_cost() -> None:
    touched = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b", None, "a", "a"],
            "touched_at": pd.to_datetime(
                [
                    "2025-06-30 23:59",
                    "2024-07-01 00:00",
                    "2025-01-01 00:00",
                    "2025-01-01 00:00",
                    "2024-06-30 00:00",
                    "2025-07-01 00:00",
                ]
            ),
            "cost": [0.5, 0.25, None, 9.0, 9.0, 9.0],
        }
    )
    found = contact_costs(touched, as_of=AS_OF)
    assert found.customers.to_numpy().tolist() == [["a", 2, 7_500], ["b", 1, 0]]
    assert (found.without_cost, found.has_cost) == (1, True)
    free = contact_costs(touched.drop(columns="cost"), as_of=AS_OF)
    assert (free.has_cost, free.without_cost) == (False, 0)
    assert free.customers["contacts"].tolist() == [2, 1]


def test_segments_add_up_and_a_stranger_is_an_error() -> None:
    values = customer_values(frame_of([("a", 1, 500, 100), ("b", 1, 700, None)]), as_of=AS_OF)
    customers = pd.DataFrame({"customer_id": ["a", "b"], "segment": ["x", "y"]})
    assert values_of(customers, values, ["x", "y"])["year_units"] == 120_000
    assert values_of(customers, values, ["y"])["costed_lines"] == 0
    strange = pd.DataFrame({"customer_id": ["z"], "segment": ["x"]})
    with pytest.raises(AnalysisError, match="1 customers have no values"):
        values_of(strange, values, ["x"])
