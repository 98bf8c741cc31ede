"""The repairs file: written, answered in a spreadsheet, read back."""

from __future__ import annotations

import csv
import io
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import ParameterError
from workbench.triage.repairs.file import (
    agreed,
    digest_of_agreed,
    merged,
    read_repairs,
    write_repairs,
)
from workbench.triage.repairs.line import COLUMNS, Repair, plain, written

TYPO = Repair(
    "orders", "till", "county", "Yorkshre", "", "", "Yorkshire", "Yorkshire", "7", "typo", "0.98"
)
CELL = Repair("orders", "till", "town", None, "r0", "yes", "Leeds", "Leeds", "9", "missing", "0.7")
ALL = {("orders", "till")}
HEAD = "apply,table,source,column,value,repair,record"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_file_is_for_its_owner_and_says_what_is_to_be_answered(tmp_path: Path) -> None:
    path = tmp_path / "repairs.csv"
    write_repairs(path, [TYPO, CELL])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first, second = rows_of(path)
    assert tuple(first) == COLUMNS
    assert (first["apply"], first["value"], first["repair"]) == ("", "Yorkshre", "Yorkshire")
    assert (second["apply"], second["value"], second["record"]) == ("yes", "(empty)", "r0")
    assert read_repairs(path) == (TYPO, CELL)


def test_only_lines_that_are_answered_with_yes_are_applied(tmp_path: Path) -> None:
    path = tmp_path / "repairs.csv"
    lines = [replace(TYPO, apply="no"), replace(TYPO, value="Yorksire"), CELL]
    write_repairs(path, lines)
    assert agreed(path, ALL) == (CELL,)


def test_no_file_and_a_file_without_yes_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "repairs.csv"
    assert digest_of_agreed(agreed(path, ALL)) is None
    path.write_bytes(b"")
    assert digest_of_agreed(agreed(path, ALL)) is None
    write_repairs(path, [TYPO, replace(CELL, apply="no")])
    assert digest_of_agreed(agreed(path, ALL)) is None
    write_repairs(path, [TYPO, CELL])
    first = digest_of_agreed(agreed(path, ALL))
    write_repairs(path, [TYPO, replace(CELL, repair="York")])
    assert None is not first != digest_of_agreed(agreed(path, ALL))


def test_what_the_owner_answered_or_wrote_stays_whatever_is_suggested() -> None:
    answered = replace(TYPO, apply="no", repair="York")
    filled = replace(TYPO, value="Yorksire", repair="York")
    stale = replace(TYPO, value="Yorkshi")
    fresh = replace(TYPO, value="Durhan", repair="Durham", suggested="Durham")
    again = [replace(TYPO), replace(filled, repair="Yorkshire"), fresh]
    assert merged(again, [answered, filled, stale]) == (fresh, answered, filled)


def test_the_order_of_the_lines_does_not_depend_on_that_of_the_suggestions() -> None:
    lines = [replace(TYPO, value=value, cells=cells) for value, cells in ("a1", "b2", "c1")]
    assert [one.value for one in merged(lines, [])] == ["b", "a", "c"]
    assert merged(lines, []) == merged(lines[::-1], [])


