"""One batch: the settled tables of a unit, written for one unit of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import duckdb

from workbench.data.contracts import contract
from workbench.data.quoting import literal
from workbench.errors import WorkbenchError
from workbench.params import WHOLE, SourceParams, UnitParams
from workbench.triage.found import OverlapRecord
from workbench.triage.marks import Settled
from workbench.triage.named import Named
from workbench.triage.outcome import leave_out, personal_columns, write_quarantine
from workbench.triage.privacy import WITHHELD, withheld_columns
from workbench.triage.profile import profile_table
from workbench.triage.record import SourceRecord, TableRecord
from workbench.triage.repairs.facts import RepairRecord
from workbench.triage.suspected import SourceSuspects, SuspectedCells
from workbench.triage.tally import NOTHING, SourceTally
from workbench.triage.units import SplitUnits

if TYPE_CHECKING:
    from workbench.triage.identity import Resolved

__all__ = ["Batch", "Written"]


@dataclass(frozen=True)
class Written:
    """What was written for one table of one unit.

    Parameters
    ----------
    record
        What triage recorded.
    rows
        Rows in the snapshot's file.
    """

    record: TableRecord
    rows: int


@dataclass(frozen=True)
class Batch:
    """Settled tables, ready to be written for each unit that they are split into.

    Parameters
    ----------
    connection
        The engine.
    unit
        The unit whose sources these are.
    min_group
        The fewest rows for which a value may be shown.
    tables
        The settled tables, in the contracts' order.
    units
        The units of a split, or None.
    tallies
        Table, source -> unit -> counts.
    distinct
        Table -> unit -> identifier -> distinct values among the received rows.
    accepted
        Table -> Parquet file of all accepted rows, of all units.
    suspected
        The cells of accepted rows that look wrong.
    overlaps
        Table -> what each two of its sources share.
    resolved
        Who is the same customer; None where nobody asked.
    repaired
        Table, source -> unit -> what became of the repairs.
    """

    connection: duckdb.DuckDBPyConnection
    unit: UnitParams
    min_group: int
    tables: tuple[Settled, ...]
    units: SplitUnits | None
    tallies: Mapping[tuple[str, str], Mapping[str, SourceTally]]
    distinct: Mapping[str, Mapping[str, Mapping[str, int]]]
    accepted: Mapping[str, Path]
    suspected: SuspectedCells
    overlaps: Mapping[str, tuple[OverlapRecord, ...]]
    resolved: Resolved | None
    repaired: Mapping[tuple[str, str], Mapping[str, tuple[RepairRecord, ...]]]

    def write(self, unit: str, folder: Path, quarantine: Path) -> dict[str, Written]:
        """Write one unit's tables and quarantine files, and count every row.

        Parameters
        ----------
        unit
            The unit; ``all`` for the whole.
        folder, quarantine
            Where the tables and the rejected rows go.
        """
        written = {
            table.table: self._write_table(table, unit, folder, quarantine) for table in self.tables
        }
        self.suspected.write(quarantine, self._part(unit))
        return written

    def _part(self, unit: str) -> str | None:
        """Return which unit's rows are meant; None for all of them."""
        return None if unit == WHOLE or self.units is None else unit

    def _write_table(self, table: Settled, unit: str, folder: Path, quarantine: Path) -> Written:
        path = folder / f"{table.table}.parquet"
        self._copy_accepted(table.table, unit, path)
        counted = self.connection.execute(
            f"SELECT source, count(*) FROM read_parquet({literal(str(path))}) GROUP BY source"
        ).fetchall()
        accepted = dict(counted)
        sources = []
        for source in table.sources:
            tally = self.tallies[table.table, source.named.name].get(unit, NOTHING)
            rejected = write_quarantine(
                self.connection,
                table,
                source,
                self.units,
                self._part(unit),
                quarantine,
            )
            suspects = self.suspected.of(table.table, source.named.name, self._part(unit))
            repaired = self.repaired[table.table, source.named.name].get(unit, ())
            record = _source_record(source.named, tally, suspects, repaired, self.unit.owner)
            _conserved(record, accepted.get(source.named.name, 0), rejected)
            sources.append(record)
        return Written(self._record(table, unit, path, sources), sum(accepted.values()))

    def _copy_accepted(self, table: str, unit: str, path: Path) -> None:
        whole = self.accepted[table]
        if self.units is None:
            shutil.move(whole, path)
            return
        chosen = "true" if unit == WHOLE else f"_wb_unit = {literal(unit)}"
        self.connection.execute(
            f"COPY (SELECT * EXCLUDE (_wb_unit) FROM read_parquet({literal(str(whole))}) "
            f"WHERE {chosen}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
        )

    def _record(
        self, table: Settled, unit: str, path: Path, sources: Sequence[SourceRecord]
    ) -> TableRecord:
        declared = contract(table.table)
        clock = declared.clock if declared.clock in table.columns else None
        oldest = newest = None
        if clock is not None:
            found = self.connection.execute(
                f"SELECT CAST(min({clock}) AS VARCHAR), CAST(max({clock}) AS VARCHAR) "
                f"FROM read_parquet({literal(str(path))})"
            ).fetchone()
            oldest, newest = found or (None, None)
        chosen = self.unit.tables.get(table.table)
        columns = profile_table(
            self.connection,
            declared,
            path,
            self.distinct[table.table].get(unit, {}),
            min_group=self.min_group,
        )
        withheld = withheld_columns(declared, chosen, table.sources[0].named.key, columns)
        if withheld:
            leave_out(self.connection, table, withheld, path)
        return TableRecord(
            name=table.table,
            about=declared.about,
            clock=clock,
            oldest=oldest,
            newest=newest,
            sources=tuple(sources),
            columns=columns,
            personal=personal_columns(declared, chosen, table.columns)
            | dict.fromkeys(withheld, WITHHELD),
            overlaps=self.overlaps[table.table],
        )


def _source_record(
    named: Named,
    tally: SourceTally,
    suspects: SourceSuspects,
    repaired: tuple[RepairRecord, ...],
    owner: str,
) -> SourceRecord:
    return SourceRecord(
        name=named.name,
        department=named.params.department or owner,
        origin=_origin(named.params),
        received=tally.received,
        accepted=tally.accepted,
        quarantined=tally.quarantined,
        warned=tally.warned,
        reasons=tally.reasons,
        invalid=tally.invalid,
        repeated=tally.repeated,
        inconsistent=tally.inconsistent,
        newest=tally.newest,
        suspected=suspects.cells,
        learned=suspects.learned,
        not_tried=suspects.not_tried,
        repaired=repaired,
    )


def _origin(source: SourceParams) -> str:
    """Return a source's plain name: no folder, no server, no password."""
    if source.path is not None:
        return PurePath(source.path).name
    scheme = urlsplit(source.url or "").scheme.split("+")[0]
    return f"{scheme} {'table ' + source.table if source.table else 'query'}"


def _conserved(record: SourceRecord, accepted: int, rejected: int) -> None:
    """Hold the first invariant: received = accepted + quarantined, row for row."""
    if (record.accepted, record.quarantined) != (accepted, rejected):
        raise WorkbenchError(
            f"rows were lost: {record.received} received, but {accepted} written as accepted and "
            f"{rejected} as quarantined",
            where=f"source {record.name}",
            fix="This is an error of workbench; nothing was published.",
        )
