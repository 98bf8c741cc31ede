"""Received text -> typed, canonical columns, with every check of the row's own values recorded.

One streaming query does it for a source, in steps that build on each other::

    text     the received columns, repaired where their owner agreed to it, with the texts that
             mean "not known" set to null
    typed    each column cast as the source declares; `_row` and `as_of` beside them
    mapped   the expressions of `columns:` and the conditions of `rules:`, each failing safe
    valued   the expressions' values in their canonical types
    judged   whether a value could not be had
    named    canonical columns, columns carried along, and the failures as bits
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from workbench.data.casts import SQL_TYPES, cast_sql, exact_sql, unreadable_sql
from workbench.data.contracts import ColumnContract
from workbench.data.copying import copy_parquet
from workbench.data.expressions import check_expression
from workbench.data.quoting import literal, numbered, quote
from workbench.data.sources import Received
from workbench.errors import ContractError, ParameterError, one_of
from workbench.params import ColumnType
from workbench.triage.canonical import Canonical, canonical, conditions_of
from workbench.triage.checks import (
    Check,
    Field,
    across_checks,
    bits_sql,
    contract_checks,
    limit_checks,
    rule_checks,
    with_bits,
    words,
)
from workbench.triage.named import Frame, Named
from workbench.triage.repairs.apply import Applied, apply_repairs

__all__ = ["TypedSource", "plan_source", "write_typed"]

BOOKKEEPING = ("_source", "_row", "_reasons", "_line")
"""Columns of a quarantine file that are no columns of its source."""


@dataclass(frozen=True)
class TypedSource:
    """A source whose rows are typed and checked one by one.

    Parameters
    ----------
    named
        Which source it is.
    received
        Its rows as they came.
    path
        The Parquet file of the typed rows; in source order, where nothing is repaired.
    columns
        The canonical columns that it has, in the contract's order, then those carried along.
    checks
        All checks that are not off, with their bits.
    splits
        Whether the split's expression could be evaluated on this source.
    values
        A query of ``_row`` and the source's own columns, each typed as the source declares it.
    origins
        Canonical column, or column carried along -> the source's columns that it is made of.
    applied
        The repairs that changed its text, or None where there are none.
    """

    named: Named
    received: Received
    path: Path
    columns: tuple[str, ...]
    checks: tuple[Check, ...]
    splits: bool
    values: str
    origins: Mapping[str, tuple[str, ...]]
    applied: Applied | None = None


@dataclass(frozen=True)
class Plan:
    """The typing query of a source, and what it will yield."""

    query: str
    columns: tuple[str, ...]
    checks: tuple[Check, ...]
    splits: bool
    values: str
    origins: Mapping[str, tuple[str, ...]]
    applied: Applied | None


def write_typed(
    connection: duckdb.DuckDBPyConnection,
    named: Named,
    received: Received,
    frame: Frame,
    out: Path,
) -> TypedSource:
    """Type and check a source's rows, and write them as one Parquet file.

    Raises
    ------
    ParameterError
        When an expression is wrong.
    ContractError
        When a required column has no value to come from.
    """
    plan = plan_source(connection, named, received, frame)
    copy_parquet(
        connection,
        plan.query,
        out,
        columns=len(plan.columns),
        row_group=122_880,
        compression="lz4",
    )
    return TypedSource(
        named,
        received,
        out,
        plan.columns,
        plan.checks,
        plan.splits,
        plan.values,
        plan.origins,
        plan.applied,
    )


def plan_source(
    connection: duckdb.DuckDBPyConnection, named: Named, received: Received, frame: Frame
) -> Plan:
    """Build the typing query of one source, and check all that the unit's file says of it."""
    raw = [name for name in received.columns if name not in BOOKKEEPING]
    _refuse_taken(raw, named)
    types = _types(raw, named)
    typed, unread = _typed_step(raw, types, named, frame)
    known = {name: SQL_TYPES[types.get(name, "text")] for name in raw}
    known |= {"_row": "BIGINT", "as_of": "DATE"}
    given = canonical(connection, raw, known, named, unread, frame)
    rules = conditions_of(raw, known, named)
    _refuse_missing(named, given.fields, raw)

    carried = [name for name in raw if name.lower() not in given.used]
    columns = [*given.fields, *carried]
    own = [
        *_raw_checks(unread, named),
        *contract_checks(named.contract, given.fields, named.table, frame.as_of),
        *limit_checks(carried, named.contract, named.table),
        *rule_checks(named.params.rules, rules.fails, rules.used, named.table),
    ]
    across = across_checks(
        named.contract, columns, named.table, key=named.key, present=frame.present
    )
    checks = with_bits([*own, *across])
    splits, split = _split(columns, named, frame)
    applied = apply_repairs(connection, named, received, raw, frame.repairs)
    steps = f"WITH text AS ({_text_step(raw, named, received, applied)}), typed AS ({typed})"
    query = (
        f"{steps}, "
        f"mapped AS (SELECT {_list(['*', *given.mapped, *rules.mapped])} FROM typed), "
        f"valued AS (SELECT {_list(['*', *given.values])} FROM mapped), "
        f"judged AS (SELECT {_list(['*', *given.failures])} FROM valued), "
        f"named AS ({_named_step(given, carried, checks)}) "
        f"SELECT *, {_key_hash(named.key, columns)} AS _wb_key, {split} AS _wb_split FROM named"
    )
    values = f"{steps} SELECT {_list(['_row', *(quote(name) for name in raw)])} FROM typed"
    origins = {name: field.origin for name, field in given.fields.items()}
    origins |= {name: (name,) for name in carried}
    return Plan(query, tuple(columns), checks, splits, values, origins, applied)


def _list(items: Iterable[str]) -> str:
    return ", ".join(items)


