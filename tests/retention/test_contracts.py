"""Subscriptions as they were known on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import AnalysisError
from workbench.retention.contracts import NEVER, contract_log, renewals_made

NAMES = ["subscription_id", "started_at", "ended_at", "monthly_amount"]
ROWS: list[tuple[Any, ...]] = [
    ("s1", "2024-01-10", None, 10),
    ("s2", "2024-01-10", "2024-02-15", 10),
    ("s2", "2024-05-01", None, 12.5),  # came back after a pause
    ("s3", "2024-02-01", "2024-03-01", 7),
    ("s4", "2024-04-01", "2024-03-01", 7),  # ends before it starts: not read
]


def table(rows: list[tuple[Any, ...]] = ROWS) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=NAMES)
    return made.assign(
        started_at=pd.to_datetime(made["started_at"]), ended_at=pd.to_datetime(made["ended_at"])
    )


def test_what_was_known_on_a_day_on_every_engine() -> None:
    for rows in (table(), pl.from_pandas(table()), duckdb.connect().from_df(table())):
        log = contract_log(rows, as_of=date(2024, 6, 30))
        assert log.priced
        early = log.until(date(2024, 2, 20).toordinal())
        # The pause looks like an end, as long as nobody can know of the return.
        assert early.running.tolist() == [True, False, True]
        assert early.end[1] == date(2024, 2, 15).toordinal()
        assert early.amount.tolist() == [10, 0, 7]
        later = log.until(date(2024, 6, 30).toordinal())
        assert later.running.tolist() == [True, True, False]
        assert later.start[1] == date(2024, 1, 10).toordinal()
        assert later.amount.tolist() == [10, 12.5, 0]
        edges = [date(2024, 2, 20), date(2024, 3, 20), date(2024, 6, 20)]
        there = log.still_there(early, np.array([day.toordinal() for day in edges]))
        assert there.tolist() == [[True, True], [False, False]]


def test_lives_in_periods() -> None:
    log = contract_log(table(), as_of=date(2024, 6, 30))
    period, gone, n = log.until(date(2024, 3, 5).toordinal()).lives("month")
    # s1 renewed once; s2 ended in its second month; s3 on the day of its first renewal.
    assert list(zip(period.tolist(), gone.tolist(), n.tolist(), strict=True)) == [
        (1, False, 1),
        (1, True, 1),
        (2, True, 1),
    ]


@given(
    start=st.dates(min_value=date(2000, 1, 1), max_value=date(2030, 1, 1)),
    days=st.integers(0, 2000),
)
def test_months_are_those_of_the_calendar(start: date, days: int) -> None:
    end = date.fromordinal(start.toordinal() + days)
    months = 0
    while start + relativedelta(months=months + 1) <= end:
        months += 1
    begin, last = np.array([start.toordinal()]), np.array([end.toordinal()])
    assert renewals_made(begin, last, "month").tolist() == [months]
    assert renewals_made(begin, last, "quarter").tolist() == [months // 3]
    assert renewals_made(begin, last, "year").tolist() == [months // 12]
    assert renewals_made(begin, last, "week").tolist() == [days // 7]


def test_without_prices_or_rows() -> None:
    log = contract_log(table().drop(columns="monthly_amount"), as_of=date(2024, 6, 30))
    assert not log.priced
    assert log.end.max() == NEVER
    with pytest.raises(AnalysisError, match="no subscription began up to 2020-01-01"):
        contract_log(table(), as_of=date(2020, 1, 1))
    with pytest.raises(AnalysisError, match="no subscription began up to 2024-01-01"):
        log.until(date(2024, 1, 1).toordinal())
    with pytest.raises(AnalysisError, match="1 spells have a negative monthly_amount"):
        contract_log(table([("s1", "2024-01-10", None, -1)]), as_of=date(2024, 6, 30))


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_an_infinite_amount_is_told_and_a_missing_one_is_none(engine: str) -> None:
    frame = table().assign(monthly_amount=[np.nan, *np.arange(1.0, len(ROWS))])
    for amount, fails in ((5.0, False), (np.inf, True)):
        changed = frame.copy()
        changed.loc[1, "monthly_amount"] = amount
        made: Any = changed
        if engine == "polars":
            made = pl.from_pandas(changed, nan_to_null=False)
        if engine == "duckdb":
            con = duckdb.connect()
            con.register("rows_", changed)
            made = con.sql("select * from rows_")
        if fails:
            with pytest.raises(AnalysisError, match="1 spells have an infinite monthly_amount"):
                contract_log(made, as_of=date(2024, 12, 31))
        else:
            assert np.isfinite(contract_log(made, as_of=date(2024, 12, 31)).amount).all()
