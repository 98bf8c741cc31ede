"""Naive forecasts, by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from workbench.retention.backtest.naive import (
    NAIVE,
    history_of,
    naive_purchases,
    period_numbers,
)
from workbench.retention.purchases.log import Known, purchase_log
from workbench.retention.spans import bounds

DAY = date(2024, 12, 31)


def known_of(rows: list[tuple[str, str, float]]) -> Known:
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount"])
    frame["ordered_at"] = pd.to_datetime(frame["ordered_at"])
    return purchase_log(frame, as_of=DAY).until(DAY.toordinal())


ROWS = [
    ("a", "2023-11-01", 5.0),
    ("a", "2024-01-10", 10.0),
    ("a", "2024-01-20", 20.0),
    ("a", "2024-12-05", 8.0),
    ("b", "2024-06-01", 4.0),
    ("b", "2024-12-06", 6.0),
    ("b", "2024-12-16", 6.0),
]


def test_by_hand() -> None:
    known = known_of(ROWS)
    edges, past = history_of(known, "month")
    assert len(edges) == 15
    assert past["orders"].tolist() == [0, 0, 2, *[0] * 10, 3]
    assert past["active"].tolist() == [0, 0, 1, *[0] * 10, 2]
    assert past["revenue"].tolist() == [0, 0, 30.0, *[0] * 10, 20.0]
    ahead = bounds(DAY, "month", back=0, ahead=2)
    made = naive_purchases(known, "month", ahead)
    assert set(made) == set(NAIVE)
    # January is as long as December, February shorter.
    assert made["last period"]["orders"].tolist() == pytest.approx([3, 3 * 28 / 31])
    assert made["same season"]["orders"].tolist() == [2, 0]
    rate = 3 / (DAY - date(2023, 11, 1)).days + 2 / (DAY - date(2024, 6, 1)).days
    assert made["past frequency"]["orders"].tolist() == pytest.approx([31 * rate, 28 * rate])
    assert all((values >= 0).all() for one in made.values() for values in one.values())


def test_without_a_year_there_is_no_season() -> None:
    made = naive_purchases(known_of(ROWS[4:]), "month", bounds(DAY, "month", back=0, ahead=2))
    assert "same season" not in made


def test_the_cohort_average_is_what_earlier_customers_did_at_that_age() -> None:
    rows = []
    for who in range(40):  # all buy again 20 days after the first purchase, never later
        first = pd.Timestamp("2024-01-01") + pd.Timedelta(days=8 * who)
        for days in (0, 20):
            at = first + pd.Timedelta(days=days)
            if at <= pd.Timestamp(DAY):
                rows.append((f"c{who:02d}", str(at.date()), 3.0))
    made = naive_purchases(known_of(rows), "month", bounds(DAY, "month", back=0, ahead=2))
    # Only customers in their first month are due: none of those older.
    assert made["cohort average"]["orders"][1] == pytest.approx(0, abs=1e-9)


def test_numbers_of_periods_and_of_the_whole() -> None:
    edges = np.array([10, 20, 30])
    customer, day = np.array([0, 0, 0, 1, 1]), np.array([10, 11, 25, 20, 31])
    found = period_numbers(edges, customer, day, np.full(5, 10_000))
    assert found["orders"].tolist() == [2, 1, 3]
    assert found["active"].tolist() == [2, 1, 2]
    assert found["revenue"].tolist() == [2, 1, 3]
