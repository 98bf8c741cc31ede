"""Workbooks (.xlsx, .xls, .xlsb, .ods) -> received rows, through python-calamine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from workbench.data.sources.received import (
    Received,
    UnreadableLine,
    checked_names,
    private_folder,
    received,
    record_column,
)
from workbench.data.sources.writing import RowWriter, UnreadableWriter
from workbench.errors import SourceError, one_of
from workbench.params import ReadParams

__all__ = ["column_names", "receive_excel"]

Cell = int | float | str | bool | time | date | datetime | timedelta


def column_names(path: Path, read: ReadParams, *, where: str) -> tuple[str, ...]:
    """Return the columns of a sheet.

    Raises
    ------
    SourceError
        When the file is no workbook, the sheet is not there or empty, or two columns have one name.
    """
    rows = _rows(path, read, where)
    first = next(rows, None)
    if first is None:
        raise SourceError(
            "the sheet is empty", where=where, fix="Name the sheet with `sheet:` under `read:`."
        )
    if read.names is not None:
        return checked_names(read.names, where=where)
    header = [_text(cell) or "" for cell in first[1]]
    while header and not header[-1].strip():
        header.pop()
    return checked_names(header, where=where)


def receive_excel(path: Path, read: ReadParams, *, out: Path, where: str) -> Received:
    """Return a sheet's rows as text; a row's number is the one that the sheet shows.

    Whole numbers have no ``.0``; dates and times are written as ISO 8601; an error value such as
    ``#N/A`` is null, as an empty cell is. Rows without any value are left out.
    """
    columns = column_names(path, read, where=where)
    width, record = len(columns), record_column(columns)
    with private_folder(out) as folder:
        made, spoiled = folder / "rows.parquet", folder / "unreadable.parquet"
        with (
            RowWriter(made, columns, record=record) as writer,
            UnreadableWriter(spoiled) as unreadable,
        ):
            rows = _rows(path, read, where)
            if read.header:
                next(rows)
            for number, cells in rows:
                texts = [_text(cell) for cell in cells]
                if any(text is not None for text in texts[width:]):
                    text = "\t".join(cell or "" for cell in texts)
                    error = "a value stands right of the last column that has a name"
                    unreadable.add(UnreadableLine(number, text, error))
                    continue
                texts = (texts + [None] * width)[:width]
                writer.add(texts, number, sum(map(len, filter(None, texts))))
        return received(
            made, out, columns, writer.rows, record, spoiled, unreadable_rows=unreadable.rows
        )


def _rows(path: Path, read: ReadParams, where: str) -> Iterator[tuple[int, list[Cell]]]:
    """Yield the rows that hold anything, with their numbers in the sheet, past those to skip."""
    sheet = _sheet(path, read, where)
    # calamine gives every row from the sheet's first, but only the columns that hold something.
    for number, cells in enumerate(sheet.iter_rows(), 1):
        if number > read.skip_rows and any(cell != "" for cell in cells):
            yield number, cells


def _sheet(path: Path, read: ReadParams, where: str) -> CalamineSheet:
    try:
        book = CalamineWorkbook.from_path(str(path))
        names = book.sheet_names
        if not names:
            raise SourceError("the workbook has no sheet", where=where)
        wanted = names[0] if read.sheet is None else read.sheet
        if wanted not in names:
            raise SourceError(
                f"the workbook has no sheet `{wanted}`", where=where, fix=one_of(wanted, names)
            )
        return book.get_sheet_by_name(wanted)
    except CalamineError as error:
        raise SourceError(
            f"this is no readable workbook: {error}",
            where=where,
            fix="It may be cut off, protected by a password, or of another format.",
        ) from error


def _text(cell: Cell) -> str | None:
    """Return a cell as text, or None where it is empty."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, timedelta):
        return _clock(cell)
    return str(cell) or None


def _clock(span: timedelta) -> str:
    """Return a span of time as hours, minutes and seconds, as the sheet shows it."""
    seconds = round(span.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
