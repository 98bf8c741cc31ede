"""Sentences: what is said of size and certainty, and of nothing."""

from __future__ import annotations

import pytest

from workbench.triage.drift.measures import Interval
from workbench.triage.drift.words import (
    categories_sentence,
    distribution_sentence,
    missing_sentence,
    new_category_sentence,
    reading,
    volume_sentence,
)

MOVED = Interval(0.2, 0.15, 0.25)


@pytest.mark.parametrize(
    ("large", "certain", "said"),
    [
        (True, True, "a large and certain change"),
        (True, False, "large, but it may be chance"),
        (False, True, "a real change, but a small one"),
        (False, False, "no more than chance would make"),
    ],
)
def test_size_and_certainty_are_both_said(large: bool, certain: bool, said: str) -> None:
    assert reading(large, certain) == said


def test_where_a_distribution_moved() -> None:
    said = distribution_sentence("amount", 1234.5, False, (0.4, 0.6), MOVED, 0.3, 0.99, "large")
    assert said == (
        "`amount`: 60.0% of the values lie at or below 1,234.5, 40.0% before: large "
        "(distance 0.200, 99% interval 0.150 to 0.250; stability index 0.300)."
    )
    still = distribution_sentence(
        "amount", 1, False, (0.4, 0.4), Interval(0, 0, 0.1), 0, 0.99, "same"
    )
    assert still.startswith("`amount`: the values are spread as before (distance 0.000")


def test_categories_named_and_unnamed() -> None:
    said = categories_sentence("town", ("York", 0.1, 0.3), MOVED, 0.3, 0.99, "large")
    assert said.startswith("`town`: “York” has 30.0% of the rows, 10.0% before: large")
    none = categories_sentence("town", None, MOVED, 0.3, 0.99, "large")
    assert "no category is large enough to be named" in none


def test_new_and_vanished_categories() -> None:
    new = new_category_sentence("town", "York", False, 0.03, 4.94, 0.99, "large")
    assert new == (
        "`town`: “York” is new, with 3.0% of the rows: large "
        "(at least 4.9 times as frequent now as before, 99% interval)."
    )
    gone = new_category_sentence("town", "York", True, 0.03, 5000, 0.99, "large")
    assert "has vanished; it had 3.0%" in gone
    assert "over a thousand times as frequent before as now" in gone


def test_missing_values_and_rows() -> None:
    assert missing_sentence("a", 0, 0, MOVED, 0.99, "x") == (
        "`a` has a value in every row, as before."
    )
    found = missing_sentence("a", 0.1, 0.3, MOVED, 0.99, "large")
    assert found == (
        "`a` is missing in 30.0% of the rows, 10.0% before: large "
        "(99% interval of the change: +15.0 to +25.0 points)."
    )
    assert volume_sentence(0, 5, None, (0, 0), 0, 0.95) == "5 rows; the load before had 0."
