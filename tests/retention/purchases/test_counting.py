"""Repeat purchases by period."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from support.cdnow import read_cdnow
from workbench.errors import AnalysisError
from workbench.retention.purchases.counting import repeat_purchases

AS_OF = date(2024, 1, 21)
LINES = pd.DataFrame(
    [
        ("a", "2024-01-01", 5.0),
        ("a", "2024-01-01", 6.0),  # the same day: one purchase
        ("a", "2024-01-08", 5.0),
        ("a", "2024-01-09", -5.0),  # a return
        ("a", "2024-01-21", 5.0),
        ("b", "2024-01-15", 5.0),
        ("b", "2024-01-22", 5.0),
        ("b", "2024-01-28", 5.0),
        ("b", "2024-01-30", 5.0),  # beyond the last whole period
        ("c", "2024-01-25", 5.0),  # came after the fit
        ("c", "2024-01-26", 5.0),
        (None, "2024-01-10", 5.0),
    ],
    columns=["customer_id", "ordered_at", "amount"],
).assign(ordered_at=lambda frame: pd.to_datetime(frame["ordered_at"]))


@pytest.mark.parametrize("kind", ["pandas", "polars", "duckdb"])
def test_periods_by_hand(kind: str) -> None:
    frame = LINES
    given_as: Any = frame if kind == "pandas" else pl.from_pandas(frame)
    if kind == "duckdb":
        given_as = duckdb.connect().sql("SELECT * FROM frame")
    assert repeat_purchases(given_as, as_of=AS_OF, days=7).tolist() == [0, 1, 1]
    ahead = repeat_purchases(given_as, as_of=AS_OF, days=7, until=date(2024, 2, 3))
    assert ahead.tolist() == [0, 1, 1, 2]
    assert repeat_purchases(given_as, as_of=AS_OF, days=30).tolist() == [2]


def test_cdnow_by_week(workbench_data: Path) -> None:
    path = workbench_data / "cdnow" / "CDNOW_sample.txt.gz"
    names = ["master", "customer_id", "ordered_at", "cds", "amount"]
    lines = pd.read_csv(path, sep=r"\s+", header=None, names=names, dtype={"ordered_at": str})
    lines["ordered_at"] = pd.to_datetime(lines["ordered_at"], format="%Y%m%d")
    found = repeat_purchases(lines, as_of=date(1997, 9, 30), days=7, until=date(1998, 6, 30))
    np.testing.assert_array_equal(found, read_cdnow(workbench_data).by_week[:78])
    assert (found[:39].sum(), found[39:].sum()) == (2457, 1882)


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(AnalysisError, match="days == 0"):
        repeat_purchases(LINES, as_of=AS_OF, days=0)
    with pytest.raises(AnalysisError, match="until == 2024-01-01"):
        repeat_purchases(LINES, as_of=AS_OF, days=7, until=date(2024, 1, 1))
    with pytest.raises(AnalysisError, match="no purchase up to 2023-01-01"):
        repeat_purchases(LINES, as_of=date(2023, 1, 1), days=7)
    with pytest.raises(AnalysisError, match="amount is missing"):
        repeat_purchases(LINES.drop(columns="amount"), as_of=AS_OF, days=7)
