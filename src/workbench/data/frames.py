"""What every reduction shares: wrapping a table, whole-number money and days, collecting.

A reduction is written once, with Narwhals expressions, and runs where the rows are: a DuckDB
relation, a pandas or a Polars frame. Three habits keep its result the same everywhere:

- money is summed as whole ten-thousandths: no engine and no order of the rows changes a sum;
- a day is a whole number (:meth:`datetime.date.toordinal`): engines differ in date arithmetic;
- an aggregation is a plain sum, minimum, maximum or count of a column computed before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.quoting import quote
from workbench.errors import AnalysisError, one_of

__all__ = [
    "MONEY_SCALE",
    "aliases",
    "as_money",
    "calendar_days",
    "collect",
    "column_names",
    "day_number",
    "days_to_dates",
    "lazy",
    "money_units",
    "require_number",
    "require_time",
]

MONEY_SCALE = 10_000
"""How many units of :func:`money_units` are one unit of the currency (DECIMAL(18,4))."""

_UNREADABLE = frozenset('."')
"""DuckDB's column expressions, which Narwhals makes, read a name with one of these as several."""


def column_names(table: Any) -> list[str]:
    """Return the names of a table's columns, whatever they hold."""
    if isinstance(table, duckdb.DuckDBPyRelation):
        return list(table.columns)
    return list(nw.from_native(table).lazy().collect_schema().names())


def aliases(table: Any, names: Iterable[str]) -> dict[str, str]:
    """Return column -> another name, for those of some columns that cannot be read under theirs.

    Parameters
    ----------
    table
        As `lazy` takes it; columns that it lacks are left out.
    names
        The columns.

    Examples
    --------
    >>> aliases(pd.DataFrame({"avg. spend": [1], "n": [2]}), ["avg. spend", "n"])
    {'avg. spend': 'avg_ spend'}
    """
    odd = {name for name in names if _UNREADABLE & set(name)}
    known = column_names(table) if odd else []
    made: dict[str, str] = {}
    for name in sorted(odd.intersection(known)):
        plain = name.translate({ord(sign): "_" for sign in _UNREADABLE})
        while plain in known or plain in made.values():
            plain += "_"
        made[name] = plain
    return made


def lazy(
    table: Any, *, where: str, needs: Iterable[str] = (), named: Mapping[str, str] | None = None
) -> nw.LazyFrame[Any]:
    """Return a table as a Narwhals lazy frame.

    Of a DuckDB relation, columns with a dot or a quotation mark in their names are left out, unless
    `named` gives them another: a table carries columns along under the names that its source gave.

    Parameters
    ----------
    table
        A DuckDB relation, a pandas or Polars frame (lazy or not), or a Narwhals frame.
    where
        What the table is, for the message of an error: ``orders``.
    needs
        Names of the columns that must be there, after `named`.
    named
        Column -> a plain name under which it is read as well.

    Raises
    ------
    AnalysisError
        For an Arrow table (window functions gave wrong rows on it), for something that is no
        table, and for missing columns.
    """
    further = named or {}
    try:
        known = column_names(table) if further else []
        missing = [name for name in further if name not in known]
        frame = nw.from_native(table if missing else _plainly_named(table, further))
    except TypeError as error:
        raise AnalysisError(
            f"{type(table).__name__} is not a table",
            where=where,
            fix="Give a DuckDB relation, a pandas frame or a Polars frame.",
        ) from error
    if frame.implementation.is_pyarrow():
        raise AnalysisError(
            "Arrow tables are not read",
            where=where,
            fix="Give a DuckDB relation, or a pandas or Polars frame made from it.",
        )
    found: nw.LazyFrame[Any] = frame.lazy()
    names = known or found.collect_schema().names()
    missing += [name for name in needs if name not in names]
    if missing:
        raise AnalysisError(
            f"column {', '.join(missing)} is missing",
            where=where,
            fix=one_of(missing[0], names),
        )
    return found


def _plainly_named(table: Any, named: Mapping[str, str]) -> Any:
    """Return a table with columns under further names, and without unreadable ones."""
    if not isinstance(table, duckdb.DuckDBPyRelation):
        if not named:
            return table
        more = {new: nw.col(old) for old, new in named.items()}
        return nw.from_native(table).with_columns(**more)
    columns = column_names(table)
    kept = [name for name in columns if not _UNREADABLE & set(name)]
    if len(kept) == len(columns) and not named:
        return table
    further = [f"{quote(old)} AS {quote(new)}" for old, new in named.items()]
    return table.project(", ".join([*map(quote, kept), *further]))


def require_time(frame: nw.LazyFrame[Any], column: str, *, where: str) -> None:
    """Raise an error unless a column holds dates or times without a zone."""
    kind = frame.collect_schema()[column]
    if kind == nw.Date or (isinstance(kind, nw.Datetime) and kind.time_zone is None):
        return
    raise AnalysisError(
        f"column {column} is {kind}, not a local date or time",
        where=where,
        fix="Parse it first, and turn a time with a zone into the unit's local time.",
    )


def require_number(frame: nw.LazyFrame[Any], column: str, *, where: str) -> None:
    """Raise an error unless a column holds numbers or true/false."""
    kind = frame.collect_schema()[column]
    if kind.is_numeric() or kind == nw.Boolean:
        return
    raise AnalysisError(
        f"column {column} is {kind}, not a number",
        where=where,
        fix="Declare its type as integer, decimal or number where the source is read.",
    )


def day_number(column: str) -> nw.Expr:
    """Return the day of a date or time column as :meth:`datetime.date.toordinal` gives it.

    Year and day of the year are all that is asked of the engine, as every engine has them; the
    rest is arithmetic on whole numbers. Year 1 to 9999; a missing time gives 0, the day before all
    others, so that the column stays one of whole numbers in pandas too.
    """
    before = nw.col(column).dt.year().fill_null(1).cast(nw.Int64) - 1
    leaps = before // 4 - before // 100 + before // 400
    return before * 365 + leaps + nw.col(column).dt.ordinal_day().fill_null(0).cast(nw.Int64)


def money_units(column: str) -> nw.Expr:
    """Return an amount in whole ten-thousandths of the currency, as Int64.

    Exact for DECIMAL(18,4) and whole numbers; a float is rounded to the nearest ten-thousandth,
    which gives back the decimal number that was written down. The column must be finite.
    """
    return (nw.col(column) * MONEY_SCALE).round(0).cast(nw.Int64)


def as_money(units: int) -> Decimal:
    """Return ten-thousandths as an exact decimal amount.

    Examples
    --------
    >>> as_money(89_114_079_040)
    Decimal('8911407.9040')
    """
    return Decimal(int(units)).scaleb(-4)


def days_to_dates(days: Any) -> pd.Series:
    """Return day numbers as dates (datetime64, whole seconds), in the same order.

    Parameters
    ----------
    days
        Whole numbers as :func:`day_number` gives them.
    """
    return pd.Series(calendar_days(days).astype("datetime64[s]"))


def calendar_days(days: Any) -> npt.NDArray[np.datetime64]:
    """Return day numbers as NumPy days (datetime64[D]), of the same shape.

    Parameters
    ----------
    days
        Whole numbers as :func:`day_number` gives them.
    """
    since = np.asarray(days, dtype="int64") - 719_163  # 1970-01-01
    return since.astype("datetime64[D]")


def collect(frame: nw.LazyFrame[Any]) -> pd.DataFrame:
    """Return a reduced frame as pandas, rows in no particular order.

    The engine is named, because the default of some is an Arrow table.
    """
    done: pd.DataFrame = frame.collect(backend="pandas").to_native()
    return done.reset_index(drop=True)
