"""A whole cut into named parts, such as customers by segment, followed from edition to edition."""

from __future__ import annotations

from typing import Any

from workbench.errors import NotebookError
from workbench.report.display import show
from workbench.report.findings import format_unit, plain_number
from workbench.report.formats import is_missing
from workbench.report.mime import BREAKDOWN
from workbench.report.tables import as_pandas, check_columns
from workbench.report.text import clean, escape_markdown, slug

__all__ = ["breakdown"]


def breakdown(
    frame: Any,
    *,
    id: str,
    label: str,
    part: str,
    name: str,
    value: str,
    unit: str,
) -> None:
    """Record a whole and its parts, so that the next edition can say which of them grew.

    It stands on no page by itself: show the same numbers as a table or a figure. JupyterLab shows
    one line.

    Parameters
    ----------
    frame
        One row for each part, in the order in which people read them.
    id
        Slug that stays the same from edition to edition.
    label
        What is cut into parts, in a few words: ``Customers by segment``.
    part
        What a part is called: ``Segment``.
    name
        Column with the parts' names, each once; they must stay the same from edition to edition.
    value
        Column with the parts' sizes; a missing one is a part too small to show.
    unit
        Unit of the sizes, as in `metric`: an ISO currency code, ``share``, ``days`` or a word.

    Raises
    ------
    NotebookError
        When a column is missing, there is no part, or two parts share a name.
    """
    key = slug(id, where="breakdown")
    where = f"breakdown {key}"
    title, kind, counted = (
        _said(text, what, where=where)
        for text, what in ((label, "label"), (part, "name of a part"), (unit, "unit"))
    )
    data = as_pandas(frame, where=where)
    check_columns(data, [name, value], where=where)
    names = [_said(str(text), f"{kind} in `{name}`", where=where) for text in data[name]]
    if not names or len(set(names)) != len(names):
        raise NotebookError(
            "two parts share a name" if names else "there are no parts",
            where=where,
            fix=f"Give one row for each value of `{name}`.",
        )
    sizes = [
        None if is_missing(size) else plain_number(size, where=where)
        for size in data[value].tolist()
    ]
    record = {
        "id": key,
        "label": title,
        "part": kind,
        "unit": counted,
        "parts": [
            {"name": one, "value": size, "display": format_unit(size, counted)}
            for one, size in zip(names, sizes, strict=True)
        ],
    }
    plain = f"{title}: {len(names)} parts recorded, to compare with the next edition."
    show(BREAKDOWN, record, plain=plain, preview={"text/markdown": escape_markdown(plain)})


def _said(text: str, what: str, *, where: str) -> str:
    """Return text on one line, or refuse an empty one."""
    said = " ".join(clean(text).split())
    if not said:
        raise NotebookError(f"the {what} is empty", where=where, fix="Name it in a few words.")
    return said
