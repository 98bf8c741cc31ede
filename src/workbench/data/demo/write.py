"""Bytes of every file format that the demo suite uses, the same on every run.

No clock goes in: gzip's time is nought, a database is written in one transaction. A file whose
content would not change is not touched.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.data.demo.shared import Texts

__all__ = [
    "csv_bytes",
    "gzip_bytes",
    "jsonl_bytes",
    "parquet_bytes",
    "put",
    "sqlite_bytes",
]


def put(path: Path, content: bytes) -> None:
    """Write a file by way of a temporary sibling; leave it alone when it holds the same already."""
    if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    sibling = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        sibling.write_bytes(content)
        sibling.replace(path)
    finally:
        sibling.unlink(missing_ok=True)


def csv_bytes(
    columns: Mapping[str, Texts],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    broken: Mapping[int, str] | None = None,
) -> bytes:
    """Return a CSV file with a header.

    Parameters
    ----------
    columns
        Column -> its values as text, of equal length.
    delimiter, encoding
        As the reader will need them; a character that the encoding lacks is an error.
    broken
        Row index -> a whole line to stand in the row's place.
    """
    held = io.StringIO()
    writer = csv.writer(held, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    rows = list(zip(*(column.tolist() for column in columns.values()), strict=True))
    begin = 0
    for index in sorted(broken or {}):
        writer.writerows(rows[begin:index])
        held.write((broken or {})[index] + "\n")
        begin = index + 1
    writer.writerows(rows[begin:])
    return held.getvalue().encode(encoding)


def gzip_bytes(content: bytes) -> bytes:
    """Return the content in gzip's form, without a time."""
    return gzip.compress(content, 6, mtime=0)


def jsonl_bytes(records: Sequence[Mapping[str, Any]]) -> bytes:
    """Return JSON lines; letters of all scripts stand as they are."""
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    return ("\n".join(lines) + "\n").encode()


def parquet_bytes(columns: Mapping[str, pa.Array]) -> bytes:
    """Return a Parquet file with one row group."""
    held = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), held, compression="zstd", row_group_size=1_000_000)
    return held.getvalue()


def _as_stored(value: str, kind: str) -> str | int | float | None:
    """Return a value as a careless web shop stores it: a number where it is one, else the text."""
    if value == "":
        return None
    try:
        if kind == "INTEGER":
            return int(value)
        if kind == "REAL":
            return float(value)
    except ValueError:
        return value
    return value


def sqlite_bytes(tables: Mapping[str, tuple[Mapping[str, str], Mapping[str, Texts]]]) -> bytes:
    """Return a SQLite database.

    Parameters
    ----------
    tables
        Table -> (column -> ``TEXT``, ``INTEGER`` or ``REAL``; column -> its values as text). An
        empty text becomes NULL; a text that is no number stays a text, which SQLite allows.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shop.db"
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA page_size = 4096")
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN")
            for name, (kinds, columns) in tables.items():
                declared = ", ".join(f'"{column}" {kind}' for column, kind in kinds.items())
                connection.execute(f'CREATE TABLE "{name}" ({declared})')
                stored = [
                    [_as_stored(value, kind) for value in columns[column].tolist()]
                    for column, kind in kinds.items()
                ]
                marks = ", ".join("?" * len(kinds))
                connection.executemany(
                    f'INSERT INTO "{name}" VALUES ({marks})', zip(*stored, strict=True)
                )
            connection.execute("COMMIT")
        finally:
            connection.close()
        return path.read_bytes()
