"""Parquet files -> received rows: native values as text, without loss and the same each time."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from workbench.data.quoting import literal, quote
from workbench.data.sources.received import (
    Received,
    checked_names,
    keep,
    private_folder,
)
from workbench.data.sources.writing import write_query
from workbench.errors import SourceError

__all__ = ["column_names", "receive_parquet"]


def column_names(path: Path, *, where: str) -> tuple[str, ...]:
    """Return the columns of a Parquet file from its footer.

    Raises
    ------
    SourceError
        When it is no Parquet file, or two columns have one name.
    """
    return checked_names(_schema(path, where).names, where=where)


def _schema(path: Path, where: str) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (pa.ArrowInvalid, pa.ArrowException) as error:
        raise SourceError(
            f"this is no readable Parquet file: {error}",
            where=where,
            fix="It may be cut off, or of another format: state `format:`.",
        ) from error


def receive_parquet(
    path: Path, *, out: Path, connection: duckdb.DuckDBPyConnection, where: str
) -> Received:
    """Return the rows of a Parquet file as text.

    Numbers and times are written as the engine writes them (instants in UTC with their offset),
    lists, structs and maps as JSON.
    """
    columns = column_names(path, where=where)
    if not columns:
        raise SourceError(
            "the Parquet file has no columns",
            where=where,
            fix="Get it again from its owner: a table has at least one.",
        )
    file = f"read_parquet({literal(str(path))})"
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {file}").fetchall()
        texts = ", ".join(
            f"{_text(row[0], row[1])} AS {quote(name)}"
            for row, name in zip(described, columns, strict=True)
        )
        with private_folder(out) as folder:
            made = folder / "rows.parquet"
            rows = write_query(connection, f"SELECT {texts} FROM {file}", made)
            keep(made, out)
    except (duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException) as error:
        # The engine would quote the broken text, which may be personal.
        said = str(error).splitlines()[0].partition(": value ")[0]
        raise SourceError(
            f"the Parquet file cannot be read to its end: {said}",
            where=where,
            fix="It may be damaged, or hold texts that are no UTF-8: get it again from its owner.",
        ) from error
    return Received(out, columns, rows)


def _text(name: str, kind: str) -> str:
    column = quote(name)
    nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))
    return f"CAST(to_json({column}) AS VARCHAR)" if nested else f"CAST({column} AS VARCHAR)"
