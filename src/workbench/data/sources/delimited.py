"""Delimited text (CSV and the like) -> received rows.

A regular file (`structure`) is read by the engine, in parallel, and its count of rows is compared
with the count of records made from the file's bytes. Any other file, and any file over which the
two disagree, is read by the careful reader (`records`), record by record.

A record with too few fields, or with something beyond the last column, is unreadable; empty fields
beyond the last column hold nothing, and are no reason to refuse a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from workbench.data.quoting import literal
from workbench.data.sources.files import is_gzip, open_bytes
from workbench.data.sources.ragged import field_error, find_ragged, makes_row, number_rows
from workbench.data.sources.received import (
    Progress,
    Received,
    UnreadableLine,
    checked_names,
    keep,
    private_folder,
    received,
    record_column,
)
from workbench.data.sources.records import Dialect, Record, read_records
from workbench.data.sources.structure import Structure, scan
from workbench.data.sources.text import (
    Lines,
    escaped,
    is_utf8,
    open_text,
    wide_encoding,
    write_utf8,
)
from workbench.data.sources.writing import RowWriter, UnreadableWriter, write_query
from workbench.errors import SourceError
from workbench.params import ReadParams

__all__ = ["column_names", "receive_delimited"]

_ENGINE_LONGEST = 16 << 20
"""Bytes of a record up to which the engine reads it; its buffers grow with it."""

_LINE, _BUFFER = 2 << 20, 32 << 20
"""The engine's own sizes for a line and for the piece of a file that one thread reads."""


def column_names(path: Path, read: ReadParams, *, where: str) -> tuple[str, ...]:
    """Return the columns of a delimited file, reading no further than its first record.

    Raises
    ------
    SourceError
        When the file is empty, its header cannot be read, or two columns have one name.
    """
    with open_text(path, read.encoding, read.skip_rows, where) as stream:
        first = next(_records(stream, read, where), None)
    if first is None:
        raise SourceError(
            "the file is empty", where=where, fix="Even a source without rows needs its header."
        )
    if first.fields is None:
        raise SourceError(
            f"the header cannot be read: {first.error}",
            where=where,
            fix=f"It looks like {wide}: state `encoding: {wide}` under `read:`."
            if (wide := wide_encoding(path))
            else "Check `delimiter`, `quote` and `encoding` under `read:`.",
        )
    if not read.header:
        return checked_names(read.names or (), where=where)
    header = checked_names(first.fields, where=where) if read.names is None else first.fields
    if read.names is None:
        return tuple(header)
    if len(read.names) != len(header):
        raise SourceError(
            f"`names` has {len(read.names)} columns, the file's header {len(header)}",
            where=where,
            fix=f"The header is: {', '.join(header)}.",
        )
    return checked_names(read.names, where=where)


def receive_delimited(
    path: Path,
    read: ReadParams,
    *,
    out: Path,
    connection: duckdb.DuckDBPyConnection,
    where: str,
    progress: Progress,
) -> Received:
    """Return the rows of a delimited file as they came.

    Raises
    ------
    SourceError
        When the file is empty or its header cannot be read, when it cannot be decoded at all, or
        when a line has no end.
    """
    columns = column_names(path, read, where=where)
    with private_folder(out) as folder:
        work = _Reading(path, read, columns, folder, out, connection, where, progress)
        try:
            found = work.by_engine()
        except duckdb.OutOfMemoryException:
            # Thousands of columns can need more than the engine may hold; single records do not.
            found = None
        return found or work.carefully()


