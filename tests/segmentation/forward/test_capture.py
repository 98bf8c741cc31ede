"""What the top of a ranking captures: against breaking ties by lot, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.segmentation.forward.capture import captured, gain, rank_by, top_weights

Draw = tuple[np.ndarray, np.ndarray, np.ndarray]


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=30),
    st.floats(0.01, 0.99),
)
def test_the_top_is_as_large_as_it_says(ranks: list[int], top: float) -> None:
    weights = top_weights(ranks, top)
    assert weights.sum() == pytest.approx(top * len(ranks))
    assert ((weights >= 0) & (weights <= 1)).all()
    values = np.array(ranks)
    for one, part in zip(values, weights, strict=True):
        assert (weights[values < one] == 1).all() or part == 0
        assert (weights[values == one] == part).all()


def test_a_tie_counts_as_much_as_breaking_it_by_lot_does_on_average() -> None:
    rng = np.random.default_rng(4)
    ranks, revenue = rng.integers(0, 4, 60), rng.exponential(size=60)
    found = captured(ranks, revenue, 0.3).share
    lots = []
    for _ in range(4000):
        order = np.lexsort((rng.random(60), ranks))[:18]
        lots.append(revenue[order].sum() / revenue.sum())
    assert found == pytest.approx(np.mean(lots), abs=4 * np.std(lots) / np.sqrt(4000))


def test_ranks_go_by_the_first_key_then_by_the_next() -> None:
    first, next_one = np.array([1.0, 2.0, 2.0, 2.0, 0.0]), np.array([9.0, 1.0, 3.0, 3.0, 9.0])
    assert rank_by(first, next_one).tolist() == [2, 1, 0, 0, 3]
    assert rank_by(first).tolist() == [1, 0, 0, 0, 2]


def draw(rng: np.random.Generator, n: int) -> Draw:
    """Return segment, past and later revenue of customers: skewed, and half of them nought."""
    worth = rng.normal(size=n)
    segment = np.searchsorted([-1.2, -0.5, 0, 0.5, 1, 1.6], worth + 0.7 * rng.normal(size=n))
    past = np.exp(worth + 0.8 * rng.normal(size=n))
    later = rng.poisson(np.exp(0.9 * worth - 0.5)) * np.exp(0.5 * worth + 0.7 * rng.normal(size=n))
    return segment.astype(float), past, later


def gain_of(drawn: Draw, top: float = 0.2) -> tuple[float, float, float]:
    segment, past, later = drawn
    both, alone = (captured(r, later, top) for r in (rank_by(segment, past), rank_by(past)))
    found = gain(both, alone)
    assert found.ci_lower is not None
    assert found.ci_upper is not None
    return found.difference, found.ci_lower, found.ci_upper


def test_the_error_is_about_that_of_the_bootstrap() -> None:
    drawn = draw(np.random.default_rng(8), 3000)
    difference, low, high = gain_of(drawn)
    rng, again = np.random.default_rng(9), []
    for _ in range(300):
        chosen = rng.integers(0, 3000, 3000)
        segment, past, later = (part[chosen] for part in drawn)
        again.append(gain_of((segment, past, later))[0])
    reach = stats.t.ppf(0.975, 2999) * np.std(again, ddof=1)
    assert (high - low) / 2 == pytest.approx(reach, rel=0.15)
    assert (low + high) / 2 == pytest.approx(difference)


def test_the_interval_covers_by_simulation() -> None:
    rng = np.random.default_rng(21)
    truth = gain_of(draw(np.random.default_rng(1), 400_000))[0]
    draws = [gain_of(draw(rng, 1000)) for _ in range(300)]
    covered = np.mean([low <= truth <= high for _, low, high in draws])
    assert 0.91 <= covered <= 0.99  # 0.95, 3 sd of 300 draws is 4 points


def test_two_orders_that_choose_the_same_have_no_interval() -> None:
    revenue = np.array([3.0, 2.0, 1.0, 0.0] * 10)
    ranks = rank_by(revenue)
    found = gain(captured(ranks, revenue, 0.25), captured(2 * ranks, revenue, 0.25))
    assert (found.difference, found.ci_lower, found.ci_upper) == (0.0, None, None)
