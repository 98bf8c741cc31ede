"""From the parameters of a unit to what a report says of its goals, alerts and plans."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.watched import make_before, make_metric

from workbench.errors import ParameterError
from workbench.files import canonical
from workbench.params import UnitParams, load_suite
from workbench.suite.preflight import check_suite
from workbench.suite.watch import (
    Alert,
    Asked,
    Watched,
    asked_of,
    by_owner,
    check_watched,
    declared_for,
    read_watch,
)
from workbench.workspace import Workspace

SUITE = """
title: Demo
as_of: 2025-06-30
currency: GBP
timezone: Europe/London
owner: Insight
"""
UNIT = """
title: Atlas
owner: Retail
sources: {orders: {till: {path: orders.csv}}}
goals:
  retention.rate: {target: 35%, direction: up, by: 2025-12-31}
  retention.churn: {target: 10%, direction: down, owner: CRM}
  segmentation.gini: {target: 0.5, direction: down}
alerts:
  high_churn: {when: retention.churn > 20%, severity: critical, owner: CRM, why: It costs.}
  low: {metric: "retention.*", when: "< 50%"}
  jump: {metric: "retention.r*", when: change > 3 sigma of the last 8 editions}
  typo: {metric: retention.chrn, when: "> 1"}
  none: {metric: retention.x*, when: "> 1"}
  elsewhere: {metric: segmentation.gini, when: "> 0.9"}
plans:
  always: {report: retention, decision: "Do we call?", do: Call them, owner: CRM, by: 2025-06-01}
  voucher: {report: retention, decision: "A voucher?", when: churn > 20%, do: Send it}
  calm: {report: retention, decision: "Nothing?", when: rate > 90%, do: Rest}
  blind: {report: retention, decision: "Blind?", when: rat > 90%, do: Look}
