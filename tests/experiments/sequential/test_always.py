"""Anytime-valid intervals: duality, width, and no false alarm under daily peeking."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from workbench.errors import AnalysisError
from workbench.experiments.sequential import (
    always_valid_difference,
    always_valid_proportion,
    always_valid_proportions,
    bounded_difference,
    bounded_sequence,
    tuning_of,
)


@given(st.floats(-5, 5), st.floats(0.01, 2), st.floats(0.1, 100))
def test_the_p_value_is_one_over_a_mixture_of_likelihood_ratios(
    effect: float, error: float, tuning: float
) -> None:
    found = always_valid_difference(effect, error, tuning=tuning)
    information = error**-2
    # Normal mixture of effects with variance 1 / tuning.
    above = stats.norm.logpdf(effect, 0, np.sqrt(1 / tuning + 1 / information))
    ratio = above - stats.norm.logpdf(effect, 0, error)
    assert found.pvalue == pytest.approx(min(float(np.exp(-ratio)), 1.0), rel=1e-8)
    outside = found.effect_size_ci_lower > 0 or found.effect_size_ci_upper < 0
    if abs(found.pvalue - 0.05) > 1e-6:
        assert outside == (found.pvalue < 0.05)


def test_tuning_is_the_narrowest_at_the_planned_end() -> None:
    tuning = tuning_of(0.2)

    def width(t: float) -> float:
        found = always_valid_difference(0.0, 0.2, tuning=t)
        return found.effect_size_ci_upper

    assert width(tuning) <= min(width(0.9 * tuning), width(1.1 * tuning))
    assert width(tuning) / 0.2 < 3.1  # against 1.96 for a single look
    with pytest.raises(AnalysisError, match="must be > 0"):
        tuning_of(0.0)
    with pytest.raises(AnalysisError, match="when the outcomes vary"):
        always_valid_difference(0.0, 0.0, tuning=1.0)


@settings(max_examples=20)
@given(st.integers(1, 300), st.data())
def test_one_proportion_is_where_the_beta_mixture_allows(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    lower, upper = always_valid_proportion(hits, n)
    assert 0 <= lower <= hits / n <= upper <= 1

    def ratio(p: float) -> float:
        """Return the chance of the outcomes under the mixture over that under p."""
        mixed = stats.betabinom.pmf(hits, n, 0.5, 0.5)
        return float(mixed / stats.binom.pmf(hits, n, p))

    for end in (lower, upper):
        if 0 < end < 1:
            assert ratio(end) == pytest.approx(20.0, rel=1e-5)


def test_two_proportions_never_alarm_too_often_and_cover() -> None:
    """160 runs, looks at 60 days: 3 standard errors of 5 % are 5.2 points."""
    random = np.random.default_rng(20250703)
    alarms = missed = 0
    runs = 160
    for run in range(runs):
        p_c, p_t = (0.1, 0.1) if run % 2 else (0.1, 0.2)
        c, t = (np.cumsum(random.binomial(20, p, 60)) for p in (p_c, p_t))
        out = False
        for day in range(4, 60, 14):
            n = 20 * (day + 1)
            found = always_valid_proportions(int(c[day]), n, int(t[day]), n)
            gap = p_t - p_c
            out |= not found.effect_size_ci_lower <= gap <= found.effect_size_ci_upper
            zero_outside = found.effect_size_ci_lower > 0 or found.effect_size_ci_upper < 0
            assert zero_outside == (found.pvalue < 0.05) or abs(found.pvalue - 0.05) < 1e-6
        missed += out
        alarms += out and p_c == p_t
    assert missed / runs <= 0.05 + 0.052
    assert alarms / (runs / 2) <= 0.05 + 0.073


def test_bounded_outcomes_are_covered_at_all_days() -> None:
    random = np.random.default_rng(20250704)
    missed = 0
    runs = 200
    for _ in range(runs):
        days = 100 * random.beta(0.3, 4, (50, 20))
        truth = 100 * 0.3 / 4.3
        found = bounded_sequence(
            [(20, float(day.sum()), float((day**2).sum())) for day in days], bounds=(0, 100)
        )
        missed += any(not look.lower <= truth <= look.upper for look in found)
    assert missed / runs <= 0.05 + 0.046
    assert found[-1].upper - found[-1].lower < 6
    assert found[-1].n_obs == 1000
    lower, upper, level = bounded_difference(found[-1], found[-1])
    assert (lower, level) == pytest.approx((-upper, 0.9))
    assert upper == pytest.approx(found[-1].upper - found[-1].lower)


def test_bounded_outcomes_must_be_bounded() -> None:
    with pytest.raises(AnalysisError, match="outside the bounds"):
        bounded_sequence([(10, 50.0, 400.0)], bounds=(0, 1))
    with pytest.raises(AnalysisError, match="must be larger"):
        bounded_sequence([], bounds=(1, 1))
    with pytest.raises(AnalysisError, match="n >= 1"):
        always_valid_proportion(3, 2)
    (first,) = bounded_sequence([(0, 0.0, 0.0)], bounds=(0, 1))
    assert (first.lower, first.upper) == (0, 1)
