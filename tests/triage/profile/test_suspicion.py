"""Personal data are suspected by their values; a column's name alone says nothing."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.engine import connect
from workbench.data.quoting import quote
from workbench.triage.facts import ColumnProfile, Suspicion
from workbench.triage.profile import profile_rows
from workbench.triage.profile.suspicion import named_kinds, suspect

NAMES = ["email", "E-Mail", "phone", "Mobile No", "first_name", "name", "date_of_birth", "dob"]


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return connect(threads=1)


def column(
    engine: duckdb.DuckDBPyConnection, name: str, values: Sequence[str | None]
) -> ColumnProfile:
    engine.register("_given", pa.table({"v": pa.array(values, pa.string())}))
    return profile_rows(engine, f"(SELECT v AS {quote(name)} FROM _given)", min_group=1)[0]


def kinds(one: ColumnProfile) -> dict[str, tuple[int, int, bool]]:
    return {found.kind: (found.rows, found.within, found.named) for found in one.suspicions}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "values",
    [
        ["yes", "no", None],
        ["1", "0"],
        ["a1b2", "opted out", "n/a"],
        ["99999999", "12345678"],
        ["3.14", "-2"],
        [None, None],
        ["", " "],
    ],
)
def test_a_name_alone_never_fires(
    engine: duckdb.DuckDBPyConnection, name: str, values: list[str | None]
) -> None:
    assert column(engine, name, values).suspicions == ()


@given(st.sampled_from(NAMES), st.integers(0, 9), st.integers(0, 9))
def test_no_row_that_matches_no_suspicion(name: str, filled: int, few: int) -> None:
    assert suspect(name, filled, {}, {}) == ()
    rows = min(few, filled)
    for found in suspect(name, filled, {"phone": rows, "person": rows, "birth": rows}, {}):
        assert found.named
        assert 0.5 <= found.share == found.rows / filled <= 1


def test_times_named_birth_are_dates_of_birth_where_they_are_days(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    rows = (
        "(SELECT DATE '1970-01-01' + i::INT AS birth_date, DATE '1970-01-01' + i::INT AS paid_on, "
        "TIMESTAMP '1970-01-01 10:00:00' AS birth FROM range(9) t(i))"
    )
    found = {one.name: kinds(one) for one in profile_rows(engine, rows, min_group=1)}
    assert found == {"birth_date": {"birth": (9, 0, True)}, "paid_on": {}, "birth": {}}


def test_emails_in_notes_are_found(engine: duckdb.DuckDBPyConnection) -> None:
    notes = ["called again", "write to ann.o'neil+x@mail.example.org, please", None, "at @home"]
    one = column(engine, "notes", [*notes, *(f"order {n}" for n in range(500))])
    assert kinds(one) == {"email": (1, 1, False)}
    assert one.suspicions[0].evidence == (
        "1 row holds what looks like an e-mail address within a longer text (0.2% of the filled)"
    )
    assert one.text is not None
    assert one.text.emails == 0, "a note is no address"


@pytest.mark.parametrize("repeats", [1, 50])
def test_what_repeats_counts_by_rows(engine: duckdb.DuckDBPyConnection, repeats: int) -> None:
    one = column(engine, "contact", ["ann@x.org", "JOSÉ@über.example", "none"] * repeats)
    assert kinds(one) == {"email": (2 * repeats, 0, False)}
    assert one.text is not None
    assert one.text.emails == 2 * repeats


@pytest.mark.parametrize(
    "value",
    ["+49 30 1234567", "+92-300-1234567", "+1 (212) 555-0100", "+447911123456"],
)
def test_a_number_with_its_country_is_found_anywhere(
    engine: duckdb.DuckDBPyConnection, value: str
) -> None:
    assert kinds(column(engine, "x", [value, "y"])) == {"phone": (1, 0, False)}
    assert kinds(column(engine, "x", [f"ring {value} today", "y"])) == {"phone": (1, 1, False)}


@pytest.mark.parametrize(
    "value",
    ["+12", "3+4567890123", "2024-000123", "1234567.89", "0000123456", "192.168.100.200"],
)
def test_harmless_numbers_are_none(engine: duckdb.DuckDBPyConnection, value: str) -> None:
    assert column(engine, "reference", [value, value]).suspicions == ()


def test_national_numbers_and_names_need_the_column_to_say_so(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    numbers = ["030 1234567", "0171-2345678", "(0)40 123456"]
    assert kinds(column(engine, "mobilePhone", numbers)) == {"phone": (3, 0, True)}
    assert kinds(column(engine, "code", numbers)) == {}
    people = ["Anna Müller", "Smith, John", "Zoë"]
    assert kinds(column(engine, "customer_name", people)) == {"person": (3, 0, True)}
    assert kinds(column(engine, "product_name", people)) == {}
    assert kinds(column(engine, "PhoneNumber", ["2053258100", "x"])) == {"phone": (1, 0, True)}
    assert kinds(column(engine, "ProviderNumber", ["2053258100", "x"])) == {}
    small = [f"an{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(60)]
    assert kinds(column(engine, "given_name", small)) == {"person": (60, 0, True)}
    assert kinds(column(engine, "given_name", small[:40])) == {}, "too few to be told from words"
    born = ["1970-01-31", "31.12.1969", "n/a"]
    assert kinds(column(engine, "DOB", born)) == {"birth": (2, 0, True)}
    assert kinds(column(engine, "paid", born)) == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("contactEmail", {"email"}),
        ("e_mail", {"email"}),
        ("Tel.", {"phone"}),
        ("hotel", set()),
        ("campaign name", set()),
        ("Last Name", {"person"}),
        ("birth_date", {"birth"}),
        ("", set()),
    ],
)
def test_what_names_say(name: str, expected: set[str]) -> None:
    assert named_kinds(name) == expected


def test_the_evidence_is_said_in_words() -> None:
    assert Suspicion("phone", 1200, 0.25, 0, True).evidence == (
        "1,200 rows hold what looks like a telephone number (25.0% of the filled); "
        "the column's name says so too"
    )
    assert "under 0.1%" in Suspicion("email", 1, 1e-6, 0, False).evidence
