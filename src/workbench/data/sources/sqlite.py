"""SQLite, through the standard library: opened read-only, and allowed to select only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote as percent
from urllib.parse import unquote

from workbench.data.quoting import quote
from workbench.data.sources.secrets import redact
from workbench.errors import SourceError, one_of
from workbench.params import SourceParams

__all__ = ["SQLite", "open_sqlite"]

_ALLOWED = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_TRANSACTION,
}


@contextmanager
def open_sqlite(url: str, *, root: Path, where: str) -> Iterator[SQLite]:
    """Open ``sqlite:///folder/file.db`` (relative to the project) or ``sqlite:////full/path.db``.

    Raises
    ------
    SourceError
        When the file is not there or is no database, or a statement fails.
    """
    name = unquote(url.partition("://")[2].removeprefix("/"))
    path = (root / name).absolute()
    if not path.is_file():
        raise SourceError(
            f"the database file `{redact(name)}` is not there",
            where=where,
            fix="`sqlite:///folder/file.db` is relative to the project's folder; a full path has "
            "four strokes.",
        )
    try:
        with closing(
            sqlite3.connect(f"file:{percent(str(path))}?mode=ro", uri=True, isolation_level=None)
        ) as connection:
            connection.text_factory = bytes
            connection.set_authorizer(
                lambda action, *_: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY
            )
            connection.execute("BEGIN")
            yield SQLite(connection, where)
    except sqlite3.Error as error:
        raise SourceError(
            f"the database answers: {redact(str(error))}",
            where=where,
            fix="Check `table:` or `query:` (one SELECT), and that the file is a SQLite database.",
        ) from None


class SQLite:
    """One read-only transaction."""

    def __init__(self, connection: sqlite3.Connection, where: str) -> None:
        self._connection = connection
        self._where = where

    def names(self, source: SourceParams) -> tuple[str, ...]:
        """Return the columns of the source's table or query."""
        return self._names(self._cursor(source))

    def rows(self, source: SourceParams) -> Iterator[tuple[str | None, ...]]:
        """Yield the rows as text."""
        for row in self._cursor(source):
            yield tuple(map(self._text, row))

    def first(self, query: str) -> tuple[str | None, ...] | None:
        """Return the first row of a query as text."""
        cursor = self._connection.execute(query)
        self._names(cursor)
        row = cursor.fetchone()
        return None if row is None else tuple(map(self._text, row))

    def _cursor(self, source: SourceParams) -> sqlite3.Cursor:
        if source.query is not None:
            return self._connection.execute(source.query)
        assert source.table is not None  # held by the model
        known = [
            name.decode()
            for (name,) in self._connection.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
            )
        ]
        if source.table.lower() not in map(str.lower, known):
            raise SourceError(
                f"the database has no table `{source.table}`",
                where=self._where,
                fix=one_of(source.table, known)
                if known
                else "It holds no table at all: is this the right file, and is it complete?",
            )
        return self._connection.execute(f"SELECT * FROM {quote(source.table)}")

    def _names(self, cursor: sqlite3.Cursor) -> tuple[str, ...]:
        if cursor.description is None:
            raise SourceError("the query returns no rows", where=self._where, fix="Use a SELECT.")
        return tuple(column[0] for column in cursor.description)

    def _text(self, value: bytes | int | float | None) -> str | None:
        """Return a value as text; a blob that is no UTF-8 text is written in hexadecimal."""
        if isinstance(value, bytes):
            try:
                return value.decode()
            except UnicodeDecodeError:
                return value.hex()
        return None if value is None else repr(value)
