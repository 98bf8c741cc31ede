"""The figures of two loads: counts per bin and category, read by a few passes of the engine.

All of them are whole numbers, or values that stand in the table, so that neither the order of rows
nor the number of threads can change a bit of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from workbench.data.quoting import quote
from workbench.triage.drift.settings import Settings

__all__ = [
    "Basics",
    "Bins",
    "category_counts",
    "count_basics",
    "count_bins",
    "cut_points",
    "values_kind",
]

FINE = 50
"""Quantiles that the distance is read at; every fifth of them is a decile."""

FEWEST_SAMPLED = 500
"""A column of which the sample has fewer values is cut at quantiles of all rows."""

ValuesKind = Literal["number", "category", "other"]


@dataclass(frozen=True)
class Basics:
    """The simplest figures of one load.

    Parameters
    ----------
    rows
        Its rows.
    present
        Column -> rows with a value; a number that is not finite is none.
    distinct
        Column of categories -> about how many different values.
    """

    rows: int
    present: Mapping[str, int]
    distinct: Mapping[str, int]


@dataclass(frozen=True)
class Bins:
    """A numeric column's rows per bin, in both loads.

    Parameters
    ----------
    cuts
        Upper ends of all bins but the last, rising; the first lies just below the least value that
        the load before had when it was cut.
    before, now
        Rows per bin: one more than there are cuts.
    coarse
        For each bin, the place of its decile.
    """

    cuts: tuple[float, ...]
    before: tuple[int, ...]
    now: tuple[int, ...]
    coarse: tuple[int, ...]

    def deciles(self, counts: Sequence[int]) -> list[int]:
        """Return counts by decile of the load before."""
        summed = [0] * (self.coarse[-1] + 1)
        for place, count in zip(self.coarse, counts, strict=True):
            summed[place] += count
        return summed


def values_kind(sql_type: str) -> ValuesKind:
    """Return how a column's values are compared.

    Examples
    --------
    >>> values_kind("DECIMAL(18,4)"), values_kind("BOOLEAN"), values_kind("TIMESTAMP")
    ('number', 'category', 'other')
    """
    head = sql_type.partition("(")[0]
    if "[" in sql_type:
        return "other"
    if head in ("FLOAT", "DOUBLE", "DECIMAL") or head.endswith("INT") or head.endswith("INTEGER"):
        return "number"
    return "category" if head in ("VARCHAR", "BOOLEAN", "ENUM") else "other"


def _there(name: str, sql_type: str) -> str:
    """Return SQL of "has a value"."""
    if sql_type in ("FLOAT", "DOUBLE"):
        return f"coalesce(isfinite({quote(name)}), false)"
    return f"{quote(name)} IS NOT NULL"


def count_basics(
    connection: duckdb.DuckDBPyConnection, source: str, types: Mapping[str, str]
) -> Basics:
    """Return the simplest figures of one load, in one pass.

    Parameters
    ----------
    source
        What stands after ``FROM``.
    types
        The columns of interest with their SQL types.
    """
    text = [name for name, kind in types.items() if values_kind(kind) == "category"]
    asked = ["count(*)"]
    asked += [f"count(*) FILTER (WHERE {_there(name, kind)})" for name, kind in types.items()]
    asked += [f"approx_count_distinct({quote(name)})" for name in text]
    row = connection.execute(f"SELECT {', '.join(asked)} FROM {source}").fetchone()
    assert row is not None  # an aggregate without groups has one row
    cut = 1 + len(types)
    return Basics(
        rows=row[0],
        present=dict(zip(types, row[1:cut], strict=True)),
        distinct=dict(zip(text, row[cut:], strict=True)),
    )


def cut_points(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    types: Mapping[str, str],
    every_column: Sequence[str],
    rows: int,
    settings: Settings,
) -> tuple[dict[str, tuple[float, ...]], frozenset[str]]:
    """Return, for each numeric column, where its bins are cut, and which were told by a sample.

    The sample only settles where the counts are read, and all rows are counted there: a poor one
    costs power to see a change, and never makes an interval wrong.

    Parameters
    ----------
    source
        The load before: what stands after ``FROM``.
    types
        Its numeric columns with their SQL types; each has a value in some row.
    every_column
        All columns, by whose hash a row is picked.
    rows
        Its rows.
    settings
        Up to which size all rows are read for it.
    """
    every = math.ceil(rows / settings.exact_rows)
    picked = f"hash({', '.join(quote(name) for name in every_column)}) % {every} = 0"
    found: dict[str, Sequence[float]] = {}
    sampled: set[str] = set()
    if every > 1:
        for name, (count, values) in _quantiles(connection, source, types, picked).items():
            # A column that few rows fill, or rows that are all alike, make a sample of none.
            if count >= FEWEST_SAMPLED:
                found[name] = values
                sampled.add(name)
    rest = {name: kind for name, kind in types.items() if name not in found}
    found |= {
        name: values for name, (_, values) in _quantiles(connection, source, rest, "true").items()
    }
    cuts = {}
    for name in types:
        rising = sorted(set(found[name][:-1]))  # nothing need be cut above the last
        cuts[name] = (math.nextafter(rising[0], -math.inf), *rising)
    return cuts, frozenset(sampled)


def _quantiles(
    connection: duckdb.DuckDBPyConnection, source: str, types: Mapping[str, str], where: str
) -> dict[str, tuple[int, Sequence[float]]]:
    """Return each column's values among the chosen rows: how many, and their fine quantiles."""
    if not types:
        return {}
    steps = ", ".join(str(step / FINE) for step in range(FINE + 1))
    asked = ", ".join(
        f"count(*) FILTER (WHERE {_there(name, kind)}), "
        f"quantile_disc({_number(name)}, [{steps}]) FILTER (WHERE {_there(name, kind)})"
        for name, kind in types.items()
    )
    row = connection.execute(f"SELECT {asked} FROM {source} WHERE {where}").fetchone()
    assert row is not None  # an aggregate without groups has one row
    return {name: (row[2 * n], row[2 * n + 1] or ()) for n, name in enumerate(types)}


