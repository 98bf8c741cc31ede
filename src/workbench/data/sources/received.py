"""What a reader hands on: the received rows, what could not be read, and the source's state."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.errors import SourceError

__all__ = [
    "RECORD",
    "Progress",
    "Received",
    "RowWriter",
    "UnreadableLine",
    "UnreadableWriter",
    "checked_names",
    "keep",
    "private_folder",
    "received",
    "record_column",
    "row_group_size",
]

RECORD = "_record"
"""Column of a received file that holds each row's number in the source, where it needs one."""

_UNREADABLE = pa.schema([("record", pa.int64()), ("text", pa.string()), ("error", pa.string())])

Progress = Callable[[float | None], None]
"""Called with the share of the work that is done (0-1), or None where it cannot be told."""

_BATCH_CELLS = 500_000
_BATCH_CHARACTERS = 64_000_000


@dataclass(frozen=True)
class UnreadableLine:
    r"""A record of a source that cannot be split into its columns.

    Parameters
    ----------
    record
        Its number in the source, from 1, the header not counted.
    text
        The record as it stands in the source; bytes that are no text are written ``\xff``.
    error
        What is wrong, in plain words.
    """

    record: int
    text: str
    error: str


@dataclass(frozen=True)
class Received:
    """A source's rows as they came, in one Parquet file of text columns in the source's order.

    Every record of the source is either a row of ``path`` or one of ``unreadable``.

    Parameters
    ----------
    path
        The Parquet file, readable by its owner only. It may hold the column `RECORD` (BIGINT)
        besides ``columns``.
    columns
        The source's columns, all VARCHAR; null where the source has nothing.
    rows
        Number of rows in ``path``.
    row_sql
        SQL for a row's number in the source: the record's number from 1, header not counted; in
        Excel the number that the sheet shows. It reads ``file_row_number`` or `RECORD`.
    unreadable
        A Parquet file (``record`` BIGINT, ``text``, ``error``) of the records that cannot be split
        into columns, or None where there are none.
    unreadable_rows
        Number of rows in ``unreadable``.
    fingerprint
        State of the source when it was read, JSON values. Files: ``size``, ``mtime_ns``, ``inode``,
        ``sha256``; databases: ``version`` (the answer of ``version_query``, or None), ``sha256`` of
        the rows.
    """

    path: Path
    columns: tuple[str, ...]
    rows: int
    row_sql: str = "file_row_number + 1"
    unreadable: Path | None = None
    unreadable_rows: int = 0
    fingerprint: Mapping[str, object] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """Return the number of records in the source."""
        return self.rows + self.unreadable_rows

    def unreadable_lines(self, limit: int = 1000) -> tuple[UnreadableLine, ...]:
        """Return the first unreadable records, at most ``limit`` of them."""
        if self.unreadable is None:
            return ()
        with pq.ParquetFile(self.unreadable) as file:
            for batch in file.iter_batches(batch_size=limit):
                return tuple(UnreadableLine(**row) for row in batch.to_pylist())
        return ()


def checked_names(names: list[str] | tuple[str, ...], *, where: str) -> tuple[str, ...]:
    """Return a header's names without white space around them, each standing for one column.

    A column without a name is called ``column_<number>``. Two names that differ only in case are
    one to the engine, and so an error.
    """
    tidy = [name.strip().lstrip("\ufeff") or f"column_{i}" for i, name in enumerate(names, 1)]
    seen: dict[str, str] = {}
    for name in tidy:
        if name.lower() in seen:
            raise SourceError(
                f"two columns are called `{seen[name.lower()]}`"
                + (f" and `{name}`" if name != seen[name.lower()] else ""),
                where=where,
                fix="Rename one in the source, or give all columns new ones with `read: names:`.",
            )
        seen[name.lower()] = name
    return tuple(tidy)


def record_column(columns: Sequence[str]) -> str:
    """Return the name for the rows' numbers: `RECORD`, longer where the source has that too."""
    name, taken = RECORD, {column.lower() for column in columns}
    while name in taken:
        name += "_"
    return name


def row_group_size(columns: int) -> int:
    """Return the rows of a Parquet row group: fewer for wide tables, so that one fits in memory."""
    return max(2048, min(122_880, 4_000_000 // max(columns, 1) // 2048 * 2048))


@contextmanager
def private_folder(out: Path) -> Iterator[Path]:
    """Give an owner-only folder beside ``out`` for what must not be seen half done."""
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep(made: Path, out: Path) -> Path:
    """Move a finished file to its place, readable by its owner only."""
    made.chmod(0o600)
    return made.replace(out)


def received(
    made: Path,
    out: Path,
    columns: tuple[str, ...],
    rows: RowWriter,
    record: str,
    spoiled: Path,
    unreadable: UnreadableWriter,
) -> Received:
    """Move both files of a reader that numbers its rows to their places, and say what they hold."""
    target = out.with_name(f"{out.stem}.unreadable.parquet")
    target.unlink(missing_ok=True)
    return Received(
        keep(made, out),
        columns,
        rows.rows,
        row_sql=record,
        unreadable=keep(spoiled, target) if unreadable.rows else None,
        unreadable_rows=unreadable.rows,
    )


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
        self._group = row_group_size(len(columns))
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = 0
        self._writer = pq.ParquetWriter(path, self.schema, compression="zstd")

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
            self._write(self._pending_rows)
        self._writer.close()

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
        self._pending.append(pa.record_batch(columns, schema=self.schema))
        self.rows += len(self._rows)
        self._pending_rows += len(self._rows)
        heavy = self._characters >= _BATCH_CHARACTERS
        self._rows, self._records, self._characters = [], [], 0
        # Row groups end where the row count says so, whatever the batches: the same bytes each run.
        while self._pending_rows >= self._group:
            self._write(self._group)
        if heavy:
            self._write(self._pending_rows)

    def _write(self, rows: int) -> None:
        if rows == 0:
            return
        table = pa.Table.from_batches(self._pending)
        self._writer.write_table(table.slice(0, rows), row_group_size=rows)
        rest = table.slice(rows)
        self._pending = rest.to_batches() if rest.num_rows else []
        self._pending_rows = rest.num_rows


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
