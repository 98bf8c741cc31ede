"""Made customers with known duplicates are found; what cannot be learned is said."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from support.people import COLUMNS, People, make_people
from workbench.data.contracts import CONTRACTS
from workbench.errors import ContractError
from workbench.triage.identity import (
    LINKED,
    REVIEWED,
    Answer,
    Customers,
    Linking,
    join,
    lasting,
    link_records,
    read_answers,
    read_reviews,
    to_review,
    write_reviews,
)
from workbench.triage.identity.reasons import Agreement, in_words, sentence

PERSONS = 500


def customers(rows: Iterable[tuple[str | None, ...]], *, whole: bool) -> duckdb.DuckDBPyConnection:
    """Return the rows as a table: in parts, or as the canonical contract has them."""
    connection = duckdb.connect()
    columns = zip(*rows, strict=True)
    connection.register("people", pa.table(dict(zip(COLUMNS, map(list, columns), strict=True))))
    shape = "SELECT * FROM people"
    if whole:
        shape = (
            "SELECT customer_id, given_name || ' ' || family_name AS name, email, phone, "
            "city AS region, birth_date[:4] AS birth_year FROM people"
        )
    connection.execute(f"CREATE TABLE customers AS {shape}")
    return connection


def link(connection: duckdb.DuckDBPyConnection, *, threads: int = 1) -> Linking:
    return link_records(
        connection,
        "customers",
        "customer_id",
        contract=CONTRACTS["customers"],
        country="PK",
        seed=7,
        threads=threads,
        memory="512MB",
    )


def f1(found: set[tuple[str, str]], truth: set[tuple[str, str]]) -> float:
    return 2 * len(found & truth) / (len(found) + len(truth))


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(PERSONS, seed=11, households=0.2)


@pytest.fixture(scope="module")
def parts(people: People) -> Linking:
    return link(customers(people.rows, whole=False))


def linked(found: Linking) -> set[tuple[str, str]]:
    return {
        (each.one, each.other)
        for each in found.links
        if each.probability >= LINKED and not each.household
    }


@pytest.fixture(scope="module")
def whole(people: People) -> Linking:
    return link(customers(people.rows, whole=True))


def test_duplicates_are_found_from_the_parts_of_a_name(people: People, parts: Linking) -> None:
    assert parts.unlinked_because == ""
    assert len(people.pairs) > 150
    assert f1(linked(parts), people.pairs) >= 0.98
    assert {each.role for each in parts.columns} == {
        "given_name",
        "family_name",
        "email",
        "phone",
        "birth_date",
        "city",
    }


def test_duplicates_are_found_in_the_canonical_table(people: People, whole: Linking) -> None:
    assert {each.column for each in whole.columns} >= {"name", "email", "phone", "birth_year"}
    assert f1(linked(whole), people.pairs) >= 0.98


def test_the_same_rows_in_another_order_on_more_threads_give_the_same(
    people: People, parts: Linking
) -> None:
    rows = list(people.rows)
    random.Random(1).shuffle(rows)
    assert link(customers(rows, whole=False), threads=2) == parts


def test_a_link_says_why_in_words(people: People, parts: Linking) -> None:
    rows = {row[0]: row for row in people.rows}
    swapped = [
        each
        for each in parts.links
        if rows[each.one][1:3] == rows[each.other][2:0:-1]
        and rows[each.one][1] != rows[each.one][2]
    ]
    assert swapped
    for each in swapped:
        assert "given_name agrees nearly (given and family name are swapped)" in each.reasons
        assert "family_name agrees nearly (given and family name are swapped)" in each.reasons
    for each in parts.links:
        assert REVIEWED <= each.probability <= 1
        assert each.one < each.other
        assert [agreement.column for agreement in each.agreements] == list(COLUMNS[1:])
        same_mail = rows[each.one][3] == rows[each.other][3] is not None
        assert not same_mail or Agreement("email", "exactly") in each.agreements
        missing = None in (rows[each.one][4], rows[each.other][4])
        assert (Agreement("phone", "missing") in each.agreements) == missing


def test_relatives_at_one_telephone_are_not_one_customer(
    people: People, parts: Linking, whole: Linking
) -> None:
    rows = {row[0]: row for row in people.rows}
    relatives = [
        each
        for each in parts.links
        if people.person[each.one] != people.person[each.other]
        and rows[each.one][2] == rows[each.other][2]
    ]
    assert all(each.household or each.probability < LINKED for each in relatives)
    households = [each for each in whole.links if each.household]
    assert len(households) >= 10, "the made customers have none"
    for each in households:
        assert "Only what a household shares agrees." in each.reasons
        told = {agreement.column: agreement.grade for agreement in each.agreements}
        assert not {told["name (first words)"], told["email"]} & {"exactly", "nearly"}


def test_another_script_is_found(people: People, parts: Linking) -> None:
    rows = {row[0]: row for row in people.rows}
    found = linked(parts)
    arabic = [
        pair
        for pair in people.pairs
        if any("\u0600" < (rows[record][1] or "")[:1] < "\u06ff" for record in pair)
    ]
    assert len(arabic) >= 10
    assert sum(pair in found for pair in arabic) >= 0.9 * len(arabic)


def test_what_was_not_compared_is_said(parts: Linking) -> None:
    assert parts.possible_pairs == parts.records * (parts.records - 1) // 2
    assert 0 < parts.compared_pairs < parts.possible_pairs / 50
    assert parts.not_compared.startswith(
        f"{parts.compared_pairs:,} of {parts.possible_pairs:,} pairs were compared"
    )


def test_a_value_that_too_many_share_brings_no_pairs_and_is_said(people: People) -> None:
    shown = [(*row[:3], "info@example.org", *row[4:]) for row in people.rows]
    rows = [*people.rows[::2], *shown[1::2]]
    found = link(customers(rows, whole=False))
    rule = next(rule for rule in found.rules if rule.columns == ("email_1",))
    shared = sum(row[3] == "info@example.org" for row in rows)
    assert rule.largest == shared
    assert rule.uncompared_pairs == shared * (shared - 1) // 2
    assert f"email_1 ({rule.uncompared_pairs:,} pairs" in found.not_compared
    assert f1(linked(found), people.pairs) >= 0.9


def test_customers_follow_links_and_obey_answers(people: People, parts: Linking) -> None:
    groups = join(people.person, parts.links, [], LINKED)
    customers_of = lasting(groups.groups, {})
    pairs = {
        (one, other)
        for group in groups.groups
        for place, one in enumerate(group)
        for other in group[place + 1 :]
    }
    assert f1(pairs, people.pairs) >= 0.98
    first = parts.links[0]
    answer = Answer(first.one, first.other, False, "review.csv:2")
    again = lasting(join(people.person, parts.links, [answer], LINKED).groups, customers_of.earlier)
    assert again.of[first.one] != again.of[first.other]
    assert [change.kind for change in again.changes] == ["split"]


def test_a_review_is_asked_answered_and_obeyed_by_the_next_load(
    people: People, whole: Linking, tmp_path: Path
) -> None:
    path = tmp_path / "review.csv"
    rows = {row[0]: dict(zip(COLUMNS[1:], row[1:], strict=True)) for row in people.rows}

    def load(earlier: Mapping[str, str]) -> Customers:
        answers = read_answers(path)
        found = lasting(join(people.person, whole.links, answers, LINKED).groups, earlier)
        asked = to_review(whole.links, found.of, read_reviews(path), LINKED)
        write_reviews(path, asked, rows)
        return found

    first = load({})
    asked = read_reviews(path)
    assert asked, "the made customers leave nothing to ask"
    assert all(first.of[row.one] != first.of[row.other] for row in asked)
    head, line, *others = path.read_text(encoding="utf-8").splitlines()
    said = line.replace(
        f"{asked[0].one},{asked[0].other},,", f"{asked[0].one},{asked[0].other},same,"
    )
    path.write_text("\n".join([head, said, *others]) + "\n", encoding="utf-8")
    second = load(first.earlier)
    assert second.of[asked[0].one] == second.of[asked[0].other]
    assert [change.kind for change in second.changes] == ["merge"]
    assert read_reviews(path)[-1] == replace(asked[0], answer="same")
    third = load(second.earlier)
    assert third.of == second.of
    assert third.changes == ()


def test_hostile_texts_are_compared_like_any_other(people: People) -> None:
    dice = random.Random(3)
    odd = ["'; DROP TABLE people; --", '"', "\x00", "\x1f", "a\x1fb@c.example", "💥" * 300, "{x}%s"]
    rows = [
        tuple(
            dice.choice(odd) if place and dice.random() < 0.05 else text
            for place, text in enumerate(row)
        )
        for row in people.rows
    ]
    found = link(customers(rows, whole=False))
    assert found.unlinked_because == ""
    assert f1(linked(found), people.pairs) >= 0.9


def test_no_customer_twice_links_nothing_and_says_so() -> None:
    once = make_people(300, seed=5, twice=0.0)
    found = link(customers(once.rows, whole=False))
    assert found.links == ()
    assert "nothing to learn from" in found.unlinked_because
    assert found.prior is None


def test_too_few_columns_link_nothing_and_say_so(people: People) -> None:
    connection = customers(people.rows, whole=False)
    connection.execute("CREATE TABLE few AS SELECT customer_id, given_name, city FROM customers")
    found = link_records(connection, "few", "customer_id")
    assert found.links == ()
    assert "two kinds of columns" in found.unlinked_because
    assert "`given_name`, `city`" in found.unlinked_because


def test_one_person_alone_links_nothing_and_says_so(people: People) -> None:
    alone = [(f"C{number}", *people.rows[0][1:]) for number in range(6)]
    found = link(customers(alone, whole=False))
    assert found.links == ()
    assert "no different persons to learn from" in found.unlinked_because


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("country", "Utopia", "most pairs of records agree in it anyway"),
        ("birth_year", "1980", "it agrees within a person no more often than between two"),
    ],
)
def test_a_column_that_tells_nothing_is_set_aside_and_the_rest_is_fitted(
    people: People, name: str, value: str, why: str
) -> None:
    connection = customers(people.rows, whole=False)
    connection.execute(f"ALTER TABLE customers ADD COLUMN {name} VARCHAR DEFAULT '{value}'")
    found = link(connection)
    assert {each.what: each.why for each in found.aside} == {name: why}
    assert name not in {each.column for each in found.columns}
    assert name not in {each.column for each in found.links[0].agreements}
    assert f1(linked(found), people.pairs) >= 0.98


def test_one_e_mail_address_links_a_name_in_two_scripts(people: People) -> None:
    two = [
        ("X1", "Zubair", "Qasim", "zubair.qasim77@example.org", None, None, None),
        ("X2", "زبیر", "قاسم", "Zubair.Qasim77@example.org", None, None, None),
        ("X3", "Zubair", "Qasim", "other.person12@example.net", None, None, None),
    ]
    found = link(customers([*people.rows, *two], whole=False))
    of = {(each.one, each.other): each for each in found.links}
    assert of["X1", "X2"].probability >= LINKED
    assert "given_name agrees nearly (the same consonants)" in of["X1", "X2"].reasons
    assert of["X1", "X2"].telling
    assert ("X2", "X3") not in linked(found), "another address, and no more than a like name"


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
def test_a_small_table_links_nothing_and_says_so(people: People, rows: int) -> None:
    connection = customers(people.rows, whole=False)
    connection.execute(f"CREATE TABLE small AS FROM customers LIMIT {rows}")
    found = link_records(connection, "small", "customer_id")
    assert found.records == rows
    assert found.links == ()
    assert found.unlinked_because


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE customers SET customer_id = NULL WHERE customer_id = (FROM lowest)", "no key"),
        ("INSERT INTO customers FROM customers LIMIT 1", "two records have the key"),
    ],
)
def test_a_record_needs_a_key_of_its_own(people: People, change: str, told: str) -> None:
    connection = customers(people.rows[:20], whole=False)
    connection.execute("CREATE TABLE lowest AS SELECT min(customer_id) FROM customers")
    connection.execute(change)
    with pytest.raises(ContractError, match=told):
        link(connection)


def test_probabilities_have_words_throughout() -> None:
    told = [in_words(step / 100) for step in range(101)]
    assert list(dict.fromkeys(told)) == [
        "unlikely",
        "doubtful",
        "more likely than not",
        "likely",
        "very likely",
        "almost certain",
    ]
    assert sentence([Agreement("a", "differ"), Agreement("b", "differ")]) == "a and b differ."
