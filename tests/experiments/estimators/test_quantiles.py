"""Quantiles: estimates beside NumPy, intervals beside SciPy's exact ones, and under ties."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from workbench.errors import AnalysisError
from workbench.experiments.estimators import (
    QuantileWindow,
    difference_in_quantiles,
    quantile_windows,
)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300),
    st.sampled_from([0.05, 0.25, 0.5, 0.9]),
)
def test_estimates_equal_numpy(values: list[float], quantile: float) -> None:
    window = QuantileWindow.of(np.array(values), quantile)
    assert window.estimate == pytest.approx(np.quantile(values, quantile), rel=1e-9, abs=1e-9)


@settings(max_examples=30)
@given(st.integers(30, 400), st.sampled_from([0.1, 0.5, 0.8]), st.integers(0, 10**6))
def test_an_interval_lies_within_one_rank_of_the_exact_one(n: int, q: float, seed: int) -> None:
    values = np.sort(np.random.default_rng(seed).lognormal(size=n))
    lower, upper = QuantileWindow.of(values.copy(), q).interval(0.05)
    exact = stats.quantile_test(values, q=0.0, p=q).confidence_interval(0.95)
    if not (np.isfinite(exact.low) and np.isfinite(exact.high)):
        return
    low, high = np.searchsorted(values, [exact.low, exact.high])
    assert values[low] <= lower <= values[low + 1]
    assert values[high - 1] <= upper <= values[high]


def test_coverage_of_one_quantile_counted_out() -> None:
    """Uniform outcomes: an order statistic is a beta variable, so no simulation is needed."""
    n, q = 41, 0.5
    ranks = np.arange(1.0, n + 1)
    window = QuantileWindow.of(ranks, q)
    lower, upper = window.interval(0.05)
    rank = int(lower)
    below = stats.binom.cdf(rank - 1, n, q)
    above = stats.binom.cdf(rank, n, q)
    assert below <= 0.025 <= above
    assert lower + upper == pytest.approx(n + 1)


def test_skew_and_ties_are_kept() -> None:
    random = np.random.default_rng(11)
    skewed = [random.lognormal(2, 1, 3000), random.lognormal(2.1, 1, 3000)]
    found = difference_in_quantiles(*(QuantileWindow.of(v, 0.9) for v in skewed))
    assert found.effect_size is not None
    assert found.effect_size_ci_lower is not None
    assert found.effect_size_ci_upper is not None
    assert found.effect_size_ci_lower < found.effect_size < found.effect_size_ci_upper
    spend = [np.where(random.random(2000) < 0.95, 0.0, 10.0) for _ in range(2)]
    tied = difference_in_quantiles(*(QuantileWindow.of(v, 0.5) for v in spend))
    assert (tied.effect_size_ci_lower, tied.effect_size_ci_upper, tied.pvalue) == (0.0, 0.0, 1.0)
    assert "not above zero" in tied.rel_reason
    assert tied.statistic is None


@settings(max_examples=25)
@given(st.integers(80, 300), st.integers(0, 10**6), st.floats(-1, 1))
def test_test_and_interval_are_one_thing(n: int, seed: int, shift: float) -> None:
    random = np.random.default_rng(seed)
    windows = [QuantileWindow.of(random.normal(m, 1, n), 0.5) for m in (0.0, shift)]
    found = difference_in_quantiles(*windows)
    assert found.pvalue is not None
    assert found.effect_size_ci_lower is not None
    assert found.effect_size_ci_upper is not None
    outside = found.effect_size_ci_lower > 0 or found.effect_size_ci_upper < 0
    if abs(found.pvalue - 0.05) > 1e-3:
        assert outside == (found.pvalue < 0.05)
    finer = difference_in_quantiles(*windows, alpha=max(found.pvalue, 1e-12))
    assert min(abs(finer.effect_size_ci_lower or 0), abs(finer.effect_size_ci_upper or 0)) < 0.3


def test_engines_agree_and_few_outcomes_are_told() -> None:
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"customer_id": np.arange(600), "variant": ["a", "b"] * 300})
    frame["x"] = random.gamma(2, 3, 600).round(2)
    frame.loc[5, "x"] = np.nan
    connection = duckdb.connect()
    connection.register("t", frame)
    tables = (frame, frame.sample(frac=1, random_state=2), pl.from_pandas(frame))
    windows = [quantile_windows(t, "x", 0.75) for t in tables]
    windows.append(quantile_windows(connection.table("t"), "x", 0.75))
    connection.close()
    found = [difference_in_quantiles(w["a"], w["b"]) for w in windows]
    assert all(other == found[0] for other in found)
    assert windows[0]["b"].missing == 1
    few = [QuantileWindow.of(np.arange(8.0), 0.9) for _ in range(2)]
    assert "too few outcomes for an interval" in difference_in_quantiles(*few).reason
    with pytest.raises(AnalysisError, match="must lie between 0 and 1"):
        QuantileWindow.of(np.arange(8.0), 1.0)
