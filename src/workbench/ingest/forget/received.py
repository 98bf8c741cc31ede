"""Received rows without those of customers who are forgotten: now, and at each later ingest.

Which rows are the customer's is told by the same query that types them: the canonical
``customer_id``, whatever the source calls it and makes it of. Row numbers stay those of the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from workbench.data.quoting import literal, numbered, quote
from workbench.data.sources import Received
from workbench.data.sources.received import private_folder, record_column
from workbench.ingest.forget.person import Person
from workbench.ingest.forget.tombstones import Tombstones
from workbench.ingest.inbox import Inbox
from workbench.params import SuiteParams, UnitParams
from workbench.triage.named import Frame, Named
from workbench.triage.typed import plan_source

__all__ = ["concerned_rows", "leave_out", "lines_of"]


def leave_out(
    connection: duckdb.DuckDBPyConnection,
    suite: SuiteParams,
    unit: UnitParams,
    inbox: Inbox,
    received: Sequence[tuple[Named, Received]],
    stones: Tombstones,
) -> list[tuple[Named, Received]]:
    """Take the rows of forgotten customers out of what the sources delivered, before all else.

    A source's rows are searched once for each set of tombstones; its state stays what it was, so
    that an unchanged source is still known as unchanged.

    Parameters
    ----------
    connection
        The engine.
    suite, unit
        Whose sources these are.
    inbox
        Where the received rows are.
    received
        The sources with their rows, in the order of ingest.
    stones
        Who is forgotten.

    Returns
    -------
    list
        The sources with the rows that are left; ``erased`` tells how many are not.
    """
    if not stones.stones:
        return list(received)
    frame = Frame.of(suite, unit, (named.contract.name for named, _ in received))
    return [
        (named, rows)
        if rows.erased_for == stones.digest
        else (named, _without(connection, inbox, named, rows, frame, stones))
        for named, rows in received
    ]


def concerned_rows(
    connection: duckdb.DuckDBPyConnection,
    named: Named,
    received: Received,
    frame: Frame,
    stones: Tombstones,
) -> list[int] | None:
    """Return the numbers of the rows that are a forgotten customer's; None without customers.

    Parameters
    ----------
    connection
        The engine.
    named, received, frame
        The source, its rows, and what is the same for all sources of its unit.
    stones
        Who is forgotten.
    """
    plan = plan_source(connection, named, received, frame)
    if "customer_id" not in plan.columns:
        return None
    found = connection.execute(
        f"SELECT _wb_row FROM ({plan.query}) WHERE {stones.matches('customer_id')} ORDER BY _wb_row"
    ).fetchall()
    return [row for (row,) in found]


def lines_of(
    connection: duckdb.DuckDBPyConnection, received: Received, stones: Tombstones
) -> list[int]:
    """Return the numbers of the unreadable records that name a forgotten customer."""
    if received.unreadable is None:
        return []
    person = Person(frozenset(), stones)
    cursor = connection.execute(
        f"SELECT record, text FROM read_parquet({literal(str(received.unreadable))})"
    )
    found: list[int] = []
    while batch := cursor.fetchmany(10_000):
        found += [record for record, text in batch if person.is_in_line(text or "")]
    return found


def _without(
    connection: duckdb.DuckDBPyConnection,
    inbox: Inbox,
    named: Named,
    received: Received,
    frame: Frame,
    stones: Tombstones,
) -> Received:
    rows = concerned_rows(connection, named, received, frame, stones) or []
    lines = lines_of(connection, received, stones)
    left = replace(
        received,
        rows=received.rows - len(rows),
        unreadable_rows=received.unreadable_rows - len(lines),
        erased=received.erased + len(rows) + len(lines),
        erased_for=stones.digest,
    )
    with private_folder(received.path) as folder:
        made = lined = None
        if rows:
            record = quote(record_column(received.columns))
            left = replace(left, row_sql=record)
            columns = [f"{received.row_sql} AS {record}", *map(quote, received.columns)]
            made = _copy(connection, received.path, columns, rows, record, folder / "rows.parquet")
        if lines and left.unreadable_rows:
            assert received.unreadable is not None
            names = ["record", "text", "error"]
            kept = received.unreadable
            lined = _copy(connection, kept, names, lines, "record", folder / "lines.parquet")
        if not left.unreadable_rows:
            left = replace(left, unreadable=None)
        return inbox.replace(named, left, made, lined)


def _copy(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    columns: Sequence[str],
    gone: Sequence[int],
    number: str,
    out: Path,
) -> Path:
    """Write a Parquet file without some of its rows, in their order."""
    numbers = ", ".join(str(one) for one in gone)
    connection.execute(
        f"COPY (SELECT * FROM (SELECT {', '.join(columns)} "
        f"FROM {numbered(path)}) "
        f"WHERE {number} NOT IN ({numbers}) ORDER BY {number}) "
        f"TO {literal(str(out))} (FORMAT parquet, COMPRESSION zstd)"
    )
    return out
