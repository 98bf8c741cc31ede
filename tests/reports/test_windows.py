"""Outcomes computed from the demo's orders are those that its assignments state."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.data import open_unit
from workbench.experiments.metrics import measure
from workbench.params import ExperimentParams

from .conftest import Demo

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


@pytest.mark.parametrize("experiment", ["winback_voucher", "subject_line", "new_checkout"])
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
