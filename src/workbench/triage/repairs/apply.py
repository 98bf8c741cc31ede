"""Agreed repairs as small tables of the engine, and the SQL that puts them into a source's text.

A repair of a value is joined by the value, one of a record by the record's place in the received
file, which is found by its digest beforehand; so that ten million rows are read in one stream. A
repair of a record goes before one of its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from workbench.data.quoting import literal, numbered, quote
from workbench.data.sources import Received
from workbench.files import digest_of
from workbench.triage.named import Named
from workbench.triage.repairs.line import Repair

__all__ = ["Applied", "apply_repairs", "record_sql"]


@dataclass(frozen=True)
class Applied:
    """The repairs of one source, ready to be joined to its received rows.

    Parameters
    ----------
    repairs
        All that were agreed to for this source; their places in it are their numbers.
    columns
        Those of the received columns that any of them is about: column -> number.
    by_value
        The engine's table of the repairs of values: ``_wb_column`` (the column's number),
        ``_wb_value, _wb_text, _wb_repair`` (the repair's number).
    by_record
        Likewise those of records: ``_wb_column, _wb_at`` (``file_row_number``),
        ``_wb_text, _wb_repair``.
    """

    repairs: tuple[Repair, ...]
    columns: dict[str, int]
    by_value: str
    by_record: str

    def text(self, column: str) -> str:
        """Return SQL for the text of a column of the rows ``t``, repaired."""
        place = self.columns.get(column)
        if place is None:
            return f"t.{quote(column)}"
        return (
            f"CASE WHEN r{place}._wb_repair IS NOT NULL THEN r{place}._wb_text "
            f"WHEN v{place}._wb_repair IS NOT NULL THEN v{place}._wb_text "
            f"ELSE t.{quote(column)} END"
        )

    @property
    def joins(self) -> str:
        """Return what stands behind the received rows ``t`` in the ``FROM`` clause."""
        return " ".join(
            f"LEFT JOIN (SELECT * FROM {self.by_record} WHERE _wb_column = {place}) r{place} "
            f"ON r{place}._wb_at = t.file_row_number "
            f"LEFT JOIN (SELECT * FROM {self.by_value} WHERE _wb_column = {place}) v{place} "
            f"ON v{place}._wb_value = t.{quote(name)}"
            for name, place in self.columns.items()
        )


def apply_repairs(
    connection: duckdb.DuckDBPyConnection,
    named: Named,
    received: Received,
    columns: Sequence[str],
    repairs: Sequence[Repair],
) -> Applied | None:
    """Return the repairs of one source, or None where there is none to apply.

    Parameters
    ----------
    connection
        The engine; two temporary tables are made in it.
    named, received, columns
        The source, its rows, and its own columns among those that were received.
    repairs
        The repairs of the unit that its owner agreed to.
    """
    place = (named.contract.name, named.name)
    own = tuple(one for one in repairs if (one.table, one.source) == place)
    if not own:
        return None
    asked = {one.column for one in own}
    numbers = {name: number for number, name in enumerate(columns) if name in asked}
    stem = ".".join(place)
    by_value, by_record = quote(f"repairs of values {stem}"), quote(f"repairs of records {stem}")
    _fill(connection, by_value, numbers, own)
    if not numbers:  # none of the columns is there any more
        return Applied(own, {}, by_value, by_value)
    _find_records(connection, by_value, by_record, received, columns, numbers)
    connection.execute(f"DELETE FROM {by_value} WHERE _wb_record <> ''")
    return Applied(own, numbers, by_value, by_record)


def record_sql(columns: Sequence[str]) -> str:
    """Return SQL for the digest of a received record, whatever the order of its columns.

    Parameters
    ----------
    columns
        The source's own columns.
    """
    names = sorted(columns)
    # Each text goes in with its length, so that no two records have one spelling.
    texts = [f"coalesce(length({quote(name)}) || ':' || {quote(name)}, '-')" for name in names]
    whole = " || ".join([literal(digest_of(names)), *texts])
    # It begins with a letter: no spreadsheet takes it for a number.
    return f"'r' || left(sha256({whole}), 24)"


def _fill(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    numbers: dict[str, int],
    repairs: Sequence[Repair],
) -> None:
    rows = [
        (numbers[one.column], one.value or "", one.repair, number, one.record)
        for number, one in enumerate(repairs)
        if one.column in numbers
    ]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], []]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT unnest($1::INTEGER[]) AS _wb_column, "
        "unnest($2::VARCHAR[]) AS _wb_value, unnest($3::VARCHAR[]) AS _wb_text, "
        "unnest($4::INTEGER[]) AS _wb_repair, unnest($5::VARCHAR[]) AS _wb_record",
        columns,
    )


def _find_records(
    connection: duckdb.DuckDBPyConnection,
    repairs: str,
    found: str,
    received: Received,
    columns: Sequence[str],
    numbers: dict[str, int],
) -> None:
    """Make the table of the records that are meant: only rows with such a value are digested."""
    rows = numbered(received.path)
    meant = f"SELECT _wb_value FROM {repairs} WHERE _wb_record <> '' AND _wb_column ="
    candidates = " UNION ALL ".join(
        f"SELECT file_row_number FROM {rows} "
        f"WHERE coalesce({quote(name)}, '') IN ({meant} {number})"
        for name, number in numbers.items()
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {found} AS "
        f"SELECT _wb_column, _wb_at, _wb_text, _wb_repair FROM {repairs} JOIN "
        f"(SELECT file_row_number AS _wb_at, {record_sql(columns)} AS _wb_digest FROM {rows} "
        f"SEMI JOIN ({candidates}) USING (file_row_number)) ON _wb_digest = _wb_record"
    )
