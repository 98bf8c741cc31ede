"""What the template needs to know about strings and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from workbench.report.formats import format_date, is_currency
from workbench.report.text import escape_html

__all__ = ["FILTERS"]


def said(text: object) -> Markup:
    """Return text, escaped and without characters that hide or reorder what is around them."""
    return Markup(escape_html(text))


def day(text: str) -> str:
    """Return an ISO date in words; another text stays as it is."""
    try:
        return format_date(text)
    except ValueError:
        return text


def counted(metric: Mapping[str, Any]) -> str:
    """Return the word for what is counted, where neither the label nor the number says it."""
    unit = str(metric["unit"])
    if metric["value"] is None or is_currency(unit) or unit in {"share", "days", "number"}:
        return ""
    return "" if unit.lower() in str(metric["label"]).lower() else unit


FILTERS: Mapping[str, Callable[..., object]] = {"said": said, "day": day, "counted": counted}
