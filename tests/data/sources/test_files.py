"""Parquet, Excel and JSON lines, and what holds of every file."""

from __future__ import annotations

import gzip
import json
import os
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.sources import probe, receive, unchanged
from workbench.errors import SourceError
from workbench.params import SourceParams


def test_parquet_values_become_text_without_loss(read: Any) -> None:
    table = pa.table(
        {
            "whole": pa.array([2**63 - 1, None], pa.int64()),
            "float": pa.array([0.1, 1e300], pa.float64()),
            "single": pa.array([0.1, 2.5], pa.float32()),
            "money": pa.array([Decimal("12.3400"), None], pa.decimal128(18, 4)),
            "day": pa.array([date(2024, 1, 5), None]),
            "local": pa.array([datetime(2024, 1, 5, 10, 0, 0, 5), None], pa.timestamp("us")),
            "instant": pa.array(
                [datetime(2024, 1, 5, 10, tzinfo=timezone(timedelta(hours=2))), None],
                pa.timestamp("us", "Europe/Berlin"),
            ),
            "flag": pa.array([True, None]),
            "text": pa.array(["", "x\ny"]),
            "list": pa.array([[1, 2], None], pa.list_(pa.int32())),
            "nested": pa.array([{"a": 1, "b": "x"}, None]),
        }
    )
    pq.write_table(table, read.root / "a.parquet")
    result = read(path="a.parquet")
    assert result.received.columns == tuple(table.column_names)
    assert result.rows == [
        (
            "9223372036854775807", "0.1", "0.1", "12.3400", "2024-01-05",
            "2024-01-05 10:00:00.000005", "2024-01-05 08:00:00+00", "true", "", "[1,2]",
            '{"a":1,"b":"x"}',
        ),
        (None, "1e+300", "2.5", None, None, None, None, None, "x\ny", None, None),
    ]  # fmt: skip
    assert result.numbers == [1, 2]


def test_a_parquet_file_without_rows(read: Any) -> None:
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), read.root / "none.parquet")
    assert read(path="none.parquet").rows == []


def test_what_is_no_parquet_file_is_an_error(read: Any) -> None:
    with pytest.raises(SourceError, match="no readable Parquet file"):
        read(b"a,b\n1,2\n", path="fake.parquet")
    whole = pa.table({"a": list(range(100_000))})
    pq.write_table(whole, read.root / "whole.parquet")
    content = (read.root / "whole.parquet").read_bytes()
    with pytest.raises(SourceError, match="no readable Parquet file"):
        read(content[:-100], path="cut.parquet")
    damaged = bytearray(content)
    damaged[50:90_000] = bytes(89_950)
    with pytest.raises(SourceError, match="cannot be read to its end"):
        read(bytes(damaged), path="damaged.parquet")
    pq.write_table(pa.table([[1], [2]], names=["a", "A"]), read.root / "twice.parquet")
    with pytest.raises(SourceError, match="`a` and `A`"):
        read(path="twice.parquet")


def workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Orders"
    rows = {
        2: ["Orders of May", None, None, None],
        4: ["id", "when", "amount", "note"],
        5: [17850, datetime(2024, 1, 5, 10, 30), 2.55, "001"],
        6: [None, None, None, None],
        7: ["C1", date(2024, 1, 6), 10, True],
        8: [0.1, time(9, 5), 1e20, "\u00e9\n"],
        9: [1, 2, 3, 4, "beyond"],
        10: [timedelta(hours=30, minutes=1), None, -5.0, "#N/A"],
    }
    for number, cells in rows.items():
        for column, value in enumerate(cells, 2):
            sheet.cell(number, column, value)
    book.create_sheet("Empty")
    book.save(path)


