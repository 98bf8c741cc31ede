"""The checks that one source's rows must pass: the contract's, the unit's limits, its own rules.

A check is an SQL condition that is true where a row *fails*. Each has one bit, so that all reasons
of a row travel in a few integers, whatever the number of checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from workbench.data.contracts import ColumnContract, Table
from workbench.data.quoting import literal, quote
from workbench.params import RuleParams, Severity, TableParams
from workbench.triage.reasons import KINDS, severity_of

__all__ = [
    "ACROSS_ROWS",
    "BITS_IN_WORD",
    "Check",
    "Field",
    "across_checks",
    "any_of",
    "bits_sql",
    "contract_checks",
    "failing_sql",
    "limit_checks",
    "reasons_sql",
    "rejected_sql",
    "rule_checks",
    "with_bits",
    "words",
]

PLAUSIBLE_START = date(1990, 1, 1)
"""The earliest day that a row can be dated, unless a unit sets its own."""

BITS_IN_WORD = 60
ACROSS_ROWS = ("duplicate_row", "duplicate_key", "orphan")
"""Kinds of reason that a row's own values cannot show; their bits are set after all are typed."""


@dataclass(frozen=True)
class Field:
    """One canonical column of one source, as the typing query has it.

    Parameters
    ----------
    contract
        Its declaration.
    value
        SQL of its typed value.
    unread
        SQL that is true where the text could not be read, or an empty string.
    excuses
        SQL conditions that explain an empty value by an earlier reason: its text was unreadable.
    origin
        The source's columns that it is made of.
    loses
        SQL that is true where decimals were lost, or an empty string.
    """

    contract: ColumnContract
    value: str
    unread: str = ""
    excuses: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    loses: str = ""


@dataclass(frozen=True)
class Check:
    """One check, with what a reader is told of it.

    Parameters
    ----------
    kind, column
        The parts of its reason code; the column is empty where the kind has none.
    severity
        ``reject`` or ``warn``.
    fails
        SQL that is true where a row fails; empty for checks across rows.
    origin
        The source's columns whose values show the failure.
    title, why, fix
        What is wrong, why it matters and what to do, in plain words.
    word, bit
        Where the failure is recorded.
    """

    kind: str
    column: str
    severity: Severity
    fails: str = ""
    origin: tuple[str, ...] = ()
    title: str = ""
    why: str = ""
    fix: str = ""
    word: int = -1
    bit: int = -1

    @property
    def code(self) -> str:
        """Return the reason's code: ``unreadable:amount``."""
        return f"{self.kind}:{self.column}" if self.column else self.kind

    @property
    def mask(self) -> int:
        """Return the integer that has this check's bit alone."""
        return 1 << self.bit


def _check(
    kind: str,
    column: str,
    table: TableParams | None,
    fails: str = "",
    origin: Sequence[str] = (),
) -> Check:
    told = KINDS[kind]
    return Check(
        kind=kind,
        column=column,
        severity=severity_of(kind, column, table),
        fails=fails,
        origin=tuple(origin),
        title=told.title.format(column=column),
        why=told.why,
        fix=told.fix,
    )


def contract_checks(
    contract: Table, fields: Mapping[str, Field], table: TableParams | None, as_of: date
) -> Iterator[Check]:
    """Yield the checks that a contract asks of each row by itself.

    Parameters
    ----------
    contract
        The table's contract.
    fields
        The canonical columns that the source has.
    table
        The unit's limits and severities, or None.
    as_of
        The day after whose end nothing can be dated.
    """
    limits = table.limits if table is not None else {}
    start = (table.plausible_start if table is not None else None) or PLAUSIBLE_START
    for name, field in fields.items():
        if field.unread:
            yield _check("unreadable", name, table, field.unread, field.origin)
        if field.loses:
            yield _check("rounded", name, table, field.loses, field.origin)
        if field.contract.required:
            excused = "".join(f" AND NOT coalesce({excuse}, false)" for excuse in field.excuses)
            yield _check("missing", name, table, f"{field.value} IS NULL{excused}", field.origin)
        if field.contract.kind == "time":
            if not field.contract.future:
                late = f"{field.value} >= TIMESTAMP '{as_of + timedelta(days=1)}'"
                yield _check("after_as_of", name, table, late, field.origin)
            early = f"{field.value} < TIMESTAMP '{start}'"
            yield _check("before_start", name, table, early, field.origin)
        lowest, highest = limits.get(name, (field.contract.lowest, field.contract.highest))
        yield from _range_checks(name, field.value, lowest, highest, field.origin, table)
    for earlier, later in contract.order_of_events:
        if earlier in fields and later in fields:
            yield _check(
                "order_of_events",
                later,
                table,
                f"{fields[later].value} < {fields[earlier].value}",
                (*fields[earlier].origin, *fields[later].origin),
            )


