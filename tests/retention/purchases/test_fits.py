"""Fits beside published estimates, what other software gives, and simulated truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.cdnow import Cdnow, read_cdnow
from workbench.errors import AnalysisError
from workbench.retention.purchases.bgnbd import BgNbd
from workbench.retention.purchases.cells import Cells, purchase_cells
from workbench.retention.purchases.fits import PurchaseFit, fit_bgnbd, fit_paretonbd

FITS = [fit_bgnbd, fit_paretonbd]


@pytest.fixture(scope="module")
def cdnow(workbench_data: Path) -> Cdnow:
    return read_cdnow(workbench_data)


def cells_of(cdnow: Cdnow) -> Cells:
    table = cdnow.customers
    return purchase_cells(table["frequency"], table["recency"], table["T"])


@pytest.mark.parametrize(
    ("fit", "published", "loglik"),
    [
        (fit_bgnbd, ["0.243", "4.414", "0.793", "2.426"], "-9582.4"),
        (fit_paretonbd, ["0.553", "10.578", "0.606", "11.669"], "-9595.0"),
    ],
)
def test_cdnow_as_published(
    cdnow: Cdnow, fit: Callable[[Cells], PurchaseFit], published: list[str], loglik: str
) -> None:
    """Fader, Hardie & Lee, Marketing Science 24(2), 2005, table 2."""
    found = fit(cells_of(cdnow))
    assert [f"{one.value:.3f}" for one in found.parameters] == published
    assert f"{found.loglik:.1f}" == loglik
    assert (found.customers, found.repeaters) == (2357, 946)


def test_standard_errors_of_cdnow_as_elsewhere(cdnow: Cdnow) -> None:
    """lifetimes 0.11.3, BetaGeoFitter without penalty on the same rows: `standard_errors_`."""
    found = fit_bgnbd(cells_of(cdnow))
    told = [one.std_error for one in found.parameters]
    np.testing.assert_allclose(told, [0.012557379, 0.37822410, 0.18573375, 0.70541385], rtol=1e-4)


@pytest.mark.parametrize("fit", FITS)
def test_the_unit_of_time_changes_nothing_but_the_unit(
    cdnow: Cdnow, fit: Callable[[Cells], PurchaseFit]
) -> None:
    table = cdnow.customers
    weeks = fit(cells_of(cdnow))
    days = fit(purchase_cells(table["frequency"], *(table[["recency", "T"]] * 7).round().T.values))
    for one, other in zip(weeks.parameters, days.parameters, strict=True):
        factor = 7 if one.name in ("alpha", "beta") else 1
        assert other.value == pytest.approx(one.value * factor, rel=1e-4)
        assert other.std_error == pytest.approx(one.std_error * factor, rel=1e-3)


@pytest.mark.parametrize("fit", FITS)
def test_the_interval_is_normal_on_the_logarithm(
    cdnow: Cdnow, fit: Callable[..., PurchaseFit]
) -> None:
    wide, narrow = fit(cells_of(cdnow), alpha=0.05), fit(cells_of(cdnow), alpha=0.5)
    for one, other in zip(wide.parameters, narrow.parameters, strict=True):
        assert 0 < one.ci_lower < other.ci_lower < one.value < other.ci_upper < one.ci_upper
        assert one.ci_lower * one.ci_upper == pytest.approx(one.value**2)
        assert np.log(one.ci_upper / one.value) == pytest.approx(
            1.959964 * one.std_error / one.value, rel=1e-6
        )
        assert (one.level, other.level) == (0.95, 0.5)
    with pytest.raises(AnalysisError, match="alpha == 1, must lie between 0 and 1"):
        fit(cells_of(cdnow), alpha=1)


def test_more_cells_than_a_coarse_search_needs_end_at_the_same_maximum() -> None:
    rng = np.random.default_rng(8)
    rate, n = rng.gamma(0.8, 1 / 6, 6000), 6000
    chance = rng.beta(0.9, 2.5, n)
    end = rng.uniform(20, 60, n)
    made = rng.poisson(rate * end)
    x = np.minimum(made, np.ceil(np.log1p(-rng.random(n)) / np.log1p(-chance)))
    t_x = np.where(x > 0, end * rng.beta(np.maximum(x, 1), np.maximum(made - x, 0) + 1), 0.0)
    cells = purchase_cells(x, t_x, end)
    assert len(cells) == n
    found = fit_bgnbd(cells)
    truth = dict(zip(("r", "alpha", "a", "b"), (0.8, 6, 0.9, 2.5), strict=True))
    for one in found.parameters:
        half = 4 * one.std_error
        assert abs(one.value - truth[one.name]) < half
    half_sized = Cells(cells.frequency, cells.recency, cells.T, cells.n * 4)
    for one, more in zip(found.parameters, fit_bgnbd(half_sized).parameters, strict=True):
        assert more.value == pytest.approx(one.value, rel=1e-4)
        assert more.std_error == pytest.approx(one.std_error / 2, rel=1e-3)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (([2], [3], [5]), "one customer only"),
        (([0, 0, 0], [0, 0, 0], [5, 6, 7]), "Nobody has bought again"),
        (([0, 0], [0, 0], [0, 0]), "Nobody was observed for any time"),
        (([2] * 9, [3] * 9, [5] * 9), "All customers are alike"),
    ],
)
def test_what_cannot_be_fitted_says_why(
    fit: Callable[[Cells], PurchaseFit], rows: tuple[list[float], ...], words: str
) -> None:
    found = fit(purchase_cells(*rows))
    assert not found.converged
    assert words in found.reason
    assert found.parameters == ()
    assert found.loglik is None
    with pytest.raises(AnalysisError, match=f"there is no fit: .*{words}"):
        _ = found.model


def test_customers_who_never_leave_are_told() -> None:
    rng = np.random.default_rng(2)
    rate = rng.gamma(2.0, 0.1, 1500)
    x = rng.poisson(rate * 50)
    t_x = np.where(x > 0, 50 * rng.beta(np.maximum(x, 1), 1), 0.0)
    for fit in FITS:
        found = fit(purchase_cells(x, t_x, np.full(1500, 50.0)))
        if not found.converged:
            assert "leave" in found.reason or "do not tell" in found.reason
            assert found.parameters == ()
        else:
            alive = found.model.p_alive(x[x > 0], t_x[x > 0], np.full(int((x > 0).sum()), 50.0))
            assert alive.mean() > 0.95


def test_customers_who_are_all_alike_in_rate_are_told() -> None:
    rng = np.random.default_rng(2)
    x = rng.poisson(5.0, 800)
    t_x = np.where(x > 0, 50 * rng.beta(np.maximum(x, 1), 1), 0.0)
    found = fit_bgnbd(purchase_cells(x, t_x, np.full(800, 50.0)))
    assert not found.converged
    assert found.reason


rows = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 9), st.integers(0, 9)), min_size=2, max_size=12
)


@settings(max_examples=10)
@given(rows)
def test_a_fit_has_numbers_or_a_reason_and_never_both(rows: list[tuple[int, int, int]]) -> None:
    x, t_x, more = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    t_x = np.where(x > 0, t_x, 0.0)
    cells = purchase_cells(x, t_x, t_x + more)
    for fit in FITS:
        found = fit(cells)
        assert found.converged == (not found.reason)
        assert found.converged == (len(found.parameters) == 4)
        for one in found.parameters:
            assert 0 < one.ci_lower < one.value < one.ci_upper < np.inf
            assert one.std_error > 0
        if found.converged:
            told = found.model.expected_purchases(5.0, x, t_x, t_x + more)
            assert np.isfinite(told).all()
            assert (told >= 0).all()


def test_a_drawn_model_is_of_the_same_kind(cdnow: Cdnow) -> None:
    found = fit_bgnbd(cells_of(cdnow))
    assert found.model_at(np.log([1.0, 2.0, 3.0, 4.0])) == BgNbd(
        *np.exp(np.log([1.0, 2.0, 3.0, 4.0]))
    )
