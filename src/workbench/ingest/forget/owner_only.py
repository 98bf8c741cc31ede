"""Owner-only files beside the snapshots: rows set aside, suspected cells, actions, identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from workbench.data.engine import column_types
from workbench.data.quoting import literal, quote, relation
from workbench.data.sources import Received
from workbench.data.sources.received import private_folder
from workbench.errors import WorkbenchError
from workbench.ingest.forget.files import csv_without, parquet_without, records_of
from workbench.ingest.forget.person import Person
from workbench.ingest.forget.received import concerned_rows
from workbench.ingest.forget.snapshots import naming
from workbench.ingest.ledger import CUSTOMERS_FILE, IDENTITY, read_identity
from workbench.triage.named import Frame, Named
from workbench.triage.typed import BOOKKEEPING

__all__ = [
    "Places",
    "erase_actions",
    "erase_identity",
    "erase_quarantine",
    "identity_files",
    "records_of_customer",
]

Places = Mapping[tuple[str, str], frozenset[int]]
"""Table, source -> numbers of the customer's rows in it."""
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
            gone += csv_without(path, _rows(person, None), write=write)
    for path in sorted(folder.glob("*.parquet")):
        columns = column_types(connection, relation(path))
        if rows is None and set(columns) >= _PLACE:
            gone += parquet_without(connection, path, ["true"], write=write)
            continue
        conditions = [*naming(columns, person), *_named_cells(columns, person, rows or {})]
        gone += parquet_without(connection, path, conditions, write=write)
    return gone


def erase_actions(
    connection: duckdb.DuckDBPyConnection, home: Path, person: Person, *, write: bool
) -> int:
    """Take the customer out of a unit's action lists: of all days, hold-outs and candidates too.

    The first column of a list is its key; the others count for an identifier that is unlikely to
    stand there by chance.

    Parameters
    ----------
    connection
        The engine.
    home
        The unit's data folder.
    person, write
        As `erase_quarantine` takes them.
    """

    def drops(header: Sequence[str], cells: Sequence[str]) -> bool:
        return person.is_named(cells[0]) or person.is_told(cells)

    actions = home / "actions"
    gone = sum(csv_without(path, drops, write=write) for path in sorted(actions.glob("*.csv")))
    for path in sorted(actions.rglob("*.parquet")):
        columns = column_types(connection, relation(path))
        key = quote(next(iter(columns)))
        conditions = [
            f"CAST({key} AS VARCHAR) IN ({', '.join(map(literal, sorted(person.ids)))})",
            person.stones.matches(f"CAST({key} AS VARCHAR)"),
            *naming(columns, person),
        ]
        gone += parquet_without(connection, path, conditions, write=write)
    return gone


def identity_files(home: Path) -> list[Path]:
    """Return the files that tell which records are one customer, one for each snapshot's load."""
    return sorted((home / IDENTITY).glob(f"*/{CUSTOMERS_FILE}"))


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
        data tell it only of identifiers that a tombstone holds already, and never of a record that
        the current data know: what was one customer may have been told apart since.
    person
        The customer by the identifier that was given: a record's own, or the resolved one.
    """
    loads = {path.parent.name: read_identity(connection, path) for path in identity_files(home)}
    now = loads.pop(current, {})
    found = {*person.ids, *_all_of(now, person.is_named)}
    known = {*now, *now.values()}
    for load in loads.values():
        found |= _all_of(load, person.stones.holds) - known
    return frozenset(found)


def _all_of(load: Mapping[str, str], is_asked: Callable[[str], bool]) -> set[str]:
    """Return the customers that are asked for, by themselves or by a record, and their records."""
    asked = {c for r, c in load.items() if is_asked(r) or is_asked(c)}
    return asked | {record for record, customer in load.items() if customer in asked}


def erase_identity(
    connection: duckdb.DuckDBPyConnection, home: Path, person: Person, *, write: bool
) -> int:
    """Take the customer's records out of what tells which records are one customer."""
    known = ", ".join(map(literal, sorted(person.ids))) or "NULL"
    gone = [
        condition
        for name in ("record", "customer")
        for condition in (f"{quote(name)} IN ({known})", person.stones.matches(quote(name)))
    ]
    return sum(
        parquet_without(connection, path, gone, write=write) for path in identity_files(home)
    )


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
    """Return what tells whether a row that was set aside is the customer's.

    Of a source that nobody can type any more (``theirs`` is None) it is one that names them.
    """

    def drops(header: Sequence[str], cells: Sequence[str]) -> bool:
        if theirs is None:
            return any(person.is_named(cell) for cell in cells)
        return int(cells[header.index("_row")]) in theirs or person.is_told(cells)

    return drops


def _lines(person: Person) -> Any:
    def drops(header: Sequence[str], cells: Sequence[str]) -> bool:
        return person.is_in_line(cells[header.index("_line")])

    return drops


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
