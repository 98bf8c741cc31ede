"""PostgreSQL, through psycopg: rows stream by COPY, in one read-only transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from workbench.data.sources.secrets import redact, remember_password
from workbench.errors import SourceError
from workbench.params import SourceParams

__all__ = ["Postgres", "open_postgres"]

_SETTINGS = {
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "timezone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "client_encoding": "UTF8",
}
"""The session's settings, so that one value always has one text."""


@contextmanager
def open_postgres(url: str, *, where: str) -> Iterator[Postgres]:
    """Open ``postgresql://user:password@host:port/database``.

    Raises
    ------
    SourceError
        When the server cannot be reached or refuses, or a statement fails. The message holds no
        password.
    """
    remember_password(url)
    _check(url, where)
    try:
        with psycopg.connect(url, connect_timeout=15) as connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            for name, value in _SETTINGS.items():
                connection.execute("SELECT set_config(%s, %s, false)", [name, value])
            yield Postgres(connection)
            connection.rollback()
    except psycopg.Error as error:
        # Not chained: the driver's own error may quote the URL.
        raise SourceError(
            f"the database answers: {redact(str(error)).strip()}",
            where=where,
            fix="Check the URL, the rights of its user, and `table:` or `query:` (one SELECT).",
        ) from None


def _check(url: str, where: str) -> None:
    """Refuse a URL that cannot be taken apart; the driver would quote a part of a password."""
    try:
        port = str(conninfo_to_dict(url).get("port") or "")
    except psycopg.Error:
        port = "?"
    if re.fullmatch(r"[\d,]*", port) is None:
        raise SourceError(
            "the URL of the database cannot be taken apart",
            where=where,
            fix="Write it as postgresql://user:password@host:5432/database, and within the "
            "password %40 for @, %2F for /, %3A for :, %25 for % and %23 for #.",
        )


class Postgres:
    """One read-only transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def names(self, source: SourceParams) -> tuple[str, ...]:
        """Return the columns of the source's table or query."""
        cursor = self._connection.execute(
            sql.SQL("SELECT * FROM (\n{}\n) AS source LIMIT 0").format(_query(source))
        )
        return tuple(column.name for column in cursor.description or ())

    def rows(self, source: SourceParams) -> Iterator[tuple[str | None, ...]]:
        """Yield the rows as text, as PostgreSQL writes them; null as None."""
        statement = sql.SQL("COPY (\n{}\n) TO STDOUT").format(_query(source))
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            yield from copy.rows()

    def first(self, query: str) -> tuple[str | None, ...] | None:
        """Return the first row of a query as text."""
        source = SourceParams(url="postgresql://", query=query)
        return next(self.rows(source), None)


def _query(source: SourceParams) -> sql.Composable:
    if source.query is not None:
        return sql.SQL(source.query.strip().rstrip(";"))
    assert source.table is not None  # held by the model
    return sql.SQL("SELECT * FROM {}").format(sql.Identifier(*source.table.split(".")))
