from __future__ import annotations

from workbench.suite.portal.attention import attention_of, late_units
from workbench.suite.portal.views import Link

from .conftest import cell, critical, unit


def test_failures_stand_before_critical_alerts() -> None:
    failed = cell("failed", reasons=("no column",), last_good=Link("old.html", "2025-05-31"))
    units = [unit(alerts=[critical()]), unit("brook", cells=[failed], problem="No file.")]
    found = attention_of(units)
    assert [(one.tag, one.where, one.reason) for one in found] == [
        ("Not published", "Brook", "No file."),
        ("Failed", "Brook, Retention", "no column"),
        ("Critical alert", "Atlas, Triage", "It is 28.1%, below 30%."),
    ]
    assert [(link.href, link.title) for link in found[1].links] == [
        ("retention.html", "What went wrong"),
        ("old.html", "Last good version, 31 May 2025"),
    ]


def test_the_same_trouble_in_many_units_is_told_once() -> None:
    failed = cell("failed", reasons=("no column",))
    names = ("atlas", "brook", "cirrus")
    units = [unit(name, alerts=[critical(f"{name}!")], cells=[failed]) for name in names]
    failure, alert = attention_of(units)
    assert (failure.where, failure.units, failure.reason) == ("Retention", 3, "no column")
    assert (alert.where, alert.reason) == ("Triage", "“Share” is below 0.3.")
    assert [link.title for link in alert.links] == ["Atlas", "Brook", "Cirrus"]


def test_two_units_are_told_one_by_one() -> None:
    units = [unit(name, alerts=[critical()]) for name in ("atlas", "brook")]
    assert [one.units for one in attention_of(units)] == [1, 1]


def test_what_a_gate_holds_back_is_told_once_for_a_unit() -> None:
    why = "3 rows passed every check; the gate asks for at least 10."
    made = cell("fresh", "Triage")
    held = [
        cell("stopped", title, reasons=(why,), href="", last_good=good)
        for title, good in (("Sales", Link("old.html", "2025-05-31")), ("Retention", None))
    ]
    found = attention_of(
        [unit(alerts=[critical()], cells=[made, *held]), unit("brook", problem="No file.")]
    )
    assert [one.kind for one in found] == ["failed", "stopped", "critical"]
    assert (found[1].tag, found[1].where) == ("Held back", "Atlas, 2 reports")
    assert found[1].reason == why
    assert [(link.href, link.title) for link in found[1].links] == [
        ("triage.html", "Triage"),
        ("old.html", "Sales: last good version, 31 May 2025"),
    ]


def test_what_is_held_back_for_one_reason_in_many_units_is_told_once() -> None:
    held = cell("stopped", reasons=("No row passed.",), href="")
    units = [unit(name, cells=[held]) for name in ("atlas", "brook", "cirrus")]
    (found,) = attention_of(units)
    assert (found.where, found.units, found.reason) == ("Reports", 3, "No row passed.")
    assert [link.href for link in found.links] == ["#unit-atlas", "#unit-brook", "#unit-cirrus"]


def test_units_without_new_data_stand_the_oldest_first() -> None:
    units = [
        unit(),
        unit("brook", is_new=False, as_of="2025-05-31", age="30 days older"),
        unit("cirrus", is_new=False, as_of="", age=""),
    ]
    assert [(one.title, one.words, one.href) for one in late_units(units)] == [
        ("Cirrus", "(no edition yet)", "#unit-cirrus"),
        ("Brook", "(30 days older)", "#unit-brook"),
    ]


def test_all_is_well() -> None:
    assert attention_of([unit()]) == []
    assert late_units([unit()]) == []
