"""Rows taken out of a file; every other byte stays."""

from __future__ import annotations

import csv
import io
import stat
from pathlib import Path

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.engine import connect
from workbench.ingest.forget.files import csv_without, parquet_without, records_of

CELL = st.text(st.sampled_from("ab,;\"\n\r' é\x00"), max_size=5)


@given(
    st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.sets(st.integers(0, 5)),
)
def test_what_stays_keeps_its_bytes(
    tmp_path_factory, rows: list[list[str]], ends: str, gone: set[int]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"

    def text(records: list[list[str]]) -> bytes:
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator=ends, quoting=csv.QUOTE_ALL).writerows(records)
        return out.getvalue().encode()

    numbered = [[str(n), *row] for n, row in enumerate(rows)]
    header = ["n", "x", "y"]
    path.write_bytes(text([header, *numbered]))
    before = path.read_bytes()

    def drops(names, cells) -> bool:
        assert names == header
        return int(cells[0]) in gone

    left = [row for row in numbered if int(row[0]) not in gone]
    assert csv_without(path, drops, write=False) == len(numbered) - len(left)
    assert path.read_bytes() == before
    assert csv_without(path, drops, write=True) == len(numbered) - len(left)
    assert path.read_bytes() == text([header, *left])


def test_bytes_that_are_no_text_pass_through(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n\xff,1\nx,2\n")
    path.chmod(0o644)
    assert [cells for cells, _ in records_of(path)][2] == ["x", "2"]
    assert csv_without(path, lambda names, cells: cells[1] == "2", write=True) == 1
    assert path.read_bytes() == b"a,b\n\xff,1\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_rows_of_a_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    duckdb.sql(f"COPY (SELECT range AS n, NULL AS x FROM range(5)) TO '{path}' (FORMAT parquet)")
    before = path.read_bytes()
    connection = connect()
    assert parquet_without(connection, path, ["n = 2", "x > 0"], write=False) == 1
    assert parquet_without(connection, path, [], write=True) == 0
    assert path.read_bytes() == before
    assert parquet_without(connection, path, ["n = 2", "x > 0"], write=True) == 1
    assert duckdb.sql(f"SELECT n FROM '{path}'").fetchall() == [(0,), (1,), (3,), (4,)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
