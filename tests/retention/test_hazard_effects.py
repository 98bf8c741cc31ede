"""Effects by part of time beside regressions on one row per customer and period."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.errors import AnalysisError
from workbench.retention.cox.fit import fit_cox
from workbench.retention.hazard import fit_hazard
from workbench.retention.hazard_cells import period_cells
from workbench.retention.hazard_effects import Change, PartEffects, effects_by_part, half_of_events

Rows = dict[str, Any]
TRUTH = {("plan", 0): 0.9, ("plan", 1): 0.2, ("load", None): -0.3}
CUT = 12


def sample(seed: int, customers: int = 300, each: int = 1) -> Rows:
    """Return periods, events, covariates, entries and customers; the plan's effect shrinks.

    A customer's subscriptions mostly end together: the life of all of them is drawn at once.
    """
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(customers), each)
    size = len(who)
    x = pd.DataFrame(
        {
            "plan": rng.integers(0, 2, customers)[who],
            "load": rng.poisson(1.5, size).astype(float),
        }
    )
    own = rng.exponential(size=size)
    if each > 1:
        own = np.where(rng.random(customers)[who] < 0.6, rng.exponential(size=customers)[who], own)
    rates = [np.exp(TRUTH["plan", k] * x["plan"] - 0.3 * x["load"]) / 25 for k in (0, 1)]
    early = own / rates[0]
    life = np.ceil(np.where(early <= CUT, early, CUT + (own - CUT * rates[0]) / rates[1]))
    leave = rng.integers(5, 60, size)
    times = np.minimum(life, leave).astype(int)
    entry = np.where(rng.random(size) < 0.3, rng.integers(0, 6, size), 0)
    return {
        "durations": times,
        "event_observed": (life <= leave).astype(int),
        "covariates": x,
        "entry": np.where(entry < times, entry, 0),
        "cluster": who if each > 1 else None,
    }


def exploded(rows: Rows) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Return design, events, periods and row of every customer and period."""
    times, events, entry = rows["durations"], rows["event_observed"], rows["entry"]
    made = [
        (row, period, events[row] and period == times[row])
        for row in range(len(times))
        for period in range(entry[row] + 1, times[row] + 1)
    ]
    row, period, event = (np.array(values) for values in zip(*made, strict=True))
    x = rows["covariates"].iloc[row].reset_index(drop=True)
    parts = {f"plan {k}": x["plan"] * ((period > CUT) == k) for k in (0, 1)}
    return pd.DataFrame({**parts, "load": x["load"]}), event.astype(float), period, row


def change(found: PartEffects) -> Change:
    made = found.change("plan")
    assert made is not None
    assert made.degrees == 1
    return made