@pytest.mark.parametrize(
    ("delimiter", "end", "mark"),
    [(";", "\r\n", "\ufeff"), ("\t", "\n", ""), (",", "\r\n", "\ufeff")],
)
def test_a_file_that_a_spreadsheet_saved_is_read(
    tmp_path: Path, delimiter: str, end: str, mark: str
) -> None:
    path = tmp_path / "repairs.csv"
    lines = [replace(TYPO, value='say "a;b,c"', repair="=1+1", suggested="=1+1"), CELL]
    write_repairs(path, lines)
    rows = rows_of(path)
    rows[0]["apply"] = " Yes "
    names = [*COLUMNS[1:], "my notes", COLUMNS[0]]
    held = io.StringIO()
    writer = csv.DictWriter(held, names, delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    held.write(delimiter * (len(names) - 1) + end)
    path.write_bytes((mark + held.getvalue()).encode())
    assert read_repairs(path) == (replace(lines[0], apply="yes"), CELL)


def test_a_line_of_the_owners_own_needs_no_more_than_where_and_what(tmp_path: Path) -> None:
    path = tmp_path / "repairs.csv"
    path.write_text(f"{HEAD}\nyes,orders,till,county,Yorks,Yorkshire,\n", encoding="utf-8")
    (one,) = agreed(path, ALL)
    assert one == Repair("orders", "till", "county", "Yorks", "", "yes", "Yorkshire")
    assert one.count == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "maybe,orders,till,county,a,b,",
            r"repairs\.csv:2, column 1 \(`apply`\): `maybe` is no answer.*Allowed: no, yes\. "
            r"Or leave it empty",
        ),
        ("yes,orders,till,county,a,,", r":2, column 6 \(`repair`\): .*nothing to put there"),
        ("yes,orders,till,county,a,a,", r":2, column 6 \(`repair`\): .*stands there already"),
        ("yes,orders,till,county,(empty),b,", r":2, column 5 \(`value`\): .*all empty cells"),
        ("yes,orders,till,,a,b,", r":2, column 4 \(`column`\): the column is missing"),
        ("yes,orders,tilt,county,a,b,", r"no source `orders\.tilt`.*Did you mean `orders\.till`"),
        ("no,orders,till,x,a,b,\n\nyes,orders,till,x,a,c,", r":4, column 5 .*line 2 is about the"),
        ('yes,orders,till,county,"a,b,', r"repairs\.csv:\d+: this is no CSV"),
    ],
)
def test_errors_say_line_and_column(tmp_path: Path, body: str, told: str) -> None:
    path = tmp_path / "repairs.csv"
    path.write_text(f"{HEAD}\n{body}\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=told):
        agreed(path, ALL)


def test_a_line_about_a_source_that_is_gone_may_stay_while_it_is_not_applied(
    tmp_path: Path,
) -> None:
    path = tmp_path / "repairs.csv"
    path.write_text(f"{HEAD}\nno,orders,tilt,county,a,b,\n,orders,tilt,x,a,b,\n")
    assert agreed(path, ALL) == ()


def test_a_value_that_a_spreadsheet_changed_is_told(tmp_path: Path) -> None:
    path = tmp_path / "repairs.csv"
    write_repairs(path, [replace(TYPO, value="0123", apply="yes")])
    path.write_text(path.read_text(encoding="utf-8").replace("'0123", "123"), encoding="utf-8")
    with pytest.raises(ParameterError, match=r":2, column 6 \(`value`\): it is no longer what"):
        read_repairs(path)


def test_open_lines_that_a_spreadsheet_made_equal_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "repairs.csv"
    write_repairs(path, [replace(TYPO, value="1"), replace(TYPO, value="1.0")])
    path.write_text(path.read_text(encoding="utf-8").replace("'1.0", "'1"), encoding="utf-8")
    fresh = replace(TYPO, value="1.0")
    assert merged([fresh], read_repairs(path)) == (fresh,)


def test_a_missing_column_or_another_encoding_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "repairs.csv"
    path.write_bytes(b"apply,table\n")
    with pytest.raises(ParameterError, match=r"repairs\.csv:1: the column `source` is missing"):
        read_repairs(path)
    path.write_bytes(HEAD.encode() + b"\nyes,orders,till,town,\xff,b,\n")
    with pytest.raises(ParameterError, match="not in UTF-8"):
        read_repairs(path)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
HOSTILE = st.sampled_from(["=1+1", "@SUM(A1)", "-2", "+3", "\t=1", " =1", "'", "''=", "(empty)"])
ANY = st.none() | TEXT | HOSTILE
FULL = TEXT.filter(bool) | HOSTILE


@given(
    column=FULL,
    value=st.none() | FULL,
    repair=ANY,
    suggested=ANY,
    answer=st.sampled_from(["", "no", "yes"]),
)
def test_any_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    column: str,
    value: str | None,
    repair: str | None,
    suggested: str | None,
    answer: str,
) -> None:
    if answer == "yes" and repair in ("", value):
        return
    path = tmp_path_factory.mktemp("repairs") / "repairs.csv"
    one = Repair("orders", "till", column, value, "r1", answer, repair, suggested, "1", "typo")
    write_repairs(path, [one])
    assert read_repairs(path) == (one,)


@given(text=ANY)
def test_no_cell_is_a_formula_a_number_or_nothing(text: str | None) -> None:
    cell = written(text)
    assert plain(cell) == text
    assert cell.lstrip()[:1] not in tuple("=+-@")
    assert cell or text == ""
    with pytest.raises(ValueError, match="could not convert"):
        float(cell or "x")
