"""Names and texts in SQL."""

from __future__ import annotations

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.quoting import literal, quote


@given(st.text())
def test_a_literal_is_the_text_itself(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert duckdb.sql(f"SELECT {literal(text)}").fetchall() == [(text,)]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_a_quoted_name_is_one_column(name: str) -> None:
    assert duckdb.sql(f"SELECT 1 AS {quote(name)}").columns == [name]
