"""How many will leave: the interval covers where the level moves from period to period."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import expit

from workbench.retention.propensity.leavers import expected_number


def off(shift: float, score: np.ndarray, left: np.ndarray) -> float:
    """Return by how many the level misses those who left."""
    return float(expit(score + shift).sum() - left.sum())


@pytest.mark.parametrize(("moves", "size"), [(0.0, 400), (0.15, 2000), (0.4, 2000)])
def test_the_interval_covers(moves: float, size: int) -> None:
    """The truth: each period's level is the one before, moved by chance; risks differ by facts."""
    rng = np.random.default_rng(5)
    held, draws = 0, 400
    for _ in range(draws):
        level = -1.5 + np.append(0.0, np.cumsum(rng.normal(0, moves, 6))) if moves else [-1.5] * 7
        score = rng.normal(0, 0.8, (7, size))
        risk = expit(score + np.asarray(level)[:, None])
        left = rng.random((7, size)) < risk
        past = pd.DataFrame({"sum": left[:6].sum(axis=1), "count": size})
        # The level is set by the last period whose end is known.
        said = expit(score + brentq(off, -9, 9, args=(score[5], left[5])))
        found = expected_number(said[6], said[5], past)
        assert found.ci_lower is not None
        assert found.ci_upper is not None
        held += found.ci_lower <= left[6].sum() <= found.ci_upper
    assert held / draws >= 0.92


@given(
    probability=st.lists(st.floats(0.001, 0.999), min_size=1, max_size=20),
    gone=st.lists(st.integers(0, 50), min_size=2, max_size=6),
)
def test_the_ends_lie_between_nobody_and_everybody(
    probability: list[float], gone: list[int]
) -> None:
    p = np.array(probability)
    found = expected_number(p, p, pd.DataFrame({"sum": gone, "count": 50}))
    assert found.value == pytest.approx(p.sum())
    assert found.ci_lower is not None
    assert found.ci_upper is not None
    assert 0 <= found.ci_lower <= p.sum() + 1e-9
    assert p.sum() - 1e-9 <= found.ci_upper <= len(p)


def test_one_period_alone_tells_no_interval() -> None:
    p = np.full(10, 0.2)
    found = expected_number(p, p, pd.DataFrame({"sum": [3], "count": [10]}))
    assert found.ci is None
    assert found.reason