@dataclass(frozen=True)
class _Reading:
    """One file on its way to received rows."""

    path: Path
    read: ReadParams
    columns: tuple[str, ...]
    folder: Path
    out: Path
    connection: duckdb.DuckDBPyConnection
    where: str
    progress: Progress

    @property
    def rows(self) -> Path:
        return self.folder / "rows.parquet"

    @property
    def spoiled(self) -> Path:
        return self.folder / "unreadable.parquet"

    def by_engine(self) -> Received | None:
        """Let the engine read the file; None where it is not regular, or the counts disagree."""
        text = None if self.read.spaces else self._as_utf8()
        if text is None:
            return None
        found = self._scan(text)
        if not _suits_engine(found):
            return None
        expected = found.records - self.read.header
        rows = self._query(text, found, leave_out=False)
        if rows == expected:
            return Received(keep(self.rows, self.out), self.columns, rows)
        if rows is not None:
            return None
        missing = self._set_ragged_aside(text)
        rows = self._query(text, found, leave_out=True)
        if rows is None or rows + len(missing) != expected:
            return None
        record = record_column(self.columns)
        made = self.folder / "numbered.parquet"
        number_rows(self.rows, made, missing, record)
        return received(
            made, self.out, self.columns, rows, record, self.spoiled, unreadable_rows=len(missing)
        )

    def _as_utf8(self) -> Path | None:
        """Return the file itself, or a copy in UTF-8, or None where it cannot all be decoded."""
        if is_utf8(self.read.encoding):
            return self.path
        copy = self.folder / "text.csv"
        return copy if write_utf8(self.path, self.read.encoding, copy) else None

    def _scan(self, text: Path) -> Structure:
        size, done, packed = max(text.stat().st_size, 1), 0, is_gzip(text)

        def on_bytes(count: int) -> None:
            nonlocal done
            done += count
            # The size of what a .gz holds is not known before its end.
            self.progress(None if packed else min(done / size, 1) / 2)

        with open_bytes(text) as stream:
            return scan(
                stream,
                delimiter=self.read.delimiter,
                quote=self.read.quote,
                skip_rows=self.read.skip_rows,
                on_bytes=on_bytes,
            )

    def _query(self, text: Path, found: Structure, *, leave_out: bool) -> int | None:
        """Write a regular file's rows as Parquet; the number of rows, or None where it is ragged.

        With ``leave_out`` the records that are no rows are left out, in silence: count them.
        """
        # `new_line` is not among these on purpose: told '\r\n', DuckDB 1.5 loses or joins lines.
        options = {
            "auto_detect": "false",
            "all_varchar": "true",
            "columns": "{"
            + ", ".join(f"{literal(name)}: 'VARCHAR'" for name in self.columns)
            + "}",
            "header": str(self.read.header).lower(),
            "skip": str(self.read.skip_rows),
            "delim": literal(self.read.delimiter),
            "quote": literal(self.read.quote),
            "escape": literal(self.read.quote),
            "comment": "''",
            "nullstr": "''",
            "strict_mode": "true",
            "ignore_errors": str(leave_out).lower(),
            "null_padding": "false",
            "compression": "'gzip'" if is_gzip(text) else "'none'",
            "max_line_size": str(max(_LINE, found.longest + 2)),
            "buffer_size": str(max(_BUFFER, 2 * found.longest + 4)),
        }
        stated = ", ".join(f"{name} = {value}" for name, value in options.items())
        try:
            return write_query(
                self.connection,
                f"SELECT * FROM read_csv({literal(str(text))}, {stated})",
                self.rows,
                lambda rows: self.progress(0.5 + min(rows / found.records, 1) / 2),
            )
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            return None

    def _set_ragged_aside(self, text: Path) -> NDArray[np.int64]:
        """Keep the records that are no rows as unreadable, and return their numbers."""
        missing = []
        with open_bytes(text) as stream, UnreadableWriter(self.spoiled) as unreadable:
            for line in find_ragged(
                stream,
                delimiter=self.read.delimiter,
                quote=self.read.quote,
                skip_rows=self.read.skip_rows,
                header=self.read.header,
                width=len(self.columns),
            ):
                unreadable.add(line)
                missing.append(line.record)
        return np.array(missing, dtype=np.int64)

    def carefully(self) -> Received:
        """Write each record as a row, or as an unreadable one with its reason."""
        width, record = len(self.columns), record_column(self.columns)
        with (
            open_text(self.path, self.read.encoding, self.read.skip_rows, self.where) as lines,
            RowWriter(self.rows, self.columns, record=record) as rows,
            UnreadableWriter(self.spoiled) as unreadable,
        ):
            records = _records(lines, self.read, self.where)
            if self.read.header:
                next(records)
            for number, found in enumerate(records, 1):
                if found.fields is not None and makes_row(found.fields, width):
                    rows.add([cell or None for cell in found.fields[:width]], number, found.size)
                else:
                    unreadable.add(_unreadable(found, number, width))
                if number % 50_000 == 0:
                    self.progress(None)
        return received(
            self.rows,
            self.out,
            self.columns,
            rows.rows,
            record,
            self.spoiled,
            unreadable_rows=unreadable.rows,
        )


def _suits_engine(found: Structure) -> bool:
    return found.regular and found.longest <= _ENGINE_LONGEST


def _unreadable(found: Record, number: int, width: int) -> UnreadableLine:
    text = found.text.rstrip("\r\n")
    error = found.error
    if found.fields is not None:
        error = field_error(len(found.fields), width)
    return UnreadableLine(number, escaped(text), error)


def _records(stream: Lines, read: ReadParams, where: str) -> Iterator[Record]:
    return read_records(stream, Dialect(read.delimiter, read.quote, read.spaces), where=where)
