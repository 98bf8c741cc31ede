"""The expressions of a source's ``columns:`` and ``rules:``, as SQL that never stops a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from workbench.data.casts import cast_sql, exact_sql
from workbench.data.contracts import SQL_TYPES, ColumnContract, Kind
from workbench.data.expressions import check_expression
from workbench.data.quoting import quote
from workbench.errors import ParameterError, one_of
from workbench.params import ColumnType
from workbench.triage.checks import Field
from workbench.triage.named import Frame, Named

__all__ = ["Canonical", "Rules", "canonical", "conditions_of"]

_CASTS: Mapping[Kind, ColumnType] = {
    "id": "text",
    "text": "text",
    "money": "decimal",
    "quantity": "decimal",
    "count": "integer",
    "number": "number",
    "time": "timestamp",
    "flag": "boolean",
}


@dataclass
class Canonical:
    """The canonical columns of one source.

    Parameters
    ----------
    fields
        Name -> column, in the contract's order.
    mapped, values, failures
        SQL columns for the query's steps: the expressions, their values in canonical types, and
        whether a value could not be had.
    used
        The source's columns that are used, in lower case.
    """

    fields: dict[str, Field] = field(default_factory=dict)
    mapped: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)


@dataclass
class Rules:
    """The rules of one source: the SQL that evaluates each, where it fails, and what it uses."""

    mapped: list[str] = field(default_factory=list)
    fails: dict[str, str] = field(default_factory=dict)
    used: dict[str, tuple[str, ...]] = field(default_factory=dict)


def canonical(
    connection: duckdb.DuckDBPyConnection,
    raw: Sequence[str],
    known: Mapping[str, str],
    named: Named,
    unread: Mapping[str, tuple[str, str]],
    frame: Frame,
) -> Canonical:
    """Return the canonical columns of a source.

    Parameters
    ----------
    connection
        The engine, to learn an expression's type.
    raw
        The source's columns.
    known
        These and the other names that an expression may use, with their SQL types.
    named, frame
        The source and its unit.
    unread
        Typed source column -> SQL of "could not be read", and of "lost decimals".

    Raises
    ------
    ParameterError
        For an unknown canonical column, or an expression that cannot be computed.
    """
    found = Canonical()
    expressions = _expressions(raw, named)
    kinds = _types_of(connection, known, expressions, f"{named.where}.columns")
    for place, (name, text) in enumerate(expressions.items()):
        names = check_expression(text, known, where=f"{named.where}.columns.{name}")
        declared = named.contract.column(name)
        assert declared is not None  # held by _expressions
        kind = kinds[name]
        given, broken = _plain_column(text, raw), "false"
        if given is None:
            # A struct tells an expression that failed (null) from one that yielded null.
            cell = f"_wb_m{place}"
            found.mapped.append(f"TRY({{'v': {_own_lines(text)}}}) AS {cell}")
            given, broken = f"{cell}.v", f"{cell} IS NULL"
        value, lost = _converted(given, kind, declared, named, frame)
        found.values.append(f"{value} AS _wb_v{place}")
        failed = _failed(given, broken, f"_wb_v{place}", kind, declared)
        found.failures.append(f"({failed}) AS _wb_f{place}")
        if lost:
            found.failures.append(f"({lost.format(value=f'_wb_v{place}')}) AS _wb_l{place}")
        origin = tuple(column for column in raw if column in names)
        excuses = tuple(unread[column][0] for column in origin if column in unread)
        found.fields[name] = Field(
            contract=declared,
            value=f"_wb_v{place}",
            unread=f"_wb_f{place}",
            excuses=(*excuses, f"_wb_f{place}"),
            origin=origin,
            loses=f"_wb_l{place}" if lost else "",
        )
        found.used |= {column.lower() for column in names}
    return found


def conditions_of(raw: Sequence[str], known: Mapping[str, str], named: Named) -> Rules:
    """Return a source's rules as SQL; a rule that cannot be evaluated for a row fails it."""
    found = Rules()
    for place, (name, rule) in enumerate(named.params.rules.items()):
        names = check_expression(rule.check, known, where=f"{named.where}.rules.{name}")
        cell = f"_wb_r{place}"
        found.used[name] = tuple(column for column in raw if column in names)
        condition = _own_lines(rule.check)
        found.mapped.append(f"TRY({{'v': CAST({condition} AS BOOLEAN)}}) AS {cell}")
        found.fails[name] = f"{cell} IS NULL OR NOT coalesce({cell}.v, true)"
    return found


