"""The permutation test of two arms, against SciPy's by resampling and by all arrangements."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from workbench.segmentation.contrast import Moments, chance_alone, difference_in_revenue


def test_the_permutation_test_is_scipys() -> None:
    rng = np.random.default_rng(5)
    units = np.where(rng.random(400) < 0.3, rng.lognormal(3, 0.8, 400) * 10_000, 0).astype(int)
    contact, held = units[:320].tolist(), units[320:].tolist()
    got = chance_alone(Moments(tuple(contact), 0), Moments(tuple(held), 0))
    sign = "greater" if np.mean(contact) > np.mean(held) else "less"
    oracle = stats.permutation_test(
        (contact, held),
        lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
        vectorized=True,
        n_resamples=20_000,
        alternative=sign,
        rng=np.random.default_rng(1),
    )
    # 20,000 resamples: four standard errors of the oracle are below 0.015.
    assert got == pytest.approx(oracle.pvalue, abs=0.015)


def test_the_three_moments_are_those_of_all_arrangements() -> None:
    units = (0, 0, 0, 10_000, 20_000, 30_000, 70_000, 0, 250_000)
    means = np.array([np.mean(some) for some in combinations(units, 3)])
    held, contact = units[-3:], units[:-3]
    off = (np.mean(held) - means.mean()) / means.std()
    tail = stats.pearson3.sf(off, stats.skew(means))
    assert chance_alone(Moments(contact, 0), Moments(held, 0)) == pytest.approx(tail, rel=1e-9)


def test_without_any_spread_there_is_no_chance_to_judge() -> None:
    same = Moments((10_000,) * 5, 5)
    assert chance_alone(same, same) is None
    effect = difference_in_revenue(same, same, 0.95)
    assert (effect.value, effect.ci_lower) == (0, None)
    assert "spent the same" in effect.reason
