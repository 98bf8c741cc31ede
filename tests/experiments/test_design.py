"""Power, sizes and effects beside statsmodels, published boundaries and small simulations."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import NormalIndPower, TTestIndPower
from statsmodels.stats.proportion import power_proportions_2indep

from workbench.errors import AnalysisError
from workbench.experiments.crossing import anytime_bounds, crossing, spending_bounds
from workbench.experiments.curves import (
    declared_curves,
    n_obs_curve,
    power_curve,
    review,
    review_frame,
)
from workbench.experiments.design import duration_days, mde, n_obs, needed_units, power
from workbench.experiments.dunnett import dunnett_critical
from workbench.experiments.plan import Plan
from workbench.experiments.setting import Baseline, Setting
from workbench.params import ExperimentParams

MEAN, SHARE = Baseline.of_mean(10, 5), Baseline.of_share(0.1)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("ratio", [1.0, 0.25, 3.0])
def test_means_equal_statsmodels(sides: Any, ratio: float) -> None:
    how = "two-sided" if sides == 2 else "larger"
    theirs = TTestIndPower()
    setting = Setting(shares=(1, ratio), sides=sides, alpha=0.03)
    for effect, n in ((1.0, 60), (0.5, 900), (3.0, 9)):
        given_ = theirs.power(effect / 5, n, 0.03, ratio=ratio, alternative=how)
        assert power(MEAN, effect, n * (1 + ratio), setting) == pytest.approx(given_, abs=1e-6)
    # Its solvers stop at about 1e-6, its power does not: what ours find must have the power asked.
    found = needed_units(MEAN, 1.0, setting, power=0.9) / (1 + ratio)
    assert theirs.power(0.2, found, 0.03, ratio=ratio, alternative=how) == pytest.approx(0.9)
    solved = theirs.solve_power(0.2, None, 0.03, 0.9, ratio=ratio, alternative=how)
    assert found == pytest.approx(solved, rel=1e-5)
    least = mde(MEAN, 500 * (1 + ratio), setting, power=0.9)
    assert theirs.power(least / 5, 500, 0.03, ratio=ratio, alternative=how) == pytest.approx(0.9)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize(("p", "change"), [(0.1, 0.02), (0.5, -0.05), (0.02, 0.004)])
def test_shares_equal_statsmodels(sides: Any, p: float, change: float) -> None:
    how = "two-sided" if sides == 2 else ("larger" if change > 0 else "smaller")
    baseline = Baseline.of_share(p)
    for n, ratio in ((2_000, 1.0), (9_000, 0.5)):
        theirs = power_proportions_2indep(
            change, p, n * ratio, ratio=1 / ratio, alpha=0.05, alternative=how, return_results=False
        )
        setting = Setting(shares=(1, ratio), sides=sides)
        assert power(baseline, change, n * (1 + ratio), setting) == pytest.approx(theirs, abs=1e-6)


def test_ratios_and_quantiles_equal_a_z_test_of_their_linear_part() -> None:
    ratio = Baseline.of_ratio(20.0, 4.0, 100.0, 9.0, 12.0)
    assert ratio.value == 5.0
    assert ratio.sd**2 == pytest.approx((100 - 2 * 5 * 12 + 25 * 9) / 16)
    median = Baseline.of_quantile(0.5, 0.0, float(stats.norm.pdf(0)))
    assert median.sd**2 == pytest.approx(np.pi / 2)
    for baseline in (ratio, median):
        theirs = NormalIndPower().power(0.3 / baseline.sd, 400, 0.05)
        assert power(baseline, 0.3, 800, Setting()) == pytest.approx(theirs, abs=1e-6)


def test_covariates_and_clusters_change_the_variance() -> None:
    plain = needed_units(MEAN, 1.0, Setting())
    adjusted = needed_units(MEAN, 1.0, Setting(r_squared=0.64, covariates=1))
    assert adjusted / plain == pytest.approx(0.36, rel=0.02)
    # Donner & Klar, "Design and Analysis of Cluster Randomization Trials", 2000: 1 + (m - 1) icc.
    assert Setting(icc=0.02, cluster_size=50).inflation == pytest.approx(1.98)
    # Eldridge et al. 2006, formula 3: 1 + ((cv^2 + 1) m - 1) icc.
    assert Setting(icc=0.05, cluster_size=20, cluster_size_cv=0.5).inflation == pytest.approx(2.2)
    found = n_obs(MEAN, 2.0, Setting(icc=0.05, cluster_size=20, cluster_size_cv=0.5))
    assert found.clusters is not None
    assert found.total == 20 * sum(found.clusters)
    # Few clusters: the t of 2 (k - 1) degrees of freedom needs more than the normal.
    k = found.clusters[0]
    se = sqrt(2 * 25 * 2.2 / (20 * k))
    critical = stats.t.isf(0.025, 2 * k - 2)
    chance = stats.nct.sf(critical, 2 * k - 2, 2 / se) + stats.nct.cdf(-critical, 2 * k - 2, 2 / se)
    assert power(MEAN, 2.0, found.total, Setting(icc=0.05, cluster_size=20, cluster_size_cv=0.5)) \
        == pytest.approx(chance)  # fmt: skip
    assert chance >= 0.8


def test_several_variants_share_the_error() -> None:
    """Dunnett 1955, tables 1a (one side) and 2a (two sides), 5 %."""
    for k, one, two in ((2, 1.92, 2.21), (3, 2.06, 2.35), (5, 2.23, 2.51), (9, 2.42, 2.69)):
        equal = (1.0,) * (k + 1)
        assert round(dunnett_critical(equal, 0.05, sides=1), 2) == one
        assert round(dunnett_critical(equal, 0.05, sides=2), 2) == two
    for df, two in ((5, 3.03), (20, 2.38), (60, 2.27)):
        assert round(dunnett_critical((1, 1, 1), 0.05, df=df), 2) == two
    shares = (1.0, 1.0, 1.0)
    dunnett = needed_units(MEAN, 1.0, Setting(shares, adjustment="dunnett"))
    holm = needed_units(MEAN, 1.0, Setting(shares))
    none = needed_units(MEAN, 1.0, Setting(shares, adjustment="none"))
    assert none < dunnett < holm
    assert holm == pytest.approx(needed_units(MEAN, 1.0, Setting(alpha=0.025)) * 1.5)
    # The weakest comparison is what is promised.
    assert power(MEAN, 1.0, 3000, Setting((4, 1, 2), adjustment="none")) == pytest.approx(
        power(MEAN, 1.0, 3000 * 5 / 7, Setting((4, 1)))
    , abs=1e-4)  # fmt: skip


def test_boundaries_are_those_published() -> None:
    """Lan-DeMets boundaries at five equal looks, two-sided 5 %: DeMets & Lan 1994; R's ldbounds."""
    looks = [0.2, 0.4, 0.6, 0.8, 1.0]
    found = spending_bounds(0.05, looks, "obrien-fleming")
    assert [round(b, 2) for b in found] == [4.88, 3.36, 2.68, 2.29, 2.03]
    found = spending_bounds(0.05, looks, "pocock")
    assert [round(b, 2) for b in found] == [2.44, 2.43, 2.41, 2.40, 2.39]
    assert crossing(found, looks, 0.0).sum() == pytest.approx(0.05, abs=1e-9)
    one = spending_bounds(0.025, looks, "pocock", sides=1)
    assert one == pytest.approx(found, abs=1e-4)


