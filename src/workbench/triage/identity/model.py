"""How two records are compared, column by column: levels of agreement, built from roles alone.

The model is that of Fellegi and Sunter (1969): each level has a chance among pairs of one person
(m) and among pairs of two (u); their ratios multiply. Exact agreement on a common value (a frequent
surname) counts for less, by the value's frequency.

References
----------
I. P. Fellegi and A. B. Sunter, A Theory for Record Linkage, JASA 64 (1969), 1183-1210.
W. E. Winkler, String Comparator Metrics and Enhanced Decision Rules (1990).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from workbench.triage.identity.roles import ColumnRole

__all__ = [
    "LASTING",
    "PERSONAL",
    "SLIP",
    "SWAPPED",
    "TELLING",
    "Comparison",
    "Grade",
    "Level",
    "alike",
    "both_filled",
    "comparisons",
    "initial",
    "levels_of",
    "near_name",
    "one_edit",
    "strong",
    "sure_rules",
    "swapped",
    "training_rules",
]

PERSONAL = frozenset({"given_name", "email", "birth_date", "identifier"})
"""Roles that one person of a household has alone.

That the columns are independent among different persons, which the model assumes, fails within a
household: family name, telephone and address agree together.
"""

LASTING = frozenset({"given_name", "birth_date", "identifier"})
"""Those of them that do not change: an e-mail address may."""

TELLING = frozenset({"email", "phone", "birth_date", "identifier"})
"""Roles whose values tell a person by themselves, as a rule."""

Grade = Literal["missing", "exactly", "nearly", "differ"]

SWAPPED = "given and family name are swapped"

SLIP = "a slip in its number"
"""A slip, or another person's address: people of one name are often told apart by a number."""

STRONG = frozenset({"name", "email", "phone", "birth_date", "identifier", "address"})
"""Roles that tell a person. Two kinds of them are needed; the parts of a name are one kind."""


@dataclass(frozen=True)
class Level:
    """One level of agreement.

    Parameters
    ----------
    condition
        When it holds, as SQL over ``<field>_l`` and ``<field>_r``; the first that holds counts.
    grade
        What a reader is told: ``missing``, ``exactly``, ``nearly`` or ``differ``.
    how
        For ``nearly``: in which way, in words.
    weighed
        The spelling whose frequency the agreement is weighed by, or None.
    """

    condition: str
    grade: Grade
    how: str = ""
    weighed: str | None = None


@dataclass(frozen=True)
class Comparison:
    """How a column is compared.

    Parameters
    ----------
    field, column, role
        The spelling's name, the column (and part) that a reader is told, and what it tells.
    levels
        Missing first, then from the best agreement to none.
    """

    field: str
    column: str
    role: str
    levels: tuple[Level, ...]

    def level(self, gamma: int) -> Level:
        """Return the level of a comparison's value: -1 is missing, 0 is none, higher is better."""
        return self.levels[0] if gamma < 0 else self.levels[len(self.levels) - 1 - gamma]

    def which(self) -> str:
        """Return the SQL of a comparison's value."""
        last = len(self.levels) - 1
        cases = " ".join(
            f"WHEN {level.condition} THEN {last - place if place else -1}"
            for place, level in enumerate(self.levels[:-1])
        )
        return f"CASE {cases} ELSE 0 END"


def comparisons(named: Mapping[str, ColumnRole]) -> tuple[Comparison, ...]:
    """Return how each spelling is compared.

    Parameters
    ----------
    named
        Names of spellings and their columns, from ``people.field_names``.
    """
    found = []
    in_parts = {"given_name_1", "family_name_1"} <= set(named)
    for field, column in named.items():
        if in_parts and column.role in ("given_name", "family_name"):
            levels = _name_levels(field, column.role, named)
        else:
            levels = levels_of(field, column.role)
        found.append(Comparison(field, column.told, column.role, tuple(levels)))
    return tuple(found)


