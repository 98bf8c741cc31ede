"""Gamma-Gamma beside published estimates, and whether spend and frequency are related."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from support.cdnow import read_cdnow
from workbench.errors import AnalysisError
from workbench.retention.spend import GammaGamma, fit_gamma_gamma, spend_relation

CDNOW = GammaGamma(6.25, 3.74, 15.44)


def simulated(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.geometric(0.4, n)
    return x, rng.gamma(6.25 * x) / rng.gamma(3.74, 1 / 15.44, n) / x


def test_cdnow_as_published(workbench_data: Path) -> None:
    """Fader & Hardie 2013, "The Gamma-Gamma Model of Monetary Value"."""
    table = read_cdnow(workbench_data).customers
    found = fit_gamma_gamma(table["frequency"], table["monetary_value"])
    assert [f"{one.value:.2f}" for one in found.parameters] == ["6.25", "3.74", "15.44"]
    assert found.customers == 946
    assert found.model.mean == pytest.approx(35.2, abs=0.05)
    related = spend_relation(table["frequency"], table["monetary_value"])
    assert f"{related.correlation:.2f}" == "0.11"  # the note's: 0.11
    assert related.usable
    assert "unrelated as far as the data show" in related.sentence


def test_the_mean_spend_is_that_of_the_customers_own_rate() -> None:
    """The integral over the posterior distribution of the rate."""
    for x, spend in [(1, 80.0), (9, 12.0)]:
        shape, rate = CDNOW.p * x + CDNOW.q, CDNOW.v + x * spend

        def density(nu: float, shape: float = shape, rate: float = rate) -> float:
            logs = shape * np.log(rate) - special.gammaln(shape) + (shape - 1) * np.log(nu)
            return float(CDNOW.p / nu * np.exp(logs - rate * nu))

        mean = integrate.quad(density, 0, 10, points=[shape / rate], limit=200)[0]
        assert CDNOW.mean_spend([x], [spend])[0] == pytest.approx(mean, rel=1e-7)


def test_customers_without_repeats_get_the_mean_of_all() -> None:
    assert CDNOW.mean_spend([0], [np.nan])[0] == CDNOW.mean
    unbounded = GammaGamma(2.0, 0.8, 10.0)
    assert unbounded.mean is None
    with pytest.raises(AnalysisError, match="mean spend of all customers has no bound"):
        unbounded.mean_spend([0, 3], [0, 50])
    assert unbounded.mean_spend([3], [50])[0] > 0


def test_truth_is_recovered_and_weights_are_customers() -> None:
    x, spend = simulated(1, 4000)
    found = fit_gamma_gamma(x, spend)
    for one, true in zip(found.parameters, (6.25, 3.74, 15.44), strict=True):
        assert abs(one.value - true) < 4 * one.std_error
        assert one.ci_lower < one.value < one.ci_upper
    twice = fit_gamma_gamma(x, spend, n=np.full(len(x), 2))
    both = fit_gamma_gamma(np.tile(x, 2), np.tile(spend, 2))
    for one, other, single in zip(twice.parameters, both.parameters, found.parameters, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-6)
        assert one.std_error == pytest.approx(other.std_error, rel=1e-6)
        assert one.std_error == pytest.approx(single.std_error / np.sqrt(2), rel=1e-4)


def test_the_unit_of_money_changes_v_only() -> None:
    x, spend = simulated(2, 800)
    one, other = fit_gamma_gamma(x, spend), fit_gamma_gamma(x, spend * 1000)
    factors = (1, 1, 1000)
    for left, right, factor in zip(one.parameters, other.parameters, factors, strict=True):
        assert right.value == pytest.approx(left.value * factor, rel=1e-4)


@pytest.mark.parametrize(
    ("x", "spend", "words"),
    [
        ([0, 0], [0, 0], "Fewer than two rows have repeat purchases"),
        ([3], [10], "Fewer than two rows"),
        ([1, 2, 3], [10, 10, 10], "All customers spend the same"),
    ],
)
def test_what_cannot_be_fitted_says_why(x: list[int], spend: list[float], words: str) -> None:
    found = fit_gamma_gamma(x, spend)
    assert words in found.reason
    assert found.parameters == ()
    with pytest.raises(AnalysisError, match=words):
        _ = found.model


@pytest.mark.parametrize(
    ("x", "spend", "words"),
    [
        ([1, 2], [10, -4], r"mean repeat spend is negative \(rows: 1\)"),
        ([1, 2], [0, 0], r"mean repeat spend is nought \(rows: 2\)"),
        ([1, 2], [1, np.nan], "mean repeat spend is missing"),
        ([1.5, 2], [1, 2], "frequency is not a whole number"),
        ([1, 2], [1], "differ in shape"),
    ],
)
def test_impossible_spend_is_refused(x: list[float], spend: list[float], words: str) -> None:
    for ask in (fit_gamma_gamma, spend_relation):
        with pytest.raises(AnalysisError, match=words):
            ask(x, spend)


def test_a_relation_is_told_in_words() -> None:
    x, spend = simulated(3, 3000)
    assert spend_relation(x, spend).usable
    strong = spend_relation(x, spend * x**1.5)
    assert not strong.usable
    assert "more" in strong.sentence
    falling = spend_relation(x, spend / x**2)
    assert falling.correlation < 0
    assert "less" in falling.sentence
    few = spend_relation([1, 2, 3, 4, 5] * 3, [5, 9, 2, 7, 6, 8, 8, 1, 7, 3, 2, 2, 9, 9, 7])
    assert not few.usable
    assert "too few to tell" in few.sentence
    for none in (spend_relation([1, 2], [3, 4]), spend_relation([2] * 9, range(1, 10))):
        assert none.correlation is None
        assert not none.usable


def test_the_interval_of_the_correlation_covers() -> None:
    """Under the model the true correlation is nought; 400 runs allow 92 to 98 %."""
    covered = 0
    for seed in range(400):
        told = spend_relation(*simulated(seed, 500))
        covered += told.ci_lower <= 0 <= told.ci_upper
    assert 0.92 <= covered / 400 <= 0.98


spending = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 500), st.integers(1, 3)), min_size=2, max_size=20
)


@settings(max_examples=25)
@given(spending)
def test_a_fit_has_numbers_or_a_reason(rows: list[tuple[int, int, int]]) -> None:
    x, spend, n = zip(*rows, strict=True)
    found = fit_gamma_gamma(x, spend, n=n)
    assert found.converged == (len(found.parameters) == 3)
    for one in found.parameters:
        assert 0 < one.ci_lower < one.value < one.ci_upper < np.inf
    related = spend_relation(x, spend, n=n)
    assert related.sentence.endswith(".")
    if related.correlation is not None:
        assert -1 <= related.ci_lower <= related.correlation <= related.ci_upper <= 1
