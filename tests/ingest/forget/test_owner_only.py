"""Suspected cells, action lists and who is who, without a customer."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from workbench.data.engine import connect
from workbench.ingest.forget.owner_only import (
    erase_actions,
    erase_identity,
    erase_quarantine,
    records_of_customer,
)
from workbench.ingest.forget.person import Person
from workbench.ingest.forget.tombstones import Tombstones

ANN = Person(frozenset({"C-0012"}), Tombstones("s"))


def parquet(path: Path, query: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


def cells(folder: Path) -> Path:
    """Suspected cells: of rows 1 to 4 of a source, and one that holds her identifier."""
    return parquet(
        folder / "suspected_cells.parquet",
        'SELECT \'orders\' AS "table", s AS source, r AS "row", \'town\' AS "column", '
        "'typo' AS kind, v AS value, NULL::VARCHAR AS suggestion, 0.9 AS confidence FROM (VALUES "
        "('till', 1, 'Leds'), ('till', 2, 'Yrok'), ('web', 1, 'Hlul'), ('web', 2, 'C-0012')) "
        "t(s, r, v)",
    )


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        ({("orders", "till"): frozenset({1})}, [("till", 2), ("web", 1)]),
        ({}, [("till", 1), ("till", 2), ("web", 1)]),
        (None, []),  # nobody can tell whose cells these are
    ],
)
def test_suspected_cells(tmp_path: Path, rows, left: list[tuple[str, int]]) -> None:
    path = cells(tmp_path / "d1")
    connection = connect()
    gone = [
        erase_quarantine(connection, tmp_path / "d1", ANN, (), None, rows, write=write)
        for write in (False, True)
    ]
    assert gone == [4 - len(left)] * 2
    assert duckdb.sql(f"SELECT source, \"row\" FROM '{path}' ORDER BY ALL").fetchall() == left


def test_rows_of_a_source_that_is_no_more_go_by_their_cells(tmp_path: Path) -> None:
    path = tmp_path / "orders.old.csv"
    path.write_text("_source,_row,_reasons,buyer\nold,1,x,C-0012\nold,2,x,C-0013\n")
    assert erase_quarantine(connect(), tmp_path, ANN, (), None, {}, write=True) == 1
    assert path.read_text() == "_source,_row,_reasons,buyer\nold,2,x,C-0013\n"


def test_action_lists_go_by_their_key(tmp_path: Path) -> None:
    path = tmp_path / "actions" / "call.csv"
    path.parent.mkdir()
    path.write_text("customer_id,amount\nC-0012,5\nC-0013,12\n")
    for place in ("call.parquet", "candidates/people/call.parquet", "earlier/2025-06-30/c.parquet"):
        other = path.parent / place
        other.parent.mkdir(parents=True, exist_ok=True)
        rows = "(VALUES ('C-0012', 5), ('C-0013', 12)) AS t(crm, amount)"
        duckdb.sql(f"COPY (SELECT * FROM {rows}) TO '{other}' (FORMAT parquet)")
    connection = connect()
    assert erase_actions(connection, tmp_path, ANN, write=True) == 4
    assert path.read_text() == "customer_id,amount\nC-0013,12\n"
    for other in path.parent.rglob("*.parquet"):
        assert duckdb.sql(f"SELECT crm FROM '{other}'").fetchall() == [("C-0013",)]
        assert other.stat().st_mode & 0o077 == 0
    short = Person(frozenset({"12"}), Tombstones("s"))
    gone = erase_actions(connection, tmp_path, short, write=False)
    assert gone == 0, "an amount is nobody's identifier"
    number = path.parent / "number.parquet"
    duckdb.sql(f"COPY (SELECT 12 AS crm, 5 AS amount) TO '{number}' (FORMAT parquet)")
    assert erase_actions(connection, tmp_path, short, write=False) == 1


def test_all_records_of_a_customer_are_one_person(tmp_path: Path) -> None:
    for digest, pairs in {
        "new": "('C-0012', 'C-0012'), ('W-9', 'C-0012'), ('C-0013', 'C-0013')",
        "old": "('C-0012', 'C-0012'), ('W-9', 'C-0012'), ('C-0013', 'C-0012')",
    }.items():
        parquet(
            tmp_path / "identity" / digest / "customers.parquet",
            f"SELECT * FROM (VALUES {pairs}) t(record, customer)",
        )
    connection = connect()
    for given in ("C-0012", "W-9"):
        asked = Person(frozenset({given}), Tombstones("s"))
        assert records_of_customer(connection, tmp_path, "new", asked) == {"C-0012", "W-9"}
    whole = Person(frozenset({"C-0012", "W-9"}), Tombstones("s"))
    # In the older file another record bears her identifier as its customer.
    assert erase_identity(connection, tmp_path, whole, write=False) == 5
    assert erase_identity(connection, tmp_path, whole, write=True) == 5
    left = duckdb.sql(f"SELECT * FROM '{tmp_path}/identity/*/customers.parquet'").fetchall()
    assert left == [("C-0013", "C-0013")]
