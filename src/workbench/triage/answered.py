"""CSV files that an owner answers, as a spreadsheet may have saved them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import ParameterError

__all__ = ["answered_text", "records"]


def answered_text(path: Path) -> str | None:
    """Return what stands in a file, without a byte order mark; None when there is no file.

    Raises
    ------
    ParameterError
        When it is not in UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ParameterError(
            "the file is not in UTF-8", where=str(path), fix="Save it as CSV UTF-8."
        ) from error


def records(path: Path, content: str, delimiters: str) -> Iterator[tuple[int, int, list[str]]]:
    """Yield each record with the lines in which it begins and ends; the header first.

    Parameters
    ----------
    path
        The file, for messages.
    content
        What stands in it.
    delimiters
        What may stand between cells; that which is most frequent in the header does, of equals the
        first. A spreadsheet in a country with a decimal comma writes semicolons; some write tabs.

    Raises
    ------
    ParameterError
        When it is no CSV; the message says the line.
    """
    delimiter = max(delimiters, key=content.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    begin = 1
    try:
        for cells in reader:
            yield begin, reader.line_num, cells
            begin = reader.line_num + 1
    except csv.Error as error:
        raise ParameterError(
            f"this is no CSV: {error}", where=f"{path}:{reader.line_num}", fix="Check its quotes."
        ) from error
