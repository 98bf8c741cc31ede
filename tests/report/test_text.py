from __future__ import annotations

import csv
import html
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.errors import NotebookError
from workbench.report.text import (
    clean,
    escape_html,
    escape_markdown,
    formula_safe,
    slug,
    slug_of,
)


@given(st.text())
@example("\ud800")
@example("a\u202eb\x1b[31m\u2066\ufeff")
def test_escaped_text_reads_back_as_the_cleaned_text(text: str) -> None:
    escaped = escape_html(text)
    assert html.unescape(escaped) == clean(text)
    assert not set("<>\"'{}") & set(escaped)
    escaped.encode("utf-8")


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "harmful",
    ["\x00", "\x1b", "\x7f", "\x85", "\u200f", "\u202a", "\u2066", "\u2028", "\U000e0041"],
)
def test_what_hides_or_reorders_text_becomes_a_visible_mark(harmful: str) -> None:
    assert clean(f"a{harmful}b") == "a\ufffdb"


def test_tabs_and_lines_and_letters_stay() -> None:
    assert clean("a\tb\r\nc\rÄß漢 👩‍👩‍👧") == "a\tb\nc\nÄß漢 👩‍👩‍👧"


@pytest.mark.parametrize(
    "start", ["=1+1", "+1", "-1", "@x", "\t=1", "  =1", "\n=1", "＝1", "\u00a0=1"]
)
def test_what_starts_like_a_formula_gets_an_apostrophe(start: str) -> None:
    assert str(formula_safe(start)).startswith("'")


@pytest.mark.parametrize("value", [-5, 1.5, None, "plain", "a=b", "5-1"])
def test_other_values_stay(value: object) -> None:
    assert formula_safe(value) == value


@given(st.text())
def test_no_cell_of_a_csv_starts_like_a_formula(text: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow([formula_safe(text)])
    cell = next(csv.reader(io.StringIO(out.getvalue(), newline="")), [""])
    assert not "".join(cell).lstrip().startswith(("=", "+", "-", "@"))


def test_markdown_shows_text_as_it_is() -> None:
    assert escape_markdown("![x](y) {{< env A >}}\n# *b*") == (
        r"\!\[x\]\(y\) \{\{\< env A \>\}\} \# \*b\*"
    )


@pytest.mark.parametrize("bad", ["", "A", "a b", "-a", "a--b", "../a", "é", "a\n", "x" * 81])
def test_an_id_is_a_slug(bad: str) -> None:
    with pytest.raises(NotebookError, match="is not an id"):
        slug(bad, where="table")


@given(st.text())
def test_a_made_id_is_always_a_slug(text: str) -> None:
    made = slug_of(text)
    assert slug(made, where="") == made
    assert slug_of(text) == made
