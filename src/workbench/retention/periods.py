"""Weeks, months, quarters and years as whole numbers that can be subtracted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

import narwhals as nw
import numpy as np
import numpy.typing as npt

from workbench.data.frames import day_number
from workbench.errors import AnalysisError, one_of

__all__ = ["GRAINS", "MONTHS_IN", "Calendar", "Grain"]

Grain = Literal["week", "month", "quarter", "year"]
GRAINS: tuple[str, ...] = get_args(Grain)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}
"""Grain -> how many months it has; a week has none."""


@dataclass(frozen=True)
class Calendar:
    """How a unit cuts time into periods.

    Parameters
    ----------
    grain
        `week`, `month`, `quarter` or `year`.
    week_start
        First day of a week, in English and lower case.
    fiscal_year_start
        First month of the year, 1 to 12: quarters and years are counted from it.

    Raises
    ------
    AnalysisError
        For values outside these.
    """

    grain: str = "month"
    week_start: str = "monday"
    fiscal_year_start: int = 1

    def __post_init__(self) -> None:
        for value, known in ((self.grain, GRAINS), (self.week_start, _WEEKDAYS)):
            if value not in known:
                raise AnalysisError(
                    f"{value!r} is not known", where="calendar", fix=one_of(value, known)
                )
        if not 1 <= self.fiscal_year_start <= 12:
            raise AnalysisError(
                f"fiscal_year_start == {self.fiscal_year_start}, must be 1 to 12", where="calendar"
            )

    @property
    def days(self) -> float:
        """Return the mean length of a period in days."""
        return 7.0 if self.grain == "week" else MONTHS_IN[self.grain] * 365.25 / 12

    def number(self, column: str) -> nw.Expr:
        """Return the period's number of a date or time column, as Int64.

        A missing time has a number without meaning: filter it out.
        """
        if self.grain == "week":
            return (day_number(column) - 1 - self._shift) // 7
        month = nw.col(column).dt.year().fill_null(0).cast(nw.Int64) * 12
        month = month + nw.col(column).dt.month().fill_null(1).cast(nw.Int64) - 1
        return month if self.grain == "month" else (month - self._shift) // MONTHS_IN[self.grain]

    def number_of(self, day: date) -> int:
        """Return the period's number of one day."""
        if self.grain == "week":
            return (day.toordinal() - 1 - self._shift) // 7
        month = day.year * 12 + day.month - 1
        return month if self.grain == "month" else (month - self._shift) // MONTHS_IN[self.grain]

    def numbers_of(self, days: Any) -> npt.NDArray[np.int64]:
        """Return the periods' numbers of day numbers, in the same order.

        Examples
        --------
        >>> found = Calendar("week").numbers_of([738886, 738892, 738893])  # from 1 January 2024 on
        >>> found - found[0]
        array([0, 0, 1])
        """
        known, place = np.unique(np.asarray(days, dtype="int64"), return_inverse=True)
        numbers = [self.number_of(date.fromordinal(int(day))) for day in known]
        return np.array(numbers, dtype="int64")[place]

    def start_of(self, number: int) -> date:
        """Return the first day of a period.

        Examples
        --------
        >>> calendar = Calendar("quarter", fiscal_year_start=2)
        >>> calendar.start_of(calendar.number_of(date(2024, 1, 31)))
        datetime.date(2023, 11, 1)
        """
        if self.grain == "week":
            return date.fromordinal(number * 7 + 1 + self._shift)
        size = MONTHS_IN[self.grain]
        month = number if self.grain == "month" else number * size + self._shift
        return date(month // 12, month % 12 + 1, 1)

    def last_over(self, day: date) -> int:
        """Return the number of the last period that is over at the end of a day.

        Examples
        --------
        >>> calendar = Calendar("month")
        >>> calendar.last_over(date(2024, 1, 31)) - calendar.last_over(date(2024, 1, 30))
        1
        """
        here = self.number_of(day)
        over = self.start_of(here + 1).toordinal() - 1 == day.toordinal()
        return here if over else here - 1

    def label(self, start: date) -> str:
        """Return how a period is called by its first day: the day of a week, the month, the year.

        A year that does not begin in January is called by its first month.
        """
        if self.grain == "week":
            return f"{start:%Y-%m-%d}"
        if self.grain == "year" and self.fiscal_year_start == 1:
            return f"{start.year}"
        return f"{start:%Y-%m}"

    @property
    def _shift(self) -> int:
        """Return how far the first period's start lies from the usual one."""
        if self.grain == "week":
            return _WEEKDAYS.index(self.week_start)
        return self.fiscal_year_start - 1
