"""Counts, ranges, quantiles, means and deviations, the same bits on any number of threads.

Sums of doubles depend on the order of adding, so none is taken here. Decimals and integers are
added as they are. For the deviation, and for doubles too large for a decimal, each value is first
placed on a grid of 2^31 steps over the column's range: the integers are added exactly, and as the
deviation is at least ``range / sqrt(2 n)``, the grid costs it less than ``sqrt(2 n) / 2^31``.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import chain, islice
from typing import Any

import duckdb

from workbench.data.quoting import literal, quote

__all__ = ["QUANTILES", "Measures", "form_of", "measure"]

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)

_GRID = 2**30
_DECIMAL_UP_TO = 1e15
"""Doubles up to this size are added as DECIMAL(38,8): to 8 decimals and without overflow."""
_FEW = 100_000
"""Estimated different values up to which counting them one by one costs next to nothing."""
_AT_ONCE = 40
"""Columns that one query measures: each is read once, and a table of thousands stays in bounds."""
_INTEGERS = frozenset(
    ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
)
_FLOATS = frozenset(("FLOAT", "DOUBLE"))
_TIMES = frozenset(
    (
        *("DATE", "TIME", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
        "TIMESTAMP WITH TIME ZONE",
    )
)


@dataclass(frozen=True)
class Measures:
    """What is counted and added of one column; see ``ColumnProfile`` for the fields.

    ``distinct`` is exact where ``exact``.
    """

    filled: int
    distinct: int
    exact: bool
    lowest: str | None
    highest: str | None
    quantiles: tuple[tuple[float, str], ...] = ()
    mean: str | None = None
    sd: str | None = None
    total: str | None = None


def form_of(kind: str) -> str:
    """Return how a type of the engine is profiled.

    Returns
    -------
    str
        ``text``, ``flag``, ``time``, ``integer``, ``decimal``, ``double`` (and what is too wide
        for an exact sum), or ``other``.

    Examples
    --------
    >>> form_of("DECIMAL(18,4)"), form_of("HUGEINT"), form_of("INTEGER[]")
    ('decimal', 'double', 'other')
    """
    if kind == "VARCHAR" or (kind.startswith("ENUM(") and not kind.endswith("]")):
        return "text"
    if kind == "BOOLEAN":
        return "flag"
    if kind in _TIMES:
        return "time"
    if kind in _INTEGERS:
        return "integer"
    if kind.startswith("DECIMAL(") and kind.endswith(")"):
        # A sum of 18 digits fits into 38 for more rows than there will be; one of 30 may not.
        return "decimal" if int(kind[8:].split(",")[0]) <= 18 else "double"
    if kind in _FLOATS or kind in ("HUGEINT", "UHUGEINT"):
        return "double"
    return "other"


def measure(
    connection: duckdb.DuckDBPyConnection, rows: str, types: Mapping[str, str], *, exact: bool
) -> dict[str, Measures]:
    """Return the measures of each column that holds numbers, times or flags.

    Parameters
    ----------
    connection
        The engine.
    rows
        What stands after FROM: a table's name, ``read_parquet('...')``, a query in parentheses.
    types
        Column -> the engine's type.
    exact
        Whether different values are counted one by one, even where they are many.
    """
    found: dict[str, Measures] = {}
    for names in _some(types):
        parts = [part for name in names for part in _first(name, types[name], exact=exact)]
        cells = _row(connection, f"SELECT {', '.join(parts)} FROM {rows}")
        ranges = dict(zip(names, _by(cells, 6), strict=True))
        later = {name: _second(name, types[name], ranges[name], exact=exact) for name in names}
        # Quantiles hold a column's values in memory: of a large table one column at a time.
        groups = [names] if exact else [[name] for name in names]
        more: Iterator[Any] = chain.from_iterable(
            _row(connection, f"SELECT {', '.join(parts)} FROM {rows}")
            for group in groups
            if (parts := [part for name in group for part in later[name]])
        )
        for name in names:
            rest = list(islice(more, len(later[name])))
            found[name] = _measures(types[name], ranges[name], rest, exact=exact)
    return found


def _first(name: str, kind: str, *, exact: bool) -> Sequence[str]:
    """Return what one reading tells: filled, distinct, lowest, highest (text and double), sum."""
    form, column = form_of(kind), quote(name)
    filled = f"count({column})"
    distinct = f"count(DISTINCT {column})" if exact else f"approx_count_distinct({column})"
    if form == "flag":
        return (filled, f"count(DISTINCT {column})", "NULL", "NULL", "NULL", "NULL")
    value = _finite(column, kind)
    ends = [f"CAST(min({value}) AS VARCHAR)", f"CAST(max({value}) AS VARCHAR)"]
    largest = total = "NULL"
    if form == "double":
        largest = f"max(abs(CAST({value} AS DOUBLE)))"
    if form in ("integer", "decimal"):
        total = f"CAST(sum({column}) AS VARCHAR)"
    return (filled, distinct, *ends, largest, total)


def _second(name: str, kind: str, cells: Sequence[Any], *, exact: bool) -> Sequence[str]:
    """Return what a second reading tells: few values counted, quantiles; sums of steps, mean."""
    form = form_of(kind)
    if form == "flag" or cells[2] is None:
        return ()
    column = quote(name)
    value = _finite(column, kind)
    shares = ", ".join(str(share) for share in QUANTILES)
    few = not exact and cells[1] <= _FEW
    parts = [f"count(DISTINCT {column})" if few else "NULL"]
    parts.append(f"CAST(quantile_disc({value}, [{shares}]) AS VARCHAR[])")
    if form == "time":
        return parts
    middle, half = _spread(cells)
    step = "0"
    if half > 0:
        placed = f"(CAST({value} AS DOUBLE) - {_double(middle)}) / {_double(half)}"
        step = f"TRY_CAST(round({placed} * {_GRID}) AS BIGINT)"
    parts += [f"count({value})", f"sum({step})", f"sum({step} * {step})"]
    number = column
    if form == "double":
        small = cells[4] <= _DECIMAL_UP_TO
        number = f"TRY_CAST({value} AS DECIMAL(38,8))" if small else "CAST(NULL AS BIGINT)"
    divided = f"CAST(sum({number}) AS DOUBLE) / count({number})"
    return [*parts, f"CAST(round({divided}, 6) AS VARCHAR)"]


def _measures(kind: str, cells: Sequence[Any], rest: Sequence[Any], *, exact: bool) -> Measures:
    filled, distinct, lowest, highest, _, total = cells
    form = form_of(kind)
    counted = exact or form == "flag"
    if not filled:
        return Measures(0, 0, True, None, None)
    distinct = min(distinct, filled)  # an estimate may be beyond what there can be
    if not rest:
        return Measures(filled, distinct, counted, lowest, highest)
    few, shares, *sums = rest
    if few is not None:
        distinct, counted = few, True
    quantiles = tuple(zip(QUANTILES, shares, strict=True))
    mean = sd = None
    if form != "time":
        middle, half = _spread(cells)
        n, steps, squares = sums[:3]
        rough, sd = _moments(n, steps, squares, middle, half)
        mean = sums[3] if sums[3] is not None else rough
    return Measures(
        filled,
        distinct,
        counted,
        lowest,
        highest,
        quantiles,
        mean,
        sd,
        total if form == "decimal" else None,
    )


def _moments(
    n: int, steps: int, squares: int, middle: float, half: float
) -> tuple[str, str | None]:
    """Return mean and sample standard deviation from exact sums of steps on the grid."""
    width = Fraction(half) / _GRID
    mean = Fraction(middle) + width * Fraction(int(steps), n)
    if n < 2:
        return _number(mean), None
    spread = Fraction(int(squares) * n - int(steps) ** 2, n * (n - 1))
    # The root is taken of steps, which any double holds, and scaled exactly.
    return _number(mean), _number(Fraction(math.sqrt(spread)) * width)


def _number(value: Fraction) -> str:
    """Return nine significant digits; the root of a spread may be beyond what a double holds."""
    with contextlib.suppress(OverflowError):
        return format(float(value), ".9g")
    return format(Decimal(value.numerator) / Decimal(value.denominator), ".9g")


def _spread(cells: Sequence[Any]) -> tuple[float, float]:
    """Return the middle of the range and half of its length; neither can overflow."""
    lowest, highest = float(cells[2]), float(cells[3])
    return lowest / 2 + highest / 2, highest / 2 - lowest / 2


def _finite(column: str, kind: str) -> str:
    return f"CASE WHEN isfinite({column}) THEN {column} END" if kind in _FLOATS else column


def _double(value: float) -> str:
    return f"CAST({literal(repr(value))} AS DOUBLE)"


def _some(types: Mapping[str, str]) -> Iterator[list[str]]:
    names = (name for name, kind in types.items() if form_of(kind) not in ("text", "other"))
    while some := list(islice(names, _AT_ONCE)):
        yield some


def _by(cells: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [cells[start : start + size] for start in range(0, len(cells), size)]


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> Sequence[Any]:
    return connection.execute(query).fetchone() or ()
