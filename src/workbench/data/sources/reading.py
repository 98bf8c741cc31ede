"""One source read by the reader that fits it; or no more than its header."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb

from workbench.data.sources import databases, delimited, excel, jsonlines, parquet
from workbench.data.sources.files import explained, locate, state
from workbench.data.sources.received import Progress, Received, unreadable_path
from workbench.errors import SourceError
from workbench.files import digest_of_file
from workbench.params import SourceParams

__all__ = ["probe", "receive"]


def receive(
    source: SourceParams,
    *,
    name: str,
    root: Path,
    connection: duckdb.DuckDBPyConnection,
    out: Path,
    where: str,
    progress: Progress | None = None,
) -> Received:
    """Return a source's rows as they came.

    Parameters
    ----------
    source
        What the parameter file says of it.
    name
        The source's name, for messages.
    root
        The project's folder; paths are relative to it.
    connection
        The engine (`workbench.data.engine.connect`).
    out
        The Parquet file to write; unreadable records go to ``<stem>.unreadable.parquet`` beside it.
    where
        File and key, for messages.
    progress
        Called with the share that is done (0-1), or None where it cannot be told.

    Raises
    ------
    SourceError
        When the source cannot be reached or read at all, or changed while it was read.
    """
    report = progress or (lambda share: None)
    out.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for stale in (out, unreadable_path(out)):
        stale.unlink(missing_ok=True)
    if source.kind == "sql":
        return databases.receive_database(source, root=root, out=out, where=where, progress=report)
    assert source.path is not None  # held by the model
    path = locate(source.path, root=root, where=where)
    with explained(source.path, where):
        before = state(path)
        received = _read_file(source, path, connection, out, where, report)
        fingerprint = before | {"sha256": digest_of_file(path)}
        if state(path) != before:
            raise SourceError(
                f"the file of `{name}` changed while it was read",
                where=where,
                fix="Run again once it is complete.",
            )
    report(1.0)
    return replace(received, fingerprint=fingerprint)


def _read_file(
    source: SourceParams,
    path: Path,
    connection: duckdb.DuckDBPyConnection,
    out: Path,
    where: str,
    progress: Progress,
) -> Received:
    read = source.read
    if source.kind == "parquet":
        return parquet.receive_parquet(path, out=out, connection=connection, where=where)
    if source.kind == "excel":
        return excel.receive_excel(path, read, out=out, where=where)
    if source.kind == "jsonl":
        return jsonlines.receive_jsonlines(path, read, out=out, where=where, progress=progress)
    return delimited.receive_delimited(
        path, read, out=out, connection=connection, where=where, progress=progress
    )


def probe(source: SourceParams, *, root: Path, where: str) -> tuple[str, ...]:
    """Open a source, read no more than its header, and return its columns.

    Raises
    ------
    SourceError
        When it cannot be reached, or its header cannot be read.
    """
    if source.kind == "sql":
        return databases.column_names(source, root=root, where=where)
    assert source.path is not None  # held by the model
    path = locate(source.path, root=root, where=where)
    with explained(source.path, where):
        if source.kind == "parquet":
            return parquet.column_names(path, where=where)
        if source.kind == "excel":
            return excel.column_names(path, source.read, where=where)
        if source.kind == "jsonl":
            return jsonlines.column_names(path, source.read, where=where)
        return delimited.column_names(path, source.read, where=where)
