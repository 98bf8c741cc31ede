"""How well one column foretells another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.triage.suspects.dependencies import foretold


def plainly(a: np.ndarray, b: np.ndarray) -> float:
    """Return the share of rows whose value the other rows of their group foretell, row by row."""
    right = rows = 0
    for place in range(len(a)):
        if a[place] < 0 or b[place] < 0:
            continue
        others = [
            b[other]
            for other in range(len(a))
            if other != place and a[other] == a[place] and b[other] >= 0
        ]
        if not others:
            continue
        rows += 1
        counts = sorted(((others.count(one), one) for one in set(others)), reverse=True)
        if len(counts) == 1 or counts[0][0] > counts[1][0]:
            right += bool(counts[0][1] == b[place])
    return right / rows if rows else 0.0


def test_a_function_is_foretold() -> None:
    a = np.repeat(np.arange(20), 5)
    assert foretold(a, a // 4) == (1.0, 1.0)


def test_one_frequent_value_is_no_dependency() -> None:
    draw = np.random.default_rng(1)
    a, b = draw.integers(0, 50, 5_000), (draw.random(5_000) < 0.04).astype(np.int64)
    share, lambda_ = foretold(a, b)
    assert share > 0.9
    assert lambda_ < 0.5


def test_errors_in_a_column_of_one_frequent_value_do_not_hide_a_dependency() -> None:
    a = np.repeat(np.arange(50), 20)
    b = (a >= 48).astype(np.int64)
    b[::40] = np.arange(25) + 2
    share, lambda_ = foretold(a, b)
    assert share == pytest.approx(0.975)
    assert lambda_ == 1.0


def test_chance_is_no_dependency() -> None:
    draw = np.random.default_rng(2)
    share, _ = foretold(draw.integers(0, 400, 4_000), draw.integers(0, 10, 4_000))
    assert share < 0.5


def test_too_few_rows_tell_nothing() -> None:
    assert foretold(np.arange(100), np.arange(100)) == (0.0, 0.0)
    assert foretold(np.full(50, -1), np.zeros(50, np.int64)) == (0.0, 0.0)


@given(
    codes=arrays(np.int64, st.tuples(st.just(2), st.integers(0, 80)), elements=st.integers(-1, 6))
)
def test_the_share_is_that_of_the_definition(codes: np.ndarray) -> None:
    share, lambda_ = foretold(*codes)
    assert lambda_ <= 1
    if share:
        assert share == pytest.approx(plainly(*codes))


@given(
    codes=arrays(np.int64, st.tuples(st.just(2), st.integers(1, 40)), elements=st.integers(-1, 6)),
    times=st.integers(1, 4),
)
def test_rows_may_be_given_once_with_how_often_they_are_there(
    codes: np.ndarray, times: int
) -> None:
    often = np.arange(codes.shape[1]) % times + 1
    assert foretold(*codes, often) == foretold(*np.repeat(codes, often, axis=1))
