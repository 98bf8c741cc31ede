"""How many cells the agreed repairs of a source changed, and which found nothing to repair."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from workbench.data.quoting import literal, numbered, quote
from workbench.params import WHOLE
from workbench.triage.marks import Settled
from workbench.triage.repairs.apply import Applied
from workbench.triage.repairs.facts import RepairRecord
from workbench.triage.typed import TypedSource
from workbench.triage.units import SplitUnits

__all__ = ["count_repairs"]


def count_repairs(
    connection: duckdb.DuckDBPyConnection,
    table: Settled,
    source: TypedSource,
    units: SplitUnits | None,
) -> Mapping[str, tuple[RepairRecord, ...]]:
    """Return unit -> what became of the repairs of one source, by column and kind.

    Parameters
    ----------
    connection, table, source
        The engine, a settled table, and one of its sources.
    units
        The units of a split, or None; ``all`` is the whole.
    """
    applied = source.applied
    if applied is None:
        return {}
    if not applied.columns:
        return {WHOLE: _records(applied, {}, asked=True)}
    cells = _cells_sql(source, applied)
    whole = _counts(connection, f"SELECT {literal(WHOLE)} AS unit, repair FROM ({cells})")
    found = {WHOLE: _records(applied, whole.get(WHOLE, {}), asked=True)}
    if units is not None:
        rows = units.labelled(table.rows(source), source.columns, source.splits)
        counts = _counts(
            connection,
            f"SELECT _wb_unit AS unit, repair FROM ({cells}) c "
            f"JOIN (SELECT _wb_row, _wb_unit FROM ({rows})) u ON u._wb_row = c.row",
        )
        found |= {unit: _records(applied, each, asked=False) for unit, each in counts.items()}
    return found


def _cells_sql(source: TypedSource, applied: Applied) -> str:
    """Return a query of the changed cells: ``row`` (in the source) and ``repair`` (its number)."""
    received = source.received
    rows = (
        f"SELECT *, file_row_number AS _wb_at, {received.row_sql} AS _wb_row "
        f"FROM {numbered(received.path)}"
    )
    parts = [
        f"SELECT _wb_row AS row, _wb_repair AS repair FROM {applied.by_record} "
        f"JOIN ({rows}) USING (_wb_at)"
    ]
    parts += [
        f"SELECT _wb_row, _wb_repair FROM ({rows}) t JOIN {applied.by_value} v "
        f"ON v._wb_column = {place} AND v._wb_value = t.{quote(name)} WHERE _wb_at NOT IN "
        f"(SELECT _wb_at FROM {applied.by_record} WHERE _wb_column = {place})"
        for name, place in applied.columns.items()
    ]
    return " UNION ALL ".join(parts)


def _counts(connection: duckdb.DuckDBPyConnection, cells: str) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for unit, repair, count in connection.execute(
        f"SELECT unit, repair, count(*) FROM ({cells}) GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        found.setdefault(unit, {})[repair] = count
    return found


def _records(
    applied: Applied, changed: Mapping[int, int], *, asked: bool
) -> tuple[RepairRecord, ...]:
    """Return the counts by column and kind; without ``asked`` of those that changed a cell only."""
    lines: dict[tuple[str, str], list[int]] = {}
    for number, one in enumerate(applied.repairs):
        cells = changed.get(number, 0)
        if not asked and not cells:
            continue
        line = lines.setdefault((one.column, one.kind), [0, 0, 0, 0])
        added = (1, one.count if asked else cells, cells, int(not cells))
        lines[one.column, one.kind] = [old + new for old, new in zip(line, added, strict=True)]
    return tuple(RepairRecord(*key, *lines[key]) for key in sorted(lines))
