"""Declared experiments in the parameter files: what may be said, what is refused, what is seen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from workbench.errors import ParameterError
from workbench.params import ExperimentParams, UnitParams
from workbench.params.experiments import ActionParams, OverrideParams, ReadingParams
from workbench.params.measures import (
    MEASURES,
    YES_OR_NO,
    CovariateParams,
    MeasureParams,
    MetricParams,
    SizeParams,
    ValueParams,
    What,
)

SUITE = ""
Load = Callable[..., UnitParams]

FULL = """
experiments:
  voucher:
    title: Voucher
    hypothesis: A voucher brings customers back.
    unit: store
    control: none
    shares: {none: 0.5, post: 0.3, mail: 0.2}
    start: 2025-03-01
    end: 2025-03-31
    n_obs: 4000
    metrics:
      spend:
        {from: orders, what: amount, days: 28, kind: mean, cap: 500, primary: true,
         min_effect: {relative: 5%}, typical_effect: {absolute: 2},
         value: {per_unit: 13, customers: 40000, cost_per_customer: 1.5}}
      margin:
        kind: ratio
        numerator: {from: orders, what: margin, days: 28}
        denominator: {from: orders, what: amount, days: 28}
      stays: {kind: retention, from: orders, day: 60, days: 30}
      wait: {kind: quantile, q: 0.9, column: wait_hours, direction: down}
      left: {kind: proportion, column: unsubscribed, direction: down, margin: {absolute: 0.5%}}
    covariates:
      before: {from: orders, what: amount, days: 182}
      tenure: {column: tenure_months, measured_at: known_at, label: Tenure}
    segments: [country, channel]
    alpha: 0.1
    power: 0.9
    readings: {method: group-sequential, looks: 4, spending: pocock}
    ship_if: worth-having
    then: {ship: Send it., do_not_ship: Leave it., inconclusive: Ask again in spring.}
    override: {decision: do not ship, reason: Out of budget., author: M. Lee, on: 2025-05-02}
"""


def one(metric: str = "kind: mean, column: x", more: str = "") -> str:
    """Return a unit's text with one experiment of one metric."""
    return (
        "experiments:\n  t:\n    title: T\n    control: a\n    shares: {a: 0.5, b: 0.5}\n"
        f"    metrics: {{m: {{{metric}}}}}\n{more}"
    )


def test_a_declaration_in_full(load: Load) -> None:
    said = load(FULL).experiments["voucher"]
    assert (said.unit, said.n_obs, said.start) == ("store", 4000, date(2025, 3, 1))
    spend = said.metrics["spend"]
    assert (spend.origin, spend.what, spend.window_days, spend.cap) == ("orders", "amount", 28, 500)
    assert spend.min_effect is not None
    assert spend.min_effect.relative == pytest.approx(0.05)
    assert spend.value is not None
    assert spend.value.cost_per_customer == 1.5
    assert [said.role(name) for name in said.metrics] == [
        "primary", "secondary", "secondary", "secondary", "guardrail",
    ]  # fmt: skip
    windows = [metric.window_days for metric in said.metrics.values()]
    assert windows == [28, 28, 90, 0, 0]
    assert said.covariates["tenure"].measured_at == "known_at"
    assert said.readings.looks == 4
    assert said.override is not None
    assert said.override.on == date(2025, 5, 2)


def test_what_reports_see_is_json_and_gives_the_same_declaration(load: Load) -> None:
    unit = load(FULL)
    facts = json.loads(json.dumps(unit.facts()["experiments"]["voucher"]))
    assert facts["metrics"]["spend"]["from"] == "orders"
    assert ExperimentParams.model_validate(facts) == unit.experiments["voucher"]


def test_a_short_declaration_is_enough(load: Load) -> None:
    said = load(one()).experiments["t"]
    assert (said.alpha, said.power, said.readings.method, said.unit) == (
        0.05, 0.8, "fixed", "customer_id",
    )  # fmt: skip
    assert said.role("m") == "primary"  # none is declared primary, so all are
    assert (said.then.ship, said.override, said.segments) == ("", None, [])


