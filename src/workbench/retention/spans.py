"""Periods that are counted from one day, backwards and forwards.

A forecast begins on the day after the data end, whatever day that is. So a month is not one of the
calendar but the time from a day to the same day of the next month; where the data end with a month,
the two are the same.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from workbench.data.phrases import day as as_words
from workbench.errors import AnalysisError, one_of
from workbench.retention.periods import GRAINS, MONTHS_IN

__all__ = ["PER_YEAR", "bounds", "moved", "named"]

Ints = npt.NDArray[np.int64]
PER_YEAR = {"week": 52, "month": 12, "quarter": 4, "year": 1}
"""Grain -> after how many periods the same season comes again."""


def moved(day: date, grain: str, count: int) -> date:
    """Return the day so many periods later, or earlier for a negative count.

    The last day of a month stays a last day; another day that a month lacks becomes its last one.

    Examples
    --------
    >>> moved(date(2025, 6, 30), "month", -4), moved(date(2025, 1, 30), "month", 1)
    (datetime.date(2025, 2, 28), datetime.date(2025, 2, 28))
    """
    if grain not in GRAINS:
        raise AnalysisError(f"{grain!r} is not known", where="grain", fix=one_of(grain, GRAINS))
    if grain == "week":
        return day + timedelta(weeks=count)
    place = day.year * 12 + day.month - 1 + count * MONTHS_IN[grain]
    year, month = place // 12, place % 12 + 1
    last = monthrange(year, month)[1]
    is_last = day.day == monthrange(day.year, day.month)[1]
    return date(year, month, last if is_last else min(day.day, last))


def bounds(day: date, grain: str, *, back: int, ahead: int) -> Ints:
    """Return the last days of periods around a day, as day numbers.

    Parameters
    ----------
    day
        The last day of a period.
    grain
        `week`, `month`, `quarter` or `year`.
    back, ahead
        How many periods before it and after it.

    Returns
    -------
    numpy.ndarray
        Shape (back + 1 + ahead,); the day itself stands at place `back`. The period at place k
        holds the days after bound k - 1, up to bound k.
    """
    days = [moved(day, grain, count).toordinal() for count in range(-back, ahead + 1)]
    return np.array(days, dtype="int64")


def named(first: int, last: int) -> str:
    """Return a period as a person writes it, from the numbers of its first and last day.

    Examples
    --------
    >>> named(date(2025, 6, 1).toordinal(), date(2025, 6, 30).toordinal())
    '1 Jun to 30 Jun 2025'
    """
    begin, end = date.fromordinal(int(first)), date.fromordinal(int(last))
    told = as_words(begin)
    if begin == end:
        return told
    return f"{told[:-5] if begin.year == end.year else told} to {as_words(end)}"
