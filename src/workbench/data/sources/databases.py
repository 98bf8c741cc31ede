"""SQL databases -> received rows: a table or a query, read in one read-only transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Protocol

from workbench.data.sources.received import (
    Progress,
    Received,
    checked_names,
    keep,
    private_folder,
)
from workbench.data.sources.secrets import redact, resolve_secrets
from workbench.data.sources.sqlite import open_sqlite
from workbench.errors import SourceError
from workbench.files import digest_of_file
from workbench.params import SourceParams

__all__ = ["column_names", "receive_database", "version"]

Row = tuple[str | None, ...]


class Database(Protocol):
    """An open, read-only transaction on a database."""

    def names(self, source: SourceParams) -> tuple[str, ...]:
        """Return the columns of the source's table or query."""

    def rows(self, source: SourceParams) -> Iterator[Row]:
        """Yield its rows as text, null as None, in the database's order."""

    def first(self, query: str) -> Row | None:
        """Return the first row of a query as text."""


@contextmanager
def _open(source: SourceParams, root: Path, where: str) -> Iterator[Database]:
    assert source.url is not None  # held by the model
    url = resolve_secrets(source.url, f"{where}.url")
    scheme = url.partition("://")[0].lower()
    if scheme == "sqlite":
        with open_sqlite(url, root=root, where=where) as database:
            yield database
    elif scheme in ("postgresql", "postgres"):
        # Imported only now: a project without PostgreSQL should not wait for its driver.
        postgres = import_module("workbench.data.sources.postgres")
        with postgres.open_postgres(url, where=where) as database:
            yield database
    else:
        raise SourceError(
            f"no reader for the database `{redact(source.url.partition('://')[0])}`",
            where=where,
            fix="Write the URL as sqlite:///folder/file.db or postgresql://user@host/database.",
        )


def column_names(source: SourceParams, *, root: Path, where: str) -> tuple[str, ...]:
    """Connect, and return the columns of the source's table or query.

    Raises
    ------
    SourceError
        When the database cannot be reached or does not know the table, or two columns have one
        name.
    """
    with _open(source, root, where) as database:
        return checked_names(database.names(source), where=where)


def version(source: SourceParams, *, root: Path, where: str) -> list[str | None] | None:
    """Return the answer of ``version_query``, or None where there is none."""
    if source.version_query is None:
        return None
    with _open(source, root, where) as database:
        return _version(source, database)


def _version(source: SourceParams, database: Database) -> list[str | None] | None:
    if source.version_query is None:
        return None
    row = database.first(source.version_query)
    return None if row is None else list(row)


def receive_database(
    source: SourceParams, *, root: Path, out: Path, where: str, progress: Progress
) -> Received:
    """Return the rows of a table or query as text; null and the empty text are kept apart.

    The version is asked for in the same transaction, before the rows.
    """
    # Imported only now: `version` alone needs no Parquet.
    writing = import_module("workbench.data.sources.writing")
    with private_folder(out) as folder, _open(source, root, where) as database:
        known = _version(source, database)
        columns = checked_names(database.names(source), where=where)
        made = folder / "rows.parquet"
        with writing.RowWriter(made, columns) as writer:
            for row in database.rows(source):
                writer.add(row, characters=sum(map(len, filter(None, row))))
                if writer.added % 50_000 == 0:
                    progress(None)
        keep(made, out)
    fingerprint: dict[str, object] = {"version": known, "sha256": digest_of_file(out)}
    return Received(out, columns, writer.rows, fingerprint=fingerprint)
