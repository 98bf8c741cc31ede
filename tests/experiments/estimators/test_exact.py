"""Exact intervals and tests beside SciPy, and their coverage counted out, not simulated."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from workbench.experiments.estimators import clopper_pearson, exact_difference


@pytest.mark.parametrize(
    ("hits_c", "n_c", "hits_t", "n_t"), [(2, 10, 7, 12), (0, 10, 3, 10), (1, 30, 9, 25)]
)
def test_the_test_is_barnards(hits_c: int, n_c: int, hits_t: int, n_t: int) -> None:
    found = exact_difference(hits_c, n_c, hits_t, n_t)
    table = [[hits_t, hits_c], [n_t - hits_t, n_c - hits_c]]
    oracle = stats.barnard_exact(table, pooled=True, n=64)
    assert found.pvalue == pytest.approx(oracle.pvalue, abs=1e-8)
    assert found.effect_size_ci_lower is not None
    assert found.effect_size_ci_upper is not None
    inside = found.effect_size_ci_lower <= 0 <= found.effect_size_ci_upper
    assert inside == (oracle.pvalue >= 0.05)


def test_few_events_in_large_groups_cost_no_power_against_fisher() -> None:
    found = exact_difference(2, 10_000, 9, 10_000)
    fisher = stats.fisher_exact([[9, 9_991], [2, 9_998]]).pvalue
    assert found.pvalue is not None
    assert found.effect_size_ci_lower is not None
    assert found.pvalue < 0.05 < fisher
    assert 0 < found.effect_size_ci_lower < 7e-4


@settings(max_examples=5)
@given(st.integers(2, 12), st.integers(2, 12), st.data())
def test_swapping_groups_or_outcomes_mirrors_the_result(
    n_c: int, n_t: int, data: st.DataObject
) -> None:
    x_c, x_t = data.draw(st.integers(0, n_c)), data.draw(st.integers(0, n_t))
    found = exact_difference(x_c, n_c, x_t, n_t)
    for other in (
        exact_difference(x_t, n_t, x_c, n_c),
        exact_difference(n_c - x_c, n_c, n_t - x_t, n_t),
    ):
        assert other.pvalue == pytest.approx(found.pvalue, abs=1e-6)
        assert found.effect_size_ci_lower is not None
        assert found.effect_size_ci_upper is not None
        ends = (-found.effect_size_ci_upper, -found.effect_size_ci_lower)
        mirrored = (other.effect_size_ci_lower, other.effect_size_ci_upper)
        assert mirrored == pytest.approx(ends, abs=1e-3)


def test_coverage_and_error_rate_hold_for_every_pair_of_proportions() -> None:
    """All 42 tables of 5 and 6 customers, weighted by their chance: no luck of a seed."""
    n_c, n_t = 5, 6
    tables = list(product(range(n_c + 1), range(n_t + 1)))
    found = [exact_difference(x, n_c, y, n_t) for x, y in tables]
    lower = np.array([d.effect_size_ci_lower for d in found], dtype="float64")
    upper = np.array([d.effect_size_ci_upper for d in found], dtype="float64")
    pvalue = np.array([d.pvalue for d in found], dtype="float64")
    grid = np.linspace(0.02, 0.98, 13)
    for p_c, p_t in product(grid, grid):
        chance = (
            np.array([stats.binom.pmf(x, n_c, p_c) for x in range(n_c + 1)])[[x for x, _ in tables]]
            * np.array([stats.binom.pmf(y, n_t, p_t) for y in range(n_t + 1)])[
                [y for _, y in tables]
            ]
        )
        gap = p_t - p_c
        covered = (lower <= gap + 1e-9) & (gap - 1e-9 <= upper)
        assert chance[covered].sum() >= 0.95 - 1e-6
        if p_c == p_t:
            assert chance[pvalue <= 0.05].sum() <= 0.05 + 1e-6


@given(st.integers(1, 200), st.data())
def test_one_proportion_equals_statsmodels(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    oracle = proportion_confint(hits, n, alpha=0.05, method="beta")
    assert clopper_pearson(hits, n) == pytest.approx(oracle, abs=1e-8)
