"""What is noted while a notebook runs."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from workbench.suite.limits import Limits

__all__ = ["Record", "how_it_ended"]


@dataclass
class Record:
    """What an engine notes while a notebook runs; filled in even when it raises.

    Parameters
    ----------
    notebook
        The notebook as far as it got.
    cell_index
        The cell that was begun last; -1 before the first.
    stopped
        Why it ended early when no cell says so itself: ``CellTimeout``, ``NotebookTimeout``,
        ``MemoryLimit``, ``KernelDied``, ``KernelNotStarted``; else empty.
    message
        The same as a sentence.
    started
        Seconds until the kernel was ready.
    failed
        The cell that failed; -1 for none.
    cut
        Cell -> how many characters that it printed were not kept.
    cells
        Cell -> wall-clock seconds.
    cpu_seconds, peak_mb
        Seconds of processor time and the most memory of the kernel's process; 0 where unknown.
    """

    notebook: NotebookNode | None = None
    cell_index: int = -1
    stopped: str = ""
    message: str = ""
    started: float = 0.0
    failed: int = -1
    cut: dict[int, int] = field(default_factory=dict)
    cells: dict[int, float] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    began: float = field(default_factory=monotonic)

    def stop(self, why: str, message: str) -> None:
        """Note why the notebook ended early; the first reason stays."""
        if not self.stopped:
            self.stopped, self.message = why, message

    def timed_out(self, limits: Limits) -> None:
        """Note which of the two limits of time was passed."""
        if monotonic() - self.began - self.started >= limits.notebook_seconds:
            limit = f"{limits.notebook_seconds:g} seconds."
            self.stop("NotebookTimeout", f"The notebook ran longer than its limit of {limit}")
        else:
            limit = f"{limits.cell_seconds:g} seconds."
            self.stop("CellTimeout", f"The cell ran longer than its limit of {limit}")

    def too_large(self, limits: Limits) -> None:
        """Note that the kernel held more memory than it may."""
        limit = f"{limits.memory_mb:,.0f} MB of memory."
        self.stop("MemoryLimit", f"The notebook held more than its limit of {limit}")


def how_it_ended(code: int | None) -> str:
    """Return in words how a kernel's process ended, from its exit code (negative: a signal)."""
    if code is None:
        return "The kernel's process ended without a word."
    if code < 0:
        name = signal.Signals(-code).name
        hint = " Most often the machine ran out of memory." if name == "SIGKILL" else ""
        return f"The kernel's process was ended by {name}.{hint}"
    return f"The kernel's process ended by itself with exit code {code}."
