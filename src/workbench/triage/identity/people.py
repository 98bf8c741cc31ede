"""The records as they are compared: one table of spellings, in an engine of its own.

Its columns are named by role (``email_1``); ``person`` numbers the records in the order of their
keys. Spellings are found once for each different value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

import duckdb
import pyarrow as pa

from workbench.data.engine import column_types
from workbench.data.quoting import quote
from workbench.errors import ContractError
from workbench.triage.identity import normal
from workbench.triage.identity.letters import TWO_EYED_HEH
from workbench.triage.identity.phones import phone
from workbench.triage.identity.roles import ROLES, ColumnRole

__all__ = ["LEFT", "PEOPLE", "field_names", "load_people", "sides"]

PEOPLE = "people"
"""The name of the table."""

LEFT = 200
"""Letters of a value that are compared: what is longer is no name, address or number."""

ONE_PERSONS = frozenset({"email", "phone", "identifier"})
"""Roles whose values belong to one person each, as a rule."""

UNSEEN, UNSEEN_NUMBER = 0.5, 0.1
"""Records of others that have a value, beside those seen: of any, and of one that tells a person.

How rare a value is, is counted without the two records that share it: they may be one person.
"""

_PHONE_END = 8


def field_names(columns: Sequence[ColumnRole]) -> dict[str, ColumnRole]:
    """Return the names of the spellings, ``<role>_<number>``, and the columns that they come from.

    A whole name has two: its first words and its last word.

    Examples
    --------
    >>> list(field_names([ColumnRole(name, "email", 1.0, 1.0) for name in ("mail", "mail2")]))
    ['email_1', 'email_2']
    >>> list(field_names([ColumnRole("customer", "name", 1.0, 1.0)]))
    ['given_name_1', 'family_name_1']
    """
    named: dict[str, ColumnRole] = {}
    for column in columns:
        for part in _parts(column):
            number = 1 + sum(each.role == part.role for each in named.values())
            named[f"{part.role}_{number}"] = part
    return named


def _parts(column: ColumnRole) -> tuple[ColumnRole, ...]:
    if column.role != "name":
        return (column,)
    return (
        replace(column, role="given_name", part="first words"),
        replace(column, role="family_name", part="last word"),
    )


def load_people(
    source: duckdb.DuckDBPyConnection,
    table: str,
    key: str,
    columns: Sequence[ColumnRole],
    target: duckdb.DuckDBPyConnection,
    country: str | None = None,
) -> list[str]:
    """Write the spellings of all records to ``people`` and return the keys, in order.

    Parameters
    ----------
    source, table, key
        Where the customers are, and the column that names a record.
    columns
        The columns that take part.
    target
        The engine that compares.
    country
        ISO 3166 code for national telephone numbers, or None.

    Raises
    ------
    ContractError
        When a record has no key, or two records share one.
    """
    named = field_names(columns)
    picked = "".join(
        f", left(nullif(trim(CAST({quote(column.column)} AS VARCHAR)), ''), {LEFT}) "
        f"AS {quote(field)}"
        for field, column in named.items()
    )
    received = source.execute(
        f"SELECT CAST({quote(key)} AS VARCHAR) AS record{picked} FROM {quote(table)} "
        "ORDER BY record"
    ).to_arrow_table()
    keys: list[str] = received.column("record").to_pylist()
    _check(keys, f"{table}.{key}")
    target.register(
        "received", received.append_column("person", pa.array(range(len(keys)), pa.int64()))
    )
    parts = ["received.person"]
    joins = []
    for field, column in named.items():
        spelling = _spelling(column, country)
        _register_spellings(target, field, spelling, skeletons=_is_name(column))
        alias = quote(f"spelt_{field}")
        joins.append(f"LEFT JOIN {alias} ON received.{quote(field)} = {alias}.value")
        parts.append(f"{alias}.spelt AS {quote(field)}")
        if _is_name(column):
            parts.append(f"{alias}.skeleton AS {quote(field + '_sound')}")
        if column.role == "email":
            address = f"{alias}.spelt"
            parts.append(f"split_part({address}, '@', 1) AS {quote(field + '_local')}")
            for name, gone in (("_digits", "[^0-9]"), ("_letters", "[0-9]")):
                kept = f"regexp_replace({address}, '{gone}', '', 'g')"
                parts.append(f"{kept} AS {quote(field + name)}")
        if column.role == "phone":
            parts.append(f"right({alias}.spelt, {_PHONE_END}) AS {quote(field + '_end')}")
    target.execute(
        f"CREATE TABLE spellings AS SELECT {', '.join(parts)} FROM received {' '.join(joins)}"
    )
    whole = _whole_name(named)
    target.execute(f"CREATE TABLE wholes AS SELECT *{whole} FROM spellings")
    rarity = "".join(
        _rarity(field, UNSEEN_NUMBER if column.role in ONE_PERSONS else UNSEEN)
        for field, column in named.items()
    )
    if whole:
        rarity += _rarity("whole_name", UNSEEN) + _rarity("whole_sound", UNSEEN)
    target.execute(f"CREATE TABLE {PEOPLE} AS SELECT *{rarity} FROM wholes ORDER BY person")
    target.execute("DROP TABLE wholes")
    target.execute("DROP TABLE spellings")
    target.unregister("received")
    for field in named:
        target.unregister(f"spelt_{field}")
    return keys


def sides(connection: duckdb.DuckDBPyConnection) -> str:
    """Return all spellings of two records ``l`` and ``r`` as ``<name>_l`` and ``<name>_r``."""
    return ", ".join(
        f"{side}.{quote(name)} AS {quote(f'{name}_{side}')}"
        for name in column_types(connection, PEOPLE)
        for side in "lr"
    )


def _check(keys: Sequence[str | None], where: str) -> None:
    """Refuse a key that is missing, or not the only one of its kind: the keys are in order."""
    for before, after in pairwise([None, *keys]):
        if after is None or (before == after and before is not None):
            what = "a record has no key" if after is None else f"two records have the key `{after}`"
            raise ContractError(what, where=where, fix="Each customer needs one row.")


def _is_name(column: ColumnRole) -> bool:
    return column.role in ("given_name", "family_name")


def _spelling(column: ColumnRole, country: str | None) -> Callable[[str | None], str | None]:
    if column.part:
        return partial(normal.name_part, part=column.part)
    return (
        partial(phone, country=country) if column.role == "phone" else ROLES[column.role].spelling
    )


def _register_spellings(
    target: duckdb.DuckDBPyConnection,
    field: str,
    spelling: Callable[[str | None], str | None],
    *,
    skeletons: bool,
) -> None:
    """Make known the spelling of each different value of a column."""
    values = [
        row[0]
        for row in target.execute(
            f"SELECT DISTINCT {quote(field)} FROM received WHERE {quote(field)} IS NOT NULL"
        ).fetchall()
    ]
    found: dict[str, pa.Array] = {
        "value": pa.array(values, pa.string()),
        "spelt": pa.array([spelling(value) for value in values], pa.string()),
    }
    if skeletons:
        bare = (spelling(value.replace(TWO_EYED_HEH, "")) for value in values)
        found["skeleton"] = pa.array(map(normal.skeleton, bare), pa.string())
    target.register(f"spelt_{field}", pa.table(found))


def _rarity(field: str, unseen: float) -> str:
    """Return the share of others' records that have a record's value, as a part of a SELECT."""
    name = quote(field)
    others = f"greatest(count({name}) OVER (PARTITION BY {name}) - 2, 0) + {unseen}"
    filled = f"greatest(count({name}) OVER (), 1)"
    share = f"least(1.0, ({others}) / {filled})"
    return f", CASE WHEN {name} IS NOT NULL THEN {share} END AS {quote(f'tf_{field}')}"


def _whole_name(named: dict[str, ColumnRole]) -> str:
    """Return the columns of a whole name, its words in order, as a part of a SELECT."""
    if not {"given_name_1", "family_name_1"} <= set(named):
        return ""
    whole = []
    for end, name in (("", "whole_name"), ("_sound", "whole_sound")):
        both = f"nullif(concat_ws(' ', \"given_name_1{end}\", \"family_name_1{end}\"), '')"
        whole.append(f", array_to_string(list_sort(string_split({both}, ' ')), ' ') AS {name}")
    return "".join(whole)
