"""Text -> typed columns, as SQL that never fails: what cannot be read is null, and is named.

The engine's own casts accept more than people mean (``1_000``, ``0x1F``, ``+-1``, ``infinity``,
``1.5`` as the integer 2, a time's offset dropped in silence), so each cast here is guarded by a
pattern that says what the type looks like:

=========  ====================================================================================
kind       what is read
=========  ====================================================================================
text       anything, unchanged; blank or a null value is null
integer    digits with a sign; zeros after the decimal mark are allowed (``17850.0``), other
           decimals and exponents are not
decimal    a number as people or programs write it (``12.5``, ``.5``, ``1.5e3``), into
           DECIMAL(18,4); `exact_sql` says whether nothing was rounded off
number     the same, into DOUBLE; no ``nan``, no ``inf``, nothing too large for one
boolean    yes/no, y/n, true/false, t/f, 1/0 in any case
date       ``2024-01-31``, or a date and time at midnight; with ``date_format``, as it says
timestamp  ``2024-01-31``, ``2024-01-31 10:00``, ``2024-01-31T10:00:00.5``; with an offset or ``Z``
           it is turned into the unit's local time; with ``date_format``, as it says
=========  ====================================================================================

Years run from 1000 to 9999. White space around a value is no part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

import duckdb

from workbench.data.quoting import literal
from workbench.errors import ParameterError

__all__ = [
    "SQL_TYPES",
    "ReadOptions",
    "blank_sql",
    "cast_sql",
    "check_date_format",
    "exact_sql",
    "unreadable_sql",
]

SQL_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(18,4)",
    "number": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
"""Kind of a column -> the engine's type."""

_SPACE = " \t\r\n\u000b\u000c\u00a0\u2007\u202f\u3000\ufeff"
_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")
_DATE = r"[1-9][0-9]{3}-[0-9]{1,2}-[0-9]{1,2}"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
_MIDNIGHT = r"0{1,2}:00(:00([.]0{1,9})?)?"
_OFFSET = r" ?([Zz]|UTC|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"

Branch = tuple[str, str]
"""A condition and the value where it holds, both SQL."""


class ReadOptions(Protocol):
    """The reader's options that a cast looks at (`workbench.params.ReadParams` has them)."""

    @property
    def decimal(self) -> str:
        """The decimal mark: ``.`` or ``,``."""

    @property
    def thousands(self) -> str:
        """The mark between thousands, or an empty text."""

    @property
    def date_format(self) -> str | list[str] | None:
        """One or more ``strptime`` formats, tried in order; ISO 8601 when None."""

    @property
    def null_values(self) -> list[str]:
        """The texts that mean "not known"."""


def cast_sql(column_sql: str, kind: str, read: ReadOptions, timezone: str) -> str:
    """Return SQL that reads a text column as ``kind``; null where that cannot be done.

    Parameters
    ----------
    column_sql
        The text column, as SQL: ``"UnitPrice"``.
    kind
        ``text``, ``integer``, ``decimal``, ``number``, ``boolean``, ``date`` or ``timestamp``.
    read
        The reader's options: decimal mark, mark between thousands, date formats, null values.
    timezone
        IANA name of the unit's time zone; times with an offset are turned into it.

    Returns
    -------
    str
        An expression of the type ``SQL_TYPES[kind]``. It never raises, whatever the text.
    """
    nulls = _list(_null_values(read))
    trimmed = _trim(column_sql)
    if kind == "text":
        return f"CASE WHEN NOT {blank_sql(column_sql, read)} THEN {column_sql} END"
    branches = _BRANCHES[kind]
    # The value as it stands is tried first: trimming costs more than reading, and few need it.
    plain = _whens(branches(column_sql, read, timezone))
    spaced = _whens(branches(trimmed, read, timezone))
    return (
        f"CASE WHEN {column_sql} IN {nulls} THEN NULL {plain}"
        f" WHEN {trimmed} IN {nulls} THEN NULL {spaced} END"
    )