def count_bins(
    connection: duckdb.DuckDBPyConnection,
    before: str,
    now: str,
    types: Mapping[str, str],
    cuts: Mapping[str, tuple[float, ...]],
) -> dict[str, Bins]:
    """Return, for each numeric column, its rows per bin: one pass over each load.

    Parameters
    ----------
    before, now
        The loads: what stands after ``FROM``.
    types
        Numeric columns with their SQL types.
    cuts
        Column -> where its bins are cut; a column without is left out.
    """
    names = [name for name in types if name in cuts]
    if not names:
        return {}
    asked = ", ".join(
        f"histogram({_number(name)}, [{', '.join(_double(cut) for cut in cuts[name])}]) "
        f"FILTER (WHERE {_there(name, types[name])})"
        for name in names
    )
    found = []
    for source in (before, now):
        row = connection.execute(f"SELECT {asked} FROM {source}").fetchone()
        assert row is not None  # an aggregate without groups has one row
        found.append(dict(zip(names, row, strict=True)))
    bins = {}
    for name in names:
        ends = (*cuts[name], math.inf)
        counts = [tuple(int((one[name] or {}).get(end, 0)) for end in ends) for one in found]
        bins[name] = Bins(cuts[name], counts[0], counts[1], _deciles(counts[0]))
    return bins


def _deciles(counts: Sequence[int]) -> tuple[int, ...]:
    """Return the decile of each fine bin: bins are joined until they hold a tenth.

    The last one takes what would be left over with less than half a tenth.
    """
    total, place, held, passed = sum(counts), 0, 0, 0
    found = []
    for count in counts:
        found.append(place)
        held, passed = held + count, passed + count
        if held * 10 >= total * 0.98 and (total - passed) * 20 >= total:
            place, held = place + 1, 0
    return tuple(found)


def category_counts(
    connection: duckdb.DuckDBPyConnection, before: str, now: str, name: str
) -> dict[str, tuple[int, int]]:
    """Return category -> its rows in both loads, by the category's text."""
    both: dict[str, list[int]] = {}
    for side, source in enumerate((before, now)):
        rows = connection.execute(
            f"SELECT CAST({quote(name)} AS VARCHAR), count(*) FROM {source} "
            f"WHERE {quote(name)} IS NOT NULL GROUP BY 1"
        ).fetchall()
        for value, count in rows:
            both.setdefault(value, [0, 0])[side] = count
    return {value: (both[value][0], both[value][1]) for value in sorted(both)}


def _number(name: str) -> str:
    return f"CAST({quote(name)} AS DOUBLE)"


def _double(value: float) -> str:
    """Return a number as SQL of exactly this double; without an exponent it would be a decimal."""
    text = repr(value)
    return text if "e" in text else f"{text}e0"
