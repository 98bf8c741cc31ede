"""What Splink is told, and from which pairs nothing is learned."""

from __future__ import annotations

from workbench.triage.identity.fit import settings, uses
from workbench.triage.identity.measures import PLACES, Measure, measures
from workbench.triage.identity.model import comparisons, training_rules
from workbench.triage.identity.people import field_names
from workbench.triage.identity.roles import ROLES, ColumnRole

NAMED = field_names([ColumnRole(role, role, 1.0, 1.0) for role in ROLES if role != "name"])
WEIGHED: tuple[Measure, ...] = measures(
    NAMED, [field for field, each in NAMED.items() if each.role in PLACES]
)


def test_what_pairs_are_picked_by_is_not_learned_from_them() -> None:
    read = {
        rule: {each.name for each in WEIGHED if uses(each, rule)}
        for rule in training_rules(comparisons(NAMED))
    }
    assert read == {
        ("birth_date_1",): {"birth_date_1"},
        ("email_1",): {"email_1"},
        ("given_name_1", "family_name_1"): {"name"},
        ("phone_1_end",): {"phone_1"},
        ("identifier_1",): {"identifier_1"},
        ("address_1",): {"place"},
    }
    assert {each.name for each in WEIGHED if uses(each, ("email_1", "city_1"))} == {
        "email_1",
        "place",
    }
    assert not any(uses(each, ("whatever_1",)) for each in WEIGHED)


def test_settings_have_a_level_for_missing_and_one_for_the_rest() -> None:
    made = settings(WEIGHED, 2)
    assert len(made["blocking_rules_to_generate_predictions"]) == 2
    assert [each["output_column_name"] for each in made["comparisons"]] == [
        each.name for each in WEIGHED
    ]
    for comparison in made["comparisons"]:
        first, *others, last = comparison["comparison_levels"]
        assert first["is_null_level"]
        assert not any("is_null_level" in each for each in (*others, last))
        assert last["sql_condition"] == "ELSE"


def test_agreement_is_weighed_by_how_rare_the_value_is() -> None:
    (name,) = (
        each for each in settings(WEIGHED, 1)["comparisons"] if each["output_column_name"] == "name"
    )
    told = [each.get("tf_adjustment_column") for each in name["comparison_levels"]]
    assert [each for each in told if each] == [
        "whole_name",
        "whole_sound",
        "family_name_1",
        "given_name_1",
    ]
