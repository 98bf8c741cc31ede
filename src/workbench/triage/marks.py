"""What a row's own values cannot show: repeated rows, repeated keys, references to nothing.

Each step finds suspects by a 64-bit hash and then compares the values themselves, so that memory
grows with the number of suspects, and two values with one hash are never taken for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

from workbench.data.quoting import literal, numbered, quote
from workbench.triage.checks import Check, rejected_sql, words
from workbench.triage.typed import BOOKKEEPING, TypedSource

__all__ = ["Settled", "settle"]


@dataclass(frozen=True)
class Settled:
    """A canonical table of which every row's fate is known.

    Parameters
    ----------
    table
        Its name.
    sources
        Its sources, by rank.
    marks
        The engine's table of what was found across rows: ``rank, row, bits``.
    """

    table: str
    sources: tuple[TypedSource, ...]
    marks: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that any source has: the contract's in order, then the others."""
        known = self.sources[0].named.contract.names
        found = {name: None for source in self.sources for name in source.columns}
        return (
            *(name for name in known if name in found),
            *(name for name in found if name not in known),
        )

    def rows(self, source: TypedSource) -> str:
        """Return a query of one source's typed rows, with all failures in their bits."""
        marked = "t._wb_bits0 | coalesce(m.bits, 0) AS _wb_bits0"
        return (
            f"SELECT t.* REPLACE ({marked}) FROM {scan(source)} t "
            f"LEFT JOIN {self.marks} m ON m.rank = {source.named.rank} AND m.row = t._wb_row"
        )

    def accepted(self) -> str:
        """Return a query of all accepted rows, with their source's name and their split."""
        parts = []
        for source in self.sources:
            names = ", ".join(quote(name) for name in source.columns)
            parts.append(
                f"SELECT {names}, {literal(source.named.name)} AS source, _wb_split "
                f"FROM ({self.rows(source)}) WHERE NOT {rejected_sql(source.checks)}"
            )
        return " UNION ALL BY NAME ".join(parts)


def scan(source: TypedSource) -> str:
    """Return SQL that reads a source's typed rows."""
    return f"read_parquet({literal(str(source.path))})"


def settle(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[TypedSource],
    settled: Iterable[Settled],
) -> Settled:
    """Find what is wrong across the rows of one table.

    Parameters
    ----------
    connection
        The engine; a table ``marks_<table>`` is made in it.
    sources
        The table's typed sources, by rank.
    settled
        The tables that are already settled, to which this one may refer.

    Returns
    -------
    Settled
        The table with every row's fate.
    """
    table = sources[0].named.contract.name
    found = f"found_{table}"
    connection.execute(f"CREATE TEMP TABLE {found} (rank INTEGER, row BIGINT, bits BIGINT)")
    others = {other.table: other for other in settled}
    for source in sources:
        for check in source.checks:
            if check.kind == "duplicate_row":
                _mark_repeated_rows(connection, found, source, check)
            elif check.kind == "orphan":
                target = source.named.contract.references[check.column]
                if target in others:
                    _mark_orphans(connection, found, source, check, others[target])
    marks = f"marks_{table}"
    _gather(connection, found, marks)
    if any(check.kind == "duplicate_key" for source in sources for check in source.checks):
        _mark_repeated_keys(connection, found, Settled(table, tuple(sources), marks))
        _gather(connection, found, marks)
    connection.execute(f"DROP TABLE {found}")
    return Settled(table, tuple(sources), marks)


def _gather(connection: duckdb.DuckDBPyConnection, found: str, marks: str) -> None:
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {marks} AS "
        f"SELECT rank, row, bit_or(bits) AS bits FROM {found} GROUP BY rank, row"
    )


def _mark_repeated_rows(
    connection: duckdb.DuckDBPyConnection, found: str, source: TypedSource, check: Check
) -> None:
    received = source.received
    every = [quote(name) for name in received.columns if name not in BOOKKEEPING]
    connection.execute(
        f"INSERT INTO {found} "
        f"WITH again AS (SELECT _wb_hash FROM {scan(source)} GROUP BY _wb_hash "
        "HAVING count(*) > 1), "
        f"suspects AS (SELECT _wb_row FROM {scan(source)} SEMI JOIN again USING (_wb_hash)), "
        f"texts AS (SELECT {received.row_sql} AS _wb_row, {', '.join(every)} "
        f"FROM {numbered(received.path)}), "
        "numbered AS (SELECT _wb_row, row_number() OVER "
        f"(PARTITION BY {', '.join(every)} ORDER BY _wb_row) AS nth "
        "FROM texts SEMI JOIN suspects USING (_wb_row)) "
        f"SELECT {source.named.rank}, _wb_row, {check.mask} FROM numbered WHERE nth > 1"
    )


def _mark_orphans(
    connection: duckdb.DuckDBPyConnection,
    found: str,
    source: TypedSource,
    check: Check,
    target: Settled,
) -> None:
    key = quote(target.sources[0].named.contract.key[0])
    column = quote(check.column)
    connection.execute(
        f"INSERT INTO {found} "
        f"SELECT {source.named.rank}, _wb_row, {check.mask} FROM {scan(source)} t "
        f"ANTI JOIN (SELECT DISTINCT {key} AS known FROM ({target.accepted()})) k "
        f"ON t.{column} = k.known WHERE t.{column} IS NOT NULL"
    )


def _mark_repeated_keys(connection: duckdb.DuckDBPyConnection, found: str, table: Settled) -> None:
    """Mark all but one of the rows with one key: a good row before a bad, then by rank and row."""
    keyed = [s for s in table.sources if any(c.kind == "duplicate_key" for c in s.checks)]
    key = keyed[0].named.key
    hashes = " UNION ALL ".join(
        f"SELECT _wb_key FROM {scan(source)} WHERE _wb_key IS NOT NULL" for source in keyed
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE again AS "
        f"SELECT _wb_key FROM ({hashes}) GROUP BY _wb_key HAVING count(*) > 1"
    )
    parts = []
    for source in keyed:
        mask = next(check.mask for check in source.checks if check.kind == "duplicate_key")
        names = ", ".join(
            f"CAST({quote(name)} AS VARCHAR) AS k{place}" for place, name in enumerate(key)
        )
        bits = ", ".join(f"_wb_bits{word}" for word in range(words(source.checks)))
        parts.append(
            f"SELECT {source.named.rank} AS rank, _wb_row, {mask} AS mask, {names}, "
            f"{rejected_sql(source.checks)} AS bad "
            f"FROM (SELECT _wb_row, _wb_key, {', '.join(quote(n) for n in key)}, {bits} "
            f"FROM ({table.rows(source)}) WHERE _wb_key IS NOT NULL) "
            "SEMI JOIN again USING (_wb_key)"
        )
    partition = ", ".join(f"k{place}" for place in range(len(key)))
    connection.execute(
        f"INSERT INTO {found} SELECT rank, _wb_row, mask FROM (SELECT *, row_number() OVER "
        f"(PARTITION BY {partition} ORDER BY bad, rank, _wb_row) AS nth "
        f"FROM ({' UNION ALL '.join(parts)})) WHERE nth > 1"
    )
    connection.execute("DROP TABLE again")
