"""Order lines as all reductions read them, and revenue in spans of days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.lines import revenue_in
from workbench.errors import AnalysisError

START = date(2024, 1, 1)
SPANS = [(date(2024, 1, 10), date(2024, 1, 20)), (date(2024, 1, 15), date(2024, 2, 10))]

lines_of_customers = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 60), st.integers(-5_000, 9_000)),
    min_size=1,
    max_size=25,
)


def frame_of(lines: list[tuple[str | None, int, int]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": pd.Series([line[0] for line in lines], dtype="str"),
            "ordered_at": pd.to_datetime([START + timedelta(days=line[1]) for line in lines]),
            "amount": [line[2] / 100 for line in lines],
        }
    )


@settings(max_examples=25)
@given(lines_of_customers)
def test_each_span_is_added_up_by_itself(lines: list[tuple[str | None, int, int]]) -> None:
    found = revenue_in(frame_of(lines), SPANS).set_index("customer_id")
    for name in ("a", "b"):
        seen = [n for n in lines if n[0] == name and START + timedelta(days=n[1]) <= SPANS[1][1]]
        assert (name in found.index) == bool(seen)
        for place, (first, last) in enumerate(SPANS):
            own = [n[2] for n in seen if first <= START + timedelta(days=n[1]) <= last]
            if seen:
                assert found.loc[name, f"span_{place}"] == sum(own) * 100
        if seen:
            day = min(START + timedelta(days=n[1]) for n in seen)
            assert found.loc[name, "first_day"] == day.toordinal()


@pytest.mark.parametrize("engine", ["duckdb", "polars", "shuffled"])
def test_every_engine_gives_the_same(engine: str) -> None:
    lines = frame_of([(c, d, 100 * d - 900) for d in range(40) for c in ("a", "b", None)])
    table: Any = lines.sample(frac=1, random_state=1)
    if engine == "duckdb":
        table = duckdb.from_df(lines)
    elif engine == "polars":
        table = pl.from_pandas(lines)
    pd.testing.assert_frame_equal(
        revenue_in(table, SPANS), revenue_in(lines, SPANS), check_dtype=False
    )


def test_lines_that_cannot_be_read_are_refused() -> None:
    lines = frame_of([("a", 1, 100), ("a", 2, 100)])
    with pytest.raises(AnalysisError, match="1 order lines have no readable amount"):
        revenue_in(lines.assign(amount=[1.0, None]), SPANS)
