"""Numbers, money, shares and dates as text, the same in every table, card and sentence.

No locale is read: separators and month names are fixed, so that the same value gives the same
bytes everywhere. A missing value is an en dash.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from workbench.errors import NotebookError, one_of

__all__ = [
    "FORMATS",
    "MISSING",
    "format_date",
    "format_days",
    "format_money",
    "format_number",
    "format_pvalue",
    "format_share",
    "format_unit",
    "format_value",
    "is_currency",
    "is_missing",
]

MISSING = "–"
MINUS = "\u2212"

_SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "INR": "₹"}
_SCALES = ((1_000_000_000_000, "trillion"), (1_000_000_000, "billion"), (1_000_000, "million"))
# 999,999.6 reads as a million: what would be shown decides, not what is stored.
_ROUNDS_UP = 0.999995
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def is_missing(value: object) -> bool:
    """Return whether a value is None, NaN, NaT or NA; infinity is not missing but wrong."""
    if value is None:
        return True
    if isinstance(value, (str, bytes)):
        return False
    if isinstance(value, Decimal):
        return value.is_nan()
    try:
        return bool(value != value)
    except TypeError:  # pandas.NA has no truth value
        return True


def is_currency(unit: str) -> bool:
    """Return whether a unit looks like an ISO 4217 code, such as ``GBP``."""
    return len(unit) == 3 and unit.isascii() and unit.isalpha() and unit.isupper()


def _numeric(value: Any) -> Decimal | float | int:
    """Return a plain Python number, whatever library's scalar it came as."""
    if isinstance(value, (Decimal, bool)):
        return value if isinstance(value, Decimal) else int(value)
    item = value.item() if hasattr(value, "item") else value
    if isinstance(item, Decimal):
        return item
    if not isinstance(item, (int, float)):
        raise NotebookError(
            f"{item!r} is not a number", where="format", fix='Use format="text" for text.'
        )
    if isinstance(item, float) and math.isinf(item):
        raise NotebookError(
            "the value is infinite", where="format", fix="Give None where there is no number."
        )
    return item


def _grouped(value: Decimal | float | int, digits: int) -> str:
    """Return a number with thousands separators, a real minus sign, and never minus nought."""
    text = f"{abs(value):,.{digits}f}"
    negative = value < 0 and any(c in "123456789" for c in text)
    return f"{MINUS}{text}" if negative else text


def number_digits(largest: float) -> int:
    """Return how many decimals suit numbers whose largest size is given (about three figures)."""
    if largest >= 100:
        return 0
    if largest >= 10:
        return 1
    return 2 if largest >= 1 else 3


def format_number(value: Any, digits: int | None = None) -> str:
    """Return a number with thousands separators.

    Parameters
    ----------
    value
        Any real number; missing gives an en dash.
    digits
        Decimals; when not given, none for whole numbers, else about three figures.

    Examples
    --------
    >>> format_number(1234567), format_number(12.345), format_number(None)
    ('1,234,567', '12.3', '–')
    """
    if is_missing(value):
        return MISSING
    number = _numeric(value)
    if digits is None:
        digits = 0 if number == int(number) else number_digits(abs(float(number)))
    return _grouped(number, digits)


def format_share(value: Any, digits: int = 1) -> str:
    """Return a share between 0 and 1 as a percentage, one digit after the point.

    A share that is not quite nought, or not quite whole, is never shown as if it were.

    Examples
    --------
    >>> format_share(0.1234), format_share(0.0001), format_share(0.99999)
    ('12.3%', '<0.1%', '>99.9%')
    """
    if is_missing(value):
        return MISSING
    number = _numeric(value)
    step = 10.0**-digits
    percent = float(number) * 100
    if 0 < percent < step / 2:
        return f"<{step:.{digits}f}%"
    if 100 - step / 2 <= percent < 100:
        return f">{100 - step:.{digits}f}%"
    return f"{_grouped(percent, digits)}%"


def money_digits(largest: float) -> int:
    """Return the decimals for amounts whose largest size is given: pence only below a thousand."""
    return 0 if largest >= 1000 else 2


