"""Numbers as words in a sentence: the few forms that the analyses' findings need.

They give the same text as the report room's formats (a test compares them), but know nothing of
pages: an analysis may say what it found without knowing where it will be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

__all__ = [
    "MONTH_NAMES",
    "counted",
    "day",
    "days",
    "listed",
    "money",
    "pvalue",
    "share",
    "signed",
    "uncapitalised",
]

_SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "INR": "₹"}
_SCALES = ((1_000_000_000_000, "trillion"), (1_000_000_000, "billion"), (1_000_000, "million"))
_MINUS = "\u2212"
# Not strftime: its names of months depend on the machine's language.
MONTH_NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
"""The months, in their order."""


def share(value: float, digits: int = 1) -> str:
    """Return a share (0 to 1) as a percentage; one that is not quite nought or whole shows it.

    Examples
    --------
    >>> share(0.1234), share(0.0001)
    ('12.3%', '<0.1%')
    """
    percent, step = 100 * value, 10.0**-digits
    if 0 < percent < step / 2:
        return f"<{step:.{digits}f}%"
    if 100 - step / 2 <= percent < 100:
        return f">{100 - step:.{digits}f}%"
    return f"{_grouped(percent, digits)}%"


def money(value: float | Decimal, currency: str) -> str:
    """Return an amount with its currency; millions and above in words.

    Examples
    --------
    >>> money(8911407.904, "GBP"), money(12.5, "SEK")
    ('£8.91 million', 'SEK 12.50')
    """
    size: Any = abs(value)  # a float or a Decimal, each divided as what it is
    word, digits = "", 0 if size >= 1000 else 2
    for scale, name in _SCALES:
        if round(size) >= scale:
            size, word, digits = size / scale, f" {name}", 2
            break
    shown = f"{size:,.{digits}f}"
    minus = _MINUS if value < 0 and shown.strip("0.,") else ""
    return f"{minus}{_SYMBOLS.get(currency, f'{currency} ')}{shown}{word}"


def signed(value: float, digits: int) -> str:
    """Return a difference with its sign.

    Examples
    --------
    >>> signed(1.5, 1), signed(-0.001, 1)
    ('+1.5', '0.0')
    """
    text = _grouped(value, digits)
    return f"+{text}" if value > 0 and text.strip("0.,") else text


def days(value: float) -> str:
    """Return a number of days with the word.

    Examples
    --------
    >>> days(1), days(365)
    ('1 day', '365 days')
    """
    text = f"{value:,.0f}"
    return f"{text} day" if text == "1" else f"{text} days"


def day(value: date) -> str:
    """Return a day as a person writes it.

    Examples
    --------
    >>> day(date(2025, 6, 3))
    '3 Jun 2025'
    """
    return f"{value.day} {MONTH_NAMES[value.month - 1][:3]} {value.year}"


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> counted(1, "customer"), counted(1200, "customer")
    ('1 customer', '1,200 customers')
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def pvalue(value: float) -> str:
    """Return a p-value with its sign of equality.

    Examples
    --------
    >>> pvalue(0.0342), pvalue(1e-9)
    ('p = 0.034', 'p < 0.001')
    """
    if value < 0.0005:
        return "p < 0.001"
    return "p > 0.999" if 0.9995 <= value < 1 else f"p = {value:.3f}"


def listed(names: Sequence[str]) -> str:
    """Return names as a list in a sentence.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def uncapitalised(text: str) -> str:
    """Return a sentence as it goes on behind a colon.

    Examples
    --------
    >>> uncapitalised("Mend the source.")
    'mend the source.'
    """
    return f"{text[:1].lower()}{text[1:]}"


def _grouped(value: float, digits: int) -> str:
    text = f"{abs(value):,.{digits}f}"
    return f"{_MINUS}{text}" if value < 0 and text.strip("0.,") else text
