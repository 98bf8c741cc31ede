from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.suite.portal.sparkline import Dot
from workbench.suite.portal.trend import Judged, change_of, series_of, trend_of


def point(day: str, value: float | None, unit: str = "share", **more: Any) -> dict[str, Any]:
    told = {"value": value, "unit": unit, "ci": None, "label": "Rate", "display": None, **more}
    return {"as_of": day, "metrics": {"retention.rate": told}}


def dot(value: float, width: float | None = None, day: str = "2025-06-30") -> Dot:
    low, high = (None, None) if width is None else (value - width, value + width)
    return Dot(day, value, f"{100 * value:.0f}%", low, high)


def test_a_series_holds_the_numbers_that_can_be_compared() -> None:
    points = [
        point("2025-01-31", 28, "percent"),
        point("2025-02-28", 0.28),
        {"as_of": "2025-03-31", "metrics": {}},
        point("2025-04-30", None),
        point("2025-05-31", 0.31, display="31%", ci=[0.3, 0.32, 0.95, "Wilson"]),
    ]
    first, last = series_of(points, "retention.rate", "share")
    assert (first.as_of, first.value, first.display) == ("2025-02-28", 0.28, "28.0%")
    assert (last.display, last.low, last.high) == ("31%", 0.3, 0.32)


def test_a_trend_says_in_words_what_it_shows() -> None:
    days = ["2025-01-31", "2025-02-28", "2025-03-31"]
    values = [0.28, 0.40, 0.31]
    trend = trend_of("Rate", [dot(v, day=d) for v, d in zip(values, days, strict=True)])
    assert trend is not None
    assert trend.words == "Rate over 3 editions: from 28% to 31%, highest 40% on 28 Feb 2025"
    assert f'aria-label="{trend.words}"' in trend.picture
    assert "<title>" not in trend.picture
    assert (trend.first, trend.last) == ("28%", "31%")


def test_a_trend_without_a_move_says_so() -> None:
    trend = trend_of("Rate", [dot(0.3, day="2025-01-31"), dot(0.3)])
    assert trend is not None
    assert trend.words == "Rate over 2 editions: 30% at the start and at the end"


def test_one_number_is_no_trend() -> None:
    assert trend_of("Rate", [dot(0.3)]) is None
    assert change_of([dot(0.3)], "share", "up") is None


@pytest.mark.parametrize(
    ("good", "look"), [("up", "better"), ("down", "worse"), (None, ""), ("sideways", "")]
)
def test_a_change_is_good_or_bad_only_where_that_is_known(good: str | None, look: str) -> None:
    change = change_of([dot(0.28, day="2025-05-31"), dot(0.31)], "share", good)
    assert change is not None
    assert (change.text, change.look, change.words) == ("+3.0 points", look, look)
    assert change.since == "2025-05-31"


def test_an_amount_is_told_with_its_share() -> None:
    change = change_of(
        [Dot("2025-05-31", 200, "£200"), Dot("2025-06-30", 150, "£150")], "GBP", "up"
    )
    assert change is not None
    assert (change.text, change.aside, change.look) == ("−£50.00", "−25.0%", "worse")


@pytest.mark.parametrize(
    ("state", "look", "words"),
    [
        ("within_noise", "", "within noise"),
        ("beyond_noise", "better", "better, more than noise"),
        ("not_known", "better", "better"),
    ],
)
def test_a_change_within_noise_is_neither_good_nor_bad(state: str, look: str, words: str) -> None:
    change = change_of([dot(0.28), dot(0.31)], "share", "up", Judged(0.28, 0.31, state))
    assert change is not None
    assert (change.look, change.words) == (look, words)


def test_a_verdict_on_other_numbers_does_not_count() -> None:
    change = change_of([dot(0.28), dot(0.31)], "share", "up", Judged(0.30, 0.31, "within_noise"))
    assert change is not None
    assert change.words == "better"


@given(st.floats(0.1, 0.9), st.floats(0.1, 0.9), st.floats(0.001, 0.5))
def test_two_numbers_within_each_others_interval_are_noise(
    one: float, other: float, width: float
) -> None:
    change = change_of([dot(one, width), dot(other, width)], "share", "up")
    assert change is not None
    is_noise = all(abs(a - b) <= width for a, b in ((one, other), (other, one)))
    if one != other and abs(abs(one - other) - width) > 1e-9:
        assert (change.words == "within noise") == is_noise


def test_no_change_is_told_as_such() -> None:
    change = change_of([dot(0.3), dot(0.3)], "share", "up")
    assert change is not None
    assert (change.text, change.look, change.words) == ("no change", "", "")
