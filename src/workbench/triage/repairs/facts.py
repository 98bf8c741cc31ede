"""What became of the repairs of a source: the counts that stand in the record."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RepairRecord"]


@dataclass(frozen=True)
class RepairRecord:
    """The repairs of one column and kind that its owner agreed to.

    Of a unit of a suite with ``split``, only the repairs that changed a cell of its rows are
    recorded; what was asked for and what found nothing is recorded with the whole.

    Parameters
    ----------
    column
        The source's own column.
    kind
        Why the cells were suspected (`workbench.triage.suspects.find.KINDS`); empty for a repair
        that its owner wrote by hand.
    repairs
        Lines of the file.
    asked
        Cells that the lines were about when they were suggested.
    cells
        Cells that were changed. A source may have grown since, or have been mended.
    lost
        Lines that found no cell: the source was mended, or the record changed.
    """

    column: str
    kind: str
    repairs: int
    asked: int
    cells: int
    lost: int
