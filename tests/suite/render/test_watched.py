"""Goals, alerts and plans on a page: each in its place, in words, and harmless."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.suite.render.test_pages import HOSTILE, render, renderer, stand_in

from workbench.suite.render import prepare
from workbench.suite.render.embedded import layout
from workbench.suite.watch import Watched, read_watch

__all__ = ["renderer", "stand_in"]  # fixtures

METRICS = [
    {"id": "rate", "label": "Rate", "value": 0.25, "unit": "share", "display": "25.0%", "ci": None},
    {"id": "low", "label": "Low", "value": 5, "unit": "orders", "display": "5", "ci": None},
]


def watched(text: str = "CRM") -> Watched:
    """Watch two metrics: what is declared holds the text in every string that may hold any."""
    goal = {"target": 0.3, "direction": "up", "by": "2025-12-31", "owner": text, "from": None}
    alert = {"severity": "warning", "owner": text, "why": text}
    plan = {"report": "r", "decision": text, "do": text, "owner": text, "by": "2025-05-31"}
    return read_watch(
        {
            "goals": {"r.rate": goal, "r.low": goal | {"target": 4}, "r.lw": goal},
            "alerts": {
                "drop": alert | {"metric": "r.rate", "when": "< 30%", "severity": "critical"},
                "any": alert | {"metric": "r.*", "when": "> 0"},
                "typo": alert | {"metric": "r.raet", "when": "> 1"},
                "jump": alert
                | {"metric": "r.rate", "when": "change > 3 sigma of the last 8 editions"},
            },
            "plans": {
                "act": plan | {"when": "r.rate < 30%"},
                "rest": plan | {"when": "r.rate > 30%"},
                "always": plan | {"when": None},
                "blind": plan | {"when": "r.raet > 30%"},
            },
        },
        [metric | {"label": f"{metric['label']} {text}"} for metric in METRICS],
        "2025-06-30",
        (),
    )


def part(html: str, name: str) -> str:
    found = re.search(rf'<section class="wb-{name}[ "].*?</section>', html, re.DOTALL)
    assert found, name
    return found[0]


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_each_in_its_place(
    renderer: Any, executed: Any, make_page: Any, outline: Any, tmp_path: Path
) -> None:
    html = render(renderer, executed(), make_page(watched=watched()), tmp_path)
    read = outline(html)
    assert [name for name in read.parts if name.startswith("h2")][:5] == [
        "h2 More goals",
        "h2 Alerts",
        "h2 What this report says",
        "h2 Decisions asked for",
        "h2 What will be done, and when",
    ]
    assert len(set(read.ids)) == len(read.ids)
    for tag, name, value in read.attributes:
        if name == "aria-labelledby":
            assert value in read.ids, tag
    assert "Goal 30% by 31 Dec 2025: 5.0 points short" in part(html, "cards")
    goals = words(part(html, "goals"))
    assert "Goal 4 by 31 Dec 2025: reached." in goals  # recorded, but on no card
    assert "The report records no metric `lw`. Did you mean `low`?" in goals


def test_alerts_are_grouped_and_what_is_unread_is_said(executed: Any, make_page: Any) -> None:
    html = layout(prepare(executed(), make_page(watched=watched())))
    alerts = part(html, "alerts")
    assert "wb-urgent" in alerts
    said = words(alerts)
    assert said.index("Critical.") < said.index("Warning.")
    assert said.count("For CRM") == 1
    assert "Rules that could not be read" in said
    assert "no metric `raet`. Did you mean `rate`?" in said
    assert "sigma" not in said  # it only waits for more editions, which the page's foot says
    assert "no earlier edition" in words(part(html, "made"))
    calm = replace(watched(), alerts=(), unread=())
    assert (
        "wb-alerts" not in layout(prepare(executed(), make_page(watched=calm))).split("</style>")[1]
    )


def test_plans_stand_beside_the_decisions(executed: Any, make_page: Any) -> None:
    html = layout(prepare(executed(), make_page(watched=watched())))
    rows = [words(row) for row in re.findall(r"<tr.*?</tr>", part(html, "plans"), re.DOTALL)]
    assert rows[0] == "Decision What will be done When Now"
    states = [re.search(r"Not known|Not due|Due", row) for row in rows[1:]]
    assert [state[0] for state in states if state] == ["Due", "Not due", "Due", "Not known"]
    assert "In any case" in rows[3]
    assert "has passed" in rows[3]
    assert "CRM, by 31 May 2025" in rows[1]


def test_each_departments_list(executed: Any, make_page: Any) -> None:
    html = layout(prepare(executed(), make_page(watched=watched())))
    asked = words(part(html, "asked"))
    assert asked.startswith("What is asked of each department CRM Look into:")
    assert asked.count("Do by 31 May 2025: CRM") == 2
    assert "Goal: “Rate CRM” is to be at least 30%" in asked


def test_without_anything_watched_a_page_is_as_it_was(executed: Any, make_page: Any) -> None:
    plain = layout(prepare(executed(), make_page()))
    assert layout(prepare(executed(), make_page(watched=Watched()))) == plain
    body = plain.split("</style>")[1]
    assert not re.search("wb-(goal|alert|plan|asked)", body)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_string_breaks_out(
    renderer: Any, text: str, executed: Any, make_page: Any, outline: Any, tmp_path: Path
) -> None:
    notebook = executed()
    calm = outline(render(renderer, notebook, make_page(watched=watched("CRM")), tmp_path))
    html = render(renderer, notebook, make_page(watched=watched(text)), tmp_path)
    read = outline(html)
    assert read.tags == calm.tags
    assert {(t, n) for t, n, _ in read.attributes} == {(t, n) for t, n, _ in calm.attributes}
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", html)
    assert "root:" not in html