@settings(max_examples=10)
@given(st.integers(2, 12), st.floats(0.001, 0.2), st.sampled_from(["obrien-fleming", "pocock"]))
def test_all_of_the_error_is_spent_and_no_more(looks: int, alpha: float, spending: Any) -> None:
    times = [(k + 1) / looks for k in range(looks)]
    bounds = spending_bounds(alpha, times, spending)
    assert crossing(bounds, times, 0.0).sum() == pytest.approx(alpha, abs=1e-8)
    fixed = float(stats.norm.sf(stats.norm.isf(alpha / 2) - 2.5))
    assert 0 < fixed - crossing(bounds, times, 2.5)[:, 0].sum() < 0.15  # looks cost a little


def test_one_look_is_the_plain_test_and_more_looks_cost_a_little() -> None:
    assert crossing([1.96], [1.0], 2.8)[0, 0] == pytest.approx(float(stats.norm.sf(1.96 - 2.8)))
    plain = needed_units(SHARE, 0.02, Setting())
    fleming = needed_units(SHARE, 0.02, Setting(looks=5)) / plain
    pocock = needed_units(SHARE, 0.02, Setting(looks=5, spending="pocock")) / plain
    anytime = needed_units(SHARE, 0.02, Setting(anytime=True)) / plain
    assert 1.0 < fleming < 1.05 < pocock < 1.3 < anytime < 2.0
    grid = [sqrt((1 + 1 / r) * (np.log1p(r) - 2 * np.log(0.05))) for r in np.linspace(1, 40, 4000)]
    assert anytime_bounds(0.05, [1.0])[0] == pytest.approx(
        min(grid), abs=1e-5
    )  # tuned to be narrowest


