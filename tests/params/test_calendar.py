"""The calendar in the parameter files: what is merged, what an event covers, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from workbench.errors import ParameterError
from workbench.params import EventParams, UnitParams

SUITE = """
calendar:
  eid:
    title: Eid al-Fitr
    start: 2025-03-30
    end: 2025-04-01
    explains: [volume, categories]
  move: {title: New till, start: 2025-05-01, end: 2025-05-01, explains: [schema], tables: [orders]}
"""
Load = Callable[..., UnitParams]


def test_what_is_declared(load: Load) -> None:
    eid = load().calendar["eid"]
    assert (eid.title, eid.start, eid.end) == ("Eid al-Fitr", date(2025, 3, 30), date(2025, 4, 1))
    assert (eid.explains, eid.tables) == (["volume", "categories"], [])


def test_a_unit_lies_over_the_suite_by_key(load: Load) -> None:
    unit = load(
        "calendar: {eid: , sale: "
        "{title: Sale, start: 2025-06-01, end: 2025-06-07, explains: [distribution]}}"
    )
    assert list(unit.calendar) == ["move", "sale"]  # an empty entry takes the suite's away


def test_reports_see_it(load: Load) -> None:
    unit = load()
    facts = unit.facts()["calendar"]
    assert facts["eid"]["start"] == "2025-03-30"
    assert EventParams.model_validate(facts["eid"]) == unit.calendar["eid"]


EVENT = EventParams(
    title="Outage",
    start=date(2025, 5, 10),
    end=date(2025, 5, 12),
    explains=["volume"],
    tables=["orders"],
)


@pytest.mark.parametrize(
    ("first", "last", "covered"),
    [
        (date(2025, 5, 1), date(2025, 5, 9), False),
        (date(2025, 5, 1), date(2025, 5, 10), True),  # both ends count
        (date(2025, 5, 11), date(2025, 5, 11), True),
        (date(2025, 5, 12), date(2025, 5, 31), True),
        (date(2025, 5, 13), date(2025, 5, 31), False),
    ],
)
def test_an_event_covers_what_meets_its_days(first: date, last: date, covered: bool) -> None:
    assert EVENT.covers("volume", "orders", first, last) is covered
    assert not EVENT.covers("schema", "orders", first, last)
    assert not EVENT.covers("volume", "customers", first, last)


@pytest.mark.parametrize(
    ("event", "where", "said"),
    [
        ("{start: 2025-01-01, end: 2025-01-02, explains: [volume]}", "x.title", "State it"),
        ("{title: T, end: 2025-01-02, explains: [volume]}", "x.start", "State it"),
        ("{title: T, start: 2025-01-03, end: 2025-01-02, explains: [volume]}", "x", "later day"),
        ("{title: T, start: soon, end: 2025-01-02, explains: [volume]}", "start", "YYYY-MM-DD"),
        ("{title: T, start: 2025-01-01, end: 2025-01-02}", "x.explains", "State it"),
        ("{title: T, start: 2025-01-01, end: 2025-01-02, explains: []}", "x.explains", "1"),
        ("{title: T, start: 2025-01-01, end: 2025-01-02, explains: [volum]}", "x", "volume"),
        (
            "{title: T, start: 2025-01-01, end: 2025-01-02, explains: [volume, volume]}",
            "x.explains",
            "`volume` twice",
        ),
        ("{titel: T, start: 2025-01-01, end: 2025-01-02, explains: [volume]}", "titel", "`title`"),
    ],
)
def test_each_mistake_names_file_key_and_remedy(
    load: Load, event: str, where: str, said: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        load(f"calendar: {{x: {event}}}")
    assert caught.value.where.startswith("params/demo/atlas.yml")
    assert where in caught.value.where
    assert said in str(caught.value)
