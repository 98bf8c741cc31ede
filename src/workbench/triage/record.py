"""What triage recorded of a unit: for each table and source what came, what passed, and why not.

The record travels with the snapshot as ``triage.json``; the triage report reads it back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from workbench.errors import SnapshotError
from workbench.triage.facts import Suspicion, TextFacts
from workbench.triage.found import (
    CustomersRecord,
    DriftRecord,
    Example,
    LearnedRule,
    OverlapRecord,
    SuspectRecord,
)
from workbench.triage.judged import GateFailure, ScorePoint
from workbench.triage.repairs.facts import RepairRecord

__all__ = [
    "MAX_AGE_DAYS",
    "RECORD_FILE",
    "ColumnRecord",
    "Example",
    "ReasonRecord",
    "SourceRecord",
    "TableRecord",
    "TriageRecord",
    "read_record",
]

T = TypeVar("T")

RECORD_FILE = "triage.json"
MAX_AGE_DAYS = 35
"""How old the newest row of a table may be to count as fresh, unless the unit's gate says so."""


@dataclass(frozen=True)
class ReasonRecord:
    """One reason, as met in one source.

    Parameters
    ----------
    code, column
        The reason's code, and the column that it is about (empty where it has none).
    severity
        ``reject`` or ``warn``.
    rows
        How many received rows have it; a row may have several.
    title, why, fix
        What is wrong, why it matters, what its owner can do.
    examples
        The first few places.
    amount
        For tables with an ``amount``: the sum of its size in those rows, as decimal text; rows
        whose own amount is in doubt do not count. None where there is no such row, or no amount.
    """

    code: str
    column: str
    severity: str
    rows: int
    title: str
    why: str
    fix: str
    examples: tuple[Example, ...]
    amount: str | None = None


@dataclass(frozen=True)
class SourceRecord:
    """One source of one table: received = accepted + quarantined; what was erased is in neither.

    Parameters
    ----------
    name, department, origin
        Its name, who owns it, and the file's or table's plain name.
    received, accepted, quarantined
        Rows.
    warned
        Accepted rows with at least one warning.
    reasons
        Every reason that was met, most frequent first.
    erased
        Rows that the source delivered of customers who are forgotten: none of them was kept.
    invalid, repeated, inconsistent
        Received rows with any reason, warnings included, that speaks against validity, uniqueness
        and consistency (``workbench.triage.score``); None in a record from before they were
        counted.
    newest
        The last time in the table's clock among the accepted rows, ISO text; None when there is
        none.
    suspected
        Cells of accepted rows that look wrong, by column and kind.
    learned
        Which columns decide others, as the rows show.
    not_tried
        What was not looked at for suspected cells, and why.
    repaired
        What became of the repairs that the owner agreed to, by column and kind.
    """

    name: str
    department: str
    origin: str
    received: int
    accepted: int
    quarantined: int
    warned: int
    reasons: tuple[ReasonRecord, ...]
    invalid: int | None = None
    repeated: int | None = None
    inconsistent: int | None = None
    newest: str | None = None
    suspected: tuple[SuspectRecord, ...] = ()
    learned: tuple[LearnedRule, ...] = ()
    not_tried: tuple[str, ...] = ()
    repaired: tuple[RepairRecord, ...] = ()
    erased: int = 0


@dataclass(frozen=True)
class ColumnRecord:
    """One column of the accepted rows.

    Parameters
    ----------
    name, kind, about
        Its name, what it holds, what it means; ``kind`` is ``carried`` for a column without
        contract.
    required
        Whether every row must have a value.
    missing
        Accepted rows without a value.
    distinct
        How many different values the accepted rows hold.
    distinct_received
        Likewise for all received rows, for identifiers; None for other columns.
    exact
        Whether the distinct counts are exact, or estimated because the table is large.
    lowest, highest
        The range, as text; None for texts and identifiers.
    mean, total
        As decimal text; None where they mean nothing.
    top
        The most frequent values with their rows, none rarer than the smallest group shown.
    sd, quantiles, constant, key, text, suspicions
        As ``workbench.triage.facts.ColumnProfile`` says. A record that was written before these
        were measured has None or nothing there.
    """

    name: str
    kind: str
    about: str
    required: bool
    missing: int
    distinct: int
    distinct_received: int | None
    exact: bool
    lowest: str | None
    highest: str | None
    mean: str | None
    total: str | None
    top: tuple[tuple[str, int], ...]
    sd: str | None = None
    quantiles: tuple[tuple[float, str], ...] = ()
    constant: bool | None = None
    key: bool | None = None
    text: TextFacts | None = None
    suspicions: tuple[Suspicion, ...] = ()


