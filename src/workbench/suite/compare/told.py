"""What is compared: what two editions of a unit tell, and the numbers of earlier days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Point", "Record", "Side", "Told"]

Record = Mapping[str, Any]


class Point(Protocol):
    """The numbers of one day, as a unit's history holds them."""

    @property
    def as_of(self) -> str:
        """Return the day, ``YYYY-MM-DD``."""

    @property
    def metrics(self) -> Mapping[str, Record]:
        """Return ``report.metric`` -> ``value``, ``unit``, ``label`` and more."""


@dataclass(frozen=True)
class Told:
    """What an edition tells.

    Parameters
    ----------
    id
        The edition's name.
    manifest
        Its manifest.
    results
        What its reports recorded, by report.
    """

    id: str
    manifest: Record
    results: Mapping[str, Record]


@dataclass(frozen=True)
class Side:
    """One of the two editions.

    Parameters
    ----------
    id
        The edition's name.
    as_of
        The day that it looks back from.
    """

    id: str
    as_of: str
