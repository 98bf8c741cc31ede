"""One batch: the tables of a unit, typed, checked and settled; then written for one unit of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import urlsplit

import duckdb

from workbench.data.contracts import CONTRACTS, contract
from workbench.data.quoting import literal
from workbench.data.sources import Received
from workbench.errors import ContractError, WorkbenchError
from workbench.ingest.inbox import Progress
from workbench.params import WHOLE, SourceParams, SuiteParams, UnitParams
from workbench.triage.marks import Settled, settle
from workbench.triage.named import Frame, Named
from workbench.triage.outcome import personal_columns, write_accepted, write_quarantine
from workbench.triage.profile import distinct_received, profile_table
from workbench.triage.record import SourceRecord, TableRecord
from workbench.triage.tally import NOTHING, SourceTally, tally_source
from workbench.triage.typed import write_typed
from workbench.triage.units import SplitUnits, split_units

__all__ = ["Batch", "Written", "prepare"]


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
    """

    connection: duckdb.DuckDBPyConnection
    unit: UnitParams
    min_group: int
    tables: tuple[Settled, ...]
    units: SplitUnits | None
    tallies: Mapping[tuple[str, str], Mapping[str, SourceTally]]
    distinct: Mapping[str, Mapping[str, Mapping[str, int]]]
    accepted: Mapping[str, Path]

    def write(self, unit: str, folder: Path, quarantine: Path) -> dict[str, Written]:
        """Write one unit's tables and quarantine files, and count every row.

        Parameters
        ----------
        unit
            The unit; ``all`` for the whole.
        folder, quarantine
            Where the tables and the rejected rows go.
        """
        return {
            table.table: self._write_table(table, unit, folder, quarantine) for table in self.tables
        }

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
                None if unit == WHOLE or self.units is None else unit,
                quarantine,
            )
            # What was taken out has no rows that could tell their unit: the whole answers for it.
            erased = source.received.erased if unit == WHOLE else 0
            record = _source_record(source.named, tally, self.unit.owner, erased)
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
        return TableRecord(
            name=table.table,
            about=declared.about,
            clock=clock,
            oldest=oldest,
            newest=newest,
            sources=tuple(sources),
            columns=profile_table(
                self.connection,
                declared,
                path,
                self.distinct[table.table].get(unit, {}),
                min_group=self.min_group,
            ),
            personal=personal_columns(declared, self.unit.tables.get(table.table), table.columns),
        )


def _source_record(named: Named, tally: SourceTally, owner: str, erased: int) -> SourceRecord:
    return SourceRecord(
        name=named.name,
        department=named.params.department or owner,
        origin=_origin(named.params),
        received=tally.received,
        accepted=tally.accepted,
        quarantined=tally.quarantined,
        warned=tally.warned,
        reasons=tally.reasons,
        erased=erased,
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


def prepare(
    connection: duckdb.DuckDBPyConnection,
    suite: SuiteParams,
    unit: UnitParams,
    received: Sequence[tuple[Named, Received]],
    token_key: str | None,
    scratch: Path,
    progress: Progress,
) -> Batch:
    """Type, check and settle a unit's tables, and write all accepted rows.

    Parameters
    ----------
    connection
        The engine.
    suite, unit
        Whose sources these are.
    received
        The sources with their rows, in the order of ingest.
    token_key
        The secret for personal columns that become tokens, or None.
    scratch
        A folder for what is needed on the way.
    progress
        Told what is done.
    """
    present = tuple(dict.fromkeys(named.contract.name for named, _ in received))
    split = suite.split.by if suite.split else ""
    frame = Frame(suite.as_of, unit.timezone, split, present)
    settled: list[Settled] = []
    for table in present:
        typed = []
        for named, rows in received:
            if named.contract.name == table:
                progress(f"{table}.{named.name}: checking", None)
                out = scratch / f"{table}.{named.name}.typed.parquet"
                typed.append(write_typed(connection, named, rows, frame, out))
        settled.append(settle(connection, typed, settled))
    order = list(CONTRACTS)
    settled.sort(key=lambda table: order.index(table.table))
    units = None
    if suite.split is not None:
        units = split_units(connection, settled, suite.split.min_customers)
    accepted = {}
    for table_ in settled:
        progress(f"{table_.table}: writing", None)
        accepted[table_.table] = scratch / f"{table_.table}.accepted.parquet"
        _refuse_source_column(table_)
        personal = personal_columns(
            contract(table_.table), unit.tables.get(table_.table), table_.columns
        )
        write_accepted(connection, table_, personal, token_key, units, accepted[table_.table])
    tallies = {
        (table.table, source.named.name): tally_source(connection, table, source, units)
        for table in settled
        for source in table.sources
    }
    distinct = {table.table: _distinct(connection, table, units) for table in settled}
    return Batch(
        connection, unit, suite.min_group, tuple(settled), units, tallies, distinct, accepted
    )


def _refuse_source_column(table: Settled) -> None:
    for source in table.sources:
        taken = [name for name in source.columns if name.lower() == "source"]
        if taken:
            raise ContractError(
                f"the column `{taken[0]}` would be carried along, but `source` names where a row "
                "came from",
                where=source.named.where,
                fix="Give it another name in a query, or with `read: names:`.",
            )


def _distinct(
    connection: duckdb.DuckDBPyConnection, table: Settled, units: SplitUnits | None
) -> dict[str, dict[str, int]]:
    """Return unit -> identifier -> distinct values among all received rows."""
    declared = contract(table.table)
    identifiers = [
        column.name
        for column in declared.columns
        if column.kind == "id" and column.name in table.columns
    ]
    if not identifiers:
        return {}
    parts = []
    for source in table.sources:
        names = [name for name in identifiers if name in source.columns]
        rows = f"SELECT {', '.join([*names, '_wb_split'])} FROM ({table.rows(source)})"
        if units is not None:
            rows = units.labelled(rows, source.columns, source.splits)
        parts.append(rows)
    return distinct_received(
        connection,
        " UNION ALL BY NAME ".join(f"({part})" for part in parts),
        identifiers,
        count=sum(source.received.rows for source in table.sources),
        split=units is not None,
    )
