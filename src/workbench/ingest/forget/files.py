"""Rows taken out of a CSV or Parquet file, in one step; all other bytes and rows stay."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import duckdb

from workbench.data.quoting import literal, relation
from workbench.data.sources.received import private_folder
from workbench.data.sources.text import LONGEST_LINE
from workbench.files import replace_file

__all__ = ["csv_without", "parquet_without", "records_of"]


def records_of(path: Path, *, saved: bool = False) -> Iterator[tuple[list[str], str]]:
    """Yield each record of a CSV file, its header first: its cells, and its text as it stands.

    Parameters
    ----------
    path
        The file.
    saved
        Whether a spreadsheet may have saved it: with a byte order mark, semicolons or tabs.
    """
    csv.field_size_limit(LONGEST_LINE)
    taken: list[str] = []
    delimiter = ","
    # What is no UTF-8 passes through unchanged.
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as stream:
        if saved:
            delimiter = max(",;\t", key=stream.readline().count)
            stream.seek(0)

        def lines() -> Iterator[str]:
            for number, line in enumerate(stream):
                taken.append(line)
                yield line.removeprefix("\ufeff") if saved and not number else line

        for cells in csv.reader(lines(), delimiter=delimiter):
            yield cells, "".join(taken)
            taken.clear()


def csv_without(
    path: Path,
    drops: Callable[[Sequence[str], Sequence[str]], bool],
    *,
    write: bool,
    saved: bool = False,
) -> int:
    """Take records out of an owner-only CSV file, and return how many.

    Parameters
    ----------
    path
        The file, with a header.
    drops
        From the header and a record's cells to whether it goes.
    write
        False: only count.
    saved
        Whether a spreadsheet may have saved it.
    """
    header: list[str] | None = None
    kept: list[str] = []
    gone = 0
    for cells, text in records_of(path, saved=saved):
        if header is None:
            header = cells
        elif cells and drops(header, cells):
            gone += 1
            continue
        kept.append(text)
    if gone and write:
        content = "".join(kept).encode("utf-8", errors="surrogateescape")
        replace_file(path, content, mode=0o600)
    return gone


def parquet_without(
    connection: duckdb.DuckDBPyConnection, path: Path, gone: Iterable[str], *, write: bool
) -> int:
    """Take rows out of an owner-only Parquet file, and return how many.

    Parameters
    ----------
    connection
        The engine.
    path
        The file.
    gone
        SQL conditions; a row goes when one of them is true.
    write
        False: only count.
    """
    conditions = " OR ".join(f"coalesce({one}, false)" for one in gone) or "false"
    found = connection.execute(
        f"SELECT count(*) FROM {relation(path)} WHERE {conditions}"
    ).fetchone()
    count = int(found[0]) if found else 0
    if count and write:
        with private_folder(path) as folder:
            made = folder / path.name
            connection.execute(
                f"COPY (SELECT * FROM {relation(path)} WHERE NOT ({conditions})) "
                f"TO {literal(str(made))} (FORMAT parquet, COMPRESSION zstd)"
            )
            made.chmod(0o600)
            made.replace(path)
    return count
