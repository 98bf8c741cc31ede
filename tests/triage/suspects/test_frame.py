"""What is known of a column spares it dearer questions, and never hides an answer."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.engine import connect
from workbench.data.quoting import literal
from workbench.triage.suspects.events import ISO, SLASHED
from workbench.triage.suspects.frame import Column, Frame, open_frame
from workbench.triage.suspects.measures import AFTER, BEFORE
from workbench.triage.suspects.missing import ALL_TOKENS, WORDS
from workbench.triage.suspects.patterns import shape_sql

SIGNS = "0123456789/.-,+ :\tTZ$€£%kgKG'na?é"
TEXTS = st.lists(
    st.one_of(
        st.text(SIGNS, max_size=14),
        st.dates().map(str),
        st.dates().map(lambda day: f" {day:%d/%m/%y} 10:00"),
        st.sampled_from((*ALL_TOKENS, *WORDS)).map(lambda token: f" {token.upper()} "),
        st.decimals(allow_nan=False, allow_infinity=False, places=2).map(lambda one: f"€ {one} kg"),
    ),
    min_size=1,
    max_size=12,
)
ASCII = st.lists(st.text(st.characters(codec="ascii"), max_size=16), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return connect(threads=1)


def give(engine: duckdb.DuckDBPyConnection, texts: list[str]) -> str:
    """Return a query of texts, each as the value of one row."""
    engine.register("given", pa.table({"_row": range(1, len(texts) + 1), "text": texts}))
    return "SELECT * FROM given"


def count(frame: Frame, column: Column, condition: str) -> int:
    """Return the rows of a column for which a condition on ``v`` holds."""
    rows = f"(SELECT {column.sql} AS v FROM {frame.rows})"
    return int(frame.one(f"SELECT count(*) FROM {rows} WHERE {condition}")[0])


@given(TEXTS)
def test_what_a_column_cannot_hold_no_pattern_finds(
    engine: duckdb.DuckDBPyConnection, texts: list[str]
) -> None:
    with open_frame(engine, give(engine, texts), "_row") as frame:
        (column,) = frame.columns
        dates = " OR ".join(f"regexp_matches(v, {literal(one)})" for one in (SLASHED, ISO))
        assert count(frame, column, dates) <= column.dated
        numbers = " OR ".join(f"regexp_matches(v, {literal(one)})" for one in (AFTER, BEFORE))
        assert count(frame, column, numbers) <= column.numbered
        tokens = ", ".join(literal(one) for one in (*ALL_TOKENS, *WORDS))
        assert column.tokens == bool(count(frame, column, f"lower(trim(v)) IN ({tokens})"))
        assert column.digits == bool(count(frame, column, "regexp_matches(v, '[0-9]')"))
        held = [text for text in texts if text.strip(" \t")]
        assert column.filled == len(held)
        assert column.ascii == (bool(held) and all(text.isascii() for text in held))
        assert column.spaced == sum(text[0] in " \t" or text[-1] in " \t" for text in held)
        assert column.most == max(map(held.count, held), default=0)
        assert column.fewest == min(map(held.count, held), default=0)


@given(ASCII)
def test_of_ascii_the_short_classes_find_what_those_of_unicode_do(
    engine: duckdb.DuckDBPyConnection, texts: list[str]
) -> None:
    query = give(engine, texts)
    both = [Column(0, "text", "text", len(texts), 1, ascii=ascii) for ascii in (True, False)]
    answers = [
        (
            shape_sql("text", ascii_only=column.ascii),
            f"regexp_extract_all(lower(text), '{column.word}')",
            f"regexp_matches(text, '[{column.letters}].*[{column.letters}]')",
        )
        for column in both
    ]
    for plain, unicode in zip(*answers, strict=True):
        differ = f"SELECT count(*) FROM ({query}) WHERE {plain} IS DISTINCT FROM {unicode}"
        assert engine.execute(differ).fetchone() == (0,)
