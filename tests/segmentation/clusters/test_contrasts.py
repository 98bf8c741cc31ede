"""How far groups differ: against SciPy, and for what the intervals promise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu, norm

from workbench.errors import AnalysisError
from workbench.segmentation.clusters.contrasts import contrasts
from workbench.segmentation.clusters.traits import Trait

DAYS = Trait("x", "Days since", "days", "recency", "bought long ago", "bought lately")
COUNT = Trait("y", "Purchases", "count", "frequency", "buys often", "buys seldom")


def test_difference_is_the_mann_whitney_statistic() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 400)
    frame = pd.DataFrame({"x": rng.gamma(2.0, 50.0, 400), "y": rng.integers(1, 6, 400) + labels})
    found = contrasts(frame, [DAYS, COUNT], labels, min_group=5)
    for group in range(3):
        mine = labels == group
        for contrast, name in zip(found[group], ("x", "y"), strict=True):
            values = frame[name].to_numpy()
            pairs = mine.sum() * (~mine).sum()
            statistic = mannwhitneyu(values[mine], values[~mine]).statistic
            assert contrast.higher == pytest.approx(statistic / pairs, rel=1e-12)
        assert found[group][0].inside == pytest.approx(np.median(frame["x"][mine]), rel=1e-12)
        assert found[group][0].outside == pytest.approx(np.median(frame["x"][~mine]), rel=1e-12)
        assert found[group][1].inside == pytest.approx(frame["y"][mine].mean(), rel=1e-12)
        assert found[group][1].outside == pytest.approx(frame["y"][~mine].mean(), rel=1e-12)


def test_order_of_rows_and_scale_of_a_measure_change_nothing() -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 4, 300)
    frame = pd.DataFrame({"x": rng.normal(labels, 1.0), "y": rng.poisson(3.0, 300)})
    found = contrasts(frame, [DAYS, COUNT], labels, min_group=5)
    order = rng.permutation(300)
    assert contrasts(frame.iloc[order], [DAYS, COUNT], labels[order], min_group=5) == found
    bent = contrasts(np.exp(frame), [DAYS, COUNT], labels, min_group=5)
    for one, other in zip(np.ravel(found), np.ravel(bent), strict=True):
        assert (one.higher, one.lower, one.upper) == (other.higher, other.lower, other.upper)


@pytest.mark.parametrize("shift", [0.0, 0.95, 2.5])
def test_interval_holds_the_true_difference_at_least_as_often_as_it_says(shift: float) -> None:
    """Two normal groups of 12 and 40: A is Phi(shift / sqrt 2). The bound makes it conservative."""
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1], [12, 40])
    truth, held = norm.cdf(shift / np.sqrt(2)), 0
    for _ in range(400):
        frame = pd.DataFrame({"x": rng.normal((labels == 0) * shift, 1.0)})
        contrast = contrasts(frame, [DAYS], labels, min_group=5)[0][0]
        held += contrast.lower <= truth <= contrast.upper
    assert held / 400 > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400)


def test_few_customers_must_differ_more_to_count() -> None:
    """The same difference sets a group of 200 apart, and leaves doubt for one of 8."""
    ranks = np.array([1.0, 1.0, 1.0, -1.0])
    apart = []
    for times in (2, 50):
        mine = np.tile(ranks, times)
        frame = pd.DataFrame({"x": np.concatenate([mine, np.zeros(300)])})
        labels = np.repeat([0, 1], [len(mine), 300])
        contrast = contrasts(frame, [DAYS], labels, min_group=5)[0][0]
        assert contrast.higher == 0.75
        apart.append(contrast.is_apart)
    assert apart == [False, True]


def test_what_does_not_fit_is_an_error_that_says_so() -> None:
    frame = pd.DataFrame({"x": np.arange(20.0)})
    labels = np.repeat([0, 1], 10)
    with pytest.raises(AnalysisError, match="column y is missing"):
        contrasts(frame, [DAYS, COUNT], labels, min_group=5)
    with pytest.raises(AnalysisError, match="group 0 has fewer than 5 customers"):
        contrasts(frame, [DAYS], np.repeat([0, 1], [4, 16]), min_group=5)
    with pytest.raises(AnalysisError, match="group 1 has fewer than 1 customers"):
        contrasts(frame, [DAYS], labels * 2, min_group=1)
    with pytest.raises(AnalysisError, match="one group only"):
        contrasts(frame, [DAYS], labels * 0, min_group=5)
    with pytest.raises(AnalysisError, match="no whole number from 0"):
        contrasts(frame, [DAYS], labels - 1, min_group=5)
    with pytest.raises(AnalysisError, match="one label for each customer"):
        contrasts(frame, [DAYS], labels[:5], min_group=1)
    with pytest.raises(AnalysisError, match="missing or infinite"):
        contrasts(frame.replace(3.0, np.nan), [DAYS], labels, min_group=5)
