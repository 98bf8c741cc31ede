from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import NotebookError
from workbench.report import formats as f


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1234567, "1,234,567"),
        (-1234, "\u22121,234"),
        (12.345, "12.3"),
        (1.005, "1.00"),
        (0.12345, "0.123"),
        (-0.0001, "0.000"),
        (Decimal("8911407.904"), "8,911,408"),
        (np.int64(5), "5"),
        (np.float64(5.5), "5.50"),
        (True, "1"),
    ],
)
def test_numbers(value: Any, text: str) -> None:
    assert f.format_number(value) == text


@pytest.mark.parametrize("missing", [None, math.nan, np.nan, pd.NA, pd.NaT, Decimal("NaN")])
@pytest.mark.parametrize("name", sorted(f.FORMATS))
def test_a_missing_value_is_an_en_dash_in_every_format(missing: Any, name: str) -> None:
    assert f.format_value(missing, name, currency="GBP") == "–"


@pytest.mark.parametrize("value", [math.inf, -math.inf, np.inf])
def test_infinity_is_an_error(value: float) -> None:
    with pytest.raises(NotebookError, match="infinite"):
        f.format_number(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0%"),
        (1, "100.0%"),
        (0.5, "50.0%"),
        (0.00001, "<0.1%"),
        (0.99999, ">99.9%"),
        (-0.032, "\u22123.2%"),
        (1.25, "125.0%"),
    ],
)
def test_shares(value: float, text: str) -> None:
    assert f.format_share(value) == text


def test_a_share_without_decimals() -> None:
    assert f.format_share(0.404, 0) == "40%"
    assert f.format_share(0.001, 0) == "<1%"


@pytest.mark.parametrize(
    ("value", "short", "text"),
    [
        (Decimal("8911407.904"), True, "£8.91 million"),
        (Decimal("8911407.904"), False, "£8,911,408"),
        (999_999.6, True, "£1.00 million"),
        (999_994, True, "£999,994"),
        (999_999_999, True, "£1.00 billion"),
        (1234567890123, True, "£1.23 trillion"),
        (12.5, True, "£12.50"),
        (-12.5, False, "\u2212£12.50"),
        (0, True, "£0.00"),
    ],
)
def test_money(value: Any, short: bool, text: str) -> None:
    assert f.format_money(value, "GBP", short=short) == text


def test_an_unusual_currency_is_its_code() -> None:
    assert f.format_money(1500, "SEK") == "SEK 1,500"


def test_money_needs_a_currency() -> None:
    with pytest.raises(NotebookError, match="needs a currency"):
        f.format_value(1, "money")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2025, 6, 30), "30 Jun 2025"),
        (datetime(2025, 6, 30), "30 Jun 2025"),
        (datetime(2025, 6, 30, 9, 5), "30 Jun 2025 09:05"),
        (pd.Timestamp("2025-06-30"), "30 Jun 2025"),
        (np.datetime64("2025-06-30"), "30 Jun 2025"),
        ("2025-06-30", "30 Jun 2025"),
    ],
)
def test_dates(value: Any, text: str) -> None:
    assert f.format_date(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0342, "0.034"), (1e-9, "<0.001"), (1, "1.000"), (0.99999, ">0.999"), (0, "<0.001")],
)
def test_pvalues(value: float, text: str) -> None:
    assert f.format_pvalue(value) == text


def test_days_and_truth() -> None:
    assert f.format_days(1) == "1 day"
    assert f.format_days(90) == "90 days"
    assert f.format_value(np.bool_(True), "text") == "yes"


def test_an_unknown_format_names_the_nearest() -> None:
    with pytest.raises(NotebookError, match="Did you mean `share`"):
        f.format_value(1, "shares")


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e14, max_value=1e14))
def test_no_card_shows_more_than_nine_digits_of_money(value: float) -> None:
    text = f.format_money(value, "GBP", short=True)
    assert sum(c.isdigit() for c in text) <= 9
