"""Which pairs are compared, and what bounds them."""

from __future__ import annotations

from itertools import combinations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.triage.identity import blocking
from workbench.triage.identity.blocking import (
    LARGEST_BLOCK,
    add_keys,
    candidate_keys,
    pairs_compared,
    pairs_sharing,
)
from workbench.triage.identity.people import PEOPLE, field_names
from workbench.triage.identity.roles import ColumnRole, Role

VALUE = st.sampled_from([None, "x", "y", "z"])


def people(rows: list[tuple[str | None, ...]]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE {PEOPLE} (person BIGINT, a VARCHAR, b VARCHAR)")
    for person, row in enumerate(rows):
        connection.execute(f"INSERT INTO {PEOPLE} VALUES (?, ?, ?)", [person, *row])
    return connection


@given(st.lists(st.tuples(VALUE, VALUE), max_size=12))
def test_pairs_are_those_that_share_a_key(rows: list[tuple[str | None, ...]]) -> None:
    connection = people(rows)
    rules = add_keys(connection, [("a",), ("a", "b"), ("b",)])
    sharing_a = [one for one in combinations(rows, 2) if one[0][0] == one[1][0] is not None]
    sharing_b = [one for one in combinations(rows, 2) if one[0][1] == one[1][1] is not None]
    assert rules[0].pairs == len(sharing_a) == pairs_sharing(connection, ("a",))
    assert rules[2].pairs == len(sharing_b)
    either = [
        (one, other)
        for one, other in combinations(rows, 2)
        if one[0] == other[0] is not None or one[1] == other[1] is not None
    ]
    assert pairs_compared(connection, sum(rule.used for rule in rules)) == len(either)


def test_a_value_that_too_many_share_brings_no_pairs() -> None:
    connection = people([("x", str(number // 2)) for number in range(LARGEST_BLOCK + 1)])
    by_a, by_b = add_keys(connection, [("a",), ("b",)])
    assert not by_a.used
    assert by_a.largest == LARGEST_BLOCK + 1
    assert by_a.uncompared_pairs == (LARGEST_BLOCK + 1) * LARGEST_BLOCK // 2
    assert by_b.pairs == LARGEST_BLOCK // 2
    assert pairs_compared(connection, 1) == by_b.pairs


def test_small_blocks_are_compared_beside_one_that_is_too_large() -> None:
    connection = people([("x" if number > 1 else "y", None) for number in range(LARGEST_BLOCK + 3)])
    (rule,) = add_keys(connection, [("a",)])
    assert (rule.pairs, rule.largest) == (1, LARGEST_BLOCK + 1)
    assert pairs_compared(connection, 1) == 1


def test_what_one_key_brought_is_gone_from_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "FREE_PAIRS", 14)
    monkeypatch.setattr(blocking, "PAIRS_PER_RECORD", 0)
    connection = people([(str(number // 2), str(number // 2)) for number in range(20)])
    by_a, by_b = add_keys(connection, [("a",), ("b",)])
    assert (by_a.pairs, by_b.pairs, by_b.uncompared_pairs) == (10, 0, 10)


def test_a_key_beyond_the_budget_is_left_out_and_later_ones_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocking, "FREE_PAIRS", 10)
    monkeypatch.setattr(blocking, "PAIRS_PER_RECORD", 0)
    connection = people([("x", str(number // 2)) for number in range(20)])
    by_a, by_b = add_keys(connection, [("a",), ("b",)])
    assert (by_a.pairs, by_a.uncompared_pairs) == (0, 190)
    assert by_b.pairs == 10


def test_keys_come_from_roles_the_most_telling_first() -> None:
    roles: dict[str, Role] = {
        "city_1": "city",
        "phone_1": "phone",
        "name_1": "name",
        "email_1": "email",
        "identifier_1": "identifier",
    }
    named = field_names([ColumnRole(field, role, 1.0, 1.0) for field, role in roles.items()])
    assert candidate_keys(named) == (
        ("identifier_1",),
        ("email_1",),
        ("phone_1_end",),
        ("whole_name",),
        ("whole_sound",),
        ("city_1", "given_name_1"),
        ("city_1", "family_name_1"),
    )
    assert candidate_keys({}) == ()
