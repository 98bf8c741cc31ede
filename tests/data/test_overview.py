"""Rows by month, against a plain count with Python's own calendar."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.overview import overview
from workbench.errors import AnalysisError

AS_OF = date(2025, 6, 30)
TIMES = st.datetimes(datetime(2022, 1, 1), datetime(2025, 12, 31))


def frame(times: list[datetime | None]) -> pd.DataFrame:
    return pd.DataFrame({"at": pd.Series(times, dtype="datetime64[us]")})


def look(times: list[datetime | None], **more: object):
    return overview(frame(times), clock="at", rows="order lines", as_of=AS_OF, **more)


@given(
    st.lists(st.none() | TIMES, max_size=60), st.integers(1, 30), st.dates(date(2023, 1, 1), AS_OF)
)
def test_each_month_holds_what_a_plain_count_finds(
    times: list[datetime | None], months: int, as_of: date
) -> None:
    found = overview(frame(times), clock="at", rows="lines", as_of=as_of, months=months)
    plain = Counter(t.strftime("%Y-%m") for t in times if t and t.date() <= as_of)
    assert found.rows == len(times)
    if not plain:
        assert found.by_month.empty
        return
    said = {m.strftime("%Y-%m"): n for m, n in found.by_month[["month", "rows"]].to_numpy()}
    assert len(said) == months
    assert said == {month: plain[month] for month in said}
    newest = max(said)
    whole = (as_of + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    assert newest == whole.strftime("%Y-%m")


def test_the_sentence_compares_with_the_time_before() -> None:
    times = [datetime(2025, 6, 3)] * 12 + [datetime(2025, 5, 30)] * 10
    found = look(times, months=1)
    assert found.said == "12 order lines came in Jun 2025, 20.0% more than in the month before."
    assert found.title == "12 order lines came in Jun 2025"
    assert found.alt == (
        "Line of order lines by month, Jun 2025: between 12 in Jun 2025 and 12 in Jun 2025."
    )


def test_without_a_time_before_nothing_is_compared() -> None:
    found = look([datetime(2025, 6, 3)] * 12, months=12)
    assert found.said == "12 order lines came from Jul 2024 to Jun 2025."


def test_none_before_is_no_percentage() -> None:
    times = [datetime(2025, 6, 3)] * 12 + [datetime(2020, 1, 1)]
    assert look(times, months=1).said.endswith("came in Jun 2025, against 0 in the month before.")


def test_few_rows_are_not_told() -> None:
    times = [datetime(2025, 6, 3)] * 3 + [datetime(2025, 5, 3)] * 7
    found = look(times, months=2, min_group=5)
    # Ten in all and seven in May would be three in June.
    assert [None if pd.isna(n) else n for n in found.by_month["rows"]] == [None, None]
    assert (found.rows, found.title) == (10, "10 order lines came from May 2025 to Jun 2025")
    assert look([datetime(2025, 6, 3)] * 3, months=1, min_group=5).rows is None
    assert look([datetime(2025, 6, 3)] * 3, months=1, min_group=5).said.startswith("Fewer than 5 ")


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=4),
    st.lists(st.integers(0, 9), min_size=4, max_size=4),
    st.integers(0, 6),
    st.integers(2, 6),
)
def test_no_month_of_few_is_a_difference_of_what_is_told(
    shown: list[int], earlier: list[int], undated: int, min_group: int
) -> None:
    months = len(shown)
    counts = [*earlier[:months], *shown]  # oldest first
    times: list[datetime | None] = [None] * undated
    for place, count in enumerate(reversed(counts)):
        day = datetime(2025 + (5 - place) // 12, (5 - place) % 12 + 1, 3)
        times += [day] * count
    found = look(times, months=months, min_group=min_group)
    if found.by_month.empty:
        return
    told = [None if pd.isna(n) else int(n) for n in found.by_month["rows"]]
    full = any(earlier[:1])
    known, values = [], []
    for place, count in enumerate(told):
        if count is not None:
            known.append(np.eye(months + 2)[place])
            values.append(count)
    unit = np.array([*[1.0] * months, 0, 0])
    if re.match(r"[\d,]+ ", found.said):
        known.append(unit)
        values.append(int(found.said.split()[0]))
    if "% " in found.said or " as many as" in found.said or re.search(r"against \d", found.said):
        known.append(np.eye(months + 2)[months])  # as good as told
    if found.rows is not None:
        known.append(np.ones(months + 2))
    secrets = [np.eye(months + 2)[p] for p, n in enumerate(shown) if 0 < n < min_group]
    if full and 0 < sum(earlier[:months]) < min_group:
        secrets.append(np.eye(months + 2)[months])
    there = np.array([*shown, sum(earlier[:months]) if full else 1, 1]) > 0
    matrix = np.array(known).reshape(-1, months + 2)[:, there]
    for secret in secrets:
        if len(matrix):
            parts = np.linalg.lstsq(matrix.T, secret[there], rcond=None)[0]
            assert np.abs(matrix.T @ parts - secret[there]).max() > 1e-6, (found, told)


def test_rows_of_another_time_are_not_told_by_all_rows() -> None:
    # Twelve in June, three in May, none besides: fifteen in all less twelve would be the three.
    times = [datetime(2025, 6, 3)] * 12 + [datetime(2025, 5, 30)] * 3
    found = look(times, months=1, min_group=5)
    assert (found.rows, found.by_month["rows"].isna().tolist()) == (15, [True])
    assert found.said == (
        "A hidden number of order lines came in Jun 2025, against fewer than 5 in the month before."
    )
    assert found.hidden.startswith("hidden: fewer than 5 order lines, or hidden so")


def test_a_table_without_its_clock() -> None:
    table = duckdb.sql("SELECT 'C1' AS customer_id FROM range(9)")
    found = overview(table, clock="joined_at", rows="customers", as_of=AS_OF)
    assert (found.rows, found.by_month.empty) == (9, True)
    assert "No date is known" in found.said


def test_the_same_from_a_relation() -> None:
    times = [datetime(2025, 6, 3, 23, 59), datetime(2024, 2, 29), None]
    source = frame(times)
    relation = duckdb.from_df(source)
    one = overview(relation, clock="at", rows="lines", as_of=AS_OF)
    two = overview(source, clock="at", rows="lines", as_of=AS_OF)
    pd.testing.assert_frame_equal(one.by_month, two.by_month)
    assert one.said == two.said


def test_months_out_of_range() -> None:
    with pytest.raises(AnalysisError, match="must be 1 to 120"):
        look([], months=0)
