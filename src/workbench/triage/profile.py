"""A profile of each column of a table's accepted rows, by reductions in the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from workbench.data.contracts import Table
from workbench.data.quoting import literal, quote
from workbench.params import WHOLE
from workbench.triage.record import ColumnRecord
from workbench.triage.tally import EXACT_UP_TO

__all__ = ["distinct_received", "profile_table"]

_TOP = 5
_MOST_VALUES = 200
"""Texts with more different values than this are free text or names: no top values are shown."""


def profile_table(
    connection: duckdb.DuckDBPyConnection,
    contract: Table,
    path: Path,
    received: Mapping[str, int],
    *,
    min_group: int,
) -> tuple[ColumnRecord, ...]:
    """Return the profile of each column of a snapshot's table.

    Parameters
    ----------
    connection
        The engine.
    contract
        The table's contract.
    path
        The table's Parquet file.
    received
        Identifier -> its distinct values among all received rows.
    min_group
        The fewest rows for which a value may be shown.
    """
    rows = f"read_parquet({literal(str(path))})"
    described = connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
    types = {name: kind for name, kind, *_ in described if name != "source"}
    count = int(_one(connection, f"SELECT count(*) FROM {rows}"))
    exact = count <= EXACT_UP_TO
    cells = _measures(connection, rows, types, exact=exact)
    found = []
    for place, (name, kind) in enumerate(types.items()):
        missing, distinct, lowest, highest, mean, total = cells[6 * place : 6 * place + 6]
        declared = contract.column(name)
        text = kind == "VARCHAR"
        identifier = declared is not None and declared.kind == "id"
        top: tuple[tuple[str, int], ...] = ()
        if text and not identifier and 0 < distinct <= _MOST_VALUES:
            top = _top(connection, rows, name, min_group)
        found.append(
            ColumnRecord(
                name=name,
                kind=declared.kind if declared else "carried",
                about=declared.about if declared else "carried along from the source",
                required=declared.required if declared else False,
                missing=missing,
                distinct=distinct,
                distinct_received=received.get(name),
                exact=exact,
                lowest=lowest,
                highest=highest,
                mean=mean,
                total=total,
                top=top,
            )
        )
    return tuple(found)


def distinct_received(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    identifiers: Sequence[str],
    *,
    count: int,
    split: bool,
) -> dict[str, dict[str, int]]:
    """Return unit -> identifier -> distinct values among all received rows.

    Parameters
    ----------
    rows
        A query of typed rows; with ``_wb_unit`` where there is a split.
    identifiers
        The columns to count.
    count
        The number of rows, which decides whether the counts are exact.
    split
        Whether each unit is counted besides the whole.
    """
    if not identifiers:
        return {}
    how = "count(DISTINCT {0})" if count <= EXACT_UP_TO else "approx_count_distinct({0})"
    counted = ", ".join(how.format(quote(name)) for name in identifiers)
    unit, sets = literal(WHOLE), ""
    if split:
        unit = f"coalesce(_wb_unit, {unit})"
        sets = "GROUP BY GROUPING SETS ((), (_wb_unit))"
    found = connection.execute(f"SELECT {unit}, {counted} FROM ({rows}) {sets}").fetchall()
    return {name: dict(zip(identifiers, values, strict=True)) for name, *values in found}


def _measures(
    connection: duckdb.DuckDBPyConnection, rows: str, types: Mapping[str, str], *, exact: bool
) -> Sequence[Any]:
    parts = []
    for name, kind in types.items():
        column = quote(name)
        distinct = f"count(DISTINCT {column})" if exact else f"approx_count_distinct({column})"
        ordered = kind not in ("VARCHAR", "BOOLEAN")
        # Sums of doubles depend on the order of adding; decimals do not.
        number = {"DOUBLE": f"TRY_CAST({column} AS DECIMAL(38,8))", "BIGINT": column}.get(kind)
        if kind.startswith("DECIMAL"):
            number = column
        mean = "NULL"
        if number:
            divided = f"CAST(sum({number}) AS DOUBLE) / count({number})"
            mean = f"CAST(round({divided}, 6) AS VARCHAR)"
        money = kind.startswith("DECIMAL")
        parts += [
            f"count(*) - count({column})",
            distinct,
            f"CAST(min({column}) AS VARCHAR)" if ordered else "NULL",
            f"CAST(max({column}) AS VARCHAR)" if ordered else "NULL",
            mean,
            f"CAST(sum({column}) AS VARCHAR)" if money else "NULL",
        ]
    if not parts:
        return ()
    found = connection.execute(f"SELECT {', '.join(parts)} FROM {rows}").fetchone()
    return found or ()


def _top(
    connection: duckdb.DuckDBPyConnection, rows: str, name: str, min_group: int
) -> tuple[tuple[str, int], ...]:
    column = quote(name)
    found = connection.execute(
        f"SELECT {column}, count(*) AS n FROM {rows} WHERE {column} IS NOT NULL "
        f"GROUP BY {column} HAVING n >= {min_group} ORDER BY n DESC, {column} LIMIT {_TOP}"
    ).fetchall()
    return tuple((value, rows_with) for value, rows_with in found)


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]
