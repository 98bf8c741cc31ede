"""Delimited text (CSV and the like) -> received rows.

A regular file (`structure`) is read by the engine, in parallel, and its count of rows is compared
with the count of records made from the file's bytes. Any other file, and any file over which the
two disagree, is read by the careful reader (`records`), record by record.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from workbench.data.engine import literal
from workbench.data.sources.files import is_gzip, open_bytes
from workbench.data.sources.received import (
    Progress,
    Received,
    RowWriter,
    UnreadableLine,
    UnreadableWriter,
    checked_names,
    keep,
    private_folder,
    received,
    record_column,
    row_group_size,
)
from workbench.data.sources.records import Dialect, Record, read_records
from workbench.data.sources.structure import Structure, scan
from workbench.data.sources.text import Lines, escaped, is_utf8, open_text, write_utf8
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
            fix="Check `delimiter`, `quote` and `encoding` under `read:`.",
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
        if not read.spaces:
            text = _as_utf8(path, read, folder)
            found = None if text is None else _scan(text, read, progress)
            if text is not None and found is not None and _suits_engine(found):
                made = folder / "rows.parquet"
                rows = _by_engine(text, read, columns, found, connection, made)
                if rows == found.records - read.header:
                    return Received(keep(made, out), columns, rows)
        return _carefully(path, read, columns, folder, out, where, progress)


def _suits_engine(found: Structure) -> bool:
    return found.regular and found.longest <= _ENGINE_LONGEST


def _scan(path: Path, read: ReadParams, progress: Progress) -> Structure:
    size = max(path.stat().st_size, 1)
    done = 0

    def on_bytes(count: int) -> None:
        nonlocal done
        done += count
        # The size of what a .gz holds is not known before its end.
        progress(None if is_compressed else min(done / size, 1) / 2)

    is_compressed = is_gzip(path)
    with open_bytes(path) as stream:
        return scan(
            stream,
            delimiter=read.delimiter,
            quote=read.quote,
            skip_rows=read.skip_rows,
            on_bytes=on_bytes,
        )


def _by_engine(
    path: Path,
    read: ReadParams,
    columns: tuple[str, ...],
    found: Structure,
    connection: duckdb.DuckDBPyConnection,
    made: Path,
) -> int | None:
    """Write a regular file's rows as Parquet; the number of rows, or None where it is ragged."""
    # `new_line` is left out on purpose: DuckDB 1.5 loses or joins lines when told '\r\n'.
    options = {
        "auto_detect": "false",
        "all_varchar": "true",
        "columns": "{" + ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns) + "}",
        "header": str(read.header).lower(),
        "skip": str(read.skip_rows),
        "delim": literal(read.delimiter),
        "quote": literal(read.quote),
        "escape": literal(read.quote),
        "comment": "''",
        "nullstr": "''",
        "strict_mode": "true",
        "null_padding": "false",
        "compression": "'gzip'" if is_gzip(path) else "'none'",
        "max_line_size": str(max(_LINE, found.longest + 2)),
        "buffer_size": str(max(_BUFFER, 2 * found.longest + 4)),
    }
    reader = (
        f"read_csv({literal(str(path))}, {', '.join(f'{k} = {v}' for k, v in options.items())})"
    )
    try:
        row = connection.execute(
            f"COPY (SELECT * FROM {reader}) TO {literal(str(made))} (FORMAT parquet,"
            f" COMPRESSION zstd, ROW_GROUP_SIZE {row_group_size(len(columns))})"
        ).fetchone()
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return None
    assert row is not None
    return int(row[0])


def _carefully(
    path: Path,
    read: ReadParams,
    columns: tuple[str, ...],
    folder: Path,
    out: Path,
    where: str,
    progress: Progress,
) -> Received:
    """Write each record as a row, or as an unreadable one with its reason."""
    made, spoiled = folder / "rows.parquet", folder / "unreadable.parquet"
    width = len(columns)
    record = record_column(columns)
    number = 0
    with (
        open_text(path, read.encoding, read.skip_rows, where) as stream,
        RowWriter(made, columns, record=record) as rows,
        UnreadableWriter(spoiled) as unreadable,
    ):
        records = _records(stream, read, where)
        if read.header:
            next(records)
        for number, found in enumerate(records, 1):
            if found.fields is not None and len(found.fields) == width:
                rows.add([cell or None for cell in found.fields], number, found.size)
            else:
                unreadable.add(_unreadable(found, number, width))
            if number % 50_000 == 0:
                progress(None)
    return received(made, out, columns, rows, record, spoiled, unreadable)


def _unreadable(found: Record, number: int, width: int) -> UnreadableLine:
    text = found.text.rstrip("\r\n")
    error = found.error
    if found.fields is not None:
        count = len(found.fields)
        error = f"{count} field{'s' * (count != 1)} where there are {width} columns"
    return UnreadableLine(number, escaped(text), error)


def _records(stream: Lines, read: ReadParams, where: str) -> Iterator[Record]:
    return read_records(stream, Dialect(read.delimiter, read.quote, read.spaces), where=where)


def _as_utf8(path: Path, read: ReadParams, folder: Path) -> Path | None:
    """Return the file itself, or a copy in UTF-8, or None where it cannot be decoded throughout."""
    if is_utf8(read.encoding):
        return path
    copy = folder / "text.csv"
    return copy if write_utf8(path, read.encoding, copy) else None
