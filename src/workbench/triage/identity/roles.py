"""Which columns tell who a person is: by a column's name and by what it holds, not by one alone.

The one exception is an e-mail address, whose form nothing else has: a column of them takes part
whatever its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import duckdb

from workbench.data.contracts import Table
from workbench.data.quoting import quote
from workbench.triage.identity import normal
from workbench.triage.identity.normal import NamePart
from workbench.triage.identity.phones import phone

__all__ = ["ROLES", "ColumnRole", "Role", "RoleRules", "SetAside", "choose_columns"]

Role = Literal[
    "given_name",
    "family_name",
    "name",
    "email",
    "phone",
    "birth_date",
    "birth_year",
    "identifier",
    "address",
    "house",
    "postcode",
    "city",
    "region",
]

SAMPLE = 5_000
"""Different values of a column that are looked at, chosen by their digest."""

FILLED = 0.05
"""Share of rows below which a column is too empty to tell anything."""

PER_ROLE = 3
"""Columns of one role that take part, first ones first."""


@dataclass(frozen=True)
class RoleRules:
    """How a column is known to have a role.

    Parameters
    ----------
    named
        A pattern over the words of its name, joined by single spaces.
    holds
        The share of its values, 0-1, that must have the role's form.
    distinct
        The least share of its values, 0-1, that are different from each other: 0.2 where each value
        should be one person's, who may stand in the table five times.
    spelling
        The function that gives a value's spelling, or None where it has not the form.
    about
        The role in words.
    """

    named: str
    holds: float
    distinct: float
    spelling: Callable[[str | None], str | None]
    about: str


ROLES: Mapping[Role, RoleRules] = MappingProxyType(
    {
        "email": RoleRules(r"\be? ?mails?\b|\bemail", 0.5, 0.2, normal.email, "e-mail address"),
        "phone": RoleRules(
            r"\b(tele)?phone\b|\btel\b|\bmobile\b|\bcell\b|\bwhatsapp\b|\bmsisdn\b|\bfax\b",
            0.5,
            0.2,
            phone,
            "telephone number",
        ),
        "birth_year": RoleRules(
            r"\bbirth ?year\b|\byear of birth\b|\byob\b", 0.5, 0.0, normal.birth_year, "birth year"
        ),
        "birth_date": RoleRules(
            r"\bbirth ?da(te|y)\b|\bdate of birth\b|\bd ?o ?b\b|\bborn( on| at)?\b",
            0.5,
            0.0,
            normal.birth_date,
            "date of birth",
        ),
        "given_name": RoleRules(
            r"\b(first|given|fore|christian) ?names?\b|\bgiven\b|\bvorname\b|\bprenom\b",
            0.5,
            0.0,
            normal.name,
            "given name",
        ),
        "family_name": RoleRules(
            r"\b(last|family|sur) ?names?\b|\bnachname\b|\bnom de famille\b",
            0.5,
            0.0,
            normal.name,
            "family name",
        ),
        "name": RoleRules(
            r"^((full|customer|client|contact|person|display|member|complete|buyer) )?names?$"
            r"|\bfullname\b",
            0.5,
            0.05,
            normal.name,
            "name",
        ),
        "house": RoleRules(
            r"\b(street|house|building|flat|apartment|unit) (number|no|nr|num)\b|^house$",
            0.5,
            0.0,
            normal.address,
            "house number",
        ),
        "postcode": RoleRules(
            r"\bpost(al)? ?code\b|\bzip( ?code)?\b|\bpin ?code\b|\bplz\b|\bpostleitzahl\b",
            0.5,
            0.0,
            lambda value: found if (found := normal.postcode(value)) and len(found) < 11 else None,
            "postcode",
        ),
        "identifier": RoleRules(
            r"\b(id|ssn|nin|cnic|nic|passport|tax|vat|iban|licen[cs]e|identity|loyalty|insurance)\b"
            r"|\b(card|account|membership|member|social security) (no|nr|num|number)\b",
            0.5,
            0.2,
            normal.identifier,
            "number that a person has",
        ),
        "address": RoleRules(
            r"\baddress\b|\baddr\b|\bstreet\b|\bstrasse\b", 0.5, 0.0, normal.address, "address"
        ),
        "city": RoleRules(
            r"\bcity\b|\btown\b|\bsuburb\b|\blocality\b|\bvillage\b|\bmunicipality\b|\btehsil\b",
            0.5,
            0.0,
            normal.address,
            "town",
        ),
        "region": RoleRules(
            r"\bstate\b|\bprovince\b|\bregion\b|\bcounty\b|\bdistrict\b|\bcountry\b",
            0.5,
            0.0,
            normal.address,
            "region",
        ),
    }
)
"""Role -> how it is known; the first role that a name fits is the one that is tried."""


@dataclass(frozen=True)
class ColumnRole:
    """A column that takes part.

    Parameters
    ----------
    column
        Its name in the table.
    role
        What it tells of a person.
    filled, holds
        Shares, 0-1: of rows that have a value, and of looked-at values that have the role's form.
    part
        Which part of a whole name it stands for, where that is taken apart; else None.
    """

    column: str
    role: Role
    filled: float
    holds: float
    part: NamePart | None = None

    @property
    def told(self) -> str:
        """Return what a reader is told it is."""
        return f"{self.column} ({self.part})" if self.part else self.column


@dataclass(frozen=True)
class SetAside:
    """A column, or a rule, that might have taken part and does not.

    Parameters
    ----------
    what
        The column's name.
    why
        Why not, as a sentence without its full stop.
    """

    what: str
    why: str


def choose_columns(
    connection: duckdb.DuckDBPyConnection, table: str, key: str, contract: Table | None = None
) -> tuple[tuple[ColumnRole, ...], tuple[SetAside, ...]]:
    """Return the columns that take part in a comparison of people, and those set aside with why.

    Parameters
    ----------
    connection, table
        Where the customers are: the name of a table or view.
    key
        The column that names a record: it takes no part.
    contract
        The table's contract: its times, sums of money and flags take no part, whatever their names.
    """
    shut = {key}
    if contract is not None:
        shut |= {c.name for c in contract.columns if c.kind in ("time", "money", "flag")}
    columns = [
        row[0]
        for row in connection.execute(
            f"SELECT column_name FROM (DESCRIBE {quote(table)})"
        ).fetchall()
    ]
    chosen: list[ColumnRole] = []
    aside: list[SetAside] = []
    for column in columns:
        if column in shut:
            continue
        values, rows, filled, distinct = _look(connection, table, column)
        role = _role(column, values)
        if role is None:
            continue
        holds = _holds(role, values)
        why = _unfit(
            role, holds, filled / rows if rows else 0.0, distinct / filled if filled else 0.0
        )
        if why is None and sum(each.role == role for each in chosen) >= PER_ROLE:
            why = f"{PER_ROLE} columns of its kind take part already"
        if why is None:
            chosen.append(ColumnRole(column, role, filled / rows, holds))
        else:
            aside.append(SetAside(column, why))
    return _one_name(chosen, aside)


def _look(
    connection: duckdb.DuckDBPyConnection, table: str, column: str
) -> tuple[list[str], int, int, int]:
    """Return values that stand for the column; its rows, filled rows and different values."""
    value = f"nullif(trim(CAST({quote(column)} AS VARCHAR)), '')"
    rows, filled, distinct = connection.execute(
        f"SELECT count(*), count({value}), count(DISTINCT {value}) FROM {quote(table)}"
    ).fetchall()[0]
    found = connection.execute(
        f"SELECT value FROM (SELECT DISTINCT {value} AS value FROM {quote(table)}) "
        f"WHERE value IS NOT NULL ORDER BY md5(value) LIMIT {SAMPLE}"
    ).fetchall()
    return [row[0] for row in found], rows, filled, distinct


def _role(column: str, values: list[str]) -> Role | None:
    named = " ".join(_words(column))
    for role, rules in ROLES.items():
        if re.search(rules.named, named):
            return role
    return "email" if _holds("email", values) >= 0.8 else None


def _words(column: str) -> Iterator[str]:
    """Yield the words of a column's name: at signs, digits, and small letters before capitals."""
    for part in re.split(r"[\W_\d]+", column):
        yield from (word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z]+", part))


