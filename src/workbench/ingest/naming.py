"""A unit's sources by name, in the order of ingest."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.data.contracts import CONTRACTS, INGEST_ORDER
from workbench.errors import ParameterError, one_of
from workbench.params import UnitParams
from workbench.triage.named import Named
from workbench.triage.reasons import check_severities

__all__ = ["name_sources"]


def name_sources(unit: UnitParams) -> tuple[Named, ...]:
    """Return a unit's sources in the order of ingest, with their parameters checked.

    Raises
    ------
    ParameterError
        For a table that is no canonical one, or a choice about something that does not exist.
    """
    _known((*unit.sources, *unit.tables), unit.where)
    for name, event in unit.calendar.items():
        _known(event.tables, f"{unit.where}, calendar.{name}.tables")
    if unit.gate is not None:
        _known(unit.gate.tables, f"{unit.where}, gate.tables")
    found = []
    for table in INGEST_ORDER:
        named = unit.sources.get(table, {})
        chosen = unit.tables.get(table)
        if chosen is not None:
            rules = [rule for source in named.values() for rule in source.rules]
            check_severities(CONTRACTS[table], chosen, rules, where=f"{unit.where}, tables.{table}")
        for rank, (name, params) in enumerate(named.items()):
            where = f"{unit.where}, sources.{table}.{name}"
            found.append(Named(CONTRACTS[table], name, rank, params, chosen, where))
    return tuple(found)


def _known(tables: Iterable[str], where: str) -> None:
    for table in tables:
        if table not in CONTRACTS:
            raise ParameterError(
                f"`{table}` is no canonical table", where=where, fix=one_of(table, CONTRACTS)
            )
