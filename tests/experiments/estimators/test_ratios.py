"""Ratios of sums beside tea-tasting; relative effects by Fieller."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from scipy import optimize, stats

from workbench.experiments.estimators import difference, difference_in_ratios
from workbench.experiments.estimators.relative import fieller
from workbench.experiments.moments import Joint, moments


def made(n: int = 700, seed: int = 5) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    orders = random.poisson(3, n)
    return pd.DataFrame(
        {
            "customer_id": np.arange(n),
            "variant": np.where(random.random(n) < 0.4, "b", "a"),
            "orders": orders,
            "spend": random.gamma(2, 10, n) * orders,
        }
    )


def test_a_ratio_equals_tea_tasting() -> None:
    frame, asked = made(), Joint(("spend", "orders"))
    found = moments(frame, [], joint=[asked]).joint
    ours = difference_in_ratios(found["a", asked], found["b", asked])
    metric = tt.RatioOfMeans("spend", "orders", equal_var=False)
    theirs = tt.Experiment(x=metric).analyze(frame, control="a")["x"]
    for name in (
        "control", "treatment", "effect_size", "effect_size_ci_lower", "effect_size_ci_upper",
        "rel_effect_size", "rel_effect_size_ci_lower", "rel_effect_size_ci_upper", "pvalue",
        "statistic",
    ):  # fmt: skip
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-8), name


def test_a_ratio_needs_a_denominator() -> None:
    asked = Joint(("spend", "orders"))
    for below, words in ((0, "does not add up"), (-1, "does not add up")):
        frame = made().assign(orders=below)
        found = moments(frame, [], joint=[asked]).joint
        ours = difference_in_ratios(found["a", asked], found["b", asked])
        assert words in ours.reason
        assert ours.effect_size is None
    signs = np.where(np.arange(700) % 2, 1, -1)
    frame = made().assign(orders=signs + (np.arange(700) < 9))
    found = moments(frame, [], joint=[asked]).joint
    assert "too near zero" in difference_in_ratios(found["a", asked], found["b", asked]).reason


def test_fieller_holds_the_ratios_that_are_not_rejected() -> None:
    c, t, vc, vt, shared, z = 10.0, 3.0, 1.2, 2.5, 0.4, 1.96
    lower, upper = fieller(c, t, vc, vt, z, shared=shared) or (0.0, 0.0)

    def beyond(ratio: float) -> float:
        spread = vt + ratio**2 * vc - 2 * ratio * shared
        return float(abs(t - ratio * c) - z * np.sqrt(spread))

    assert optimize.brentq(beyond, -2, 0.3) == pytest.approx(lower)
    assert optimize.brentq(beyond, 0.3, 2) == pytest.approx(upper)
    assert fieller(1.0, 3.0, 1.2, 2.5, z) is None


def test_a_variant_near_zero_has_fiellers_interval() -> None:
    random = np.random.default_rng(2)
    frame = pd.DataFrame({"customer_id": np.arange(400), "variant": ["a", "b"] * 200})
    frame["x"] = np.where(frame["variant"] == "a", 5.0, 0.1) + random.normal(0, 1, 400)
    found = moments(frame, ["x"]).metrics
    ours = difference(found["a", "x"], found["b", "x"], "mean")
    assert ours.rel_method == "Fieller"
    assert ours.rel_effect_size is not None
    assert ours.rel_effect_size_ci_lower is not None
    assert ours.rel_effect_size_ci_upper is not None
    assert ours.rel_effect_size_ci_lower < ours.rel_effect_size < ours.rel_effect_size_ci_upper
    assert ours.rel_effect_size_ci_upper < -0.9
    z = float(stats.norm.isf(0.025))
    assert abs(ours.rel_effect_size_ci_lower - ours.rel_effect_size) < 2 * z * 0.1 / 5
