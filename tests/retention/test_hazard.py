"""The discrete-time hazard beside regressions on one row per customer and period."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from workbench.data.demo.cirrus.facts import CHURN
from workbench.data.demo.subscriptions import Subscribers, live
from workbench.errors import AnalysisError
from workbench.retention.cox.fit import fit_cox
from workbench.retention.hazard import HazardFit, fit_hazard

Rows = tuple[np.ndarray, np.ndarray, pd.DataFrame, np.ndarray]


def sample(seed: int, n: int = 800, slope: float = 0.6) -> Rows:
    """Return periods, events, covariates and entries; hazards fall from period to period."""
    rng = np.random.default_rng(seed)
    x = pd.DataFrame({"load": rng.poisson(1.5, n), "team": rng.integers(0, 2, n)})
    times, events = np.zeros(n, dtype=int), np.zeros(n, dtype=int)
    leave = rng.integers(1, 9, n)
    for period in range(1, 9):
        score = -2.2 - 0.1 * period + slope * x["load"] - 0.5 * x["team"]
        gone = (rng.random(n) < 1 / (1 + np.exp(-score))) & (times == 0)
        events[gone & (period <= leave)] = 1
        times[gone & (period <= leave)] = period
        times[(times == 0) & (period == leave)] = period
    entry = np.where(rng.random(n) < 0.3, rng.integers(0, 3, n), 0)
    return times, events, x, np.where(entry < times, entry, 0)


def exploded(rows: Rows) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return covariates, periods and events of every customer and period."""
    times, events, x, entry = rows
    made = [
        (row, period, events[row] and period == times[row])
        for row in range(len(times))
        for period in range(entry[row] + 1, times[row] + 1)
    ]
    row, period, event = (np.array(values) for values in zip(*made, strict=True))
    return x.iloc[row].reset_index(drop=True), period, event.astype(float)


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_without_a_penalty_it_is_the_regression_on_customer_periods(link: Any) -> None:
    rows = sample(1)
    times, events, x, entry = rows
    found = fit_hazard(times, events, x, entry=entry, link=link, penalties=[0.0], min_events=1)
    wide, period, event = exploded(rows)
    dummies = pd.get_dummies(period).astype(float)
    family = sm.families.Binomial(
        sm.families.links.Logit() if link == "logit" else sm.families.links.CLogLog()
    )
    theirs = sm.GLM(event, np.hstack([dummies, wide]), family=family).fit(tol=1e-12)
    assert [first for first, _ in found.bins] == list(range(1, dummies.shape[1] + 1))
    np.testing.assert_allclose(found.coefficients, theirs.params[-2:], atol=1e-5)
    start = wide.iloc[[0]] * 0
    expected = theirs.predict(np.hstack([np.eye(len(found.bins)), np.zeros((len(found.bins), 2))]))
    np.testing.assert_allclose(found.hazards(start)[0], expected, atol=1e-5)


def test_with_a_penalty_it_is_the_ridge_regression() -> None:
    """scikit-learn does not hold back the one intercept; here all periods have one hazard."""
    rows = sample(2)
    times, events, x, entry = rows
    found = fit_hazard(times, events, x, entry=entry, penalties=[25.0], min_events=10_000)
    assert len(found.bins) == 1
    wide, _, event = exploded(rows)
    scale = wide.std(ddof=0)
    theirs = LogisticRegression(C=1 / 25.0, tol=1e-10, max_iter=500).fit(wide / scale, event)
    np.testing.assert_allclose(found.coefficients * scale, theirs.coef_[0], atol=1e-6)
    assert found.penalty == 25.0


def test_counts_equal_single_rows_and_their_order_is_nothing() -> None:
    times, events, x, entry = sample(3, 300)
    n = np.random.default_rng(3).integers(1, 4, len(times))
    counted = fit_hazard(times, events, x, entry=entry, n=n, seed=5)
    each = [np.repeat(values, n) for values in (times, events, entry)]
    wide = x.loc[x.index.repeat(n)]
    mixed = np.random.default_rng(4).permutation(len(wide))
    again = fit_hazard(
        each[0][mixed], each[1][mixed], wide.iloc[mixed], entry=each[2][mixed], seed=5
    )
    assert again.tried.equals(counted.tried)
    assert again.coefficients.tolist() == counted.coefficients.tolist()
    assert again.customers == counted.customers == n.sum()


