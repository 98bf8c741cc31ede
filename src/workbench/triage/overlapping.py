"""The sources of one table beside each other, as the triage record keeps it."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from workbench.triage.checks import rejected_sql
from workbench.triage.found import OverlapColumn, OverlapRecord
from workbench.triage.marks import scan
from workbench.triage.overlap import Overlap, SourceRows, compare_sources
from workbench.triage.typed import TypedSource

__all__ = ["overlaps_of"]


def overlaps_of(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[TypedSource]
) -> tuple[OverlapRecord, ...]:
    """Return what each two sources of a table share, before one row of each key is chosen.

    Parameters
    ----------
    connection
        The engine.
    sources
        The table's typed sources, by rank; those rows are compared that pass the checks of their
        own values.

    Returns
    -------
    tuple
        One for each pair; none where the table has one source, or not all have its key.
    """
    key = sources[0].named.key
    if len(sources) < 2 or not key or not all(set(key) <= set(one.columns) for one in sources):
        return ()
    clock = sources[0].named.contract.clock
    rows = [
        SourceRows(
            one.named.name, f"SELECT * FROM {scan(one)} WHERE NOT {rejected_sql(one.checks)}"
        )
        for one in sources
    ]
    found = compare_sources(connection, rows, key=key, clock=clock)
    return tuple(_record(one) for one in found)


def _record(found: Overlap) -> OverlapRecord:
    return OverlapRecord(
        first=found.first,
        second=found.second,
        shared=found.shared,
        only_first=found.only_first,
        only_second=found.only_second,
        conflicts=found.conflicts,
        columns=tuple(
            OverlapColumn(one.name, one.conflicts, one.only_first, one.only_second)
            for one in found.columns
            if not one.names_source and (one.conflicts or one.only_first or one.only_second)
        ),
        keep=found.recommendation.keep,
        sentence=found.sentence,
        advice=found.recommendation.sentence,
    )
