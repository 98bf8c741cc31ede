"""How many rows of a table came in each month: where a new report starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import narwhals as nw
import pandas as pd

from workbench.data import phrases
from workbench.data.frames import collect, day_number, lazy, require_time
from workbench.data.small_groups import fewer_than, hidden_words, hide_sums, is_small
from workbench.errors import AnalysisError

__all__ = ["Overview", "overview"]


@dataclass(frozen=True)
class Overview:
    """The rows of a table over time.

    Parameters
    ----------
    rows
        Rows in all, dated or not; None where they are fewer than may be shown, or where a smaller
        number could be computed from them.
    by_month
        One row for each whole month, oldest first: `month` (its first day), `name` ("Jun 2025") and
        `rows` (missing where they are fewer than may be shown, or where a smaller number could be
        computed from them). Empty where no row has a date.
    said
        One sentence: how many rows the last months brought, and how many the same time before.
    title
        The same in a few words, for a figure.
    alt
        What a figure of the months shows, for those who cannot see it.
    hidden
        Why a number is missing, in words.
    reason
        Why there is no number of rows; None when there is one.
    """

    rows: int | None
    by_month: pd.DataFrame
    said: str
    title: str
    alt: str
    hidden: str
    reason: str | None = None


def overview(
    table: Any, *, clock: str, rows: str, as_of: date, months: int = 12, min_group: int = 1
) -> Overview:
    """Return how many rows came in each of the last whole months.

    Parameters
    ----------
    table
        A DuckDB relation, or a pandas or Polars frame.
    clock
        The column that dates a row; it may be absent.
    rows
        What the rows are, in the plural: ``order lines``.
    as_of
        The day whose end the report looks back from.
    months
        How many whole months to look at, 1 to 120.
    min_group
        The smallest number of rows that may be shown.

    Raises
    ------
    AnalysisError
        For a number of months out of range, or a column that holds no times.
    """
    if not 1 <= months <= 120:
        raise AnalysisError(f"months == {months}, must be 1 to 120", where="overview")
    frame = lazy(table, where=rows)
    total = int(collect(frame.select(nw.len().alias("n")))["n"].iloc[0])
    words = hidden_words(min_group, rows)
    counts = _by_month(frame, clock, as_of, rows) if clock in frame.collect_schema().names() else {}
    last = _number(as_of + timedelta(days=1)) - 1
    if not counts:
        said = f"No date is known of these {rows}, so nothing can be said of their months."
        known = None if is_small(total, min_group) else total
        reason = None if known is not None else f"fewer than {min_group} {rows}"
        return Overview(known, _frame([], [], []), said, said, said, words, reason)
    window = range(last - months + 1, last + 1)
    shown = [counts.get(month, 0) for month in window]
    now = sum(shown)
    before = sum(counts.get(month - months, 0) for month in window)
    full = min(counts) <= window[0] - months
    hidden = _hidden(shown, before if full else 0, total, min_group)
    by_month = _frame(window, shown, hidden.months)
    span = f"{_name(window[0])} to {_name(window[-1])}" if months > 1 else _name(last)
    told = _told(now, rows, min_group, hidden=hidden.now)
    title = f"{told} came from {span}" if months > 1 else f"{told} came in {span}"
    compared = _compared(now, before, months, min_group, hidden) if full else ""
    alt = _alt(by_month, rows, span)
    if hidden.total:
        reason = f"fewer than {min_group} {rows}" if is_small(total, min_group) else words
        return Overview(None, by_month, f"{title}{compared}.", title, alt, words, reason)
    return Overview(total, by_month, f"{title}{compared}.", title, alt, words)


class _Hidden(NamedTuple):
    """What may not be told: of the months, of all of them, of those before, of all rows."""

    months: Sequence[bool]
    now: bool
    before: bool
    total: bool


def _hidden(shown: Sequence[int], before: int, total: int, min_group: int) -> _Hidden:
    """Return what to hide of months, their sum, the same time before, and all rows."""
    n = len(shown)
    counts = [*shown, before, total - sum(shown) - before]
    sums = [*([place] for place in range(n)), list(range(n)), [n], list(range(n + 2))]
    lines = [(sums[n], list(range(n))), (sums[-1], [n, n + 1])]
    found = hide_sums(counts, sums, min_group=min_group, lines=lines).tolist()
    return _Hidden(found[:n], *found[n:])


def _by_month(frame: nw.LazyFrame[Any], clock: str, as_of: date, rows: str) -> dict[int, int]:
    """Return the number of each month -> its rows, those after `as_of` left out."""
    require_time(frame, clock, where=rows)
    month = nw.col(clock).dt.year() * 12 + nw.col(clock).dt.month().cast(nw.Int64) - 1
    dated = (
        frame.filter(~nw.col(clock).is_null())
        .with_columns(day_number(clock).alias("day_"), month.cast(nw.Int64).alias("month_"))
        .filter(nw.col("day_") <= as_of.toordinal())
    )
    found = collect(dated.group_by("month_").agg(nw.len().alias("rows_")))
    return {
        int(number): int(count)
        for number, count in zip(found["month_"], found["rows_"], strict=True)
    }


def _frame(window: Any, shown: Sequence[int], hidden: Sequence[bool]) -> pd.DataFrame:
    told = [None if out else count for count, out in zip(shown, hidden, strict=True)]
    return pd.DataFrame(
        {
            "month": pd.Series([_first(month) for month in window], dtype="datetime64[s]"),
            "name": pd.Series([_name(month) for month in window], dtype="str"),
            "rows": pd.Series(told, dtype="Int64"),
        }
    )


def _compared(now: int, before: int, months: int, min_group: int, hidden: _Hidden) -> str:
    span = f"the {months} months before" if months > 1 else "the month before"
    if hidden.before and not is_small(before, min_group):
        return ""
    if hidden.now or min(now, before) < max(min_group, 1):
        return f", against {fewer_than(before, min_group)} in {span}"
    change = now / before - 1
    if abs(change) < 0.0005:
        return f", as many as in {span}"
    return f", {phrases.share(abs(change))} {'more' if change > 0 else 'fewer'} than in {span}"


def _told(count: int, rows: str, min_group: int, *, hidden: bool = False) -> str:
    if is_small(count, min_group):
        return f"fewer than {min_group} {rows}".capitalize()
    return f"a hidden number of {rows}".capitalize() if hidden else f"{count:,} {rows}"


def _alt(by_month: pd.DataFrame, rows: str, span: str) -> str:
    known = by_month.dropna(subset="rows")
    if known.empty:
        return f"Line of {rows} by month, {span}: every month is hidden."
    counted = [
        (int(count), str(name)) for name, count in zip(known["name"], known["rows"], strict=True)
    ]
    low, high = min(counted, key=lambda c: c[0]), max(counted, key=lambda c: c[0])
    return (
        f"Line of {rows} by month, {span}: between {low[0]:,} in {low[1]} "
        f"and {high[0]:,} in {high[1]}."
    )


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _name(month: int) -> str:
    return phrases.day(_first(month)).partition(" ")[2]
