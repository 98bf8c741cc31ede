"""NBD beside SciPy's negative binomial, BG/NBD whose customers stay, and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from workbench.errors import AnalysisError
from workbench.retention.purchases.bgnbd import BgNbd
from workbench.retention.purchases.cells import purchase_cells
from workbench.retention.purchases.fits import fit_nbd
from workbench.retention.purchases.nbd import Nbd, NbdLikelihood

MODELS = [Nbd(0.7, 8.0), Nbd(3.0, 0.5), Nbd(0.1, 40.0)]
PEOPLE = ([0, 2, 1, 9, 40], [0, 30.43, 2.0, 35.0, 38.0], [38.86, 38.86, 38.0, 36.0, 38.5])


def base(seed: int, customers: int, model: Nbd) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return customers as the model has them, followed for 20 to 60 weeks."""
    rng = np.random.default_rng(seed)
    end = rng.integers(20, 61, customers).astype("float64")
    bought = rng.poisson(rng.gamma(model.r, 1 / model.alpha, customers) * end)
    # Of so many times in even order, the last.
    last = np.where(bought > 0, end * rng.beta(np.maximum(bought, 1), 1), 0.0)
    return bought, last, end


@pytest.mark.parametrize("model", MODELS)
def test_the_derivatives_are_exact(model: Nbd) -> None:
    told = NbdLikelihood(purchase_cells([0, 2, 10_000], [0, 30.0, 38.0], [39, 39, 39], n=[2, 1, 3]))
    at, step = np.log([model.r, model.alpha]), 1e-5
    _, gradient, hessian = told(at)
    for place in range(2):
        move = np.eye(2)[place] * step
        up, down = told(at + move), told(at - move)
        assert gradient[place] == pytest.approx((up[0] - down[0]) / (2 * step), rel=1e-6, abs=1e-4)
        np.testing.assert_allclose(
            hessian[place], (up[1] - down[1]) / (2 * step), rtol=1e-6, atol=1e-4
        )


def test_the_estimates_are_those_of_scipys_negative_binomial() -> None:
    """Of the same customers the counts alone tell the rates, whenever they bought."""
    x, t_x, end = base(1, 800, Nbd(0.7, 8.0))
    found = fit_nbd(purchase_cells(x, t_x, end))

    def miss(logs: np.ndarray) -> float:
        r, alpha = np.exp(logs)
        return -float(stats.nbinom.logpmf(x, r, alpha / (alpha + end)).sum())

    wanted = optimize.minimize(miss, [0, 1], method="Nelder-Mead", options={"xatol": 1e-8})
    np.testing.assert_allclose([one.value for one in found.parameters], np.exp(wanted.x), rtol=1e-4)
    # The likelihood is that of the times, which a count leaves open.
    rest = np.where(x > 0, x * np.log(end), 0.0).sum() - sum(
        np.log(np.arange(1, k + 1)).sum() for k in x
    )
    assert found.loglik == pytest.approx(-wanted.fun - rest, abs=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_it_is_bgnbd_whose_customers_stay(model: Nbd) -> None:
    stays = BgNbd(model.r, model.alpha, 1e-13, 5.0)
    for horizon in (0.0, 10.0, 200.0):
        np.testing.assert_allclose(
            model.expected_purchases(horizon, *PEOPLE),
            stays.expected_purchases(horizon, *PEOPLE),
            rtol=1e-6,
        )
    np.testing.assert_allclose(model.p_alive(*PEOPLE), stays.p_alive(*PEOPLE), rtol=1e-6)
    np.testing.assert_allclose(
        model.probabilities(9.0, *PEOPLE, up_to=4),
        stays.probabilities(9.0, *PEOPLE, up_to=4),
        atol=1e-7,
    )


def test_draws_are_those_of_the_model() -> None:
    model = Nbd(0.7, 8.0)
    cells = purchase_cells(*PEOPLE, n=[3000, 2000, 1000, 500, 200])
    drawn = model.draw_times(np.random.default_rng(1), 13.0, cells)
    wanted = cells.n * model.expected_purchases(13.0, cells.frequency, cells.recency, cells.T)
    found = np.bincount(drawn.row, minlength=len(cells))
    assert (np.abs(found - wanted) < 5 * np.sqrt(wanted * 3)).all()
    assert found.sum() == pytest.approx(wanted.sum(), rel=0.05)
    assert ((drawn.times > 0) & (drawn.times < 13)).all()
    assert stats.kstest(drawn.times / 13, "uniform").pvalue > 0.001
    assert (np.diff(np.sort(np.unique(drawn.who))) >= 1).all()


def test_intervals_hold_the_truth() -> None:
    model, held = Nbd(0.7, 8.0), []
    for seed in range(120):
        found = fit_nbd(purchase_cells(*base(seed, 300, model)))
        held.extend(
            one.ci_lower <= getattr(model, one.name) <= one.ci_upper for one in found.parameters
        )
    assert 0.91 <= np.mean(held) <= 0.985  # 240 of them; a standard error is 1.4 points


@pytest.mark.parametrize(
    ("people", "words"),
    [
        (([3], [2.0], [9.0]), "one customer only"),
        (([0, 0], [0, 0], [9.0, 8.0]), "Nobody has bought again"),
        (([5] * 50 + [5] * 50, [4.0] * 50 + [5.0] * 50, [9.0] * 100), "same rate"),
    ],
)
def test_what_cannot_be_fitted_says_why(people: tuple[list[float], ...], words: str) -> None:
    found = fit_nbd(purchase_cells(*people))
    assert not found.converged
    assert not found.parameters
    assert words in found.reason


def test_a_horizon_is_from_nought_on() -> None:
    with pytest.raises(AnalysisError, match="horizon"):
        MODELS[0].expected_purchases(-1.0, *PEOPLE)
