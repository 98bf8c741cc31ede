"""The cells of a unit's accepted rows that look wrong: found at ingest, kept for their owner.

Each source is looked at by itself, in its own columns (typed as it declares them), so that whoever
mends a cell finds it there. Of personal columns only the form is judged. The cells with their
values are written beside the rows that were set aside, for the owner only; the record holds counts,
places and shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from workbench.data.copying import copy_parquet
from workbench.data.quoting import literal
from workbench.triage.checks import rejected_sql
from workbench.triage.found import Example, LearnedRule, SuspectRecord
from workbench.triage.marks import Settled
from workbench.triage.shapes import masked
from workbench.triage.suspects import Suspects, find_suspects
from workbench.triage.typed import TypedSource
from workbench.triage.units import SplitUnits

__all__ = ["SUSPECTED_FILE", "SourceSuspects", "SuspectedCells", "look_for_suspects"]

SUSPECTED_FILE = "suspected_cells.parquet"
"""The table of all suspected cells of a snapshot, in the folder of its quarantine."""

EXAMPLES = 3
_FOUND = "suspected_cells"
_LOOKED = "suspected_looked"
_COLUMNS = (
    '"table" VARCHAR, source VARCHAR, "row" BIGINT, "column" VARCHAR, kind VARCHAR, '
    "value VARCHAR, suggestion VARCHAR, confidence DOUBLE"
)


@dataclass(frozen=True)
class SourceSuspects:
    """What was found in one source, in one unit.

    Parameters
    ----------
    cells
        One entry a column and kind, the most cells first.
    learned
        Which columns decide others, as the rows themselves show.
    not_tried
        Sentences: what was not looked at, and why.
    """

    cells: tuple[SuspectRecord, ...] = ()
    learned: tuple[LearnedRule, ...] = ()
    not_tried: tuple[str, ...] = ()


@dataclass(frozen=True)
class SuspectedCells:
    """All suspected cells of a unit's sources, in the engine.

    Parameters
    ----------
    connection
        The engine with the table of cells.
    found
        Table, source -> what was found in it.
    split
        Whether each cell says which unit it belongs to.
    """

    connection: duckdb.DuckDBPyConnection
    found: Mapping[tuple[str, str], Suspects]
    split: bool

    def of(self, table: str, source: str, unit: str | None) -> SourceSuspects:
        """Return what was found in one source.

        Parameters
        ----------
        table, source
            Which source.
        unit
            Which unit of a split; None for all rows.
        """
        suspects = self.found.get((table, source))
        if suspects is None:
            return SourceSuspects()
        cells = self.connection.execute(
            'SELECT "column", kind, count(*), min("row", $n) AS places, '
            'list(value ORDER BY "row")[:$n] AS values '
            f'FROM {_FOUND} WHERE "table" = $table AND source = $source '
            f"AND ($unit IS NULL OR unit = $unit) GROUP BY ALL",
            {"n": EXAMPLES, "table": table, "source": source, "unit": unit},
        ).fetchall()
        # Of one column and kind only so many cells are listed; the count is of all of them.
        counts = suspects.counts
        every = dict(
            zip(zip(counts["column"], counts["kind"], strict=True), counts["cells"], strict=True)
        )
        records = [
            SuspectRecord(
                column=column,
                kind=kind,
                cells=int(every[column, kind]) if unit is None else count,
                listed=count,
                examples=tuple(
                    Example(row, masked(value)) for row, value in zip(places, values, strict=True)
                ),
            )
            for column, kind, count, places, values in cells
        ]
        return SourceSuspects(
            tuple(sorted(records, key=lambda one: (-one.cells, one.column, one.kind))),
            tuple(
                LearnedRule(one.by.name, one.on.name, one.foretold_share)
                for one in suspects.dependencies
            ),
            suspects.not_tried,
        )

    def write(self, folder: Path, unit: str | None) -> int:
        """Write a unit's suspected cells, with their values, for their owner only.

        Parameters
        ----------
        folder
            Where `SUSPECTED_FILE` is written; there is none where nothing was found.
        unit
            Which unit of a split; None for all rows.

        Returns
        -------
        int
            How many cells were written.
        """
        path = folder / SUSPECTED_FILE
        chosen = "true" if unit is None else f"unit = {literal(unit)}"
        written = self.connection.execute(
            f"COPY (SELECT * EXCLUDE (unit) FROM {_FOUND} WHERE {chosen} "
            'ORDER BY "table", source, "row", "column", kind) '
            f"TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone()
        count = int(written[0]) if written else 0
        if count:
            path.chmod(0o600)
        else:
            path.unlink()
        return count


def look_for_suspects(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Settled],
    personal: Mapping[str, Mapping[str, str]],
    units: SplitUnits | None,
    scratch: Path,
) -> SuspectedCells:
    """Look for cells that seem wrong among the accepted rows of every source.

    Parameters
    ----------
    connection
        The engine; its table ``suspected_cells`` is made.
    tables
        The unit's settled tables.
    personal
        Table -> columns that do not enter a snapshot in clear: of these only the form is judged.
    units
        The units of a split, or None.
    scratch
        A folder for what is needed on the way.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_FOUND} ({_COLUMNS}, unit VARCHAR)")
    found = {}
    for table in tables:
        for source in table.sources:
            suspects = _look(connection, table, source, personal.get(table.table, {}), scratch)
            found[table.table, source.named.name] = suspects
            _keep(connection, table, source, suspects.findings, units)
    return SuspectedCells(connection, found, units is not None)


def _look(
    connection: duckdb.DuckDBPyConnection,
    table: Settled,
    source: TypedSource,
    personal: Mapping[str, str],
    scratch: Path,
) -> Suspects:
    hidden = {origin for name in personal for origin in source.origins.get(name, (name,))}
    # The rows are read many times: what they are is worked out once.
    looked = scratch / f"{table.table}.{source.named.name}.looked.parquet"
    rejected = f"SELECT _wb_row FROM ({table.rows(source)}) WHERE {rejected_sql(source.checks)}"
    copy_parquet(
        connection,
        f"SELECT v.* FROM ({source.values}) v ANTI JOIN ({rejected}) r ON v._row = r._wb_row",
        looked,
        columns=len(source.columns),
        row_group=122_880,
        compression="lz4",
    )
    try:
        return find_suspects(
            connection,
            f"SELECT * FROM read_parquet({literal(str(looked))})",
            table=table.table,
            form_only=hidden,
        )
    finally:
        looked.unlink(missing_ok=True)


def _keep(
    connection: duckdb.DuckDBPyConnection,
    table: Settled,
    source: TypedSource,
    findings: pd.DataFrame,
    units: SplitUnits | None,
) -> None:
    """Keep one source's cells, each with its unit where there are several."""
    if findings.empty:
        return
    connection.register(_LOOKED, findings)
    cells = (
        f'SELECT f."table", {literal(source.named.name)} AS source, f."row", f."column", f.kind, '
        "f.value, f.suggestion, f.confidence"
    )
    if units is None:
        connection.execute(f"INSERT INTO {_FOUND} {cells}, NULL FROM {_LOOKED} f")
    else:
        rows = units.labelled(table.rows(source), source.columns, source.splits)
        connection.execute(
            f"INSERT INTO {_FOUND} {cells}, u._wb_unit FROM {_LOOKED} f "
            f'JOIN (SELECT _wb_row, _wb_unit FROM ({rows})) u ON u._wb_row = f."row"'
        )
    connection.unregister(_LOOKED)
