"""Where the rows go: accepted ones to the snapshot's tables, rejected ones to quarantine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from workbench.data.contracts import CUSTOMER, CUSTOMER_RECORD, Table
from workbench.data.copying import copy_parquet
from workbench.data.quoting import literal, numbered, quote
from workbench.errors import ParameterError
from workbench.params import REST, TableParams
from workbench.triage.checks import reasons_sql, rejected_sql
from workbench.triage.marks import Settled
from workbench.triage.typed import BOOKKEEPING, TypedSource
from workbench.triage.units import SplitUnits

__all__ = [
    "ROW_GROUP",
    "leave_out",
    "personal_columns",
    "token_sql",
    "write_accepted",
    "write_quarantine",
]

ROW_GROUP = 122_880
"""Rows in a group of a snapshot's Parquet files: fixed, because the bytes depend on it."""


def personal_columns(
    contract: Table, table: TableParams | None, columns: tuple[str, ...]
) -> dict[str, str]:
    """Return which columns may not enter a snapshot in clear, and what becomes of each.

    Parameters
    ----------
    contract
        The table's contract: its personal columns are dropped unless the unit says ``token``.
    table
        The unit's choices, or None.
    columns
        The columns that the table has.
    """
    chosen = {column.name: "drop" for column in contract.columns if column.personal}
    if table is not None:
        chosen |= table.personal
    return {name: chosen[name] for name in columns if name in chosen}


def write_accepted(
    connection: duckdb.DuckDBPyConnection,
    table: Settled,
    personal: Mapping[str, str],
    token_key: str | None,
    units: SplitUnits | None,
    out: Path,
    *,
    resolved: str | None = None,
) -> None:
    """Write a table's accepted rows, sorted by all of their columns, without personal data.

    The order depends on the rows alone, so that the same rows give the same bytes, whatever order
    a database returned them in.

    Parameters
    ----------
    table
        The settled table.
    personal
        Column -> ``drop`` or ``token``.
    token_key
        The secret of the keyed hash; needed where a column is a ``token``.
    units
        The split's units: the column ``_wb_unit`` is then written too.
    out
        The Parquet file.
    resolved
        The engine's table ``record, customer`` of records that are known by another customer's
        identifier, or None. Then ``customer_id`` is the customer, and ``source_customer_id`` the
        record as it came.
    """
    columns = [name for name in table.columns if personal.get(name) != "drop"]
    rows = f"SELECT * FROM ({table.accepted()})"
    unit = []
    if units is not None:
        splits = all(source.splits for source in table.sources)
        rows = units.labelled(table.accepted(), table.columns, splits)
        unit = ["_wb_unit"]
    if resolved is not None and CUSTOMER in columns:
        rows = (
            f"SELECT a.* REPLACE (coalesce(r.customer, a.{CUSTOMER}) AS {CUSTOMER}), "
            f"a.{CUSTOMER} AS {CUSTOMER_RECORD} "
            f"FROM ({rows}) a LEFT JOIN {resolved} r ON r.record = a.{CUSTOMER}"
        )
        columns = [*columns, CUSTOMER_RECORD]
        personal = {
            **personal,
            **({CUSTOMER_RECORD: personal[CUSTOMER]} if CUSTOMER in personal else {}),
        }
    selected = [
        f"{token_sql(name, token_key)} AS {quote(name)}"
        if personal.get(name) == "token"
        else quote(name)
        for name in columns
    ]
    order = [*unit, *(quote(name) for name in _sort_order(table, columns)), "source"]
    copy_parquet(
        connection,
        f"SELECT {', '.join([*selected, 'source', *unit])} FROM ({rows}) "
        f"ORDER BY {', '.join(order)}",
        out,
        columns=len(selected),
        row_group=ROW_GROUP,
        compression="zstd",
    )


def leave_out(
    connection: duckdb.DuckDBPyConnection, table: Settled, columns: Sequence[str], path: Path
) -> None:
    """Write a table's accepted rows again without some columns, as if these had never been there.

    The rows are sorted again, so that their order tells nothing of what was left out.

    Parameters
    ----------
    table
        The settled table.
    columns
        The columns to leave out, at least one.
    path
        The Parquet file that ``write_accepted`` wrote, or a unit's part of it; it is replaced.
    """
    scanned = f"read_parquet({literal(str(path))})"
    there = connection.execute(f"SELECT * FROM {scanned} LIMIT 0").description or ()
    kept = [str(name) for name, *_ in there if name not in {*columns, "source"}]
    order = [*(quote(name) for name in _sort_order(table, kept)), "source"]
    draft = path.with_name(f"{path.name}.draft")
    copy_parquet(
        connection,
        f"SELECT {', '.join([*map(quote, kept), 'source'])} FROM {scanned} "
        f"ORDER BY {', '.join(order)}",
        draft,
        columns=len(kept),
        row_group=ROW_GROUP,
        compression="zstd",
    )
    draft.replace(path)


