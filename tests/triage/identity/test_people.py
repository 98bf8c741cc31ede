"""The table of spellings that is compared."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from workbench.triage.identity.people import LEFT, PEOPLE, field_names, load_people
from workbench.triage.identity.roles import ColumnRole, Role


def columns(**roles: Role) -> tuple[ColumnRole, ...]:
    return tuple(ColumnRole(column, role, 1.0, 1.0) for column, role in roles.items())


def loaded(
    table: dict[str, list[object]], *chosen: ColumnRole
) -> tuple[list[str], list[dict[str, object]]]:
    source, target = duckdb.connect(), duckdb.connect()
    source.register("customers", pa.table(table))
    keys = load_people(source, "customers", "id", chosen, target, "PK")
    return keys, target.execute(f"FROM {PEOPLE} ORDER BY person").to_arrow_table().to_pylist()


def test_records_are_numbered_in_the_order_of_their_keys_and_spelt() -> None:
    keys, rows = loaded(
        {
            "id": ["b", "a", "c"],
            "first": ["José", " ayesha ", None],
            "last": ["Khan", "خان", "Khan"],
            "Mobile": ["0300 1234567", "+92-300-1234567", "?"],
        },
        *columns(first="given_name", last="family_name", Mobile="phone"),
    )
    assert keys == ["a", "b", "c"]
    first, second, third = rows
    assert first["given_name_1"] == "ayesha"
    assert second["given_name_1"] == "jose"
    assert first["phone_1"] == second["phone_1"] == "+923001234567"
    assert first["phone_1_end"] == "01234567"
    assert third["phone_1"] is third["given_name_1"] is None
    assert third["whole_name"] == "khan", "a name of one part is a name"
    assert first["family_name_1_sound"] == second["family_name_1_sound"]
    assert second["whole_name"] == "jose khan"


def test_a_whole_name_is_taken_apart() -> None:
    _, rows = loaded(
        {"id": ["a", "b", "c"], "name": ["Mr Ali Raza Bhatti", "بھٹی, علي", "Ali"]},
        *columns(name="name"),
    )
    given = [row["given_name_1"] for row in rows]
    family = [row["family_name_1"] for row in rows]
    assert given == ["ali raza", "علی", "ali"]
    assert family[0] == "bhatti"
    assert family[2] is None
    assert rows[0]["family_name_1_sound"] == rows[1]["family_name_1_sound"] == "bt"


def test_how_rare_a_value_is_counts_the_others_alone() -> None:
    _, rows = loaded(
        {
            "id": list("abcdef"),
            "mail": ["x@a.example"] * 2 + ["y@a.example", None, "z@a.example", "v@a.example"],
            "city": ["York"] * 4 + ["Bath", None],
        },
        *columns(mail="email", city="city"),
    )
    # Of five addresses none is a third record's: a tenth of a record stands for the unseen ones.
    assert [row["tf_email_1"] for row in rows] == [0.1 / 5] * 3 + [None] + [0.1 / 5] * 2
    assert [row["tf_city_1"] for row in rows] == [2.5 / 5] * 4 + [0.5 / 5, None]


def test_numbers_and_names_of_columns_may_be_anything() -> None:
    odd = 'born "on" ; DROP TABLE people --'
    keys, rows = loaded(
        {"id": [2, 10], odd: [19840203, 19850203]}, ColumnRole(odd, "birth_date", 1.0, 1.0)
    )
    assert keys == ["10", "2"]
    assert [row["birth_date_1"] for row in rows] == ["1985-02-03", "1984-02-03"]


def test_what_is_too_long_is_cut_before_it_is_compared() -> None:
    _, rows = loaded({"id": ["a"], "city": ["x" * 10_000]}, *columns(city="city"))
    assert rows[0]["city_1"] == "x" * LEFT


def test_columns_of_a_role_are_counted() -> None:
    named = field_names(columns(mail="email", tel="phone", mail2="email"))
    assert {field: each.column for field, each in named.items()} == {
        "email_1": "mail",
        "phone_1": "tel",
        "email_2": "mail2",
    }
