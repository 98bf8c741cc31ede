"""One reduction: exact sums, from every engine, whatever the order of the rows."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.experiments.moments import moments


def frame_of(values: list[Any], variants: list[Any] | None = None) -> pd.DataFrame:
    count = len(values)
    return pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(count)],
            "variant": variants or ["a"] * count,
            "x": values,
        }
    )


def exact(values: list[Any]) -> tuple[Fraction, Fraction]:
    numbers = [Fraction(v) for v in values]
    total = sum(numbers, Fraction(0))
    mean = total / len(numbers)
    return total, sum(((v - mean) ** 2 for v in numbers), Fraction(0))


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=40))
def test_whole_numbers_are_exact(values: list[int]) -> None:
    found = moments(frame_of(values), ["x"]).metrics["a", "x"]
    assert (found.total, found.centred_squares) == exact(values)


@settings(max_examples=20)
@given(st.lists(st.decimals(-(10**8), 10**8, places=4), min_size=1, max_size=25))
def test_decimals_are_exact_in_duckdb(values: list[Decimal]) -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (customer_id VARCHAR, variant VARCHAR, x DECIMAL(18,4))")
    rows = [(f"c{i}", "a", v) for i, v in enumerate(values)]
    connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    found = moments(connection.table("t"), ["x"]).metrics["a", "x"]
    connection.close()
    assert (found.total, found.centred_squares) == exact(values)


floats = st.floats(-1e9, 1e9, allow_nan=False, width=64)


@settings(max_examples=25)
@given(st.lists(floats, min_size=2, max_size=40), st.randoms(use_true_random=False))
def test_floats_are_close_and_do_not_depend_on_the_order(values: list[float], random: Any) -> None:
    found = moments(frame_of(values), ["x"]).metrics["a", "x"]
    total, squares = exact(values)
    width = max(values) - min(values)
    assert abs(found.total - total) <= len(values) * width * 1e-11
    assert abs(found.centred_squares - squares) <= len(values) * width**2 * 1e-10
    mixed = list(values)
    random.shuffle(mixed)
    again = moments(frame_of(mixed), ["x"]).metrics["a", "x"]
    assert (again.total, again.centred_squares) == (found.total, found.centred_squares)


def test_a_large_mean_keeps_its_variance() -> None:
    noise = np.random.default_rng(1).normal(size=10_000)
    found = moments(frame_of(list(1e8 + noise)), ["x"]).metrics["a", "x"]
    assert found.variance == pytest.approx(float(np.var(1e8 + noise, ddof=1)), rel=1e-8)
    raw = 1e8 + noise
    lost = (np.sum(raw**2) - np.sum(raw) ** 2 / len(raw)) / (len(raw) - 1)
    assert abs(lost - 1) > 0.01  # what a plain sum of squares would have given


def test_engines_agree_and_missing_values_are_one_thing() -> None:
    frame = frame_of([1.5, None, float("nan"), 2.25, -3.125, 0.0], list("aabbba"))
    connection = duckdb.connect()
    connection.register("t", frame)
    found = [moments(t, ["x"]) for t in (frame, pl.from_pandas(frame), connection.table("t"))]
    assert found[0] == found[1] == found[2]
    a, b = found[0].metrics["a", "x"], found[0].metrics["b", "x"]
    assert (a.n_obs, a.missing, b.n_obs, b.missing) == (2, 1, 2, 1)
    assert (a.mean, b.mean) == (0.75, -0.4375)


def test_who_is_in_two_variants_or_contradicts_is_left_out_and_counted() -> None:
    frame = pd.DataFrame(
        {
            "customer_id": ["c0", "c1", "c1", "c2", "c2", "c3", "c3", None, "c5"],
            "variant": ["a", "a", "b", "b", "b", "a", "a", "a", None],
            "x": [1.0, 2.0, 2.0, 4.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        }
    )
    for table in (frame, pl.from_pandas(frame)):
        found = moments(table, ["x"])
        assert found.units == {"a": 1, "b": 1}
        assert found.units_in_two_variants == 1
        assert found.units_in_conflict == 1
        assert found.repeated_rows == 1
        assert (found.rows, found.rows_without_place) == (9, 2)
        assert found.metrics["b", "x"].mean == 4.0


def test_true_and_false_are_one_and_nought() -> None:
    found = moments(frame_of([True, False, True]), ["x"]).metrics["a", "x"]
    assert (found.binary, found.mean) == (True, pytest.approx(2 / 3))
    assert not moments(frame_of([0, 2]), ["x"]).metrics["a", "x"].binary


def test_infinite_and_unusable_values_are_counted_or_refused() -> None:
    found = moments(frame_of([1.0, float("inf"), float("-inf")]), ["x"]).metrics["a", "x"]
    assert (found.n_obs, found.infinite, found.missing) == (1, 2, 0)
    with pytest.raises(AnalysisError, match="column x is String, not a number"):
        moments(frame_of(["1", "2"]), ["x"])
    with pytest.raises(AnalysisError, match="column y is missing"):
        moments(frame_of([1, 2]), ["y"])
    with pytest.raises(AnalysisError, match="outcomes range from"):
        moments(frame_of([-1.7e308, 1.7e308]), ["x"])


def test_an_all_missing_outcome_and_no_rows_at_all() -> None:
    found = moments(frame_of([None, None]).astype({"x": "float64"}), ["x"])
    assert (found.metrics["a", "x"].n_obs, found.metrics["a", "x"].missing) == (0, 2)
    assert moments(frame_of([1.0]).iloc[:0], ["x"]).units == {}
