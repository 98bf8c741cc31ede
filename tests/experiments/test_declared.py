"""What was declared, remembered as JSON; what was changed after the first reading, in words."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from workbench.experiments.declared import changes, digest, remember, told
from workbench.params import ExperimentParams

FIRST, SECOND, THIRD = date(2025, 6, 30), date(2025, 7, 31), date(2025, 8, 31)
BASE: dict[str, Any] = {
    "title": "Offer",
    "control": "a",
    "shares": {"a": 0.5, "b": 0.5},
    "end": "2025-06-30",
    "metrics": {
        "spend": {"kind": "mean", "from": "orders", "what": "amount", "days": 28, "primary": True},
        "bought": {"kind": "proportion", "column": "bought"},
    },
}
SPEND: dict[str, Any] = BASE["metrics"]["spend"]


def said(**more: Any) -> ExperimentParams:
    return ExperimentParams.model_validate({**BASE, **more})


def metrics(**more: Any) -> dict[str, Any]:
    return {**BASE["metrics"], **more}


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (
            {"metrics": {
                "spend": {**SPEND, "primary": False},
                "bought": {**BASE["metrics"]["bought"], "primary": True}}},
            "the primary metric was spend, is bought",
        ),
        (
            {"metrics": metrics(spend={**SPEND, "days": 14})},
            "days of the metric spend was 28, is 14",
        ),
        (
            {"metrics": metrics(spend={**SPEND, "min_effect": {"relative": 0.1}})},
            "min_effect of the metric spend was nothing, is relative 0.1",
        ),
        (
            {"metrics": metrics(left={"kind": "mean", "column": "y", "margin": {"absolute": 1}})},
            "the guardrail was nothing, is left",
        ),
        ({"alpha": 0.1}, "alpha was 0.05, is 0.1"),
        ({"end": "2025-09-30"}, "the planned end was 2025-06-30, is 2025-09-30"),
        (
            {"shares": {"a": 0.25, "b": 0.75}},
            "the planned shares were a 50%, b 50%, are a 25%, b 75%",
        ),
        ({"control": "b"}, "the control was a, is b"),
        ({"segments": ["country"]}, "the segments were nothing, are country"),
        (
            {"readings": {"method": "anytime"}},
            "how often it is read was once, at the planned end, is at any time",
        ),
        ({"then": {"ship": "Go."}}, "what is done when it is worth having was nothing, is Go"),
        ({"hypothesis": "More."}, "the hypothesis was nothing, is More"),
        (
            {"covariates": {"c": {"column": "z"}}},
            "the covariate c was not declared, is declared",
        ),
    ],
)  # fmt: skip
def test_a_change_is_told_in_words(more: dict[str, Any], text: str) -> None:
    found = [change.text for change in changes(digest(said()), digest(said(**more)))]
    assert text in found
    assert len(found) <= 2


def test_what_no_reading_rests_on_is_no_change() -> None:
    override = {"decision": "ship", "reason": "R", "author": "A", "on": "2025-07-01"}
    named = metrics(spend={**SPEND, "label": "Spend"})
    for other in (said(title="Other"), said(override=override), said(metrics=named)):
        assert digest(other) == digest(said())
        assert changes(digest(said()), digest(other)) == ()
    # That all are primary when none is declared so, and that each is declared so, is one thing.
    none = {name: {**m, "primary": False} for name, m in BASE["metrics"].items()}
    every = {name: {**m, "primary": True} for name, m in BASE["metrics"].items()}
    assert digest(said(metrics=none)) == digest(said(metrics=every))


def test_what_is_remembered_is_json_and_begins_with_the_first_reading() -> None:
    state = remember(None, {"offer": said(), "later": said()}, as_of=FIRST, read={"offer"})
    assert set(state) == {"offer"}
    assert json.loads(json.dumps(state)) == state
    assert told(state, "offer") == ()
    assert told(state, "later") == ()
    # Before its data are read, a plan may be changed.
    state = remember(
        state, {"offer": said(), "later": said(alpha=0.1)}, as_of=SECOND, read={"offer", "later"}
    )
    assert told(state, "later") == ()
    assert state["later"]["first_read"] == "2025-07-31"
    assert state["offer"]["first_read"] == "2025-06-30"


def test_a_change_stays_told_even_when_it_is_taken_back() -> None:
    both = {"offer"}
    state = remember(None, {"offer": said()}, as_of=FIRST, read=both)
    state = remember(state, {"offer": said(alpha=0.1)}, as_of=SECOND, read=both)
    assert told(state, "offer") == (
        "Alpha was 0.05, is 0.1; changed after the first reading on 30 Jun 2025, seen on "
        "31 Jul 2025.",
    )
    same = remember(state, {"offer": said(alpha=0.1)}, as_of=THIRD, read=both)
    assert same == state
    back = remember(state, {"offer": said()}, as_of=THIRD, read=both)
    assert len(told(back, "offer")) == 2
    gone = remember(state, {}, as_of=THIRD, read=set())
    assert "no longer declared" in told(gone, "offer")[-1]
    assert remember(gone, {}, as_of=THIRD, read=set()) == gone
    again = remember(gone, {"offer": said()}, as_of=THIRD, read=both)
    assert "The experiment was not declared, is declared" in told(again, "offer")[-1]
