"""The embedded engine: DuckDB, set so that a run is bounded, repeatable and off the network."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import weakref
from pathlib import Path

import duckdb

from workbench.errors import ParameterError

__all__ = ["column_types", "connect"]


def connect(
    *, memory: str = "2GB", threads: int | None = None, temp: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """Return a connection to a fresh in-memory database.

    Nothing is downloaded (extensions are neither installed nor loaded on demand), times are read
    and shown in UTC, rows keep the order in which they were read, Python variables cannot be
    reached from SQL, and what does not fit into ``memory`` is spilled to ``temp``.

    Parameters
    ----------
    memory
        The most that the engine may hold, such as ``2GB`` or ``512MB``.
    threads
        Number of threads, at least 1; all cores when not given.
    temp
        Folder for what is spilled; an owner-only one of its own, removed with the connection, when
        not given.

    Raises
    ------
    ParameterError
        When ``memory`` or ``threads`` is not a size or number that the engine takes.

    Examples
    --------
    >>> connect().sql("SELECT current_setting('TimeZone')").fetchone()
    ('UTC',)
    """
    own = None
    if temp is None:
        own = tempfile.mkdtemp(prefix="workbench-")
        temp = Path(own)
    else:
        temp.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "temp_directory": str(temp),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_persistent_secrets": False,
        "preserve_insertion_order": True,
        # A file that was written again within the clock's tick would be read from the cache.
        "enable_external_file_cache": False,
        "python_enable_replacements": False,
    }
    if threads is not None:
        settings["threads"] = threads
    try:
        connection = duckdb.connect(":memory:", config=settings)
    except duckdb.Error as error:
        raise ParameterError(
            f"the engine refuses its settings (memory {memory}, threads {threads}): {error}",
            fix="State memory as 2GB or 512MB, and threads as a whole number from 1.",
        ) from error
    if own is not None:
        weakref.finalize(connection, shutil.rmtree, own, ignore_errors=True)
    connection.execute("SET TimeZone = 'UTC'")
    # In a notebook's kernel without ipywidgets there is no bar, and the engine refuses to be told.
    with contextlib.suppress(duckdb.InvalidInputException):
        connection.execute("SET enable_progress_bar = false")
    return connection


def column_types(connection: duckdb.DuckDBPyConnection, rows: str) -> dict[str, str]:
    """Return the columns of some rows with their SQL types, in order.

    Parameters
    ----------
    connection
        The engine.
    rows
        What stands after ``FROM``: a table, a view, a file, a query in parentheses.

    Examples
    --------
    >>> column_types(connect(), "(SELECT 1 AS number, 'a' AS word)")
    {'number': 'INTEGER', 'word': 'VARCHAR'}
    """
    described = connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
    return {str(name): str(kind) for name, kind, *_ in described}
