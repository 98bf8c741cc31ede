"""What texts read as, and which patterns tell it."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pytest

from workbench.data.engine import connect
from workbench.triage.facts import TextFacts
from workbench.triage.profile import profile_rows


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return connect(threads=1)


def look(engine: duckdb.DuckDBPyConnection, values: Sequence[str], min_group: int = 1) -> TextFacts:
    engine.register("_given", pa.table({"v": values}))
    text = profile_rows(engine, "_given", min_group=min_group)[0].text
    assert text is not None
    return text


@pytest.mark.parametrize(
    ("value", "reads"),
    [
        ("12", "numbers"),
        (" -1,234,567.5 ", "numbers"),
        ("1.234,50", ""),
        ("1 234,50", "numbers"),
        (".5", "numbers"),
        ("1,", ""),
        ("-", ""),
        ("1e5", ""),
        ("9" * 100, ""),
        ("2024-02-29", "dates"),
        ("2023-02-29", ""),
        ("2024-1-5T10:00:00.5Z", "dates"),
        ("31/12/2024", "dates"),
        ("12/31/2024 08:15", "dates"),
        ("31.12.2024", "dates"),
        ("31.31.2024", ""),
        ("5 Jan 2024", "dates"),
        ("5 Foo 2024", ""),
        ("20240131", "numbers"),
        ("ann@example.org", "emails"),
        ("ann@example", ""),
        ("to ann@example.org", ""),
        ("+49 (30) 12345-67", "phones"),
        ("030/1234567", "phones"),
        ("0301234567", "numbers phones"),
        ("123", "numbers"),
        ("+1234567890123456", "numbers"),
    ],
)
def test_what_a_text_reads_as(engine: duckdb.DuckDBPyConnection, value: str, reads: str) -> None:
    facts = look(engine, [value, value, "x"])
    found = [name for name in ("numbers", "dates", "emails", "phones") if getattr(facts, name)]
    assert found == reads.split()
    assert all(getattr(facts, name) == 2 for name in found)


def test_codes_keep_their_plain_patterns(engine: duckdb.DuckDBPyConnection) -> None:
    facts = look(engine, [f"AB-{n:03}" for n in range(90)] + ["ab 1", "", " "])
    assert facts.patterns == (("AA-999", 90), ("(empty)", 2), ("aa 9", 1))
    assert not facts.gathered
    assert (facts.shortest, facts.median, facts.longest) == (0, 6, 6)


def test_where_plain_patterns_tell_little_runs_are_gathered(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    people = [f"{'A' + 'b' * (1 + n % 7)} {'C' + 'd' * (1 + n // 7)}" for n in range(49)]
    facts = look(engine, people)
    assert facts.gathered
    assert facts.patterns == (("Aa+ Aa+", 36), ("Aa Aa+", 6), ("Aa+ Aa", 6), ("Aa Aa", 1))


def test_a_long_cell_is_looked_at_by_its_beginning(engine: duckdb.DuckDBPyConnection) -> None:
    facts = look(engine, ["x" * 5_000_000 + " ann@example.org", "y"])
    assert facts.longest == 5_000_016
    assert facts.patterns == (("a", 1), ("a" * 40 + "…", 1))


def test_patterns_hold_the_smallest_group(engine: duckdb.DuckDBPyConnection) -> None:
    facts = look(engine, ["A1"] * 5 + ["b"] * 4 + ["B"] * 1, min_group=5)
    assert facts.patterns == (("A9", 5),)
    facts = look(engine, ["A1"] * 9 + ["a"] * 6 + ["B"] * 4, min_group=5)
    assert facts.patterns == (("A9", 9),), "the share of B would be what is left"
