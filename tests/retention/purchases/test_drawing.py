"""The clock that events and seasons speed up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.retention.purchases.bgnbd import BgNbd
from workbench.retention.purchases.cells import purchase_cells
from workbench.retention.purchases.drawing import Clock
from workbench.retention.purchases.paretonbd import ParetoNbd

PARTS = st.lists(st.tuples(st.floats(0.1, 5), st.floats(0.1, 9)), min_size=1, max_size=6)


@given(parts=PARTS, share=st.floats(0, 1))
def test_the_clock_is_read_both_ways(parts: list[tuple[float, float]], share: float) -> None:
    clock = Clock(np.cumsum([p[0] for p in parts]), np.array([p[1] for p in parts]))
    at = np.array([share * clock.horizon])
    assert clock.back(clock.run(at))[0] == pytest.approx(at[0], abs=1e-9)
    assert clock.marks[-1] == pytest.approx(sum(width * pace for width, pace in parts))


def test_a_clock_that_cannot_be_is_refused() -> None:
    for ends, pace in (([], []), ([1.0, 1.0], [1.0, 1.0]), ([1.0], [0.0])):
        with pytest.raises(AnalysisError, match="a clock needs stretches"):
            Clock(np.array(ends), np.array(pace))


def test_twice_the_pace_is_twice_the_time_where_leaving_follows_purchases() -> None:
    model = BgNbd(0.8, 4.0, 0.8, 3.0)
    cells = purchase_cells([2], [10.0], [20.0], n=[40_000])
    clock = Clock(np.array([10.0]), np.array([2.0]))
    fast = model.draw_times(np.random.default_rng(1), 10.0, cells, clock)
    assert fast.times.max() <= 10
    expected = 40_000 * model.expected_purchases(20.0, [2], [10.0], [20.0])[0]
    assert len(fast.times) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("model", [BgNbd(0.8, 4.0, 0.8, 3.0), ParetoNbd(0.8, 4.0, 0.5, 20.0)])
def test_a_busy_week_shows_in_that_week(model: BgNbd | ParetoNbd) -> None:
    cells = purchase_cells([2], [10.0], [20.0], n=[40_000])
    clock = Clock(np.array([4.0, 5.0, 10.0]), np.array([1.0, 3.0, 1.0]))
    drawn = model.draw_times(np.random.default_rng(2), 10.0, cells, clock)
    by_week = np.bincount(drawn.times.astype("int64"), minlength=10)
    assert by_week[4] / np.mean([by_week[3], by_week[5]]) == pytest.approx(3, rel=0.08)
    # A number stands for one customer of one row.
    assert len(np.unique(drawn.who)) <= 40_000
    assert (drawn.row == 0).all()
