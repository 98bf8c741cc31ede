"""Purchase days, and what was known on a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from support.cdnow import read_cdnow
from workbench.errors import AnalysisError
from workbench.retention.purchases.log import purchase_log

AS_OF = date(2024, 3, 31)
ROWS = [
    ("b", "2024-01-05 10:00", 10.0),
    ("b", "2024-01-05 18:00", 5.5),
    ("a", "2024-01-10 09:00", 7.0),
    ("b", "2024-02-01 09:00", 20.0),
    ("b", "2024-02-09 09:00", -20.0),
    ("b", "2024-03-01 09:00", 40.0),
    (None, "2024-03-01 09:00", 99.0),
    ("a", "2024-04-01 09:00", 1.0),
]


def orders() -> pd.DataFrame:
    frame = pd.DataFrame(ROWS, columns=["customer_id", "ordered_at", "amount"])
    return frame.assign(ordered_at=pd.to_datetime(frame["ordered_at"]))


def test_by_hand_on_every_engine() -> None:
    pandas = orders()
    connection = duckdb.connect()
    for table in (pandas, pl.from_pandas(pandas), connection.from_df(pandas)):
        log = purchase_log(table, as_of=AS_OF)
        assert log.customer.tolist() == [0, 1, 1, 1]
        assert log.units.tolist() == [70_000, 155_000, 200_000, 400_000]
        known = log.until(AS_OF.toordinal())
        assert known.frequency.tolist() == [0, 2]
        assert known.spend.tolist() == [0.0, 30.0]
        assert known.cells.T.tolist() == pytest.approx([81 / 7, 86 / 7])
        assert known.cells.recency.tolist() == pytest.approx([0, 56 / 7])
        assert known.cell.tolist() == [0, 1]
        early = log.until(date(2024, 1, 9).toordinal())
        assert (early.customers, early.who.tolist()) == (1, [1])
        customer, day, units = log.after(early)
        assert customer.tolist() == [0, 0]
        assert day.tolist() == [date(2024, 2, 1).toordinal(), date(2024, 3, 1).toordinal()]
        assert units.tolist() == [200_000, 400_000]


def test_nothing_left_is_said() -> None:
    with pytest.raises(AnalysisError, match="no purchase up to 2020-01-01"):
        purchase_log(orders(), as_of=date(2020, 1, 1))
    with pytest.raises(AnalysisError, match="no purchase up to 2020-01-01"):
        purchase_log(orders(), as_of=AS_OF).until(date(2020, 1, 1).toordinal())


def test_customers_of_the_papers(workbench_data: Path) -> None:
    names = ["master", "customer_id", "date", "cds", "amount"]
    path = workbench_data / "cdnow" / "CDNOW_sample.txt.gz"
    lines = pd.read_csv(path, sep=r"\s+", header=None, names=names, dtype={"date": str})
    lines["ordered_at"] = pd.to_datetime(lines["date"], format="%Y%m%d")
    known = purchase_log(lines, as_of=date(1998, 6, 30)).until(date(1997, 9, 30).toordinal())
    other = read_cdnow(workbench_data).customers
    assert known.customers == 2357
    assert known.frequency.sum() == 2457
    assert (known.frequency > 0).sum() == 946
    np.testing.assert_array_equal(known.frequency, other["frequency"].to_numpy())
    own = known.cells.T[known.cell]
    np.testing.assert_allclose(own, other["T"].to_numpy())
    some = known.frequency > 0
    np.testing.assert_allclose(known.spend[some], other["monetary_value"].to_numpy()[some])
