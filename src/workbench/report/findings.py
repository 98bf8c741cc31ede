"""Sentences to decide on, and numbers with a unit: what leadership reads first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from workbench.errors import NotebookError, one_of
from workbench.report.display import show
from workbench.report.formats import (
    MISSING,
    format_number,
    format_unit,
    is_missing,
)
from workbench.report.mime import FINDING, METRIC, SECTION
from workbench.report.text import clean, escape_markdown, slug, slug_of

__all__ = ["FINDING_KINDS", "finding", "format_unit", "metric", "plain_number", "section"]

FINDING_KINDS = {
    "answer": "Answer",
    "warning": "Warning",
    "limit": "Limit",
    "action": "Action",
}


def _said(text: str, *, where: str, what: str) -> str:
    """Return text on one line, or refuse an empty one."""
    said = " ".join(clean(text).split())
    if not said:
        raise NotebookError(f"the {what} is empty", where=where, fix="Say it in a sentence.")
    return said


def finding(
    text: str,
    *,
    id: str | None = None,
    kind: str = "answer",
    decision: str | None = None,
    order: int = 0,
) -> None:
    """Record and show a sentence to decide on.

    Parameters
    ----------
    text
        One or two plain sentences with computed numbers; shown as it is, never as Markdown.
    id
        Slug that stays the same from edition to edition; made from the text when not given, which
        suits only sentences that hold no numbers.
    kind
        ``answer`` (to the report's question), ``warning`` (read before you rely on it), ``limit``
        (what the method cannot say) or ``action`` (what should be done).
    decision
        What leadership is asked to decide, if anything.
    order
        Place among the findings of its kind: lower comes first, equal in the notebook's order.
    """
    name = slug(id, where="finding") if id is not None else slug_of(text)
    where = f"finding {name}"
    if kind not in FINDING_KINDS:
        raise NotebookError(f"unknown kind `{kind}`", where=where, fix=one_of(kind, FINDING_KINDS))
    said = _said(text, where=where, what="text")
    asked = _said(decision, where=where, what="decision") if decision is not None else None
    record = {"id": name, "text": said, "kind": kind, "decision": asked, "order": int(order)}
    head = FINDING_KINDS[kind]
    lines = [f"**{head}.** {escape_markdown(said)}"]
    if asked:
        lines.append(f"**To decide:** {escape_markdown(asked)}")
    plain = f"{head}: {said}" + (f"\nTo decide: {asked}" if asked else "")
    preview = {"text/markdown": "> " + "\n>\n> ".join(lines)}
    show(FINDING, record, plain=plain, preview=preview)


def plain_number(value: Any, *, where: str) -> float | int:
    """Return a finite number that JSON can hold."""
    item = value.item() if hasattr(value, "item") else value
    if isinstance(item, Decimal):
        item = int(item) if item == item.to_integral_value() else float(item)
    if isinstance(item, bool) or not isinstance(item, (int, float)):
        raise NotebookError(
            f"{item!r} is not a number", where=where, fix="Give a number, or None with a reason."
        )
    if not math.isfinite(item):
        raise NotebookError(
            f"the value is {item}", where=where, fix="Give None and say why in `reason`."
        )
    return item


def _interval(
    ci: Sequence[Any] | None, unit: str, *, where: str
) -> tuple[list[Any] | None, str | None]:
    """Return an interval as JSON and in words."""
    if ci is None:
        return None, None
    if len(ci) != 4:
        raise NotebookError(
            f"an interval of {len(ci)} parts",
            where=where,
            fix="Give (low, high, level, method), such as (0.1, 0.2, 0.95, 'bootstrap').",
        )
    low, high = (plain_number(end, where=where) for end in ci[:2])
    level = float(ci[2])
    if low > high or not 0 < level < 1:
        raise NotebookError(
            f"interval {low} to {high} at level {level}",
            where=where,
            fix="The low end comes first, and the level lies between 0 and 1.",
        )
    method = _said(str(ci[3]), where=where, what="method of the interval")
    words = (
        f"{format_number(level * 100, 0)}% interval {format_unit(low, unit)} to "
        f"{format_unit(high, unit)}"
    )
    return [low, high, level, method], words


def metric(
    id: str,
    value: Any,
    *,
    label: str,
    unit: str,
    good: str | None = None,
    ci: Sequence[Any] | None = None,
    reason: str | None = None,
    headline: bool = True,
) -> None:
    """Record and show a number that is followed from edition to edition.

    Parameters
    ----------
    id
        Slug that stays the same from edition to edition.
    value
        A finite number, or None where there is none; then `reason` says why.
    label
        What is counted, in a few words: ``Customers who bought again``.
    unit
        ISO currency code, ``share`` (0 to 1), ``days``, or a word for what is counted.
    good
        ``up`` or ``down``: the direction that is good news, if there is one.
    ci
        ``(low, high, level, method)``: interval in the unit of the value, its level (0 to 1) and
        the name of its method.
    reason
        Why there is no number.
    headline
        Whether it stands on a card on top; others are recorded and shown in their place only.

    Raises
    ------
    NotebookError
        When the value is NaN or infinite, or is missing without a reason.
    """
    name = slug(id, where="metric")
    where = f"metric {name}"
    title = _said(label, where=where, what="label")
    unit_name = _said(unit, where=where, what="unit")
    if good not in {"up", "down", None}:
        raise NotebookError(f"good is `{good}`", where=where, fix="Allowed: up, down, None.")
    if value is None:
        why = _said(reason or "", where=where, what="reason for a missing number")
        number, display = None, MISSING
        ends, words = None, None
    else:
        if is_missing(value):
            raise NotebookError(
                "the value is NaN", where=where, fix="Give None and say why in `reason`."
            )
        number = plain_number(value, where=where)
        display = format_unit(number, unit_name)
        why = None
        ends, words = _interval(ci, unit_name, where=where)
    record = {
        "id": name,
        "label": title,
        "value": number,
        "unit": unit_name,
        "display": display,
        "good": good,
        "reason": why,
        "ci": ends,
        "ci_display": words,
        "headline": bool(headline),
    }
    aside = words or why
    plain = f"{title}: {display}" + (f" ({aside})" if aside else "")
    markdown = f"**{escape_markdown(display)}** {escape_markdown(title)}"
    if aside:
        markdown += f"  \n{escape_markdown(aside)}"
    show(METRIC, record, plain=plain, preview={"text/markdown": markdown})


def section(title: str, text: str = "", *, id: str | None = None) -> None:
    """Record and show a heading whose words are computed, with a paragraph under it if wanted.

    Headings that do not depend on data are better written as Markdown cells.

    Parameters
    ----------
    title
        The heading, one line; shown as it is.
    text
        A paragraph on how to read what follows; shown as it is.
    id
        Slug of the heading's anchor; made from the title when not given.
    """
    name = slug(id, where="section") if id is not None else slug_of(title)
    head = _said(title, where=f"section {name}", what="title")
    body = clean(text).strip()
    record = {"id": name, "title": head, "text": body}
    markdown = f"## {escape_markdown(head)}\n\n{escape_markdown(body)}".rstrip()
    show(SECTION, record, plain=f"{head}\n{body}".rstrip(), preview={"text/markdown": markdown})
