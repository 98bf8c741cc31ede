"""A frame as a table: formatted, captioned, escaped, the same bytes each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.errors import NotebookError, one_of
from workbench.report import formats
from workbench.report.csvs import csv_text
from workbench.report.display import show
from workbench.report.markup import Cell, Head, preview_html, table_html
from workbench.report.mime import TABLE
from workbench.report.text import clean, escape_html, slug

__all__ = ["Column", "as_pandas", "table"]

_LEFT = {"text", "date"}
_PAGE = 104  # letters that stand beside each other on a page's width
_SHORT = 26  # letters of a text that is better not broken
_LONG = 24  # letters that a longer text should get, at least
_BAR = 12  # letters that a bar is as wide as


@dataclass(frozen=True)
class Column:
    """How one column of a frame is shown.

    Parameters
    ----------
    label
        The heading, in the reader's words.
    format
        ``text``, ``integer``, ``number``, ``share``, ``money``, ``date``, ``days`` or ``pvalue``.
    currency
        ISO code; needed by ``money``.
    digits
        Decimals; when not given, chosen once for the whole column.
    align
        ``left``, ``right`` or ``center``; numbers stand right, text and dates left.
    bar
        Draw a bar beside each number, its length in proportion; for numbers that are not negative.
    missing
        Why a value may be missing: told to the reader on the en dash that stands for it.
    """

    label: str
    format: str = "text"
    currency: str | None = None
    digits: int | None = None
    align: str | None = None
    bar: bool = False
    missing: str | None = None


def as_pandas(frame: Any, *, where: str) -> pd.DataFrame:
    """Return a small frame as pandas; anything that Narwhals can wrap is taken.

    Raises
    ------
    NotebookError
        When it is no frame.
    """
    if isinstance(frame, pd.DataFrame):
        return frame
    if isinstance(frame, pd.Series):
        return frame.reset_index()
    convert = getattr(frame, "to_pandas", None) or getattr(frame, "df", None)
    if convert is None:
        raise NotebookError(
            f"{type(frame).__name__} is no table",
            where=where,
            fix="Pass a pandas or Polars frame.",
        )
    converted = convert()
    if not isinstance(converted, pd.DataFrame):
        raise NotebookError(f"{type(frame).__name__} did not become a frame", where=where)
    return converted


def check_columns(frame: pd.DataFrame, names: Mapping[str, Any] | list[str], *, where: str) -> None:
    """Refuse names that the frame does not have."""
    for name in names:
        if name not in frame.columns:
            raise NotebookError(
                f"there is no column `{name}`",
                where=where,
                fix=one_of(str(name), [str(column) for column in frame.columns]),
            )


def _digits(values: pd.Series, column: Column) -> int | None:
    """Return the decimals of a whole column, so that its points stand under each other."""
    if column.digits is not None or column.format not in {"number", "money", "days"}:
        return column.digits
    present = [float(value) for value in values if not formats.is_missing(value)]
    if not present:
        return None
    largest = max(abs(value) for value in present)
    if column.format == "money":
        return formats.money_digits(largest)
    return 0 if all(value == int(value) for value in present) else formats.number_digits(largest)


def _cells(values: pd.Series, column: Column, *, where: str) -> list[Cell]:
    """Return the cells of one column."""
    if column.format not in formats.FORMATS:
        raise NotebookError(
            f"unknown format `{column.format}`",
            where=where,
            fix=one_of(column.format, formats.FORMATS),
        )
    try:
        digits = _digits(values, column)
        texts = [
            formats.format_value(value, column.format, currency=column.currency, digits=digits)
            for value in values
        ]
        shares = _bar_shares(values) if column.bar else [None] * len(texts)
    except NotebookError as error:
        raise NotebookError(error.what, where=where, fix=error.fix) from error
    return [
        Cell(text, share, column.missing if formats.is_missing(value) else None)
        for text, share, value in zip(texts, shares, values, strict=True)
    ]


def _whole(columns: list[Column], cells: list[list[Cell]]) -> list[bool]:
    """Return which columns keep short texts on one line, as long as the page is wide enough."""
    heads = [max(map(len, column.label.split()), default=0) for column in columns]
    longest = [max((len(cell.text) for cell in column), default=0) for column in cells]
    words = [
        max((len(word) for cell in column for word in cell.text.split()), default=0)
        for column in cells
    ]
    is_text = [column.format in _LEFT for column in columns]
    short = [text and length <= _SHORT for text, length in zip(is_text, longest, strict=True)]
    needs = [
        max(head, word if brief else min(length, _LONG) if text else length)
        for head, word, length, text, brief in zip(
            heads, words, longest, is_text, short, strict=True
        )
    ]
    left = _PAGE - sum(needs) - sum(2 + _BAR * column.bar for column in columns)
    whole = [False] * len(columns)
    more = [max(length - need, 0) for length, need in zip(longest, needs, strict=True)]
    for place in sorted(range(len(columns)), key=lambda place: (more[place], place)):
        if short[place] and more[place] <= left:
            whole[place] = True
            left -= more[place]
    return whole


def _bar_shares(values: pd.Series) -> list[float | None]:
    """Return each value's part of the largest one."""
    numbers = [None if formats.is_missing(value) else float(value) for value in values]
    present = [number for number in numbers if number is not None]
    if any(number < 0 for number in present):
        raise NotebookError(
            "a bar cannot show a negative number", where="", fix="Leave out bar=True."
        )
    largest = max(present, default=0.0)
    return [None if n is None else (n / largest if largest else 0.0) for n in numbers]