def levels_of(field: str, role: str) -> Iterator[Level]:
    """Yield the levels of one column by itself: missing, then from the best agreement to none."""
    left, right = f'"{field}_l"', f'"{field}_r"'
    yield Level(f"{left} IS NULL OR {right} IS NULL", "missing")
    yield Level(f"{left} = {right}", "exactly", weighed=field)
    if role in ("given_name", "family_name"):
        yield Level(alike(field, 0.92), "nearly", "a letter or two apart")
        yield Level(same_sound(field), "nearly", "the same consonants")
        if role == "given_name":
            yield Level(initial(field), "nearly", "an initial that fits")
        yield Level(_in_part(field), "nearly", "alike in part")
    elif role in ("address", "city"):
        yield Level(alike(field, 0.92), "nearly", "a letter or two apart")
        yield Level(alike(field, 0.8), "nearly", "alike in part")
    elif role == "birth_date":  # ten signs, always
        yield Level(f"hamming({left}, {right}) <= 1", "nearly", "one digit apart")
        yield Level(f"hamming({left}, {right}) <= 2", "nearly", "two digits apart")
    elif role == "identifier":
        yield Level(_edits(left, right, 1), "nearly", "one sign apart")
        yield Level(_edits(left, right, 2), "nearly", "two signs apart")
    elif role == "email":
        yield from _email_levels(field)
    elif role == "phone":
        yield Level(f'"{field}_end_l" = "{field}_end_r"', "nearly", "the last eight digits agree")
        yield Level(_edits(left, right, 1), "nearly", "one digit apart")
    elif role == "postcode":
        yield Level(_edits(left, right, 1), "nearly", "one sign apart")
    elif role == "house":
        yield Level(f"length({left}) > 1 AND {_edits(left, right, 1)}", "nearly", "one sign apart")
    yield Level("ELSE", "differ")


def _email_levels(field: str) -> Iterator[Level]:
    left, right = f'"{field}_l"', f'"{field}_r"'
    yield Level(f'"{field}_local_l" = "{field}_local_r"', "nearly", "same before the @")
    # An address often holds the name: people of one name have some that differ in a number.
    one, other = f'"{field}_digits_l"', f'"{field}_digits_r"'
    near = f"{one} = {other} AND {_edits(left, right, 2)}"
    yield Level(near, "nearly", "one or two letters apart")
    slip = (
        f'"{field}_letters_l" = "{field}_letters_r" AND {one} <> {other} '
        f"AND length({one}) >= 3 AND length({other}) >= 3 "
        f"AND damerau_levenshtein({one}, {other}) <= 1 "
        f"AND (length({one}) <> length({other}) OR levenshtein({one}, {other}) = 2)"
    )
    yield Level(slip, "nearly", SLIP)


def _name_levels(field: str, role: str, named: Mapping[str, ColumnRole]) -> Iterator[Level]:
    """Yield the levels of a part of a name that may stand in the other part's column."""
    swap = swapped(named)
    missing, exactly, *others = levels_of(field, role)
    if role == "family_name":  # told with the given name
        apart = f'"{field}_l" <> "{field}_r"'
        missing = replace(missing, condition=f"{missing.condition} OR ({apart} AND {swap})")
    yield missing
    yield exactly
    if role == "given_name":
        yield others.pop(0)
        yield Level(swap, "nearly", SWAPPED)
    yield from others


def swapped(named: Mapping[str, ColumnRole]) -> str:
    """Return the SQL of given and family name in each other's place."""
    one, other = "given_name_1", "family_name_1"
    letters = [_alike(f'"{x}_l"', f'"{y}_r"', 0.92) for x, y in ((one, other), (other, one))]
    sounds = [f'"{x}_sound_l" = "{y}_sound_r"' for x, y in ((one, other), (other, one))]
    return f"(({' AND '.join(letters)}) OR ({' AND '.join(sounds)}))"


def near_name(field: str) -> str:
    """Return the SQL of a part of a name that agrees but for a letter or two, or in consonants."""
    return f'"{field}_l" = "{field}_r" OR {alike(field, 0.92)} OR {same_sound(field)}'


def same_sound(field: str) -> str:
    """Return the SQL of names with the same consonants: two at least within one script."""
    left, right, sound = f'"{field}_l"', f'"{field}_r"', f'"{field}_sound'
    told = f'length({sound}_l") >= 2 OR {_other_script(left, right)}'
    return f'{sound}_l" = {sound}_r" AND ({told})'


