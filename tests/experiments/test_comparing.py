"""Each kind of outcome goes to its estimator; what decides, and what stands beside it."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from workbench.experiments.comparing import ADJUST_FROM, Comparison, compare
from workbench.experiments.plan import Covariate, Metric, Plan
from workbench.experiments.study import analyse
from workbench.experiments.sums import gather


def plan(metric: Metric, *covariates: Covariate, **more: Any) -> Plan:
    return Plan(
        id="t", title="T", hypothesis="", control="a", shares={"a": 0.5, "b": 0.5},
        metrics=(metric,), alpha=0.05, decision="", covariates=covariates, **more,
    )  # fmt: skip


def frame(n: int = 800, seed: int = 5) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    late = np.arange(n) % 2 == 1
    before = random.gamma(2, 10, n)
    spend = before * 0.8 + random.normal(0, 6, n) + 2 * late
    return pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "variant": np.where(late, "b", "a"),
            "before": before,
            "spend": spend,
            "orders": random.integers(1, 4, n),
            "bought": (random.random(n) < 0.3 + 0.1 * late).astype(int),
            "rare": (np.arange(n) % 40 < 2).astype(int),
            "store": [f"s{i % 2}{i // 40}" for i in range(n)],
        }
    )


def compared(metric: Metric, *covariates: Covariate, **more: Any) -> Comparison:
    declared = plan(metric, *covariates, **more)
    _, sums = gather(nw.from_native(frame()).lazy(), declared)
    return compare(declared, metric, "b", sums, alpha=0.05, min_group=5)


BEFORE = Covariate("before", "Before", "before")


def test_a_mean_is_adjusted_as_an_interaction_model() -> None:
    found = compared(Metric("spend", "spend", "mean", "Spend", True), BEFORE)
    rows = frame().assign(late=lambda d: (d["variant"] == "b").astype(int))
    rows["x"] = rows["before"] - rows["before"].mean()
    fit = smf.ols("spend ~ late * x", rows).fit()
    assert found.difference.effect_size == pytest.approx(fit.params["late"], rel=1e-8)
    plain = rows.groupby("late")["spend"].mean()
    assert found.unadjusted.effect_size == pytest.approx(plain[1] - plain[0], rel=1e-8)
    assert found.is_adjusted
    assert found.variance_reduction is not None
    r = np.corrcoef(rows["spend"] - 2 * rows["late"], rows["x"])[0, 1]
    assert found.variance_reduction == pytest.approx(r**2, abs=0.05)


def test_without_covariates_one_comparison_is_both() -> None:
    found = compared(Metric("spend", "spend", "mean", "Spend", True))
    assert found.difference is found.unadjusted
    assert (found.is_adjusted, found.variance_reduction, found.note) == (False, None, "")


def test_a_ratio_is_compared_with_and_without_covariates() -> None:
    metric = Metric("basket", "spend", "ratio", "Basket", True, denominator="orders")
    plain, adjusted = compared(metric), compared(metric, BEFORE)
    rows = frame().groupby("variant")[["spend", "orders"]].sum()
    ratios = rows["spend"] / rows["orders"]
    assert plain.difference.effect_size == pytest.approx(ratios["b"] - ratios["a"], rel=1e-9)
    assert adjusted.unadjusted.effect_size == pytest.approx(plain.difference.effect_size)
    assert adjusted.is_adjusted
    assert (adjusted.difference.std_error or 0) < (plain.difference.std_error or 0)


def test_a_quantile_is_not_adjusted_and_says_so() -> None:
    metric = Metric("median", "spend", "quantile", "Median", True, q=0.5)
    found = compared(metric, BEFORE)
    medians = frame().groupby("variant")["spend"].median()
    assert found.difference.effect_size == pytest.approx(medians["b"] - medians["a"], rel=1e-9)
    assert found.note == "A quantile is not adjusted."


@pytest.mark.parametrize(("column", "is_adjusted"), [("bought", True), ("rare", False)])
def test_a_share_is_adjusted_only_with_enough_events(column: str, is_adjusted: bool) -> None:
    found = compared(Metric("m", column, "proportion", "M", True), BEFORE)
    assert found.is_adjusted is is_adjusted
    assert found.difference.pvalue is not None
    assert (f"Fewer than {ADJUST_FROM}" in found.note) is not is_adjusted


def test_clusters_are_compared_as_wholes() -> None:
    metric = Metric("spend", "spend", "mean", "Spend", True)
    found = compared(metric, unit="store")
    assert found.clusters == (20, 20)
    single = compared(metric)
    assert found.difference.effect_size == pytest.approx(single.difference.effect_size)
    refused = compared(Metric("m", "spend", "quantile", "M", True, q=0.5), unit="store")
    assert refused.difference.reason == "A quantile is not compared between clusters."
    assert "without covariates" in compared(metric, BEFORE, unit="store").note


def test_the_sizes_of_groups_of_clusters_are_those_of_clusters() -> None:
    metric = Metric("spend", "spend", "mean", "Spend", True)
    found = analyse(frame(), plan(metric, unit="store"), as_of=date(2025, 1, 1), min_group=5)
    assert found.units == {"a": 20, "b": 20}
    words = {check.name: check.text for check in found.checks}
    assert words["variants"] == "Clusters: a 20, b 20."
    assert words["two-variants"] == "No cluster is in two variants."


def test_what_is_not_there_is_said() -> None:
    for metric in (
        Metric("m", "gone", "mean", "M", True),
        Metric("m", "gone", "quantile", "M", True, q=0.5),
        Metric("m", "spend", "ratio", "M", True, denominator="gone"),
    ):
        found = compared(metric)
        assert found.difference.reason == "The assignments have no column gone."
    metric = Metric("spend", "spend", "mean", "Spend", True)
    gone = Covariate("c", "C", "gone")
    assert compared(metric, gone).note == "The assignments have none of the covariates."
    found = analyse(frame(), plan(metric, gone), as_of=date(2025, 1, 1), min_group=5)
    assert "not adjusted for it" in " ".join(check.text for check in found.checks)
    assert found.decision.verdict != "do not decide"
