"""A line of the repairs file: what it says, and how its cells are written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbench.files import digest_of

__all__ = ["COLUMNS", "NOTHING", "Repair", "plain", "written"]

COLUMNS = (
    *("apply", "table", "source", "column", "row", "value", "repair", "suggested"),
    *("kind", "confidence", "cells", "record", "check"),
)
"""The columns of the file, in the order in which they are written."""
NOTHING = "(empty)"
"""How "no text" is written; an empty ``repair`` is one that its owner is still to fill in."""

_FORMULA = tuple("=+-@\t\r'")
_NUMBER_OR_DAY = re.compile(r"[\s\d.,:/%eE+-]*\d[\s\d.,:/%eE+-]*")


@dataclass(frozen=True)
class Repair:
    """A line of the file.

    Parameters
    ----------
    table, source, column
        Where: the canonical table, the source's name, and the source's own column.
    value
        The received text; None where the cell is empty.
    record
        The digest of the one received record that is meant; empty for all cells of the column
        that hold exactly ``value``.
    apply
        What the owner answered: ``yes``, ``no``, or empty while it is open.
    repair
        The text to put there; None to empty the cell; an empty text while the owner is still to
        say.
    suggested
        What the workbench put into ``repair``; where the two differ, the owner wrote it.
    row, kind, confidence, cells
        As of the load that suggested it, as texts: the record's number in the source (of several
        the first), why the cell was suspected, how surely (0-1), and how many cells are meant.
    """

    table: str
    source: str
    column: str
    value: str | None
    record: str = ""
    apply: str = ""
    repair: str | None = ""
    suggested: str | None = ""
    row: str = ""
    kind: str = ""
    confidence: str = ""
    cells: str = ""

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """Return what no two lines may share; it sorts."""
        return (self.table, self.source, self.column, written(self.value), self.record)

    @property
    def check(self) -> str:
        """Return a digest of the key: a spreadsheet that changed the value is noticed by it."""
        # It begins with a letter: nothing takes it for a number.
        return "k" + digest_of(list(self.key))[:12]

    @property
    def is_own(self) -> bool:
        """Return whether the owner answered it, or wrote the repair."""
        return bool(self.apply) or self.repair != self.suggested

    @property
    def count(self) -> int:
        """Return the cells that it was about when it was suggested; 1 where that is not told."""
        return int(self.cells) if self.cells.isascii() and self.cells.isdigit() else 1


def written(text: str | None) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula, a number or a day.

    Examples
    --------
    >>> written("Yorkshire"), written("=1+1"), written("0123"), written(None)
    ('Yorkshire', "'=1+1", "'0123", '(empty)')
    """
    if text is None:
        return NOTHING
    # Some programs skip blanks before they look for a formula.
    formula = text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)
    guarded = formula or text == NOTHING or _NUMBER_OR_DAY.fullmatch(text)
    return f"'{text}" if guarded else text


def plain(cell: str) -> str | None:
    """Return the text that ``written`` wrote.

    Examples
    --------
    >>> plain("'=1+1"), plain("0123"), plain("(empty)")
    ('=1+1', '0123', None)
    """
    return None if cell == NOTHING else cell.removeprefix("'")
