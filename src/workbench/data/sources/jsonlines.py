"""JSON lines -> received rows: one object a line, the columns being all keys that occur.

Numbers keep the text that the file has (``1.10``, whole numbers of any length), nested values
become JSON text again, ``null`` and a missing key are null. A line that is no JSON object is kept
as unreadable, with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from workbench.data.sources.received import (
    Progress,
    Received,
    UnreadableLine,
    checked_names,
    private_folder,
    received,
    record_column,
)
from workbench.data.sources.text import Lines, escaped, not_text, open_text, wide_encoding
from workbench.data.sources.writing import RowWriter, UnreadableWriter
from workbench.errors import SourceError
from workbench.params import ReadParams

__all__ = ["column_names", "receive_jsonlines"]

_PROBED = 1000


def column_names(
    path: Path, read: ReadParams, *, where: str, lines: int | None = _PROBED
) -> tuple[str, ...]:
    """Return the keys of the first ``lines`` lines (all: None), in order of first appearance.

    Raises
    ------
    SourceError
        When none of these lines is a JSON object, or two keys differ only in case.
    """
    keys: dict[str, None] = {}
    with open_text(path, read.encoding, read.skip_rows, where) as stream:
        for line in islice(_lines(stream), lines):
            found, _ = _parse(line)
            keys.update(dict.fromkeys(found or ()))
    if not keys:
        raise SourceError(
            "the file is empty, or its lines are no JSON objects",
            where=where,
            fix=f"It looks like {wide}: state `encoding: {wide}` under `read:`."
            if (wide := wide_encoding(path))
            else "JSON lines have one object a line; one array over the whole file is another "
            "format.",
        )
    # Keys stand as they are written: a header may be tidied, a key may not.
    checked_names(tuple(keys), where=where)
    return tuple(keys)


def receive_jsonlines(
    path: Path, read: ReadParams, *, out: Path, where: str, progress: Progress
) -> Received:
    """Return the objects of a JSON lines file as rows of text.

    The file is read twice: the first time for its keys.

    Raises
    ------
    SourceError
        As `column_names`.
    """
    columns = column_names(path, read, where=where, lines=None)
    record = record_column(columns)
    with private_folder(out) as folder:
        made, spoiled = folder / "rows.parquet", folder / "unreadable.parquet"
        with (
            open_text(path, read.encoding, read.skip_rows, where) as stream,
            RowWriter(made, columns, record=record) as rows,
            UnreadableWriter(spoiled) as unreadable,
        ):
            for number, line in enumerate(_lines(stream), 1):
                found, error = _parse(line)
                if found is None:
                    text = escaped(line.rstrip("\r\n"))
                    unreadable.add(UnreadableLine(number, text, error))
                else:
                    rows.add([found.get(column) for column in columns], number, len(line))
                if number % 50_000 == 0:
                    progress(None)
        return received(
            made, out, columns, rows.rows, record, spoiled, unreadable_rows=unreadable.rows
        )


def _lines(stream: Lines) -> Iterator[str]:
    return (line for line in stream if not line.isspace())


class _TwiceError(ValueError):
    """A key stands twice in one object."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


_DECODER = json.JSONDecoder(
    parse_float=str, parse_int=str, parse_constant=_no_number, object_pairs_hook=_object
)


def _parse(line: str) -> tuple[dict[str, str | None] | None, str]:
    """Return a line's values as text, or None and what is wrong."""
    try:
        found = _DECODER.decode(line)
        if not isinstance(found, dict):
            return None, "it is no JSON object"
        row = {key: _text(value) for key, value in found.items()}
        if any(isinstance(value, dict | list) for value in found.values()):
            # Numbers inside nested values are numbers again, not texts.
            for key, value in json.loads(line).items():
                if isinstance(value, dict | list):
                    row[key] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except _TwiceError:
        return None, "a key stands twice in it"
    except RecursionError:
        return None, "its values are nested too deeply"
    except ValueError as error:
        return None, f"it is no JSON: {error}"
    bad = not_text("".join([*row, *filter(None, row.values())]))
    return (None, bad) if bad else (row, "")


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None
