"""A table is wrapped whatever its columns are called."""

from __future__ import annotations

from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.frames import aliases, collect, column_names, lazy
from workbench.data.quoting import quote
from workbench.errors import AnalysisError

ODD = ["a.b", 'say "x"', '"', "..", "a_b", "<script>alert(1).x</script>", "плата", "two words"]


def tables(name: str) -> list[Any]:
    """Return one table in each engine: a column of that name, and one called n."""
    frame = pd.DataFrame({name: ["x", "y"], "n": [1, 2]})
    relation = duckdb.sql(f"SELECT * FROM (VALUES ('x', 1), ('y', 2)) t({quote(name)}, n)")
    return [relation, frame, pl.from_pandas(frame), pl.from_pandas(frame).lazy()]


@pytest.mark.parametrize("name", ODD)
def test_an_odd_name_beside_hurts_nothing(name: str) -> None:
    for table in tables(name):
        found = lazy(table, where="orders", needs=("n",)).with_columns(m=nw.col("n") + 1)
        assert collect(found.select("m").sort("m"))["m"].tolist() == [2, 3]


@pytest.mark.parametrize("name", ODD)
def test_a_column_is_read_under_another_name(name: str) -> None:
    for table in tables(name):
        found = lazy(table, where="orders", needs=("n",), named={name: "group"})
        grouped = collect(found.with_columns(k=nw.col("n")).select("group", "k").sort("group"))
        assert grouped["group"].tolist() == ["x", "y"]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12))
def test_any_name_can_be_read(name: str) -> None:
    if name.lower() == "n":
        return
    relation = tables(name)[0]
    named = {name: "group_"}
    assert collect(lazy(relation, where="t", named=named).select("group_"))["group_"].tolist() == [
        "x",
        "y",
    ]


def test_aliases_are_plain_and_their_own() -> None:
    frame = pd.DataFrame({"a.b": [1], 'a"b': [1], "a_b": [1], "plain": [1]})
    found = aliases(frame, ["a.b", 'a"b', "plain", "not.there"])
    assert found == {'a"b': "a_b_", "a.b": "a_b__"}


def test_what_is_missing_is_named() -> None:
    for table in tables("x"):
        with pytest.raises(AnalysisError, match=r"column a\.b is missing"):
            lazy(table, where="orders", named={"a.b": "group"})
        assert column_names(table) == ["x", "n"]


def test_no_table_and_an_arrow_table_are_refused() -> None:
    with pytest.raises(AnalysisError, match="is not a table"):
        lazy(3, where="orders", named={"a": "b"})
    with pytest.raises(AnalysisError, match="Arrow"):
        lazy(pa.table({"a": [1]}), where="orders", named={"a": "b"})
