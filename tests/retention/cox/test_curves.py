"""Survival by covariates, given survival so far."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from workbench.errors import AnalysisError
from workbench.retention.cox.curves import cox_survival
from workbench.retention.cox.fit import fit_cox
from workbench.retention.survival import kaplan_meier


def rows(seed: int, n: int = 300) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    x = pd.DataFrame({"plan": rng.integers(0, 2, n), "load": rng.normal(size=n)})
    life = rng.exponential(size=n) / np.exp(0.5 * x["plan"] - 0.3 * x["load"])
    leave = rng.uniform(0.3, 2, n)
    return np.minimum(life, leave), (life <= leave).to_numpy(), x


@pytest.mark.filterwarnings("ignore:Starting with pandas version 4.0")  # of lifelines
def test_without_ties_it_equals_lifelines() -> None:
    times, events, x = rows(1)
    theirs = CoxPHFitter().fit(x.assign(t=times, e=events), "t", "e")
    found = fit_cox(times, events, x)
    grid = np.sort(times[events])[[20, 80, 150]]  # between events the peer interpolates
    expected = theirs.predict_survival_function(x.head(4), times=grid).to_numpy()
    for place, time in enumerate(grid):
        ours = cox_survival(found, x.head(4), time)
        np.testing.assert_allclose(ours["survival"].astype(float), expected[place], rtol=1e-5)
    later = cox_survival(found, x.head(4), grid[2] - grid[1], so_far=grid[1])["survival"].astype(
        float
    )
    np.testing.assert_allclose(later, expected[2] / expected[1], rtol=1e-5)


def test_without_effects_it_is_close_to_kaplan_meier() -> None:
    rng = np.random.default_rng(2)
    times, events = np.ceil(rng.exponential(20, 2000)), rng.random(2000) < 0.7
    found = fit_cox(times, events, {"noise": rng.normal(size=2000)})
    row = cox_survival(found, {"noise": [found.likelihood.cells.centre[0]]}, 10, so_far=5).iloc[0]
    curve = kaplan_meier(times, events).survival_given(5, 10)
    assert row["survival"] == pytest.approx(curve.value, abs=0.01)
    assert row["ci_lower"] == pytest.approx(curve.ci_lower, abs=0.01)
    assert row["ci_upper"] == pytest.approx(curve.ci_upper, abs=0.01)


def test_intervals_hold_the_truth() -> None:
    held = 0
    for draw in range(100):
        times, events, x = rows(100 + draw)
        row = cox_survival(fit_cox(times, events, x), {"plan": [1], "load": [1.0]}, 0.4, so_far=0.2)
        truth = np.exp(-0.4 * np.exp(0.5 - 0.3))
        held += row["ci_lower"].iloc[0] <= truth <= row["ci_upper"].iloc[0]
    assert 0.90 <= held / 100 <= 0.99


def test_what_cannot_be_known_is_said() -> None:
    times, events, x = rows(3)
    found = fit_cox(times, events, x)
    told = cox_survival(found, x.head(2), [0.1, 99])
    assert told["survival"].iloc[1] is told["ci_lower"].iloc[1] is None
    assert told["reason"].iloc[0] == ""
    assert told["reason"].iloc[1].startswith("Nobody was seen to leave after")
    nothing = fit_cox(times, events & False, x)
    assert cox_survival(nothing, x.head(1), 1.0)["reason"].tolist() == ["Nobody had the event."]
    with pytest.raises(AnalysisError, match="covariate load is missing"):
        cox_survival(found, {"plan": [1]}, 1.0)
    with pytest.raises(AnalysisError, match="covariate load is missing or endless in 1 rows"):
        cox_survival(found, x.head(2).assign(load=[1.0, np.nan]), 1.0)
    with pytest.raises(AnalysisError, match="finite and not negative"):
        cox_survival(found, x.head(1), -1.0)