def _in_part(field: str) -> str:
    sounds = [f'"{field}_sound_{side}"' for side in "lr"]
    slip = f"damerau_levenshtein({', '.join(sounds)}) <= 1"
    other = _other_script(f'"{field}_l"', f'"{field}_r"')
    return f"{alike(field, 0.8)} OR ({other} AND length({sounds[0]}) >= 2 AND {slip})"


def initial(field: str) -> str:
    """Return the SQL of a name whose first word is a letter, the first of the other one."""
    words = [f"split_part(\"{field}_{side}\", ' ', 1)" for side in "lr"]
    short = " OR ".join(f"length({word}) = 1" for word in words)
    letters = f"left({words[0]}, 1) = left({words[1]}, 1)"
    sounds = f'left("{field}_sound_l", 1) = left("{field}_sound_r", 1)'
    return f"({short}) AND ({letters} OR ({sounds} AND {_other_script(*words)}))"


def _other_script(left: str, right: str) -> str:
    return f"jaro_winkler_similarity({left}, {right}) = 0"  # no letter is in both


def both_filled(field: str) -> str:
    """Return the SQL of a spelling that both records have."""
    return f'"{field}_l" IS NOT NULL AND "{field}_r" IS NOT NULL'


def alike(field: str, least: float) -> str:
    """Return the SQL of texts whose Jaro-Winkler similarity, 0-1, is at least so much."""
    return _alike(f'"{field}_l"', f'"{field}_r"', least)


def one_edit(field: str, shortest: int) -> str:
    """Return the SQL of texts of at least so many signs that are one sign apart."""
    left, right = f'"{field}_l"', f'"{field}_r"'
    long = f"length({left}) >= {shortest} AND length({right}) >= {shortest}"
    return f"{long} AND {_edits(left, right, 1)}"


def _alike(left: str, right: str, least: float) -> str:
    return f"jaro_winkler_similarity({left}, {right}) >= {least}"


def _edits(left: str, right: str, most: int) -> str:
    # Lengths first: most pairs are told apart by them, at a hundredth of the cost.
    near = f"abs(length({left}) - length({right})) <= {most}"
    return f"{near} AND levenshtein({left}, {right}) <= {most}"


def strong(chosen: tuple[Comparison, ...]) -> int:
    """Return how many kinds of telling columns there are; given and family name are one."""
    kinds = {"name" if each.role.endswith("name") else each.role for each in chosen}
    return len(kinds & STRONG)


def sure_rules(chosen: tuple[Comparison, ...]) -> tuple[tuple[str, ...], ...]:
    """Return pairs of spellings that hardly ever agree on both unless the person is one.

    A household may share a telephone and an address, so one of the two is personal: a name, a date
    of birth, a number.
    """
    fields: dict[str, list[tuple[str, ...]]] = {}
    for each in chosen:
        fields.setdefault(each.role, []).append((each.field,))
    if "given_name" in fields and "family_name" in fields:
        fields["name"] = [("given_name_1", "family_name_1")]
    personal = ("name", "identifier", "birth_date")
    other = ("email", "phone", "address", "postcode")
    kinds = [*combinations(personal, 2), *((one, two) for one in personal for two in other)]
    kinds = [pair for pair in kinds if pair not in {("birth_date", "postcode")}]
    kinds.append(("email", "phone"))
    return tuple(
        (*one, *two)
        for first, second in kinds
        for one in fields.get(first, [])
        for two in fields.get(second, [])
    )


def training_rules(chosen: tuple[Comparison, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the sets of spellings by which pairs are picked to learn all other columns from."""
    roles: dict[str, list[str]] = {}
    for each in chosen:
        roles.setdefault(each.role, []).append(each.field)
    rules: list[tuple[str, ...]] = [
        (field,) for role in ("birth_date", "email") for field in roles.get(role, [])
    ]
    if "given_name" in roles and "family_name" in roles:
        rules.append(("given_name_1", "family_name_1"))
    rules += [(f"{field}_end",) for field in roles.get("phone", [])]
    rules += [(field,) for role in ("identifier", "address") for field in roles.get(role, [])]
    return tuple(rules)
