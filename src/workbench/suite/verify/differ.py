"""Where two files first differ, in words."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from workbench.suite.compare.plain import one_line

__all__ = ["difference"]

_LONGEST = 80  # characters of a value that are shown
_BEFORE = 20  # of them, those before the difference
_NOTHING = object()


def difference(name: str, old: bytes, new: bytes) -> str:
    r"""Return where two versions of a file first differ, in words; empty where they do not.

    Parameters
    ----------
    name
        The file's name; its ending tells how it is read.
    old, new
        Its bytes in the edition, and as made again.

    Examples
    --------
    >>> difference("a.csv", b"n,amount\n1,2.50\n", b"n,amount\n1,2.75\n")
    'row 1, column amount: 2.50 -> 2.75'
    """
    if old == new:
        return ""
    readers = {"json": _json, "ipynb": _json, "csv": _csv}
    reader = readers.get(name.rpartition(".")[2])
    try:
        before, after = old.decode(), new.decode()
        said = reader(before, after) if reader else ""
        return said or _text(before, after)
    except (UnicodeDecodeError, ValueError, csv.Error, RecursionError):
        return _bytes(old, new)


def _json(old: str, new: str) -> str:
    for path, before, after in _walk(json.loads(old), json.loads(new), ""):
        place = f"{path}: " if path else ""
        if before is _NOTHING:
            return f"{path} is new: {_short(_shown(after))}"
        if after is _NOTHING:
            return f"{path} is gone: {_short(_shown(before))}"
        return place + _both(_shown(before), _shown(after))
    return ""


def _walk(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield where two values differ, the first difference first."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            place = f"{path}.{key}" if path else str(key)
            yield from _walk(old.get(key, _NOTHING), new.get(key, _NOTHING), place)
    elif isinstance(old, list) and isinstance(new, list):
        pairs = zip_longest(old, new, fillvalue=_NOTHING)
        for number, (before, after) in enumerate(pairs):
            yield from _walk(before, after, f"{path}[{_label(before, after, number)}]")
    elif old is _NOTHING or new is _NOTHING or type(old) is not type(new) or old != new:
        yield path, old, new


def _label(old: Any, new: Any, number: int) -> str:
    """Return what an item of a list is called: by its id where both have the same."""
    names = [one.get("id") if isinstance(one, Mapping) else None for one in (old, new)]
    return str(names[0]) if names[0] and names[0] == names[1] else str(number)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _csv(old: str, new: str) -> str:
    before, after = (list(csv.reader(io.StringIO(text), strict=True)) for text in (old, new))
    header = before[0] if before and after and before[0] == after[0] else []
    for number, (row, other) in enumerate(zip_longest(before, after)):
        if row is None:
            return f"row {number} is new"
        if other is None:
            return f"row {number} is gone"
        for place, (cell, changed) in enumerate(zip_longest(row, other, fillvalue="")):
            if cell != changed:
                column = header[place] if place < len(header) else str(place + 1)
                where = f"row {number}" if number else "the header"
                return f"{where}, column {one_line(column)}: {_both(cell, changed)}"
    return ""


def _text(old: str, new: str) -> str:
    lines = zip_longest(old.split("\n"), new.split("\n"))
    for number, (before, after) in enumerate(lines, 1):
        if before is None:
            return f"line {number} is new: {_short(after or '')}"
        if after is None:
            return f"line {number} is gone: {_short(before)}"
        if before != after:
            return f"line {number}: {_both(before, after)}"
    return "its line ends"


def _bytes(old: bytes, new: bytes) -> str:
    place = next(
        (number for number, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
        min(len(old), len(new)),
    )
    sizes = f"{len(old):,} bytes" + (f" -> {len(new):,} bytes" if len(new) != len(old) else "")
    return f"byte {place + 1:,} ({sizes})"


def _both(old: str, new: str) -> str:
    """Return two texts around their first difference."""
    place = next(
        (number for number, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
        min(len(old), len(new)),
    )
    if max(len(old), len(new)) <= _LONGEST:
        return f"{_short(old)} -> {_short(new)}"
    start = max(0, place - _BEFORE)
    return f"{_short(old, start)} -> {_short(new, start)}"


def _short(text: str, start: int = 0) -> str:
    """Return a piece of a text on one line, made harmless."""
    piece = one_line(text[start : start + _LONGEST])
    if not text:
        return "nothing"
    return f"{'…' if start else ''}{piece}{'…' if len(text) > start + _LONGEST else ''}"
