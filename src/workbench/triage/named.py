"""Which source is looked at, and what is the same for all sources of a unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from workbench.data.contracts import Table
from workbench.params import SourceParams, SuiteParams, TableParams, UnitParams
from workbench.triage.repairs.line import Repair

__all__ = ["Frame", "Named"]


@dataclass(frozen=True)
class Named:
    """A source by name: its table, its name there, its parameters, and where these stand.

    Parameters
    ----------
    contract
        The canonical table.
    name
        The source's name in the unit.
    rank
        Its place among the table's sources: of two rows with one key, the lower rank's is kept.
    params
        What the unit's file says of it.
    table
        What the unit's file says of the table, or None.
    where
        File and key, for messages.
    """

    contract: Table
    name: str
    rank: int
    params: SourceParams
    table: TableParams | None
    where: str

    @property
    def key(self) -> tuple[str, ...]:
        """Return the columns that no two rows may share."""
        own = self.table.key if self.table is not None else None
        return self.contract.key if own is None else tuple(own)


@dataclass(frozen=True)
class Frame:
    """What is the same for all sources of a unit.

    Parameters
    ----------
    as_of
        The day whose end the reports look back from.
    timezone
        The unit's IANA time zone.
    split
        The expression that tells a row's unit, or an empty string.
    present
        The canonical tables that the unit has.
    repairs
        The repairs that the data's owner agreed to.
    """

    as_of: date
    timezone: str
    split: str
    present: tuple[str, ...]
    repairs: tuple[Repair, ...] = ()

    @classmethod
    def of(
        cls,
        suite: SuiteParams,
        unit: UnitParams,
        present: Iterable[str],
        repairs: tuple[Repair, ...] = (),
    ) -> Frame:
        """Return what is the same for all sources of a unit.

        Parameters
        ----------
        suite, unit
            Whose sources these are.
        present
            The canonical tables that the unit has, each as often as one likes.
        repairs
            The repairs that the data's owner agreed to.
        """
        split = suite.split.by if suite.split else ""
        return cls(suite.as_of, unit.timezone, split, tuple(dict.fromkeys(present)), repairs)
