"""Levels of agreement: the SQL says what its words say."""

from __future__ import annotations

import duckdb
import pytest

from workbench.triage.identity.model import (
    SLIP,
    SWAPPED,
    Comparison,
    comparisons,
    strong,
    sure_rules,
    training_rules,
)
from workbench.triage.identity.normal import skeleton
from workbench.triage.identity.reasons import Agreement, agreements
from workbench.triage.identity.roles import ColumnRole, Role

ROLES: tuple[Role, ...] = (
    "given_name",
    "family_name",
    "email",
    "phone",
    "birth_date",
    "identifier",
    "address",
    "house",
    "postcode",
    "city",
    "region",
    "birth_year",
)


def named(*roles: Role) -> dict[str, ColumnRole]:
    return {f"{role}_1": ColumnRole(role, role, 1.0, 1.0) for role in roles}


def gamma(comparison: Comparison, left: dict[str, str | None], right: dict[str, str | None]) -> int:
    """Return the number of the first level that holds, as Splink numbers them."""
    fields = {f"{name}_l": value for name, value in left.items()}
    fields |= {f"{name}_r": value for name, value in right.items()}
    row = ", ".join(f'CAST(? AS VARCHAR) AS "{name}"' for name in fields)
    for place, level in enumerate(comparison.levels):
        condition = "true" if level.condition == "ELSE" else level.condition
        holds = f"SELECT coalesce({condition}, false) FROM (SELECT {row})"
        if duckdb.execute(holds, list(fields.values())).fetchall()[0][0]:
            return len(comparison.levels) - 1 - place if place else -1
    raise AssertionError("no level holds")


def spelt(field: str, value: str | None) -> dict[str, str | None]:
    """Return a value with the parts of it that an e-mail address has."""
    return {
        field: value,
        f"{field}_local": value and value.partition("@")[0],
        f"{field}_digits": value and "".join(filter(str.isdigit, value)),
        f"{field}_letters": value and "".join(sign for sign in value if not sign.isdigit()),
    }


@pytest.mark.parametrize(
    ("role", "one", "other", "grade", "how"),
    [
        ("email", "a@x.example", "a@x.example", "exactly", ""),
        ("email", "anna@x.example", "anna@y.example", "nearly", "same before the @"),
        ("email", "anna@x.example", "ana@x.example", "nearly", "one or two letters apart"),
        ("email", "anna1@x.example", "anna2@x.example", "differ", ""),
        ("email", "anna1234@x.example", "anna1243@x.example", "nearly", SLIP),
        ("email", "anna1234@x.example", "anna1235@x.example", "differ", ""),
        ("email", "anna@x.example", None, "missing", ""),
        ("birth_date", "1984-02-03", "1984-02-13", "nearly", "one digit apart"),
        ("birth_date", "1984-02-03", "1984-03-02", "nearly", "two digits apart"),
        ("birth_date", "1984-02-03", "1975-12-13", "differ", ""),
        ("identifier", "6988048", "698804", "nearly", "one sign apart"),
        ("identifier", "6988048", "6980848", "nearly", "two signs apart"),
        ("postcode", "4011", "4012", "nearly", "one sign apart"),
        ("house", "6", "7", "differ", ""),
        ("house", "16", "17", "nearly", "one sign apart"),
        ("city", "bittern", "bittern", "exactly", ""),
        ("city", "bittern", "bitern", "nearly", "a letter or two apart"),
        ("city", "bittern", "garbutt", "differ", ""),
        ("region", "qld", "qlf", "differ", ""),
        ("birth_year", "1984", "1985", "differ", ""),
    ],
)
def test_levels(role: Role, one: str, other: str | None, grade: str, how: str) -> None:
    (comparison,) = comparisons(named(role))
    level = gamma(comparison, *(spelt(comparison.field, value) for value in (one, other)))
    assert agreements([comparison], [level]) == (Agreement(role, grade, how),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "grade", "how"),
    [
        ("+923001234567", "03001234567", "nearly", "the last eight digits agree"),
        ("+923001234567", "+923001234568", "nearly", "one digit apart"),
        ("+923001234567", "+923119876543", "differ", ""),
    ],
)
def test_telephone_levels(one: str, other: str, grade: str, how: str) -> None:
    (comparison,) = comparisons(named("phone"))
    told = [{"phone_1": number, "phone_1_end": number[-8:]} for number in (one, other)]
    level = comparison.level(gamma(comparison, *told))
    assert (level.grade, level.how) == (grade, how)


def parts(given: str | None, family: str | None) -> dict[str, str | None]:
    return {
        "given_name_1": given,
        "family_name_1": family,
        "given_name_1_sound": skeleton(given),
        "family_name_1_sound": skeleton(family),
    }


@pytest.mark.parametrize(
    ("one", "other", "given", "family"),
    [
        (("anna", "khan"), ("anna", "khan"), "exactly", "exactly"),
        (("anna", "khan"), ("khan", "anna"), SWAPPED, SWAPPED),
        (("ahmed", "khan"), ("خان", "احمد"), SWAPPED, SWAPPED),
        (("muhammad", "khan"), ("محمد", "خان"), "the same consonants", "the same consonants"),
        (("catherine", "smith"), ("catherin", "jones"), "a letter or two apart", "differ"),
        (("r", "smith"), ("robert", "smith"), "an initial that fits", "exactly"),
        (("r j", "smith"), ("robert", "smith"), "an initial that fits", "exactly"),
        (("r", "khan"), ("رشید", "خان"), "an initial that fits", "the same consonants"),
        (("r", "smith"), ("peter", "smith"), "differ", "exactly"),
        (("anna", "khan"), ("anna", None), "exactly", "missing"),
        (("anna", "khan"), ("peter", "jones"), "differ", "differ"),
    ],
)
def test_names_in_parts(
    one: tuple[str, str], other: tuple[str, str | None], given: str, family: str
) -> None:
    both = comparisons(named("given_name", "family_name"))
    levels = [gamma(each, parts(*one), parts(*other)) for each in both]
    told = [each.how or each.grade for each in agreements(both, levels)]
    assert told == [given, family]


def test_swapped_names_count_once() -> None:
    given, family = comparisons(named("given_name", "family_name"))
    one, other = parts("anna", "khan"), parts("khan", "anna")
    assert given.level(gamma(given, one, other)).how == SWAPPED
    assert gamma(family, one, other) == -1, "no evidence of its own"


def test_two_kinds_are_counted_and_the_parts_of_a_name_are_one() -> None:
    assert strong(comparisons(named("given_name", "family_name", "city", "region"))) == 1
    assert strong(comparisons(named("given_name", "email"))) == 2
    assert strong(()) == 0


def test_sure_rules_hold_something_personal() -> None:
    rules = sure_rules(comparisons(named(*ROLES)))
    assert ("given_name_1", "family_name_1", "birth_date_1") in rules
    assert ("email_1", "phone_1") in rules
    assert ("phone_1", "address_1") not in rules
    assert ("birth_date_1", "postcode_1") not in rules
    assert sure_rules(comparisons(named("given_name", "email"))) == ()


def test_pairs_to_learn_from_share_what_tells_a_person() -> None:
    assert training_rules(comparisons(named(*ROLES))) == (
        ("birth_date_1",),
        ("email_1",),
        ("given_name_1", "family_name_1"),
        ("phone_1_end",),
        ("identifier_1",),
        ("address_1",),
    )
    assert training_rules(comparisons(named("given_name", "city"))) == ()