def test_the_penalty_is_chosen_by_customers_left_out() -> None:
    times, events, x, _ = sample(4)
    told = fit_hazard(times, events, x, seed=1)
    assert told.penalty is not None
    assert told.gain_share is not None
    assert told.gain_share > 0.02
    assert told.coefficients[0] == pytest.approx(0.6, abs=0.15)
    assert told.tried["chosen"].sum() == 1
    assert told.tried["deviance"].astype(float).idxmin() == told.tried["chosen"].to_list().index(
        True
    )
    rng = np.random.default_rng(5)
    noise = pd.DataFrame(rng.normal(size=(len(times), 12))).add_prefix("noise")
    nothing = fit_hazard(times, events, noise, seed=1)
    assert nothing.gain_share is not None
    assert nothing.gain_share < 0.01
    assert nothing.penalty is None or nothing.penalty >= 100
    assert np.abs(nothing.coefficients).max() < 0.1


def test_cloglog_finds_the_hazard_ratio_of_continuous_time() -> None:
    """Exponential lives seen by the month: Prentice & Gloeckler 1978."""
    rng = np.random.default_rng(6)
    plan = rng.integers(0, 2, 20_000)
    life = np.ceil(rng.exponential(size=20_000) * 12 / np.exp(0.7 * plan))
    times = np.minimum(life, 10).astype(int)
    found = fit_hazard(times, life <= 10, {"plan": plan}, link="cloglog", penalties=[0.0])
    assert found.coefficients[0] == pytest.approx(0.7, abs=0.05)


def test_the_demo_s_planted_coefficients_are_found() -> None:
    """The demo's own renewals, with one propensity for all: a proportional hazard in months."""
    rng = np.random.default_rng(11)
    n, last = 20_000, np.datetime64("2025-06-30")
    plan, searched = rng.choice(3, n, p=[0.5, 0.3, 0.2]), rng.random(n) < 0.3
    start = np.datetime64("2024-06-01") + rng.integers(0, 300, n).astype("timedelta64[D]")
    month = start.astype("datetime64[M]").astype("datetime64[D]")
    churn = replace(CHURN, per_ticket=0.0, payment_failed=0.0, upgrade=0.0, downgrade=0.0)
    people = Subscribers(month, plan, searched, np.zeros(n), np.full(n, 0.06))
    lives = live(rng, churn, people, last, (np.zeros(n, dtype=bool), month, 0, 0.0))
    seen = (lives.renewal <= last).sum(axis=1) - 1
    times = np.where(lives.ended > 0, lives.ended, seen)
    x = pd.DataFrame({"team": plan == 1, "business": plan == 2, "paid_search": searched})
    planted = [CHURN.team, CHURN.business, CHURN.paid_search]
    found = fit_hazard(times, lives.ended > 0, x, link="cloglog", penalties=[0.0])
    np.testing.assert_allclose(found.coefficients, planted, atol=0.09)
    ratios = fit_cox(times, lives.ended > 0, x)
    errors = np.sqrt(np.diag(ratios.cov))
    assert (np.abs(ratios.coefficients - planted) < 3 * errors).all()


def test_survival_so_far_counts_and_what_was_not_seen_is_marked() -> None:
    times, events, x, _ = sample(7)
    found = fit_hazard(times, events, x)
    people = pd.DataFrame({"load": [0, 3], "team": [1, 0]})
    fresh, later = found.remaining(people, 10), found.remaining(people, 4, so_far=[3, 6])
    assert fresh.survival.shape == (2, 10)
    assert (np.diff(fresh.survival, axis=1) < 0).all()
    assert (fresh.survival[0] > fresh.survival[1]).all()
    expected = fresh.survival[0, 3:7] / fresh.survival[0, 2]
    np.testing.assert_allclose(later.survival[0], expected)
    assert fresh.extrapolated[0].tolist() == [False] * 8 + [True] * 2
    assert later.extrapolated[1].tolist() == [False, False, True, True]
    # The last hazard is carried on.
    ratio = fresh.survival[0, 9] / fresh.survival[0, 8]
    assert ratio == pytest.approx(1 - found.hazards(people)[0, -1])


def told(found: HazardFit) -> str:
    assert not found.converged
    assert found.coefficients.size == found.baseline.size == len(found.tried) == 0
    assert found.gain_share is found.penalty is None
    with pytest.raises(AnalysisError, match="there is no fit"):
        found.hazards({"a": [1]})
    return found.reason


