"""Which columns seem to hold personal data: told by their values, never by the name alone.

E-mail addresses and international telephone numbers are told by any value that holds one. What
only looks like a national number, a person's name or a date of birth is common among harmless
values: there the column's name must say so, and at least half of the filled rows must match.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbench.triage.facts import Suspicion

__all__ = [
    "BARE_SHAPE",
    "EMAIL",
    "LEANING",
    "MANY_NAMES",
    "NUMBER_ABROAD",
    "PERSON_SHAPE",
    "SMALL_SHAPE",
    "named_kinds",
    "suspect",
]

_LETTERS = r"A-Za-z\x{80}-\x{10FFFF}"
"""Letters, for the engine: tables of Unicode's (``\\pL``) take it milliseconds for each column."""

EMAIL = rf"[{_LETTERS}0-9._%+'-]+@[{_LETTERS}0-9-]+([.][{_LETTERS}0-9-]+)*[.][{_LETTERS}]{{2,}}"
"""An e-mail address, as people write it, in the engine's regular expressions."""

NUMBER_ABROAD = rf"(^|[^0-9{_LETTERS}+.,-])[+][1-9][0-9 ().\x2f-]{{6,18}}[0-9]($|[^0-9{_LETTERS}])"
"""A telephone number with its country's code, anywhere in a text."""

PERSON_SHAPE = r"A[Aa.'’-]*,?( [Aa][Aa.'’-]*){0,4}"
"""The shape of a person's name: up to five words, the first with a capital."""

SMALL_SHAPE = r"a[a.'’-]*( a[a.'’-]*){0,4}"
"""The same in small letters; so look many words, and only many different ones are names."""

BARE_SHAPE = "9{9,15}"
"""The shape of a telephone number without any mark, as of many other numbers."""

MANY_NAMES = 50
"""Different values from which words in small letters may be names."""

LEANING = ("person", "birth")
"""Kinds that lean on the column's name; a contract that says what the column means refutes them."""

_MOST = 0.5
_WORDS = {
    kind: frozenset(words.split())
    for kind, words in {
        "email": "email mail emails emailaddress mailaddress courriel correo",
        "phone": "phone phones telephone tel mobile cell cellphone fax telefon handy whatsapp "
        "msisdn phonenumber mobilenumber",
        "person": "firstname lastname fullname surname forename givenname familyname middlename "
        "vorname nachname prenom apellido customername clientname contactname",
        "birth": "birth dob birthday birthdate dateofbirth geburtsdatum",
        "of people": "first last full given family middle maiden customer client contact person "
        "patient member employee agent recipient holder owner subscriber guest",
    }.items()
}
_OF_PEOPLE = _WORDS.pop("of people")


def named_kinds(name: str) -> frozenset[str]:
    """Return the kinds of personal data that a column's name speaks of.

    Examples
    --------
    >>> sorted(named_kinds("contactEmail")), sorted(named_kinds("product_name"))
    (['email'], [])
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = frozenset(word for word in re.split(r"[\W\d_]+", parted.lower()) if word)
    found = {kind for kind, known in _WORDS.items() if words & known}
    if words == {"name"} or ("name" in words and words & _OF_PEOPLE):
        found.add("person")
    if {"e", "mail"} <= words:
        found.add("email")
    return frozenset(found)


def suspect(
    name: str, filled: int, matches: Mapping[str, int], within: Mapping[str, int]
) -> tuple[Suspicion, ...]:
    """Return the personal data that a column seems to hold, the most rows first.

    Parameters
    ----------
    name
        The column's name.
    filled
        Rows with a value.
    matches
        What was seen -> rows: ``email``, ``abroad`` (a number with its country's code), ``phone``
        (any that may be a telephone number), ``person``, ``birth``.
    within
        How many of the rows of ``email`` and ``abroad`` hold it within a longer text.
    """
    if not filled:
        return ()
    named = named_kinds(name)
    found: dict[str, tuple[int, int]] = {}
    for seen, kind in (("email", "email"), ("abroad", "phone")):
        if matches.get(seen, 0):
            found[kind] = (matches[seen], within.get(seen, 0))
    for kind in ("phone", *LEANING):
        rows = matches.get(kind, 0)
        if kind in named and rows >= _MOST * filled and rows > found.get(kind, (0, 0))[0]:
            found[kind] = (rows, 0)
    suspicions = [
        Suspicion(kind, rows, rows / filled, inside, kind in named)
        for kind, (rows, inside) in found.items()
    ]
    return tuple(sorted(suspicions, key=lambda one: (-one.rows, one.kind)))