@pytest.mark.parametrize("each", [1, 3])
@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_it_is_the_regression_on_customer_periods(link: Any, each: int) -> None:
    rows = sample(1, 90, each)
    found = effects_by_part(**rows, changing=["plan"], cuts=[CUT], link=link, min_events=5)
    design, event, period, row = exploded(rows)
    firsts = stretches(rows)
    dummies = np.array(
        [np.searchsorted(firsts, period, side="right") - 1 == k for k in range(len(firsts))]
    )
    wide = np.hstack([design.to_numpy("float64"), dummies.T.astype(float)])
    links = sm.families.links
    family = sm.families.Binomial(links.Logit() if link == "logit" else links.CLogLog())
    model = sm.GLM(event, wide, family=family)
    theirs = model.fit(tol=1e-14, maxiter=200)
    assert found.table["covariate"].tolist() == ["plan", "plan", "load"]
    assert found.table["part"].tolist() == [0, 1, None]
    np.testing.assert_allclose(
        found.table["coefficient"].astype(float), theirs.params[:3], atol=1e-6
    )
    # Errors by their definition, the periods' own levels being estimated too.
    score = model.score_obs(theirs.params)
    named = rows["cluster"][row] if each > 1 else row
    added = pd.DataFrame(score).groupby(named).sum().to_numpy()
    bread = np.linalg.inv(-model.hessian(theirs.params, observed=False))
    cov = (bread @ added.T @ added @ bread)[:3, :3] * (90 / (90 - 3) if each > 1 else 1)
    errors = np.sqrt(np.diag(cov))
    np.testing.assert_allclose(found.table["std_error"].astype(float), errors, rtol=1e-5)
    times = stats.t(89).isf(0.025) if each > 1 else stats.norm.isf(0.025)
    low = np.exp(theirs.params[:3] - times * errors)
    np.testing.assert_allclose(found.table["ci_lower"].astype(float), low, rtol=1e-5)
    apart = (theirs.params[1] - theirs.params[0]) ** 2 / (cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    assert change(found).statistic == pytest.approx(apart, rel=1e-5)


def stretches(rows: Rows) -> np.ndarray:
    """Return the first period of each stretch, as the plain model says them, in both parts."""
    given = {name: rows[name] for name in ("durations", "event_observed", "covariates", "entry")}
    cells, _ = period_cells(**given, n=None, min_events=5, cuts=[CUT])
    assert cells is not None
    assert CUT in [last for _, last in cells.bins]
    assert cells.bins[-1][1] == rows["durations"].max()
    return np.array([first for first, _ in cells.bins])


def test_in_days_it_is_the_cox_regression_of_each_part() -> None:
    """Time cut in two: each part's own Cox regression, its customers entering at the cut."""
    rng = np.random.default_rng(2)
    plan = rng.integers(0, 2, 4000).astype(float)
    own = rng.exponential(size=4000) * 400
    early = own / np.exp(0.8 * plan)
    life = np.ceil(np.where(early < 200, early, 200 + (own - 200 * np.exp(0.8 * plan))))
    times, event = np.minimum(life, 700), life <= 700
    found = effects_by_part(times, event, {"plan": plan}, changing=["plan"], cuts=[200])
    first = fit_cox(np.minimum(times, 200), event & (times <= 200), {"plan": plan})
    after = times > 200
    late = fit_cox(
        times[after], event[after], {"plan": plan[after]}, entry=np.full(after.sum(), 200)
    )
    for row, cox in zip(found.table.to_dict("records"), (first, late), strict=True):
        theirs = cox.effects().iloc[0]
        assert row["coefficient"] == pytest.approx(theirs["coefficient"], abs=0.01)
        assert row["std_error"] == pytest.approx(theirs["robust_error"], rel=0.02)
    assert change(found).pvalue < 0.001


def test_counts_equal_single_rows_and_neither_order_nor_names_matter() -> None:
    rows = sample(3, 120, 2)
    n = np.random.default_rng(3).integers(1, 4, 240)
    asked: Any = {"changing": ["plan"], "cuts": [CUT]}
    counted = effects_by_part(**rows, n=n, **asked)
    mixed = np.random.default_rng(4).permutation(np.repeat(np.arange(240), n))
    called = np.random.default_rng(5).permutation(120)
    again = effects_by_part(
        rows["durations"][mixed],
        rows["event_observed"][mixed],
        rows["covariates"].iloc[mixed],
        entry=rows["entry"][mixed],
        cluster=called[rows["cluster"]][mixed],
        **asked,
    )
    assert again.customers == counted.customers == n.sum()
    pd.testing.assert_frame_equal(again.table, counted.table, rtol=1e-12)
    assert change(again).pvalue == pytest.approx(change(counted).pvalue, rel=1e-9)


def test_where_nobody_left_the_ratio_is_nought_and_its_end_is_told() -> None:
    rng = np.random.default_rng(6)
    plan = rng.integers(0, 2, 600).astype(float)
    life = np.ceil(rng.exponential(size=600) * 30 / np.where(plan == 1, 0.5, 1.0))
    life = np.where(plan == 1, life + 20, life)
    times, event = np.minimum(life, 60), life <= 60
    for link in ("cloglog", "logit"):
        found = effects_by_part(
            times, event, {"plan": plan}, changing=["plan"], cuts=[20], link=link
        )
        first, second = found.table.to_dict("records")
        assert (first["ratio"], first["ci_lower"], first["coefficient"]) == (0.0, 0.0, None)
        # Of so many leavers as there would be at a ratio of 1, none: 3.69 / expected.
        others = event[plan == 0] & (times[plan == 0] <= 20)
        assert 0 < first["ci_upper"] < 4 / others.sum()
        assert second["ratio"] == pytest.approx(0.5, rel=0.4)
        assert found.change("plan") is None
    # The bound is where it says: at that ratio nobody would leave in one of forty samples.
    lived = np.minimum(times, 20)[plan == 1].sum()
    rate = others.sum() / np.minimum(times, 20)[plan == 0].sum()
    assert first["ci_upper"] * rate * lived == pytest.approx(-np.log(0.025), rel=0.1)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """120 samples each; of each effect 91 % or more, of all 92.5 to 97.5 % may hold."""
    truth = np.array(list(TRUTH.values()))
    for each in (1, 3):
        held = np.zeros(3)
        for draw in range(120):
            rows = sample(100 + draw, 300 // each, each)
            found = effects_by_part(**rows, changing=["plan"], cuts=[CUT]).table
            low, high = (np.log(found[name].astype(float)) for name in ("ci_lower", "ci_upper"))
            held += (low <= truth) & (truth <= high)
        assert (held / 120 >= 0.91).all(), (each, held)
        assert 0.925 <= held.mean() / 120 <= 0.975, (each, held)


def test_time_is_cut_by_when_they_left_alone() -> None:
    assert half_of_events([1, 2, 3, 4, 9], [1, 1, 1, 1, 0]) == 2
    assert half_of_events([1, 5, 7], [1, 1, 0], n=[1, 9, 50]) == 1  # something must be left
    assert half_of_events([4, 4, 7], [1, 1, 0]) is None
    assert half_of_events([4, 4], [0, 0]) is None


def told(found: PartEffects) -> str:
    assert len(found.table) == len(found.keys) == found.customers == 0
    return found.reason


def test_what_cannot_be_told_is_said() -> None:
    rows = sample(7, 60)
    asked: Any = {"changing": ["plan"], "cuts": [CUT]}
    nobody = {**rows, "event_observed": 0 * rows["event_observed"]}
    assert told(effects_by_part(**nobody, **asked)) == "Nobody had the event."
    twice = {**rows, "covariates": rows["covariates"].assign(twice=rows["covariates"]["load"] * 2)}
    assert told(effects_by_part(**twice, **asked)).startswith("The covariates cannot be told apart")
    few = {**rows, "cluster": np.arange(60) % 5}
    assert told(effects_by_part(**few, **asked)) == "5 clusters are too few for so many effects."
    # All who left had the covariate: the levels have no end.
    only = rows["covariates"].assign(plan=np.maximum(rows["event_observed"], 0))
    assert "separates those who left" in told(
        effects_by_part(**{**rows, "covariates": only}, **asked)
    )
    one = effects_by_part([1], [1], {"plan": [1]}, changing=["plan"], cuts=[1])
    assert told(one)


def test_separation_is_named_where_nothing_holds_coefficients_back() -> None:
    """Before, the search stopped at whatever height the likelihood was flat."""
    rows = sample(8, 200)
    left = pd.DataFrame({"left": rows["event_observed"].astype(float)})
    found = fit_hazard(rows["durations"], rows["event_observed"], left, penalties=[0.0])
    assert found.reason.startswith("A covariate separates those who left from those who stayed")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"changing": ["plane"]}, "covariate plane is missing"),
        ({"changing": []}, "Name one covariate"),
        ({"cuts": []}, "Name one covariate and one cut"),
        ({"cuts": [3, 2]}, "cuts rising from 1 on"),
        ({"cuts": [0]}, "cuts rising from 1 on"),
        ({"alpha": 0.0}, "a level between 0 and 1"),
        ({"min_events": 0}, "1 event or more"),
        ({"link": "probit"}, "'probit' is not known"),
        ({"cluster": [None, "a", "b"]}, "a cluster is missing"),
        ({"cluster": ["a"]}, "a cluster is missing"),
    ],
)
def test_impossible_input_is_refused(changed: dict[str, Any], words: str) -> None:
    given_rows: dict[str, Any] = {
        "durations": [1, 2, 3],
        "event_observed": [1, 0, 1],
        "covariates": {"plan": [1, 0, 1]},
        "changing": ["plan"],
        "cuts": [1],
    }
    with pytest.raises(AnalysisError, match=words):
        effects_by_part(**{**given_rows, **changed})


people = st.lists(
    st.tuples(st.integers(1, 6), st.booleans(), st.integers(0, 1), st.integers(0, 2)),
    min_size=1,
    max_size=40,
)


@given(people, st.integers(1, 5))
def test_there_are_finite_numbers_or_a_reason(
    data: list[tuple[int, bool, int, int]], cut: int
) -> None:
    times, events, plan, load = (list(column) for column in zip(*data, strict=True))
    x = {"plan": plan, "load": load}
    found = effects_by_part(times, events, x, changing=["plan"], cuts=[cut], min_events=2)
    if found.reason:
        assert told(found)
        return
    shown = found.table[["ratio", "ci_lower", "ci_upper"]].to_numpy("float64")
    assert np.isfinite(shown[:, :1]).all()
    assert (shown[:, 1] <= shown[:, 0]).all()
    assert (shown[:, 0] <= shown[:, 2]).all()
