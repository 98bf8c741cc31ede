"""Order lines as every analysis reads them, and revenue in spans of days.

What is a purchase, a return or a line that cannot be read is decided here once, so that a customer
is the same in a segment, in its profile and in a move between segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import narwhals as nw
import pandas as pd

from workbench.data.frames import (
    collect,
    day_number,
    lazy,
    money_units,
    require_number,
    require_time,
)
from workbench.errors import AnalysisError

__all__ = [
    "finite",
    "no_lines",
    "order_lines",
    "purchase_lines",
    "refuse_unreadable",
    "revenue_in",
    "text_of",
]


def order_lines(
    orders: Any, *, last_day: int, more: Sequence[str] = (), dated: bool = False
) -> nw.LazyFrame[Any]:
    """Return the order lines up to a day, still in the engine.

    Parameters
    ----------
    orders
        Order lines with `customer_id`, `ordered_at` and `amount`: a DuckDB relation, a pandas frame
        or a Polars frame.
    last_day
        The last day that counts, as :meth:`datetime.date.toordinal` gives it.
    more
        Further columns to carry along; they must be there.
    dated
        Whether `day` stays the midnight that a line's day begins with, missing where the time is,
        for a reduction that counts days once lines are merged.

    Returns
    -------
    narwhals.LazyFrame
        `customer_id`, `day`, `units` (net amount in whole ten-thousandths), `bought` (1 for a line
        that is no return: its amount is not negative), `unreadable` (1 where amount or time cannot
        be read; such a line has day 0 or counts nought), and `more`.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind.
    """
    frame = lazy(orders, where="orders", needs=("customer_id", "ordered_at", "amount", *more))
    require_time(frame, "ordered_at", where="orders")
    require_number(frame, "amount", where="orders")
    lines = frame.select(
        "customer_id",
        *more,
        day=nw.col("ordered_at").dt.truncate("1d"),
        amount=nw.col("amount"),
        readable=finite(frame, "amount") & ~nw.col("ordered_at").is_null(),
    ).filter((nw.col("day") <= datetime.fromordinal(last_day)) | nw.col("day").is_null())
    if not dated:
        lines = lines.with_columns(day=day_number("day"))
    lines = lines.with_columns(amount=nw.when("readable").then(nw.col("amount")).otherwise(0))
    return lines.with_columns(
        units=money_units("amount"),
        bought=nw.when(nw.col("amount") >= 0).then(1).otherwise(0),
        unreadable=nw.when("readable").then(0).otherwise(1),
    )


def purchase_lines(orders: Any, *, last_day: int, **more: nw.Expr) -> nw.LazyFrame[Any]:
    """Return the order lines of known customers that are no returns, up to a day, in the engine.

    Parameters
    ----------
    orders
        Order lines with `customer_id`, `ordered_at` and `amount`: a DuckDB relation, a pandas frame
        or a Polars frame. Lines without a customer or a time, and returns (negative amounts), are
        not read.
    last_day
        The last day that counts, as :meth:`datetime.date.toordinal` gives it.
    more
        Further columns to work out.

    Returns
    -------
    narwhals.LazyFrame
        `customer_id`, `amount`, `day` (a number, as `last_day`), and `more`.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind.
    """
    frame = lazy(orders, where="orders", needs=("customer_id", "ordered_at", "amount"))
    require_time(frame, "ordered_at", where="orders")
    require_number(frame, "amount", where="orders")
    return frame.select("customer_id", "amount", day=day_number("ordered_at"), **more).filter(
        (nw.col("day") > 0)
        & (nw.col("day") <= last_day)
        & (nw.col("amount") >= 0)
        & ~nw.col("customer_id").is_null()
    )


def finite(frame: nw.LazyFrame[Any], column: str) -> nw.Expr:
    """Return whether a column is a number: neither missing, nor NaN, nor infinite."""
    there = ~nw.col(column).is_null()
    kind = frame.collect_schema()[column]
    return there & nw.col(column).is_finite() if kind.is_float() else there


def text_of(lines: nw.LazyFrame[Any], column: str) -> nw.Expr:
    """Return a column as text, empty where it is missing."""
    value = nw.col(column)
    if lines.collect_schema()[column] != nw.String:
        value = value.cast(nw.String)
    return value.fill_null("")


def refuse_unreadable(found: pd.DataFrame) -> None:
    """Raise an error when reduced lines had any that cannot be read (column `unreadable`)."""
    unreadable = int(found["unreadable"].sum()) if len(found) else 0
    if unreadable:
        raise AnalysisError(
            f"{unreadable:,} order lines have no readable amount or time",
            where="orders",
            fix="Let triage reject them, or drop them on purpose.",
        )


def no_lines(last_day: date) -> AnalysisError:
    """Return the error that there is no order line up to a day."""
    return AnalysisError(
        f"no order line up to {last_day:%Y-%m-%d}",
        where="orders",
        fix="Check as_of, and the dates of the orders.",
    )


def revenue_in(orders: Any, spans: Sequence[tuple[date, date]]) -> pd.DataFrame:
    """Return each customer's net revenue in some spans of days, from one reading of the lines.

    Parameters
    ----------
    orders
        As :func:`order_lines` takes them.
    spans
        First and last day of each, both included; they may overlap.

    Returns
    -------
    pandas.DataFrame
        One row per known customer with a line up to the last of these days, sorted:
        `customer_id`, `first_day` (of any line, as a day number), and `span_0`, `span_1` ... (net
        revenue in whole ten-thousandths).

    Raises
    ------
    AnalysisError
        As :func:`order_lines`, and when lines have no readable time or amount.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> lines = pd.DataFrame({
    ...     "customer_id": ["a", "a", "b"], "amount": [10.0, -2.0, 5.0],
    ...     "ordered_at": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-02-02"])})
    >>> revenue_in(lines, [(date(2024, 2, 1), date(2024, 2, 29))])["span_0"].tolist()
    [-20000, 50000]
    """
    names = [f"span_{place}" for place in range(len(spans))]
    lines = order_lines(orders, last_day=max(last for _, last in spans).toordinal())
    inside = {
        name: nw.when(nw.col("day").is_between(first.toordinal(), last.toordinal()))
        .then(nw.col("units"))
        .otherwise(0)
        for name, (first, last) in zip(names, spans, strict=True)
    }
    found = collect(
        lines.with_columns(**inside)
        .group_by("customer_id")
        .agg(
            *[nw.col(name).sum() for name in ("unreadable", *names)],
            first_day=nw.col("day").min(),
        )
        .with_columns(nw.col("unreadable", *names).cast(nw.Int64))
    )
    refuse_unreadable(found)
    known = found[~found["customer_id"].isna()].sort_values("customer_id")
    return known[["customer_id", "first_day", *names]].reset_index(drop=True)
