"""Suspected cells -> suggested lines: what is one line, what is a record's, what is left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from support.repairs import save_cells
from workbench.data.contracts import contract
from workbench.data.engine import connect
from workbench.data.quoting import literal, quote
from workbench.data.sources import Received
from workbench.params import SourceParams
from workbench.triage.named import Named
from workbench.triage.repairs.line import Repair
from workbench.triage.repairs.suggest import MOST_LINES, Suggestions, suggest_repairs

Suggest = Callable[..., Suggestions]
ROWS = [
    {"town": "Leeds", "price": "1,50", "day": "31/01/2025"},
    {"town": "Leed", "price": "2,00", "day": "01/02/2025"},
    {"town": "Leed", "price": "2,0", "day": "02/02/2025"},
    {"town": "n/a", "price": "2,00", "day": None},
    {"town": None, "price": "x", "day": "01/01/1900"},
]


@pytest.fixture
def suggest(tmp_path: Path) -> Suggest:
    """Return a function that suggests repairs for suspected cells of these rows."""

    def of(
        *cells: tuple[Any, ...], rows: list[dict[str, Any]] = ROWS, agreed: tuple[Repair, ...] = ()
    ) -> Suggestions:
        params = SourceParams.model_validate(
            {
                "path": "x.csv",
                "read": {"decimal": ",", "date_format": "%d/%m/%Y"},
                "types": {"PRICE": "decimal", "day": "date"},
            }
        )
        named = Named(contract("orders"), "till", 0, params, None, "here")
        columns = ("row", "column", "kind", "value", "suggestion", "confidence")
        frame = pd.DataFrame(cells, columns=columns).assign(table="orders", source="till")
        with connect(threads=1) as connection:
            path = tmp_path / "received.parquet"
            write_rows(connection, rows, path)
            received = Received(path, tuple(rows[0]), len(rows))
            save_cells(connection, frame, tmp_path / "suspected.parquet")
            return suggest_repairs(
                connection, tmp_path / "suspected.parquet", named, received, "UTC", agreed
            )

    return of


def write_rows(
    connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]], path: Path
) -> None:
    parts = (
        "SELECT "
        + ", ".join(
            f"{'NULL' if value is None else literal(value)}::VARCHAR AS {quote(name)}"
            for name, value in row.items()
        )
        for row in rows
    )
    connection.execute(f"COPY ({' UNION ALL '.join(parts)}) TO {literal(str(path))}")


def told(found: Suggestions) -> list[tuple[str, str | None, str | None, str, bool]]:
    return [(x.column, x.value, x.repair, x.cells, bool(x.record)) for x in found.lines]


def left(found: Suggestions) -> list[tuple[str, str, int, str]]:
    return [(x.column, x.kind, x.cells, x.why.split(",")[0].split(";")[0]) for x in found.left_out]


def test_a_value_is_one_line_for_all_of_its_cells(suggest: Suggest) -> None:
    found = suggest(
        (2, "town", "typo", "Leed", "Leeds", 0.9), (3, "town", "typo", "Leed", "Leeds", 0.9)
    )
    (one,) = found.lines
    assert one == Repair(
        *("orders", "till", "town", "Leed", "", "", "Leeds", "Leeds", "2", "typo", "0.90", "2")
    )
    assert not found.left_out


def test_what_depends_on_the_record_is_a_line_for_the_record(suggest: Suggest) -> None:
    found = suggest(
        (2, "town", "dependency", "Leed", "York", 0.6), (5, "town", "missing", None, "York", 0.6)
    )
    assert told(found) == [("town", "Leed", "York", "1", True), ("town", None, "York", "1", True)]
    assert [one.row for one in found.lines] == ["2", "5"]
    assert len({one.record for one in found.lines}) == 2


def test_cells_that_a_value_says_the_same_of_have_no_line_of_their_own(suggest: Suggest) -> None:
    found = suggest(
        (2, "town", "typo", "Leed", "Leeds", 0.9), (3, "town", "dependency", "Leed", "Leeds", 0.9)
    )
    assert told(found) == [("town", "Leed", "Leeds", "2", False)]
    other = suggest(
        (2, "town", "typo", "Leed", "Leeds", 0.9), (3, "town", "dependency", "Leed", "York", 0.9)
    )
    assert told(other) == [
        ("town", "Leed", "York", "1", True),
        ("town", "Leed", "Leeds", "2", False),
    ]
    assert not found.left_out
    assert not other.left_out


def test_suggestions_that_differ_by_record_are_lines_of_records(suggest: Suggest) -> None:
    found = suggest(
        (2, "town", "typo", "Leed", "Leeds", 0.9), (3, "town", "typo", "Leed", "Leek", 0.9)
    )
    assert told(found) == [
        ("town", "Leed", "Leeds", "1", True),
        ("town", "Leed", "Leek", "1", True),
    ]


def test_what_is_missing_in_disguise_is_emptied(suggest: Suggest) -> None:
    found = suggest((4, "town", "missing in disguise", "n/a", None, 0.6))
    assert told(found) == [("town", "n/a", None, "1", False)]


def test_a_typed_value_is_written_as_the_source_writes_it(suggest: Suggest) -> None:
    found = suggest(
        (1, "price", "dependency", "1.5000", "2.0000", 0.6),
        (5, "day", "missing in disguise", "1900-01-01", None, 0.85),
        (4, "day", "missing", None, "2025-02-01", 0.6),
    )
    assert told(found) == [
        ("price", "1,50", "2,00", "1", True),
        ("day", None, "01/02/2025", "1", True),
        ("day", "01/01/1900", None, "1", False),
    ]


def test_a_typed_value_that_the_source_never_wrote_is_written_in_its_format(
    suggest: Suggest,
) -> None:
    found = suggest(
        (1, "price", "dependency", "1.5000", "1003.2500", 0.6),
        (2, "price", "unit", "2.0000", "200", 0.85),
        (1, "day", "date order", "2025-01-31", "2025-03-04", 0.85),
    )
    assert told(found) == [
        ("price", "1,50", "1003,25", "1", True),
        ("price", "2,00", "200", "1", True),
        ("day", "31/01/2025", "04/03/2025", "1", True),
    ]


def test_a_typed_value_that_would_not_be_read_back_is_left_out_or_asked(suggest: Suggest) -> None:
    cell = (1, "price", "dependency", "1.5000", "three")
    assert left(suggest((*cell, 0.6))) == [
        (
            "price",
            "dependency",
            1,
            "what is suggested cannot be written as the source writes its values",
        )
    ]
    assert told(suggest((*cell, 0.9))) == [("price", "1,50", "", "1", True)]


def test_a_number_in_another_unit_than_its_like_says_nothing_of_its_equals(
    suggest: Suggest,
) -> None:
    rows = [{"weight": "150"}, {"weight": "150"}, {"weight": "2 kg"}, {"weight": "2 kg"}]
    found = suggest(
        (1, "weight", "unit", "150", "15", 0.85),
        (3, "weight", "unit", "2 kg", "2", 0.85),
        rows=rows,
    )
    assert told(found) == [("weight", "2 kg", "2", "2", False), ("weight", "150", "15", "1", True)]


def test_without_a_suggestion_only_the_surest_are_asked(suggest: Suggest) -> None:
    found = suggest(
        (1, "price", "outlier", "1.5000", None, 0.9), (2, "price", "outlier", "2.0000", None, 0.7)
    )
    assert told(found) == [("price", "1,50", "", "1", True)]
    assert left(found) == [("price", "outlier", 1, "nothing is suggested")]


def test_what_is_no_cell_or_another_by_now_is_left_out(suggest: Suggest) -> None:
    found = suggest(
        (1, "day", "gap", "2024-01-01: no rows", None, 0.9),
        (1, "town", "typo", "Durhan", "Durham", 0.9),
        (9, "town", "missing", None, "Durham", 0.9),
        (1, "gone", "typo", "a", "b", 0.9),
    )
    assert not found.lines
    moved = "the source was read again since"
    assert sorted(left(found)) == [
        ("day", "gap", 1, "it is about rows that are not there"),
        ("gone", "typo", 1, moved),
        ("town", "missing", 1, moved),
        ("town", "typo", 1, moved),
    ]


def test_a_cell_that_was_repaired_is_told_from_one_that_moved(suggest: Suggest) -> None:
    yes = Repair("orders", "till", "town", "Leed", "", "yes", "Leeeds")
    found = suggest((2, "town", "typo", "Leeeds", "Leeds", 0.9), agreed=(yes,))
    assert left(found) == [("town", "typo", 1, "what stands there is a repair already")]


def test_a_text_that_is_too_long_for_the_file_is_left_out(suggest: Suggest) -> None:
    rows = [{"town": "a" * 1200}, {"town": "b"}]
    found = suggest((1, "town", "typo", "a" * 1000, "b" * 1000, 0.9), rows=rows)
    assert left(found) == [("town", "typo", 1, "the text is longer than 1")]


def test_equal_records_are_one_line_and_too_many_lines_are_told(suggest: Suggest) -> None:
    same = [{"town": "Leed", "zip": "1"}, {"town": "Leed", "zip": "1"}]
    cells = [(row, "town", "dependency", "Leed", "Leeds", 0.9) for row in (1, 2)]
    assert len(suggest(*cells, rows=same).lines) == 1
    many = [{"town": f"town {n}"} for n in range(MOST_LINES + 5)]
    cells = [
        (n + 1, "town", "typo", f"town {n}", "Leeds", 0.6 if n < 5 else 0.9)
        for n in range(len(many))
    ]
    found = suggest(*cells, rows=many)
    assert len(found.lines) == MOST_LINES
    assert not {f"town {n}" for n in range(5)} & {one.value for one in found.lines}
    assert [(one.cells, one.why[:20]) for one in found.left_out] == [(5, "more than 1,000 line")]
