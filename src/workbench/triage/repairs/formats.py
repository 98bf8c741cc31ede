"""Typed values as the text of a source: the other way round than a cast."""

from __future__ import annotations

from workbench.data.casts import ReadOptions
from workbench.data.quoting import literal

__all__ = ["format_sql"]


def format_sql(value: str, like: str, kind: str, read: ReadOptions) -> str:
    """Return SQL that writes a value in a source's format; what it yields may not be read back.

    Parameters
    ----------
    value
        The typed value's text, as SQL.
    like
        A text of the source, as SQL: of several date formats the one that it is in is taken.
    kind
        The column's type.
    read
        The reader's options: decimal mark and date formats.
    """
    if kind in ("decimal", "number"):
        short = f"regexp_replace({value}, '[.]0+$|([.][0-9]*[1-9])0+$', '\\1')"
        return short if read.decimal == "." else f"replace({short}, '.', {literal(read.decimal)})"
    if kind not in ("date", "timestamp") or read.date_format is None:
        return value
    formats = [read.date_format] if isinstance(read.date_format, str) else read.date_format
    time = f"CAST({value} AS TIMESTAMP)"
    cases = " ".join(
        f"WHEN try_strptime({like}, {literal(one)}) IS NOT NULL THEN "
        f"strftime({time}, {literal(one)})"
        for one in formats
    )
    return f"CASE {cases} ELSE strftime({time}, {literal(formats[0])}) END"
