"""Why a job failed, in a form that a page can show."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Failure"]


@dataclass(frozen=True)
class Failure:
    """Where and why a notebook failed.

    Parameters
    ----------
    cell_index
        The position of the cell in the executed notebook, from 0; -1 when no cell had begun.
    cell_id
        The cell's id; empty when no cell had begun.
    source
        The cell's source.
    ename
        The error's name: that of the exception, or ``CellTimeout``, ``NotebookTimeout``,
        ``KernelDied``, ``KernelNotStarted``.
    evalue
        The error's message.
    traceback
        The traceback as plain text, without colour codes and absolute paths; may be empty.
    """

    cell_index: int
    cell_id: str
    source: str
    ename: str
    evalue: str
    traceback: str

    @property
    def sentence(self) -> str:
        """Return the failure as one sentence."""
        first = self.evalue.strip().splitlines()[0] if self.evalue.strip() else "no message"
        place = f" in cell {self.cell_id}" if self.cell_id else ""
        return f"{self.ename}{place}: {first}"
