"""Known events in a forecast: how many times as many purchases as usual their days have.

Events with the same title are the same event. Where it lies in the past, its days are held against
the same weekdays of the four weeks before and after it; an event to come is expected to do what it
did then, give or take. An event that was never seen before has no factor, and is only named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from workbench.params import EventParams
from workbench.retention.maximise import Floats

__all__ = ["EventFactor", "days_of", "event_factors"]

Ints = npt.NDArray[np.int64]
Days = tuple[int, int]
AROUND = 28
"""Days before and after an event that say what is usual."""
EXPECTED = 5.0
"""Purchases that its days must usually have, for an event to tell anything."""
DIFFER = 0.2
"""How far, in logarithms, one occurrence differs from the next, as long as one alone was seen."""


@dataclass(frozen=True)
class EventFactor:
    """What an event does, as far as the past tells.

    Parameters
    ----------
    title
        The event.
    ahead
        First and last day numbers of its occurrences in the time to come.
    seen
        How many past occurrences tell it.
    factor, ci_lower, ci_upper
        How many times as many purchases as usual its days will have, with an interval for the next
        occurrence; None where the past does not tell.
    level
        Of the interval.
    log_mean, log_error
        The same, as a normal distribution of the logarithm; 0 where the past does not tell.
    reason
        Why there is no factor; empty otherwise.
    """

    title: str
    ahead: tuple[Days, ...]
    seen: int
    factor: float | None
    ci_lower: float | None
    ci_upper: float | None
    level: float
    log_mean: float
    log_error: float
    reason: str


class _Seen(NamedTuple):
    log_ratio: float
    variance: float


def days_of(events: Mapping[str, EventParams], table: str) -> list[tuple[str, Days]]:
    """Return title, first and last day number of the events that change how much happens.

    Parameters
    ----------
    events
        A unit's calendar.
    table
        The canonical table that is forecast. Events about other tables, and those that explain no
        change of volume, are left out.
    """
    found = [
        (event.title, (event.start.toordinal(), event.end.toordinal()))
        for event in events.values()
        if "volume" in event.explains and (not event.tables or table in event.tables)
    ]
    return sorted(found, key=lambda each: (each[1], each[0]))


def event_factors(
    counts: Ints,
    begin: int,
    days: Iterable[tuple[str, Days]],
    *,
    until: int,
    alpha: float = 0.05,
) -> tuple[EventFactor, ...]:
    """Return what the events of a time to come do, from what they did before.

    Parameters
    ----------
    counts
        Repeat purchases on each day of the past, shape (days,).
    begin
        Number of the first of these days.
    days
        Events as :func:`days_of` gives them, past and to come.
    until
        Number of the last day that is forecast.
    alpha
        One minus the level of the intervals.

    Notes
    -----
    The spread between occurrences is that of DerSimonian and Laird, with one occurrence's worth of
    a difference by a fifth, so that a single one is not taken for certain.
    """
    listed = list(days)
    last = begin + len(counts) - 1
    busy = np.zeros(len(counts), dtype=bool)
    for _, (first, end) in listed:
        busy[max(first - begin, 0) : max(end - begin + 1, 0)] = True
    made = []
    for title in dict.fromkeys(name for name, _ in listed):
        own = [span for name, span in listed if name == title]
        ahead = tuple(span for span in own if span[1] > last and span[0] <= until)
        if not ahead:
            continue
        past = [span for span in own if begin <= span[0] and span[1] <= last]
        seen = [one for span in past if (one := _measured(counts, begin, busy, span)) is not None]
        made.append(_factor(title, ahead, len(past), seen, alpha))
    return tuple(made)


def _measured(counts: Ints, begin: int, busy: npt.NDArray[np.bool_], span: Days) -> _Seen | None:
    """Return the logarithm of actual to usual purchases of a past occurrence, with its variance."""
    first, last = span[0] - begin, span[1] - begin
    around = np.arange(max(first - AROUND, 0), min(last + AROUND + 1, len(counts)))
    around = around[~busy[around]]
    usual, variance, squares, spare = 0.0, 0.0, 0.0, 0
    for weekday in range(7):
        on = np.arange(first, last + 1)
        wanted = int(((on + begin) % 7 == weekday).sum())
        near = counts[around[(around + begin) % 7 == weekday]]
        if wanted and len(near) < 2:
            return None
        if not wanted:
            continue
        mean = float(near.mean())
        usual += wanted * mean
        variance += wanted**2 * mean / len(near)
        if mean > 0:
            squares += float(((near - mean) ** 2).sum()) / mean
            spare += len(near) - 1
    if usual < EXPECTED:
        return None
    beyond = max(1.0, squares / spare) if spare else 1.0
    actual = float(counts[first : last + 1].sum()) + 0.5
    return _Seen(float(np.log(actual / (usual + 0.5))), beyond * (1 / actual + variance / usual**2))


def _factor(
    title: str, ahead: tuple[Days, ...], past: int, seen: list[_Seen], alpha: float
) -> EventFactor:
    if not seen:
        why = "It is not in the past that the data hold."
        if past:
            why = "Too few purchases were made around it in the past to tell what it does."
        return EventFactor(title, ahead, 0, None, None, None, 1 - alpha, 0.0, 0.0, why)
    logs = np.array([one.log_ratio for one in seen])
    variance = np.array([one.variance for one in seen])
    differ = DIFFER**2
    if len(seen) > 1:
        differ = (differ + (len(seen) - 1) * _between(logs, variance)) / len(seen)
    weight = 1 / (variance + differ)
    mean = float((weight * logs).sum() / weight.sum())
    error = float(np.sqrt(1 / weight.sum() + differ))
    half = float(stats.norm.isf(alpha / 2)) * error
    ends = [float(np.exp(mean + sign * half)) for sign in (-1, 1)]
    middle = float(np.exp(mean))
    return EventFactor(
        title, ahead, len(seen), middle, ends[0], ends[1], 1 - alpha, mean, error, ""
    )


def _between(logs: Floats, variance: Floats) -> float:
    weight = 1 / variance
    mean = (weight * logs).sum() / weight.sum()
    excess = (weight * (logs - mean) ** 2).sum() - (len(logs) - 1)
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    return max(0.0, float(excess / scale))