@dataclass(frozen=True)
class TableRecord:
    """One canonical table of a unit.

    Parameters
    ----------
    name, about
        Its name, and what one row is.
    clock
        The column that tells its freshness, or None.
    oldest, newest
        The first and last time in that column among accepted rows, ISO text; None when empty.
    sources, columns
        Its sources and its columns.
    personal
        Columns that did not enter the snapshot in clear: name -> ``drop`` or ``token``, or
        ``withheld`` where it looks personal and nobody declared it.
    max_age_days
        How old its newest row may be to count as fresh; None where nobody expects newer rows.
    drift
        The table beside the load before; None where there is none.
    overlaps
        What each two of its sources share.
    """

    name: str
    about: str
    clock: str | None
    oldest: str | None
    newest: str | None
    sources: tuple[SourceRecord, ...]
    columns: tuple[ColumnRecord, ...]
    personal: dict[str, str]
    max_age_days: int | None = MAX_AGE_DAYS
    drift: DriftRecord | None = None
    overlaps: tuple[OverlapRecord, ...] = ()

    @property
    def received(self) -> int:
        """Return the rows received from all sources."""
        return sum(source.received for source in self.sources)

    @property
    def accepted(self) -> int:
        """Return the rows accepted from all sources."""
        return sum(source.accepted for source in self.sources)

    @property
    def quarantined(self) -> int:
        """Return the rows quarantined from all sources."""
        return sum(source.quarantined for source in self.sources)


@dataclass(frozen=True)
class TriageRecord:
    """What triage recorded of a unit.

    Parameters
    ----------
    suite, unit, as_of
        Whose, and as of which day (ISO).
    tables
        The tables that the unit has, in the contracts' order.
    gate
        Why reports of the unit are held back; empty when they are not.
    history
        The scores of earlier loads, oldest first.
    customers
        Which records are one customer; None where nobody looked.
    before
        The snapshot of the load before that the tables were compared with; empty for none.
    not_compared
        Why they were not, though there was a load before; else empty.
    tables_gone
        Tables that the load before had, and this one has not.
    """

    suite: str
    unit: str
    as_of: str
    tables: tuple[TableRecord, ...]
    gate: tuple[GateFailure, ...] = ()
    history: tuple[ScorePoint, ...] = ()
    customers: CustomersRecord | None = None
    before: str = ""
    not_compared: str = ""
    tables_gone: tuple[str, ...] = ()

    def table(self, name: str) -> TableRecord | None:
        """Return one table's record, or None when the unit does not have it."""
        return next((table for table in self.tables if table.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> TriageRecord:
        """Return the record that ``to_json`` wrote."""
        return cls(
            suite=value["suite"],
            unit=value["unit"],
            as_of=value["as_of"],
            tables=tuple(_table(table) for table in value["tables"]),
            gate=tuple(GateFailure(**one) for one in value.get("gate", ())),
            history=tuple(ScorePoint(**one) for one in value.get("history", ())),
            customers=_or_none(CustomersRecord.from_json, value.get("customers")),
            before=value.get("before", ""),
            not_compared=value.get("not_compared", ""),
            tables_gone=tuple(value.get("tables_gone", ())),
        )


def _table(value: dict[str, Any]) -> TableRecord:
    return TableRecord(
        **{
            **value,
            "sources": tuple(_source(source) for source in value["sources"]),
            "columns": tuple(_column(column) for column in value["columns"]),
            "drift": _or_none(DriftRecord.from_json, value.get("drift")),
            "overlaps": tuple(OverlapRecord.from_json(one) for one in value.get("overlaps", ())),
        }
    )


def _column(value: dict[str, Any]) -> ColumnRecord:
    text = value.get("text")
    return ColumnRecord(
        **{
            **value,
            "top": tuple((shown, rows) for shown, rows in value["top"]),
            "quantiles": tuple((share, end) for share, end in value.get("quantiles", ())),
            "text": None if text is None else TextFacts.from_json(text),
            "suspicions": tuple(Suspicion(**one) for one in value.get("suspicions", ())),
        }
    )


def _source(value: dict[str, Any]) -> SourceRecord:
    reasons = tuple(
        ReasonRecord(**{**reason, "examples": Example.all_from(reason["examples"])})
        for reason in value["reasons"]
    )
    return SourceRecord(
        **{
            **value,
            "reasons": reasons,
            "suspected": tuple(SuspectRecord.from_json(one) for one in value.get("suspected", ())),
            "learned": tuple(LearnedRule(**one) for one in value.get("learned", ())),
            "not_tried": tuple(value.get("not_tried", ())),
            "repaired": tuple(RepairRecord(**one) for one in value.get("repaired", ())),
        }
    )


def _or_none(read: Callable[[Mapping[str, Any]], T], value: Mapping[str, Any] | None) -> T | None:
    return None if value is None else read(value)


def read_record(folder: Path) -> TriageRecord:
    """Return the record that stands beside a snapshot.

    Parameters
    ----------
    folder
        The snapshot's folder.

    Raises
    ------
    SnapshotError
        When there is none, or it is not readable.
    """
    path = folder / RECORD_FILE
    try:
        return TriageRecord.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SnapshotError(
            f"no triage record can be read ({error})",
            where=f"snapshot {folder.name}",
            fix="Run `workbench ingest` again.",
        ) from None
