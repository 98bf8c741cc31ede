"""The interval of stability holds the population's value, not that of one data set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench.errors import AnalysisError
from workbench.segmentation.clusters.agreement import adjusted_rand
from workbench.segmentation.clusters.fitting import fit_rule
from workbench.segmentation.clusters.stability import (
    analyst_size,
    interval_of,
    measure_stability,
)

CUSTOMERS = 320


def draw(rng: np.random.Generator, n: int, apart: float) -> Any:
    return np.eye(3)[rng.integers(3, size=n)] * apart + rng.standard_normal((n, 3))


@pytest.mark.parametrize(("apart", "k"), [(5.0, 3), (2.5, 3), (5.0, 2)])
def test_interval_holds_the_value_of_the_population(apart: float, k: int) -> None:
    """A small one: `benchmarks/stability.py` takes 1,000 data sets of each of seven shapes."""
    rng = np.random.default_rng([7, k])
    size = analyst_size(CUSTOMERS)
    fresh = []
    for _ in range(250):
        one, other = draw(rng, size, apart), draw(rng, size, apart)
        both = np.vstack([one, other])
        fresh.append(adjusted_rand(fit_rule(one, k, rng)(both), fit_rule(other, k, rng)(both)))
    truth, sets = float(np.mean(fresh)), 30
    held = 0
    for _ in range(sets):
        points = draw(rng, CUSTOMERS, apart)
        found = measure_stability(points, lambda some, r: fit_rule(some, k, r), rng)
        assert found.customers == size
        held += found.ci_lower <= truth <= found.ci_upper
    assert held >= 27  # of 30 at 95 %: one that just holds would miss this once in 16 times


def test_interval_by_hand() -> None:
    values = [0.2, 0.8] * 4
    mean, low, high = interval_of(values, 8)
    # Student's t with 7 degrees of freedom is 2.3646 at 97.5 %, from tables.
    margin = 2.3646 * np.std(values, ddof=1) / 7**0.5
    assert (mean, low, high) == pytest.approx((0.5, 0.5 - margin, 0.5 + margin), abs=1e-4)


def test_agreement_of_all_pairs_leaves_room_for_a_rare_failure() -> None:
    mean, low, high = interval_of([1.0] * 24, 8)
    assert (mean, high) == (1.0, 1.0)
    # Wilson's interval of a share of 1 with variance 0.1 p (1 - p) / 7: 1 / (1 + 0.1 t**2 / 7).
    assert low == pytest.approx(1 / (1 + 0.1 * 2.3646**2 / 7), abs=1e-4)
    assert interval_of([1.0] * 40, 20)[1] > 0.97


def test_too_few_customers_are_an_error() -> None:
    with pytest.raises(AnalysisError, match="too few"):
        measure_stability(
            np.zeros((15, 2)), lambda some, r: fit_rule(some, 2, r), np.random.default_rng(0)
        )