def _own_lines(text: str) -> str:
    """Return an expression in brackets, on lines of its own: it may end in a comment."""
    return f"(\n{text}\n)"


def _expressions(raw: Sequence[str], named: Named) -> dict[str, str]:
    """Return canonical column -> expression, in the contract's order."""
    for name in named.params.columns:
        if named.contract.column(name) is None:
            raise ParameterError(
                f"`{name}` is no column of the canonical table `{named.contract.name}`",
                where=f"{named.where}.columns",
                fix=one_of(name, named.contract.names)
                + " Other columns are carried along under their own names.",
            )
    spelled = {name.lower(): name for name in raw}
    found: dict[str, str] = {}
    for name in named.contract.names:
        if name in named.params.columns:
            found[name] = named.params.columns[name]
        elif name in spelled:
            found[name] = quote(spelled[name])
    return found


def _types_of(
    connection: duckdb.DuckDBPyConnection,
    known: Mapping[str, str],
    expressions: Mapping[str, str],
    where: str,
) -> dict[str, str]:
    """Return the SQL type of each expression; the engine is asked once for all of them."""
    empty = ", ".join(f"CAST(NULL AS {kind}) AS {quote(name)}" for name, kind in known.items())

    def ask(texts: Mapping[str, str]) -> dict[str, str]:
        asked = ", ".join(f"{_own_lines(text)} AS {quote(name)}" for name, text in texts.items())
        rows = connection.execute(f"DESCRIBE SELECT {asked} FROM (SELECT {empty})").fetchall()
        return {name: kind for name, kind, *_ in rows}

    if not expressions:
        return {}
    try:
        return ask(expressions)
    except duckdb.Error:
        for name, text in expressions.items():
            check_expression(text, known, where=f"{where}.{name}")
            try:
                ask({name: text})
            except duckdb.Error as error:
                raise ParameterError(
                    f"`{text}` cannot be computed: {str(error).splitlines()[0]}",
                    where=f"{where}.{name}",
                    fix="Declare the columns' types under `types:`; one not named there is text.",
                ) from None
        raise


def _converted(
    value: str, kind: str, declared: ColumnContract, named: Named, frame: Frame
) -> tuple[str, str]:
    """Return SQL of a value in its canonical type, and of "lost decimals" of ``{value}``."""
    target = SQL_TYPES[declared.kind]
    read = named.params.read
    if kind == "VARCHAR":
        cast = _CASTS[declared.kind]
        lost = ""
        if cast == "decimal":
            lost = f"NOT coalesce({exact_sql(value, cast, read)}, true)".replace("{", "{{")
            lost = lost.replace("}", "}}")
        read_value = cast_sql(value, cast, read, frame.timezone)
        return _trimmed(read_value) if cast == "text" else read_value, lost
    if target == "VARCHAR":
        return f"CAST({value} AS VARCHAR)", ""
    decimal = target.startswith("DECIMAL") and kind.startswith("DECIMAL")
    return f"TRY_CAST({value} AS {target})", f"{{value}} <> {value}" if decimal else ""


def _trimmed(text: str) -> str:
    """Return SQL of a text without the blanks around it: an accident of its export.

    Trimming costs more than reading, and few texts need it.
    """
    needed = f"{text} < '!' OR ends_with({text}, ' ') OR ends_with({text}, chr(9))"
    return f"CASE WHEN {needed} THEN trim({text}, ' ' || chr(9)) ELSE {text} END"


def _failed(given: str, broken: str, value: str, kind: str, declared: ColumnContract) -> str:
    """Return SQL that is true where an expression failed, or its value does not fit its column."""
    if SQL_TYPES[declared.kind] == "VARCHAR":
        return broken
    there = f"trim({given}) <> ''" if kind == "VARCHAR" else f"{given} IS NOT NULL"
    return f"{broken} OR ({value} IS NULL AND {there})"


def _plain_column(text: str, raw: Sequence[str]) -> str | None:
    """Return the column that an expression merely names, which cannot fail; else None."""
    for name in raw:
        if text.strip() == quote(name) or text.strip().lower() == name.lower():
            return quote(name)
    return None
