"""The repairs file: suggested repairs, one a line, and what their owner answered.

A CSV that a spreadsheet may have saved: with a byte order mark, with semicolons, with other line
ends, with its columns in another order. An answered line stays in the file, and holds for every
later load.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

from workbench.errors import ParameterError, one_of
from workbench.files import digest_of, replace_file
from workbench.triage.answered import answered_text, records
from workbench.triage.repairs.line import COLUMNS, NOTHING, Repair, plain, written

__all__ = ["FILE", "agreed", "digest_of_agreed", "merged", "read_repairs", "write_repairs"]

FILE = "repairs.csv"
"""The file's name, in the unit's folder of data."""
ANSWERS = ("yes", "no")
_NEEDED = ("apply", "table", "source", "column", "value", "repair", "record")
_SHOWN = ("row", "kind", "confidence", "cells")


def agreed(path: Path, sources: Collection[tuple[str, str]]) -> tuple[Repair, ...]:
    """Return the lines that are to be applied, in the order of their keys.

    Parameters
    ----------
    path
        The file.
    sources
        The unit's sources, as table and name.

    Raises
    ------
    ParameterError
        As for ``read_repairs``; and when a line is about a source that the unit does not have.
    """
    found = [one for one in read_repairs(path, sources) if one.apply == "yes"]
    return tuple(sorted(found, key=lambda one: one.key))


def digest_of_agreed(repairs: Sequence[Repair]) -> str | None:
    """Return a digest of what is to be applied, None where that is nothing."""
    return digest_of([list(astuple(one)) for one in repairs]) if repairs else None


def merged(suggested: Iterable[Repair], earlier: Iterable[Repair]) -> tuple[Repair, ...]:
    """Return the lines to write: what is open, then what the owner answered or wrote.

    Parameters
    ----------
    suggested
        The suggestions of the newest load.
    earlier
        The lines of the file as it is: those with an answer or a repair of the owner's stay as
        they are, whatever is suggested now.
    """
    kept = {one.key: one for one in earlier if one.is_own}
    fresh = {one.key: one for one in suggested if one.key not in kept}
    lines = sorted(
        fresh.values(),
        key=lambda one: (*one.key[:3], one.kind, -one.count, one.key[3], len(one.row), one.row),
    )
    return (*lines, *(kept[key] for key in sorted(kept)))


def write_repairs(path: Path, lines: Iterable[Repair]) -> None:
    """Write the file in one step, readable by its owner only: it holds values of the source."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in lines:
        cells = {
            **{name: getattr(one, name) for name in ("apply", "record", "check", *_SHOWN)},
            **{name: written(getattr(one, name)) for name in ("table", "source", "column")},
            **{name: written(getattr(one, name)) for name in ("value", "repair", "suggested")},
        }
        writer.writerow([cells[name] for name in COLUMNS])
    replace_file(path, stream.getvalue().encode(), mode=0o600)


def read_repairs(
    path: Path, sources: Collection[tuple[str, str]] | None = None
) -> tuple[Repair, ...]:
    """Return the lines of the file, in their order; nothing when there is no file.

    Parameters
    ----------
    path
        The file.
    sources
        The sources that a line to be applied may name, as table and name; any when None.

    Raises
    ------
    ParameterError
        When the file cannot be understood, an answer is none, or a line that is to be applied is
        not whole; the message says line and column.
    """
    content = answered_text(path)
    if content is None or not content.strip():
        return ()
    found = records(path, content, ",;\t")
    _, _, head = next(found, (1, 1, []))
    places = _header(path, head)
    seen: dict[tuple[str, ...], int] = {}  # open lines are written anew, whatever they say
    return tuple(
        _Line(path, line, cells, places, sources).repair(seen)
        for line, _, cells in found
        if any(cell.strip() for cell in cells)
    )


def _header(path: Path, cells: Sequence[str]) -> dict[str, int]:
    places = {name.strip().lower(): place for place, name in enumerate(cells)}
    for name in _NEEDED:
        if name not in places:
            raise ParameterError(
                f"the column `{name}` is missing",
                where=f"{path}:1",
                fix="Keep the columns that the workbench wrote; `apply` and `repair` are to be "
                "filled in.",
            )
    return places


class _Line:
    """A line as it is read, so that a message can say where it is wrong."""

    def __init__(
        self,
        path: Path,
        line: int,
        cells: Sequence[str],
        places: Mapping[str, int],
        sources: Collection[tuple[str, str]] | None,
    ) -> None:
        self._path, self._line, self._cells, self._places = path, line, cells, places
        self._sources = sources

    def repair(self, seen: dict[tuple[str, ...], int]) -> Repair:
        """Return what the line says, having checked it; ``seen``: key -> line."""
        one = Repair(
            table=self._text("table") or "",
            source=self._text("source") or "",
            column=self._text("column") or "",
            value=self._text("value") or None,
            record=self._cell("record").strip(),
            apply=self._cell("apply").strip().lower(),
            repair=self._text("repair"),
            suggested=self._text("suggested"),
            **{name: self._cell(name) for name in _SHOWN},
        )
        if not one.is_own:
            return one
        self._check(one)
        before = seen.setdefault(one.key, self._line)
        if before != self._line:
            raise self._wrong(
                "value",
                f"line {before} is about the same {'cell' if one.record else 'value'}",
                "Keep one of the two.",
            )
        return one

    def _check(self, one: Repair) -> None:
        if one.apply and one.apply not in ANSWERS:
            raise self._wrong(
                "apply",
                f"`{one.apply}` is no answer",
                f"{one_of(one.apply, ANSWERS)} Or leave it empty.",
            )
        for name in ("table", "source", "column"):
            if not getattr(one, name):
                raise self._wrong(name, f"the {name} is missing", "Keep what the workbench wrote.")
        check = self._cell("check").strip()
        if check and check != one.check:
            raise self._wrong(
                "value",
                "it is no longer what the workbench wrote; a spreadsheet may have changed it, "
                "such as `0123` to `123`",
                "Put the value back; or delete the line, and `workbench triage repairs` will "
                "suggest it anew.",
            )
        if one.value is None and not one.record:
            raise self._wrong(
                "value",
                "a repair of all empty cells of a column is no repair",
                "Name one record, as the workbench does, or declare the value in `columns:`.",
            )
        if one.apply == "yes":
            self._check_repair(one)

    def _check_repair(self, one: Repair) -> None:
        if self._sources is not None and (one.table, one.source) not in self._sources:
            known = [f"{table}.{source}" for table, source in self._sources]
            name = f"{one.table}.{one.source}"
            raise self._wrong(
                "source",
                f"the unit has no source `{name}`",
                f"{one_of(name, known)} Or delete the line.",
            )
        if one.repair == "":
            raise self._wrong(
                "repair",
                "the line is to be applied, but there is nothing to put there",
                f"Write the text to put there, or `{NOTHING}` to empty the cell.",
            )
        if one.repair == one.value:
            raise self._wrong(
                "repair",
                "it is the value that stands there already",
                "Write another text, or answer `no`.",
            )

    def _cell(self, name: str) -> str:
        place = self._places.get(name)
        return self._cells[place] if place is not None and place < len(self._cells) else ""

    def _text(self, name: str) -> str | None:
        return plain(self._cell(name))

    def _wrong(self, name: str, what: str, fix: str) -> ParameterError:
        column = self._places[name] + 1
        return ParameterError(
            what, where=f"{self._path}:{self._line}, column {column} (`{name}`)", fix=fix
        )
