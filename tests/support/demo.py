"""The demo's raw files, read with nothing of the package: csv, sqlite3, json, pyarrow, openpyxl."""

from __future__ import annotations

import csv
import gzip
import json
import sqlite3
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq

from workbench.data.demo import DemoTruth, UnitTruth

SEED = 20250630
AS_OF = date(2025, 6, 30)

Record = dict[str, Any]

# file -> (delimiter, encoding)
_CSV = {
    "brook/till_customers.csv": (";", "cp1252"),
    "brook/till_sales.csv.gz": (";", "cp1252"),
}
_SQL = {"customers": "accounts", "orders": "orders"}


@dataclass(frozen=True)
class Demo:
    """A folder of raw files with its truth."""

    raw: Path
    truth: DemoTruth

    def unit(self, name: str) -> UnitTruth:
        return self.truth.units[name]

    def read(self, file: str, table: str = "") -> list[Record]:
        """Return the records of a file; a CSV line with too many fields has them under None."""
        return _read(self.raw, file, table)


@cache
def _read(raw: Path, file: str, table: str) -> list[Record]:
    path = raw / file
    if file.endswith(".db"):
        connection = sqlite3.connect(path)
        try:
            connection.row_factory = sqlite3.Row
            rows = connection.execute(f'select * from "{_SQL[table]}" order by rowid').fetchall()
            return [dict(row) for row in rows]
        finally:
            connection.close()
    if file.endswith(".parquet"):
        records: list[Record] = pq.read_table(path).to_pylist()
        return records
    if file.endswith(".xlsx"):
        book = openpyxl.load_workbook(path)
        header, *rows = book.active.iter_rows(values_only=True)
        return [dict(zip(header, row, strict=True)) for row in rows]
    content = path.read_bytes()
    if file.endswith(".gz"):
        content = gzip.decompress(content)
    if file.endswith(".jsonl"):
        return [json.loads(line) for line in content.decode().splitlines()]
    delimiter, encoding = _CSV.get(file, (",", "utf-8"))
    lines = content.decode(encoding).split("\n")
    return list(csv.DictReader(lines, delimiter=delimiter))


def as_text(value: Any) -> str:
    """Return a stored value as the text that the truth knows."""
    return "" if value is None else str(value)
