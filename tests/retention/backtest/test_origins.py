"""From which days forecasts are tried, and how much data they need."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.retention.backtest.origins import (
    A_YEAR,
    MIN_DAYS,
    ORIGINS,
    origins,
    saw_a_year,
    too_few,
)
from workbench.retention.spans import moved

AS_OF = date(2025, 6, 30)


@given(
    days=st.integers(0, 1500),
    ahead=st.integers(1, 20),
    grain=st.sampled_from(["week", "month", "quarter", "year"]),
)
def test_all_that_is_forecast_is_known_and_history_is_left(
    days: int, ahead: int, grain: str
) -> None:
    begin = AS_OF - timedelta(days=days)
    found = origins(AS_OF, grain, ahead=ahead, begin=begin)
    assert len(found) <= ORIGINS
    assert list(found) == sorted(set(found))
    for day in found:
        assert moved(AS_OF, grain, -ahead) >= day
        assert (day - begin).days >= MIN_DAYS
    if found:
        assert found[-1] == moved(AS_OF, grain, -ahead)


def test_trials_do_not_overlap_where_history_is_long() -> None:
    found = origins(AS_OF, "month", ahead=3, begin=date(2020, 1, 1))
    assert all(moved(before, "month", 3) == after for before, after in pairwise(found))
    with pytest.raises(AnalysisError, match="ahead == 0, must be >= 1"):
        origins(AS_OF, "month", ahead=0, begin=date(2020, 1, 1))


def test_a_season_is_tried_from_days_that_saw_a_year() -> None:
    # Thirty months: three trials of six months have a year before them, the fourth has not.
    begin = date(2023, 1, 1)
    young = origins(AS_OF, "month", ahead=6, begin=begin)
    found = origins(AS_OF, "month", ahead=6, begin=begin, seasonal=True)
    assert [str(day) for day in found] == ["2023-12-31", "2024-06-30", "2024-12-31"]
    assert found == young[1:]
    assert saw_a_year(found, begin)
    assert not saw_a_year(young, begin)
    assert not saw_a_year((), begin)


@pytest.mark.parametrize("days", [500, 890])
def test_where_three_trials_cannot_see_a_year_none_looks_for_a_season(days: int) -> None:
    begin = AS_OF - timedelta(days=days)
    found = origins(AS_OF, "month", ahead=6, begin=begin, seasonal=True)
    assert found == origins(AS_OF, "month", ahead=6, begin=begin)
    assert not saw_a_year(found, begin)


@given(days=st.integers(0, 3000), ahead=st.integers(1, 12))
def test_trials_of_a_season_do_not_overlap(days: int, ahead: int) -> None:
    begin = AS_OF - timedelta(days=days)
    found = origins(AS_OF, "month", ahead=ahead, begin=begin, seasonal=True)
    if saw_a_year(found, begin):
        assert (found[0] - begin).days >= A_YEAR
        assert all(moved(day, "month", -ahead) == before for before, day in pairwise(found))


def test_too_few_data_are_named() -> None:
    days = origins(AS_OF, "month", ahead=6, begin=date(2022, 1, 1))
    terms = {"who": "customers", "event": "customers bought again", "begin": date(2022, 1, 1)}
    assert too_few(days, known=500, events=300, **terms) == ""
    assert "begins on 2022-01-01" in too_few(days[:2], known=500, events=300, **terms)
    assert "100 customers" in too_few(days, known=99, events=300, **terms)
    assert "Fewer than 50 customers bought again" in too_few(days, known=500, events=49, **terms)