def blank_sql(column_sql: str, read: ReadOptions) -> str:
    """Return SQL that is true where a text column holds nothing: null, blank or a null value."""
    nulls = _null_values(read)
    blank = f"{_trim(column_sql)} IN {_list(nulls)}"
    if nulls == ("",):
        # A text that starts with a visible ASCII character is not blank: no need to trim it.
        visible = f"{column_sql} >= '!' AND {column_sql} < chr(127)"
        blank = f"CASE WHEN {visible} THEN FALSE ELSE {blank} END"
    return f"coalesce({blank}, TRUE)"


def unreadable_sql(column_sql: str, kind: str, read: ReadOptions, timezone: str) -> str:
    """Return SQL that is true where a text is there but cannot be read as ``kind``."""
    cast = cast_sql(column_sql, kind, read, timezone)
    return f"(({cast}) IS NULL AND NOT {blank_sql(column_sql, read)})"


def exact_sql(column_sql: str, kind: str, read: ReadOptions) -> str:
    """Return SQL that is false where a decimal was read but had to be rounded to four places.

    True where nothing was read, and for every other kind.
    """
    if kind != "decimal":
        return "TRUE"
    plain = _plain_number(column_sql, read)
    value = cast_sql(column_sql, kind, read, "UTC")
    short = literal(r"[^0-9eE]*[0-9]*([.][0-9]{0,4}0*)?\s*")
    # Nearly every amount ends in a few decimals: that is seen without a pattern.
    few = f"strpos({plain}, '.') = 0 OR length({plain}) - strpos({plain}, '.') <= 4"
    return (
        f"coalesce(CASE WHEN NOT contains({plain}, 'e') AND NOT contains({plain}, 'E') AND ({few})"
        f" THEN TRUE WHEN regexp_full_match({plain}, {short}) THEN TRUE"
        f" WHEN regexp_matches({plain}, '[eE]')"
        f" THEN CAST({value} AS DOUBLE) = TRY_CAST({_trim(plain)} AS DOUBLE)"
        f" ELSE ({value}) IS NULL END, TRUE)"
    )


def check_date_format(text: str, *, where: str) -> None:
    """Raise ParameterError when the engine does not know a ``strptime`` format."""
    try:
        duckdb.execute("SELECT try_strptime('x', ?)", [text]).fetchall()
    except duckdb.Error as error:
        raise ParameterError(
            f"`{text}` is no date format: {str(error).split(': ', 1)[-1]}",
            where=where,
            fix="Write it as strptime does, such as `%d/%m/%Y` or `%d.%m.%Y %H:%M`.",
        ) from error
    if not re.search(
        r"%([Yy].*%[mbB].*%d|[Yy].*%d.*%[mbB]|d.*%[mbB].*%[Yy]|[mbB].*%d.*%[Yy])", text
    ):
        raise ParameterError(
            f"`{text}` does not name a day, a month and a year",
            where=where,
            fix="Use %d, one of %m %b %B, and %Y (or %y for two digits).",
        )


def _integer(text: str, read: ReadOptions, timezone: str) -> list[Branch]:
    plain = _plain_number(text, read)
    whole = _digits(read)
    mark = re.escape(read.decimal)
    return [
        (_matches(text, f"[+-]?({whole})"), f"TRY_CAST({plain} AS BIGINT)"),
        (
            _matches(text, f"[+-]?({whole}){mark}0*"),
            f"TRY_CAST(split_part({plain}, '.', 1) AS BIGINT)",
        ),
    ]


def _decimal(text: str, read: ReadOptions, timezone: str) -> list[Branch]:
    plain = _plain_number(text, read)
    return [(_matches(text, _number_pattern(read)), f"TRY_CAST({plain} AS DECIMAL(18,4))")]


def _number(text: str, read: ReadOptions, timezone: str) -> list[Branch]:
    value = f"TRY_CAST({_plain_number(text, read)} AS DOUBLE)"
    finite = f"CASE WHEN isfinite({value}) THEN {value} END"
    return [(_matches(text, _number_pattern(read)), finite)]


def _boolean(text: str, read: ReadOptions, timezone: str) -> list[Branch]:
    return [
        (f"lower({text}) IN {_list(_TRUE)}", "TRUE"),
        (f"lower({text}) IN {_list(_FALSE)}", "FALSE"),
    ]