def _holds(role: Role, values: list[str]) -> float:
    if not values:
        return 0.0
    return sum(ROLES[role].spelling(value) is not None for value in values) / len(values)


def _unfit(role: Role, holds: float, filled: float, distinct: float) -> str | None:
    rules = ROLES[role]
    if filled < FILLED:
        return f"only {filled:.0%} of its rows have a value"
    if holds < rules.holds:
        return f"its name says {rules.about}, but only {holds:.0%} of its values have that form"
    if distinct < rules.distinct:
        return f"its name says {rules.about}, but only {distinct:.0%} of its values are different"
    return None


def _one_name(
    chosen: list[ColumnRole], aside: list[SetAside]
) -> tuple[tuple[ColumnRole, ...], tuple[SetAside, ...]]:
    """Keep the parts of a name or the whole name: the whole would count the parts again."""
    roles = {each.role for each in chosen}
    twice = {"name"} if {"given_name", "family_name"} <= roles else set()
    if "name" in roles and not twice:
        twice = {"given_name", "family_name"}
    first: dict[str, str] = {}
    for each in chosen:
        first.setdefault(each.role, each.column)
    kept = []
    for each in chosen:
        if each.role in twice:
            aside.append(SetAside(each.column, "another column tells the name already"))
        elif each.role in ("given_name", "family_name", "name") and first[each.role] != each.column:
            aside.append(SetAside(each.column, f"`{first[each.role]}` is its kind already"))
        else:
            kept.append(each)
    return tuple(kept), tuple(aside)
