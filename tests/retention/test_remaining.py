"""What is still to come, given what has passed."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from workbench.retention.periods import Calendar
from workbench.retention.remaining import remaining_time
from workbench.retention.study import Retention, retention

OPTIONS: Any = {"as_of": date(2024, 12, 31), "calendar": Calendar(), "horizon": 12, "min_group": 5}


def subscriptions(count: int, seed: int = 1) -> Retention:
    """Return subscriptions that leave less and less the longer they have stayed."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 1000, count), unit="D")
    end = start + pd.to_timedelta(np.ceil(400 * rng.weibull(0.5, count)), unit="D")
    table = pd.DataFrame(
        {
            "subscription_id": [f"s{i}" for i in range(count)],
            "started_at": start,
            "ended_at": pd.Series(end).where(end <= pd.Timestamp("2024-12-31")),
        }
    )
    return retention(None, table, **OPTIONS)


def test_who_has_stayed_stays_longer() -> None:
    study = subscriptions(2000)
    found = remaining_time(study)
    assert found.table["so_far_days"].tolist() == [0, 30, 90, 180, 365, 730]
    assert found.table["share"].is_monotonic_increasing
    for row in found.table.to_dict("records"):
        own = study.curve.survival_given(row["so_far_days"], 91)
        assert (row["share"], row["ci_lower"]) == (own.value, own.ci_lower)
        truth = np.exp((row["so_far_days"] / 400) ** 0.5 - ((row["so_far_days"] + 91) / 400) ** 0.5)
        assert row["share"] == pytest.approx(truth, abs=0.05)
        assert 0 < row["mean_ci_lower"] <= row["mean_days"] <= row["mean_ci_upper"] <= 91
    assert found.answer.startswith("6")
    assert (
        "of new subscriptions last 91 days; of those that have lasted 730 days, 9" in found.answer
    )
    assert found.title_share == "Still there after 91 more days"


def test_buyers_who_stay_silent_come_back_less() -> None:
    rng = np.random.default_rng(2)
    first = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 300, 800), unit="D")
    again = first + pd.to_timedelta(np.ceil(300 * rng.weibull(0.5, 800)), unit="D")
    names = [f"c{i}" for i in range(800)]
    orders = pd.DataFrame({"customer_id": names * 2, "ordered_at": [*first, *again], "amount": 1.0})
    found = remaining_time(retention(orders, None, **OPTIONS))
    assert found.table["share"].is_monotonic_decreasing
    assert (found.table["ci_lower"] <= found.table["share"]).all()
    assert (found.table["share"] <= found.table["ci_upper"]).all()
    assert "of first-time buyers buy again within 91 days; of those who have not" in found.answer


def test_few_are_neither_shown_nor_subtracted() -> None:
    start = pd.Timestamp("2024-01-01")
    ends = [start + pd.Timedelta(days=n) for n in [10] * 8 + [40] * 2 + [150] * 20]
    table = pd.DataFrame(
        {
            "subscription_id": [f"s{i}" for i in range(60)],
            "started_at": start,
            "ended_at": pd.Series([*ends, *[pd.NaT] * 30], dtype="datetime64[us]"),
        }
    )
    found = remaining_time(retention(None, table, **OPTIONS))
    # The two who left between day 30 and day 90 would be the difference of the two rows.
    assert found.table["so_far_days"].tolist() == [0, 30, 180]
    assert found.table["followed"].tolist() == [60, 52, 30]
    few = remaining_time(subscriptions(8))
    assert few.table.empty or (few.table["followed"] >= 5).all()


def test_too_short_is_said() -> None:
    table = pd.DataFrame(
        {
            "subscription_id": [f"s{i}" for i in range(9)],
            "started_at": pd.Timestamp("2024-12-20"),
            "ended_at": pd.Series([pd.NaT] * 9, dtype="datetime64[us]"),
        }
    )
    found = remaining_time(retention(None, table, **OPTIONS))
    assert found.reason.startswith("Too few have been followed")
    assert found.answer == found.reason
    assert found.table.empty