def table(
    frame: Any,
    *,
    id: str,
    caption: str,
    columns: Mapping[str, Column],
    note: str | None = None,
    row_label: str | None = None,
    limit: int = 20,
    unless: str = "",
) -> None:
    """Record and show a frame as a table.

    Parameters
    ----------
    frame
        A small result: pandas, Polars, or anything with ``to_pandas()``. Its index is not shown.
    id
        Slug, unique in the notebook; names the file of all rows, ``tables/<id>.csv``.
    caption
        What the table shows, in a sentence; the number is put before it when rendered.
    columns
        The columns to show, in order, and how.
    note
        A remark under the table: source, unit, what is left out.
    row_label
        The column that names the row (its cells are row headers); the first one when not given.
    limit
        How many rows the page shows at most; the CSV file always holds all.
    unless
        Why there is nothing to show; then no table is made. A finding of the same section must say
        the reason.

    Raises
    ------
    NotebookError
        When a column is missing, a caption is empty, or a value does not suit its format.
    """
    if unless:
        return
    name = slug(id, where="table")
    where = f"table {name}"
    data = as_pandas(frame, where=where)
    title = " ".join(clean(caption).split())
    if not title:
        raise NotebookError("the caption is empty", where=where, fix="Say what the table shows.")
    if not columns:
        raise NotebookError("no columns are chosen", where=where, fix="Pass columns={...}.")
    check_columns(data, columns, where=where)
    if row_label is None:
        row_label = next(iter(columns))
    if row_label not in columns:
        raise NotebookError(
            f"row_label `{row_label}` is not shown", where=where, fix=one_of(row_label, columns)
        )
    if limit < 1:
        raise NotebookError(f"limit == {limit}, must be > 0", where=where)
    shown = data.head(limit)
    cells = [
        _cells(shown[source], column, where=f"{where}, column {source}")
        for source, column in columns.items()
    ]
    heads = [
        Head(
            column.label,
            column.align or ("left" if column.format in _LEFT else "right"),
            is_row_label=source == row_label,
            whole=whole,
        )
        for (source, column), whole in zip(
            columns.items(), _whole(list(columns.values()), cells), strict=True
        )
    ]
    remark = " ".join(clean(note).split()) if note else ""
    if len(data) > len(shown):
        part = f"First {len(shown):,} of {len(data):,} rows; all in tables/{name}.csv."
        remark = f"{remark} {part}" if remark else part
    if data.empty:
        remark = f"{remark} No rows.".strip()
    html = table_html(name, title, heads, cells)
    record = {
        "id": name,
        "caption": title,
        "html": html,
        "csv": csv_text(data, {source: column.label for source, column in columns.items()}),
        "rows": len(data),
        "source_note": remark or None,
        "labels": [" ".join(clean(column.label).split()) for column in columns.values()],
    }
    under = f"<p>{escape_html(remark)}</p>" if remark else ""
    plain = f"{title} ({len(data):,} rows)"
    show(TABLE, record, plain=plain, preview={"text/html": preview_html(html) + under})
