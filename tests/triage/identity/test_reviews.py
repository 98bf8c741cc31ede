"""The review file: asked, answered, read back."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import ParameterError
from workbench.triage.identity.reasons import Agreement, Link
from workbench.triage.identity.reviews import (
    COLUMNS,
    Review,
    read_answers,
    read_reviews,
    to_review,
    write_reviews,
)

REASONS = (Agreement("email", "exactly"), Agreement("name", "differ"))
LINKS = [
    Link("a", "b", 0.99, REASONS),
    Link("a", "c", 0.6, REASONS),
    Link("c", "d", 0.9, REASONS),
    Link("e", "f", 0.7, REASONS),
]


def test_pairs_between_the_thresholds_are_asked_likeliest_first() -> None:
    rows = to_review(LINKS, {}, [], 0.95)
    assert [(row.one, row.other) for row in rows] == [("c", "d"), ("e", "f"), ("a", "c")]
    assert rows[0] == Review(
        "c", "d", "", "0.9000", "likely", "email agrees exactly; name differs."
    )


def test_of_a_household_only_the_likeliest_pairs_are_asked() -> None:
    household = [Link("a", "b", 0.97, REASONS, True), Link("a", "c", 0.9, REASONS, True)]
    (row,) = to_review(household, {}, [], 0.95)
    assert (row.one, row.other) == ("a", "b")
    assert row.reasons.endswith("Only what a household shares agrees.")


def test_what_is_answered_or_joined_already_is_not_asked_again() -> None:
    earlier = [Review("c", "d", "different", "0.8", "likely", "old"), Review("x", "y")]
    rows = to_review(LINKS, {"e": "E", "f": "E"}, earlier, 0.95)
    assert [(row.one, row.other, row.answer) for row in rows] == [
        ("a", "c", ""),
        ("c", "d", "different"),
    ]


def test_a_file_is_for_its_owner_and_shows_what_both_say(tmp_path: Path) -> None:
    path = tmp_path / "review.csv"
    values = {"c": {"phone": "+92300", "note": "two\nlines"}, "d": {"phone": None}}
    write_reviews(path, to_review(LINKS, {}, [], 0.95), values)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    head, first, *_ = path.read_text(encoding="utf-8").splitlines()
    assert head == ",".join([*COLUMNS, "phone (a | b)", "note (a | b)"])
    assert first.startswith("c,d,,0.9000,likely,")
    assert first.endswith(",'+92300 | ,two lines | ")


def test_answers_are_read_back_in_any_case_and_order_of_keys(tmp_path: Path) -> None:
    path = tmp_path / "review.csv"
    path.write_text(
        "\ufeffrecord_b;answer;record_a;mine\r\na; Same ;b;x\r\n\r\nc;different;d;\r\ne;;f;\r\n",
        encoding="utf-8",
    )
    found = read_answers(path)
    assert [(each.one, each.other, each.same) for each in found] == [
        ("a", "b", True),
        ("c", "d", False),
    ]
    assert [each.where for each in found] == [f"{path}:2", f"{path}:4"]
    assert len(read_reviews(path)) == 3


def test_no_file_is_no_answer(tmp_path: Path) -> None:
    assert read_answers(tmp_path / "none.csv") == ()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "a,b,maybe\n",
            r"review\.csv:2, column 3 \(`answer`\): `maybe` is no answer.*different, same",
        ),
        ("a,b,\na,,same\n", r"review\.csv:3, column 2 \(`record_b`\): the record's key is missing"),
        ("a,a,same\n", r"review\.csv:2, column 2 .*beside itself"),
        ("a,b,same\nb,a,\n", r"review\.csv:3, column 2 .*the pair `a`, `b` stands in line 2 too"),
        ('a,"b,same\n', r"review\.csv:\d+: this is no CSV"),
    ],
)
def test_errors_say_line_and_column(tmp_path: Path, body: str, told: str) -> None:
    path = tmp_path / "review.csv"
    path.write_text(f"record_a,record_b,answer\n{body}", encoding="utf-8")
    with pytest.raises(ParameterError, match=told):
        read_answers(path)


def test_a_missing_column_or_another_encoding_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "review.csv"
    path.write_bytes(b"record_a,record_b\n")
    with pytest.raises(ParameterError, match=r"review\.csv:1: the column `answer` is missing"):
        read_answers(path)
    path.write_bytes(b"record_a,record_b,answer\n\xff,b,same\n")
    with pytest.raises(ParameterError, match="not in UTF-8"):
        read_answers(path)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x00"), max_size=9)
KEY = TEXT.filter(lambda text: text.strip() != "")


@given(one=KEY, other=KEY, reasons=TEXT, answer=st.sampled_from(["", "same", "different"]))
def test_any_key_comes_back_as_it_was_and_no_cell_is_a_formula(
    tmp_path_factory: pytest.TempPathFactory, one: str, other: str, reasons: str, answer: str
) -> None:
    path = tmp_path_factory.mktemp("review") / "review.csv"
    if one == other:
        return
    low, high = sorted((one, other))
    row = Review(low, high, answer, "0.9", "likely", reasons)
    write_reviews(path, [row])
    assert read_reviews(path) == (row,)
    assert "\n=" not in path.read_text(encoding="utf-8")
