"""What still names the customer afterwards: files that nobody foresaw, for a person to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from workbench.data.engine import column_types
from workbench.data.quoting import literal, quote, relation
from workbench.files import files_below
from workbench.ingest.forget.files import parquet_without
from workbench.ingest.forget.person import Person
from workbench.suite.forget.published import TEXTS

__all__ = ["remains"]


def remains(
    connection: duckdb.DuckDBPyConnection,
    root: Path,
    folders: Iterable[Path],
    sources: Iterable[Path],
    person: Person,
) -> tuple[str, ...]:
    """Return the files that still hold a telling identifier: as a word, or as a cell of a table.

    Parameters
    ----------
    connection
        The engine.
    root
        The project's folder; names are relative to it.
    folders
        Where to look.
    sources
        Files of sources: they are their owners', and not looked at.
    person
        Who is forgotten.
    """
    if person.pattern is None:
        return ()
    skipped = {path.resolve() for path in sources}
    found = {
        path.relative_to(root).as_posix()
        for folder in folders
        for path in _naming(connection, folder, person)
        if path.resolve() not in skipped
    }
    return tuple(sorted(found))


def _naming(connection: duckdb.DuckDBPyConnection, folder: Path, person: Person) -> Iterator[Path]:
    assert person.pattern is not None  # held by `remains`
    known = ", ".join(map(literal, sorted(person.telling)))
    for path in files_below(folder) if folder.is_dir() else ():
        if path.suffix == ".parquet":
            try:
                columns = column_types(connection, relation(path)).items()
                telling = [
                    f"{quote(name)} IN ({known})" for name, kind in columns if kind == "VARCHAR"
                ]
                named = parquet_without(connection, path, telling, write=False) > 0
            except duckdb.Error:
                named = True  # what cannot be read is for a person to look at
            if named:
                yield path
        elif path.suffix.lower() in TEXTS:
            text = path.read_bytes().decode("utf-8", errors="surrogateescape")
            if person.pattern.search(text):
                yield path
