"""The records of a regular file that are no rows: another number of fields, or no text.

Found by counting delimiters between the ends of records, a few megabytes at a time, so that one
bad record in a large file costs a second look at its bytes and not a careful reading of it all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from workbench.data.sources.received import UnreadableLine
from workbench.data.sources.records import Dialect, read_records
from workbench.data.sources.structure import LINE_FEED, segments
from workbench.data.sources.text import BAD_BYTES, escaped

__all__ = ["field_error", "find_ragged", "makes_row", "number_rows"]


def find_ragged(
    stream: BinaryIO, *, delimiter: str, quote: str, skip_rows: int, header: bool, width: int
) -> Iterator[UnreadableLine]:
    """Yield the records of a regular UTF-8 file (`structure.scan`) that do not make a row.

    Parameters
    ----------
    stream
        The file's bytes, not compressed.
    delimiter, quote, skip_rows, header
        As the file is read.
    width
        Number of columns.
    """
    for _ in range(skip_rows):
        stream.readline()
    number, rest, dialect = -int(header), b"", Dialect(delimiter, quote)
    for segment in segments(stream):
        block = rest + segment
        starts, ends, counts = _records(block, ord(delimiter), ord(quote) if quote else -1)
        rest = block[ends[-1] + 1 :] if len(ends) else block
        yield from _bad(block, starts, ends, counts, number, width, dialect)
        number += len(ends)
    if rest:
        block = rest + b"\n"
        starts, ends, counts = _records(block, ord(delimiter), ord(quote) if quote else -1)
        yield from _bad(block, starts, ends, counts, number, width, dialect)


def _records(
    block: bytes, delimiter: int, quote: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return where the records of a block start and end (blank ones left out), and their fields."""
    data = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(data == LINE_FEED)
    marks = np.flatnonzero(data == delimiter)
    if quote >= 0 and bytes([quote]) in block:
        quotes = np.flatnonzero(data == quote)
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
        marks = marks[np.searchsorted(quotes, marks) % 2 == 0]
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])[: len(ends)]
    counts = np.diff(np.searchsorted(marks, ends), prepend=0) + 1
    sizes = ends - starts - (data[ends - 1] == 13)
    held = sizes > 0
    return starts[held], ends[held], counts[held]


def _bad(
    block: bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    counts: NDArray[np.int64],
    number: int,
    width: int,
    dialect: Dialect,
) -> Iterator[UnreadableLine]:
    broken = _broken_text(block, starts, ends)
    wrong = set(np.flatnonzero(counts != width).tolist()) | broken
    for index in sorted(wrong):
        if number + index < 0:  # the header
            continue
        text = block[starts[index] : ends[index]].decode("utf-8", "surrogateescape").rstrip("\r")
        if index not in broken and makes_row(_fields(text, dialect), width):
            continue
        error = BAD_BYTES if index in broken else field_error(int(counts[index]), width)
        yield UnreadableLine(number + index + 1, escaped(text), error)


def _broken_text(block: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> set[int]:
    """Return which records hold bytes that are no UTF-8."""
    broken: set[int] = set()
    begin = 0
    view = memoryview(block)
    while len(ends) and begin <= ends[-1]:
        try:
            str(view[begin : int(ends[-1]) + 1], "utf-8")
        except UnicodeDecodeError as error:
            index = int(np.searchsorted(ends, begin + error.start))
            broken.add(index)
            begin = int(ends[index]) + 1
        else:
            break
    return broken


def _fields(text: str, dialect: Dialect) -> list[str]:
    found = next(read_records(iter([text]), dialect, where=""), None)
    return (found.fields or []) if found is not None else []


def makes_row(fields: Sequence[str], width: int) -> bool:
    """Tell whether a record's fields fill the columns, with nothing beyond the last one."""
    return len(fields) == width or (len(fields) > width and not any(fields[width:]))


def field_error(count: int, width: int) -> str:
    """Return in words that a record has another number of fields than there are columns."""
    fields, columns = (
        f"{n} {noun}{'s' * (n != 1)}" for n, noun in ((count, "field"), (width, "column"))
    )
    return f"{fields} where there {'is' if width == 1 else 'are'} {columns}"


def number_rows(path: Path, numbered: Path, missing: NDArray[np.int64], record: str) -> None:
    """Copy a Parquet file, adding each row's number in the source.

    Parameters
    ----------
    path, numbered
        The rows, and the file to write.
    missing
        The sorted numbers, from 1, of the records that are not among the rows.
    record
        Name of the column with the numbers.
    """
    # Row k is record k + 1, plus one for each missing record before it.
    breaks = missing - np.arange(len(missing)) - 1
    done = 0
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow.append(pa.field(record, pa.int64()))
        with pq.ParquetWriter(numbered, schema, compression="zstd") as writer:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                rows = np.arange(done, done + table.num_rows)
                done += table.num_rows
                numbers = rows + 1 + np.searchsorted(breaks, rows, side="right")
                writer.write_table(table.append_column(record, pa.array(numbers)))
