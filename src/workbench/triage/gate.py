"""Whether a unit's reports may be made of a load: what the unit's ``gate:`` asks, and what is.

What is not stated is not asked. A limit that is met exactly is met. Personal data that nobody
declared (``privacy``) hold reports back whether a gate is stated or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from workbench.data import phrases
from workbench.params import GateParams, TableGate, TableParams
from workbench.triage.judged import GateFailure
from workbench.triage.privacy import undeclared
from workbench.triage.reading import departments_of
from workbench.triage.record import MAX_AGE_DAYS, SourceRecord, TableRecord, TriageRecord
from workbench.triage.score import ENDS, age_in_days

__all__ = ["gated", "judge"]


def gated(
    record: TriageRecord, gate: GateParams | None, tables: Mapping[str, TableParams]
) -> TriageRecord:
    """Return a record that knows what holds the unit's reports back, and how old a table may be.

    Parameters
    ----------
    record
        What triage recorded.
    gate
        What the unit asks, or None.
    tables
        The unit's choices for its tables: what is declared personal, what is waived.
    """
    aged = tuple(replace(one, max_age_days=_greatest_age(one.name, gate)) for one in record.tables)
    known = replace(record, tables=aged)
    return replace(known, gate=(*judge(known, gate), *undeclared(known, tables)))


def _greatest_age(table: str, gate: GateParams | None) -> int | None:
    """Return how old a table may be: what is asked of it, of all, or else the usual."""
    own = gate.tables.get(table) if gate is not None else None
    if own is not None and own.max_age_days is not None:
        return own.max_age_days
    if table in ENDS:
        return None
    of_all = gate.max_age_days if gate is not None else None
    return MAX_AGE_DAYS if of_all is None else of_all


def judge(record: TriageRecord, gate: GateParams | None) -> tuple[GateFailure, ...]:
    """Return for what a gate holds a unit's reports back; nothing when all holds.

    Parameters
    ----------
    record
        What triage recorded.
    gate
        What the unit asks of all rows together, and of single tables; None asks for nothing. A
        table that the unit does not have is not asked for.

    Returns
    -------
    tuple of GateFailure
        Of all rows together first, then by table in the record's order; in each the share set
        aside, then the age, then the number of rows.
    """
    if gate is None:
        return ()
    day = date.fromisoformat(record.as_of)
    found = list(_failures("", record.tables, gate, day))
    for table in record.tables:
        if table.name in gate.tables:
            found += _failures(table.name, [table], gate.tables[table.name], day)
    return tuple(found)


def _failures(
    name: str, tables: Sequence[TableRecord], asked: TableGate, day: date
) -> Iterator[GateFailure]:
    if asked.max_quarantine_share is not None:
        yield from _quarantine(name, tables, asked.max_quarantine_share)
    if asked.max_age_days is not None:
        yield from _age(name, tables, asked.max_age_days, day)
    if asked.min_rows is not None:
        yield from _rows(name, tables, asked.min_rows)


def _quarantine(name: str, tables: Sequence[TableRecord], most: float) -> Iterator[GateFailure]:
    received = sum(table.received for table in tables)
    aside = sum(table.quarantined for table in tables)
    if not received or aside / received <= most:
        return
    worst = max(_sources(tables), key=lambda source: source.quarantined)
    allowed, is_so = _told_apart(most, aside / received)
    yield GateFailure(
        kind="quarantine",
        table=name,
        column="",
        asked=f"at most {allowed}",
        found=is_so,
        sentence=(
            f"{is_so} of the rows received{_of(name)} were set aside ({aside:,} of {received:,}), "
            f"most of them from {worst.name}; the gate allows at most {allowed}."
        ),
        fix="Mend what the triage report names first, and load again.",
        department=worst.department,
    )


def _told_apart(allowed: float, found: float) -> tuple[str, str]:
    """Return two shares in as few digits as tell them apart."""
    for digits in (0, 1, 2, 3, 4):
        texts = tuple(f"{100 * value:.{digits}f}%" for value in (allowed, found))
        if texts[0] != texts[1] and float(texts[0][:-1]) == round(100 * allowed, 6):
            return texts[0], texts[1]
    return f"{100 * allowed:.6g}%", f"{100 * found:.6g}%"


def _age(name: str, tables: Sequence[TableRecord], most: int, day: date) -> Iterator[GateFailure]:
    newest = max((table.newest for table in tables if table.newest is not None), default=None)
    age = age_in_days(newest, day)
    if age is not None and age <= most:
        return
    dated = [table for table in tables if table.clock is not None]
    what = f"The newest row{_of(name)} that passed is {phrases.days(age or 0)} old"
    if age is None:
        what = f"No row{_of(name)} that passed is dated, so its age is not known"
    yield GateFailure(
        kind="age",
        table=name,
        column="",
        asked=f"at most {phrases.days(most)}",
        found="not known" if age is None else phrases.days(age),
        sentence=f"{what}; the gate allows at most {phrases.days(most)}.",
        fix="Deliver newer rows, or ask why they no longer come.",
        department=departments_of(_sources(dated or tables)),
    )


def _rows(name: str, tables: Sequence[TableRecord], least: int) -> Iterator[GateFailure]:
    passed = sum(table.accepted for table in tables)
    if passed >= least:
        return
    yield GateFailure(
        kind="rows",
        table=name,
        column="",
        asked=f"at least {phrases.counted(least, 'row')}",
        found=phrases.counted(passed, "row"),
        sentence=(
            f"{phrases.counted(passed, 'row')}{_of(name)} passed every check; the gate asks for at "
            f"least {least:,}."
        ),
        fix="Deliver the rows that are missing; see whether an export stopped early.",
        department=departments_of(_sources(tables)),
    )


def _of(name: str) -> str:
    return f" of {name}" if name else ""


def _sources(tables: Iterable[TableRecord]) -> list[SourceRecord]:
    return [source for table in tables for source in table.sources]
