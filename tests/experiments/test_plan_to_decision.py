"""From a declaration to a decision: windows measured, units tallied, checked, held to the rule."""

from __future__ import annotations

from datetime import date
from math import sqrt
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from workbench.experiments.checks import check_plan
from workbench.experiments.curves import review
from workbench.experiments.decision import Decision, decide, timing
from workbench.experiments.evidence import Evidence, evidence_of
from workbench.experiments.metrics import measure
from workbench.experiments.moments import moments
from workbench.experiments.plan import Metric, Plan
from workbench.experiments.setting import Baseline
from workbench.experiments.tally import tally
from workbench.params import ExperimentParams

SAID: dict[str, Any] = {
    "title": "Offer",
    "control": "none",
    "shares": {"none": 0.7, "offer": 0.3},
    "start": "2025-03-01",
    "end": "2025-03-14",
    "n_obs": 3000,
    "metrics": {
        "bought": {
            "kind": "proportion", "from": "orders", "what": "bought", "days": 14,
            "min_effect": {"absolute": 0.04}, "primary": True,
            "value": {"per_unit": 200, "customers": 10_000, "cost_per_customer": 1},
        },
        "spend": {
            "kind": "mean", "from": "orders", "what": "amount", "days": 14,
            "margin": {"relative": 0.2},
        },
    },
    "segments": ["country"],
    "then": {"ship": "Send it.", "inconclusive": "Ask again."},
}  # fmt: skip
PLAN = Plan.of("offer", ExperimentParams.model_validate(SAID))


def world(effect: float, *, lost: float = 0.0, n: int = 3000) -> tuple[Any, Any]:
    """Return assignments and orders; of the offer's customers a share is lost on one day."""
    random = np.random.default_rng(17)
    offer = random.random(n) < 0.3
    at = pd.Timestamp("2025-03-01") + pd.to_timedelta(random.integers(0, 14 * 86_400, n), unit="s")
    rows = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "variant": np.where(offer, "offer", "none"),
            "assigned_at": at,
            "country": random.choice(["DE", "FR"], n),
        }
    )
    buys = random.random(n) < 0.2 + effect * offer
    orders = pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in np.flatnonzero(buys)],
            "customer_id": rows["customer_id"][buys],
            "ordered_at": at[buys] + pd.Timedelta(days=3),
            "amount": random.gamma(2, 20, buys.sum()).round(2),
        }
    )
    gone = offer & (at.day == 5) & (random.random(n) < lost)
    return rows[~gone], orders


def compared(metric: Metric, frame: pd.DataFrame) -> Evidence:
    """Return the plain difference in means, by the textbook."""
    c, t = (frame.loc[frame["variant"] == v, metric.column].astype(float) for v in PLAN.shares)
    se = sqrt(c.var() / len(c) + t.var() / len(t))
    gap = float(t.mean() - c.mean())
    ends = (gap - 1.96 * se, gap + 1.96 * se)
    return evidence_of(metric, "offer", control=float(c.mean()), effect=gap, se=se, interval=ends)


def decided(effect: float, as_of: date, engine: str = "pandas", **faults: float) -> Decision:
    rows, orders = world(effect, **faults)
    if engine == "duckdb":
        connection = duckdb.connect()
        rows, orders = (duckdb.from_df(one, connection=connection) for one in (rows, orders))
    measured = measure(rows, ExperimentParams.model_validate(SAID), as_of=as_of, orders=orders)
    found = moments(measured.frame, [metric.column for metric in PLAN.metrics])
    spread = tally(measured.frame, PLAN)
    checks = check_plan(PLAN, found, min_group=5, tally=spread, waiting=measured.waiting)
    frame = measured.frame.collect(backend="pandas").to_native().dropna()
    evidence = [compared(metric, frame) for metric in PLAN.metrics]
    return decide(PLAN, checks, evidence, timing(PLAN, as_of=as_of))


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_a_good_offer_is_shipped(engine: str) -> None:
    found = decided(0.08, date(2025, 4, 30), engine)
    assert (found.verdict, found.variant, found.planned) == ("ship", "offer", "Send it.")
    (offer,) = found.variants
    assert offer.belief is not None
    assert offer.belief.probability_harm < 0.01
    assert offer.worth is not None
    assert offer.worth.ci_lower < 0.08 * 2_000_000 - 10_000 < offer.worth.ci_upper


def test_no_effect_is_not_shipped() -> None:
    found = decided(0.0, date(2025, 4, 30))
    assert found.verdict == "do not ship"
    assert found.variants[0].belief is not None
    assert found.variants[0].belief.probability_harm > 0.02


def test_customers_lost_on_one_day_stop_the_decision() -> None:
    found = decided(0.08, date(2025, 4, 30), lost=0.95)
    assert found.verdict == "do not decide"
    assert "On 1 of 14 days the split is not as planned: 5 Mar 2025" in " ".join(found.reasons)


def test_before_the_last_window_is_over_it_waits() -> None:
    found = decided(0.08, date(2025, 3, 20))
    assert found.verdict == "keep running"
    assert "wait until 28 Mar 2025" in found.text


def test_the_plan_was_large_enough() -> None:
    (bought,) = review(PLAN, {"bought": Baseline.of_share(0.2)})
    assert bought.needed is not None
    assert bought.power is not None
    assert (bought.needed.total > 3000) == (bought.power < 0.8)
