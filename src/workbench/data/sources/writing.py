"""Received rows -> Parquet, in row groups whose bounds depend on the rows alone.

So the same source gives the same bytes on each run, whatever the number of threads; and a wide
table is written in small groups, so that one fits in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from workbench.data.sources.received import UnreadableLine

__all__ = ["RowGroups", "RowWriter", "UnreadableWriter", "row_group_size", "write_query"]

_BATCH_CELLS = 500_000
_BATCH_CHARACTERS = 64_000_000
_UNREADABLE = pa.schema([("record", pa.int64()), ("text", pa.string()), ("error", pa.string())])

_ENGINE_ERRORS: dict[str, type[duckdb.Error]] = {
    "Invalid Input Error": duckdb.InvalidInputException,
    "Conversion Error": duckdb.ConversionException,
    "Out of Memory Error": duckdb.OutOfMemoryException,
    "IO Error": duckdb.IOException,
}
"""How the engine's errors begin when they come through an Arrow stream, as a plain OSError."""


def row_group_size(columns: int) -> int:
    """Return the rows of a Parquet row group: fewer for wide tables, so that one fits in memory."""
    return max(2048, min(122_880, 4_000_000 // max(columns, 1) // 2048 * 2048))


class RowGroups:
    """Writes record batches to a Parquet file in row groups of exactly ``size`` rows."""

    def __init__(self, path: Path, schema: pa.Schema, size: int) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._size = size
        self._pending: list[pa.RecordBatch] = []
        self._rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch of any length."""
        self._pending.append(batch)
        self._rows += batch.num_rows
        while self._rows >= self._size:
            self._write(self._size)

    def flush(self) -> None:
        """Write what is left as a row group of its own."""
        if self._rows:
            self._write(self._rows)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()

    def _write(self, rows: int) -> None:
        table = pa.Table.from_batches(self._pending)
        self._writer.write_table(table.slice(0, rows), row_group_size=rows)
        rest = table.slice(rows)
        self._pending = rest.to_batches() if rest.num_rows else []
        self._rows = rest.num_rows


def write_query(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    path: Path,
    on_rows: Callable[[int], None] | None = None,
) -> int:
    """Write a query's rows to a Parquet file as they stream, and return their number.

    The engine's own COPY ends row groups where its threads do, and holds all columns of several
    groups at once: 5,000 columns do not fit into 2 GB.

    Parameters
    ----------
    connection
        The engine.
    sql
        A SELECT.
    path
        The file to write.
    on_rows
        Called with the number of rows written so far.

    Raises
    ------
    duckdb.Error
        What the engine says, whether at the start or in the middle.
    """
    try:
        width = len(connection.execute(f"DESCRIBE {sql}").fetchall())
        size = row_group_size(width)
        reader = connection.execute(sql).to_arrow_reader(size)
        groups = RowGroups(path, reader.schema, size)
        rows = 0
        try:
            for batch in reader:
                groups.add(batch)
                rows += batch.num_rows
                if on_rows is not None:
                    on_rows(rows)
            groups.flush()
        finally:
            groups.close()
    except OSError as error:
        for start, kind in _ENGINE_ERRORS.items():
            if str(error).startswith(start):
                raise kind(str(error)) from error
        raise
    return rows


class RowWriter:
    """Writes rows of texts to a Parquet file, in batches of bounded size.

    Parameters
    ----------
    path
        The file to write.
    columns
        Names of the text columns.
    record
        Name of a further column with each row's number in the source (`record_column`), or None.
    """

    def __init__(self, path: Path, columns: Sequence[str], *, record: str | None = None) -> None:
        fields = [pa.field(name, pa.string()) for name in columns]
        if record is not None:
            fields.append(pa.field(record, pa.int64()))
        self.schema = pa.schema(fields)
        self.added = self.rows = 0
        self._record = record is not None
        self._rows: list[Sequence[str | None]] = []
        self._records: list[int] = []
        self._characters = 0
        self._limit = max(1, min(_BATCH_CELLS // max(len(columns), 1), 100_000))
        self._groups = RowGroups(path, self.schema, row_group_size(len(columns)))

    def __enter__(self) -> RowWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
            self._groups.flush()
        self._groups.close()

    def add(self, row: Sequence[str | None], record: int = 0, characters: int = 0) -> None:
        """Add one row; ``characters`` is about how long its text is."""
        self._rows.append(row)
        self.added += 1
        if self._record:
            self._records.append(record)
        self._characters += characters
        if len(self._rows) >= self._limit or self._characters >= _BATCH_CHARACTERS:
            self._flush()

    def extend(self, rows: Iterable[Sequence[str | None]]) -> None:
        """Add rows that carry no number."""
        for row in rows:
            self.add(row, characters=sum(map(len, filter(None, row))))

    def _flush(self) -> None:
        if not self._rows:
            return
        columns = [pa.array(values, pa.string()) for values in zip(*self._rows, strict=True)]
        if self._record:
            columns.append(pa.array(self._records, pa.int64()))
        batch = pa.record_batch(columns, schema=self.schema)
        self.rows += len(self._rows)
        heavy = self._characters >= _BATCH_CHARACTERS
        self._rows, self._records, self._characters = [], [], 0
        self._groups.add(batch)
        if heavy:
            self._groups.flush()


class UnreadableWriter:
    """Writes unreadable records to a Parquet file of their own, which is made when one comes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._lines: list[UnreadableLine] = []
        self._characters = 0
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> UnreadableWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        if self._writer is not None:
            self._writer.close()

    def add(self, line: UnreadableLine) -> None:
        """Add one record."""
        self._lines.append(line)
        self._characters += len(line.text)
        self.rows += 1
        if len(self._lines) >= 20_000 or self._characters >= _BATCH_CHARACTERS:
            self._flush()

    def _flush(self) -> None:
        if not self._lines:
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, _UNREADABLE, compression="zstd")
        rows = [
            {"record": line.record, "text": line.text, "error": line.error} for line in self._lines
        ]
        self._writer.write_table(pa.Table.from_pylist(rows, schema=_UNREADABLE))
        self._lines, self._characters = [], 0
