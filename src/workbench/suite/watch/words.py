"""Numbers, gaps and days as the sentences on goals, alerts and plans write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workbench.errors import nearest
from workbench.report.formats import format_date, format_share, format_unit

__all__ = ["day", "declared", "gap", "holds", "interval", "no_metric", "no_value", "quoted"]


def declared(value: float, unit: str) -> str:
    """Return a number that a person chose, with no more digits than it has.

    Examples
    --------
    >>> declared(0.35, "share"), declared(0.125, "share"), declared(1200.0, "GBP")
    ('35%', '12.5%', '£1,200')
    """
    if unit == "share":
        percent = value * 100
        digits = next((n for n in range(3) if abs(round(percent, n) - percent) < 1e-9), 3)
        return format_share(value, digits)
    return format_unit(value, unit)


def gap(one: float, other: float, unit: str) -> str:
    """Return how far two numbers lie apart; of shares in percentage points.

    Examples
    --------
    >>> gap(0.285, 0.35, "share"), gap(4.0, 5.0, "customers"), gap(0.35, 0.3499, "share")
    ('6.5 points', '1', 'less than 0.1 points')
    """
    size = abs(one - other)
    if unit != "share":
        return format_unit(size, unit)
    points = round(size * 100, 1)
    if points == 0 and size > 0:
        return "less than 0.1 points"
    return f"{points:,.1f} point{'' if points == 1 else 's'}"


def day(text: str) -> str:
    """Return an ISO date in words."""
    return format_date(text)


def quoted(record: Mapping[str, Any]) -> str:
    """Return a metric's label as a name within a sentence."""
    return f"“{record['label']}”"


def interval(record: Mapping[str, Any]) -> str:
    """Return a metric's interval in words: ``its 95% interval, 33.1% to 36.5%,``."""
    low, high, level, _ = record["ci"]
    unit = str(record["unit"])
    return f"its {100 * level:g}% interval, {format_unit(low, unit)} to {format_unit(high, unit)},"


def holds(record: Mapping[str, Any], value: float) -> bool:
    """Return whether a metric's interval holds a value; without an interval it does not."""
    ci = record.get("ci")
    return ci is not None and bool(ci[0] <= value <= ci[1])


def no_metric(name: str, known: Iterable[str]) -> str:
    """Return the sentence on a metric that the report does not record, with the nearest name."""
    guess = nearest(name, known)
    hint = f" Did you mean `{guess}`?" if guess else ""
    return f"The report records no metric `{name}`.{hint}"


def no_value(record: Mapping[str, Any]) -> str:
    """Return the sentence on a metric that was recorded without a number."""
    reason = str(record.get("reason") or "").strip().rstrip(".")
    return f"{quoted(record)} has no number: {reason or 'no reason is given'}."