def test_every_measure_belongs_to_one_table() -> None:
    named = [name for names in MEASURES.values() for name in names]
    assert sorted(named) == sorted(get_args(What))
    assert set(named) > YES_OR_NO


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("kind: mean", "needs either `column` or `from`"),
        ("kind: mean, column: x, from: orders", "and not both"),
        ("kind: mean, column: x, days: 3", "`days` goes with `from`"),
        ("kind: mean, from: orders, what: amount", "needs `days`"),
        ("kind: mean, from: orders, what: contacts, days: 3", "`amount`, `margin`"),
        ("kind: mean, from: orders, days: 3", "needs a `what`"),
        ("kind: mean, from: order, what: amount, days: 3", "`orders`"),
        ("kind: mean, from: orders, what: amuont, days: 3", "`amount`"),
        ("kind: mean, origin: orders, what: amount, days: 3", "from"),
        ("kind: mean, from: orders, what: amount, days: 0", "greater than or equal to 1"),
        ("kind: proportion, from: orders, what: amount, days: 3", "yes or no"),
        ("kind: means, column: x", "`mean`"),
        ("kind: mean, column: x, q: 0.5", "`q` goes with `kind: quantile`"),
        ("kind: quantile, column: x", "needs `q`"),
        ("kind: quantile, column: x, q: 1.5", "less than 1"),
        ("kind: retention, column: x", "needs `day`"),
        ("kind: retention, from: orders, day: 3", "needs `days`"),
        ("kind: retention, from: orders, day: 3, days: 7, what: amount", "no `what`"),
        ("kind: ratio, column: x", "needs `numerator` and `denominator`"),
        ("kind: ratio, numerator: {column: x}, denominator: {column: y}, days: 3", "`days` of a"),
        ("kind: ratio, numerator: {column: x}, denominator: {}", "needs either `column`"),
        ("kind: mean, column: x, numerator: {column: y}", "go with `kind: ratio`"),
        ("kind: mean, column: x, min_effect: {absolute: 1, relative: 1%}", "and not both"),
        ("kind: mean, column: x, min_effect: {absolute: -1}", "greater than 0"),
        ("kind: mean, column: x, primary: true, margin: {absolute: 1}", "a guardrail"),
        ("kind: mean, column: x, margin: {absolute: 1}", "all guardrails"),
        (
            "kind: mean, column: x, margin: {absolute: 1}, min_effect: {absolute: 1}",
            "a guardrail (`margin`) only holds",
        ),
        ("kind: mean, column: x, value: {per_unit: 1}", "State it"),
        ("kind: mean, column: x, directions: up", "`direction`"),
    ],
)
def test_a_metric_that_cannot_be_is_refused(load: Load, metric: str, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        load(one(metric))
    assert "params/demo/atlas.yml" in str(caught.value)
    assert "experiments.t" in caught.value.where
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("    start: 2025-03-02\n    end: 2025-03-01\n", "`end` must be `start` or a later day"),
        ("    readings: {method: group-sequential}\n", "needs `looks`"),
        ("    readings: {looks: 3}\n", "`looks` goes with"),
        ("    readings: {method: group-sequential, looks: 3}\n", "needs `start` and `end`"),
        ("    readings: {method: weekly}\n", "anytime, fixed"),
        ("    segments: [a, a]\n", "names `a` twice"),
        ("    ship_if: worth-having\n", "needs `min_effect` of `m`"),
        ("    override: {decision: ship, reason: '', author: A, on: 2025-01-01}\n", "reason"),
        ("    override: {decision: ship, reason: R, on: 2025-01-01}\n", "author"),
        ("    then: {stop: x}\n", "do_not_ship, inconclusive, ship"),
        ("    covariates: {c: {from: orders, what: amount, days: 9, measured_at: d}}\n", "before"),
        ("    n_obs: 1\n", "greater than or equal to 2"),
        ("    unti: store\n", "`unit`"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(load: Load, more: str, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        load(one(more=more))
    assert said in str(caught.value)


def test_only_what_decides_has_a_value(load: Load) -> None:
    text = one("kind: mean, column: x, primary: true").replace(
        "}}\n", "}, o: {kind: mean, column: y, value: {per_unit: 1, customers: 5}}}\n"
    )
    with pytest.raises(ParameterError, match="`value` goes with a primary metric; `o` is none"):
        load(text)


def test_the_documented_declaration_is_one(load: Load, project: Path) -> None:
    text = (project / "docs/experiments.md").read_text(encoding="utf-8")
    whole, override = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    said = load(whole + override).experiments["winback_voucher"]
    named = set(ExperimentParams.model_fields)
    assert said.model_fields_set | {"decision"} == named, "all of it is documented"
    margin = said.metrics["unsubscribed"].margin
    assert margin is not None
    assert margin.absolute == pytest.approx(0.005)
    for what in (name for names in MEASURES.values() for name in names):
        assert f"`{what}`" in text


def test_a_table_without_a_source_is_refused(load: Load) -> None:
    text = one("kind: mean, from: interactions, what: contacts, days: 7")
    with pytest.raises(ParameterError) as caught:
        load(text)
    assert "computed from interactions, of which there is no source" in caught.value.what
    assert caught.value.where == "params/demo/atlas.yml, experiments.t"


@pytest.mark.parametrize(
    "model",
    [
        ActionParams, CovariateParams, ExperimentParams, MeasureParams, MetricParams,
        OverrideParams, ReadingParams, SizeParams, ValueParams,
    ],
)  # fmt: skip
def test_every_key_is_documented(model: type[BaseModel]) -> None:
    parameters = (model.__doc__ or "").partition("Parameters\n")[2]
    named = {
        name.strip()
        for line in parameters.splitlines()
        if line.startswith("    ") and not line.startswith("     ")
        for name in line.split(",")
    }
    assert set(model.model_fields) <= named
