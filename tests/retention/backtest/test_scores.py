"""Errors, by hand and beside scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, mean_pinball_loss

from support.trials import made_trial
from workbench.retention.backtest.scores import (
    LEVELS,
    MODEL,
    brier_table,
    errors_of,
    pinball,
    score_table,
)
from workbench.retention.backtest.trials import brier, changes_of


def test_the_pinball_loss_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    actual, quantiles = rng.normal(size=30), np.sort(rng.normal(size=(9, 30)), axis=0)
    wanted = np.mean(
        [
            mean_pinball_loss(actual, quantiles[place], alpha=level)
            for place, level in enumerate(LEVELS)
        ]
    )
    assert pinball(quantiles, actual) == pytest.approx(wanted)
    point = rng.normal(size=30)
    half = np.abs(actual - point).mean() / 2
    assert pinball(np.tile(point, (9, 1)), actual) == pytest.approx(half)


def test_the_brier_score_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    chance = rng.random(50)
    did = rng.random(50) < chance
    assert brier(chance, did.astype(float), np.ones(50)) == pytest.approx(
        brier_score_loss(did, chance)
    )
    # Members of a group count once each.
    assert brier(np.array([0.5]), np.array([3.0]), np.array([4.0])) == pytest.approx(0.25)


def test_a_table_of_errors() -> None:
    trials = [made_trial(actual=[10, 20], model=[11, 19], naive=[14, 22]) for _ in range(3)]
    errors = errors_of(trials, "orders")
    assert errors[MODEL].shape == (3, 2)
    table = score_table(trials, "orders").set_index("method")
    assert table.loc[MODEL, "mae"] == pytest.approx(1, abs=0.1)
    assert table.loc["last period", "mae"] == 3
    assert table.loc["last period", "pinball"] == 1.5
    assert table.loc["last period", "mase"] == 1.5
    assert table.loc["last period", "coverage"] is None
    assert table.loc[MODEL, "coverage"] == 1
    assert brier_table(trials).columns.tolist() == ["method", "brier"]


def test_methods_that_a_trial_lacks_are_not_compared() -> None:
    one = made_trial(actual=[10], model=[10], naive=[12])
    other = made_trial(actual=[10], model=[10], naive=[12], season=[9])
    assert "same season" not in errors_of([one, other], "orders")
    assert "same season" in errors_of([other, other], "orders")
    assert changes_of(np.array([3.0, 5.0, 4.0])) == 1.5
    assert changes_of(np.array([3.0, 3.0])) is None
    assert changes_of(np.array([3.0])) is None
