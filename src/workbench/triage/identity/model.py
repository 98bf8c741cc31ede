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
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

from workbench.triage.identity.roles import ColumnRole

__all__ = [
    "PERSONAL",
    "SWAPPED",
    "Comparison",
    "Grade",
    "Level",
    "comparisons",
    "settings",
    "strong",
    "sure_rules",
    "training_rules",
    "uses",
]

PERSONAL = frozenset({"given_name", "email", "birth_date", "identifier"})
"""Roles that one person of a household has alone.

That the columns are independent among different persons, which the model assumes, fails within a
household: family name, telephone and address agree together.
"""

Grade = Literal["missing", "exactly", "nearly", "differ"]

SWAPPED = "given and family name are swapped"

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


def comparisons(named: Mapping[str, ColumnRole]) -> tuple[Comparison, ...]:
    """Return how each spelling is compared.

    Parameters
    ----------
    named
        Names of spellings and their columns, from ``people.field_names``.
    """
    return tuple(
        Comparison(field, column.told, column.role, tuple(_levels(field, column.role, named)))
        for field, column in named.items()
    )


def _levels(field: str, role: str, named: Mapping[str, ColumnRole]) -> Iterator[Level]:
    left, right = f'"{field}_l"', f'"{field}_r"'
    missing = f"{left} IS NULL OR {right} IS NULL"
    swapped = _swapped(named) if role in ("given_name", "family_name") else None
    if role == "family_name" and swapped:  # the given name's agreement counts for both
        missing = f"{missing} OR ({left} <> {right} AND {swapped})"
    yield Level(missing, "missing")
    yield Level(f"{left} = {right}", "exactly", weighed=field)
    if role in ("given_name", "family_name"):
        yield Level(_alike(left, right, 0.92), "nearly", "a letter or two apart")
        if swapped and role == "given_name":
            yield Level(swapped, "nearly", SWAPPED)
        yield Level(f'"{field}_sound_l" = "{field}_sound_r"', "nearly", "the same consonants")
        yield Level(_alike(left, right, 0.8), "nearly", "alike in part")
    elif role in ("address", "city"):
        yield Level(_alike(left, right, 0.92), "nearly", "a letter or two apart")
        yield Level(_alike(left, right, 0.8), "nearly", "alike in part")
    elif role == "birth_date":  # ten signs, always
        yield Level(f"hamming({left}, {right}) <= 1", "nearly", "one digit apart")
        yield Level(f"hamming({left}, {right}) <= 2", "nearly", "two digits apart")
    elif role == "identifier":
        yield Level(_edits(left, right, 1), "nearly", "one sign apart")
        yield Level(_edits(left, right, 2), "nearly", "two signs apart")
    elif role == "email":
        local = "split_part({}, '@', 1)"
        yield Level(f"{local.format(left)} = {local.format(right)}", "nearly", "same before the @")
        # An address often holds the name: people of one name have some that differ in a number.
        digits = "regexp_replace({}, '[^0-9]', '', 'g')"
        same = f"{digits.format(left)} = {digits.format(right)}"
        near = f"{_edits(left, right, 2)} AND {same}"
        yield Level(near, "nearly", "one or two letters apart")
    elif role == "phone":
        yield Level(f'"{field}_end_l" = "{field}_end_r"', "nearly", "the last eight digits agree")
        yield Level(_edits(left, right, 1), "nearly", "one digit apart")
    elif role == "postcode":
        yield Level(_edits(left, right, 1), "nearly", "one sign apart")
    elif role == "house":
        yield Level(f"length({left}) > 1 AND {_edits(left, right, 1)}", "nearly", "one sign apart")
    yield Level("ELSE", "differ")


def _swapped(named: Mapping[str, ColumnRole]) -> str | None:
    if not {"given_name_1", "family_name_1"} <= set(named):
        return None
    one, other = "given_name_1", "family_name_1"
    letters = [_alike(f'"{x}_l"', f'"{y}_r"', 0.92) for x, y in ((one, other), (other, one))]
    sounds = [f'"{x}_sound_l" = "{y}_sound_r"' for x, y in ((one, other), (other, one))]
    return f"(({' AND '.join(letters)}) OR ({' AND '.join(sounds)}))"


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


def settings(chosen: tuple[Comparison, ...], keys: int) -> dict[str, Any]:
    """Return the comparisons, and as many blocking keys, in Splink's form."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "person",
        "retain_matching_columns": True,  # brings the levels, for the reasons
        "comparisons": [
            {
                "output_column_name": each.field,
                "comparison_levels": [_level(level) for level in each.levels],
            }
            for each in chosen
        ],
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": f'l."key_{number}" = r."key_{number}"'} for number in range(keys)
        ],
    }


def _level(level: Level) -> dict[str, Any]:
    told: dict[str, Any] = {
        "sql_condition": level.condition,
        "label_for_charts": f"{level.grade} {level.how}".strip(),
    }
    if level.grade == "missing":
        told["is_null_level"] = True
    if level.weighed:
        told["tf_adjustment_column"] = level.weighed
    return told


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


def uses(comparison: Comparison, columns: tuple[str, ...]) -> bool:
    """Return whether a comparison reads one of some spellings."""
    text = " ".join(level.condition for level in comparison.levels)
    return any(f'"{column}_l"' in text for column in columns)
