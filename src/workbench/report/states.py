"""What a report hands on to its next edition: a small plain state, kept with the edition."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from workbench.errors import NotebookError
from workbench.report.display import show
from workbench.report.mime import STATE
from workbench.report.text import escape_markdown, slug

__all__ = ["MOST_BYTES", "state"]

MOST_BYTES = 256_000
"""How large one state may be, as JSON text in bytes."""
_DEEPEST = 20
_ALLOWED = "Allowed: text, whole numbers, finite numbers, true, false, None, lists and mappings."
_MEND = {  # by the first part of the type's module
    "pandas": "Give plain values: `.tolist()` of a column, `.to_dict()` of a series.",
    "numpy": "Give plain values: `.item()` of a number, `.tolist()` of an array.",
    "datetime": "Write a day as text: `.isoformat()`.",
    "decimal": "Write an amount as text, or as `float(...)`.",
}


def state(id: str, value: Mapping[str, Any]) -> None:
    """Keep a small state for the next edition of this report; the page shows nothing of it.

    The next edition reads it with ``data.state(report, id)``: the names of segments, the cut points
    of a rule, what an experiment was declared to be. It is kept in the edition, which leadership
    reads: there must be no customer in it, no identifier of one, and no group that the report
    itself may not show.

    Parameters
    ----------
    id
        Slug that stays the same from edition to edition.
    value
        Text -> plain JSON values, at most 256 kB as text. The order of its names is not kept.

    Raises
    ------
    NotebookError
        When something in it is no plain JSON value (frames, arrays, dates, NaN), or it is too
        large.
    """
    name = slug(id, where="state")
    where = f"state {name}"
    if not isinstance(value, Mapping):
        raise _refused(value, "the state", where, fix="Give a mapping: `{'names': [...]}`.")
    kept = _plain(value, where, "", 0)
    size = len(json.dumps(kept, ensure_ascii=False).encode())
    if size > MOST_BYTES:
        raise NotebookError(
            f"it takes {size:,} bytes, at most {MOST_BYTES:,} are kept",
            where=where,
            fix="Keep what the next edition needs to go on: names, cut points, centres; no rows.",
        )
    said = f"Kept for the next edition: {name} ({size:,} bytes)."
    show(
        STATE,
        {"id": name, "value": kept},
        plain=said,
        preview={"text/markdown": escape_markdown(said)},
    )


def _plain(value: Any, where: str, path: str, depth: int) -> Any:
    """Return a value as plain JSON values, or refuse what is none."""
    at = f"the value at `{path}`" if path else "the state"
    if depth > _DEEPEST:
        raise NotebookError(
            f"{at} lies more than {_DEEPEST} levels deep", where=where, fix="Make it flatter."
        )
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, where, at)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotebookError(
                f"{at} is {value}, which is no JSON",
                where=where,
                fix="Give None where there is none.",
            )
        return float(value)
    if isinstance(value, Mapping) and not _module(value):
        return {
            _name(key, where, at): _plain(item, where, f"{path}.{key}".lstrip("."), depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            _plain(item, where, f"{path}[{place}]", depth + 1) for place, item in enumerate(value)
        ]
    raise _refused(value, at, where)


def _name(key: object, where: str, at: str) -> str:
    if not isinstance(key, str):
        raise NotebookError(
            f"{at} has the name {key!r}, which is no text",
            where=where,
            fix="JSON knows names of text only: `str(...)` makes one.",
        )
    return _text(key, where, at)


def _text(text: str, where: str, at: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotebookError(
            f"{at} holds half a character, which no file can",
            where=where,
            fix="Clean the text where it comes from.",
        ) from error
    return text[:]  # of a subclass, the plain text


def _refused(value: object, at: str, where: str, *, fix: str = "") -> NotebookError:
    kind = type(value)
    said = fix or _MEND.get(_module(value), _ALLOWED)
    return NotebookError(
        f"{at} is a {kind.__module__}.{kind.__qualname__}, which is no plain JSON value",
        where=where,
        fix=said,
    )


def _module(value: object) -> str:
    """Return which of the packages of `_MEND` a value's type is of; empty for none of them."""
    top = type(value).__module__.partition(".")[0]
    return top if top in _MEND else ""
