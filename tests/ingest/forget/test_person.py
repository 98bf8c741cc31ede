"""Whether a cell, a line or a text is about a customer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.ingest.forget.person import GONE, Person, is_telling
from workbench.ingest.forget.tombstones import Tombstones

NOBODY = Tombstones("s")


def person(*ids: str) -> Person:
    return Person(frozenset(ids), NOBODY)


@pytest.mark.parametrize(
    ("cell", "named"),
    [
        ("C-0012", True),
        (" C-0012\t", True),
        ("'C-0012", True),
        ("C-00123", False),
        ("see C-0012", False),
        ("", False),
        (None, False),
        (12, False),
    ],
)
def test_a_whole_cell(cell: object, named: bool) -> None:
    assert person("C-0012").is_named(cell) is named
    only_hashed = Person(frozenset(), NOBODY.put(NOBODY.new("2025-06-30", ["C-0012"])))
    assert only_hashed.is_named(cell) is named


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("C-0012;Ann;3", True),
        ('"C-0012",Ann', True),
        ("x\tC-0012", True),
        ("(C-0012)", False),  # only whole cells and words; the parts are C and 0012
        ("C-00123;Ann", False),
        ("", False),
    ],
)
def test_a_line_without_columns(line: str, named: bool) -> None:
    assert person("C-0012").is_in_line(line) is named


def test_a_word_of_a_line() -> None:
    assert person("B1012106").is_in_line("<customer>B1012106</customer>")
    assert not person("B1012106").is_in_line("<customer>B10121066</customer>")


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("C-0012 bought", f"{GONE} bought"),
        ('"key": "C-0012",', f'"key": "{GONE}",'),
        ('<td id="row-C-0012">', f'<td id="row-{GONE}">'),
        ("a,C-0012,5\n", f"a,{GONE},5\n"),
        ("C-00123 and AC-0012", "C-00123 and AC-0012"),
    ],
)
def test_a_text(text: str, without: str) -> None:
    assert person("C-0012").without(text) == (without, int(GONE in without))


@pytest.mark.parametrize(
    "text", ["0.12346", "12346.5", "112346", "x12346", "12346x", "2025-06-30", "12 346"]
)
def test_a_number_is_not_taken_out_of_another(text: str) -> None:
    assert person("12346").without(text) == (text, 0)
    assert person("12346").without(f"5,12346,7 {text}")[1] == 1


def test_other_spellings_of_a_text() -> None:
    odd = "Ø&1234"
    for spelled in ("Ø&1234", "Ø&amp;1234", "\\u00d8&1234", "%C3%981234".replace("1", "%261", 1)):
        assert person(odd).without(f"<{spelled}>") == (f"<{GONE}>", 1), spelled


@pytest.mark.parametrize("plain", ["12", "rest", "Q1", "1999", "A"])
def test_short_numbers_and_words_stay_in_texts(plain: str) -> None:
    assert not is_telling(plain)
    assert person(plain).without(f"{plain} is {plain}") == (f"{plain} is {plain}", 0)
    assert person(plain).is_named(plain)


@given(st.text(max_size=40), st.from_regex(r"[A-Z]{1,3}-?[0-9]{3,6}", fullmatch=True))
def test_afterwards_no_whole_word_is_left(text: str, identifier: str) -> None:
    told = f"{text} {identifier} {text}"
    left, places = person(identifier).without(told)
    assert places >= 1
    assert identifier not in left.split()
    assert person(identifier).without(left) == (left, 0)
