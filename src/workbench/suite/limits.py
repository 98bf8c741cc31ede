"""How long a job may take."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """How long a job may take.

    Parameters
    ----------
    cell_seconds
        The longest that one cell may run.
    notebook_seconds
        The longest that all cells together may run.
    start_seconds
        The longest that a kernel may take to start.
    """

    cell_seconds: float = 300
    notebook_seconds: float = 900
    start_seconds: float = 120
