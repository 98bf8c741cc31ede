"""What two sources of a table share, as figures: keys, conflicts, gaps, dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from workbench.data.quoting import quote, relation

__all__ = ["ColumnOverlap", "Counted", "SourceRows", "count_shared"]


@dataclass(frozen=True)
class SourceRows:
    """One source's typed rows.

    Parameters
    ----------
    name
        The source's name in the unit.
    rows
        A Parquet file, or a query of the engine; columns that begin with ``_wb_`` are passed over.
    """

    name: str
    rows: Path | str

    @property
    def sql(self) -> str:
        """Return what stands after ``FROM``."""
        return relation(self.rows)


@dataclass(frozen=True)
class ColumnOverlap:
    """One column in the rows that two sources share.

    Parameters
    ----------
    name
        The column; both sources have it.
    conflicts
        Shared keys for which both have a value and the values differ.
    only_first, only_second
        Shared keys for which only that source has a value.
    first_share, second_share
        Share of all rows of either source that have a value (0-1); None for a source without rows.
    names_source
        Whether the column has one value throughout in either source, and another in the other one:
        it then says where a row came from, and its differences are no conflicts.
    """

    name: str
    conflicts: int
    only_first: int
    only_second: int
    first_share: float | None
    second_share: float | None
    names_source: bool


@dataclass(frozen=True)
class Counted:
    """The figures of two sources; each pair is the first's and the second's.

    Parameters
    ----------
    rows, keys, newest
        Rows, different keys, newest day of the clock.
    shared, repeated
        Keys in both; how many of them either source has more than once.
    conflicts
        Shared keys with a conflict in any column.
    columns
        The columns that both have, the most conflicts first.
    later
        Shared keys for which the source has the later date.
    """

    rows: tuple[int, int]
    keys: tuple[int, int]
    shared: int
    repeated: int
    conflicts: int
    columns: tuple[ColumnOverlap, ...]
    newest: tuple[date | None, date | None]
    later: tuple[int, int]


def count_shared(
    connection: duckdb.DuckDBPyConnection,
    first: SourceRows,
    second: SourceRows,
    key: tuple[str, ...],
    columns: dict[str, bool],
    clock: str | None,
) -> Counted:
    """Return the figures of two sources.

    Parameters
    ----------
    connection
        The engine; temporary tables whose names begin with ``_overlap`` are made and removed.
    first, second
        The sources.
    key
        The columns that a row is known by; both have them.
    columns
        Columns that both have -> whether their types are the same; else texts are compared.
    clock
        One of these that dates a row, or None.
    """
    keys, shared, alone = _join_keys(connection, (first, second), key)
    compared = [name for name in columns if name not in key]
    wholes = tuple(_whole(connection, source, compared, clock) for source in (first, second))
    conflicts, later, met = _compare(connection, (first, second), key, compared, columns, clock)
    for name in ("_overlap0", "_overlap1", "_overlap_both"):
        connection.execute(f"DROP TABLE {name}")
    found = [
        ColumnOverlap(
            name=name,
            conflicts=0 if labels else different,
            only_first=only[0],
            only_second=only[1],
            first_share=wholes[0][2][name],
            second_share=wholes[1][2][name],
            names_source=labels,
        )
        for name, (different, only, labels) in met.items()
    ]
    return Counted(
        rows=(wholes[0][0], wholes[1][0]),
        keys=keys,
        shared=shared,
        repeated=shared - alone,
        conflicts=conflicts,
        columns=tuple(sorted(found, key=lambda column: (-column.conflicts, column.name))),
        newest=(wholes[0][1], wholes[1][1]),
        later=later,
    )


def _join_keys(
    connection: duckdb.DuckDBPyConnection,
    sources: tuple[SourceRows, SourceRows],
    key: tuple[str, ...],
) -> tuple[tuple[int, int], int, int]:
    """Return the keys of either source, those of both, and of these the ones never repeated."""
    for place, source in enumerate(sources):
        _key_table(connection, f"_overlap{place}", source, key)
    one, other = (_one(connection, f"SELECT count(*) FROM _overlap{n}")[0] for n in (0, 1))
    names = _names(key)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _overlap_both AS "
        f"SELECT {names}, a.n = 1 AND b.n = 1 AS alone "
        f"FROM _overlap0 a JOIN _overlap1 b USING ({names})"
    )
    shared, alone = _one(
        connection, "SELECT count(*), count(*) FILTER (WHERE alone) FROM _overlap_both"
    )
    return (one, other), shared, alone


def _names(key: tuple[str, ...]) -> str:
    return ", ".join(f"k{place}" for place in range(len(key)))


def _key_table(
    connection: duckdb.DuckDBPyConnection, name: str, source: SourceRows, key: tuple[str, ...]
) -> None:
    """Make a table of a source's keys, as texts: sources may hold a column in different types."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {_names(key)}, count(*) AS n "
        f"FROM (SELECT {_keyed(key)} FROM {source.sql}) "
        f"WHERE {' AND '.join(f'k{n} IS NOT NULL' for n in range(len(key)))} "
        f"GROUP BY {_names(key)}"
    )


