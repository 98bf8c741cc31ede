"""The demo's experiments: computed outcomes are the stated ones, and the planted truth is found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workbench.data import open_unit
from workbench.experiments.metrics import measure
from workbench.experiments.result import ExperimentResult
from workbench.experiments.study import analyse_all
from workbench.params import ExperimentParams

from .conftest import Demo

EXPERIMENTS = ("winback_voucher", "subject_line", "new_checkout")
STATED = {
    "spend_28d": "metric spend",
    "orders_28d": "metric orders",
    "bought_28d": "metric bought",
    "pre_spend_182d": "covariate spend",
    "pre_orders_182d": "covariate orders",
}


def declared(shares: dict[str, float], control: str) -> ExperimentParams:
    def window(what: str, days: int, **more: Any) -> dict[str, Any]:
        return {"from": "orders", "what": what, "days": days, **more}

    said = {
        "title": "T", "control": control, "shares": shares,
        "metrics": {
            "spend": window("amount", 28, kind="mean"),
            "orders": window("orders", 28, kind="mean"),
            "bought": window("bought", 28, kind="proportion"),
        },
        "covariates": {"spend": window("amount", 182), "orders": window("orders", 182)},
    }  # fmt: skip
    return ExperimentParams.model_validate(said)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_windows_agree_with_the_stated_outcomes(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, experiment: str
) -> None:
    monkeypatch.setenv("WORKBENCH_ROOT", str(demo.workspace.root))
    data = open_unit("demo", "atlas")
    plan = data.experiments[experiment]
    rows = data.table("assignments").filter(f"experiment_id = '{experiment}'")
    said = declared(dict(plan.shares), plan.control)
    found = measure(rows, said, as_of=data.as_of, orders=data.table("orders"))
    frame = found.frame.collect(backend="pandas").to_native()
    assert not found.truncated
    assert len(frame) == len(rows.df())
    for stated, computed in STATED.items():
        same = frame[stated].astype(float) == frame[computed].astype(float)
        # A few order lines are planted faults and were set aside: the tables cannot know of them.
        assert same.mean() > 0.995, (stated, frame.loc[~same, [stated, computed]].head())


@pytest.fixture
def found(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> dict[str, ExperimentResult]:
    """Return the experiments of a unit as the notebook computes them."""
    monkeypatch.setenv("WORKBENCH_ROOT", str(demo.workspace.root))
    results = {}
    for unit in ("atlas", "cirrus"):
        data = open_unit("demo", unit)
        read = analyse_all(
            data.table("assignments"), data.experiments, as_of=data.as_of,
            min_group=data.min_group, customers=data.table("customers"),
            orders=data.table("orders") if data.has("orders") else None,
        )  # fmt: skip
        results |= {result.plan.id: result for result in read.results}
    return results


def test_the_planted_truth_of_the_experiments_is_found(
    demo: Demo, found: dict[str, ExperimentResult]
) -> None:
    raw = demo.workspace.root / "data/demo/raw/truth"
    truth = {
        name: facts
        for unit in ("atlas", "cirrus")
        for name, facts in json.loads((raw / unit / "truth.json").read_text())[
            "experiments"
        ].items()
    }
    verdicts = {name: one.decision.verdict for name, one in found.items() if name in EXPERIMENTS}
    assert verdicts == {
        "winback_voucher": "ship",
        "subject_line": "do not ship",
        "new_checkout": "do not decide",
    }
    assert found["winback_voucher"].decision.variant == "voucher"
    failed = {c.name for c in found["new_checkout"].checks if c.status == "failed"}
    assert failed == {"sample-ratio", "two-variants"}
    for name in ("winback_voucher", "subject_line", "renewal_reminder"):
        for effect in found[name].effects:
            planted = truth[name]["metrics"].get(effect.metric.column, {}).get("effect")
            d = effect.difference
            low, high = d.effect_size_ci_lower, d.effect_size_ci_upper
            if planted is None or low is None or high is None:
                continue
            middle, half = (low + high) / 2, (high - low) / 2
            # Seven intervals: each widened a little, so that all of them hold by design.
            assert abs(planted - middle) < 1.6 * half, (name, effect.metric.name, effect.variant)


def test_covariates_make_the_demos_intervals_narrower(found: dict[str, ExperimentResult]) -> None:
    (spend,) = [e for e in found["winback_voucher"].effects if e.metric.primary]
    assert spend.is_adjusted
    assert spend.variance_reduction is not None
    assert 0.02 < spend.variance_reduction < 0.3
    by_region = [one for one in found["winback_voucher"].segments if one.column == "region"]
    assert by_region
    assert not by_region[0].differ, "the voucher was planted to work alike everywhere"
