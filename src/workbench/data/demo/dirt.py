"""Planting errors in a table, and keeping the truth about each.

A row gets at most one error, so that what ingest should say of it is unambiguous.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from workbench.data.demo.shared import Bools, Ints, Texts, texts

__all__ = ["Dirt", "Planted", "RawTable", "all_planted", "four_years_before", "totals_of"]


@dataclass(frozen=True)
class Planted:
    """One planted error.

    Parameters
    ----------
    file, table, source
        Where: the file under ``raw``, the canonical table, the source's name.
    row
        The record's number in the source, from 1; a header does not count.
    column
        The source's own column; empty where the whole row is wrong.
    kind
        What was done: ``exact_duplicate``, ``unreadable_date``, ``misspelt`` ...
    value, true_value
        What stands there, and what should; of a copied row, the number of the row that it copies.
    reason
        The reason code that ingest must give; empty where nothing but an analysis can tell.
    severity
        ``reject``, ``warn``, or empty with an empty reason.
    """

    file: str
    table: str
    source: str
    row: int
    column: str
    kind: str
    value: str
    true_value: str
    reason: str
    severity: str


@dataclass(frozen=True)
class RawTable:
    """A table as its file will hold it.

    Parameters
    ----------
    file, table, source
        Where it goes and what it is.
    columns
        Column -> text as written; empty where a value is missing.
    broken
        Row index -> a whole line that stands in the row's place (CSV).
    planted
        The errors in it.
    position
        Row index in the file of each row that there was before any copy was added.
    rejected
        Per row, whether a planted error makes ingest reject it.
    """

    file: str
    table: str
    source: str
    columns: dict[str, Texts]
    broken: dict[int, str]
    planted: tuple[Planted, ...]
    position: Ints
    rejected: Bools

    @property
    def rows(self) -> int:
        """Return the number of records."""
        return len(self.rejected)


def four_years_before(old: str) -> str:
    """Return an ISO time four years earlier: before all histories, and never on a missing day."""
    return f"{int(old[:4]) - 4:04d}{old[4:]}"


def all_planted(tables: Iterable[RawTable]) -> tuple[Planted, ...]:
    """Return the errors of several tables, one table after the other."""
    return tuple(error for table in tables for error in table.planted)


def totals_of(table: RawTable, rejected: Bools | None = None) -> dict[str, int | str]:
    """Return how many records a table has, and how many ingest must reject and accept.

    Parameters
    ----------
    table
        The table.
    rejected
        Per row, whether it is rejected; those with a planted error unless told.
    """
    count = int((table.rejected if rejected is None else rejected).sum())
    return {"records": table.rows, "rejected": count, "accepted": table.rows - count}


class Dirt:
    """Collects errors for one table; :meth:`finish` gives the table that holds them.

    Parameters
    ----------
    rng
        Where chance comes from.
    where
        File, canonical table and source's name.
    columns
        Column -> text as written, before any error. The arrays are copied.
    delimiter
        The file's delimiter, for broken lines.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        where: tuple[str, str, str],
        columns: Mapping[str, Texts],
        delimiter: str = ",",
    ) -> None:
        self._rng = rng
        self._where = where
        self.columns = {name: values.copy() for name, values in columns.items()}
        self._delimiter = delimiter
        self._size = len(next(iter(columns.values())))
        self._free: Bools = np.ones(self._size, dtype=np.bool_)
        self._cells: list[tuple[int, str, str, str, str, str, str]] = []
        self._copies: list[tuple[int, dict[str, str], str, str, str]] = []
        self._broken: dict[int, str] = {}

    def reserve(self, rows: Bools) -> None:
        """Keep rows free of errors from now on."""
        self._free &= ~rows

    def take(self, count: int, where: Bools | None = None) -> Ints:
        """Return up to ``count`` rows that have no error yet, sorted, and reserve them."""
        may = np.flatnonzero(self._free if where is None else self._free & where)
        rows = np.sort(self._rng.permutation(may)[:count])
        self._free[rows] = False
        return rows.astype(np.int64)

    def cell(
        self,
        kind: str,
        column: str,
        rows: Ints,
        change: Callable[[str], str] | Iterable[str] | str,
        reason: str = "",
        severity: str = "",
    ) -> None:
        """Write another value into a column of some rows.

        Parameters
        ----------
        kind, column, rows
            What is done, and where.
        change
            The value, one value per row, or a function of the true value.
        reason, severity
            What ingest must say; a reason is a ``reject`` unless told.
        """
        values = self.columns[column]
        if isinstance(change, str):
            made = [change] * len(rows)
        elif callable(change):
            made = [change(values[row]) for row in rows.tolist()]
        else:
            made = list(change)
        grade = severity or ("reject" if reason else "")
        for row, new in zip(rows.tolist(), made, strict=True):
            if new == values[row]:
                continue
            self._cells.append((row, column, kind, new, values[row], reason, grade))
            values[row] = new

    def copy(
        self,
        kind: str,
        rows: Ints,
        reason: str,
        change: tuple[str, Callable[[str], str]] | None = None,
    ) -> None:
        """Add a copy right after each of some rows, changed in one column if told."""
        for row in rows.tolist():
            changes, column = {}, ""
            if change is not None:
                column = change[0]
                changes = {column: change[1](self.columns[column][row])}
            self._copies.append((row, changes, kind, column, reason))

    def break_lines(self, rows: Ints) -> None:
        """Give lines a field too many: a delimiter inside a text that nobody quoted."""
        for row in rows.tolist():
            held = io.StringIO()
            fields = [values[row] for values in self.columns.values()]
            csv.writer(held, delimiter=self._delimiter, lineterminator="").writerow(fields)
            self._broken[row] = f"{held.getvalue()}{self._delimiter}see over"

    def finish(self) -> RawTable:
        """Return the table with all its errors, each with its final row number."""
        copied = np.array([row for row, *_ in self._copies], dtype=np.int64)
        origin = np.concatenate([np.arange(self._size), copied])
        # Stable: a copy comes after its original.
        order = np.argsort(origin, kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        columns = {}
        for name, values in self.columns.items():
            extra = [changes.get(name, values[row]) for row, changes, *_ in self._copies]
            columns[name] = np.concatenate([values, texts(extra)])[order]
        file, table, source = self._where
        planted = []
        for row, column, kind, new, old, reason, grade in self._cells:
            spot = int(place[row]) + 1
            planted.append(
                Planted(file, table, source, spot, column, kind, new, old, reason, grade)
            )
        for number, (row, changes, kind, column, reason) in enumerate(self._copies):
            spot, first = int(place[self._size + number]) + 1, str(int(place[row]) + 1)
            value = changes.get(column, "")
            planted.append(
                Planted(file, table, source, spot, column, kind, value, first, reason, "reject")
            )
        broken = {int(place[row]): line for row, line in sorted(self._broken.items())}
        planted.extend(
            Planted(
                file,
                table,
                source,
                index + 1,
                "",
                "broken_line",
                line,
                "",
                "unreadable_line",
                "reject",
            )
            for index, line in broken.items()
        )
        rejected = np.zeros(len(order), dtype=np.bool_)
        rejected[[error.row - 1 for error in planted if error.severity == "reject"]] = True
        planted.sort(key=lambda error: (error.row, error.column))
        return RawTable(
            file, table, source, columns, broken, tuple(planted), place[: self._size], rejected
        )
