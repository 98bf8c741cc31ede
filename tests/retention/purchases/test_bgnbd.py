"""BG/NBD beside published figures, numerical integrals and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special, stats

from workbench.errors import AnalysisError
from workbench.retention.purchases.bgnbd import BgNbd, BgNbdLikelihood
from workbench.retention.purchases.cells import purchase_cells

CDNOW = BgNbd(0.243, 4.414, 0.793, 2.426)  # Fader, Hardie & Lee 2005, table 2
MODELS = [CDNOW, BgNbd(3.0, 0.5, 1.0, 0.4), BgNbd(0.1, 40.0, 30.0, 60.0), BgNbd(1.5, 8, 0.02, 9)]
PEOPLE = ([0, 2, 1, 9, 40], [0, 30.43, 2.0, 35.0, 38.0], [38.86, 38.86, 38.0, 36.0, 38.5])


def closed_form(model: BgNbd, x: float, t_x: float, end: float) -> float:
    """Return the log-likelihood of one customer as the paper writes it (eq. 6)."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    stays = special.betaln(a, b + x) - special.betaln(a, b)
    stays -= (r + x) * np.log(alpha + end)
    logs = [stays]
    if x:
        left = special.betaln(a + 1, b + x - 1) - special.betaln(a, b)
        logs.append(left - (r + x) * np.log(alpha + t_x))
    shared = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha)
    return float(shared + special.logsumexp(logs))


@pytest.mark.parametrize("model", MODELS)
def test_the_likelihood_is_the_papers(model: BgNbd) -> None:
    told = BgNbdLikelihood(purchase_cells(*PEOPLE, n=[1, 2, 3, 4, 5]))
    value = told(np.log([model.r, model.alpha, model.a, model.b]))[0]
    each = [closed_form(model, *one) for one in zip(*PEOPLE, strict=True)]
    assert value == pytest.approx(np.dot(each, [1, 2, 3, 4, 5]), rel=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_the_derivatives_are_exact(model: BgNbd) -> None:
    told = BgNbdLikelihood(purchase_cells([0, 2, 10_000], [0, 30.0, 38.0], [39, 39, 39]))
    at, step = np.log([model.r, model.alpha, model.a, model.b]), 1e-5
    _, gradient, hessian = told(at)
    for place in range(4):
        move = np.eye(4)[place] * step
        up, down = told(at + move), told(at - move)
        slope = (up[0] - down[0]) / (2 * step)
        assert gradient[place] == pytest.approx(slope, rel=1e-6, abs=1e-4)
        np.testing.assert_allclose(
            hessian[place], (up[1] - down[1]) / (2 * step), rtol=1e-6, atol=1e-4
        )


def test_published_expectation() -> None:
    """The spreadsheet note of Fader, Hardie & Lee: 1.226 for (2, 30.43, 38.86) in 39 weeks."""
    assert f"{CDNOW.expected_purchases(39, [2], [30.43], [38.86])[0]:.3f}" == "1.226"


@pytest.mark.parametrize("model", [CDNOW, BgNbd(3.0, 0.5, 1.7, 0.4), BgNbd(0.1, 40.0, 3, 6)])
def test_the_expectation_is_the_papers(model: BgNbd) -> None:
    """The closed form with Gauss' hypergeometric function (eq. 10)."""
    ours = model.expected_purchases(20, *PEOPLE)
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    for place, (x, t_x, end) in enumerate(zip(*PEOPLE, strict=True)):
        if x > 10:
            continue  # the closed form loses its digits
        series = special.hyp2f1(r + x, b + x, a + b + x - 1, 20 / (alpha + end + 20))
        mean = 1 - ((alpha + end) / (alpha + end + 20)) ** (r + x) * series
        mean *= (a + b + x - 1) / (a - 1)
        if x:
            mean /= 1 + a / (b + x - 1) * ((alpha + end) / (alpha + t_x)) ** (r + x)
        assert ours[place] == pytest.approx(mean, rel=1e-7)


@pytest.mark.parametrize("model", [*MODELS, BgNbd(0.7, 3, 900.0, 1100.0), BgNbd(2, 3, 0.5, 0.03)])
def test_the_expectation_is_the_mean_over_chances_to_leave(model: BgNbd) -> None:
    for x, t_x, end in [(0, 0, 30.0), (3, 12.0, 30.0), (10_000, 29.0, 30.0)]:
        rate, at = model.r + x, model.alpha + end

        def bought(share: float, x: int = x, rate: float = rate, at: float = at) -> float:
            chance = max(stats.beta.ppf(share, model.a, model.b + x), 1e-290)
            return float(-np.expm1(-rate * np.log1p(chance * 26 / at)) / chance)

        mean = integrate.quad(bought, 0, 1, limit=200, epsrel=1e-9)[0]
        ours = model.expected_purchases(26, [x], [t_x], [end]) / model.p_alive([x], [t_x], [end])
        assert ours[0] == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize("model", [CDNOW, BgNbd(3.0, 0.5, 1.7, 0.4)])
def test_the_distribution_adds_up_to_one_and_to_the_expectation(model: BgNbd) -> None:
    chances = model.probabilities(20, *PEOPLE, up_to=3000)
    assert (chances >= 0).all()
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-9)
    mean = chances @ np.arange(3001)
    np.testing.assert_allclose(mean, model.expected_purchases(20, *PEOPLE), rtol=1e-6)


def test_drawn_futures_follow_the_distribution() -> None:
    cells = purchase_cells([0, 3], [0, 30.0], [39, 39], n=[20_000, 20_000])
    times, row, _ = CDNOW.draw_times(np.random.default_rng(5), 26.0, cells)
    assert times.min() >= 0
    assert times.max() <= 26
    mean = CDNOW.expected_purchases(26, cells.frequency, cells.recency, cells.T)
    early = CDNOW.expected_purchases(5, cells.frequency, cells.recency, cells.T)
    for place in (0, 1):
        own = times[row == place]
        # 20,000 customers: the standard error is about one per cent of the mean.
        assert len(own) / 20_000 == pytest.approx(mean[place], rel=0.05)
        assert (own <= 5).sum() / 20_000 == pytest.approx(early[place], rel=0.07)


def test_the_rate_is_the_slope_of_the_expectation() -> None:
    slope = CDNOW.expected_purchases(10.001, *PEOPLE) - CDNOW.expected_purchases(9.999, *PEOPLE)
    np.testing.assert_allclose(CDNOW.purchase_rate(10.0, *PEOPLE), slope / 0.002, rtol=1e-6)


def test_nothing_overflows_at_ten_thousand_purchases() -> None:
    far = ([10_000, 10_000], [38.999, 1.0], [39.0, 39.0])
    alive = CDNOW.p_alive(*far)
    assert alive[0] > 0.5
    assert alive[1] == pytest.approx(0, abs=1e-12)
    assert np.isfinite(CDNOW.expected_purchases(39, *far)).all()
    assert CDNOW.p_alive([0], [0], [39]) == 1  # the model's design: nobody leaves unseen


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