def test_a_sheet_of_a_workbook(read: Any) -> None:
    workbook(read.root / "book.xlsx")
    result = read(path="book.xlsx", sheet="Orders", skip_rows=3)
    assert result.received.columns == ("id", "when", "amount", "note")
    assert result.rows == [
        ("17850", "2024-01-05 10:30:00", "2.55", "001"),
        ("C1", "2024-01-06", "10", "true"),
        ("0.1", "09:05:00", "1e+20", "\u00e9\n"),
        ("30:01:00", None, "-5", None),  # an error value is null
    ]
    assert result.numbers == [5, 7, 8, 10]  # as the sheet shows them
    reason = "a value stands right of the last column that has a name"
    assert result.broken == [(9, "1\t2\t3\t4\tbeyond", reason)]
    assert read(path="book.xlsx", skip_rows=3).rows == result.rows
    names = ["a", "b", "c", "d"]
    assert read(path="book.xlsx", skip_rows=4, header=False, names=names).rows == result.rows


def test_what_a_workbook_lacks_is_an_error(read: Any) -> None:
    workbook(read.root / "book.xlsx")
    with pytest.raises(SourceError, match=r"no sheet `Order`.*Did you mean `Orders`"):
        read(path="book.xlsx", sheet="Order")
    with pytest.raises(SourceError, match="the sheet is empty"):
        read(path="book.xlsx", sheet="Empty")
    with pytest.raises(SourceError, match="no readable workbook"):
        read(b"a,b\n", path="fake.xlsx")
    content = (read.root / "book.xlsx").read_bytes()
    with pytest.raises(SourceError, match="no readable workbook"):
        read(content[:500], path="cut.xlsx")


def test_json_lines(read: Any) -> None:
    content = (
        b'{"id": 1, "price": 1.10, "big": 12345678901234567890123, "ok": true}\n'
        b"\n"
        b'{"id": "a\\nb", "tags": ["x", 1, {"y": 2.50}], "price": null}\r\n'
        b'{"new": "", "id": 1e5}'
    )
    result = read(content, path="a.jsonl")
    assert result.received.columns == ("id", "price", "big", "ok", "tags", "new")
    assert result.rows == [
        ("1", "1.10", "12345678901234567890123", "true", None, None),
        ("a\nb", None, None, None, '["x",1,{"y":2.5}]', None),
        ("1e5", None, None, None, None, ""),
    ]
    assert result.numbers == [1, 2, 3]
    assert read(gzip.compress(content), path="a.jsonl.gz").rows == result.rows


def test_broken_json_lines_are_kept_with_their_reason(read: Any) -> None:
    deep = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    lines = [
        b'{"a": 1}', b'{"a": 1', b"[1, 2]", b'{"a": 1, "a": 2}', b'{"a": NaN}', b'{"a": "\xff"}',
        b'{"a": "\\ud800"}', b'{"a": "\\u0000"}', deep, b'{"a": 2}',
    ]  # fmt: skip
    result = read(b"\n".join(lines), path="b.jsonl")
    assert result.rows == [("1",), ("2",)]
    assert result.numbers == [1, 10]
    reasons = [error for _, _, error in result.broken]
    for reason, words in zip(
        reasons,
        ["no JSON", "no JSON object", "twice", "NaN", "bytes", "bytes", "NUL", "deeply"],
        strict=True,
    ):
        assert words in reason


def test_json_lines_without_an_object_are_an_error(read: Any) -> None:
    for content in (b"", b"[1]\n", b"\n"):
        with pytest.raises(SourceError, match="no JSON objects"):
            read(content, path="c.jsonl")
    with pytest.raises(SourceError, match="`Id` and `id`"):
        read(b'{"Id": 1}\n{"id": 2}\n', path="c.jsonl")


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5).filter(str.isprintable)
)


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, min_size=1), min_size=1))
def test_json_lines_are_read_as_pythons_reader_reads_them(
    read: Any, rows: list[dict[str, object]]
) -> None:
    content = "\n".join(json.dumps(row) for row in rows).encode()
    result = read(content, path="d.jsonl")
    found = [dict(zip(result.received.columns, row, strict=True)) for row in result.rows]

    def text(value: object) -> str | None:
        if isinstance(value, bool):
            return "true" if value else "false"
        return None if value is None else str(value)

    assert found == [{key: text(row.get(key)) for key in result.received.columns} for row in rows]


