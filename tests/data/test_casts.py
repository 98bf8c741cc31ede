"""Text -> typed columns: what is read, what is refused, and that nothing ever fails."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.casts import (
    SQL_TYPES,
    blank_sql,
    cast_sql,
    check_date_format,
    exact_sql,
    unreadable_sql,
)
from workbench.data.engine import connect
from workbench.errors import ParameterError
from workbench.params import ReadParams

ENGINE = connect(memory="512MB", threads=1)
PLAIN = ReadParams()


def evaluate(sql: str, texts: Sequence[str | None]) -> list[object]:
    ENGINE.register("cells", pa.table({"n": range(len(texts)), "x": pa.array(texts, pa.string())}))
    return [row[0] for row in ENGINE.execute(f"SELECT {sql} FROM cells ORDER BY n").fetchall()]


def cast(text: str | None, kind: str, timezone: str = "UTC", **read: object) -> object:
    params = ReadParams(**read)  # type: ignore[arg-type]
    return evaluate(cast_sql("x", kind, params, timezone), [text])[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        (" 12\t", 12),
        ("\u00a012\u00a0", 12),
        ("+12", 12),
        ("-0", 0),
        ("007", 7),
        ("17850.0", 17850),
        ("17850.", 17850),
        ("9223372036854775807", 2**63 - 1),
        ("9007199254740993.0", 9007199254740993),  # 2**53 + 1: no detour by a double
        ("9223372036854775808", None),
        ("1.5", None),
        ("1e5", None),
        ("1_000", None),
        ("1,000", None),
        ("0x1F", None),
        ("0b11", None),
        ("\uff11\uff12", None),
        ("12 34", None),
        ("--1", None),
        ("", None),
    ],
)
def test_integers(text: str, value: int | None) -> None:
    assert cast(text, "integer") == value


@pytest.mark.parametrize(
    ("text", "value", "exact"),
    [
        ("2.55", "2.55", True),
        (" 2.55 ", "2.55", True),
        (".5", "0.5", True),
        ("5.", "5", True),
        ("-0.0001", "-0.0001", True),
        ("1.23450000", "1.2345", True),
        ("1.23456", "1.2346", False),
        ("0.30000000000000004", "0.3", False),
        ("1.5e3", "1500", True),
        ("2.5E-05", "0.0000", False),
        ("1.25e-2", "0.0125", True),
        ("99999999999999.9999", "99999999999999.9999", True),
        ("100000000000000", None, True),
        ("1e20", None, True),
        ("1_0", None, True),
        ("+-1", None, True),
        ("0e0.", None, True),
        ("1,5", None, True),
        ("nan", None, True),
        ("£5", None, True),
        ("", None, True),
    ],
)
def test_decimals(text: str, value: str | None, exact: bool) -> None:
    assert cast(text, "decimal") == (None if value is None else Decimal(value))
    assert evaluate(exact_sql("x", "decimal", PLAIN), [text]) == [exact]


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "value"),
    [
        ("1.234.567,89", ",", ".", "1234567.89"),
        ("1234567,89", ",", ".", "1234567.89"),
        ("1,234.5", ".", ",", "1234.5"),
        ("12,34,567.5", ".", ",", "1234567.5"),  # lakh and crore
        ("1 234,5", ",", " ", "1234.5"),
        ("1\u202f234,5", ",", " ", "1234.5"),
        ("1'234.5", ".", "'", "1234.5"),
        ("-,5", ",", "", "-0.5"),
        ("1.5", ",", ".", None),  # a group has three digits
        ("1.23.456", ",", ".", "123456"),
        ("1.234.56,7", ",", ".", None),
        ("1,5", ".", ",", None),
        ("1.5", ",", "", None),
    ],
)
def test_marks_of_other_countries(
    text: str, decimal: str, thousands: str, value: str | None
) -> None:
    found = cast(text, "decimal", decimal=decimal, thousands=thousands)
    assert found == (None if value is None else Decimal(value))


def test_exactness_looks_through_the_marks_of_other_countries() -> None:
    read = ReadParams(decimal=",", thousands=".")
    texts = ["1.234,5678", "1.234,56789", "x", None]
    assert evaluate(exact_sql("x", "decimal", read), texts) == [True, False, True, True]
    assert exact_sql("x", "number", read) == "TRUE"


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "Infinity", "1e400", "1_0", "+-1", "0x1"])
def test_no_number_that_is_none(text: str) -> None:
    assert cast(text, "number") is None


def test_numbers() -> None:
    assert cast("1e-05", "number") == 1e-05
    assert cast(" 1e+16", "number") == 1e16


@pytest.mark.parametrize("text", ["yes", "Y", " true ", "TRUE", "t", "1"])
def test_true(text: str) -> None:
    assert cast(text, "boolean") is True


@pytest.mark.parametrize("text", ["no", "N", "False", "f", "0"])
def test_false(text: str) -> None:
    assert cast(text, "boolean") is False


@pytest.mark.parametrize("text", ["2", "on", "ja", "", "1.0", "yesno"])
def test_neither_true_nor_false(text: str) -> None:
    assert cast(text, "boolean") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-01-05", datetime(2024, 1, 5)),
        ("2024-1-5 9:05", datetime(2024, 1, 5, 9, 5)),
        (" 2024-01-05T10:00 ", datetime(2024, 1, 5, 10)),
        ("2024-01-05 10:00:00.25", datetime(2024, 1, 5, 10, 0, 0, 250_000)),
        ("2024-01-05 10:00:00.123456789", datetime(2024, 1, 5, 10, 0, 0, 123_456)),
        ("2024-07-05T10:00:00Z", datetime(2024, 7, 5, 11)),
        ("2024-07-05T10:00Z", datetime(2024, 7, 5, 11)),
        ("2024-01-05T10:00:00+02:00", datetime(2024, 1, 5, 8)),
        ("2024-01-05 10:00:00 +0200", datetime(2024, 1, 5, 8)),
        ("2024-01-05 10:00+02", datetime(2024, 1, 5, 8)),
        ("2024-01-05 10:00:00.5-03:30", datetime(2024, 1, 5, 13, 30, 0, 500_000)),
        ("2024-01-05 10:00:00 UTC", datetime(2024, 1, 5, 10)),
        ("2024-01-05 24:00:00", datetime(2024, 1, 6)),
        ("2024-02-30", None),
        ("2024-01-05 25:00", None),
        ("2024-01-05 10", None),
        ("05/01/2024", None),
        ("01-05-2024", None),
        ("2024/01/05", None),
        ("20240105", None),
        ("epoch", None),
        ("infinity", None),
        ("now", None),
        ("0024-01-05", None),
        ("12024-01-05", None),
        ("2024-01-05 (BC)", None),
        ("2024-01-05 10:00:00 Europe/Paris", None),
        ("2024-01-05 10:00:00 +99:99", None),
        ("1704448800", None),
        ("", None),
    ],
)
def test_timestamps(text: str, value: datetime | None) -> None:
    assert cast(text, "timestamp", "Europe/London") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-01-05", date(2024, 1, 5)),
        (" 2024-1-5 ", date(2024, 1, 5)),
        ("2024-01-05 00:00:00", date(2024, 1, 5)),
        ("2024-01-05T00:00:00.000", date(2024, 1, 5)),
        ("2024-01-05 10:00", None),
        ("2024-01-05T00:00:00Z", None),
        ("2024-13-01", None),
        ("epoch", None),
        ("", None),
    ],
)
def test_dates(text: str, value: date | None) -> None:
    assert cast(text, "date") == value


@pytest.mark.parametrize(
    ("text", "formats", "value"),
    [
        ("05/01/2024", "%d/%m/%Y", datetime(2024, 1, 5)),
        ("5/1/2024", "%d/%m/%Y", datetime(2024, 1, 5)),
        (" 05/01/2024 ", "%d/%m/%Y", datetime(2024, 1, 5)),
        ("05/01/2024 10:30", ["%d/%m/%Y", "%d/%m/%Y %H:%M"], datetime(2024, 1, 5, 10, 30)),
        ("19970101", "%Y%m%d", datetime(1997, 1, 1)),
        ("5 Jan 2024", "%d %b %Y", datetime(2024, 1, 5)),
        ("05.01.24", "%d.%m.%y", datetime(2024, 1, 5)),
        ("2024-01-05 10:00 +0200", "%Y-%m-%d %H:%M %z", datetime(2024, 1, 5, 8)),
        ("05/01/24", "%d/%m/%Y", None),  # the engine would read the year 24
        ("31/02/2024", "%d/%m/%Y", None),
        ("2024-01-05", "%d/%m/%Y", None),
        ("05/01/2024 10:30", "%d/%m/%Y", None),
        ("epoch", "%Y-%m-%d", None),
        ("infinity", "%Y-%m-%d", None),
        ("", "%d/%m/%Y", None),
    ],
)
def test_times_in_a_stated_format(
    text: str, formats: str | list[str], value: datetime | None
) -> None:
    assert cast(text, "timestamp", "Europe/London", date_format=formats) == value
    midnight = value is not None and value.time() == datetime.min.time()
    expected = value.date() if value is not None and midnight else None
    assert cast(text, "date", "Europe/London", date_format=formats) == expected


@pytest.mark.parametrize("good", ["%d/%m/%Y", "%Y%m%d", "%b %d, %y", "%d.%m.%Y %H:%M:%S %z"])
def test_a_date_format_that_is_one(good: str) -> None:
    check_date_format(good, where="read.date_format")


@pytest.mark.parametrize("bad", ["", "%Q", "dd/mm/yyyy", "%d/%m", "%H:%M"])
def test_a_date_format_that_is_none(bad: str) -> None:
    with pytest.raises(ParameterError, match=r"read\.date_format"):
        check_date_format(bad, where="read.date_format")


def test_blank_and_null_values_are_null_in_every_kind() -> None:
    read = ReadParams(null_values=["", "NA", " -999 "])
    texts = [None, "", "  ", "\t\u00a0", "NA", " NA ", "-999"]
    for kind in SQL_TYPES:
        assert evaluate(cast_sql("x", kind, read, "UTC"), texts) == [None] * len(texts), kind
        assert not any(evaluate(unreadable_sql("x", kind, read, "UTC"), texts)), kind
    assert all(evaluate(blank_sql("x", read), texts))


def test_a_text_is_left_as_it_is() -> None:
    texts = ["a", " a ", "\u00e9t\u00e9", "NA", "'", "\u00a0x"]
    assert evaluate(cast_sql("x", "text", PLAIN, "UTC"), texts) == texts


def test_what_is_there_but_cannot_be_read_is_named() -> None:
    texts = ["1", "x", "", None, " "]
    expected = [False, True, False, False, False]
    assert evaluate(unreadable_sql("x", "integer", PLAIN, "UTC"), texts) == expected


def test_each_kind_has_its_type() -> None:
    for kind, sql_type in SQL_TYPES.items():
        sql = f"typeof({cast_sql('x', kind, PLAIN, 'UTC')})"
        assert evaluate(sql, ["1"]) == [sql_type]
        sql = f"typeof({cast_sql('x', kind, ReadParams(date_format='%d/%m/%Y'), 'UTC')})"
        assert evaluate(sql, ["1"]) == [sql_type]


ANY_TEXT = st.one_of(
    st.text(max_size=20),
    st.text("0123456789+-.,eE_ :TZ/xinfa'", max_size=12),
    st.datetimes().map(str),
    st.floats().map(repr),
    st.decimals().map(str),
).filter(lambda text: all(not "\ud800" <= char <= "\udfff" for char in text))


@given(st.lists(ANY_TEXT, min_size=1, max_size=20), st.sampled_from([None, "%d/%m/%Y %H:%M"]))
def test_no_text_makes_a_cast_fail(texts: list[str], date_format: str | None) -> None:
    read = ReadParams(decimal=",", thousands=".", date_format=date_format)
    for params in (PLAIN, read):
        for kind in SQL_TYPES:
            evaluate(cast_sql("x", kind, params, "Asia/Karachi"), texts)
            evaluate(unreadable_sql("x", kind, params, "Asia/Karachi"), texts)
            evaluate(exact_sql("x", kind, params), texts)


@given(st.lists(ANY_TEXT, min_size=1, max_size=20))
def test_numbers_are_read_as_python_reads_them(texts: list[str]) -> None:
    pattern = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
    space = " \t\r\n\x0b\x0c\u00a0\u2007\u202f\u3000\ufeff"
    read = evaluate(cast_sql("x", "number", PLAIN, "UTC"), texts)
    for text, found in zip(texts, read, strict=True):
        plain = text.strip(space)
        value = float(plain) if pattern.fullmatch(plain) else math.nan
        assert found == (value if math.isfinite(value) else None), text


@given(st.decimals(min_value=-(10**13), max_value=10**13, places=4))
def test_money_survives(value: Decimal) -> None:
    assert cast(f"{value:f}", "decimal") == value
    assert evaluate(exact_sql("x", "decimal", PLAIN), [f"{value:f}"]) == [True]


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)))
def test_times_survive(value: datetime) -> None:
    assert cast(str(value), "timestamp") == value
    assert cast(value.isoformat(), "timestamp") == value


def test_a_bad_value_is_null_when_the_engine_reads_a_file_itself(tmp_path: object) -> None:
    # DuckDB 2.0.0 turned a TRY_CAST over read_csv into a hard cast: one bad value was an error.
    path = f"{tmp_path}/bad.csv"
    with open(path, "w") as file:  # noqa: PTH123
        file.write("x\n1\nbad\n")
    sql = cast_sql("x", "integer", PLAIN, "UTC")
    reader = f"read_csv('{path}', all_varchar = true, header = true)"
    assert duckdb.sql(f"SELECT {sql} FROM {reader}").fetchall() == [(1,), (None,)]