def _timestamp(text: str, read: ReadOptions, timezone: str) -> list[Branch]:
    if read.date_format is not None:
        return [_formatted(text, read.date_format, timezone)]
    # TIMESTAMPTZ wants seconds, and the offset right behind them.
    full = text
    for pattern, replacement in (
        (" ?(UTC|[Zz])$", "+00"),
        (" ([+-][0-9:]+)$", r"\1"),
        ("^(.*[T ][0-9]{1,2}:[0-9]{2})([+-])", r"\1:00\2"),
    ):
        full = f"regexp_replace({full}, {literal(pattern)}, {literal(replacement)})"
    return [
        (_matches(text, rf"{_DATE}([T ]{_CLOCK})?"), f"TRY_CAST({text} AS TIMESTAMP)"),
        (
            _matches(text, rf"{_DATE}[T ]{_CLOCK}{_OFFSET}"),
            f"(TRY_CAST({full} AS TIMESTAMPTZ) AT TIME ZONE {literal(timezone)})",
        ),
    ]


def _date(text: str, read: ReadOptions, timezone: str) -> list[Branch]:
    if read.date_format is not None:
        condition, value = _formatted(text, read.date_format, timezone)
        return [
            (
                condition,
                f"CASE WHEN {value} = date_trunc('day', {value}) THEN CAST({value} AS DATE) END",
            )
        ]
    day = f"regexp_extract({text}, '^[^T ]+')"
    return [
        (_matches(text, _DATE), f"TRY_CAST({text} AS DATE)"),
        (_matches(text, rf"{_DATE}[T ]{_MIDNIGHT}"), f"TRY_CAST({day} AS DATE)"),
    ]


def _formatted(text: str, formats: str | list[str], timezone: str) -> Branch:
    """Return a time read with the given formats, the first that fits."""
    tried = []
    for item in [formats] if isinstance(formats, str) else formats:
        value = f"try_strptime({text}, {literal(item)})"
        # With an offset in the format the engine returns an instant, not a local time.
        aware = "%z" in item.replace("%%", "")
        tried.append(f"({value} AT TIME ZONE {literal(timezone)})" if aware else value)
    value = f"coalesce({', '.join(tried)}, NULL)"
    # `%Y` takes two digits for the year 24, and `epoch` for 1970: neither is what was meant.
    condition = f"regexp_matches({text}, '[0-9]') AND year({value}) BETWEEN 1000 AND 9999"
    return condition, value


_BRANCHES: dict[str, Callable[[str, ReadOptions, str], list[Branch]]] = {
    "integer": _integer,
    "decimal": _decimal,
    "number": _number,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "date": _date,
}


def _whens(branches: list[Branch]) -> str:
    return " ".join(f"WHEN {condition} THEN {value}" for condition, value in branches)


def _digits(read: ReadOptions) -> str:
    """Return the pattern of a whole number: grouped by three, or by two as in 12,34,567."""
    if not read.thousands:
        return "[0-9]+"
    group = _group(read)
    return f"[0-9]+|[0-9]{{1,3}}({group}[0-9]{{2,3}})*{group}[0-9]{{3}}"


def _number_pattern(read: ReadOptions) -> str:
    mark = re.escape(read.decimal)
    return rf"[+-]?(({_digits(read)})({mark}[0-9]*)?|{mark}[0-9]+)([eE][+-]?[0-9]+)?"


def _group(read: ReadOptions) -> str:
    # Programs that group by blanks write one of three blanks.
    return "[ \u00a0\u202f]" if read.thousands == " " else re.escape(read.thousands)


def _plain_number(text: str, read: ReadOptions) -> str:
    """Return SQL for the number with ``.`` as its decimal mark and nothing between thousands."""
    marks = ("\u00a0", "\u202f", " ") if read.thousands == " " else (read.thousands,)
    for mark in marks:
        text = f"replace({text}, {literal(mark)}, '')" if mark else text
    return text if read.decimal == "." else f"replace({text}, {literal(read.decimal)}, '.')"


def _null_values(read: ReadOptions) -> tuple[str, ...]:
    return ("", *(value.strip(_SPACE) for value in read.null_values if value.strip(_SPACE)))


def _matches(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {literal(pattern)})"


def _trim(text: str) -> str:
    return f"trim({text}, {literal(_SPACE)})"


def _list(values: tuple[str, ...]) -> str:
    return f"({', '.join(literal(value) for value in values)})"
