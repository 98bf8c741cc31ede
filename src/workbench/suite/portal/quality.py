"""Rows received, accepted and set aside, by the department that answers for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.suite.portal.views import Source, UnitView

__all__ = ["WHOLE", "Department", "by_department", "counted_units"]

WHOLE = "all"  # a split suite's unit of all rows


@dataclass(frozen=True)
class Department:
    """What a department sent.

    Parameters
    ----------
    name
        The department; may be empty.
    received, accepted, quarantined
        Rows of all its sources.
    sources
        Its sources, those with the greatest share set aside first.
    """

    name: str
    received: int
    accepted: int
    quarantined: int
    sources: Sequence[Source]

    @property
    def share(self) -> float:
        """Return the share of its rows that was set aside."""
        return _share(self)

    @property
    def worst(self) -> Source | None:
        """Return the source of which most rows were set aside; None where none was."""
        found = max(self.sources, key=lambda one: one.quarantined)
        return found if found.quarantined else None


def counted_units(units: Iterable[UnitView]) -> list[UnitView]:
    """Return the units whose rows add up to all rows: the whole alone, where it is among them.

    Parameters
    ----------
    units
        The suite's units.
    """
    found = list(units)
    whole = [unit for unit in found if unit.name == WHOLE and unit.sources]
    return whole or found


def by_department(units: Iterable[UnitView]) -> list[Department]:
    """Return what each department sent, the greatest share set aside first.

    Parameters
    ----------
    units
        Units whose rows add up to all rows.
    """
    sent: dict[str, list[Source]] = {}
    for unit in units:
        for source in unit.sources:
            sent.setdefault(source.department, []).append(source)
    found = [
        Department(
            name,
            sum(source.received for source in sources),
            sum(source.accepted for source in sources),
            sum(source.quarantined for source in sources),
            sorted(sources, key=lambda one: (-_share(one), one.unit, one.table, one.source)),
        )
        for name, sources in sent.items()
    ]
    return sorted(found, key=lambda one: (-one.share, one.name))


def _share(told: Source | Department) -> float:
    return told.quarantined / told.received if told.received else 0.0
