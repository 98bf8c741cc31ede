"""Periods counted from a day on."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.retention.spans import bounds, moved, named

DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2050, 12, 31))


@given(day=DAYS, count=st.integers(-60, 60))
def test_months_keep_their_day_or_are_the_last_one(day: date, count: int) -> None:
    found = moved(day, "month", count)
    months = (found.year - day.year) * 12 + found.month - day.month
    assert months == count
    last = (found + timedelta(days=1)).day == 1
    assert found.day == day.day or last
    if (day + timedelta(days=1)).day == 1:
        assert last


@given(day=DAYS, grain=st.sampled_from(["week", "month", "quarter", "year"]))
def test_bounds_rise_and_meet_the_day(day: date, grain: str) -> None:
    found = bounds(day, grain, back=3, ahead=4)
    assert (np.diff(found) > 0).all()
    assert found[3] == day.toordinal()
    assert len(found) == 8


def test_a_period_in_words_and_a_grain_that_is_not_known() -> None:
    first = date(2024, 12, 1).toordinal()
    assert named(first, date(2025, 1, 31).toordinal()) == "1 Dec 2024 to 31 Jan 2025"
    assert named(first, first) == "1 Dec 2024"
    with pytest.raises(AnalysisError, match="'decade' is not known"):
        moved(date(2024, 1, 1), "decade", 1)
