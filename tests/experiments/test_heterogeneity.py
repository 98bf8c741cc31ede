"""Segments: the interaction test beside statsmodels, honest intervals, no fishing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from workbench.errors import AnalysisError
from workbench.experiments.estimators import Difference, difference
from workbench.experiments.heterogeneity import compare_segments, effects_by_segment
from workbench.experiments.moments import SegmentMoments, moments


def estimate(effect: float, error: float) -> Difference:
    z = float(stats.norm.isf(0.025))
    return Difference(
        500, 500, 0.0, effect, effect, effect - z * error, effect + z * error,
        statistic=effect / error, pvalue=float(2 * stats.norm.sf(abs(effect / error))),
        std_error=error,
    )  # fmt: skip


def spend(part: SegmentMoments) -> Difference:
    return difference(part.metrics["a", "spend"], part.metrics["b", "spend"], "mean")


EFFECTS = {"north": (1.0, 0.5), "south": (3.2, 0.6), "east": (0.4, 0.4), "west": (1.9, 0.9)}


def test_test_and_spread_equal_statsmodels() -> None:
    found = compare_segments(
        {name: estimate(*pair) for name, pair in EFFECTS.items()}, label="region", declared=True
    )
    effects, errors = np.array(list(EFFECTS.values())).T
    oracle = combine_effects(effects, errors**2, method_re="dl")
    assert found.q == pytest.approx(oracle.q, rel=1e-8)
    assert found.pvalue == pytest.approx(float(stats.chi2.sf(oracle.q, 3)), rel=1e-8)
    assert (found.spread or 0.0) ** 2 == pytest.approx(oracle.tau2, rel=1e-8)
    assert found.spread_share == pytest.approx(oracle.i2, rel=1e-8)
    assert found.common == pytest.approx(oracle.mean_effect_fe, rel=1e-8)
    assert "differs between segments by region" in found.text
    assert not found.warning


def test_shrinking_draws_to_the_common_effect_and_equals_a_fine_sum() -> None:
    found = compare_segments(
        {name: estimate(*pair) for name, pair in EFFECTS.items()}, label="region", declared=True
    )
    effects, errors = np.array(list(EFFECTS.values())).T
    tau = np.linspace(0, 200, 40_001)[:, None]
    total = errors**2 + tau**2
    precision = (1 / total).sum(axis=1, keepdims=True)
    common = (effects / total).sum(axis=1, keepdims=True) / precision
    logs = -0.5 * (np.log(total) + (effects - common) ** 2 / total).sum(axis=1)
    mass = np.exp(logs - logs.max()) / np.sqrt(precision[:, 0])
    mass /= mass.sum()
    share = errors**2 / total
    expected = mass @ (share * common + (1 - share) * effects)
    for row, value in zip(found.segments, expected, strict=True):
        assert row.shrunken == pytest.approx(value, rel=5e-3)
        assert row.shrunken_ci_lower is not None
        assert row.shrunken_ci_upper is not None
        assert row.shrunken_ci_lower < row.shrunken < row.shrunken_ci_upper  # type: ignore[operator]


def test_shrunken_intervals_cover_and_corrected_ones_hold_together() -> None:
    """200 runs of 6 segments: 3 standard errors of a coverage of 95 % are about 2.5 points."""
    random = np.random.default_rng(20250702)
    covered, all_covered, closer = 0, 0, 0
    runs, errors = 200, np.array([0.5, 0.7, 0.9, 0.6, 1.1, 0.8])
    for _ in range(runs):
        truth = 2 + random.normal(0, 0.5, 6)
        seen = truth + random.normal(0, errors)
        parts = {str(k): estimate(seen[k], errors[k]) for k in range(6)}
        rows = compare_segments(parts, label="x", declared=True).segments
        inside = [
            (r.shrunken_ci_lower or 0) <= t <= (r.shrunken_ci_upper or 0)
            for r, t in zip(rows, truth, strict=True)
        ]
        covered += sum(inside)
        all_covered += all(
            r.corrected_ci_lower <= t <= r.corrected_ci_upper
            for r, t in zip(rows, truth, strict=True)
        )
        drawn = np.array([r.shrunken for r in rows], dtype="float64")
        closer += ((drawn - truth) ** 2).sum() < ((seen - truth) ** 2).sum()
    assert 0.925 <= covered / (6 * runs) <= 0.985
    assert all_covered / runs >= 0.92
    assert closer / runs > 0.8


def made() -> pd.DataFrame:
    random = np.random.default_rng(9)
    n = 3000
    region = random.choice(["n", "s", "w"], n)
    late = random.random(n) < 0.5
    spend = random.normal(10, 2, n) + late * np.where(region == "s", 1.0, 0.2)
    return pd.DataFrame(
        {
            "customer_id": np.arange(n), "variant": np.where(late, "b", "a"),
            "region": region, "spend": spend,
        }
    )  # fmt: skip


def test_segments_of_a_frame_equal_an_interaction_model() -> None:
    frame = made()
    found = effects_by_segment(
        moments(frame, ["spend"], segment="region"), spend,
        control="a", variant="b", label="region", declared=True,
    )  # fmt: skip
    fit = smf.ols("spend ~ variant * region", frame).fit()
    assert [row.segment for row in found.segments] == ["n", "s", "w"]
    effect = fit.params["variant[T.b]"] + fit.params["variant[T.b]:region[T.s]"]
    assert found.segments[1].difference.effect_size == pytest.approx(effect, rel=1e-8)
    robust = smf.ols("spend ~ variant * region", frame).fit(cov_type="HC2")
    terms = ["variant[T.b]:region[T.s]", "variant[T.b]:region[T.w]"]
    wald = robust.wald_test(", ".join(f"{term} = 0" for term in terms), scalar=True, use_f=False)
    assert found.q == pytest.approx(float(wald.statistic), rel=1e-8)


def test_undeclared_segments_carry_a_warning_and_small_ones_are_hidden() -> None:
    frame = made()
    frame.loc[:3, "region"] = "tiny"
    frame.loc[4:60, "region"] = None
    found = effects_by_segment(
        moments(frame, ["spend"], segment="region"), spend,
        control="a", variant="b", label="region", declared=False,
    )  # fmt: skip
    assert "Exploratory" in found.warning
    assert "declares" in found.text
    # The small one, and one more, so that it cannot be computed.
    assert set(found.omitted) == {"tiny", "not known"}
    assert "hidden" in found.omitted["tiny"]
    assert len(found.segments) == 3


def test_few_segments_and_wrong_counts() -> None:
    pair = {"n": estimate(1.0, 0.5), "s": estimate(2.0, 0.5)}
    found = compare_segments(pair, label="region", declared=True)
    assert found.segments[0].shrunken is None
    assert found.df == 1
    none = Difference(None, None, None, None, reason="A group has no outcome at all.")
    alone = compare_segments({"n": pair["n"], "s": none}, label="region", declared=True)
    assert alone.pvalue is None
    assert alone.omitted == {"s": "A group has no outcome at all."}
    wide = compare_segments(pair, label="region", declared=True, comparisons=20)
    assert wide.segments[0].corrected_ci_upper > found.segments[0].corrected_ci_upper
    assert wide.segments[1].pvalue_adj == pytest.approx(20 * (pair["s"].pvalue or 0), rel=1e-9)
    with pytest.raises(AnalysisError, match="must be >= 2"):
        compare_segments(pair, label="region", declared=True, comparisons=1)
