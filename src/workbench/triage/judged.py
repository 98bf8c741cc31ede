"""What is judged of a load as a whole: why the gate holds reports back, and how scores stood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DIMENSIONS", "Dimension", "GateFailure", "ScorePoint"]

Dimension = Literal["completeness", "validity", "uniqueness", "consistency", "freshness"]

DIMENSIONS: tuple[Dimension, ...] = (
    "completeness",
    "validity",
    "uniqueness",
    "consistency",
    "freshness",
)
"""What a table is scored on, in the order in which it is shown; ``score`` says what each means."""


@dataclass(frozen=True)
class GateFailure:
    """One thing for which a unit's reports are held back.

    Parameters
    ----------
    kind
        ``quarantine`` (too many rows were set aside), ``age`` (the newest row is too old), ``rows``
        (too few rows passed) or ``personal`` (a column holds personal data that nobody declared).
    table, column
        Where: a canonical table and its column; empty for all rows together, and where it is about
        no column.
    asked, found
        What must hold and what is, in words: ``at most 5%``, ``12%``.
    sentence
        Both in one plain sentence; it holds no value of a row.
    fix
        What to do, in a sentence.
    department
        Who should do it.
    """

    kind: str
    table: str
    column: str
    asked: str
    found: str
    sentence: str
    fix: str
    department: str


@dataclass(frozen=True)
class ScorePoint:
    """What a table came to on one dimension in an earlier load.

    Parameters
    ----------
    as_of
        The day of that load (ISO).
    table, dimension
        Whose share it is.
    share
        The share that held (0-1).
    """

    as_of: str
    table: str
    dimension: str
    share: float