def format_money(
    value: Any, currency: str, digits: int | None = None, *, short: bool = False
) -> str:
    """Return an amount with its currency.

    Parameters
    ----------
    value
        The amount; missing gives an en dash.
    currency
        ISO code; a few well-known ones are shown as their symbol.
    digits
        Decimals; when not given, pence only below a thousand.
    short
        Write millions and above in words, as cards and sentences do.

    Examples
    --------
    >>> format_money(8911407.904, "GBP", short=True), format_money(12.5, "SEK")
    ('£8.91 million', 'SEK 12.50')
    """
    if is_missing(value):
        return MISSING
    number = _numeric(value)
    size = abs(Decimal(str(number)))
    word = ""
    if short:
        for scale, name in _SCALES:
            if float(size) >= scale * _ROUNDS_UP:
                size, word = size / scale, f" {name}"
                digits = 2 if digits is None else digits
                break
    shown = f"{size:,.{money_digits(float(size)) if digits is None else digits}f}"
    sign = MINUS if number < 0 and any(c in "123456789" for c in shown) else ""
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{shown}{word}"


def format_date(value: Any) -> str:
    """Return a date as 30 Jun 2025, with the hour and minute where there are any.

    Examples
    --------
    >>> format_date("2025-06-30"), format_date(datetime(2025, 6, 30, 9, 5))
    ('30 Jun 2025', '30 Jun 2025 09:05')
    """
    if is_missing(value):
        return MISSING
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime(warn=False)
    elif hasattr(value, "item"):
        value = value.astype("datetime64[us]").item()
    day = f"{value.day} {_MONTHS[value.month - 1]} {value.year:04d}"
    if isinstance(value, datetime) and (value.hour or value.minute):
        return f"{day} {value.hour:02d}:{value.minute:02d}"
    return day


def format_days(value: Any, digits: int | None = None) -> str:
    """Return a number of days with the word.

    Examples
    --------
    >>> format_days(1), format_days(12.34)
    ('1 day', '12.3 days')
    """
    if is_missing(value):
        return MISSING
    text = format_number(value, digits)
    return f"{text} day" if text == "1" else f"{text} days"


def format_unit(value: Any, unit: str) -> str:
    """Return a number as a card shows it, by its unit.

    Parameters
    ----------
    value
        The number; missing gives an en dash.
    unit
        ISO currency code, ``share`` (0 to 1), ``days``, or a word for what is counted.
    """
    if is_currency(unit):
        return format_money(value, unit, short=True)
    if unit == "share":
        return format_share(value)
    if unit == "days":
        return format_days(value)
    if unit == "date":
        return format_date(value)
    return format_number(value)


def format_pvalue(value: Any) -> str:
    """Return a p-value with three digits; below that, only that it is below.

    Examples
    --------
    >>> format_pvalue(0.03421), format_pvalue(1e-9)
    ('0.034', '<0.001')
    """
    if is_missing(value):
        return MISSING
    number = float(_numeric(value))
    if number < 0.0005:
        return "<0.001"
    return ">0.999" if 0.9995 <= number < 1 else f"{number:.3f}"


def _text(value: Any) -> str:
    if is_missing(value):
        return MISSING
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "yes" if value else "no"
    return str(value)


FORMATS: dict[str, Callable[..., str]] = {
    "text": _text,
    "integer": format_number,
    "number": format_number,
    "share": format_share,
    "money": format_money,
    "date": format_date,
    "days": format_days,
    "pvalue": format_pvalue,
}


def format_value(
    value: Any,
    format: str,
    *,
    currency: str | None = None,
    digits: int | None = None,
    short: bool = False,
) -> str:
    """Return a value as text, by the name of its format.

    Parameters
    ----------
    value
        Anything that the format takes; missing gives an en dash.
    format
        ``text``, ``integer``, ``number``, ``share``, ``money``, ``date``, ``days`` or ``pvalue``.
    currency
        ISO code; needed by ``money``.
    digits
        Decimals of ``number``, ``share``, ``money`` and ``days``.
    short
        Write millions of money in words.

    Raises
    ------
    NotebookError
        When the format is unknown, or money has no currency.
    """
    if format not in FORMATS:
        raise NotebookError(
            f"unknown format `{format}`", where="format", fix=one_of(format, FORMATS)
        )
    if format == "money":
        if not currency:
            raise NotebookError(
                "money needs a currency", where="format", fix="Pass currency=unit.currency."
            )
        return format_money(value, currency, digits, short=short)
    if format == "integer":
        return format_number(value, 0)
    if format == "share":
        return format_share(value, 1 if digits is None else digits)
    if format in {"number", "days"}:
        return FORMATS[format](value, digits)
    return FORMATS[format](value)