def _sort_order(table: Settled, columns: list[str]) -> list[str]:
    """Return the columns in the order of sorting: a customer's rows together, in time."""
    contract = table.sources[0].named.contract
    first = [name for name in ("customer_id", contract.clock, *contract.key) if name in columns]
    return list(dict.fromkeys([*(name for name in first if name), *columns]))


def token_sql(name: str, key: str | None) -> str:
    """Return SQL of the token that stands for a personal column's value in a snapshot.

    Raises
    ------
    ParameterError
        When there is no key.
    """
    if not key:
        raise ParameterError(
            f"the personal column `{name}` is a `token`, but no key for it is set",
            where="WORKBENCH_TOKEN_KEY",
            fix="Set this environment variable to a long secret that stays the same.",
        )
    # HMAC-SHA-256 in SQL: the key is folded in twice, so that a token cannot be extended.
    inner = hashlib.sha256(b"inner" + key.encode()).hexdigest()
    outer = hashlib.sha256(b"outer" + key.encode()).hexdigest()
    text = f"lower(trim(CAST({quote(name)} AS VARCHAR)))"
    hashed = f"sha256({literal(outer)} || sha256({literal(inner)} || {text}))"
    return f"left({hashed}, 32)"


def write_quarantine(
    connection: duckdb.DuckDBPyConnection,
    table: Settled,
    source: TypedSource,
    units: SplitUnits | None,
    unit: str | None,
    folder: Path,
) -> int:
    """Write a source's rejected rows as they came, each with its place and all its reasons.

    Parameters
    ----------
    units, unit
        The split and which of its units to write; None for all rows.
    folder
        Where ``<table>.<source>.csv`` and, for lines without columns,
        ``<table>.<source>.unreadable.csv`` are written, for their owner only.

    Returns
    -------
    int
        How many rows and lines were written.
    """
    stem = f"{table.table}.{source.named.name}"
    received = source.received
    raw = [quote(name) for name in received.columns if name not in BOOKKEEPING]
    rows = table.rows(source)
    chosen = "true"
    if units is not None and unit is not None:
        rows = units.labelled(rows, source.columns, source.splits)
        chosen = f"_wb_unit = {literal(unit)}"
    path = folder / f"{stem}.csv"
    rejected = (
        f"SELECT _wb_row, {reasons_sql(source.checks)} AS _reasons FROM ({rows}) "
        f"WHERE {rejected_sql(source.checks)} AND {chosen}"
    )
    texts = f"SELECT {received.row_sql} AS _wb_row, {', '.join(raw)} FROM {numbered(received.path)}"
    written = connection.execute(
        f"COPY (SELECT {literal(source.named.name)} AS _source, j._wb_row AS _row, j._reasons, "
        f"{', '.join('t.' + name for name in raw)} FROM ({rejected}) j "
        f"JOIN ({texts}) t ON t._wb_row = j._wb_row ORDER BY j._wb_row) "
        f"TO {literal(str(path))} (FORMAT csv, HEADER, DELIMITER ',')"
    ).fetchone()
    count = int(written[0]) if written else 0
    if count:
        path.chmod(0o600)
    else:
        path.unlink()
    return count + _write_unreadable(connection, source, folder / f"{stem}.unreadable.csv", unit)


def _write_unreadable(
    connection: duckdb.DuckDBPyConnection, source: TypedSource, path: Path, unit: str | None
) -> int:
    """Write the lines without columns; in a split they belong to the rest."""
    if not source.received.unreadable_rows or unit not in (None, REST):
        return 0
    connection.execute(
        f"COPY (SELECT {literal(source.named.name)} AS _source, record AS _row, "
        "'unreadable_line' AS _reasons, error AS _error, text AS _line "
        f"FROM read_parquet({literal(str(source.received.unreadable))}) ORDER BY record) "
        f"TO {literal(str(path))} (FORMAT csv, HEADER)"
    )
    path.chmod(0o600)
    return source.received.unreadable_rows
