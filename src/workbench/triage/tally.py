"""How many rows came, passed and failed, for each source, unit and reason, with places to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from workbench.data.quoting import literal, numbered, quote
from workbench.params import REST, WHOLE
from workbench.triage.checks import Check, any_of, failing_sql, rejected_sql
from workbench.triage.marks import Settled
from workbench.triage.reasons import KINDS
from workbench.triage.record import Example, ReasonRecord
from workbench.triage.score import dimension_of
from workbench.triage.shapes import masked
from workbench.triage.typed import TypedSource
from workbench.triage.units import SplitUnits

__all__ = ["EXACT_UP_TO", "NOTHING", "SourceTally", "tally_source"]

EXACT_UP_TO = 5_000_000
"""Rows up to which distinct values are counted one by one; beyond, they are estimated."""

EXAMPLES = 3
_AMOUNT = "amount"
_COUNTED = ("validity", "uniqueness", "consistency")
_HEAD, _EACH = 6, 3  # columns of the query: the unit and its counts, and those of each check


@dataclass(frozen=True)
class SourceTally:
    """The counts of one source in one unit.

    Parameters
    ----------
    received, quarantined, warned
        Rows; ``warned`` counts accepted rows.
    reasons
        Every reason that was met, most frequent first.
    invalid, repeated, inconsistent, newest
        As ``SourceRecord`` has them.
    """

    received: int
    quarantined: int
    warned: int
    reasons: tuple[ReasonRecord, ...]
    invalid: int = 0
    repeated: int = 0
    inconsistent: int = 0
    newest: str | None = None

    @property
    def accepted(self) -> int:
        """Return the accepted rows."""
        return self.received - self.quarantined


NOTHING = SourceTally(0, 0, 0, ())
"""The counts of a source that brought a unit no row."""


def tally_source(
    connection: duckdb.DuckDBPyConnection,
    table: Settled,
    source: TypedSource,
    units: SplitUnits | None,
) -> Mapping[str, SourceTally]:
    """Return unit -> counts of one source; ``all`` is the whole.

    Lines that could not be read belong to no value of a split: they count in the whole and in the
    rest.
    """
    rows = table.rows(source)
    unit, sets = literal(WHOLE), ""
    if units is not None:
        rows = units.labelled(rows, source.columns, source.splits)
        unit = f"coalesce(_wb_unit, {unit})"
        sets = "GROUP BY GROUPING SETS ((), (_wb_unit)) ORDER BY 1"
    totals = connection.execute(
        f"SELECT {unit}, count(*), {_newest(source)} FROM ({rows}) {sets}"
    ).fetchall()
    # What is told of each check is asked of the rows that fail one: most rows fail none.
    columns = [*_failing_columns(source), *_check_columns(source)]
    found = connection.execute(
        f"SELECT {unit}, {', '.join(columns)} FROM ({rows}) WHERE {failing_sql(source.checks)} "
        f"{sets}"
    ).fetchall()
    shapes = _patterns(connection, source, found)
    failing = {row[0]: row for row in found}
    tallies = {
        name: _tally(source.checks, received, newest, failing.get(name), shapes)
        for name, received, newest in totals
        if received
    }
    return _with_unreadable(connection, tallies, source, split=units is not None)


def _tally(
    checks: Sequence[Check],
    received: int,
    newest: str | None,
    failing: Sequence[Any] | None,
    shapes: Mapping[int, Mapping[str, str]],
) -> SourceTally:
    if failing is None:
        return SourceTally(received, 0, 0, (), newest=newest)
    _, quarantined, warned, invalid, repeated, inconsistent = failing[:_HEAD]
    return SourceTally(
        received=received,
        quarantined=quarantined,
        warned=warned,
        reasons=_reasons(checks, failing[_HEAD:], shapes),
        invalid=invalid,
        repeated=repeated,
        inconsistent=inconsistent,
        newest=newest,
    )


def _newest(source: TypedSource) -> str:
    """Return SQL for the newest time in the clock of accepted rows, as text."""
    clock = source.named.contract.clock
    if clock is None or clock not in source.columns:
        return "CAST(NULL AS VARCHAR)"
    rejected = rejected_sql(source.checks)
    return f"CAST(max({quote(clock)}) FILTER (NOT {rejected}) AS VARCHAR)"


def _failing_columns(source: TypedSource) -> list[str]:
    """Return what is counted of a source: rows set aside, warned, failing in each dimension."""
    rejected = rejected_sql(source.checks)
    warned = any_of(source.checks, "warn")
    failing = [
        failing_sql(check for check in source.checks if dimension_of(check.kind) == dimension)
        for dimension in _COUNTED
    ]
    return [
        f"count(*) FILTER ({rejected})",
        f"count(*) FILTER ({warned} AND NOT {rejected})",
        *(f"count(*) FILTER ({fails})" for fails in failing),
    ]


def _check_columns(source: TypedSource) -> list[str]:
    """Return what is counted of each check: rows, the first of them, the money in them."""
    amount = source.named.contract.column(_AMOUNT)
    is_counted = amount is not None and amount.kind == "money" and _AMOUNT in source.columns
    # One absurd amount outweighs all good ones: what is itself in doubt is not summed.
    doubtful = failing_sql(check for check in source.checks if _doubts_amount(check))
    columns = []
    for check in source.checks:
        fails = failing_sql([check])
        money = "CAST(NULL AS VARCHAR)"
        if is_counted and not _doubts_amount(check):
            money = f"sum(abs({quote(_AMOUNT)})) FILTER ({fails} AND NOT {doubtful})"
        columns += [
            f"count(*) FILTER ({fails})",
            f"min(_wb_row, {EXAMPLES}) FILTER ({fails})",
            f"CAST({money} AS VARCHAR)",
        ]
    return columns


def _doubts_amount(check: Check) -> bool:
    """Tell whether a row that fails may have a wrong amount: its own, or what it is made of."""
    return check.kind == "absurd" or (check.column == _AMOUNT and check.kind != "rounded")


def _reasons(
    checks: Sequence[Check], cells: Sequence[Any], shapes: Mapping[int, Mapping[str, str]]
) -> tuple[ReasonRecord, ...]:
    found = []
    for place, check in enumerate(checks):
        rows, places, amount = cells[_EACH * place : _EACH * (place + 1)]
        if not rows:
            continue
        examples = []
        for row in sorted(places):
            shown = [shapes[row][name] for name in check.origin if name in shapes[row]]
            examples.append(Example(row, " · ".join(shown)))
        found.append(
            ReasonRecord(
                code=check.code,
                column=check.column,
                severity=check.severity,
                rows=rows,
                title=check.title,
                why=check.why,
                fix=check.fix,
                examples=tuple(examples),
                amount=amount,
            )
        )
    return _by_frequency(found)


def _patterns(
    connection: duckdb.DuckDBPyConnection, source: TypedSource, found: Sequence[Sequence[Any]]
) -> dict[int, dict[str, str]]:
    """Return record number -> column -> masked shape of its text, for the examples."""
    every = [places for cells in found for places in cells[_HEAD + 1 :: _EACH]]
    rows = sorted({row for places in every for row in places or ()})
    names = sorted({name for check in source.checks for name in check.origin})
    names = [name for name in names if name in source.received.columns]
    if not rows or not names:
        return {row: {} for row in rows}
    numbers = ", ".join(str(row) for row in rows)
    texts = connection.execute(
        f"SELECT * FROM (SELECT {source.received.row_sql} AS _wb_row, "
        f"{', '.join(quote(name) for name in names)} "
        f"FROM {numbered(source.received.path)}) "
        f"WHERE _wb_row IN ({numbers})"
    ).fetchall()
    return {
        row: {name: masked(text) for name, text in zip(names, cells, strict=True)}
        for row, *cells in texts
    }


def _with_unreadable(
    connection: duckdb.DuckDBPyConnection,
    tallies: Mapping[str, SourceTally],
    source: TypedSource,
    *,
    split: bool,
) -> dict[str, SourceTally]:
    """Add the lines that the reader could not fit into columns."""
    full = dict(tallies)
    lines = source.received.unreadable_rows
    if lines:
        told = KINDS["unreadable_line"]
        examples = connection.execute(
            f"SELECT record, error FROM read_parquet({literal(str(source.received.unreadable))}) "
            f"ORDER BY record LIMIT {EXAMPLES}"
        ).fetchall()
        reason = ReasonRecord(
            code=told.code,
            column="",
            severity="reject",
            rows=lines,
            title=told.title,
            why=told.why,
            fix=told.fix,
            examples=tuple(Example(record, error) for record, error in examples),
        )
        for unit in (WHOLE, REST) if split else (WHOLE,):
            before = full.get(unit, NOTHING)
            full[unit] = replace(
                before,
                received=before.received + lines,
                quarantined=before.quarantined + lines,
                reasons=_by_frequency([*before.reasons, reason]),
                invalid=before.invalid + lines,
            )
    full.setdefault(WHOLE, NOTHING)
    return full


def _by_frequency(reasons: Sequence[ReasonRecord]) -> tuple[ReasonRecord, ...]:
    return tuple(sorted(reasons, key=lambda reason: (-reason.rows, reason.code)))
