"""Candidates for a list as Parquet: numbers stay numbers, texts stay what they are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from workbench.report.formats import is_missing

__all__ = ["MARGIN", "VALUE", "add_up", "parquet_bytes"]

VALUE, MARGIN = "__value", "__margin"
"""Columns beside those that a list shows: what each customer is worth, and the margin of that."""


def parquet_bytes(
    frame: pd.DataFrame,
    headers: Mapping[str, str],
    amounts: Mapping[str, str],
    no_consent: int,
) -> bytes:
    """Return some columns of a frame as Parquet; the same rows give the same bytes.

    The file's own metadata hold the number of those who did not agree: where they are few, that is
    for the owner alone.

    Parameters
    ----------
    frame
        The rows, in the order wanted.
    headers
        Column of the frame -> its name in the file.
    amounts
        `VALUE` or `MARGIN` -> column of the frame; written behind the others.
    no_consent
        How many more qualify and are not among the rows.
    """
    columns = {label: _arrow(frame[name]) for name, label in headers.items()}
    columns |= {label: _arrow(frame[name]) for label, name in amounts.items()}
    sink = pa.BufferOutputStream()
    rows = pa.table(columns).replace_schema_metadata({"no_consent": str(no_consent)})
    pq.write_table(rows, sink, compression="zstd")
    return bytes(sink.getvalue())


def add_up(values: Iterable[Any]) -> float | int | Decimal:
    """Return the sum of amounts, the same in whatever order they come.

    Decimals and whole numbers add up exactly, other numbers to the nearest float.
    """
    amounts = list(values)
    if any(isinstance(one, float) for one in amounts):
        return math.fsum(float(one) for one in amounts)
    total: float | int | Decimal = sum(amounts)
    return total


def _arrow(column: pd.Series) -> pa.Array:
    """Return a column with the type of its values; of mixed ones, their texts."""
    if column.dtype != object and not pd.api.types.is_string_dtype(column.dtype):
        found = pa.array(column, from_pandas=True)
        return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    values = [None if is_missing(value) else value for value in column.tolist()]
    if all(value is None or isinstance(value, str) for value in values):
        return pa.array([_writable(value) for value in values], type=pa.string())
    try:
        return pa.array(values)
    except (pa.ArrowException, ValueError):
        return pa.array(
            [None if value is None else _writable(str(value)) for value in values],
            type=pa.string(),
        )


def _writable(text: str | None) -> str | None:
    """Return a text without half surrogates, which no file can hold."""
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")