def test_a_guardrail_is_planned_by_its_margin() -> None:
    """n = 2 (z_a + z_b)^2 sd^2 / margin^2: Julious, Statistics in Medicine 23, 2004, formula 19."""
    setting = Setting(sides=1, alpha=0.025, margin=1.0)
    found = n_obs(Baseline.of_mean(10, 10), 0.0, setting, power=0.9)
    assert found.per_variant[0] == 2103  # 2101.5 by the normal, a little more by t
    assert power(MEAN, 0.0, 10_000, Setting(sides=1, margin=0.2)) > 0.5
    assert power(MEAN, -0.2, 10_000, Setting(sides=1, margin=0.2)) == pytest.approx(0.05, abs=1e-4)


@pytest.mark.parametrize("baseline", [MEAN, SHARE, Baseline.of_ratio(2, 1, 4, 1, 0.5)])
@pytest.mark.parametrize("setting", [Setting(), Setting((2, 1, 1)), Setting(looks=3)])
def test_size_effect_and_power_agree(baseline: Baseline, setting: Setting) -> None:
    size = n_obs(baseline, 0.05, setting).total
    assert power(baseline, 0.05, size, setting) >= 0.8
    assert power(baseline, 0.05, size * 0.97, setting) < 0.8
    assert mde(baseline, needed_units(baseline, 0.05, setting), setting) == pytest.approx(0.05)


def test_the_promise_holds_in_a_seeded_simulation() -> None:
    """2,000 runs a case: two points are three standard errors of a power of 0.8, nearly."""
    random = np.random.default_rng(11)
    runs = 2_000
    n = n_obs(SHARE, 0.03, Setting((2, 1))).per_variant
    hits = random.binomial(n, [[0.1, 0.13]] * runs)
    pooled = hits.sum(axis=1) / sum(n)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n[0] + 1 / n[1]))
    shown = np.abs(hits[:, 1] / n[1] - hits[:, 0] / n[0]) / error > 1.959964
    assert shown.mean() == pytest.approx(0.8, abs=0.027)
    few = n_obs(MEAN, 5.0, Setting()).per_variant[0]
    c, t = random.normal(10, 5, (runs, few)), random.normal(15, 5, (runs, few))
    assert (stats.ttest_ind(t, c, axis=1).pvalue < 0.05).mean() == pytest.approx(0.8, abs=0.027)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: n_obs(MEAN, 0.0, Setting()), "no number of units"),
        (lambda: n_obs(SHARE, 0.95, Setting()), "is no share"),
        (lambda: n_obs(MEAN, -1.0, Setting(sides=1, margin=0.5)), "no number of units"),
        (lambda: mde(SHARE, 4, Setting()), "show no effect"),
        (lambda: mde(MEAN, 50, Setting(sides=1, margin=1.0)), "has a margin"),
        (lambda: n_obs(MEAN, 1.0, Setting(), power=0.01), "between alpha"),
        (lambda: Baseline.of_mean(1.0, 0.0), "sd above 0"),
        (lambda: Baseline.of_share(1.0), "between 0 and 1"),
        (lambda: Baseline.of_quantile(0.5, 0.0, 0.0), "density above 0"),
        (lambda: Baseline.of_ratio(1, 0, 1, 1, 0), "denominator's mean is 0"),
        (lambda: Setting(alpha=0.0), "alpha == 0.0, must be between 0 and 1"),
        (lambda: Setting(shares=(1.0,)), "two or more above 0"),
        (lambda: Setting(icc=1.5), "icc == 1.5"),
        (lambda: Setting(margin=1.0), "sides == 2, must be 1, with a margin"),
        (lambda: Setting(looks=3, anytime=True), "with anytime"),
        (lambda: Setting((1, 1, 1), adjustment="dunnett", looks=3), "holm, with several looks"),
        (lambda: duration_days(10, 0), "per_day == 0"),
        (lambda: spending_bounds(0.05, [0.5, 0.4], "pocock"), "rising shares"),
    ],
)
def test_what_cannot_be_planned_is_said(call: Any, words: str) -> None:
    with pytest.raises(AnalysisError, match=words):
        call()


