from __future__ import annotations

from support.portal_world import alert, goal, plan
from workbench.suite.portal.asked import asked_of_all

from .conftest import decision, reading, unit


def told(units):
    return {
        one.owner: [(ask.kind, ask.text, [place.title for place in ask.places]) for ask in one.asks]
        for one in asked_of_all(units)
    }


def test_the_gravest_stands_first_and_what_is_not_due_does_not_stand() -> None:
    results = reading(
        alerts=[
            alert("retention", "rate", owner="Sales", words="A warning."),
            alert("retention", "rate", owner="Sales", id="x", severity="critical", words="Grave."),
        ],
        plans=[
            plan("retention", owner="Sales", do="Later.", id="b", by="2026-01-31"),
            plan("retention", owner="Sales", do="Soon.", id="a"),
            plan("retention", owner="Sales", do="Not now.", id="c", state="not_due"),
            plan("retention", owner="Sales", do="Who knows.", id="d", state="unknown"),
        ],
        goals=[
            goal("retention", "rate", owner="Sales", words="Off track."),
            goal("retention", "days", owner="Sales", state="on_track"),
            goal("retention", "age", owner="Sales", state="unclear"),
            goal("retention", "old", owner="Sales", state="missed", words="Missed.", by=None),
        ],
    )
    one = unit(owner="Sales", results=results, decisions=[decision("Do we?"), decision("Do we?")])
    assert [(kind, text) for kind, text, _ in told([one])["Sales"]] == [
        ("critical", "Grave."),
        ("plan", "Soon."),
        ("plan", "Later."),
        ("goal", "Off track."),
        ("goal", "Missed."),
        ("decision", "Do we?"),
        ("warning", "A warning."),
    ]


def test_what_is_asked_in_several_units_stands_once() -> None:
    units = [
        unit(
            name,
            owner="Retail",
            results=reading(
                alerts=[alert("retention", "rate", display=shown, words=f"It is {shown}.")],
                goals=[goal("retention", "rate", display=shown)],
                plans=[plan("retention")],
            ),
            decisions=[decision("Do we?")],
        )
        for name, shown in (("atlas", "28.1%"), ("brook", "12.0%"))
    ]
    asking = {one.owner: one for one in asked_of_all(units)}
    (due, off) = asking["Marketing"].asks
    assert (due.text, due.why) == ("Mail a reminder before day 54.", "by 30 Sep 2025")
    assert off.text == "“Rate”: goal 35% by 31 Dec 2025, off track"
    assert [place.title for place in off.places] == ["Atlas", "Brook"]
    assert list(off.details) == ["28.1%", "12.0%"]
    (warning,) = asking["Data office"].asks
    assert warning.text == "“Rate” is below 30%."
    assert asking["Retail"].asks[0].text == "Do we?"
    assert asking["Marketing"].count("plan", "goal") == 4


def test_a_rule_that_says_something_else_in_another_unit_stands_apart() -> None:
    units = [
        unit(name, results=reading(alerts=[alert("retention", "rate", rule=rule)]))
        for name, rule in (("atlas", "retention.rate < 0.3"), ("brook", "retention.rate < 0.2"))
    ]
    assert [len(ask.places) for ask in asked_of_all(units)[0].asks] == [1, 1]


def test_those_with_something_critical_stand_before_others() -> None:
    results = reading(
        alerts=[alert("retention", "rate", owner="Zoo", severity="critical")],
        plans=[plan("retention", owner="Arts")],
    )
    one = unit(owner="Board", results=results, decisions=[decision("Do we?")])
    assert [asking.owner for asking in asked_of_all([one])] == ["Zoo", "Arts", "Board"]


def test_nothing_is_asked_of_nobody() -> None:
    assert asked_of_all([unit()]) == []


def test_links_lead_to_the_place_in_the_report() -> None:
    results = reading(
        alerts=[alert("retention", "rate")],
        plans=[plan("retention", id='a"b')],
        goals=[goal("retention", "rate")],
    )
    found = {
        ask.places[0].href for one in asked_of_all([unit(results=results)]) for ask in one.asks
    }
    assert found == {
        "retention.html#alert-low_share.rate",
        "retention.html#plan-a%22b",
        "retention.html#metric-rate",
    }
