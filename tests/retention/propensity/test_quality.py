"""Measures of probabilities, beside scikit-learn, statsmodels and plain counting."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from workbench.retention.propensity.models import Line, fit_line
from workbench.retention.propensity.quality import (
    Figure,
    calibration,
    difference,
    gains,
    losses,
    measure,
    reliability,
    top_of,
)

RNG = np.random.default_rng(7)
SCORE = RNG.normal(-1.5, 1.0, 800)
LEFT = (RNG.random(800) < expit(0.8 * SCORE + 0.2)).astype("float64")

cases = st.tuples(st.integers(4, 60), st.integers(0, 2**31), st.integers(1, 9))


def drawn(case: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return scores with ties and outcomes of both kinds."""
    size, seed, levels = case
    rng = np.random.default_rng(seed)
    left = (rng.random(size) < 0.4).astype("float64")
    left[0], left[1] = 0.0, 1.0
    return rng.integers(0, levels, size) / 2.0, left


def test_the_measures_are_those_of_scikit_learn() -> None:
    found = measure(SCORE, LEFT)
    p = expit(SCORE)
    assert found.auc.value == pytest.approx(roc_auc_score(LEFT, SCORE))
    assert found.brier.value == pytest.approx(brier_score_loss(LEFT, p))
    assert found.log_loss.value == pytest.approx(log_loss(LEFT, p))
    assert (found.customers, found.leavers) == (800, int(LEFT.sum()))


@given(cases)
def test_ties_count_half(case: tuple[int, int, int]) -> None:
    score, left = drawn(case)
    assert measure(score, left).auc.value == pytest.approx(roc_auc_score(left, score))


def test_the_error_of_the_auc_is_that_of_delong() -> None:
    """The placements by a double loop, as the paper defines them."""
    gone, stayed = SCORE[LEFT == 1], SCORE[LEFT == 0]
    wins = (gone[:, None] > stayed) + 0.5 * (gone[:, None] == stayed)
    error = np.sqrt(
        wins.mean(axis=1).var(ddof=1) / len(gone) + wins.mean(axis=0).var(ddof=1) / len(stayed)
    )
    found = measure(SCORE, LEFT).auc
    assert found.ci_lower is not None
    assert found.ci_upper is not None
    assert found.ci_upper - found.ci_lower == pytest.approx(2 * 1.96 * error, rel=0.02)


def test_slope_and_intercept_are_those_of_statsmodels() -> None:
    slope, shift = calibration(SCORE, LEFT)
    fitted = sm.Logit(LEFT, sm.add_constant(SCORE)).fit(disp=0)
    assert slope.value == pytest.approx(fitted.params[1])
    assert slope.ci == (
        pytest.approx(fitted.conf_int()[1][0]),
        pytest.approx(fitted.conf_int()[1][1]),
        0.95,
        "Wald",
    )
    whole = sm.GLM(LEFT, np.ones(800), family=sm.families.Binomial(), offset=SCORE).fit()
    assert shift.value == pytest.approx(whole.params[0])
    assert shift.ci_lower == pytest.approx(whole.conf_int()[0][0], abs=1e-6)
    line = fit_line(SCORE, LEFT, smooth=False)
    assert line.intercept == pytest.approx(fitted.params[0])
    assert line.intercept_error == pytest.approx(fitted.bse[0], rel=1e-6)


def test_a_line_that_tells_nothing_is_flat() -> None:
    assert fit_line(-SCORE, LEFT).slope == 0, "a wrong order is not turned round"
    flat = fit_line(np.full(50, 0.3), np.r_[np.ones(10), np.zeros(40)])
    assert flat.slope == 0
    assert expit(flat(np.array([0.3])))[0] == pytest.approx(11 / 52)
    apart = fit_line(np.r_[np.full(9, -5.0), np.full(9, 5.0)], np.r_[np.zeros(9), np.ones(9)])
    p = expit(apart(np.array([-5.0, 5.0])))
    assert p == pytest.approx([1 / 11, 10 / 11], rel=0.01), "nobody is certain: Platt's targets"
    assert Line(0.5, 2.0)(np.array([1.0])).tolist() == [2.5]


