"""Rows of a table to sums per customer over windows of time around the assignment.

Times are compared as times, to the microsecond; amounts are added up as whole ten-thousandths.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd

from workbench.data.frames import (
    collect,
    lazy,
    money_units,
    require_number,
    require_time,
)
from workbench.data.quoting import quote
from workbench.errors import AnalysisError

__all__ = [
    "AT",
    "CLOCKS",
    "CUSTOMER",
    "Window",
    "days_of",
    "events_of",
    "kept",
    "midnight_after",
    "moment",
    "need",
    "summed",
]

AT, CUSTOMER = "moment of assignment", "customer assigned"
"""Columns of the sums: a customer may have been assigned more than once."""

CLOCKS = {"orders": "ordered_at", "interactions": "opened_at"}
"""Which column of a table tells when a row was."""

_NUMBER = count(1)  # of temporary tables: a name is never used twice
_MONEY = frozenset({"amount", "margin", "quantity", "satisfaction"})
_NEEDS = {
    "amount": ("amount",),
    "margin": ("amount", "cost"),
    "quantity": ("quantity",),
    "orders": ("order_id", "amount"),
    "bought": ("amount",),
    "contacts": (),
    "contacted": (),
    "reopened": ("reopened",),
    "satisfaction": ("satisfaction",),
    "rated": ("satisfaction",),
}


@dataclass(frozen=True)
class Window:
    """One number of each customer: a measure of a table's rows in a window of time.

    Parameters
    ----------
    column
        The column that it becomes.
    origin, what
        The table, and what is measured.
    low, high
        From when to before when, in days after the assignment; below 0: before it.
    complete
        Days after the assignment from which the number is known.
    cap
        Larger sums count as this one.
    """

    column: str
    origin: str
    what: str
    low: int
    high: int
    complete: int
    cap: float | None = None


def need(frame: nw.LazyFrame[Any], column: str, where: str) -> None:
    """Raise an error unless a table has a column that something is computed from."""
    if column not in frame.collect_schema().names():
        raise AnalysisError(
            f"column {column} is missing, and a metric is computed from it",
            where=where,
            fix=f"Read {column} from the source, or declare the metric by a `column`.",
        )


def moment(frame: nw.LazyFrame[Any], column: str) -> nw.Expr:
    """Return a column of dates or times as times."""
    value = nw.col(column)
    is_day = frame.collect_schema()[column] == nw.Date
    return value.cast(nw.Datetime("us")) if is_day else value


def midnight_after(day: date) -> datetime:
    """Return the end of a day, the last day of all excepted."""
    return datetime.combine(min(day, date.max - timedelta(days=1)), time.min) + timedelta(days=1)


def events_of(
    table: Any, origin: str, whats: Iterable[str], *, since: date, until: date
) -> nw.LazyFrame[Any]:
    """Return a table's rows as whole numbers: what each adds to each measure.

    For each measure `x_<what>`, and `unknown_<what>` where the row's share in it is not known.

    Parameters
    ----------
    table, origin
        The table, and its name.
    whats
        What is measured.
    since, until
        The first and the last day of the rows, both included.
    """
    if table is None:
        raise AnalysisError(
            f"a metric or a covariate is computed from {origin}, which the unit does not have",
            where=origin,
            fix=f"Declare a source of {origin}, or take the metric from a `column`.",
        )
    wanted = sorted(whats)
    columns = sorted({column for what in wanted for column in _NEEDS[what]})
    frame = lazy(table, where=origin, needs=("customer_id", CLOCKS[origin]))
    for column in columns:
        need(frame, column, origin)
        if column != "order_id":
            require_number(frame, column, where=origin)
    require_time(frame, CLOCKS[origin], where=origin)
    schema = frame.collect_schema()
    known = {c: _known(schema[c], c) for c in columns if c != "order_id"}
    keys = {CUSTOMER: nw.col("customer_id"), "at": moment(frame, CLOCKS[origin])}
    if "orders" in wanted:
        keys["order_id"] = nw.col("order_id")
    plain = {
        f"v_{c}": nw.when(there).then(nw.col(c)).otherwise(_zero(schema[c]))
        for c, there in known.items()
    }
    flags = {f"k_{c}": nw.when(there).then(1).otherwise(0) for c, there in known.items()}
    rows = _between(frame, CLOCKS[origin], since, until).select(**keys, **plain, **flags)
    rows = rows.filter(~nw.col(CUSTOMER).is_null())
    shares = {f"x_{what}": _share(what) for what in wanted}
    unknown = {f"unknown_{what}": _unknown(what) for what in wanted}
    kept = ["at", CUSTOMER, *(["order_id"] if "orders" in wanted else [])]
    return rows.select(*kept, **shares, **unknown)


def _known(kind: nw.dtypes.DType, column: str) -> nw.Expr:
    there = ~nw.col(column).is_null()
    return there & nw.col(column).is_finite() if kind.is_float() else there


def _zero(kind: nw.dtypes.DType) -> Any:
    return False if kind == nw.Boolean else 0


def _share(what: str) -> nw.Expr:
    """Return what one row adds to a measure, as a whole number."""
    if what == "margin":
        return money_units("v_amount") - money_units("v_cost")
    if what in _MONEY:
        return money_units(f"v_{what}")
    if what in ("orders", "bought"):
        return nw.when((nw.col("v_amount") >= 0) & (nw.col("k_amount") == 1)).then(1).otherwise(0)
    if what == "rated":
        return nw.col("k_satisfaction")
    if what == "reopened":
        return nw.col("v_reopened").cast(nw.Int64)
    return nw.lit(1)


def _unknown(what: str) -> nw.Expr:
    """Return 1 where a row's share in a measure is not known; a contact need not be rated."""
    if what in ("satisfaction", "rated", "contacts", "contacted", "reopened"):
        return nw.lit(0)
    columns = [column for column in _NEEDS[what] if column != "order_id"]
    missing = nw.col(f"k_{columns[0]}") == 0
    for column in columns[1:]:
        missing = missing | (nw.col(f"k_{column}") == 0)
    return nw.when(missing).then(1).otherwise(0)