def _named_step(given: Canonical, carried: Sequence[str], checks: Sequence[Check]) -> str:
    values = [f"{field.value} AS {quote(name)}" for name, field in given.fields.items()]
    bits = [f"{bits_sql(checks, word)} AS _wb_bits{word}" for word in range(words(checks))]
    kept = [quote(name) for name in carried]
    return f"SELECT {_list(['_row AS _wb_row', '_wb_hash', *values, *kept, *bits])} FROM judged"


def _text_step(
    raw: Sequence[str], named: Named, received: Received, applied: Applied | None
) -> str:
    empty = ", ".join(literal(value) for value in named.params.read.null_values)
    texts = {name: applied.text(name) if applied else f"t.{quote(name)}" for name in raw}
    columns = [
        f"{f'CASE WHEN {text} IN ({empty}) THEN NULL ELSE {text} END' if empty else text} "
        f"AS {quote(name)}"
        for name, text in texts.items()
    ]
    # Repeated rows are found among the rows as they came.
    every = ", ".join(f"t.{quote(name)}" for name in raw)
    return (
        f"SELECT {received.row_sql} AS _row, hash({every}) AS _wb_hash, {', '.join(columns)} "
        f"FROM {numbered(received.path)} t "
        f"{applied.joins if applied else ''}"
    )


def _types(raw: Sequence[str], named: Named) -> dict[str, ColumnType]:
    """Return the types that the source declares, by the columns' own spelling."""
    spelled = {name.lower(): name for name in raw}
    for column in named.params.types:
        if column.lower() not in spelled:
            raise ParameterError(
                f"the source has no column `{column}`",
                where=f"{named.where}.types",
                fix=one_of(column, raw),
            )
    return {spelled[column.lower()]: kind for column, kind in named.params.types.items()}


def _typed_step(
    raw: Sequence[str], types: Mapping[str, ColumnType], named: Named, frame: Frame
) -> tuple[str, dict[str, tuple[str, str]]]:
    """Return the step's SQL, and for each typed column its failure and its loss of decimals."""
    read = named.params.read
    columns = ["_row", "_wb_hash", f"DATE '{frame.as_of}' AS as_of"]
    unread: dict[str, tuple[str, str]] = {}
    for place, name in enumerate(raw):
        kind = types.get(name)
        if kind is None or kind == "text":
            columns.append(quote(name))
            continue
        cast = cast_sql(quote(name), kind, read, frame.timezone)
        columns.append(f"{cast} AS {quote(name)}")
        unreadable = unreadable_sql(quote(name), kind, read, frame.timezone)
        columns.append(f"{unreadable} AS _wb_unread{place}")
        loses = ""
        if kind == "decimal":
            exact = exact_sql(quote(name), kind, read)
            columns.append(f"NOT coalesce({exact}, true) AS _wb_loses{place}")
            loses = f"_wb_loses{place}"
        unread[name] = (f"_wb_unread{place}", loses)
    return f"SELECT {', '.join(columns)} FROM text", unread


def _raw_checks(unread: Mapping[str, tuple[str, str]], named: Named) -> list[Check]:
    """Return the checks of the columns that the source itself declares a type for."""
    probe = {
        name: Field(ColumnContract(name, "text", ""), "", flag, (), (name,), loses)
        for name, (flag, loses) in unread.items()
    }
    found = contract_checks(named.contract, probe, named.table, date.max.replace(year=9000))
    return [check for check in found if check.kind in ("unreadable", "rounded")]


def _refuse_taken(raw: Sequence[str], named: Named) -> None:
    """Refuse a source column whose name means something else in expressions."""
    taken = [name for name in raw if name.lower() == "as_of" or name.lower().startswith("_wb_")]
    if taken:
        raise ParameterError(
            f"the source's column `{taken[0]}` has a name that is kept for workbench",
            where=named.where,
            fix="Give it another name with `read: names:`, or in the query.",
        )


def _refuse_missing(named: Named, fields: Mapping[str, Field], raw: Sequence[str]) -> None:
    for column in named.contract.columns:
        if column.required and column.name not in fields:
            raise ContractError(
                f"`{named.contract.name}` needs the column `{column.name}` ({column.about})",
                where=f"{named.where}.columns",
                fix=f"State what it is made of; the source's columns are: {', '.join(raw)}.",
            )
    for column_name in named.key:
        if named.table is not None and named.table.key and column_name not in fields:
            if column_name.lower() in {name.lower() for name in raw}:
                continue
            raise ParameterError(
                f"the key's column `{column_name}` does not exist",
                where=f"{named.where.rsplit('.', 1)[0].replace('sources', 'tables', 1)}.key",
                fix=one_of(column_name, [*fields, *raw]),
            )


def _key_hash(key: Sequence[str], columns: Sequence[str]) -> str:
    if not key or not set(key) <= set(columns):
        return "CAST(NULL AS UBIGINT)"
    # Sources may hold a carried column in different types: equal texts must have equal hashes.
    parts = [f"CAST({quote(name)} AS VARCHAR)" for name in key]
    full = " AND ".join(f"{part} IS NOT NULL" for part in parts)
    return f"CASE WHEN {full} THEN hash({', '.join(parts)}) END"


def _split(columns: Sequence[str], named: Named, frame: Frame) -> tuple[bool, str]:
    """Return whether the split can be told from this source's rows, and its SQL."""
    if not frame.split:
        return False, "CAST(NULL AS VARCHAR)"
    try:
        check_expression(frame.split, columns, where="split.by")
    except ParameterError:
        if "customer_id" in columns and "customers" in frame.present:
            return False, "CAST(NULL AS VARCHAR)"
        raise
    return True, f"nullif(trim(CAST((\n{frame.split}\n) AS VARCHAR)), '')"
