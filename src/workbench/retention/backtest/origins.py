"""From which earlier days forecasts are tried, and how much data they need."""

from __future__ import annotations

from datetime import date, timedelta

from workbench.data.phrases import counted
from workbench.errors import AnalysisError
from workbench.retention.spans import moved

__all__ = [
    "A_YEAR",
    "MIN_CUSTOMERS",
    "MIN_DAYS",
    "MIN_EVENTS",
    "MIN_ORIGINS",
    "ORIGINS",
    "origins",
    "saw_a_year",
    "too_few",
]

ORIGINS = 4
"""From so many earlier days a forecast is tried, where there is history enough."""
MIN_ORIGINS = 3
"""From fewer days than this nothing can be learnt of a forecast."""
MIN_CUSTOMERS = 100
"""Customers, or subscriptions, that must be known on the earliest of these days."""
MIN_EVENTS = 50
"""Customers who bought again, or subscriptions that ended, by the day of the forecast."""
MIN_DAYS = 90
"""History before the earliest of these days; and at least half of what is looked ahead."""
A_YEAR = 358
"""History in which a season is looked for, in days: a year but for a week, as nobody buys again in
the first days."""


def origins(
    as_of: date, grain: str, *, ahead: int, begin: date, seasonal: bool = False
) -> tuple[date, ...]:
    """Return the days from which a forecast is tried, the earliest first; few or none if too soon.

    The last one lies so far back that all that it forecasts is known today. Where the history is
    long enough, none of them forecasts what another one does.

    Parameters
    ----------
    as_of
        The last day of the data.
    grain
        `week`, `month`, `quarter` or `year`.
    ahead
        How many periods are forecast, at least 1.
    begin
        The first day of the data.
    seasonal
        Whether the model knows a season. Then only days that have seen a whole year tell how good
        it is, and younger ones are left out where there are enough without them.

    Examples
    --------
    >>> days = origins(date(2025, 6, 30), "month", ahead=6, begin=date(2023, 1, 1))
    >>> [str(day) for day in days]
    ['2023-06-30', '2023-12-31', '2024-06-30', '2024-12-31']
    """
    if ahead < 1:
        raise AnalysisError(f"ahead == {ahead}, must be >= 1", where="forecast")
    span = (as_of - moved(as_of, grain, -ahead)).days
    room = _room(as_of, grain, ahead, begin + timedelta(days=max(MIN_DAYS, span // 2)))
    older = _room(as_of, grain, ahead, begin + timedelta(days=A_YEAR)) if seasonal else -1
    if older >= (MIN_ORIGINS - 1) * ahead:
        count, step = min(ORIGINS, older // ahead + 1), ahead
    else:
        count = min(ORIGINS, room + 1)
        step = min(ahead, room // (count - 1)) if count > 1 else 1
    return tuple(moved(as_of, grain, -ahead - place * step) for place in reversed(range(count)))


def saw_a_year(days: tuple[date, ...], begin: date) -> bool:
    """Return whether each of these days has a whole year of data before it.

    Parameters
    ----------
    days
        As :func:`origins` gives them.
    begin
        The first day of the data.
    """
    return bool(days) and (days[0] - begin).days >= A_YEAR


def _room(as_of: date, grain: str, ahead: int, first: date) -> int:
    """Return by how many periods the latest trial can be moved back; -1 where there is none."""
    room = -1
    while moved(as_of, grain, -ahead - room - 1) >= first:
        room += 1
    return room


def too_few(
    days: tuple[date, ...], *, known: int, events: int, who: str, event: str, begin: date
) -> str:
    """Return why no forecast is made of so few data, or nothing.

    Parameters
    ----------
    days
        As :func:`origins` gives them.
    known
        How many customers were known on the earliest of these days.
    events
        How many of the events that the model learns from there are today.
    who, event
        What they are, in words: ``customers``, ``customers bought again``.
    begin
        The first day of the data.
    """
    if len(days) < MIN_ORIGINS:
        return (
            f"The history, which begins on {begin:%Y-%m-%d}, is too short to try a forecast from "
            f"{MIN_ORIGINS} earlier days."
        )
    if known < MIN_CUSTOMERS:
        return f"A forecast needs {counted(MIN_CUSTOMERS, who[:-1], who)} at its earliest trial."
    if events < MIN_EVENTS:
        return f"Fewer than {MIN_EVENTS} {event} so far: too few to learn from."
    return ""
