"""Which columns tell a person: the name and what it holds, both."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from workbench.data.contracts import CONTRACTS, ColumnContract, Table
from workbench.triage.identity.roles import ROLES, choose_columns

DATES = [f"19{year}-02-03" for year in range(60, 80)]
NAMES = [f"Anna {letter}lvarez" for letter in "ABCDEFGHIJKLMNOPQRST"]
MAILS = [f"anna{number}@example.org" for number in range(20)]
PHONES = [f"0300 12345{number}" for number in range(20)]
NUMBERS = [f"35202-{number}" for number in range(100, 120)]
PLACES = ["York"] * 10 + ["Bath"] * 10


def chosen(columns: dict[str, list[str | None]]) -> tuple[dict[str, str], dict[str, str]]:
    connection = duckdb.connect()
    rows = len(next(iter(columns.values())))
    table = {"customer_id": [str(row) for row in range(rows)], **columns}
    connection.register("customers", pa.table(table))
    found, aside = choose_columns(connection, "customers", "customer_id", CONTRACTS["customers"])
    return {each.column: each.role for each in found}, {each.what: each.why for each in aside}


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("email", MAILS, "email"),
        ("E-Mail", MAILS, "email"),
        ("emailAddress", MAILS, "email"),
        ("contact", MAILS, "email"),  # the form alone is enough, here only
        ("phone", PHONES, "phone"),
        ("Mobile No", PHONES, "phone"),
        ("name", NAMES, "name"),
        ("CustomerName", NAMES, "name"),
        ("firstName", NAMES, "given_name"),
        ("given_name", NAMES, "given_name"),
        ("surname", NAMES, "family_name"),
        ("Last Name", NAMES, "family_name"),
        ("dob", DATES, "birth_date"),
        ("date_of_birth", DATES, "birth_date"),
        ("birthDate", DATES, "birth_date"),
        ("birth_year", [date[:4] for date in DATES], "birth_year"),
        ("cnic", NUMBERS, "identifier"),
        ("passport_no", NUMBERS, "identifier"),
        ("loyalty card number", NUMBERS, "identifier"),
        ("address_2", PLACES, "address"),
        ("Street", PLACES, "address"),
        ("street_number", NUMBERS, "house"),
        ("post_code", PLACES, "postcode"),
        ("ZIP", PLACES, "postcode"),
        ("city", PLACES, "city"),
        ("country", PLACES, "region"),
    ],
)
def test_a_column_is_known_by_its_name_and_its_values(
    name: str, values: list[str | None], role: str
) -> None:
    assert chosen({name: values})[0] == {name: role}


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("email", ["yes", "no"] * 10, "only 0% of its values have that form"),
        ("phone", ["ask"] * 10 + PHONES[:10], None),
        ("phone", [f"ask {letter}" for letter in "abcdefghijklmnopqrst"], "0% of its values have"),
        ("born", PLACES, "only 0% of its values have that form"),
        ("manager_id", ["M7", "M8"] * 10, "of its values are different"),
        ("name", [None] * 20, "only 0% of its rows have a value"),
    ],
)
def test_a_name_that_the_values_do_not_bear_out_is_set_aside_with_why(
    name: str, values: list[str | None], why: str | None
) -> None:
    found, aside = chosen({name: values})
    if why is None:
        assert name in found
    else:
        assert not found
        assert why in aside[name]


def test_other_columns_take_no_part() -> None:
    columns: dict[str, list[str | None]] = {
        "channel": PLACES,
        "notes": NAMES,
        "voicemail": PLACES,
        "first_ordered": DATES,
        "joined_at": DATES,
        "amount": NUMBERS,
    }
    assert chosen(columns) == ({}, {})


def test_times_money_and_flags_of_the_contract_take_no_part() -> None:
    flags = ColumnContract("phone", "flag", "whether there is one")
    contract = Table(name="customers", about="one customer", columns=(flags,))
    connection = duckdb.connect()
    connection.register("customers", pa.table({"id": DATES, "phone": PHONES, "mobile": PHONES}))
    found, aside = choose_columns(connection, "customers", "id", contract)
    assert [each.column for each in found] == ["mobile"]
    assert aside == ()


def test_a_name_is_counted_once() -> None:
    found, aside = chosen({"name": NAMES, "first_name": NAMES, "surname": NAMES})
    assert set(found) == {"first_name", "surname"}
    assert "already" in aside["name"]
    found, aside = chosen({"name": NAMES, "first_name": NAMES})
    assert set(found) == {"name"}
    assert "already" in aside["first_name"]


def test_at_most_three_columns_of_a_kind() -> None:
    found, aside = chosen({f"phone_{letter}": PHONES for letter in "abcd"})
    assert list(found) == ["phone_a", "phone_b", "phone_c"]
    assert "already" in aside["phone_d"]


def test_every_role_is_told_in_words_and_spells_nothing_for_nothing() -> None:
    for rules in ROLES.values():
        assert rules.about
        assert rules.spelling(None) is None
