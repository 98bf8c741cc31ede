"""Differences in means and proportions beside SciPy, statsmodels and tea-tasting."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from workbench.experiments.estimators import Difference, difference
from workbench.experiments.moments import MetricMoments, moments


def groups(
    control: np.ndarray, treatment: np.ndarray
) -> tuple[pd.DataFrame, MetricMoments, MetricMoments]:
    frame = pd.DataFrame(
        {
            "customer_id": np.arange(len(control) + len(treatment)),
            "variant": ["a"] * len(control) + ["b"] * len(treatment),
            "x": np.concatenate([control, treatment]),
        }
    )
    found = moments(frame, ["x"]).metrics
    return frame, found["a", "x"], found["b", "x"]


def numbers(found: Difference) -> list[float]:
    return [v for v in vars(found).values() if isinstance(v, float)]


@pytest.fixture(params=["normal", "skewed with zeros", "unequal"])
def samples(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(20250630)
    if request.param == "normal":
        return random.normal(10, 2, 300), random.normal(10.4, 3, 280)
    if request.param == "unequal":
        return random.gamma(2, 5, 50), random.gamma(2, 6, 900)
    spend = [random.gamma(1, 100, n) * (random.random(n) < p) for n, p in ((900, 0.1), (800, 0.13))]
    return spend[0], spend[1]


def test_means_equal_scipy_statsmodels_and_tea_tasting(
    samples: tuple[np.ndarray, np.ndarray],
) -> None:
    control, treatment = samples
    frame, a, b = groups(control, treatment)
    found = difference(a, b, "mean", alpha=0.05)
    oracle = stats.ttest_ind(treatment, control, equal_var=False)
    assert found.statistic == pytest.approx(oracle.statistic, rel=1e-8)
    assert found.pvalue == pytest.approx(oracle.pvalue, rel=1e-8)
    interval = CompareMeans(DescrStatsW(treatment), DescrStatsW(control)).tconfint_diff(
        alpha=0.05, usevar="unequal"
    )
    assert found.effect_size_ci_lower == pytest.approx(interval[0], rel=1e-8)
    assert found.effect_size_ci_upper == pytest.approx(interval[1], rel=1e-8)
    theirs = tt.Experiment(x=tt.Mean("x", equal_var=False)).analyze(frame, control="a")["x"]
    for name in (
        "control", "treatment", "effect_size", "rel_effect_size",
        "rel_effect_size_ci_lower", "rel_effect_size_ci_upper",
    ):  # fmt: skip
        assert getattr(found, name) == pytest.approx(getattr(theirs, name), rel=1e-8), name


@settings(max_examples=20)
@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_proportions_equal_statsmodels_and_scipy(n_c: int, n_t: int, data: st.DataObject) -> None:
    hits_c, hits_t = data.draw(st.integers(0, n_c)), data.draw(st.integers(0, n_t))
    arrays = [np.repeat([1, 0], [h, n - h]) for h, n in ((hits_c, n_c), (hits_t, n_t))]
    _, a, b = groups(arrays[0], arrays[1])
    found = difference(a, b, "proportion")
    pooled = (hits_c + hits_t) / (n_c + n_t)
    if min(n_c, n_t) < 2:
        assert "fewer than 2 outcomes" in found.reason
        return
    if min(pooled, 1 - pooled) * min(n_c, n_t) < 5:  # the exact method's own tests look closer
        assert "exact" in found.method
        return
    low, high = confint_proportions_2indep(hits_t, n_t, hits_c, n_c, method="newcomb")
    assert found.effect_size_ci_lower == pytest.approx(low, abs=1e-8)
    assert found.effect_size_ci_upper == pytest.approx(high, abs=1e-8)
    assert -1 - 1e-12 <= low <= high <= 1 + 1e-12
    z, p = proportions_ztest([hits_t, hits_c], [n_t, n_c])
    assert (found.statistic, found.pvalue) == pytest.approx((z, p), abs=1e-8)
    assert all(np.isfinite(number) for number in numbers(found))


def test_what_cannot_be_said_is_said_in_words() -> None:
    wild = np.array([-3.0, 2.9, 0.2, 0.1])
    cases = {
        "same outcome": (np.full(5, 2.0), np.full(5, 3.0)),
        "fewer than 5 outcomes": (np.arange(4.0), np.arange(9.0)),
        "no outcome at all": (np.array([np.nan, np.nan]), np.arange(9.0)),
        "infinite": (np.append(np.arange(9.0), np.inf), np.arange(9.0)),
    }
    for words, (control, treatment) in cases.items():
        _, a, b = groups(control, treatment)
        found = difference(a, b, "mean", min_group=5)
        assert words in found.reason
        assert found.pvalue is None
        assert all(np.isfinite(number) for number in numbers(found))
    _, a, b = groups(wild, np.arange(1.0, 5.0))
    assert "too near zero" in difference(a, b, "mean").rel_reason
    _, a, b = groups(-np.arange(1.0, 9.0), np.arange(1.0, 9.0))
    found = difference(a, b, "mean")
    assert found.rel_reason == "The control's mean is not above zero."
    assert found.rel_effect_size is None
    assert found.pvalue is not None
    _, a, b = groups(np.array([0, 2, 1, 0]), np.array([0, 1, 1, 0]))
    assert "outcomes of 0 and 1" in difference(a, b, "proportion").reason


def test_error_rate_and_coverage_hold_in_a_seeded_simulation() -> None:
    """2,000 runs a case: three standard errors of 5 % are 1.5 points, so 3.5 to 6.5 % is honest."""
    random = np.random.default_rng(7)
    runs, n = 2_000, 400
    missed_mean = missed_share = false_alarms = 0
    for _ in range(runs):
        c, t = random.normal(1.0, 1.0, n), random.normal(1.0, 2.0, n // 2)
        a, b = (MetricMoments(len(x), 0, 0, *_sums(x), False) for x in (c, t))
        found = difference(a, b, "mean")
        assert found.effect_size_ci_lower is not None
        assert found.effect_size_ci_upper is not None
        assert found.pvalue is not None
        missed_mean += not found.effect_size_ci_lower <= 0 <= found.effect_size_ci_upper
        false_alarms += found.pvalue < 0.05
        hits = random.binomial([n, n // 2], [0.05, 0.08])
        parts = [
            MetricMoments(m, 0, 0, int(h), 0, True)  # type: ignore[arg-type]
            for m, h in zip((n, n // 2), hits, strict=True)
        ]
        share = difference(parts[0], parts[1], "proportion")
        assert share.effect_size_ci_lower is not None
        assert share.effect_size_ci_upper is not None
        missed_share += not share.effect_size_ci_lower <= 0.03 <= share.effect_size_ci_upper
    assert 0.035 <= missed_mean / runs <= 0.065
    assert missed_mean == false_alarms  # the interval and the test are one thing
    assert 0.03 <= missed_share / runs <= 0.065


def _sums(values: np.ndarray) -> tuple[float, float]:
    return float(values.sum()), float(((values - values.mean()) ** 2).sum())
