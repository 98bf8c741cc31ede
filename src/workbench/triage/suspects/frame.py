"""A table as numbered text columns, with what is known of each and tables of distinct values."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb

from workbench.data.engine import column_types
from workbench.data.quoting import quote
from workbench.errors import AnalysisError
from workbench.triage.suspects.missing import ALL_TOKENS, WORDS, among

__all__ = [
    "LONGEST",
    "MOST_COLUMNS",
    "MOST_DISTINCT",
    "MOST_HELD",
    "MOST_ROWS",
    "SHORT",
    "Column",
    "Frame",
    "number_sql",
    "open_frame",
]

MOST_ROWS = 5_000_000
"""Rows up to which windows and quantiles of groups are taken: they hold every row in memory."""
MOST_COLUMNS = 200
"""Columns of a table that are looked at: those that come first."""
LONGEST = 1_000
"""Letters of a value that are looked at; the rest of a longer one is cut off."""
MOST_HELD = 2_000_000
"""Cells up to which the rows are held as they are looked at; beyond, they are read each time."""
MOST_DISTINCT = 2_000_000
"""Columns with more different values than this have no table of distinct values."""
SHORT = 40
"""Bytes of a text that may stand for "not known", or be a number with a unit."""
PREFIX = "_wb_suspect_"
_NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?"
_DAY = r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?"
# Where next to no value begins so, dearer patterns need not be tried, one by one.
_DATED = r"^\s*[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]"
_NUMBERED = r"^\s*([$£€¥]|[A-Z]{3}\s)?\s*[+-]?[.]?[0-9]"
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_WIDE = ("HUGEINT", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE")


@dataclass(frozen=True)
class Column:
    """A column of the table that is looked at.

    Parameters
    ----------
    place
        Its number among all columns looked at, from 0; its name in the engine is ``c<place>``.
    name
        Its name in the table.
    kind
        ``text``, ``number``, ``date`` (also times) or ``boolean``, as the engine types it.
    filled
        Rows with a value; blank texts have none.
    distinct
        Different values, about (the engine's estimate is within a few percent).
    number_share, date_share
        The share (0-1) of its values that are numbers, or ISO dates or times. Of a text column
        without a table of distinct values: 0.
    listed
        Whether a table of its distinct values exists.
    ascii, digits
        Of a column that is listed: whether its values hold nothing but ASCII, and whether any of
        them holds a digit.
    tokens
        Whether a short one of them may stand for "not known".
    most, fewest
        The rows of its most and of its least frequent value. Of a column that is not listed: 0, as
        what follows.
    spaced
        Rows with blanks around the value.
    dated, numbered
        Rows that begin as a date of three numbers does, or as a number with or without a currency
        ahead: no more rows can be read as such.
    """

    place: int
    name: str
    kind: str
    filled: int
    distinct: int
    number_share: float = 0.0
    date_share: float = 0.0
    listed: bool = False
    ascii: bool = False
    digits: bool = True
    tokens: bool = True
    most: int = 0
    fewest: int = 0
    spaced: int = 0
    dated: int = 0
    numbered: int = 0

    @property
    def letters(self) -> str:
        """The letters that its values may hold, for a class of the engine's regular expressions.

        All of Unicode's take it milliseconds to learn, for each query and column.
        """
        return "A-Za-z" if self.ascii else r"\pL"

    @property
    def word(self) -> str:
        """A word of letters, marks and digits, as a regular expression of the engine."""
        return "[A-Za-z0-9]+" if self.ascii else r"[\pL\pM\pN]+"

    @property
    def sql(self) -> str:
        """The column of the frame's rows."""
        return f"c{self.place}"

    @property
    def values(self) -> str:
        """The table of its distinct values: ``v`` (text, never null) and ``n`` (rows)."""
        return f"{PREFIX}values_{self.place}"

    @property
    def typed(self) -> str:
        """The column of the frame's rows as the engine types it."""
        return f"x{self.place}"

    @property
    def number_sql(self) -> str:
        """Its value as a finite number, null where it is none."""
        return number_sql(self.typed if self.kind == "number" else self.sql)

    @property
    def time_sql(self) -> str:
        """Its value as a time without zone, null where it is none."""
        return f"TRY_CAST({self.typed if self.kind == 'date' else self.sql} AS TIMESTAMP)"


@dataclass
class Frame:
    """The table, its columns, and what was not tried.

    Parameters
    ----------
    connection
        The engine.
    rows
        A table, or a view where that would be large: ``r`` (the row's place in the source), ``c0``,
        ``c1`` ... as text, and ``x0``, ``x1`` ... as the engine types them.
    count
        Its rows.
    columns
        Its columns, in the table's order.
    not_tried
        Sentences; each says what was left out, and why.
    """

    connection: duckdb.DuckDBPyConnection
    rows: str
    count: int
    columns: tuple[Column, ...]
    not_tried: list[str] = field(default_factory=list)

    def all(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(query).fetchall()

    def one(self, query: str) -> tuple[Any, ...]:
        """Return the one row of a query."""
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return row

    def texts(self) -> tuple[Column, ...]:
        """Return the text columns that have a table of distinct values."""
        return tuple(one for one in self.columns if one.kind == "text" and one.listed)


@contextlib.contextmanager
def open_frame(
    connection: duckdb.DuckDBPyConnection, query: str, row: str, leave_out: Collection[str] = ()
) -> Iterator[Frame]:
    """Set up the frame of a table, and remove its tables and views when done.

    Raises
    ------
    AnalysisError
        When the query has no column ``row``, or that is no whole number.
    """
    try:
        types = column_types(connection, f"({query})")
        if types.get(row) not in (*_INTEGERS, *_WIDE[:3]):
            raise AnalysisError(
                f"the rows have no whole number `{row}` that says their place in the source",
                fix="Select one, or name the column that holds it.",
            )
        kept = {name: kind for name, kind in types.items() if name not in leave_out}
        yield _measured(connection, query, row, kept | {row: types[row]})
    finally:
        _clear(connection)


def _measured(
    connection: duckdb.DuckDBPyConnection, query: str, row: str, types: dict[str, str]
) -> Frame:
    not_tried = []
    beyond = 0
    kinds: dict[str, str] = {}
    for name, kind in types.items():
        if name == row:
            continue
        known = _kind(kind)
        if known is None:
            not_tried.append(f"`{name}` was not looked at: its type is {kind}")
        elif len(kinds) < MOST_COLUMNS:
            kinds[name] = known
        else:
            beyond += 1
    if beyond:
        not_tried.append(
            f"{beyond:,} columns were not looked at: they come after the first {MOST_COLUMNS:,}"
        )
    parts = [f"CAST({quote(row)} AS BIGINT) AS r"]
    texts = [_text(quote(name), kind) for name, kind in kinds.items()]
    parts += [f"{text} AS c{place}" for place, text in enumerate(texts)]
    parts += [f"{quote(name)} AS x{place}" for place, name in enumerate(kinds)]
    rows = f"{PREFIX}rows"
    _clear(connection)
    frame = Frame(connection, rows, 0, (), not_tried)
    # Of a small table each query would cost more to plan over a view than to answer.
    held = frame.one(f"SELECT count(*) FROM ({query})")[0] * len(kinds) <= MOST_HELD
    connection.execute(
        f"CREATE TEMP {'TABLE' if held else 'VIEW'} {rows} AS "
        f"SELECT {', '.join(parts)} FROM ({query})"
    )
    measures = ["count(*)"]
    for place, kind in enumerate(kinds.values()):
        one = f"{'c' if kind == 'text' else 'x'}{place}"
        measures += [f"count({one})", f"approx_count_distinct({one})"]
    frame.count, *cells = frame.one(f"SELECT {', '.join(measures)} FROM {rows}")
    frame.columns = tuple(
        _column(
            frame,
            Column(place, name, kind, int(cells[2 * place]), int(cells[2 * place + 1])),
            # Of a wide table a view costs more to plan than one column to read.
            f"SELECT c{place} AS v FROM {rows}"
            if held
            else f"SELECT {texts[place]} AS v FROM ({query})",
        )
        for place, (name, kind) in enumerate(kinds.items())
    )
    return frame


def _column(frame: Frame, column: Column, values: str) -> Column:
    """Return the column with its table of distinct values, where it has one."""
    about = dict(vars(column))
    if column.kind != "text":
        share = 1.0
        about |= {f"{one}_share": share for one in ("number", "date") if column.kind == one}
        return Column(**about)
    if column.distinct > MOST_DISTINCT:
        frame.not_tried.append(
            f"the values of `{column.name}` were not compared: "
            f"more than {MOST_DISTINCT:,} different"
        )
        return column
    frame.connection.execute(
        f"CREATE TEMP TABLE {column.values} AS SELECT v, count(*) AS n FROM ({values}) "
        "WHERE v IS NOT NULL GROUP BY v"
    )
    rows = {
        "numbers": f"regexp_full_match(v, '{_NUMBER}')",
        "dates": f"regexp_full_match(v, '{_DAY}')",
        "spaced": r"regexp_matches(v, '^\s|\s$')",
        "dated": f"regexp_matches(v, '{_DATED}')",
        "numbered": f"regexp_matches(v, '{_NUMBERED}')",
    }
    counts = ", ".join(f"coalesce(sum(n) FILTER (WHERE {one}), 0)" for one in rows.values())
    token = f"strlen(v) <= {SHORT} AND {among('lower(trim(v))', (*ALL_TOKENS, *WORDS))}"
    distinct, most, fewest, plain, digits, tokens, *cells = frame.one(
        "SELECT count(*), coalesce(max(n), 0), coalesce(min(n), 0), "
        "bool_and(strlen(v) = length(v)), bool_or(regexp_matches(v, '[0-9]')), "
        f"bool_or({token}), {counts} FROM {column.values}"
    )
    found = {name: int(cell) for name, cell in zip(rows, cells, strict=True)}
    about |= {
        "distinct": int(distinct),
        "number_share": found.pop("numbers") / max(column.filled, 1),
        "date_share": found.pop("dates") / max(column.filled, 1),
        "listed": True,
        "ascii": bool(plain),
        "digits": bool(digits),
        "tokens": bool(tokens),
        "most": int(most),
        "fewest": int(fewest),
        **found,
    }
    return Column(**about)


def number_sql(value: str) -> str:
    """Return SQL for a value as a finite number, null where it is none."""
    number = f"TRY_CAST({value} AS DOUBLE)"
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _text(column: str, kind: str) -> str:
    if kind != "text":
        return f"CAST({column} AS VARCHAR)"
    # Bytes are compared first: to trim and to cut off take most texts six times as long.
    held = f"{column} >= '!' OR trim({column}, ' \t\r\n') <> ''"
    cut = (
        f"CASE WHEN strlen({column}) <= {LONGEST} THEN {column} ELSE left({column}, {LONGEST}) END"
    )
    return f"CASE WHEN {held} THEN {cut} END"


def _kind(sql_type: str) -> str | None:
    if sql_type.startswith(("VARCHAR", "ENUM", "UUID")):
        return "text" if sql_type == "VARCHAR" else None
    if sql_type in (*_INTEGERS, *_WIDE) or sql_type.startswith("DECIMAL"):
        return "number" if "[" not in sql_type else None
    if sql_type in ("DATE", "TIMESTAMP"):
        return "date"
    return "boolean" if sql_type == "BOOLEAN" else None


def _clear(connection: duckdb.DuckDBPyConnection) -> None:
    found = connection.execute(
        "SELECT 'VIEW', view_name FROM duckdb_views()"
        " WHERE temporary AND starts_with(view_name, $1)"
        " UNION ALL SELECT 'TABLE', table_name FROM duckdb_tables()"
        " WHERE temporary AND starts_with(table_name, $1)",
        [PREFIX],
    ).fetchall()
    for kind, name in found:
        connection.execute(f"DROP {kind} temp.{quote(name)}")
