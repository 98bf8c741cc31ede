"""Adjustment beside tea-tasting's CUPED and regressions of statsmodels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import tea_tasting as tt

from workbench.errors import AnalysisError
from workbench.experiments.estimators import adjusted_difference
from workbench.experiments.moments import Joint, moments


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    random = np.random.default_rng(20250701)
    n = 900
    before, age = random.gamma(2, 20, n), random.normal(40, 9, n)
    late = np.arange(n) % 3 == 0
    spend = 10 + (0.7 + 0.2 * late) * before - 0.3 * age + random.normal(0, 8, n) + 3 * late
    return pd.DataFrame(
        {
            "customer_id": np.arange(n),
            "variant": np.where(late, "b", "a"),
            "spend": spend,
            "orders": 1 + random.poisson(2 + before / 40),
            "before": before,
            "age": age,
            "twice": 2 * before,
            "same": 1.0,
        }
    )


def of(frame: pd.DataFrame, asked: Joint, **options: object):  # type: ignore[no-untyped-def]
    found = moments(frame, [], joint=[asked]).joint
    return adjusted_difference(found["a", asked], found["b", asked], **options)  # type: ignore[arg-type]


def test_pooled_slopes_are_cuped(frame: pd.DataFrame) -> None:
    found = of(frame, Joint(("spend",), ("before",)), slopes="pooled")
    theirs = tt.Experiment(
        x=tt.Mean("spend", "before", equal_var=False), y=tt.Mean("spend", equal_var=False)
    ).analyze(frame, control="a")
    names = ("effect_size", "effect_size_ci_lower", "effect_size_ci_upper", "pvalue", "statistic")
    for ours, key in ((found.adjusted, "x"), (found.unadjusted, "y")):
        for name in names:
            expected = getattr(theirs[key], name)
            # One degree of freedom per slope is ours, not theirs.
            assert getattr(ours, name) == pytest.approx(expected, rel=1e-8), (key, name)
        assert ours.control == pytest.approx(theirs[key].control, rel=1e-8)


def test_separate_slopes_are_lins_regression(frame: pd.DataFrame) -> None:
    covariates = ["before", "age"]
    found = of(frame, Joint(("spend",), tuple(covariates)))
    late = (frame["variant"] == "b").to_numpy(dtype="float64")
    centred = (frame[covariates] - frame[covariates].mean()).to_numpy()
    design = np.column_stack([np.ones(len(frame)), late, centred, centred * late[:, None]])
    together = sm.OLS(frame["spend"], design).fit()
    assert found.adjusted.effect_size == pytest.approx(together.params.iloc[1], rel=1e-8)
    fits = [
        sm.OLS(frame["spend"][late == arm], sm.add_constant(frame[covariates][late == arm])).fit()
        for arm in (0, 1)
    ]
    for coefficients, fit in zip(
        (found.coefficients_control, found.coefficients), fits, strict=True
    ):
        assert coefficients == pytest.approx(fit.params[covariates].to_list(), rel=1e-8)
    apart = (fits[1].params - fits[0].params)[covariates].to_numpy()
    variance = sum(fit.mse_resid / fit.nobs for fit in fits)
    variance += apart @ np.cov(frame[covariates].to_numpy().T) @ apart / len(frame)
    assert found.adjusted.std_error == pytest.approx(np.sqrt(variance), rel=1e-8)
    assert found.variance_reduction is not None
    assert 0.7 < found.variance_reduction < 0.95
    robust = together.get_robustcov_results("HC2")
    assert found.adjusted.std_error == pytest.approx(robust.bse[1], rel=0.05)


def test_what_other_covariates_tell_already_changes_nothing(frame: pd.DataFrame) -> None:
    plain = of(frame, Joint(("spend",), ("before",)))
    more = of(frame, Joint(("spend",), ("before", "twice", "same")))
    assert more.adjusted == plain.adjusted
    assert more.coefficients[1:] == (0.0, 0.0)


def test_a_missing_covariate_leaves_nobody_out(frame: pd.DataFrame) -> None:
    lost = frame.assign(before=frame["before"].where(frame.index % 7 != 0))
    asked = Joint(("spend",), ("before",))
    found = of(lost, asked)
    assert found.covariates == ("before", "missing before")
    assert found.adjusted.n_obs_control == 600
    # Whatever value stands in for a missing one, a regression on both columns is the same.
    filled = lost.assign(gone=lost["before"].isna(), before=lost["before"].fillna(17.0))
    again = of(filled, Joint(("spend",), ("before", "gone")))
    assert again.adjusted.effect_size == pytest.approx(found.adjusted.effect_size, rel=1e-8)
    assert again.adjusted.std_error == pytest.approx(found.adjusted.std_error, rel=1e-8)


def test_a_ratio_is_adjusted_as_its_linear_form(frame: pd.DataFrame) -> None:
    found = of(frame, Joint(("spend", "orders"), ("before",)), kind="ratio")
    linear = frame.copy()
    for arm in ("a", "b"):
        own = frame["variant"] == arm
        ratio = frame["spend"][own].sum() / frame["orders"][own].sum()
        value = ratio + (frame["spend"] - ratio * frame["orders"]) / frame["orders"][own].mean()
        linear.loc[own, "linear"] = value[own]
    again = of(linear, Joint(("linear",), ("before",)))
    assert found.adjusted.effect_size == pytest.approx(again.adjusted.effect_size, rel=1e-8)
    assert found.adjusted.std_error == pytest.approx(again.adjusted.std_error, rel=1e-8)
    with pytest.raises(AnalysisError, match="separate slopes only"):
        of(frame, Joint(("spend", "orders"), ("before",)), kind="ratio", slopes="pooled")
    with pytest.raises(AnalysisError, match="Did you mean `separate`"):
        of(frame, Joint(("spend",), ("before",)), slopes="seperate")


def test_what_cannot_be_adjusted_is_said(frame: pd.DataFrame) -> None:
    found = of(frame.iloc[:7], Joint(("spend",), ("before",)))
    assert "too few to be adjusted" in found.adjusted.reason
    assert found.unadjusted.pvalue is not None
    assert found.variance_reduction is None
    exact = of(frame.assign(spend=3 * frame["before"]), Joint(("spend",), ("before",)))
    assert "tell the outcome exactly" in exact.adjusted.reason
    endless = frame.assign(spend=frame["spend"].where(frame.index != 5, np.inf))
    assert "infinite" in of(endless, Joint(("spend",), ("before",))).adjusted.reason


def test_hillstrom_adjusted_for_what_was_spent_before(workbench_data: Path) -> None:
    """The published differences stay; history tells hardly anything of two weeks' spend."""
    frame = pd.read_csv(workbench_data / "hillstrom" / "hillstrom.csv.gz")
    frame = frame.rename(columns={"segment": "variant"}).assign(customer_id=frame.index)
    asked = Joint(("spend",), ("history", "recency"))
    found = moments(frame, [], joint=[asked]).joint
    for arm, effect, t in (("Mens E-Mail", "0.7698", "5.30"), ("Womens E-Mail", "0.4244", "3.26")):
        ours = adjusted_difference(found["No E-Mail", asked], found[arm, asked])
        assert f"{ours.unadjusted.effect_size:.4f}" == effect
        assert f"{ours.unadjusted.statistic:.2f}" == t
        assert ours.variance_reduction is not None
        assert -0.001 < ours.variance_reduction < 0.01
        both = frame[frame["variant"].isin([arm, "No E-Mail"])]
        late = (both["variant"] == arm).to_numpy(dtype="float64")
        centred = both[["history", "recency"]] - both[["history", "recency"]].mean()
        design = np.column_stack([np.ones(len(both)), late, centred, centred.mul(late, axis=0)])
        fit = sm.OLS(both["spend"].to_numpy(), design).fit()
        assert ours.adjusted.effect_size == pytest.approx(fit.params[1], rel=1e-8)