"""


@pytest.fixture
def unit(tmp_path: Path) -> UnitParams:
    return write(tmp_path)


def write(root: Path, text: str = UNIT) -> UnitParams:
    folder = root / "params" / "demo"
    folder.mkdir(parents=True)
    (root / "notebooks").mkdir()
    (folder / "suite.yml").write_text(SUITE, encoding="utf-8")
    (folder / "atlas.yml").write_text(text, encoding="utf-8")
    return load_suite(Workspace(root), "demo").unit("atlas")


@pytest.fixture
def read(unit: UnitParams) -> Callable[..., Watched]:
    def watched(churn: float = 0.25, rate: float = 0.3) -> Watched:
        metrics = [
            make_metric(rate, id="rate"),
            make_metric(churn, id="churn", label="Churn"),
            make_metric(7.0, id="days", unit="days", label="Days"),
        ]
        declared = json.loads(canonical(declared_for(unit, "retention")))
        return read_watch(declared, metrics, "2025-06-30", make_before([0.3, 0.31]))

    return watched


def test_a_report_depends_on_what_concerns_it_alone(unit: UnitParams, tmp_path: Path) -> None:
    declared = declared_for(unit, "retention")
    assert set(declared["goals"]) == {"retention.rate", "retention.churn"}
    assert set(declared["alerts"]) == {"high_churn", "low", "jump", "typo", "none"}
    assert set(declared["plans"]) == {"always", "voucher", "calm", "blind"}
    assert declared["goals"]["retention.rate"]["owner"] == "Retail"
    assert declared_for(unit, "triage") == {}
    other = write(tmp_path / "other", UNIT.replace("gini: {target: 0.5", "gini: {target: 0.4"))
    assert declared_for(other, "retention") == declared
    assert declared_for(other, "segmentation") != declared_for(unit, "segmentation")


def test_all_is_read_and_is_plain_json(read: Callable[..., Watched]) -> None:
    watched = read()
    told = json.loads(canonical(watched.to_json()))
    assert [goal["state"] for goal in told["goals"]] == ["off_track", "off_track"]
    assert [(a["id"], a["metric"], a["owner"]) for a in told["alerts"]] == [
        ("high_churn", "churn", "CRM"),
        ("low", "churn", "Retail"),
        ("low", "rate", "Retail"),
    ]
    assert told["alerts"][0] == {
        "id": "high_churn",
        "report": "retention",
        "metric": "churn",
        "label": "Churn",
        "rule": "retention.churn > 20%",
        "condition": "“Churn” is above 20%",
        "severity": "critical",
        "owner": "CRM",
        "value": 0.25,
        "display": "25.0%",
        "words": "“Churn” is 25.0%, above 20%.",
        "detail": "",
        "why": "It costs.",
        "as_of": "2025-06-30",
    }
    assert watched.rules == 5


def test_what_could_not_be_read_is_told(read: Callable[..., Watched]) -> None:
    unread = {(one.id, one.state): one for one in read().unread}
    assert unread["jump", "too_few"].words == "Too few earlier editions (have 2, needs 5)."
    assert "Did you mean `churn`?" in unread["typo", "no_number"].words
    assert "no metric `x*`" in unread["none", "no_number"].words
    # 50% is no number of days: this one is not compared, the two shares are.
    assert unread["low", "wrong_unit"].metrics == ("days",)
    assert set(unread) == {
        ("jump", "too_few"),
        ("typo", "no_number"),
        ("none", "no_number"),
        ("low", "wrong_unit"),
    }


def test_plans(read: Callable[..., Watched]) -> None:
    plans = {plan.id: plan for plan in read().plans}
    assert {name: plan.state for name, plan in plans.items()} == {
        "always": "due",
        "voucher": "due",
        "calm": "not_due",
        "blind": "unknown",
    }
    assert plans["always"].condition is None
    assert plans["always"].words.endswith("Its day, 1 Jun 2025, has passed.")
    assert plans["voucher"].when == "retention.churn > 20%"
    assert plans["voucher"].condition == "“Churn” is above 20%"
    assert "Did you mean `rate`?" in plans["blind"].words
    assert {plan.id: plan.state for plan in read(churn=0.1).plans}["voucher"] == "not_due"


def test_what_is_asked_of_each_department(read: Callable[..., Watched]) -> None:
    asked = asked_of([read().to_json()])
    assert list(asked) == ["CRM", "Retail"]
    assert [(one.kind, one.id, one.severity) for one in asked["CRM"]] == [
        ("alert", "high_churn", "critical"),
        ("plan", "always", ""),
        ("goal", "retention.churn", ""),
    ]
    assert [(one.kind, one.id, one.metric) for one in asked["Retail"]] == [
        ("plan", "voucher", ""),
        ("goal", "retention.rate", "rate"),
        ("alert", "low", "churn"),
        ("alert", "low", "rate"),
    ]
    assert asked["CRM"][1] == Asked(
        "plan", "retention", "always", "", "Call them", "", "2025-06-01"
    )
    quiet = asked_of([read(churn=0.05, rate=0.6).to_json()])
    assert [one.id for one in quiet["CRM"]] == ["always"]
    assert asked_of([{}, {"findings": []}]) == {}


def test_owners_with_something_critical_come_first(read: Callable[..., Watched]) -> None:
    told = read().to_json()["alerts"]
    told[0] |= {"owner": "Zoo"}
    assert list(by_owner(told)) == ["Zoo", "Retail"]
    assert [one["id"] for one in by_owner(told)["Retail"]] == ["low", "low"]


def test_nothing_declared_is_nothing_watched() -> None:
    assert read_watch({}, [make_metric(0.3)], "2025-06-30", ()) == Watched()


def test_the_order_of_editions_does_not_matter(unit: UnitParams) -> None:
    history = make_before([0.3, 0.31, 0.3, 0.32, 0.31, 0.3])
    declared, metrics = declared_for(unit, "retention"), [make_metric(0.6)]
    one = read_watch(declared, metrics, "2025-06-30", history)
    assert one == read_watch(declared, metrics, "2025-06-30", history[::-1])
    assert {alert.id for alert in one.alerts} == {"jump"}
    assert isinstance(one.alerts[0], Alert)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("retention.rate:", "retenton.rate:", "goals.retenton.rate"),
        ("when: retention.churn", "when: retenton.churn", "alerts.high_churn"),
        ('metric: "retention.*"', 'metric: "retenton.*"', "alerts.low"),
        ('{report: retention, decision: "A', '{report: retenton, decision: "A', "plans.voucher"),
    ],
)
def test_a_misspelt_report_is_found_before_anything_runs(
    tmp_path: Path, old: str, new: str, where: str
) -> None:
    unit = write(tmp_path, UNIT.replace(old, new))
    with pytest.raises(ParameterError) as caught:
        check_watched([unit], {"retention": 1, "segmentation": 2})
    assert caught.value.where == f"params/demo/atlas.yml, {where}"
    assert "Did you mean `retention`?" in caught.value.fix
    found = [trouble.text for trouble in check_suite(Workspace(tmp_path), "demo").troubles]
    assert any("there is no report" in text for text in found)


def test_reports_that_exist_are_no_trouble(unit: UnitParams) -> None:
    check_watched([unit], ["retention", "segmentation"])
