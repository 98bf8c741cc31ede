"""Sizes and intervals, against SciPy and what is known of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.triage.drift.measures import (
    cumulative_distance,
    distance_interval,
    share_interval,
    stability_index,
    stream,
    student_quantile,
    times_as_often,
    total_variation,
    usual_growth,
)

COUNTS = st.lists(st.integers(0, 500), min_size=2, max_size=12).filter(lambda one: sum(one) > 0)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 10, 31])
@pytest.mark.parametrize("probability", [0.5, 0.95, 0.999])
def test_students_t_is_scipys(freedom: int, probability: float) -> None:
    expected = stats.t.ppf((1 + probability) / 2, freedom)
    assert student_quantile(probability, freedom) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("rows", "there", "missing"), [(1, 100, 100), (20, 1000, 300), (7, 9, 50)])
def test_a_new_category_has_the_exact_binomial_limit(rows: int, there: int, missing: int) -> None:
    least = stats.binomtest(rows, rows).proportion_ci(0.95, "exact").low
    expected = least / (1 - least) * missing / there
    assert times_as_often(rows, there, missing, level=0.95) == pytest.approx(expected)


def test_the_cumulative_distance_is_that_of_kolmogorov_and_smirnov() -> None:
    one, other = [1, 1, 2, 3, 3, 3], [2, 3, 3, 4]
    before = [one.count(value) for value in (1, 2, 3, 4)]
    now = [other.count(value) for value in (1, 2, 3, 4)]
    found = distance_interval(
        before, now, cumulative_distance, level=0.9, resamples=200, rng=stream(1)
    )
    assert found.value == pytest.approx(stats.ks_2samp(one, other).statistic)


def test_the_stability_index_by_its_formula() -> None:
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.4, 0.2])
    expected = ((q - p) * np.log(q / p)).sum()
    assert stability_index(p * 1e9, q * 1e9) == pytest.approx(expected, rel=1e-6)
    assert math.isfinite(stability_index([10, 0], [0, 10]))  # an empty bin is not infinite


@given(before=COUNTS, now=COUNTS, norm=st.sampled_from([cumulative_distance, total_variation]))
def test_any_interval_holds_its_distance_and_stays_in_its_range(before, now, norm) -> None:
    size = min(len(before), len(now))
    before, now = [*before[:size], 1], [*now[:size], 1]
    found = distance_interval(before, now, norm, level=0.95, resamples=100, rng=stream(3))
    assert 0 <= found.lower <= found.value <= found.upper <= 1
    assert stability_index(before, now) >= -1e-12
    if before == now:
        assert found.lower == 0


def test_a_share_keeps_its_sign_and_chance_is_repeatable() -> None:
    def once(seed: int):
        return share_interval(
            (300, 1000), (100, 1000), level=0.95, resamples=500, rng=stream(seed, "orders", "a")
        )

    found = once(1)
    assert found.value == pytest.approx(-0.2)
    assert found.lower < found.value < found.upper < 0
    assert once(1) == found
    assert once(2) != found


def test_no_row_of_a_rare_kind_is_no_certainty() -> None:
    """Resampled alone, a load with none would never have one: the common shares say otherwise."""
    found = share_interval((40, 20_000), (0, 1000), level=0.99, resamples=2000, rng=stream(1))
    assert found.lower < 0 < found.upper


@pytest.mark.parametrize("norm", [cumulative_distance, total_variation])
def test_an_interval_covers_the_true_distance(norm) -> None:
    p, q = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.3, 0.3, 0.2, 0.2])
    true, rng, held = float(norm(q - p)), np.random.default_rng(5), 0
    for place in range(200):
        before, now = rng.multinomial(500, p), rng.multinomial(700, q)
        found = distance_interval(before, now, norm, level=0.95, resamples=400, rng=stream(place))
        held += found.lower <= true <= found.upper
    assert held / 200 >= 0.93  # 0.95 less 1.3 standard errors


def test_usual_growth_is_a_prediction_interval() -> None:
    counts = [100, 110, 115, 130, 140]
    steps = np.diff(np.log1p(counts))
    reach = stats.t.ppf(0.975, 3) * steps.std(ddof=1) * math.sqrt(1 + 1 / 4)
    low, high = usual_growth(counts, level=0.95)
    assert low == pytest.approx(math.expm1(steps.mean() - reach))
    assert high == pytest.approx(math.expm1(steps.mean() + reach))
    assert usual_growth([5, 5, 5, 5], level=0.95) == (0, 0)
