"""Times to an event as arrays: checked, with the two counts that every estimator needs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import AnalysisError

__all__ = ["Floats", "Ints", "at_risk", "checked_times", "marks_of", "marks_upto", "total_at"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_WIDE = 4  # whole times are counted in a table no longer than so many times the rows


def checked_times(
    durations: Any, event_observed: Any, entry: Any, n: Any, *, where: str = "survival"
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return times, events, entries and weights as arrays of one length, or refuse them.

    Parameters
    ----------
    durations
        Times to event or censoring, finite and not negative, shape (rows,).
    event_observed
        1 or true where the event was seen, 0 where censored.
    entry
        Times at which observation began, before `durations`; None: from the start.
    n
        How many customers each row stands for, whole numbers above 0; None: 1.
    where
        What is done with them, for the message of an error.

    Returns
    -------
    tuple
        Durations, events (0.0 or 1.0), entries (-1 where observed from the start, so that such a
        row is at risk at time 0 already) and weights.

    Raises
    ------
    AnalysisError
        For empty input, arrays of different length, or values outside these.
    """
    times = np.asarray(durations, dtype="float64")
    event = np.asarray(event_observed, dtype="float64")
    weight = np.ones_like(times) if n is None else np.asarray(n, dtype="float64")
    start = np.zeros_like(times) if entry is None else np.asarray(entry, dtype="float64")
    if not len(times):
        raise AnalysisError("no times are given", where=where, fix="Check the filter.")
    if not len(times) == len(event) == len(weight) == len(start):
        raise AnalysisError("times, events, entries and n differ in length", where=where)
    wrong = {
        "durations": ~np.isfinite(times) | (times < 0),
        "event_observed": (event != 0) & (event != 1),
        "n": ~np.isfinite(weight) | (weight < 1) | (weight != np.floor(weight)),
        "entry": ~np.isfinite(start) | ((start > 0) & (start >= times)),
    }
    for name, rows in wrong.items():
        if rows.any():
            raise AnalysisError(
                f"{int(rows.sum())} rows have a wrong {name}",
                where=where,
                fix="Times are finite and not negative, events 0 or 1, n whole and above 0, and "
                "an entry comes before its duration.",
            )
    return times, event, np.where(start <= 0, -1.0, start), weight


def marks_of(times: Floats) -> tuple[Floats, Ints]:
    """Return the distinct times, and 0, rising; and the place of each time among them.

    Whole days are counted in a table, which is many times quicker than sorting them.
    """
    latest = float(times.max())
    if latest <= _WIDE * len(times):
        whole = times.astype("int64")
        if (whole == times).all():
            seen = np.zeros(int(latest) + 1, dtype="int64")
            seen[whole] = 1
            seen[0] = 1
            return np.flatnonzero(seen).astype("float64"), (np.cumsum(seen) - 1)[whole]
    marks, places = np.unique(np.append(times, 0.0), return_inverse=True)
    return marks, places[:-1]


def marks_upto(marks: Floats, times: Floats) -> Ints:
    """Return how many marks lie at or before each time; a negative time comes before all of them.

    Parameters
    ----------
    marks
        Distinct, rising, not negative.
    times
        Any order; where they lie close together, such as days, they are looked up in a table.
    """
    latest = float(marks[-1]) if len(marks) else 0.0
    if len(times) > len(marks) and latest <= _WIDE * len(times) and (marks % 1 == 0).all():
        table = np.zeros(int(latest) + 2, dtype="int64")
        table[marks.astype("int64") + 1] = 1
        table = np.cumsum(table)  # at t + 1: the marks up to t
        held = np.minimum(np.maximum(times, -1.0), latest)
        found: Ints = table[(np.floor(held)).astype("int64") + 1]
        return found
    return np.searchsorted(marks, times, side="right")


def at_risk(
    marks: Floats, times: Floats, start: Floats, weight: Floats, *, upto: Ints | None = None
) -> Floats:
    """Return how many are under observation just before each mark.

    Parameters
    ----------
    marks
        Distinct and rising.
    times, start, weight
        As :func:`checked_times` returns them: one who enters at a time is at risk after it.
    upto
        What :func:`marks_upto` gives for `times`, where that is known already.
    """
    size = len(marks) + 1
    reached = marks_upto(marks, times) if upto is None else upto
    change: Floats = total_at(reached, weight, size)
    late = start >= 0
    if late.any():
        entered = marks_upto(marks, start[late])
        change = change - total_at(entered, weight[late], size)
    found: Floats = np.cumsum(change[::-1])[::-1][1:]
    return found


def total_at(places: Ints, weight: Floats, size: int) -> Floats:
    """Return the sum of the weights at each of so many places."""
    return np.bincount(places, weights=weight, minlength=size).astype("float64")
