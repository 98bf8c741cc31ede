"""The factors of the months: right to an oracle, drawn towards 1, and as sure as they say."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.retention.purchases import season as module
from workbench.retention.purchases.season import EVEN, MONTHS, months_of, season_of

Floats = npt.NDArray[np.float64]
TRUE = np.array([0.7, 0.8, 0.9, 1.0, 1.0, 0.95, 0.9, 0.9, 1.0, 1.15, 1.35, 1.35])


def shop(
    rng: np.random.Generator, years: int, factors: Floats, *, yearly: float, size: float = 400.0
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats, Floats]:
    """Return month, year, expected and counted of so many years, whose levels differ."""
    month, year = np.tile(np.arange(MONTHS), years), np.repeat(np.arange(years), MONTHS)
    expected = size * np.exp(0.1 * rng.standard_normal(years))[year]
    moved = np.exp(yearly * rng.standard_normal(len(month)))
    grown = np.exp(0.2 * rng.standard_normal(years))[year]
    counted = rng.poisson(expected * factors[month] * moved * grown)
    return month, year, expected, counted.astype("float64")


def test_months_are_those_of_the_calendar() -> None:
    first = date(1969, 12, 1).toordinal()
    days = np.arange(first, first + 4000)
    wanted = [date.fromordinal(int(day)).month - 1 for day in days]
    assert months_of(days).tolist() == wanted


def test_effects_and_errors_equal_the_dense_formulae() -> None:
    """Henderson's equations and the restricted likelihood, beside whole covariance matrices."""
    rng = np.random.default_rng(1)
    month, year, expected, counted = shop(rng, 3, TRUE, yearly=0.1)
    month, year = month[4:], year[4:]  # the oldest year is not whole
    ratio, chance = np.log(counted / expected)[4:], 1 / counted[4:]
    level, apart, yearly = np.eye(3)[year], 0.2, 0.1
    which = np.eye(MONTHS)[month]
    whole = np.diag(chance + yearly**2) + apart**2 * which @ which.T
    inverse = np.linalg.inv(whole)
    inner = level.T @ inverse @ level
    fixed = np.linalg.solve(inner, level.T @ inverse @ ratio)
    wanted = apart**2 * which.T @ inverse @ (ratio - level @ fixed)
    own = inverse - inverse @ level @ np.linalg.solve(inner, level.T @ inverse)
    errors = apart**2 * np.eye(MONTHS) - apart**4 * which.T @ own @ which
    found, cov = module._effects(ratio, 1 / (chance + yearly**2), level, month, apart)
    np.testing.assert_allclose(found, wanted, atol=1e-12)
    np.testing.assert_allclose(cov, errors, atol=1e-12)
    weight = 1 / (chance + yearly**2)
    value = module._restricted(ratio, weight, level, month, apart) + np.log(weight).sum() / 2
    dense = -(np.linalg.slogdet(whole)[1] + np.linalg.slogdet(inner)[1] + ratio @ own @ ratio) / 2
    assert value == pytest.approx(dense, abs=1e-9)


@pytest.mark.parametrize("years", [2, 4])
def test_a_season_is_found_and_the_more_years_the_surer(years: int) -> None:
    rng = np.random.default_rng(2)
    found = season_of(*shop(rng, years, TRUE, yearly=0.03), yearly=0.05)
    assert not found.even
    assert found.years == years
    assert np.exp(found.logs).mean() == pytest.approx(1)
    sure = np.sqrt(np.diag(found.cov))
    assert (np.abs(found.logs - np.log(TRUE / TRUE.mean())) < 3 * sure).all()
    assert (sure < (0.09 if years == 2 else 0.06)).all()


def test_one_year_alone_is_half_believed() -> None:
    rng = np.random.default_rng(3)
    one = season_of(*shop(rng, 1, TRUE, yearly=0.0), yearly=0.1)
    four = season_of(*shop(rng, 4, TRUE, yearly=0.0), yearly=0.1)
    assert np.ptp(one.logs) < 0.95 * np.ptp(four.logs)
    assert np.diag(one.cov).mean() > 2 * np.diag(four.cov).mean()


def test_months_that_differ_by_chance_are_no_season() -> None:
    even = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found = season_of(*shop(rng, 3, np.ones(MONTHS), yearly=0.1), yearly=0.1)
        even += found.even
        assert np.abs(found.logs).max() < 0.12
        if found.even:
            assert "differ by chance" in found.reason
    assert even >= 8


def test_few_purchases_tell_no_season() -> None:
    month, year, expected, counted = shop(np.random.default_rng(4), 2, TRUE, yearly=0)
    expected[month == 6] = 4.0
    found = season_of(month, year, expected, counted)
    assert found.even
    assert "Not every month" in found.reason


def test_intervals_hold_the_next_year() -> None:
    """Of months of a year to come, about 95 of 100 lie within their intervals."""
    held: list[float] = []
    for seed in range(100):
        rng = np.random.default_rng([5, seed])
        logs = 0.15 * rng.standard_normal(MONTHS)
        factors = np.exp(logs) / np.exp(logs).mean()
        found = season_of(*shop(rng, 3, factors, yearly=0.08), yearly=0.08)
        # Of what a new year does to a month, the part that is not seen as moved weeks.
        coming = np.log(factors) + 0.08 / np.sqrt(3) * rng.standard_normal(MONTHS)
        half = stats.norm.isf(0.025) * np.sqrt(np.diag(found.cov))
        held.extend(np.abs(coming - found.logs) <= half)
    assert 0.93 < np.mean(held) < 0.97


@given(seed=st.integers(0, 2**32 - 1), years=st.integers(1, 5))
def test_factors_have_mean_one_and_order_does_not_matter(seed: int, years: int) -> None:
    rng = np.random.default_rng(seed)
    rows = shop(rng, years, TRUE, yearly=0.1)
    found = season_of(*rows)
    turn = rng.permutation(len(rows[0]))
    again = season_of(*(values[turn] for values in rows))
    np.testing.assert_allclose(again.logs, found.logs, atol=1e-9)
    assert np.exp(found.logs).mean() == pytest.approx(1)
    assert (np.linalg.eigvalsh(found.cov) > -1e-12).all()
    drawn = found.drawn(np.random.default_rng(1), 50)
    np.testing.assert_allclose(drawn.mean(axis=1), 1)
    low, high = found.ends(0.05)
    assert (low <= np.exp(found.logs)).all()
    assert (high >= np.exp(found.logs)).all()


def test_no_season_leaves_all_as_it_is() -> None:
    assert EVEN.even
    assert (EVEN.pace(np.arange(700_000, 700_400)) == 1).all()
