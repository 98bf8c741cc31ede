"""The customers of Brook & Daughters as two systems know them: a till and a web shop.

Some people are known to one system, some to both under one key, some to both under two keys, and
some twice to the same system. The systems disagree about a part of those that they share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.data.demo.people import POSTCODES, TOWNS, People
from workbench.data.demo.shared import Bools, Ints, Texts, choose, numbered, texts

__all__ = ["Records", "make_records", "misspell", "pairs_of_one_person"]

TILL, WEB = 0, 1


@dataclass(frozen=True)
class Records:
    """Customer records of both systems, one element per record in every array.

    Parameters
    ----------
    person
        Index of the person.
    system
        0 the till, 1 the web shop.
    key
        Card number or account; shared by both systems for some people.
    given, family, email, phone, postcode, town, county
        As that system has them.
    linked
        Whether the other system has a record with the same key.
    conflict
        For the web record of a linked pair: the columns in which it differs, by ``|``.
    second
        Whether it is a person's second record in the same system.
    """

    person: Ints
    system: Ints
    key: Texts
    given: Texts
    family: Texts
    email: Texts
    phone: Texts
    postcode: Texts
    town: Texts
    county: Texts
    linked: Bools
    conflict: Texts
    second: Bools


def misspell(rng: np.random.Generator, text: str) -> str:
    """Return a text with one slip of the finger, never the same text.

    A letter is dropped, doubled or exchanged with its neighbour; short texts get a letter doubled.
    """
    if len(text) < 4:
        return text + text[-1:] if text else "x"
    at = int(rng.integers(1, len(text) - 1))
    slip = int(rng.integers(0, 3))
    if slip == 0:
        return text[:at] + text[at + 1 :]
    if slip == 1 or text[at] == text[at + 1]:
        return text[: at + 1] + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def make_records(rng: np.random.Generator, people: People) -> Records:
    """Return the records of both systems.

    Parameters
    ----------
    rng
        Where chance comes from.
    people
        The persons; each gets at least one record.
    """
    size = len(people.email)
    # Till only, web only, both under one key, both under two keys.
    known = choose(rng, np.array([0.44, 0.22, 0.19, 0.15]), size)
    at_till, at_web = np.flatnonzero(known != 1), np.flatnonzero(known != 0)
    again_till = at_till[(known[at_till] == 0) & (rng.random(len(at_till)) < 0.05)]
    again_web = at_web[(known[at_web] == 1) & (rng.random(len(at_web)) < 0.03)]
    person = np.concatenate([at_till, again_till, at_web, again_web])
    till_count = len(at_till) + len(again_till)
    system = np.repeat([TILL, WEB], [till_count, len(person) - till_count])
    second = np.concatenate(
        [
            np.zeros(len(at_till), bool),
            np.ones(len(again_till), bool),
            np.zeros(len(at_web), bool),
            np.ones(len(again_web), bool),
        ]
    )
    linked = known[person] == 2
    cards = numbered("B1", rng.permutation(till_count) + 10001, 6)
    card_of_person = np.empty(size, dtype=object)
    card_of_person[at_till] = cards[: len(at_till)]
    accounts = numbered("W2", rng.permutation(len(person) - till_count) + 10001, 6)
    on_web = np.where(linked[till_count:], card_of_person[person[till_count:]], accounts)
    key = np.concatenate([cards, on_web])
    till = system == TILL
    columns = {
        "given": np.where(till, people.given_latin[person], people.given[person]),
        "family": np.where(till, people.family_latin[person], people.family[person]),
        "email": people.email[person].copy(),
        "phone": people.phone[person].copy(),
        "postcode": people.postcode[person].copy(),
        "town": people.town[person].copy(),
        "county": people.county[person].copy(),
    }
    both = known[person] >= 2
    _disagree(rng, columns, (both & ~till) | second)
    conflict = _conflicts(columns, system, person, known)
    # Not a conflict, but what a till leaves out.
    columns["email"][till & (rng.random(len(person)) < 0.35)] = ""
    columns["phone"][till & (rng.random(len(person)) < 0.15)] = ""
    return Records(
        person=person,
        system=system,
        key=key,
        linked=linked,
        conflict=conflict,
        second=second,
        **columns,
    )


def _disagree(rng: np.random.Generator, columns: dict[str, Texts], where: Bools) -> None:
    """Let later records of a person differ: slips, a new telephone, a new address."""
    rows = np.flatnonzero(where)
    luck = rng.random((len(rows), 4))
    for row, (name, email, phone, moved) in zip(rows.tolist(), luck.tolist(), strict=True):
        if name < 0.30:
            column = "family" if name < 0.18 else "given"
            columns[column][row] = misspell(rng, columns[column][row])
        elif name < 0.36:
            columns["given"][row] = columns["given"][row][:1] + "."
        if email < 0.12:
            columns["email"][row] = misspell(rng, columns["email"][row].split("@")[0]) + (
                "@" + columns["email"][row].split("@")[1]
            )
        if phone < 0.12:
            columns["phone"][row] = f"01632 960{int(rng.integers(0, 1000)):03d}"
        elif phone < 0.45:
            digits = columns["phone"][row].replace(" ", "")
            columns["phone"][row] = f"+44 (0){digits[1:]}"
        if moved < 0.10:
            home = int(rng.integers(0, len(POSTCODES)))
            town = TOWNS[home // (len(POSTCODES) // len(TOWNS))]
            columns["postcode"][row] = POSTCODES[home]
            columns["town"][row], columns["county"][row] = town[0], town[1]


def _conflicts(columns: dict[str, Texts], system: Ints, person: Ints, known: Ints) -> Texts:
    """Return, per web record of a linked person, what differs from the till's record."""
    till_row = {p: row for row, p in enumerate(person.tolist()) if system[row] == TILL}
    out = texts([""] * len(person))
    for row in np.flatnonzero((system == WEB) & (known[person] == 2)).tolist():
        other = till_row[int(person[row])]
        differs = [
            name
            for name in ("email", "phone", "postcode", "town", "county")
            if columns[name][row] != columns[name][other]
        ]
        if (columns["given"][row], columns["family"][row]) != (
            columns["given"][other],
            columns["family"][other],
        ):
            differs.insert(0, "name")
        out[row] = "|".join(differs)
    return out


def pairs_of_one_person(records: Records) -> pd.DataFrame:
    """Return every pair of different keys that belong to one person, the lower key first."""
    frame = pd.DataFrame(
        {
            "person": records.person,
            "customer_id": records.key,
            "source": np.where(records.system == TILL, "till", "web"),
        }
    )
    # A key that both systems share counts once, as the till's.
    frame = frame.drop_duplicates(["person", "customer_id"])
    joined = frame.merge(frame, on="person", suffixes=("_a", "_b"))
    joined = joined[joined["customer_id_a"] < joined["customer_id_b"]]
    across = joined["source_a"] != joined["source_b"]
    joined["how"] = np.where(across, "till and web", "twice in one source")
    names = ["customer_id_a", "customer_id_b", "source_a", "source_b", "how"]
    return joined[names].sort_values(names, ignore_index=True)