def test_curves_fall_and_rise_as_they_must() -> None:
    frame = n_obs_curve(SHARE, [0.01, 0.02, 0.04], Setting(), per_day=500, window_days=28)
    assert frame["n_obs"].is_monotonic_decreasing
    assert frame["rel_effect"].round(6).tolist() == [0.1, 0.2, 0.4]
    assert frame["days"].tolist() == [-(-n // 500) + 28 for n in frame["n_obs"]]
    assert n_obs_curve(SHARE, [0.01], Setting())["days"].isna().all()
    rows = power_curve(SHARE, [0.01, 0.02], [1000, 5000, 20_000], Setting())
    assert all(part["power"].is_monotonic_increasing for _, part in rows.groupby("effect"))


def test_the_curves_of_a_declared_metric() -> None:
    said = ExperimentParams.model_validate(
        {
            "title": "T", "control": "a", "shares": {"a": 0.5, "b": 0.5},
            "metrics": {
                "left": {"kind": "proportion", "from": "orders", "what": "bought", "days": 28,
                         "primary": True, "direction": "down", "min_effect": {"relative": 0.6}},
                "other": {"kind": "mean", "column": "z"},
            },
        }
    )  # fmt: skip
    plan = Plan.of("t", said)
    left, other = plan.metrics
    found = declared_curves(plan, left, SHARE, per_day=50)
    assert found is not None
    # A share of 10 % cannot fall by 12 points, so twice the effect is left out.
    assert found.n_obs["effect"].round(3).tolist() == [-0.03, -0.045, -0.06, -0.075, -0.09]
    assert (found.n_obs["days"] > 28).all()
    assert set(found.power["label"]) == {"half of it", "the smallest effect worth having"}
    last = found.power.groupby("label")["power"].last()
    assert last["half of it"] == pytest.approx(0.8, abs=0.01)
    assert declared_curves(plan, other, MEAN) is None


def test_a_baseline_from_an_interval() -> None:
    se = 5 / sqrt(900)
    found = Baseline.of_interval("mean", 10, 10 - 1.959964 * se, 10 + 1.959964 * se, 900)
    assert found.sd == pytest.approx(5)


def test_a_declared_plan_is_reviewed() -> None:
    said = ExperimentParams.model_validate(
        {
            "title": "T", "control": "a", "shares": {"b": 0.25, "a": 0.5, "c": 0.25},
            "n_obs": 20_000,
            "metrics": {
                "bought": {"kind": "proportion", "column": "x", "primary": True,
                           "label": "Bought", "min_effect": {"relative": 0.2}},
                "left": {"kind": "proportion", "column": "y", "label": "Left",
                         "direction": "down", "margin": {"absolute": 0.01}},
                "other": {"kind": "mean", "column": "z", "label": "Other"},
            },
        }
    )  # fmt: skip
    plan = Plan.of("t", said)
    assert Setting.of(plan).shares == (0.5, 0.25, 0.25)
    known = {"bought": SHARE, "left": Baseline.of_share(0.05), "other": MEAN}
    bought, left, other = review(plan, known)
    assert bought.needed is not None
    assert bought.needed.total == n_obs(SHARE, 0.02, Setting((2, 1, 1))).total
    assert bought.power == power(SHARE, 0.02, 20_000, Setting((2, 1, 1)))
    assert "too few" not in bought.text
    assert "units show the smallest effect worth having with a chance of 80%" in bought.text
    assert left.role == "guardrail"
    assert "show that it holds" in left.text
    assert left.mde is None
    assert other.needed is None
    assert other.mde is not None
    assert "no smallest effect worth having was declared" in other.text
    frame = review_frame((bought, left, other))
    assert frame["needed"].isna().tolist() == [False, False, True]
    (unplanned,) = review(Plan.of("t", said.model_copy(update={"n_obs": None})), {"bought": SHARE})
    assert "how many are planned is not said" in unplanned.text
