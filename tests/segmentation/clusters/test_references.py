"""Customers without groups: what they keep of the real ones, and what they lose."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.segmentation.clusters.references import (
    _gaussian,
    _shuffled,
    _uniform,
    best_silhouettes,
    compare,
)


def test_clouds_keep_means_and_covariances() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(4000, 3)) @ rng.normal(size=(3, 3)) + 5
    for draw in (_gaussian(points), _uniform(points)):
        drawn = draw(rng)
        assert drawn.mean(axis=0) == pytest.approx(points.mean(axis=0), abs=0.3)
        assert np.cov(drawn.T) == pytest.approx(np.cov(points.T), rel=0.15, abs=0.15)
    box = np.random.default_rng(2).random((2000, 1))
    drawn = _uniform(box)(rng)
    assert (drawn.min(), drawn.max()) == pytest.approx((0, 1), abs=0.03)


def test_dealing_anew_keeps_each_theme_among_those_who_bought_as_often() -> None:
    rng = np.random.default_rng(3)
    bought = rng.integers(1, 4, 300)
    points = np.column_stack([bought, bought * 10 + rng.random(300), rng.random((300, 2))])
    points[:, 3] = points[:, 2]
    drawn = _shuffled(points, ["when", "what", "where", "where"], bought)(rng)
    assert (drawn[:, 0] == points[:, 0]).all()
    assert (np.floor(drawn[:, 1] / 10) == bought).all(), "within their stratum"
    assert (drawn[:, 2] == drawn[:, 3]).all(), "one theme goes together"
    for column in range(4):
        assert sorted(drawn[:, column]) == sorted(points[:, column])
    assert (drawn[:, 1] != points[:, 1]).mean() > 0.9
    assert (drawn[:, 2] != points[:, 2]).mean() > 0.9


def test_pvalue_is_that_of_the_rank_and_stops_early() -> None:
    points = np.random.default_rng(4).normal(size=(150, 2))
    common = {
        "themes": ["when", "when"],
        "purchases": np.ones(150),
        "seed": np.random.SeedSequence(1),
        "draws": 19,
        "alpha": 0.05,
    }
    clear = compare(points, 1.0, [2, 3], **common)
    assert [one.name for one in clear] == ["gaussian", "uniform"], "one theme: nothing to deal out"
    assert [(one.draws, one.pvalue) for one in clear] == [(19, 0.05), (19, 0.05)]
    unclear = compare(points, 0.0, [2, 3], **common)
    assert [(one.draws, one.pvalue) for one in unclear] == [(5, 1.0), (5, 1.0)]


def test_the_search_over_all_numbers_is_paid_for() -> None:
    points = np.random.default_rng(5).random((200, 2))
    best = best_silhouettes(points, [2, 3, 4], np.random.default_rng(1))
    found = compare(
        points,
        max(best),
        [2, 3, 4],
        themes=["when", "when"],
        purchases=np.ones(200),
        seed=np.random.SeedSequence(1),
        draws=19,
        alpha=0.05,
    )
    fewer = compare(
        points,
        max(best),
        [2],
        themes=["when", "when"],
        purchases=np.ones(200),
        seed=np.random.SeedSequence(1),
        draws=19,
        alpha=0.05,
    )
    assert found[1].silhouette > fewer[1].silhouette
