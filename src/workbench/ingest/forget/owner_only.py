"""Owner-only files beside the snapshots: rows set aside, suspected cells, lists to be answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from workbench.data.quoting import literal, quote
from workbench.data.sources import Received
from workbench.data.sources.received import private_folder
from workbench.errors import WorkbenchError
from workbench.files import canonical, read_json, replace_file
from workbench.ingest.forget.files import csv_without, parquet_columns, parquet_without, records_of
from workbench.ingest.forget.person import Person
from workbench.ingest.forget.received import concerned_rows
from workbench.ingest.forget.snapshots import naming
from workbench.triage.named import Frame, Named
from workbench.triage.typed import BOOKKEEPING

__all__ = [
    "Places",
    "erase_actions",
    "erase_identity",
    "erase_lists",
    "erase_quarantine",
    "identity_files",
    "records_of_customer",
]

Places = Mapping[tuple[str, str], frozenset[int]]
"""Table, source -> numbers of the customer's rows in it."""
_IDENTITY = "identity"
_PLACE = {"table", "source", "row"}


def erase_quarantine(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    person: Person,
    sources: Sequence[Named],
    frame: Frame | None,
    rows: Places | None,
    *,
    write: bool,
) -> int:
    """Take the customer out of the rows that were set aside when one snapshot was made.

    Which rows are the customer's is told by typing them as the source's rows are typed; where
    that cannot be done (the source is no more, or has other columns now), a row goes that holds
    an identifier in a whole cell. An identifier that is unlikely to stand there by chance is
    looked for in every cell.

    Parameters
    ----------
    connection
        The engine.
    folder
        ``quarantine/<digest>``.
    person
        Who is to be forgotten.
    sources, frame
        The unit's sources, and what is the same for all of them; None where they are not known.
    rows
        The customer's rows where they are known by their numbers: for the files that name a cell
        by table, source and row. None for earlier data that held the customer: nobody can tell
        which cells are theirs, and such a file goes as a whole.
    write
        False: only count.

    Returns
    -------
    int
        How many rows went.
    """
    named = {f"{one.contract.name}.{one.name}": one for one in sources}
    gone = 0
    for path in sorted(folder.glob("*.csv")):
        if path.name.endswith(".unreadable.csv"):
            gone += csv_without(path, _lines(person), write=write)
        elif path.stem in named and frame is not None:
            theirs = _typed(connection, path, named[path.stem], person, frame)
            gone += csv_without(path, _rows(person, theirs), write=write)
        else:
            gone += csv_without(path, _cells(person, rows), write=write)
    for path in sorted(folder.glob("*.parquet")):
        if path.stem == _IDENTITY:
            continue
        columns = parquet_columns(connection, path)
        if rows is None and set(columns) >= _PLACE:
            gone += parquet_without(connection, path, ["true"], write=write)
            continue
        conditions = [*naming(columns, person), *_named_cells(columns, person, rows or {})]
        gone += parquet_without(connection, path, conditions, write=write)
    return gone


def erase_lists(home: Path, person: Person, rows: Places, *, write: bool) -> int:
    """Take the customer out of the lists that the unit's owner answers, and return how many rows.

    These are the pairs of records to review and the repairs of cells.

    Parameters
    ----------
    home
        The unit's data folder.
    person, rows, write
        As `erase_quarantine` takes them.
    """
    patterns = ("reviews/*.csv", "repairs.csv", "repairs/*.csv", "quarantine/*.csv")
    found = sorted({path for pattern in patterns for path in home.glob(pattern)})
    return sum(csv_without(path, _cells(person, rows), write=write) for path in found)


def erase_actions(home: Path, person: Person, *, write: bool) -> int:
    """Take the customer out of a unit's action lists, hold-out lists included.

    The first column of a list is its key; the others count for an identifier that is unlikely to
    stand there by chance.

    Parameters
    ----------
    home
        The unit's data folder.
    person, write
        As `erase_quarantine` takes them.
    """

    def drops(header: Sequence[str], cells: Sequence[str]) -> bool:
        return person.is_named(cells[0]) or _telling(person, cells)

    return sum(
        csv_without(path, drops, write=write) for path in sorted((home / "actions").glob("*.csv"))
    )


def identity_files(home: Path) -> list[Path]:
    """Return the files that tell which records are one customer."""
    return sorted(
        path
        for path in (home / "quarantine").glob(f"*/{_IDENTITY}.*")
        if path.suffix in {".parquet", ".json"}
    )


def records_of_customer(
    connection: duckdb.DuckDBPyConnection, home: Path, current: str, person: Person
) -> frozenset[str]:
    """Return all identifiers of the customer: of each record that is the same person.

    Parameters
    ----------
    connection
        The engine.
    home
        The unit's data folder.
    current
        The digest of the current snapshot: who is the same was found when it was made. Earlier
        data tell it only of identifiers that a tombstone holds already.
    person
        The customer by the identifier that was given: a record's own, or the resolved one.
    """
    found = set(person.ids)
    for path in identity_files(home):
        pairs = _pairs(connection, path)
        if path.parent.name == current:
            asked = {c for r, c in pairs if person.is_named(r) or person.is_named(c)}
        else:
            asked = {c for r, c in pairs if person.stones.holds(r) or person.stones.holds(c)}
        found |= asked | {record for record, customer in pairs if customer in asked}
    return frozenset(found)


