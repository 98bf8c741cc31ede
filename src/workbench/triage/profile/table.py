"""A profile of each column of a table's accepted rows, by reductions in the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from workbench.data.contracts import RECORD_COLUMN, ColumnContract, Table
from workbench.data.quoting import literal, quote
from workbench.params import WHOLE
from workbench.triage.facts import ColumnProfile
from workbench.triage.profile.rows import profile_rows
from workbench.triage.record import ColumnRecord
from workbench.triage.tally import EXACT_UP_TO

__all__ = ["distinct_received", "profile_table"]


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
    profiles = profile_rows(
        connection,
        f"(SELECT * EXCLUDE (source) FROM {rows})",
        min_group=min_group,
        declared=(*contract.names, RECORD_COLUMN.name),
    )
    return tuple(
        _record(one, _declared(contract, one.name), received.get(one.name)) for one in profiles
    )


def _declared(contract: Table, name: str) -> ColumnContract | None:
    return RECORD_COLUMN if name == RECORD_COLUMN.name else contract.column(name)


def _record(
    one: ColumnProfile, declared: ColumnContract | None, received: int | None
) -> ColumnRecord:
    shown = one.text is not None and (declared is None or declared.kind != "id")
    return ColumnRecord(
        name=one.name,
        kind=declared.kind if declared else "carried",
        about=declared.about if declared else "carried along from the source",
        required=declared.required if declared else False,
        missing=one.missing,
        distinct=one.distinct,
        distinct_received=received,
        exact=one.exact,
        lowest=one.lowest,
        highest=one.highest,
        mean=one.mean,
        total=one.total,
        top=one.top if shown else (),
        sd=one.sd,
        quantiles=one.quantiles,
        constant=one.constant,
        key=one.key,
        text=one.text,
        suspicions=one.suspicions,
    )


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
