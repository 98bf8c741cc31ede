"""Changes of numbers as text, by the unit of the number."""

from __future__ import annotations

from workbench.data.phrases import signed
from workbench.report.formats import (
    MINUS,
    format_days,
    format_money,
    format_number,
    is_currency,
    number_digits,
)

__all__ = ["change_text", "points_text", "range_text", "relative_text", "size_text"]

_MOST_DIGITS = 6


def change_text(change: float, unit: str, digits: int | None = None) -> str:
    """Return a change with its sign, in the unit of what changed; shares change by points.

    Parameters
    ----------
    change
        The change.
    unit
        As of a metric: an ISO currency code, ``share``, ``days`` or a word.
    digits
        Decimals of days and plain numbers; as many as suit unless given.

    Examples
    --------
    >>> change_text(0.0123, "share"), change_text(-3, "days"), change_text(1204, "rows")
    ('+1.2 points', '−3 days', '+1,204')
    """
    if unit == "share":
        return points_text(change)
    size = size_text(abs(change), unit, digits)
    return f"{'+' if change > 0 else MINUS}{size}" if _says_something(size) else size


def range_text(low: float, high: float, unit: str) -> str:
    """Return a range of changes, both ends with the same decimals.

    Parameters
    ----------
    low, high, unit
        The ends, and their unit.

    Examples
    --------
    >>> range_text(-0.02, 0.019, "share"), range_text(-10.94, 9.876, "days")
    ('−2.0 to +1.9 points', '−10.9 to +9.9 days')
    """
    whole = float(low).is_integer() and float(high).is_integer()
    digits = 0 if whole else number_digits(max(abs(low), abs(high)))
    word = " points" if unit == "share" else " days" if unit == "days" else ""
    first, last = change_text(low, unit, digits), change_text(high, unit, digits)
    return f"{first.removesuffix(word)} to {last}"


def size_text(size: float, unit: str, digits: int | None = None) -> str:
    """Return a size that is not negative in a unit; what is not nought never looks like it.

    Parameters
    ----------
    size, unit, digits
        As of `change_text`.
    """
    if unit == "share":
        return points_text(size).lstrip("+")
    if is_currency(unit):
        return format_money(size, unit, short=True)
    shown = format_days if unit == "days" else format_number
    text = shown(size, digits)
    more = 4
    while digits is None and size and not _says_something(text) and more <= _MOST_DIGITS:
        text, more = shown(size, more), more + 1
    return text


def points_text(change: float, digits: int = 1) -> str:
    """Return a change of a share in percentage points.

    Examples
    --------
    >>> points_text(-0.02), points_text(0.00031)
    ('−2.0 points', '+0.03 points')
    """
    while change and not _says_something(signed(100 * change, digits)) and digits < _MOST_DIGITS:
        digits += 1
    return f"{signed(100 * change, digits)} points"


def relative_text(relative: float) -> str:
    """Return a change as a share of the number before, in percent.

    Examples
    --------
    >>> relative_text(0.034), relative_text(-0.5), relative_text(14.2)
    ('+3.4%', '−50.0%', '+1,420%')
    """
    return f"{signed(100 * relative, 0 if abs(relative) >= 10 else 1)}%"


def _says_something(text: str) -> bool:
    return any(digit in text for digit in "123456789")
