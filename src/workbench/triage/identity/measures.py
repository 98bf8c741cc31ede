"""What is weighed when two records are compared: columns that hang together are one measure.

The model multiplies what its measures say, so they must be independent of each other among
different persons. Columns are not: a postcode has its town, a town its region, and people of one
language share given *and* family names. So the name is one measure, and the place is one, each with
levels over several columns; what a reader is told is said column by column (``model``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from workbench.data.quoting import quote
from workbench.triage.identity.model import (
    SLIP,
    Level,
    alike,
    both_filled,
    initial,
    levels_of,
    near_name,
    one_edit,
    swapped,
)
from workbench.triage.identity.people import PEOPLE
from workbench.triage.identity.roles import ColumnRole, SetAside

__all__ = ["PLACES", "Measure", "measures", "order_places"]

PLACES = ("address", "postcode", "city", "region")
"""Roles of the columns that tell a place; a house number goes with its address."""


MOSTLY = 0.5
"""The share of all pairs, 0-1, above which an agreement is the rule."""


@dataclass(frozen=True)
class Measure:
    """What is weighed as one.

    Parameters
    ----------
    name
        Its name in the model.
    fields, columns
        The spellings that it reads, and the columns that a reader is told.
    levels
        Missing first, then from the best agreement to none.
    """

    name: str
    fields: tuple[str, ...]
    columns: tuple[str, ...]
    levels: tuple[Level, ...]

    def which(self) -> str:
        """Return the SQL of a pair's level: -1 is missing, 0 the best agreement, then the next."""
        cases = " ".join(
            f"WHEN {level.condition} THEN {place - 1}"
            for place, level in enumerate(self.levels[:-1])
        )
        return f"CASE {cases} ELSE {len(self.levels) - 2} END"


def order_places(
    connection: duckdb.DuckDBPyConnection, named: Mapping[str, ColumnRole]
) -> tuple[tuple[str, ...], tuple[SetAside, ...]]:
    """Return the spellings that tell a place, the one of most values first, and those set aside.

    A column in which most pairs of records agree anyway, such as the one country of a shop, says
    nothing of who somebody is.

    Parameters
    ----------
    connection
        The engine that holds the people.
    named
        Names of spellings and their columns, from ``people.field_names``.
    """
    found, aside = [], []
    for field, column in named.items():
        if column.role not in PLACES:
            continue
        values, common = connection.execute(
            f"SELECT count(*), sum(n * n) / greatest(sum(n), 1) ** 2 FROM (SELECT count(*) AS n "
            f"FROM {PEOPLE} WHERE {quote(field)} IS NOT NULL GROUP BY {quote(field)})"
        ).fetchall()[0]
        if values and common > MOSTLY:
            aside.append(SetAside(column.told, "most pairs of records agree in it anyway"))
        elif values:
            found.append((-values, field))
    return tuple(field for _, field in sorted(found)), tuple(aside)


def measures(named: Mapping[str, ColumnRole], places: Sequence[str]) -> tuple[Measure, ...]:
    """Return what is weighed.

    Parameters
    ----------
    named
        Names of spellings and their columns, from ``people.field_names``.
    places
        The spellings that tell a place, the most telling first.
    """
    found = []
    taken: set[str] = set()
    if {"given_name_1", "family_name_1"} <= set(named):
        found.append(_measure("name", ("given_name_1", "family_name_1"), named, _name(named)))
        taken |= set(found[-1].fields)
    if places:
        houses = [field for field, each in named.items() if each.role == "house"]
        address = [field for field in places if named[field].role == "address"]
        with_house = (*houses, *places) if address else tuple(places)
        levels = _place(places, named, houses[0] if houses and address else None)
        found.append(_measure("place", with_house, named, levels))
        taken |= set(with_house)
    for field, column in named.items():
        if field not in taken and column.role not in PLACES:
            found.append(_measure(field, (field,), named, _alone(field, column.role)))
    return tuple(found)


def _measure(
    name: str, fields: Sequence[str], named: Mapping[str, ColumnRole], levels: Iterator[Level]
) -> Measure:
    told = tuple(named[field].told for field in fields)
    return Measure(name, tuple(fields), told, tuple(levels))


def _alone(field: str, role: str) -> Iterator[Level]:
    """Yield the levels of a column by itself; what says nothing counts as missing."""
    missing, *levels = levels_of(field, role)
    nothing = [level for level in levels if level.how == SLIP]
    told = [f"({level.condition})" for level in (missing, *nothing)]
    yield replace(missing, condition=" OR ".join(told))
    yield from (level for level in levels if level not in nothing)


def _name(named: Mapping[str, ColumnRole]) -> Iterator[Level]:
    given, family = "given_name_1", "family_name_1"
    swap = swapped(named)
    near_given, near_family = near_name(given), near_name(family)
    yield Level("whole_name_l IS NULL OR whole_name_r IS NULL", "missing")
    yield Level("whole_name_l = whole_name_r", "exactly", weighed="whole_name")
    yield Level("whole_sound_l = whole_sound_r", "nearly", "consonants", "whole_sound")
    yield Level(f"(({near_given}) AND ({near_family})) OR {swap}", "nearly", "letters")
    yield Level(f"({initial(given)}) AND ({near_family})", "nearly", "initial")
    part = (
        f"(({near_given}) AND ({alike(family, 0.8)})) "
        f"OR (({alike(given, 0.8)}) AND ({near_family})) OR ({one_edit('whole_sound', 4)})"
    )
    yield Level(part, "nearly", "in part")
    yield Level(f'"{family}_l" = "{family}_r"', "nearly", "family name alone", family)
    yield Level(f'"{given}_l" = "{given}_r"', "nearly", "given name alone", given)
    yield Level("ELSE", "differ")


def _place(
    places: Sequence[str], named: Mapping[str, ColumnRole], house: str | None
) -> Iterator[Level]:
    known = " OR ".join(f"({both_filled(field)})" for field in places)
    yield Level(f"NOT ({known})", "missing")
    small = [field for field in places if named[field].role != "region"]
    large = [field for field in places if named[field].role == "region"]
    addresses = [field for field in small if named[field].role == "address"]
    rest = [field for field in small if field not in addresses]
    equal = {field: f'"{field}_l" = "{field}_r"' for field in small}
    street = " OR ".join(f"({alike(field, 0.92)})" for field in addresses)
    if house and addresses:
        number = f'"{house}_l" = "{house}_r"'
    if rest and addresses:
        around = " OR ".join(equal[field] for field in rest)
        if house:
            yield Level(f"({street}) AND ({around}) AND {number}", "exactly", "house there")
        yield Level(f"({street}) AND ({around})", "exactly", "address there")
    if house:
        yield Level(f"({street}) AND {number}", "exactly", "house and address")
    for field in small:
        yield Level(f'"{field}_l" = "{field}_r"', "exactly", field, weighed=field)
    near = [
        one_edit(field, 3) if named[field].role == "postcode" else alike(field, 0.92)
        for field in small
    ]
    if near:
        yield Level(" OR ".join(f"({each})" for each in near), "nearly", "a sign or two apart")
    for field in large:
        yield Level(f'"{field}_l" = "{field}_r"', "exactly", field, weighed=field)
    yield Level("ELSE", "differ")