def source(path: str, **read: Any) -> SourceParams:
    return SourceParams.model_validate({"path": path, "read": read})


def test_a_file_is_found_through_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    monkeypatch.setenv("SOMEWHERE", str(tmp_path))
    found = source("${env:SOMEWHERE}/a.csv")
    assert probe(found, root=Path("elsewhere"), where="w") == ("x", "y")
    monkeypatch.delenv("SOMEWHERE")
    with pytest.raises(SourceError, match="SOMEWHERE is not set"):
        probe(found, root=Path("elsewhere"), where="w")


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not there"):
        probe(source("none.csv"), root=tmp_path, where="w")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SourceError, match="is a folder"):
        probe(source("folder.csv"), root=tmp_path, where="w")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n")
    (tmp_path / "a.csv").chmod(0)
    with pytest.raises(SourceError, match="cannot be read"):
        probe(source("a.csv"), root=tmp_path, where="w")


def test_probing_reads_the_header_only(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'x,y\n"never closed')
    (tmp_path / "b.jsonl").write_bytes(b'{"x": 1}\nbroken\n{"y": 1}\n')
    pq.write_table(pa.table({"x": [1]}), tmp_path / "c.parquet")
    workbook(tmp_path / "d.xlsx")
    for path, columns in (
        ("a.csv", ("x", "y")),
        ("b.jsonl", ("x", "y")),
        ("c.parquet", ("x",)),
    ):
        assert probe(source(path), root=tmp_path, where="w") == columns
    assert probe(source("d.xlsx", skip_rows=3), root=tmp_path, where="w")[0] == "id"


def test_an_unchanged_file_is_known_by_size_time_and_inode(
    tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x\n1\n")
    out = tmp_path / "out.parquet"
    found = source("a.csv")
    received = receive(found, name="till", root=tmp_path, connection=engine, out=out, where="w")
    assert set(received.fingerprint) == {"size", "mtime_ns", "inode", "sha256"}
    kept = json.loads(json.dumps(dict(received.fingerprint)))
    assert unchanged(found, kept, root=tmp_path)
    os.utime(path, ns=(1, 1))
    assert not unchanged(found, kept, root=tmp_path)
    path.unlink()
    assert not unchanged(found, kept, root=tmp_path)
    assert not unchanged(found, {}, root=tmp_path)


def test_a_file_that_changes_while_it_is_read_is_an_error(
    tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    (tmp_path / "a.csv").write_text("x\n" + "1\n" * 1000)

    def grow(share: float | None) -> None:
        os.utime(tmp_path / "a.csv", ns=(1, 1))

    with pytest.raises(SourceError, match="changed while it was read"):
        receive(
            source("a.csv"), name="till", root=tmp_path, connection=engine,
            out=tmp_path / "out.parquet", where="w", progress=grow,
        )  # fmt: skip


def test_progress_ends_at_one(tmp_path: Path, engine: duckdb.DuckDBPyConnection) -> None:
    (tmp_path / "a.csv").write_text("x\n" + "1\n" * 1000)
    seen: list[float | None] = []
    receive(
        source("a.csv"), name="till", root=tmp_path, connection=engine,
        out=tmp_path / "out.parquet", where="w", progress=seen.append,
    )  # fmt: skip
    shares = [share for share in seen if share is not None]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_second_run_leaves_nothing_of_the_first(
    tmp_path: Path, engine: duckdb.DuckDBPyConnection
) -> None:
    out = tmp_path / "held" / "out.parquet"
    for content, files in (("x,y\n1\n", 2), ("x,y\n1,2\n", 1)):
        (tmp_path / "a.csv").write_text(content)
        receive(source("a.csv"), name="a", root=tmp_path, connection=engine, out=out, where="w")
        assert len(list(out.parent.iterdir())) == files
    assert out.parent.stat().st_mode & 0o777 == 0o700
