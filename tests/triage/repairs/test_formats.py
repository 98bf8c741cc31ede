"""A typed value as a source would write it: read back, it is the same value."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.casts import cast_sql
from workbench.data.quoting import literal
from workbench.params import ReadParams
from workbench.triage.repairs.formats import format_sql

DAY = "%d.%m.%Y"


def written(value: str, kind: str, read: ReadParams, like: str = "") -> str:
    (text,) = duckdb.sql(
        f"SELECT {format_sql(literal(value), literal(like), kind, read)}"
    ).fetchone()
    return str(text)


def test_numbers_bear_no_more_decimals_than_they_need() -> None:
    comma = ReadParams(decimal=",")
    values = ("12.5000", "12.0000", "-0.2500", "100.0000", "1200.1000")
    assert [written(one, "decimal", comma) for one in values] == [
        *("12,5", "12", "-0,25", "100", "1200,1")
    ]


@pytest.mark.parametrize(
    ("like", "text"),
    [("31.12.2024", "04.03.2025"), ("12/31/2024", "03/04/2025"), ("", "04.03.2025")],
)
def test_of_several_formats_the_one_that_the_text_is_in(like: str, text: str) -> None:
    read = ReadParams(date_format=[DAY, "%m/%d/%Y"])
    assert written("2025-03-04", "date", read, like) == text


READS = [ReadParams(), ReadParams(decimal=",", date_format=f"{DAY} %H:%M:%S")]
TIMES = st.integers(0, 3_000_000_000).map(lambda n: datetime(1950, 1, 1) + timedelta(seconds=n))


@given(
    number=st.decimals(-(10**9), 10**9, places=4).map(Decimal),
    time=TIMES,
    read=st.sampled_from(READS),
)
def test_what_is_written_is_read_back(number: Decimal, time: datetime, read: ReadParams) -> None:
    for value, kind in ((f"{number:.4f}", "decimal"), (str(time), "timestamp")):
        text = literal(written(value, kind, read))
        back = duckdb.sql(f"SELECT CAST({cast_sql(text, kind, read, 'UTC')} AS VARCHAR)").fetchone()
        assert back in {(value,), (value.removeprefix("-") if not number else value,)}
