"""Which pairs of records are compared at all: those that share a key, bounded on both sides.

Comparing each with each grows with the square of the records. So pairs are compared that agree on
at least one key of ``candidate_keys``. A value that too many records share (a switchboard's number,
a placeholder) tells little and costs much: beyond ``LARGEST_BLOCK`` records it brings no pairs, and
a whole key is left out when the budget of pairs is spent. Both are said in the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from workbench.data.quoting import quote
from workbench.triage.identity.people import PEOPLE
from workbench.triage.identity.roles import ColumnRole

__all__ = [
    "LARGEST_BLOCK",
    "BlockingRule",
    "add_keys",
    "candidate_keys",
    "pairs_compared",
    "pairs_sharing",
]

LARGEST_BLOCK = 250
"""Records that may share a key and still be compared with each other."""

PAIRS_PER_RECORD = 100
"""Pairs a record that all keys together may bring, on average."""

FREE_PAIRS = 1_000_000
"""Pairs that are always allowed."""


@dataclass(frozen=True)
class BlockingRule:
    """A key by which pairs of records were found, or why it was not used.

    Parameters
    ----------
    columns
        The columns that must agree, by the names of their spellings.
    pairs
        Pairs that share the key and were compared; a pair may share several keys.
    largest
        Records in the largest block of the key, compared or not.
    uncompared_pairs
        Pairs that share the key and were not compared for it: their block is too large, or the
        budget was spent. Another key may still have brought them.
    """

    columns: tuple[str, ...]
    pairs: int
    largest: int
    uncompared_pairs: int

    @property
    def used(self) -> bool:
        """Return whether the rule brought any pair."""
        return self.pairs > 0


def candidate_keys(named: Mapping[str, ColumnRole]) -> tuple[tuple[str, ...], ...]:
    """Return the keys to try, the most telling first: built from roles alone.

    Parameters
    ----------
    named
        Names of spellings and their columns, from ``people.field_names``.
    """
    of: dict[str, list[str]] = {}
    for field, column in named.items():
        of.setdefault(column.role, []).append(field)
    keys: list[tuple[str, ...]] = [(field,) for field in of.get("identifier", [])]
    keys += [(field,) for field in of.get("email", [])]
    keys += [(f"{field}_end",) for field in of.get("phone", [])]
    births = of.get("birth_date", [])
    keys += [(field,) for field in births]
    parts = [*of.get("given_name", []), *of.get("family_name", [])]
    if {"given_name_1", "family_name_1"} <= set(named):
        keys += [("whole_name",), ("whole_sound",)]
    places = [field for role in ("postcode", "address", "city") for field in of.get(role, [])]
    keys += [(field, part) for field in births for part in parts]
    keys += [(field,) for field in of.get("address", [])]
    keys += [(place, part) for place in places for part in parts]
    weak = [field for role in ("birth_year", "region", "house") for field in of.get(role, [])]
    keys += [(field, part) for field in weak for part in parts]
    return tuple(dict.fromkeys(keys))


def add_keys(
    connection: duckdb.DuckDBPyConnection, keys: Iterable[tuple[str, ...]]
) -> tuple[BlockingRule, ...]:
    """Add ``key_<n>`` to the people for each key that is used; return all keys with their counts.

    ``key_<n>`` belongs to the n-th rule that is used, from 0; it is null where a part is missing or
    too many records share it.
    """
    records = connection.execute(f"SELECT count(*) FROM {PEOPLE}").fetchall()[0][0]
    left = max(FREE_PAIRS, PAIRS_PER_RECORD * records)
    rules = []
    for columns in keys:
        pairs, largest, beyond = _count(connection, columns)
        if pairs > left:
            rules.append(BlockingRule(columns, 0, largest, pairs + beyond))
            continue
        if pairs:
            _add_key(connection, columns, sum(rule.used for rule in rules))
        rules.append(BlockingRule(columns, pairs, largest, beyond))
        left -= pairs
    return tuple(rules)


def pairs_sharing(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> int:
    """Return how many pairs of records agree on all of some columns, however large the blocks."""
    pairs, _, beyond = _count(connection, columns)
    return pairs + beyond


def pairs_compared(connection: duckdb.DuckDBPyConnection, keys: int) -> int:
    """Return how many different pairs share at least one of the first ``keys`` blocking keys."""
    pairs = 0
    for number in range(keys):
        before = "".join(
            f" AND NOT coalesce(l.key_{each} = r.key_{each}, false)" for each in range(number)
        )
        pairs += connection.execute(
            f"SELECT count(*) FROM {PEOPLE} AS l JOIN {PEOPLE} AS r "
            f"ON l.key_{number} = r.key_{number} WHERE l.person < r.person{before}"
        ).fetchall()[0][0]
    return pairs


def _filled(columns: Sequence[str]) -> str:
    return " AND ".join(f"{quote(column)} IS NOT NULL" for column in columns)


def _count(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> tuple[int, int, int]:
    """Return pairs in blocks that are small enough, the largest block, and pairs in the others."""
    together = ", ".join(quote(column) for column in columns)
    found = connection.execute(
        f"SELECT coalesce(sum(n * (n - 1) // 2) FILTER (n <= {LARGEST_BLOCK}), 0)::BIGINT, "
        f"coalesce(max(n), 0), "
        f"coalesce(sum(n * (n - 1) // 2) FILTER (n > {LARGEST_BLOCK}), 0)::BIGINT "
        f"FROM (SELECT count(*) AS n FROM {PEOPLE} WHERE {_filled(columns)} GROUP BY {together})"
    ).fetchall()
    pairs, largest, beyond = found[0]
    return pairs, largest, beyond


def _add_key(connection: duckdb.DuckDBPyConnection, columns: Sequence[str], number: int) -> None:
    together = ", ".join(quote(column) for column in columns)
    connection.execute(
        f"CREATE OR REPLACE TABLE {PEOPLE} AS SELECT *, CASE WHEN {_filled(columns)} "
        f"AND count(*) OVER (PARTITION BY {together}) BETWEEN 2 AND {LARGEST_BLOCK} "
        f"THEN concat_ws(chr(31), {together}) END AS key_{number} FROM {PEOPLE} ORDER BY person"
    )
