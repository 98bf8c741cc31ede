"""A query's rows as a Parquet file: the same for all tables, in bounds for wide ones."""

from __future__ import annotations

from pathlib import Path

import duckdb

from workbench.data.quoting import literal
from workbench.data.sources.writing import write_query

__all__ = ["NARROW", "copy_parquet"]

NARROW = 500
"""Columns up to which the engine writes a table itself."""


def copy_parquet(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    path: Path,
    *,
    columns: int,
    row_group: int,
    compression: str,
) -> None:
    """Write a query's rows to a Parquet file, in their order.

    The engine holds blocks of memory for every column of several row groups at once: 5,000 columns
    do not fit into 1.6 GB, however few the rows. More than `NARROW` columns are therefore written
    as they stream, a few rows at a time.

    Parameters
    ----------
    connection
        The engine.
    query
        A SELECT.
    path
        The file to write.
    columns
        The columns of the query, about: they decide how it is written.
    row_group
        The rows of a row group of a narrow table.
    compression
        ``lz4`` or ``zstd``, of a narrow table.
    """
    if columns > NARROW:
        write_query(connection, query, path)
        return
    connection.execute(
        f"COPY ({query}) TO {literal(str(path))} "
        f"(FORMAT parquet, COMPRESSION {compression}, ROW_GROUP_SIZE {row_group})"
    )
