"""How much a job may take."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MOST_OUTPUT", "Limits"]

MOST_OUTPUT = 1_000_000
"""How many characters of what a cell prints are kept."""


@dataclass(frozen=True)
class Limits:
    """How much a job may take.

    Parameters
    ----------
    cell_seconds
        The longest that one cell may run.
    notebook_seconds
        The longest that all cells together may run.
    start_seconds
        The longest that a kernel may take to start.
    memory_mb
        The most memory that the kernel's process may hold, in megabytes; None for no limit.
    """

    cell_seconds: float = 300
    notebook_seconds: float = 900
    start_seconds: float = 120
    memory_mb: float | None = None
