from __future__ import annotations

from typing import Any

import pytest

from workbench.suite.compare.cause import (
    by_chance,
    causes_of,
    compare_data,
    compare_reports,
    each_once,
)

from .conftest import ROWS, VERSIONS, edition, parts


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (
            {"data": {"orders": {"rows": 1216, "digest": "d2"}}},
            "data",
            "orders changed: +1,204 rows",
        ),
        ({"parameters": {"k_max": 6}}, "parameters", "parameter k_max 8 → 6"),
        ({"watch": {"goals": {}}}, "parameters", "goals, alerts or plans changed"),
        ({"notebook": "n2"}, "code", "notebook changed"),
        ({"package": "p2"}, "code", "package code changed"),
        ({"versions": {"pandas": "3.1.0"}}, "environment", "pandas is new: 3.1.0"),
        ({"renderer": {"name": "quarto", "version": "2"}}, "environment", "renderer embedded 1 → "),
        ({"prior": {"edition": "x"}}, "prior", "the numbers of earlier editions changed"),
        ({"something": "else"}, "parameters", "something changed"),
    ],
)
def test_each_part_has_its_kind(change: dict[str, Any], kind: str, words: str) -> None:
    (found,) = causes_of(parts(), parts(**change))
    assert found.kind == kind
    assert found.words.startswith(words)


def test_the_day_is_told_apart_from_settings() -> None:
    (found,) = causes_of(parts("2025-05-31"), parts("2025-06-30"))
    assert (found.kind, found.words) == (
        "day",
        "the day looked back from, 31 May 2025 → 30 Jun 2025",
    )
    other = parts()
    other["unit"] = {**other["unit"], "unit": {"currency": "EUR"}}
    (found,) = causes_of(parts(), other)
    assert (found.kind, found.words) == ("parameters", "unit.currency GBP → EUR")


def test_many_words_of_one_part_are_counted() -> None:
    many = {f"p{n}": n for n in range(9)}
    words = [cause.words for cause in causes_of(parts(parameters={}), parts(parameters=many))]
    assert len(words) == 5
    assert words[-1] == "and 5 more"


def test_chance_has_a_part_in_data_day_seed_and_earlier_state_only() -> None:
    same = parts()
    assert not by_chance(same, parts())
    assert not by_chance(same, parts(parameters={}, package="p2", versions={}))
    assert by_chance(same, parts("2025-07-31"))
    assert by_chance(same, parts(data={}))
    assert by_chance(same, parts(prior={"edition": "x"}))
    assert by_chance(same, parts(unit={**same["unit"], "seed": 8}))


def test_reports_fail_come_back_apply_and_go() -> None:
    names = {
        "good": ("ok", "ok", "same"),
        "fails": ("ok", "failed", "newly_failed"),
        "fails_still": ("failed", "failed", "still_failed"),
        "back": ("failed", "ok", "ready_again"),
        "applies": ("not_applicable", "ok", "newly_applies"),
        "first": ("not_run", "ok", "newly_ready"),
        "lost": ("ok", "not_applicable", "no_longer_applies"),
        "held": ("ok", "stopped", "newly_stopped"),
        "held_still": ("stopped", "stopped", "still_stopped"),
        "freed": ("stopped", "ok", "ready_again"),
        "freed_in_vain": ("stopped", "failed", "newly_failed"),
        "held_and_lost": ("stopped", "not_applicable", "no_longer_applies"),
        "never": ("not_applicable", "not_applicable", "not_applicable"),
        "waits": ("not_run", "not_run", "not_run"),
    }
    old = edition(results={}, states={name: one[0] for name, one in names.items()} | {"x": "ok"})
    new = edition(results={}, states={name: one[1] for name, one in names.items()} | {"y": "ok"})
    found = {one.report: one for one in compare_reports(old.manifest, new.manifest)}
    assert {name: one.state for name, one in found.items()} == {
        **{name: one[2] for name, one in names.items()},
        "x": "gone",
        "y": "newly_ready",
    }
    assert found["fails"].reason == "ZeroDivisionError: <b>nought</b>"
    assert found["fails"].causes == ()
    renewed = edition(results={}, states={"good": "ok"}, key=parts(notebook="n2"))
    again = compare_reports(old.manifest, renewed.manifest)
    assert {one.report: one.state for one in again}["good"] == "renewed"


def test_causes_of_several_reports_stand_once_the_likeliest_first() -> None:
    old = edition("2025-05-31", results={"a": {}, "b": {}})
    new = edition(
        results={"a": {}, "b": {}},
        key=parts("2025-06-30", package="p2", data={"orders": {"rows": 13, "digest": "d2"}}),
        environment={**VERSIONS, "versions": {"pandas": "3.1.0"}},
    )
    found = each_once(compare_reports(old.manifest, new.manifest))
    assert [cause.kind for cause in found] == ["day", "data", "code", "environment"]
    assert found[-1].words == "pandas 3.0.0 → 3.1.0"


def test_rows_are_compared_by_source() -> None:
    more = {
        "orders": {"till": {**ROWS["orders"]["till"], "received": 20, "quarantined": 8}},
        "customers": {"crm": {"department": "CRM", "received": 3, "accepted": 3, "quarantined": 0}},
    }
    old, new = edition().manifest, edition(rows=more).manifest
    crm, till = compare_data(old, new)
    assert (crm.state, crm.old_received, crm.new_received) == ("new", None, 3)
    assert (till.state, till.department, till.old_quarantined, till.new_quarantined) == (
        "changed",
        "Sales",
        1,
        8,
    )
    assert [one.state for one in compare_data(new, old)] == ["gone", "changed"]
    assert [one.state for one in compare_data(old, old)] == ["same"]


def test_another_day_has_other_earlier_numbers_anyway() -> None:
    old = parts(unit={"as_of": "2025-05-31"}, prior={"history": "a"})
    new = parts(unit={"as_of": "2025-06-30"}, prior={"history": "b"})
    assert [cause.kind for cause in causes_of(old, new)] == ["day"]
