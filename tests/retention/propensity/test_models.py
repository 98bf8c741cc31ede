"""The two models, how facts become columns, which one is chosen, and what it rests on."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from workbench.errors import AnalysisError
from workbench.retention.propensity.design import OTHER, learn_design, level_of
from workbench.retention.propensity.facts import LEVEL, NOT_KNOWN, Fact
from workbench.retention.propensity.fitting import Fit, fit_models, fit_today, score_today
from workbench.retention.propensity.importance import importance
from workbench.retention.propensity.models import ModelName, fit_logistic
from workbench.retention.propensity.panel import Panel, outcome
from workbench.retention.propensity.reasons import contributions, reasons

NUMBERS = tuple(Fact(f"x{i}", f"Fact {i}") for i in range(4))
FACTS = (*NUMBERS, Fact("kind", "Kind", LEVEL), Fact("age", "Age", mark=True))


def panel(size: int = 2500, *, steps: bool = False, seed: int = 4) -> Panel:
    """Return customers whose risk is smooth in two facts and a name, or has steps."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(rng.normal(size=(size, 4)), columns=[fact.name for fact in NUMBERS])
    rows["kind"] = rng.choice(["red", "blue", "green"], size, p=[0.5, 0.3, 0.2])
    rows["age"] = np.where(rng.random(size) < 0.2, np.nan, rng.normal(40, 10, size))
    risk = 0.9 * rows["x0"] - 0.6 * rows["x1"] + 0.8 * (rows["kind"] == "red")
    if steps:
        risk = 3.0 * ((rows["x0"] > 0.5) & (rows["x1"] > 0)) + 2 * (rows["x2"].abs() > 1.3)
    left = (rng.random(size) < expit(risk - 1.8)).astype("float64")
    parts = np.repeat(["train", "calibrate", "test"], [size * 3 // 5, size // 5, size // 5])
    rows = rows.assign(left=left, part=parts, value=10.0, customer_id=np.arange(size), cutoff=1)
    today = rows.tail(300).assign(part="today", left=np.nan)
    return Panel("orders", 90, pd.concat([rows, today], ignore_index=True), FACTS, (), 0, "")


@cache
def fitted(steps: bool = False) -> tuple[Panel, Fit]:
    made = panel(steps=steps)
    return made, fit_models(made, seed=1)


def test_the_logistic_model_is_the_minimum_of_its_penalised_loss() -> None:
    rows = panel().part("train")
    left = outcome(rows)
    design, _ = learn_design(rows, FACTS, left)
    model = fit_logistic(design, rows, left)
    x = design.scaled(design.raw(rows))

    def loss(at: np.ndarray) -> float:
        score = at[0] + x @ at[1:]
        return float(
            np.logaddexp(0, np.where(left == 1, -score, score)).sum() + at[1:] @ at[1:] / 2
        )

    best = minimize(loss, np.zeros(x.shape[1] + 1), method="BFGS").x
    assert model.intercept == pytest.approx(best[0], abs=2e-3)
    assert model.coefficients == pytest.approx(best[1:], abs=2e-3)


def test_names_and_missing_values_become_columns() -> None:
    rows = panel().part("train")
    design, out = learn_design(rows, FACTS, outcome(rows))
    assert out == ()
    assert design.levels["kind"] == ("red", "blue", "green")
    assert design.marked == {"age"}
    assert [len(design.columns_of(place)) for place in range(len(FACTS))] == [1, 1, 1, 1, 3, 2]
    ready = design.scaled(design.raw(rows))
    assert ready.mean(axis=0) == pytest.approx(np.zeros(9), abs=1e-9)
    assert ready.std(axis=0) == pytest.approx(np.ones(9))
    later = rows.head(3).assign(kind=["pink", None, "red"], age=np.nan)
    assert level_of(later["kind"], design.levels["kind"]).tolist() == [OTHER, OTHER, "red"]
    assert np.isfinite(design.scaled(design.raw(later))).all()
    assert level_of(later["kind"], (NOT_KNOWN,)).tolist() == [OTHER, NOT_KNOWN, OTHER]


def test_facts_that_tell_nothing_or_too_much_are_left_out() -> None:
    rows = panel().part("train")
    left = outcome(rows)
    planted = rows.assign(x1=3.0, x2=left + 0.01 * rows["x2"], age=np.nan, kind="red")
    design, out = learn_design(planted, FACTS, left)
    assert [fact.name for fact in design.facts] == ["x0", "x3"]
    why = {one.column: one.why for one in out}
    assert "written afterwards" in why["x2"]
    assert why["x1"] == why["age"] == why["kind"] == "is the same for everybody"
    with pytest.raises(AnalysisError, match="Fact 0 is infinite for 1 rows"):
        learn_design(rows.assign(x0=[np.inf, *[0.0] * (len(rows) - 1)]), FACTS, left)
    with pytest.raises(AnalysisError, match="no fact that may be used differs"):
        learn_design(rows.assign(x0=1.0), FACTS[:1], left)


def test_the_simpler_model_unless_trees_are_clearly_better() -> None:
    _, smooth = fitted()
    assert smooth.model.name == "logistic"
    assert smooth.better
    _, steps = fitted(steps=True)
    assert steps.model.name == "boosting"
    assert steps.boosting_gain.ci_lower is not None
    assert steps.boosting_gain.ci_lower > 0
    assert steps.better


def test_a_model_that_tells_nothing_is_the_average_and_no_better() -> None:
    """Else a hair's breadth between the two would be called better in one of twelve units."""
    made = panel()
    turned = made.rows["left"].where(made.rows["part"] != "calibrate", 1 - made.rows["left"])
    fit = fit_models(replace(made, rows=made.rows.assign(left=turned)), seed=1)
    assert fit.model.line.slope == 0, "calibration found the order to be wrong"
    assert fit.gain.value == 0
    assert not fit.better


@pytest.mark.parametrize("steps", [False, True])
def test_a_second_fit_and_a_model_of_today(steps: bool) -> None:
    made, fit = fitted(steps)
    again = fit_models(made, seed=1)
    assert np.array_equal(again.chosen.log_odds, fit.chosen.log_odds)
    today = fit_today(made, fit.model.name, seed=1)
    p = today.probability(made.part("today"))
    assert ((p > 0) & (p < 1)).all()
    assert np.corrcoef(p, fit.model.probability(made.part("today")))[0, 1] > 0.9
    moved = made.later()
    assert len(moved.part("train")) == len(made.part("train", "calibrate"))


@pytest.mark.parametrize("steps", [False, True])
def test_what_was_planted_matters_and_noise_does_not(steps: bool) -> None:
    made, fit = fitted(steps)
    found = importance(fit.model, made.part("test"), fit.left, seed=1)
    matters = set(found.loc[found["matters"], "fact"])
    assert matters == ({"x0", "x1", "x2"} if steps else {"x0", "x1", "kind"})
    pd.testing.assert_frame_equal(found, importance(fit.model, made.part("test"), fit.left, seed=1))


def test_the_reasons_of_trees_are_one_fact_at_a_time() -> None:
    made, fit = fitted(steps=True)
    today = made.part("today")
    parts = contributions(fit.model, today, today)
    for place, fact in enumerate(fit.model.design.facts):
        column = today[fact.name]
        typical = column.mode().iloc[0] if fact.kind == LEVEL else column.median()
        other = today.assign(**{fact.name: typical})
        model = fit.model
        own = model.log_odds(model.design.raw(today)) - model.log_odds(model.design.raw(other))
        assert parts[:, place] == pytest.approx(own)


def test_reasons_in_words() -> None:
    made, fit = fitted()
    today = made.part("today")
    told = reasons(fit.model, today, today, currency="EUR")
    assert len(told) == len(today)
    at = int(np.argmax(fit.model.probability(today)))
    assert "Fact 0: " in told[at]
    assert "(typical: " in told[at]
    assert told[at].endswith(".")
    assert not any("nan" in one for one in told)
    assert reasons(fit.model, today.head(0), today, currency="EUR") == []


def test_too_few_are_refused() -> None:
    with pytest.raises(AnalysisError, match="too few"):
        fit_models(Panel("orders", 90, pd.DataFrame(), FACTS, (), 0, "too few."), seed=1)


@pytest.mark.parametrize("name", ["logistic", "boosting"])
def test_nobody_of_a_snapshot_is_scored_by_a_model_that_knows_who_stayed(name: ModelName) -> None:
    """Today's customers of a snapshot were learned from: their own row must not lower the risk."""
    rows = panel(1000).rows
    learned = rows[rows["part"] != "today"]
    today = learned[learned["left"] == 0].assign(part="today", left=np.nan, cutoff=2)
    both = pd.concat([learned, today], ignore_index=True)
    whole = Panel("snapshot", None, both, FACTS, (), 0, "")
    scores = score_today(whole, fit_today(whole, name, seed=1), seed=1)
    assert len(scores) == len(today)
    for place in (0, 7):
        who = today["customer_id"].iloc[place]
        own = (whole.rows["customer_id"] == who) & (whole.rows["part"] != "today")
        without = replace(whole, rows=whole.rows[~own].reset_index(drop=True))
        again = score_today(without, fit_today(without, name, seed=1), seed=1)
        assert again[place] == scores[place]
    later = replace(whole, kind="orders", horizon_days=90)
    model = fit_today(later, name, seed=1)
    assert (score_today(later, model, seed=1) == model.probability(later.part("today"))).all()


@pytest.mark.parametrize(("missing", "refused"), [(28, False), (45, True)])
def test_an_attribute_missing_by_chance_is_kept(missing: int, refused: bool) -> None:
    """A customer stands in several rows and is one customer: chance is not counted four times."""
    left = np.repeat([1.0, 0.0], [100, 400])
    age = np.where(np.r_[np.arange(100) < missing, np.arange(400) < 80], np.nan, 40.0)
    age = np.where(np.arange(500) % 2, age + 5, age)
    rows = pd.DataFrame({"customer_id": np.arange(500), "age": age, "visits": np.arange(500) % 7})
    facts = (Fact("age", "Age", mark=True, kept=True), Fact("visits", "Visits"))
    _, out = learn_design(pd.concat([rows] * 4), facts, np.tile(left, 4))
    assert [one.column for one in out] == ["age"] * refused