def test_the_top_tenth_by_counting() -> None:
    precision, lift, captured = top_of(SCORE, LEFT, 0.1)
    top = LEFT[np.argsort(-SCORE)[:80]]
    assert precision.value == pytest.approx(top.mean())
    assert lift.value == pytest.approx(top.mean() / LEFT.mean())
    assert captured.value == pytest.approx(top.sum() / LEFT.sum())


def test_ties_at_the_edge_count_in_part() -> None:
    score = np.r_[np.ones(4), np.zeros(16)]
    left = np.r_[[1.0, 1.0, 1.0, 0.0], np.zeros(15), 1.0]
    precision, _, _ = top_of(score, left, 0.1)
    assert precision.value == pytest.approx(3 / 4), "two of the four, whichever"


@given(cases)
def test_all_figures_are_numbers_and_lie_in_their_intervals(case: tuple[int, int, int]) -> None:
    score, left = drawn(case)
    found = measure(score, left)
    for name in ("auc", "precision", "captured"):
        figure: Figure = getattr(found, name)
        assert figure.value is not None
        assert (figure.ci is None) == bool(figure.reason)
        if figure.ci_lower is None or figure.ci_upper is None:
            continue  # one leaver alone has no spread
        assert -1e-9 <= figure.ci_lower <= figure.value + 1e-9
        assert figure.value - 1e-9 <= figure.ci_upper <= 1 + 1e-9
    for figure in (found.lift, found.slope, found.intercept):
        ends = (figure.value, figure.ci_lower, figure.ci_upper)
        assert all(end is None or np.isfinite(end) for end in ends)
        assert figure.ci is not None or figure.reason


@given(cases)
def test_groups_of_like_probability_hold_everybody(case: tuple[int, int, int]) -> None:
    score, left = drawn(case)
    found = reliability(score, left)
    assert found["customers"].sum() == len(left)
    assert (found["customers"] * found["left"]).sum() == pytest.approx(left.sum())
    assert (found["customers"] * found["said"]).sum() == pytest.approx(expit(score).sum())
    assert found["said"].is_monotonic_increasing
    assert len(found) <= len(set(score.tolist())), "equal probabilities are never split"
    assert len(found) <= 10
    assert (found["customers"] >= len(left) // 10).all()


def test_no_group_of_like_probability_is_of_a_few_customers() -> None:
    """Many who tie must not leave a handful beside them, of whom the share that left is told."""
    score = np.concatenate([np.arange(3) - 9.0, np.full(60, -2.0), np.linspace(-1, 1, 137)])
    found = reliability(score, (score > 0).astype("float64"))
    assert found["customers"].tolist()[0] == 63
    assert found["customers"].min() >= 20


def test_gains_begin_at_nobody_and_end_at_all() -> None:
    found = gains(SCORE, LEFT)
    assert found.iloc[[0, -1]]["captured"].tolist() == [0.0, 1.0]
    assert (found["captured"].diff().dropna() >= 0).all()
    third = found[found["contacted"] == 0.3]["captured"].item()
    assert third == pytest.approx(LEFT[np.argsort(-SCORE)[:240]].sum() / LEFT.sum())


def test_the_difference_of_losses_is_paired() -> None:
    better, worse = losses(SCORE, LEFT), losses(np.full(800, logit(LEFT.mean())), LEFT)
    found = difference(worse, better)
    assert found.value == pytest.approx((worse - better).mean())
    assert found.ci_lower is not None
    assert found.value is not None
    reach = 1.96 * (worse - better).std(ddof=1) / np.sqrt(800)
    assert found.value - found.ci_lower == pytest.approx(reach, rel=1e-3)
    assert difference(better, better).ci == (0.0, 0.0, 0.95, "linearised, over customers")
