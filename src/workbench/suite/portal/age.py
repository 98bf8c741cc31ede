"""How old a report is, told without a clock: beside the day of its suite."""

from __future__ import annotations

from datetime import date

__all__ = ["age_in_words"]


def age_in_words(as_of: str, suite: date) -> str:
    """Return how much older than the suite's day a report is; empty when it is not.

    Parameters
    ----------
    as_of
        The day that the report looks back from, ``YYYY-MM-DD``; may be empty.
    suite
        The suite's day.

    Examples
    --------
    >>> age_in_words("2025-05-31", date(2025, 6, 30))
    '30 days older'
    """
    if not as_of:
        return ""
    days = (suite - date.fromisoformat(as_of)).days
    if days == 0:
        return ""
    many = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
    return f"{many} {'older' if days > 0 else 'newer'}"