def _keyed(key: tuple[str, ...]) -> str:
    return ", ".join(f"CAST({quote(name)} AS VARCHAR) AS k{n}" for n, name in enumerate(key))


def _whole(
    connection: duckdb.DuckDBPyConnection,
    source: SourceRows,
    columns: Sequence[str],
    clock: str | None,
) -> tuple[int, date | None, dict[str, float | None]]:
    """Return a source's rows, newest day, and share of rows with a value by column."""
    newest = f"CAST(max({quote(clock)}) AS DATE)" if clock else "CAST(NULL AS DATE)"
    asked = ", ".join(["count(*)", newest, *(f"count({quote(name)})" for name in columns)])
    rows, day, *present = _one(connection, f"SELECT {asked} FROM {source.sql}")
    shares = [count / rows if rows else None for count in present]
    return rows, day, dict(zip(columns, shares, strict=True))


def _compare(
    connection: duckdb.DuckDBPyConnection,
    sources: tuple[SourceRows, SourceRows],
    key: tuple[str, ...],
    columns: Sequence[str],
    same_type: dict[str, bool],
    clock: str | None,
) -> tuple[int, tuple[int, int], dict[str, tuple[int, tuple[int, int], bool]]]:
    """Compare the rows of the keys that both sources have once.

    Returns
    -------
    tuple
        Keys with a conflict; keys for which either source is later; for each column the keys with
        different values, those for which one source alone has a value, and whether it names the
        source.
    """
    sides = []
    for source in sources:
        values = [
            f"{quote(name) if same_type[name] else f'CAST({quote(name)} AS VARCHAR)'} AS v{n}"
            for n, name in enumerate(columns)
        ]
        sides.append(f"(SELECT {', '.join([_keyed(key), *values])} FROM {source.sql})")
    joined = (
        f"(SELECT * FROM _overlap_both WHERE alone) o "
        f"JOIN {sides[0]} a USING ({_names(key)}) JOIN {sides[1]} b USING ({_names(key)})"
    )
    asked = []
    for n in range(len(columns)):
        asked += [
            f"count(*) FILTER (WHERE a.v{n} <> b.v{n})",
            f"count(*) FILTER (WHERE a.v{n} IS NOT NULL AND b.v{n} IS NULL)",
            f"count(*) FILTER (WHERE a.v{n} IS NULL AND b.v{n} IS NOT NULL)",
            f"coalesce(min(a.v{n}) = max(a.v{n}) AND min(b.v{n}) = max(b.v{n}) "
            f"AND min(a.v{n}) <> min(b.v{n}) AND count(a.v{n}) = count(*) "
            f"AND count(b.v{n}) = count(*) AND count(*) > 1, false)",
        ]
    later = (0, 0)
    if clock is not None and clock in columns:
        n = columns.index(clock)
        asked += [f"count(*) FILTER (WHERE a.v{n} {sign} b.v{n})" for sign in (">", "<")]
    if not asked:
        return 0, later, {}
    figures = list(_one(connection, f"SELECT {', '.join(asked)} FROM {joined}"))
    if clock is not None and clock in columns:
        later = (figures[-2], figures[-1])
    met = {
        name: (figures[4 * n], (figures[4 * n + 1], figures[4 * n + 2]), figures[4 * n + 3])
        for n, name in enumerate(columns)
    }
    telling = [f"a.v{n} <> b.v{n}" for n, name in enumerate(columns) if not met[name][2]]
    conflicts = 0
    if telling:
        some = " OR ".join(f"coalesce({one}, false)" for one in telling)
        conflicts = _one(connection, f"SELECT count(*) FROM {joined} WHERE {some}")[0]
    return conflicts, later, met


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return connection.execute(query).fetchone() or ()
