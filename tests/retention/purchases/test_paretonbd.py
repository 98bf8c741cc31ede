"""Pareto/NBD beside published figures, numerical integrals and the closed forms."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, special

from workbench.errors import AnalysisError
from workbench.retention.purchases.cells import purchase_cells
from workbench.retention.purchases.paretonbd import ParetoNbd, ParetoNbdLikelihood

CDNOW = ParetoNbd(0.553, 10.578, 0.606, 11.669)  # Fader, Hardie & Lee 2005, table 2
MODELS = [
    CDNOW,
    ParetoNbd(3.0, 0.5, 1.0, 80.0),
    ParetoNbd(0.1, 40.0, 20.0, 0.3),
    ParetoNbd(12.0, 0.02, 0.05, 900.0),
]
PEOPLE = ([0, 2, 1, 9, 40], [0, 30.43, 2.0, 35.0, 38.0], [38.86, 38.86, 38.0, 36.0, 38.5])


def by_quadrature(model: ParetoNbd, x: float, t_x: float, end: float) -> float:
    """Return the log-likelihood of one customer: the integral over when they left."""
    r, alpha, s, beta = model.r, model.alpha, model.s, model.beta

    def density(moment: float) -> float:
        scaled = ((alpha + t_x) / (alpha + moment)) ** (r + x)
        return float(scaled * s * ((beta + t_x) / (beta + moment)) ** (s + 1) / (beta + t_x))

    marks = t_x + (end - t_x) * np.array([0, 1e-4, 1e-3, 1e-2, 0.1, 1])
    left = sum(integrate.quad(density, low, high, epsrel=1e-12)[0] for low, high in pairwise(marks))
    stays = ((alpha + t_x) / (alpha + end)) ** (r + x) * ((beta + t_x) / (beta + end)) ** s
    value = np.log(left + stays) - (r + x) * np.log(alpha + t_x) - s * np.log(beta + t_x)
    value += special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    return float(value)


@pytest.mark.parametrize("model", MODELS)
def test_the_likelihood_is_the_integral(model: ParetoNbd) -> None:
    people = [(*one, 1) for one in zip(*PEOPLE, strict=True)] + [(10_000, 30.0, 39.0, 1)]
    for x, t_x, end, n in people:
        told = ParetoNbdLikelihood(purchase_cells([x], [t_x], [end], n=[n]))
        value = told(np.log([model.r, model.alpha, model.s, model.beta]))[0]
        assert value == pytest.approx(by_quadrature(model, x, t_x, end), rel=1e-10)


def test_the_likelihood_is_the_papers() -> None:
    """The difference of two hypergeometric functions (Fader & Hardie 2005, eq. 19)."""
    r, alpha, s, beta = CDNOW.r, CDNOW.alpha, CDNOW.s, CDNOW.beta
    for x, t_x, end in zip(*PEOPLE, strict=True):
        lead = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha) + s * np.log(beta)

        def part(at: float, x: float = x) -> float:
            sums = r + s + x  # alpha is below beta here
            series = special.hyp2f1(sums, r + x, sums + 1, (beta - alpha) / (beta + at))
            return float(series / (beta + at) ** (r + s + x))

        inside = 1 / ((alpha + end) ** (r + x) * (beta + end) ** s)
        inside += s / (r + s + x) * (part(t_x) - part(end))
        told = ParetoNbdLikelihood(purchase_cells([x], [t_x], [end]))
        assert told(np.log([r, alpha, s, beta]))[0] == pytest.approx(
            lead + np.log(inside), rel=1e-8
        )


@pytest.mark.parametrize("model", MODELS)
def test_the_derivatives_are_exact(model: ParetoNbd) -> None:
    told = ParetoNbdLikelihood(purchase_cells([0, 2, 10_000], [0, 30.0, 38.0], [39, 39, 39]))
    at, step = np.log([model.r, model.alpha, model.s, model.beta]), 1e-5
    _, gradient, hessian = told(at)
    for place in range(4):
        move = np.eye(4)[place] * step
        up, down = told(at + move), told(at - move)
        slope = (up[0] - down[0]) / (2 * step)
        assert gradient[place] == pytest.approx(slope, rel=1e-6, abs=1e-4)
        np.testing.assert_allclose(
            hessian[place], (up[1] - down[1]) / (2 * step), rtol=1e-6, atol=1e-4
        )


def test_p_alive_is_the_share_of_those_who_stay() -> None:
    r, alpha, s, beta = CDNOW.r, CDNOW.alpha, CDNOW.s, CDNOW.beta
    for x, t_x, end in zip(*PEOPLE, strict=True):
        logs = by_quadrature(CDNOW, x, t_x, end)
        stays = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha / (alpha + end))
        stays += s * np.log(beta / (beta + end)) - x * np.log(alpha + end)
        alive = CDNOW.p_alive([x], [t_x], [end])[0]
        assert alive == pytest.approx(np.exp(stays - logs), rel=1e-9)


@pytest.mark.parametrize("s", [0.606, 1.0, 1.0 + 1e-9, 2.5])
def test_the_distribution_adds_up_to_one_and_to_the_expectation(s: float) -> None:
    model = ParetoNbd(0.553, 10.578, s, 11.669)
    chances = model.probabilities(20, *PEOPLE, up_to=400)
    assert (chances >= 0).all()
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-9)
    mean = chances @ np.arange(401)
    np.testing.assert_allclose(mean, model.expected_purchases(20, *PEOPLE), rtol=1e-7)


def test_predictions_as_elsewhere() -> None:
    """lifetimes 0.11.3, ParetoNBDFitter with these parameters, over the next 39 weeks."""
    people = ([0, 2, 9], [0, 30.43, 35.0], [38.86, 38.86, 36.0])
    told = CDNOW.expected_purchases(39, *people)
    np.testing.assert_allclose(told, [0.10708147, 1.45512319, 6.49702669], rtol=1e-7)
    alive = CDNOW.p_alive(*people)
    np.testing.assert_allclose(alive, [0.2952866, 0.86916756, 0.98583165], rtol=1e-7)
    chances = CDNOW.probabilities(39, [2], [30.43], [38.86], up_to=3)[0]
    elsewhere = [0.4080627236, 0.2192874979, 0.1517565207, 0.0956553463]
    np.testing.assert_allclose(chances, elsewhere, rtol=1e-8)


def test_drawn_futures_follow_the_distribution() -> None:
    cells = purchase_cells([0, 3], [0, 30.0], [39, 39], n=[20_000, 20_000])
    times, row, _ = CDNOW.draw_times(np.random.default_rng(5), 26.0, cells)
    assert times.min() >= 0
    assert times.max() <= 26
    mean = CDNOW.expected_purchases(26, cells.frequency, cells.recency, cells.T)
    early = CDNOW.expected_purchases(5, cells.frequency, cells.recency, cells.T)
    for place in (0, 1):
        own = times[row == place]
        assert len(own) / 20_000 == pytest.approx(mean[place], rel=0.05)
        assert (own <= 5).sum() / 20_000 == pytest.approx(early[place], rel=0.07)


def test_the_rate_is_the_slope_of_the_expectation() -> None:
    slope = CDNOW.expected_purchases(10.001, *PEOPLE) - CDNOW.expected_purchases(9.999, *PEOPLE)
    np.testing.assert_allclose(CDNOW.purchase_rate(10.0, *PEOPLE), slope / 0.002, rtol=1e-6)


def test_nothing_overflows_at_ten_thousand_purchases() -> None:
    far = ([10_000, 10_000], [38.99, 1.0], [39.0, 39.0])
    alive = CDNOW.p_alive(*far)
    assert alive[0] > 0.5
    assert alive[1] == pytest.approx(0, abs=1e-12)
    assert np.isfinite(CDNOW.expected_purchases(39, *far)).all()


def test_blocks_of_cells_change_nothing() -> None:
    """Many cells of all kinds at once give what each gives alone."""
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.poisson(1.5, 6000), [700, 3000]])
    end = rng.uniform(1, 90, len(x))
    t_x = np.where(x > 0, end * rng.random(len(x)), 0.0)
    every = CDNOW.p_alive(x, t_x, end)
    some = [0, 17, 5999, 6000, 6001]
    alone = [CDNOW.p_alive(x[[one]], t_x[[one]], end[[one]])[0] for one in some]
    np.testing.assert_allclose(every[some], alone, rtol=1e-12)


@pytest.mark.parametrize(
    ("people", "words"),
    [
        (([1], [9.0], [5.0]), "1 customers have an impossible"),
        (([1, -1], [1.0, 1.0], [5.0, 5.0]), "1 customers have an impossible"),
        (([1], [np.nan], [5.0]), "1 customers have an impossible"),
        (([1], [1.0, 2.0], [5.0]), "differ in shape"),
    ],
)
def test_impossible_questions_are_refused(people: tuple[list[float], ...], words: str) -> None:
    for ask in (CDNOW.p_alive, lambda *rows: CDNOW.expected_purchases(1.0, *rows)):
        with pytest.raises(AnalysisError, match=words):
            ask(*people)
    with pytest.raises(AnalysisError, match="horizon == -1, must be >= 0"):
        CDNOW.expected_purchases(-1, *PEOPLE)
    assert len(CDNOW.expected_purchases(9, [], [], [])) == 0
    assert CDNOW.expected_purchases(0, [2], [3], [5])[0] == 0
