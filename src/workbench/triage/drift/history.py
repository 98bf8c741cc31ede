"""Restated history: rows dated before the load before was taken, and yet other than they were.

Rows are followed by their key. Each load is first reduced to key, day and a 64-bit hash of the
compared values; only rows whose hashes differ are read again, and then compared value by value. Two
different rows with one hash would be taken for the same: one chance in 18 million million million.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from workbench.data.quoting import literal, quote

__all__ = ["Restated", "restated"]


@dataclass(frozen=True)
class Restated:
    """What became of the rows of the past.

    Parameters
    ----------
    until
        The newest day of the load before.
    rows_before
        Rows of the load before that could be followed.
    changed, gone, late
        Rows with other values, rows that are no more there, rows that came late.
    columns
        Column -> changed rows in which it differs, the most frequent first.
    first, last
        Days of the earliest and latest of them; None where there are none.
    unfollowed
        Rows of either load without a key of their own or without a date.
    """

    until: date
    rows_before: int
    changed: int
    gone: int
    late: int
    columns: tuple[tuple[str, int], ...]
    first: date | None
    last: date | None
    unfollowed: int


def restated(
    connection: duckdb.DuckDBPyConnection,
    before: str,
    now: str,
    *,
    key: Sequence[str],
    clock: str,
    columns: Sequence[str],
) -> Restated | None:
    """Return which rows of the past changed; None where the load before has no dated row.

    A row that moved to a later day is a changed one. A row whose date lies on the newest day of the
    load before may rightly come late (the day was not over), so only days before it count as past
    for rows that came late; for rows that changed or went, that day counts too.

    Parameters
    ----------
    connection
        The engine; its temporary tables ``_drift_before``, ``_drift_now`` and ``_drift_past`` are
        made and removed.
    before, now
        The two loads: what stands after ``FROM``.
    key
        The columns that tell a row from all others; a key that is repeated or not whole is left
        out on both sides, and counted.
    clock
        The column that dates a row.
    columns
        The columns that both loads have in one type.
    """
    newest = _one(connection, f"SELECT CAST(max({quote(clock)}) AS DATE) FROM {before}")
    until = newest[0]
    if until is None:
        return None
    values = [name for name in columns if name not in key]
    left_out = 0
    for name, source in (("_drift_before", before), ("_drift_now", now)):
        left_out += _reduce(connection, name, source, key, clock, values)
    _mark_past(connection, key, until)
    counts = dict(
        connection.execute("SELECT what, count(*) FROM _drift_past GROUP BY what").fetchall()
    )
    first, last = _one(connection, "SELECT min(day), max(day) FROM _drift_past")
    followed = _one(connection, "SELECT count(*) FROM _drift_before")[0]
    differing = _columns(connection, before, now, key, values) if counts.get("changed") else ()
    for name in ("_drift_before", "_drift_now", "_drift_past"):
        connection.execute(f"DROP TABLE {name}")
    return Restated(
        until=until,
        rows_before=followed,
        changed=counts.get("changed", 0),
        gone=counts.get("gone", 0),
        late=counts.get("late", 0),
        columns=differing,
        first=first,
        last=last,
        unfollowed=left_out,
    )


def _mark_past(connection: duckdb.DuckDBPyConnection, key: Sequence[str], until: date) -> None:
    """Make a table of the rows that changed, went or came late."""
    past = f"DATE {literal(until.isoformat())}"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _drift_past AS SELECT "
        + ", ".join(f"coalesce(b.k{n}, a.k{n}) AS k{n}" for n in range(len(key)))
        + ", coalesce(b.day, a.day) AS day, CASE WHEN a.h IS NULL THEN 'gone' "
        "WHEN b.h IS NULL THEN 'late' ELSE 'changed' END AS what "
        f"FROM _drift_before b FULL JOIN _drift_now a USING ({_keys(key)}) "
        f"WHERE (b.h IS NULL AND a.day < {past}) OR a.h IS NULL OR a.h <> b.h"
    )


def _keys(key: Sequence[str]) -> str:
    return ", ".join(f"k{place}" for place in range(len(key)))


def _keyed(key: Sequence[str]) -> str:
    return ", ".join(f"{quote(name)} AS k{place}" for place, name in enumerate(key))


def _reduce(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    source: str,
    key: Sequence[str],
    clock: str,
    values: Sequence[str],
) -> int:
    """Make a table of key, day and hash; return how many rows could not be followed."""
    whole = " AND ".join(f"{quote(one)} IS NOT NULL" for one in (*key, clock))
    hashed = f"hash({', '.join(quote(one) for one in values)})" if values else "0"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {_keys(key)}, any_value(day) AS day, "
        f"any_value(h) AS h FROM (SELECT {_keyed(key)}, CAST({quote(clock)} AS DATE) AS day, "
        f"{hashed} AS h FROM {source} WHERE {whole}) GROUP BY {_keys(key)} HAVING count(*) = 1"
    )
    rows = _one(connection, f"SELECT (SELECT count(*) FROM {source}), count(*) FROM {name}")
    return int(rows[0] - rows[1])


def _columns(
    connection: duckdb.DuckDBPyConnection,
    before: str,
    now: str,
    key: Sequence[str],
    values: Sequence[str],
) -> tuple[tuple[str, int], ...]:
    """Return in which columns the changed rows differ, the most frequent first."""
    sides = [
        f"(SELECT {_keyed(key)}, "
        + ", ".join(f"{quote(name)} AS v{place}" for place, name in enumerate(values))
        + f" FROM {source})"
        for source in (before, now)
    ]
    asked = ", ".join(
        f"count(*) FILTER (WHERE b.v{n} IS DISTINCT FROM a.v{n})" for n in range(len(values))
    )
    counts = _one(
        connection,
        f"SELECT {asked} FROM (SELECT {_keys(key)} FROM _drift_past WHERE what = 'changed') p "
        f"JOIN {sides[0]} b USING ({_keys(key)}) JOIN {sides[1]} a USING ({_keys(key)})",
    )
    found = [(name, int(count)) for name, count in zip(values, counts, strict=True) if count]
    return tuple(sorted(found, key=lambda one: (-one[1], one[0])))


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return connection.execute(query).fetchone() or ()