def erase_identity(
    connection: duckdb.DuckDBPyConnection, home: Path, person: Person, *, write: bool
) -> int:
    """Take the customer's records out of what tells which records are one customer."""
    gone = 0
    for path in identity_files(home):
        if path.suffix == ".parquet":
            columns = parquet_columns(connection, path)
            known = ", ".join(map(literal, sorted(person.ids))) or "NULL"
            conditions = [
                condition
                for name in columns
                if name in {"record", "customer"}
                for condition in (f"{quote(name)} IN ({known})", person.stones.matches(quote(name)))
            ]
            gone += parquet_without(connection, path, conditions, write=write)
            continue
        told = read_json(path)
        left = _json_without(told, person)
        lost = _size(told) - _size(left)
        if lost and write:
            replace_file(path, canonical(left), mode=0o600)
        gone += lost
    return gone


def _typed(
    connection: duckdb.DuckDBPyConnection, path: Path, named: Named, person: Person, frame: Frame
) -> frozenset[int] | None:
    """Return the numbers of the customer's rows in a file of rows set aside; None: not to be had.

    The file holds the source's columns as they came, so that they can be typed once more.
    """
    header = next((cells for cells, _ in records_of(path)), [])
    columns = tuple(name for name in header if name not in BOOKKEEPING)
    if "_row" not in header:
        return None
    declared = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    with private_folder(path) as folder:
        texts = folder / "rows.parquet"
        try:
            connection.execute(
                f"COPY (SELECT * FROM read_csv({literal(str(path))}, auto_detect = false, "
                f"header = true, delim = ',', quote = '\"', escape = '\"', "
                f"columns = {{{declared}}}, max_line_size = 67108864, "
                "allow_quoted_nulls = false)) "
                f"TO {literal(str(texts))} (FORMAT parquet)"
            )
            again = Received(texts, columns, 0, row_sql='CAST("_row" AS BIGINT)')
            found = concerned_rows(connection, named, again, frame, person.stones)
        except (duckdb.Error, WorkbenchError):
            return None
    return None if found is None else frozenset(found)


def _rows(person: Person, theirs: frozenset[int] | None) -> Any:
    """Return what tells whether a row that was set aside is the customer's."""

    def drops(header: Sequence[str], cells: Sequence[str]) -> bool:
        if theirs is None:
            return any(person.is_named(cell) for cell in cells)
        return int(cells[header.index("_row")]) in theirs or _telling(person, cells)

    return drops


def _lines(person: Person) -> Any:
    def drops(header: Sequence[str], cells: Sequence[str]) -> bool:
        return person.is_in_line(cells[header.index("_line")])

    return drops


def _cells(person: Person, rows: Places | None) -> Any:
    """Return what tells whether a line names the customer, or a cell of the customer's rows."""

    def drops(header: Sequence[str], cells: Sequence[str]) -> bool:
        told = dict(zip(header, cells, strict=False))
        if set(told) >= _PLACE:
            theirs = (rows or {}).get((told["table"], told["source"]), frozenset())
            row = told["row"]
            at_theirs = rows is None or (row.isdigit() and int(row) in theirs)
            return at_theirs or _telling(person, cells)
        about = [cell for name, cell in told.items() if "record" in name or "customer" in name]
        return any(map(person.is_named, about or cells)) or _telling(person, cells)

    return drops


def _telling(person: Person, cells: Sequence[str]) -> bool:
    """Tell whether a cell is an identifier that is unlikely to stand there by chance."""
    return any(one.strip().removeprefix("'") in person.telling for one in cells if one)


def _named_cells(columns: Mapping[str, str], person: Person, rows: Places) -> list[str]:
    """Return SQL: a row of a file of cells is about a cell of the customer's rows."""
    if not set(columns) >= _PLACE:
        return []
    found = []
    for (table, source), numbers in sorted(rows.items()):
        if numbers:
            listed = ", ".join(str(one) for one in sorted(numbers))
            found.append(
                f'"table" = {literal(table)} AND "source" = {literal(source)} '
                f'AND "row" IN ({listed})'
            )
    if "value" in columns:
        known = ", ".join(map(literal, sorted(person.telling))) or "NULL"
        found.append(f'CAST("value" AS VARCHAR) IN ({known})')
    return found


def _pairs(connection: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[str, str]]:
    if path.suffix == ".parquet":
        known = parquet_columns(connection, path)
        if not {"record", "customer"} <= set(known):
            return []
        return connection.execute(
            'SELECT DISTINCT CAST("record" AS VARCHAR), CAST("customer" AS VARCHAR) '
            f"FROM read_parquet({literal(str(path))}) ORDER BY ALL"
        ).fetchall()
    told = json.loads(path.read_bytes())
    if isinstance(told, dict):
        return [(str(record), str(customer)) for record, customer in told.items()]
    return [(str(one["record"]), str(one["customer"])) for one in told]


def _json_without(told: Any, person: Person) -> Any:
    if isinstance(told, dict):
        return {
            record: customer
            for record, customer in told.items()
            if not (person.is_named(record) or person.is_named(customer))
        }
    return [one for one in told if not any(person.is_named(str(v)) for v in one.values())]


def _size(told: Any) -> int:
    return len(told)