def _between(frame: nw.LazyFrame[Any], clock: str, since: date, until: date) -> nw.LazyFrame[Any]:
    """Return the rows of some days; compared as times, which an engine does before all else."""
    last = midnight_after(until)
    if frame.collect_schema()[clock] == nw.Date:
        return frame.filter((nw.col(clock) >= since) & (nw.col(clock) < last.date()))
    low = datetime.combine(since, time.min)
    return frame.filter((nw.col(clock) >= low) & (nw.col(clock) < last))


def days_of(table: Any, clock: str, *, where: str) -> tuple[date, date] | None:
    """Return the first and the last day of a column of times; None where it has none."""
    frame = lazy(table, where=where, needs=(clock,))
    require_time(frame, clock, where=where)
    found = collect(frame.select(low=nw.col(clock).min(), high=nw.col(clock).max()))
    low, high = found["low"].iloc[0], found["high"].iloc[0]
    if pd.isna(low) or pd.isna(high):
        return None
    return pd.Timestamp(low).date(), pd.Timestamp(high).date()


def summed(
    frame: nw.LazyFrame[Any], events: nw.LazyFrame[Any], windows: Sequence[Window]
) -> nw.LazyFrame[Any]:
    """Return one row per customer and assignment with a row in any window: each window's sum.

    Parameters
    ----------
    frame
        The assignments, with :data:`AT`.
    events
        As :func:`events_of` gives them.
    windows
        All of this table.

    Returns
    -------
    narwhals.LazyFrame
        `CUSTOMER`, `AT`, and per window its column and `unknown <column>`: rows whose share in it
        is not known.
    """
    people = frame.filter(~nw.col(AT).is_null()).select(nw.col("customer_id").alias(CUSTOMER), AT)
    both = people.unique().join(events, on=CUSTOMER, how="inner")
    both = both.filter(_inside(min(one.low for one in windows), max(one.high for one in windows)))
    sums: dict[str, nw.Expr] = {}
    counts: dict[str, nw.Expr] = {}
    for i, one in enumerate(windows):
        inside = _inside(one.low, one.high)
        share = nw.when(inside).then(nw.col(f"x_{one.what}")).otherwise(0)
        (counts if one.what == "orders" else sums)[f"s{i}"] = share.cast(nw.Int64)
        unknown = nw.when(inside).then(nw.col(f"unknown_{one.what}")).otherwise(0)
        sums[f"u{i}"] = unknown.cast(nw.Int64)
    both = both.with_columns(**sums, **counts)
    totals = [*sums, *counts]
    if counts:  # several lines are one order; a number is one order a day
        keys = [CUSTOMER, AT, "day", "order_id"]
        lines = both.with_columns(day=nw.col("at").dt.truncate("1d")).group_by(*keys)
        both = lines.agg(*[nw.col(s).sum() for s in sums], *[nw.col(c).max() for c in counts])
    found = both.group_by(CUSTOMER, AT).agg(*[nw.col(name).sum() for name in totals])
    names = {f"s{i}": one.column for i, one in enumerate(windows)}
    names |= {f"u{i}": f"unknown {one.column}" for i, one in enumerate(windows)}
    return found.select(
        CUSTOMER, AT, *[nw.col(a).cast(nw.Int64).alias(b) for a, b in names.items()]
    )


def _inside(low: int, high: int) -> nw.Expr:
    """Return whether a row lies in a window, from `low` to before `high` days after assignment."""
    begin, end = (nw.col(AT) + timedelta(days=days) if days else nw.col(AT) for days in (low, high))
    return (nw.col("at") >= begin) & (nw.col("at") < end)


def kept(frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return a frame that is computed once, however often it is read.

    In DuckDB it becomes a temporary table, which may be larger than memory.
    """
    rows = frame.to_native()
    if not isinstance(rows, duckdb.DuckDBPyRelation):
        return frame.collect().lazy()
    table = quote(f"measured {next(_NUMBER)}")
    view = "rows to be measured"
    rows.query(view, f"CREATE TEMP TABLE {table} AS SELECT * FROM {quote(view)}")
    held: nw.LazyFrame[Any] = nw.from_native(rows.query(view, f"SELECT * FROM {table}")).lazy()
    return held
