"""Boundaries beside the published tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from workbench.errors import AnalysisError
from workbench.experiments.sequential import boundaries, classical_boundaries, read_look

# Jennison & Turnbull 2000, tables 2.1 and 2.3: two-sided alpha 0.05.
POCOCK = {1: 1.960, 2: 2.178, 3: 2.289, 4: 2.361, 5: 2.413, 10: 2.555, 20: 2.672}
OBRIEN_FLEMING = {1: 1.960, 2: 1.977, 3: 2.004, 4: 2.024, 5: 2.040, 10: 2.087, 20: 2.126}
# The same tables, alpha 0.01.
POCOCK_01 = {2: 2.772, 5: 2.986}
OBRIEN_FLEMING_01 = {2: 2.580, 4: 2.609, 5: 2.621}


@pytest.mark.parametrize(
    ("table", "kind", "alpha"),
    [
        (POCOCK, "pocock", 0.05),
        (OBRIEN_FLEMING, "obrien-fleming", 0.05),
        (POCOCK_01, "pocock", 0.01),
        (OBRIEN_FLEMING_01, "obrien-fleming", 0.01),
    ],
)
def test_classical_constants_are_the_published_ones(
    table: dict[int, float], kind: str, alpha: float
) -> None:
    for looks, constant in table.items():
        found = classical_boundaries(looks, kind=kind, alpha=alpha)  # type: ignore[arg-type]
        assert found.z[-1] == pytest.approx(constant, abs=6e-4), looks
        assert found.spent[-1] == pytest.approx(alpha, abs=1e-8)


def test_spending_boundaries_are_those_of_the_usual_programs() -> None:
    """Five equal looks, two-sided 0.05: as the packages ldbounds and gsDesign print them."""
    shares = (0.2, 0.4, 0.6, 0.8, 1.0)
    found = boundaries(shares, kind="obrien-fleming")
    assert found.z == pytest.approx((4.8769, 3.3569, 2.6803, 2.2898, 2.0310), abs=2e-4)
    found = boundaries(shares, kind="pocock")
    assert found.z == pytest.approx((2.4380, 2.4268, 2.4101, 2.3966, 2.3859), abs=2e-4)
    assert found.spent[-1] == pytest.approx(0.05)


def test_two_looks_equal_a_bivariate_normal() -> None:
    found = boundaries((0.3, 1.0), kind="pocock", alpha=0.1)
    together = stats.multivariate_normal(cov=[[1, np.sqrt(0.3)], [np.sqrt(0.3), 1]])
    z1, z2 = found.z
    inside = (
        together.cdf([z1, z2])
        - together.cdf([-z1, z2])
        - together.cdf([z1, -z2])
        + together.cdf([-z1, -z2])
    )
    assert 1 - inside == pytest.approx(0.1, abs=1e-6)


@settings(max_examples=15)
@given(st.lists(st.floats(0.05, 1.0), min_size=1, max_size=6, unique=True))
def test_a_later_look_changes_no_earlier_boundary(shares: list[float]) -> None:
    ordered = tuple(sorted(round(share, 3) for share in set(shares)))
    if len(set(ordered)) < len(ordered):
        return
    found = boundaries(ordered, kind="obrien-fleming")
    for k in range(1, len(ordered)):
        assert boundaries(ordered[:k], kind="obrien-fleming").z == found.z[:k]
    assert all(a <= b + 1e-12 for a, b in zip(found.spent, found.spent[1:], strict=False))


def test_a_look_says_what_crossed() -> None:
    plan = boundaries((0.5, 1.0), kind="obrien-fleming")
    found = read_look(plan, 1, 0.6, 0.2)
    assert found.crossed == (plan.z[0] <= 3.0)
    half = (found.effect_size_ci_upper - found.effect_size_ci_lower) / 2
    assert half == pytest.approx(plan.z[0] * 0.2)
    assert found.crossed == (found.effect_size_ci_lower > 0)
    with pytest.raises(AnalysisError, match="look 3 of 2"):
        read_look(plan, 3, 0.6, 0.2)
    with pytest.raises(AnalysisError, match="must be > 0"):
        read_look(plan, 1, 0.6, 0.0)


def test_bad_plans_are_refused() -> None:
    with pytest.raises(AnalysisError, match="Did you mean `pocock`"):
        boundaries((1.0,), kind="pococ")  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match="rising shares"):
        boundaries((0.5, 0.4), kind="pocock")
    with pytest.raises(AnalysisError, match="between 0 and 1"):
        boundaries((1.0,), kind="pocock", alpha=1.5)
