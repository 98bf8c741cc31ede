"""Each change as a sentence that an owner of data can act on: what moved, how far, how surely."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from workbench.data import phrases
from workbench.triage.drift.history import Restated
from workbench.triage.drift.measures import Interval

__all__ = [
    "categories_sentence",
    "distribution_sentence",
    "freshness_sentence",
    "history_sentence",
    "missing_sentence",
    "new_category_sentence",
    "reading",
    "schema_sentence",
    "volume_sentence",
]


def reading(large: bool, certain: bool) -> str:
    """Return what size and certainty mean together.

    Examples
    --------
    >>> reading(large=False, certain=True)
    'a real change, but a small one'
    """
    if large:
        return "a large and certain change" if certain else "large, but it may be chance"
    return "a real change, but a small one" if certain else "no more than chance would make"


def schema_sentence(
    new: Sequence[str], gone: Sequence[str], retyped: Sequence[tuple[str, str, str]]
) -> str:
    """Return which columns came, went, or changed their type."""
    parts = []
    if gone:
        parts.append(f"{_columns(gone)} {'is' if len(gone) == 1 else 'are'} gone")
    if retyped:
        parts += [f"`{name}` was {old} and is {kind} now" for name, old, kind in retyped]
    if new:
        parts.append(f"{_columns(new)} {'is' if len(new) == 1 else 'are'} new")
    return f"{_upper('; '.join(parts))}." if parts else "The columns are the same as before."


def _columns(names: Sequence[str]) -> str:
    word = "the column" if len(names) == 1 else "the columns"
    return f"{word} {phrases.listed([f'`{name}`' for name in names])}"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def volume_sentence(
    before: int,
    now: int,
    change: float | None,
    usual: tuple[float, float],
    loads: int,
    level: float,
) -> str:
    """Return how the number of rows changed, and what size of change is usual."""
    rows = f"{phrases.counted(now, 'row')}; the load before had {before:,}"
    if change is None:
        return f"{rows}."
    moved = f"{rows} ({_percent(change)})"
    low, high = (_percent(end) for end in usual)
    if not loads:
        return (
            f"{moved}. Too few earlier loads tell what is usual; "
            f"anything from {low} to {high} is taken for it."
        )
    held = usual[0] <= change <= usual[1]
    return (
        f"{moved}. After the changes of {loads} loads, {low} to {high} would be usual "
        f"({phrases.share(level)} prediction interval): this is {'' if held else 'not '}usual."
    )


def _percent(value: float) -> str:
    return f"{phrases.signed(100 * value, 1)}%"


def freshness_sentence(
    newest: date | None, age: int | None, before: date | None, limit: int | None
) -> str:
    """Return how old the newest row is, and whether anything newer came."""
    if newest is None or age is None:
        return "No row has a date."
    if age < 0:
        old = f"{phrases.days(-age)} after the day of the load"
    else:
        old = f"{phrases.days(age)} old"
    said = f"The newest row is dated {phrases.day(newest)}, {old}"
    if limit is not None and age > limit:
        said += f"; it may be {phrases.days(limit)} old"
    if before is not None and newest <= before:
        same = "nothing newer came" if newest == before else "the load before had newer ones"
        said += f"; {same}"
    return f"{said}."


def missing_sentence(
    column: str, before: float, now: float, found: Interval, level: float, read: str
) -> str:
    """Return how the share of missing values changed."""
    if before == now == 0:
        return f"`{column}` has a value in every row, as before."
    ends = f"{phrases.signed(100 * found.lower, 1)} to {phrases.signed(100 * found.upper, 1)}"
    return (
        f"`{column}` is missing in {phrases.share(now)} of the rows, {phrases.share(before)} "
        f"before: {read} ({_interval(level)} of the change: {ends} points)."
    )


def distribution_sentence(
    column: str,
    at: float,
    below: bool,
    shares: tuple[float, float],
    found: Interval,
    index: float,
    level: float,
    read: str,
) -> str:
    """Return where a numeric column's distribution moved most, and by how much."""
    if found.value == 0:
        return f"`{column}`: the values are spread as before ({_distance(found, index, level)})."
    where = "below" if below else "at or below"
    return (
        f"`{column}`: {phrases.share(shares[1])} of the values lie {where} {_plain(at)}, "
        f"{phrases.share(shares[0])} before: {read} ({_distance(found, index, level)})."
    )


def categories_sentence(
    column: str,
    most: tuple[str, float, float] | None,
    found: Interval,
    index: float,
    level: float,
    read: str,
) -> str:
    """Return which category's share changed most."""
    measured = _distance(found, index, level)
    if found.value == 0:
        return f"`{column}`: the categories have the same shares as before ({measured})."
    if most is None:
        return f"`{column}`: no category is large enough to be named: {read} ({measured})."
    value, before, now = most
    return (
        f"`{column}`: “{value}” has {phrases.share(now)} of the rows, {phrases.share(before)} "
        f"before: {read} ({measured})."
    )


def _distance(found: Interval, index: float, level: float) -> str:
    return (
        f"distance {found.value:.3f}, {_interval(level)} {found.lower:.3f} to {found.upper:.3f}; "
        f"stability index {index:.3f}"
    )


def _interval(level: float) -> str:
    # Cut, not rounded: no interval holds with certainty.
    return f"{math.floor(level * 10_000) / 100:g}% interval"


def new_category_sentence(
    column: str, value: str, gone: bool, share: float, times: float, level: float, read: str
) -> str:
    """Return which category is new or vanished, and how surely."""
    if gone:
        had = f"`{column}`: “{value}” has vanished; it had {phrases.share(share)} of the rows"
    else:
        had = f"`{column}`: “{value}” is new, with {phrases.share(share)} of the rows"
    if times <= 1:
        return f"{had}: {read}."
    much = "over a thousand" if times > 1000 else f"at least {times:,.1f}"
    than = "before as now" if gone else "now as before"
    return f"{had}: {read} ({much} times as frequent {than}, {_interval(level)})."


def history_sentence(found: Restated, share: float) -> str:
    """Return how many rows of the past changed, went or came late, and from which days."""
    total = found.changed + found.gone + found.late
    if not total or found.first is None or found.last is None:
        return f"Nothing dated up to {phrases.day(found.until)} was restated."
    parts = []
    if found.changed:
        name, rows = found.columns[0]
        every = "all" if rows == found.changed else f"{rows:,}"
        parts.append(f"{found.changed:,} changed ({every} in `{name}`)")
    if found.gone:
        parts.append(f"{found.gone:,} went")
    if found.late:
        parts.append(f"{found.late:,} came late")
    span = phrases.day(found.first)
    if found.last != found.first:
        span = f"{span} to {phrases.day(found.last)}"
    return (
        f"Of the rows dated up to {phrases.day(found.until)}, {phrases.listed(parts)}: "
        f"{phrases.share(share)} of those before, dated {span}."
    )


def _plain(value: float) -> str:
    text = f"{value:,.4f}" if abs(value) < 1000 else f"{value:,.2f}"
    return text.rstrip("0").rstrip(".").replace("-", "\u2212")
