"""A unit's sources by name, in the order of ingest."""

from __future__ import annotations

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
    for table in (*unit.sources, *unit.tables):
        if table not in CONTRACTS:
            raise ParameterError(
                f"`{table}` is no canonical table", where=unit.where, fix=one_of(table, CONTRACTS)
            )
    for name, event in unit.calendar.items():
        for table in event.tables:
            if table not in CONTRACTS:
                raise ParameterError(
                    f"`{table}` is no canonical table",
                    where=f"{unit.where}, calendar.{name}.tables",
                    fix=one_of(table, CONTRACTS),
                )
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
