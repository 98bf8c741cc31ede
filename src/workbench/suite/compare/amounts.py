"""Changes of numbers as text, by the unit of the number."""

from __future__ import annotations

from workbench.data.phrases import signed
from workbench.report.formats import (
    MINUS,
    format_days,
    format_money,
    format_number,
    is_currency,
)

__all__ = ["change_text", "points_text", "range_text", "relative_text", "size_text"]

_MOST_DIGITS = 6


def change_text(change: float, unit: str) -> str:
    """Return a change with its sign, in the unit of what changed; shares change by points.

    Examples
    --------
    >>> change_text(0.0123, "share"), change_text(-3, "days"), change_text(1204, "rows")
    ('+1.2 points', '−3 days', '+1,204')
    """
    if unit == "share":
        return points_text(change)
    size = size_text(abs(change), unit)
    return size if change == 0 else f"{'+' if change > 0 else MINUS}{size}"


def range_text(low: float, high: float, unit: str) -> str:
    """Return a range of changes.

    Examples
    --------
    >>> range_text(-0.02, 0.019, "share"), range_text(-3, 12, "days")
    ('−2.0 to +1.9 points', '−3 to +12 days')
    """
    word = " points" if unit == "share" else " days" if unit == "days" else ""
    return f"{change_text(low, unit).removesuffix(word)} to {change_text(high, unit)}"


def size_text(size: float, unit: str) -> str:
    """Return a size that is not negative in a unit, with as many digits as it needs not to be 0."""
    if unit == "share":
        return points_text(size).lstrip("+")
    if is_currency(unit):
        return format_money(size, unit, short=True)
    text = format_number(size)
    digits = 4
    while size and not _says_something(text) and digits <= _MOST_DIGITS:
        text, digits = format_number(size, digits), digits + 1
    return format_days(size) if unit == "days" and _says_something(format_days(size)) else text


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