def limit_checks(
    carried: Iterable[str], contract: Table, table: TableParams | None
) -> Iterator[Check]:
    """Yield the checks of limits that a unit sets for columns that are carried along."""
    for name, (lowest, highest) in (table.limits if table is not None else {}).items():
        if name in carried and contract.column(name) is None:
            value = f"TRY_CAST({quote(name)} AS DOUBLE)"
            yield from _range_checks(name, value, lowest, highest, (name,), table)


def _range_checks(
    name: str,
    value: str,
    lowest: float | None,
    highest: float | None,
    origin: Sequence[str],
    table: TableParams | None,
) -> Iterator[Check]:
    beyond = []
    if lowest is not None and lowest >= 0:
        yield _check("negative", name, table, f"{value} < 0", origin)
    if lowest is not None and lowest != 0:
        floor = f"{value} < {lowest!r}"
        # Below zero is another reason, with another remedy.
        beyond.append(f"({floor} AND {value} >= 0)" if lowest > 0 else f"({floor})")
    if highest is not None:
        beyond.append(f"({value} > {highest!r})")
    if beyond:
        yield _check("absurd", name, table, " OR ".join(beyond), origin)


def rule_checks(
    rules: Mapping[str, RuleParams],
    conditions: Mapping[str, str],
    used: Mapping[str, Sequence[str]],
    table: TableParams | None,
) -> Iterator[Check]:
    """Yield the checks of a source's own rules.

    Parameters
    ----------
    rules
        Name -> rule.
    conditions
        Name -> SQL that is true where the rule fails.
    used
        Name -> the source's columns that the rule looks at.
    table
        The unit's severities, or None.
    """
    told = KINDS["rule"]
    for name, rule in rules.items():
        yield Check(
            kind="rule",
            column=name,
            severity=severity_of("rule", name, table, milder=rule.severity),
            fails=conditions[name],
            origin=tuple(used[name]),
            title=rule.title or told.title.format(column=name),
            why=rule.why or told.why,
            fix=rule.fix or told.fix,
        )


def across_checks(
    contract: Table,
    columns: Iterable[str],
    table: TableParams | None,
    *,
    key: Sequence[str],
    present: Iterable[str],
) -> Iterator[Check]:
    """Yield the checks that look at several rows, or at another table.

    Parameters
    ----------
    contract
        The table's contract.
    columns
        The canonical and carried columns of the source.
    table
        The unit's severities, or None.
    key
        The columns that no two rows may share.
    present
        The tables that the unit has.
    """
    yield _check("duplicate_row", "", table)
    names = set(columns)
    if key and names.issuperset(key):
        yield _check("duplicate_key", "", table, origin=key)
    for column, target in contract.references.items():
        if column in names and target in present:
            yield _check("orphan", column, table, origin=(column,))


def with_bits(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Return the checks that are not off, each with its bit; those across rows in word 0."""
    alive = [check for check in checks if check.severity != "off"]
    alive.sort(key=lambda check: check.kind not in ACROSS_ROWS)
    return tuple(
        replace(check, word=place // BITS_IN_WORD, bit=place % BITS_IN_WORD)
        for place, check in enumerate(alive)
    )


def words(checks: Sequence[Check]) -> int:
    """Return how many integers the bits of these checks need; at least one."""
    return 1 + max((check.word for check in checks), default=0)


def bits_sql(checks: Sequence[Check], word: int) -> str:
    """Return SQL for the integer that holds the failures of one word."""
    terms = [
        f"CASE WHEN {check.fails} THEN {check.mask} ELSE 0 END"
        for check in checks
        if check.word == word and check.fails
    ]
    return f"CAST({' + '.join(terms) or '0'} AS BIGINT)"


def failing_sql(checks: Iterable[Check], prefix: str = "") -> str:
    """Return SQL that is true where a row fails any of these checks."""
    masks: dict[int, int] = {}
    for check in checks:
        masks[check.word] = masks.get(check.word, 0) | check.mask
    terms = [
        f"({prefix}{quote(f'_wb_bits{word}')} & {mask}) <> 0"
        for word, mask in sorted(masks.items())
    ]
    return f"({' OR '.join(terms)})" if terms else "false"


def any_of(checks: Sequence[Check], severity: Severity, prefix: str = "") -> str:
    """Return SQL that is true where a row fails any check of a severity."""
    return failing_sql((check for check in checks if check.severity == severity), prefix)


def rejected_sql(checks: Sequence[Check], prefix: str = "") -> str:
    """Return SQL that is true where a row is rejected."""
    return any_of(checks, "reject", prefix)


def reasons_sql(checks: Sequence[Check], prefix: str = "") -> str:
    """Return SQL for the text of all of a row's reject reasons, joined by blanks."""
    terms = [
        f"CASE WHEN ({prefix}{quote(f'_wb_bits{check.word}')} & {check.mask}) <> 0 "
        f"THEN {literal(check.code)} END"
        for check in checks
        if check.severity == "reject"
    ]
    return f"concat_ws(' ', {', '.join(terms)})" if terms else "''"
