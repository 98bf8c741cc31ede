from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.suite.compare.amounts import change_text, points_text, range_text, relative_text


@pytest.mark.parametrize(
    ("change", "unit", "text"),
    [
        (1204, "rows", "+1,204"),
        (-1204.0, "rows", "−1,204"),
        (0, "rows", "0"),
        (55376.2, "GBP", "+£55,376"),
        (-2_500_000, "SEK", "−SEK 2.50 million"),
        (0.004, "share", "+0.4 points"),
        (-0.00001, "share", "−0.001 points"),
        (1, "days", "+1 day"),
        (-0.0002, "index", "−0.0002"),
        (0.001, "GBP", "£0.00"),
    ],
)
def test_changes_have_a_sign_and_a_unit(change: float, unit: str, text: str) -> None:
    assert change_text(change, unit) == text


@given(st.floats(-1e9, 1e9, allow_nan=False), st.sampled_from(["rows", "GBP", "share", "days"]))
def test_the_opposite_change_has_the_opposite_sign(change: float, unit: str) -> None:
    there, back = change_text(change, unit), change_text(-change, unit)
    assert there.lstrip("+−") == back.lstrip("+−")
    assert there == back or {there[0], back[0]} == {"+", "−"}


def test_ranges_share_their_decimals() -> None:
    assert range_text(-10.94, 9.876, "days") == "−10.9 to +9.9 days"
    assert range_text(-3, 0, "customers") == "−3 to 0"
    assert range_text(-1.5e6, 200, "GBP") == "−£1.50 million to +£200.00"


def test_percent_and_points() -> None:
    assert relative_text(14.2) == "+1,420%"
    assert points_text(-0.0006, 2) == "−0.06 points"
