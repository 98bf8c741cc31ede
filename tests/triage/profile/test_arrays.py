"""Shapes of many texts at once are those of each."""

from __future__ import annotations

import re

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.triage.profile.arrays import runs, shapes
from workbench.triage.shapes import masked, shape_letter, shown

TEXTS = st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), max_size=8)


@example(["", None, "Ab-1"], 0)
@example(["é", "e", "\x00", "日本 ۱۲"], 1)
@given(TEXTS, st.integers(0, 3))
def test_each_shape_is_that_of_its_text(texts: list[str | None], start: int) -> None:
    expected = [
        None if text is None else "".join(map(shape_letter, text)) for text in texts[start:]
    ]
    array = pa.array(texts, pa.string()).slice(start)
    assert shapes(array).to_pylist() == expected
    assert shapes(pa.chunked_array([array])).to_pylist() == expected
    assert shapes(shapes(array)).to_pylist() == expected, "a shape is its own shape"


@given(TEXTS, st.integers(0, 3))
def test_runs_of_like_characters_become_one(texts: list[str | None], start: int) -> None:
    array = shapes(pa.array(texts, pa.string()).slice(start))
    expected = [
        None if text is None else re.sub("A{2,}|a{2,}|9{2,}", lambda run: run[0][0] + "+", text)
        for text in array.to_pylist()
    ]
    assert runs(array).to_pylist() == expected


def test_runs_stop_at_the_end_of_a_text() -> None:
    assert runs(pa.array(["aa", "aA", "Aa", "", "999", "9"])).to_pylist() == (
        ["a+", "aA", "Aa", "", "9+", "9"]
    )


def test_a_long_shape_is_cut_where_it_is_shown() -> None:
    assert masked("a" * 40) == "a" * 40
    assert masked("a" * 41) == "a" * 40 + "…"
    assert shown("") == shown("   ") == "(empty)"
