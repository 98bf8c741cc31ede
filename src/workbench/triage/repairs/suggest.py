"""Suspected cells of a source -> suggested repairs, with the source's own texts.

A suspicion that depends on the value alone becomes one line for all cells of the column that hold
the value; a suspicion that depends on the rest of the record becomes a line for that one record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from workbench.data.casts import SQL_TYPES, cast_sql
from workbench.data.quoting import literal, numbered, quote
from workbench.data.sources import Received
from workbench.params import ColumnType
from workbench.triage.named import Named
from workbench.triage.repairs.apply import record_sql
from workbench.triage.repairs.formats import format_sql
from workbench.triage.repairs.line import Repair
from workbench.triage.typed import BOOKKEEPING

__all__ = ["MOST_LINES", "SURE", "LeftOut", "Suggestions", "suggest_repairs"]

SURE = 0.8
"""Confidence from which a cell is asked about although nothing is suggested."""
MOST_LINES = 1_000
"""Lines of one column and kind: more than that nobody answers. The surest are kept."""
LONGEST = 1_000
"""Letters of a text up to which it is written into the file."""
BY_VALUE = (
    *("missing in disguise", "pattern", "unit", "case", "spacing", "typo", "rare value"),
    "date order",
)
"""Kinds of suspicion that depend on the value alone, but for numbers and times that can be read:
that one is in another unit or order, only the rows around it tell."""
NO_CELL = "gap"
"""The kind that is about rows that are not there."""

_MOVED = "the source was read again since; run `workbench ingest` first"
_REPAIRED = "what stands there is a repair already"
_LONG = f"the text is longer than {LONGEST:,} letters"
_UNSURE = f"nothing is suggested, and it is less sure than {SURE}"
_UNWRITTEN = "what is suggested cannot be written as the source writes its values"
_MANY = f"more than {MOST_LINES:,} lines of one column and kind; the surest are written"
_GAP = "it is about rows that are not there, and no cell can be repaired"


@dataclass(frozen=True)
class LeftOut:
    """Suspected cells that are not in the file.

    Parameters
    ----------
    table, source, column, kind
        Which.
    cells
        How many cells, or lines where there are too many of them.
    why
        Why, in words.
    """

    table: str
    source: str
    column: str
    kind: str
    cells: int
    why: str


@dataclass(frozen=True)
class Suggestions:
    """What is suggested for one source.

    Parameters
    ----------
    lines
        The suggested repairs, none answered.
    left_out
        The suspected cells without a line of their own, by reason.
    """

    lines: tuple[Repair, ...]
    left_out: tuple[LeftOut, ...]


def suggest_repairs(
    connection: duckdb.DuckDBPyConnection,
    suspected: Path,
    named: Named,
    received: Received,
    timezone: str,
    agreed: Sequence[Repair] = (),
) -> Suggestions:
    """Return the repairs that the suspected cells of a source suggest.

    Parameters
    ----------
    connection
        The engine.
    suspected
        The Parquet file of the unit's suspected cells: ``table, source, row, column, kind, value,
        suggestion, confidence``. ``value`` and ``suggestion`` are texts: of a column with a type,
        the typed value's; ``row`` is the record's number in the source.
    named, received
        The source, and its rows as the suspected cells were found in them.
    timezone
        The unit's time zone, for times with an offset.
    agreed
        The repairs that were applied when the cells were found.

    Notes
    -----
    A suggestion for a column with a type is written as the source itself most often writes that
    value, or else in the format that it is read in; where it would not be read back, the repair is
    left for the owner to fill in.
    """
    raw = [name for name in received.columns if name not in BOOKKEEPING]
    source = _Source(connection, suspected, named, received, timezone, tuple(raw))
    counts = source.asked()
    left: list[LeftOut] = []
    lines: list[Repair] = []
    for column in (name for name in raw if name in counts):
        source.gather(column)
        found, out = source.lines(column, _own(agreed, named, column))
        lines += found
        left += out
    source.close()
    gone = [name for name in counts if name not in raw]
    left += [
        source.left(name, kind, n, _MOVED) for name in gone for kind, n in counts[name].items()
    ]
    return Suggestions(tuple(lines), tuple(left))


def _own(agreed: Sequence[Repair], named: Named, column: str) -> set[str]:
    """Return the texts that repairs put into a column."""
    return {
        one.repair or ""
        for one in agreed
        if (one.table, one.source, one.column) == (named.contract.name, named.name, column)
    }


@dataclass(frozen=True)
class _Source:
    connection: duckdb.DuckDBPyConnection
    suspected: Path
    named: Named
    received: Received
    timezone: str
    raw: tuple[str, ...]

    @property
    def rows(self) -> str:
        return numbered(self.received.path)

    @property
    def cells(self) -> str:
        """The suspected cells of this source."""
        return (
            f"SELECT * FROM read_parquet({literal(str(self.suspected))}) "
            f'WHERE "table" = {literal(self.named.contract.name)} '
            f"AND source = {literal(self.named.name)}"
        )

    def asked(self) -> Mapping[str, Mapping[str, int]]:
        """Return column -> kind -> suspected cells."""
        found: dict[str, dict[str, int]] = {}
        for column, kind, count in self.connection.execute(
            f'SELECT "column", kind, count(*) FROM ({self.cells}) GROUP BY ALL ORDER BY ALL'
        ).fetchall():
            found.setdefault(column, {})[kind] = count
        return found

    def gather(self, column: str) -> None:
        """Make the table ``_wb_cells`` of a column: each suspected cell with its received text.

        ``repair`` is the suggestion as the source writes it; ``fits`` tells whether the text is
        what was looked at.
        """
        typed = self._typed(column, quote(column))
        wanted = f"CAST(TRY_CAST(s.suggestion AS {SQL_TYPES[self._kind(column)]}) AS VARCHAR)"
        kinds = ", ".join(literal(kind) for kind in BY_VALUE)
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE _wb_cells AS "
            f"SELECT s.row, s.kind, s.confidence, s.value, s.suggestion, "
            f"nullif(r.text, '') AS text, "
            "r.row IS NOT NULL AND r.typed IS NOT DISTINCT FROM s.value AS fits, "
            f"CASE WHEN coalesce(length(r.text), 0) <= {LONGEST} THEN {wanted} END AS repair, "
            f"s.kind IN ({kinds}) AND NOT (s.kind = 'unit' AND TRY_CAST(s.value AS DOUBLE) "
            "IS NOT NULL) AND NOT (s.kind = 'date order' AND TRY_CAST(s.value AS TIMESTAMP) "
            "IS NOT NULL) AS alone "
            f'FROM (SELECT * FROM ({self.cells}) WHERE "column" = {literal(column)}) s '
            f"LEFT JOIN (SELECT {self.received.row_sql} AS row, {quote(column)} AS text, "
            f"{typed} AS typed FROM {self.rows}) r ON r.row = s.row"
        )
        if self._kind(column) != "text":
            self._spell(column)

    def _spell(self, column: str) -> None:
        """Write each suggestion of a typed column as the source would, or not at all.

        As it most often writes that value; else in its own format, if that is read back as it.
        """
        typed = self._typed(column, quote(column))
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE _wb_spelled AS SELECT typed, text FROM "
            f"(SELECT {typed} AS typed, {quote(column)} AS text, count(*) AS n FROM {self.rows} "
            "GROUP BY ALL) WHERE typed IN (SELECT repair FROM _wb_cells) "
            "QUALIFY row_number() OVER (PARTITION BY typed ORDER BY n DESC, text) = 1"
        )
        said = format_sql("repair", "text", self._kind(column), self.named.params.read)
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE _wb_written AS SELECT c.* EXCLUDE (said) REPLACE "
            f"(coalesce(s.text, CASE WHEN {self._typed(column, 'said')} = c.repair THEN said END) "
            f"AS repair) FROM (SELECT *, {said} AS said FROM _wb_cells) c "
            "LEFT JOIN (SELECT typed AS spelled, text FROM _wb_spelled) s ON s.spelled = c.repair"
        )
        self.connection.execute("CREATE OR REPLACE TEMP TABLE _wb_cells AS FROM _wb_written")

    def lines(self, column: str, repaired: set[str]) -> tuple[list[Repair], list[LeftOut]]:
        """Return the lines of a column, and what was left out."""
        self._by_value(column)
        self._by_record()
        left = self._left(column, repaired)
        kept: dict[str, list[Repair]] = {}
        for table, row_of in (("_wb_lines", self._value), ("_wb_records", self._record)):
            for row in self.connection.execute(f"SELECT * FROM {table}").fetchall():
                kept.setdefault(row[0], []).append(row_of(column, *row))
        lines: list[Repair] = []
        for kind in sorted(kept):
            found = sorted(kept[kind], key=_worth)
            lines += found[:MOST_LINES]
            if len(found) > MOST_LINES:
                left.append(self.left(column, kind, len(found) - MOST_LINES, _MANY))
        return self._digested(lines), left

    def left(self, column: str, kind: str, cells: int, why: str) -> LeftOut:
        """Return what was left out of a column."""
        return LeftOut(self.named.contract.name, self.named.name, column, kind, cells, why)

    def close(self) -> None:
        """Remove the tables."""
        for name in ("cells", "spelled", "written", "lines", "records"):
            self.connection.execute(f"DROP TABLE IF EXISTS _wb_{name}")

    def _kind(self, column: str) -> ColumnType:
        types = {name.lower(): kind for name, kind in self.named.params.types.items()}
        return types.get(column.lower(), "text")

    def _typed(self, column: str, text: str) -> str:
        """Return SQL for the text that was looked at where the source holds another (SQL)."""
        read = self.named.params.read
        nulls = ", ".join(literal(value) for value in read.null_values)
        kind = self._kind(column)
        if kind != "text":
            return f"CAST({cast_sql(text, kind, read, self.timezone)} AS VARCHAR)"
        if nulls:
            text = f"CASE WHEN {text} IN ({nulls}) THEN NULL ELSE {text} END"
        return f"CASE WHEN trim({text}, ' \t\r\n') <> '' THEN left({text}, {LONGEST}) END"

    def _by_value(self, column: str) -> None:
        """Make the table ``_wb_lines``: one line a value, where all its cells agree."""
        grouped = (
            "SELECT kind, text, CAST(max(confidence) AS DOUBLE) AS confidence, "
            "CASE WHEN kind = 'missing in disguise' THEN NULL ELSE coalesce(min(repair), '') END "
            "AS repair, kind = 'missing in disguise' OR count(repair) > 0 AS told FROM _wb_cells "
            f"WHERE fits AND alone AND length(text) <= {LONGEST} GROUP BY kind, text "
            "HAVING kind = 'missing in disguise' OR count(repair) = 0 "
            "OR (count(repair) = count(*) AND count(DISTINCT repair) = 1)"
        )
        chosen = (
            f"SELECT * FROM ({grouped}) WHERE (told OR confidence >= {SURE}) "
            "AND repair IS DISTINCT FROM text QUALIFY row_number() "
            "OVER (PARTITION BY text ORDER BY told DESC, confidence DESC, kind) = 1"
        )
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE _wb_lines AS "
            "SELECT c.kind, c.text, c.repair, c.told, c.confidence, r.row, r.cells "
            f"FROM ({chosen}) c JOIN (SELECT {quote(column)} AS text, count(*) AS cells, "
            f"min({self.received.row_sql}) AS row FROM {self.rows} "
            f"WHERE {quote(column)} IN (SELECT text FROM _wb_cells) GROUP BY 1) r "
            "ON r.text = c.text"
        )

    def _by_record(self) -> None:
        """Make the table ``_wb_records``: the cells that no line of a value says the same of."""
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE _wb_records AS "
            "SELECT c.kind, c.text, c.repair, c.confidence, c.row FROM _wb_cells c "
            "LEFT JOIN _wb_lines l ON l.text = c.text "
            f"WHERE c.fits AND c.kind <> '{NO_CELL}' AND coalesce(length(c.text), 0) <= {LONGEST} "
            f"AND (c.repair IS NOT NULL OR (c.confidence >= {SURE} AND l.text IS NULL)) "
            "AND NOT (l.text IS NOT NULL AND l.repair IS NOT DISTINCT FROM c.repair) "
            "AND c.repair IS DISTINCT FROM c.text"
        )

    def _left(self, column: str, repaired: set[str]) -> list[LeftOut]:
        """Return why suspected cells are neither a line nor covered by one."""
        found = self.connection.execute(
            f"SELECT kind, CASE WHEN kind = '{NO_CELL}' THEN 'gap' WHEN NOT fits THEN 'moved' "
            f"WHEN length(text) > {LONGEST} THEN 'long' "
            "WHEN suggestion IS NOT NULL AND repair IS NULL THEN 'unwritten' "
            "ELSE 'unsure' END AS why, "
            "coalesce(value, '') AS value, count(*) FROM _wb_cells c WHERE NOT EXISTS "
            "(SELECT 1 FROM _wb_records r WHERE r.row = c.row AND r.kind = c.kind) "
            f"AND (kind = '{NO_CELL}' OR NOT fits OR NOT EXISTS "
            "(SELECT 1 FROM _wb_lines l WHERE l.text = c.text)) GROUP BY ALL"
        ).fetchall()
        why = {
            **{"gap": _GAP, "moved": _MOVED, "long": _LONG},
            **{"unwritten": _UNWRITTEN, "unsure": _UNSURE},
        }
        counts: dict[tuple[str, str], int] = {}
        for kind, code, value, cells in found:
            said = _REPAIRED if code == "moved" and value in repaired else why[code]
            counts[kind, said] = counts.get((kind, said), 0) + cells
        return [self.left(column, kind, counts[kind, said], said) for kind, said in sorted(counts)]

    def _value(self, column: str, kind: str, text: str, *rest: Any) -> Repair:
        repair, told, confidence, row, cells = rest
        said = repair if told else ""
        return self._line(column, kind, text, said, confidence, row, cells)

    def _record(self, column: str, kind: str, text: str | None, *rest: Any) -> Repair:
        repair, confidence, row = rest
        line = self._line(column, kind, text, repair or "", confidence, row, 1)
        return replace(line, record=_PENDING)

    def _line(
        self, column: str, kind: str, text: str | None, repair: str | None, *rest: Any
    ) -> Repair:
        confidence, row, cells = rest
        return Repair(
            self.named.contract.name,
            self.named.name,
            column,
            text,
            repair=repair,
            suggested=repair,
            row=str(row),
            kind=kind,
            confidence=f"{confidence:.2f}",
            cells=str(cells),
        )

    def _digested(self, lines: list[Repair]) -> list[Repair]:
        """Return the lines with the digests of their records, of equal records the first."""
        rows = [int(one.row) for one in lines if one.record]
        if not rows:
            return lines
        digests = dict(
            self.connection.execute(
                f"SELECT row, digest FROM (SELECT {self.received.row_sql} AS row, "
                f"{record_sql(self.raw)} AS digest, file_row_number FROM {self.rows}) "
                "WHERE row IN (SELECT unnest($1::BIGINT[]))",
                [rows],
            ).fetchall()
        )
        found = [replace(one, record=digests[int(one.row)]) if one.record else one for one in lines]
        return list({one.key: one for one in reversed(found)}.values())[::-1]


_PENDING = "?"


def _worth(one: Repair) -> tuple[Any, ...]:
    """Order lines by what answering them is worth: told, many cells, sure."""
    return (one.repair == "", -one.count, -float(one.confidence), one.value or "", int(one.row))
