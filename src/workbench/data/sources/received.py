"""What a reader hands on: the received rows, what could not be read, and the source's state."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from workbench.errors import SourceError

__all__ = [
    "RECORD",
    "Progress",
    "Received",
    "UnreadableLine",
    "checked_names",
    "keep",
    "private_folder",
    "received",
    "record_column",
    "unreadable_path",
]

RECORD = "_record"
"""Column of a received file that holds each row's number in the source, where it needs one."""


Progress = Callable[[float | None], None]
"""Called with the share of the work that is done (0-1), or None where it cannot be told."""


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
    erased
        Rows and records of the source that were taken out because a customer was forgotten.
    erased_for
        Digest of the tombstones that this was done for; empty where there were none.
    """

    path: Path
    columns: tuple[str, ...]
    rows: int
    row_sql: str = "file_row_number + 1"
    unreadable: Path | None = None
    unreadable_rows: int = 0
    fingerprint: Mapping[str, object] = field(default_factory=dict)
    erased: int = 0
    erased_for: str = ""

    @property
    def records(self) -> int:
        """Return the number of records in the source, without those that were taken out."""
        return self.rows + self.unreadable_rows

    def unreadable_lines(self, limit: int = 1000) -> tuple[UnreadableLine, ...]:
        """Return the first unreadable records, at most ``limit`` of them."""
        if self.unreadable is None:
            return ()
        # Imported only now: a run with nothing to do should not wait for it.
        pq = import_module("pyarrow.parquet")
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


def unreadable_path(out: Path) -> Path:
    """Return where the unreadable records go whose rows are at ``out``."""
    return out.with_name(f"{out.stem}.unreadable.parquet")


def received(
    made: Path,
    out: Path,
    columns: tuple[str, ...],
    rows: int,
    record: str,
    spoiled: Path,
    *,
    unreadable_rows: int,
) -> Received:
    """Move both files of a reader that numbers its rows to their places, and say what they hold."""
    return Received(
        keep(made, out),
        columns,
        rows,
        row_sql=record,
        unreadable=keep(spoiled, unreadable_path(out)) if unreadable_rows else None,
        unreadable_rows=unreadable_rows,
    )
