"""The lists that a unit's owner answers: pairs of records to review, and repairs of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from workbench.data.quoting import numbered, quote
from workbench.data.sources import Received
from workbench.ingest.forget.files import csv_without, records_of
from workbench.ingest.forget.owner_only import Places
from workbench.ingest.forget.person import Person
from workbench.ingest.ledger import REVIEWS
from workbench.triage.named import Named
from workbench.triage.repairs.apply import record_sql
from workbench.triage.repairs.file import FILE
from workbench.triage.repairs.line import plain
from workbench.triage.typed import BOOKKEEPING

__all__ = ["erase_lists"]

_RECORDS = ("record_a", "record_b")


def erase_lists(
    connection: duckdb.DuckDBPyConnection,
    home: Path,
    person: Person,
    there: Sequence[tuple[Named, Received]],
    rows: Places,
    *,
    write: bool,
) -> int:
    """Take the customer out of the lists that the unit's owner answers, and return how many lines.

    Of the pairs to review each goes that names a record of the customer. Of the repairs a line
    goes that holds an identifier; that is about a record of the customer, or about one that the
    source does not deliver any more, so that nobody can tell whose it was; or that is about a
    value which stands in the customer's rows alone. A line about a value of others stays.

    Parameters
    ----------
    connection
        The engine.
    home
        The unit's data folder.
    person
        Who is to be forgotten.
    there
        The sources with their received rows, the customer's still among them.
    rows
        The numbers of the customer's rows.
    write
        False: only count.
    """

    def reviewed(header: Sequence[str], cells: Sequence[str]) -> bool:
        told = _told(header, cells)
        return any(person.is_named(told.get(name)) for name in _RECORDS) or person.is_told(cells)

    gone = 0
    if (home / REVIEWS).is_file():
        gone += csv_without(home / REVIEWS, reviewed, write=write, saved=True)
    path = home / FILE
    if path.is_file():
        theirs = _Theirs(connection, there, rows, _records_asked(path))

        def repaired(header: Sequence[str], cells: Sequence[str]) -> bool:
            return person.is_told(cells) or theirs.has(_told(header, cells))

        gone += csv_without(path, repaired, write=write, saved=True)
    return gone


def _told(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    return dict(zip((name.strip().lower() for name in header), cells, strict=False))


def _records_asked(path: Path) -> list[str]:
    """Return the digests of the records that a repairs file is about."""
    header: list[str] | None = None
    found = set()
    for cells, _ in records_of(path, saved=True):
        if header is None:
            header = cells
        elif record := _told(header, cells).get("record", "").strip():
            found.add(record)
    return sorted(found)


@dataclass
class _Theirs:
    """Which lines of a repairs file are about the customer's rows."""

    connection: duckdb.DuckDBPyConnection
    there: Sequence[tuple[Named, Received]]
    rows: Places
    asked: Sequence[str]
    _others: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    _values: dict[tuple[str, str, str], set[str | None]] = field(default_factory=dict)

    def has(self, line: Mapping[str, str]) -> bool:
        """Tell whether a line is about the customer's rows alone."""
        place = (line.get("table", "").strip(), line.get("source", "").strip())
        received = next(
            (rows for named, rows in self.there if (named.contract.name, named.name) == place), None
        )
        if received is None or not self.rows.get(place):
            return False
        numbers = sorted(self.rows[place])
        if record := line.get("record", "").strip():
            if place not in self._others:
                self._others[place] = self._records_of_others(received, numbers)
            return record not in self._others[place]
        column = line.get("column", "").strip()
        if column not in received.columns:
            return False
        if (*place, column) not in self._values:
            self._values[*place, column] = self._values_alone(received, numbers, column)
        return plain(line.get("value", "")) in self._values[*place, column]

    def _records_of_others(self, received: Received, numbers: Sequence[int]) -> set[str]:
        raw = [name for name in received.columns if name not in BOOKKEEPING]
        found = self.connection.execute(
            f"SELECT DISTINCT digest FROM (SELECT {record_sql(raw)} AS digest, "
            f"{received.row_sql} AS number FROM {numbered(received.path)}) "
            "WHERE NOT list_contains($1, number) AND list_contains($2, digest)",
            [list(numbers), list(self.asked)],
        ).fetchall()
        return {digest for (digest,) in found}

    def _values_alone(
        self, received: Received, numbers: Sequence[int], column: str
    ) -> set[str | None]:
        rows = (
            f"SELECT {quote(column)} AS v, {received.row_sql} AS number "
            f"FROM {numbered(received.path)}"
        )
        found = self.connection.execute(
            f"SELECT v FROM ({rows}) GROUP BY v HAVING bool_and(list_contains($1, number))",
            [list(numbers)],
        ).fetchall()
        return {value for (value,) in found}
