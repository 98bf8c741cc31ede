"""A browser for the tests that need one, and parts of a unit as the portal shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.browser import Browser, find_browser, open_browser
from workbench.suite.portal.views import Alert, Cell, Link, Said, Source, UnitView


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if find_browser() is None:
        pytest.skip("there is no Chromium on this machine")
    with open_browser() as found:
        yield found


def cell(condition: str = "fresh", title: str = "Retention", **more: Any) -> Cell:
    look, word = {"failed": ("failed", "Failed")}.get(condition, ("ok", "Ready"))
    told: dict[str, Any] = {
        "report": title.lower(),
        "title": title,
        "condition": condition,
        "look": look,
        "word": word,
        "as_of": "2025-06-30",
        "age": "",
        "reasons": (),
        "more": 0,
        "href": f"{title.lower()}.html",
    }
    return Cell(**{**told, **more})


def source(
    department: str, received: int, bad: int, unit: str = "Atlas", name: str = "till"
) -> Any:
    return Source(unit, "orders", name, department, received, received - bad, bad)


def critical(words: str = "It is 28.1%, below 30%.", rule: str = "triage.share < 0.3") -> Alert:
    link = Link("a/triage.html#x", "Triage")
    condition = f"“Share” is {rule.partition(' ')[2].replace('<', 'below')}"
    return Alert("critical", "Sales", "Share", words, "", rule, condition, link)


def unit(name: str = "atlas", **more: Any) -> UnitView:
    told: dict[str, Any] = {
        "name": name,
        "title": name.capitalize(),
        "owner": "Retail",
        "edition": "2025-06-30-0",
        "as_of": "2025-06-30",
        "age": "",
        "is_new": True,
        "problem": "",
        "changes": None,
        "cells": [cell()],
    }
    return UnitView(**{**told, **more})


def reading(place: str = "retention", **lists: Any) -> dict[str, tuple[Link, dict[str, Any]]]:
    """Return what one report of a unit recorded, as a unit's ``results`` hold it."""
    told = {"findings": [], "metrics": [], "goals": [], "alerts": [], "plans": [], "unread": []}
    return {place: (Link(f"{place}.html", place.capitalize()), {**told, **lists})}


def decision(text: str, report: str = "Retention") -> Said:
    return Said("Because.", "answer", text, Link(f"{report.lower()}.html", report))