def test_data_that_tell_nothing_are_said_so() -> None:
    times, events, x, _ = sample(8, 100)
    assert told(fit_hazard(times, 0 * events, x)) == "Nobody had the event."
    assert told(fit_hazard([0, 0], [0, 0], {"a": [1, 2]})) == "Nobody had the event."
    assert told(fit_hazard([1], [1], {"a": [1]})).startswith("Everyone left in the first period")
    twice = x.assign(twice=2 * x["load"])
    assert told(fit_hazard(times, events, twice, penalties=[0.0])) == (
        "The covariates cannot be told apart without a penalty."
    )
    assert fit_hazard(times, events, twice).converged  # the penalty shares the effect
    few = fit_hazard([3, 4, 5], [1, 1, 0], {"a": [1, 2, 3]})
    assert told(few) == "Only 2 left: too few to choose a penalty by."
    same = fit_hazard(times, events, x.assign(same=4))
    assert same.converged
    assert same.coefficients[2] == 0
    gone = fit_hazard([1, 2, 3, 3] * 9, [1] * 36, {"a": [0, 1, 0, 1] * 9})  # everyone left
    assert np.isfinite(gone.remaining({"a": [0, 1]}, 5).survival).all()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"durations": [1.5, 1, 2]}, "no whole periods"),
        ({"durations": [0, 1, 2]}, "an event before period 1"),
        ({"durations": [np.nan, 1, 2]}, "wrong durations"),
        ({"durations": [-1, 1, 2]}, "wrong durations"),
        ({"entry": [1, 0, 0]}, "wrong entry"),
        ({"covariates": {"a": [1, np.nan, 2]}}, "missing or endless"),
        ({"link": "probit"}, "'probit' is not known"),
        ({"folds": 1}, "folds == 1"),
        ({"penalties": []}, "penalties == "),
        ({"penalties": [-1.0]}, "penalties == "),
    ],
)
def test_impossible_input_is_refused(changed: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {
        "durations": [1, 2, 3],
        "event_observed": [1, 0, 1],
        "covariates": {"a": [1, 2, 3]},
    }
    with pytest.raises(AnalysisError, match=words):
        fit_hazard(**{**given, **changed})


def test_impossible_questions_are_refused() -> None:
    times, events, x, _ = sample(9, 200)
    found = fit_hazard(times, events, x)
    with pytest.raises(AnalysisError, match="ahead == 0"):
        found.remaining(x.head(1), 0)
    with pytest.raises(AnalysisError, match="so_far must be whole"):
        found.remaining(x.head(1), 1, so_far=0.5)
    with pytest.raises(AnalysisError, match="covariate team is missing"):
        found.hazards({"load": [1]})


people = st.lists(
    st.tuples(st.integers(1, 5), st.booleans(), st.integers(0, 2)), min_size=1, max_size=30
)


@given(people)
def test_there_are_probabilities_or_a_reason(data: list[tuple[int, bool, int]]) -> None:
    times, events, a = (list(column) for column in zip(*data, strict=True))
    found = fit_hazard(times, events, {"a": a}, min_events=2, folds=2)
    if not found.converged:
        assert told(found)
        return
    survival = found.remaining({"a": [0, 1, 2]}, 7).survival
    assert np.isfinite(survival).all()
    assert ((survival >= 0) & (survival <= 1)).all()


def test_telco_contracts(workbench_data: Path) -> None:
    """Churn by contract is 42.71, 11.27 and 2.83 per cent of customers: see DATA.md."""
    telco = pd.read_csv(workbench_data / "telco_churn" / "Telco-Customer-Churn.csv.gz")
    x = pd.get_dummies(telco[["Contract", "PaymentMethod", "InternetService"]]).astype(float)
    x = x.drop(columns=["Contract_Month-to-month", "InternetService_No"])
    found = fit_hazard(telco["tenure"], telco["Churn"] == "Yes", x)
    assert (found.customers, found.events) == (7032, 1869)  # eleven are new: tenure 0
    effect = dict(zip(found.names, found.coefficients, strict=True))
    assert effect["Contract_Two year"] < effect["Contract_One year"] < -1
    assert found.gain_share is not None
    assert found.gain_share > 0.1
