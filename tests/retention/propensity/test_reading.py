"""What the report says, for studies that came out in different ways."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from workbench.retention.propensity.facts import Fact, LeftOut
from workbench.retention.propensity.fitting import Trial, fit_models
from workbench.retention.propensity.panel import Panel
from workbench.retention.propensity.quality import Figure, measure
from workbench.retention.propensity.reading import read_propensity
from workbench.retention.propensity.stakes import lift_by_segment, profit_of_contacting
from workbench.retention.propensity.study import Propensity, Terms

FACTS = (Fact("x0", "Visits"), Fact("x1", "Calls"))


def study(size: int = 3000) -> Propensity:
    """Return a study whose probabilities are right."""
    rng = np.random.default_rng(12)
    rows = pd.DataFrame(rng.normal(size=(size, 2)), columns=["x0", "x1"])
    left = (rng.random(size) < expit(1.1 * rows["x0"] - 1.5)).astype("float64")
    rows = rows.assign(
        customer_id=np.arange(size),
        cutoff=1,
        left=left,
        value=100.0,
        part=np.repeat(["train", "calibrate", "test"], size // 3),
    )
    panel = Panel(
        "subscriptions", 90, rows, FACTS, (LeftOut("customers", "desk", "is new"),), 7, ""
    )
    fit = fit_models(panel, seed=1)
    today = rows.head(400)[["customer_id", "x0", "x1", "value"]]
    today = today.assign(probability=fit.model.probability(today), segment="all customers")
    importance = pd.DataFrame(
        {"fact": ["x0"], "label": ["Visits"], "rise": [0.1], "ci_lower": [0.05], "ci_upper": [0.2]}
    ).assign(matters=True)
    value = panel.part("test")["value"].to_numpy("float64")
    profit = profit_of_contacting(
        fit.chosen.log_odds, fit.left, value, contact_cost=1.0, saved_share=0.1, min_group=5
    )
    lift = lift_by_segment(today, today["segment"], min_group=5)
    expected = Figure(float(today["probability"].sum()), 60.2, 110.7)
    return Propensity(
        panel,
        fit,
        profit,
        importance,
        fit.model,
        today,
        expected,
        pd.DataFrame(),
        lift,
        Terms(),
        5,
        "",
    )


STUDY = study()


def said(**changes: Any) -> Any:
    return read_propensity(replace(STUDY, **changes), currency="EUR")


def with_scores(change: Any) -> Any:
    """Return what is said when the chosen model's log-odds had been others."""
    fit = STUDY.fit
    assert fit is not None
    scores = change(fit.chosen.log_odds)
    trial = Trial("logistic", scores, measure(scores, fit.left))
    return said(fit=replace(fit, chosen=trial)).calibrated


def test_the_probabilities_are_right() -> None:
    assert "The probabilities came true" in with_scores(lambda score: score)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda score: 3 * score, "differences between customers were overstated"),
        (lambda score: 0.4 * score - 0.9, "differences between customers were understated"),
        (lambda score: score - 1.5, "more customers left than was said"),
        (lambda score: score + 1.5, "fewer customers left than was said"),
        (lambda score: 0 * score - 1.5, "cannot be said: all customers have the same probability"),
    ],
)
def test_where_they_are_not_it_is_told(change: Any, words: str) -> None:
    assert words in with_scores(change)


def test_the_sentences_hold_the_numbers() -> None:
    found = said()
    assert "Of 1,000 customers that the model had not seen" in found.answer
    assert found.drivers.startswith("The model looks most at visits.")
    assert "Ends by a failed payment are no decision to leave and do not count (7)" in found.chosen
    assert found.not_used.endswith("desk (is new).")
    assert found.expected == round(float(STUDY.today["probability"].sum()))
    assert found.expected_ci is not None
    assert found.expected_ci[:3] == (60, 111, 0.95)
    none = said(expected=Figure(80.0, None, None, reason="a snapshot"))
    assert (none.expected, none.expected_ci) == (80, None)
    assert "4 customers" not in found.lifted
    assert "Of the customers tried, 21.1% were expected to leave and 20.9% did." in found.calibrated
    assert "from a risk of 10.0% on" in found.profit
    few = replace(STUDY.panel, undecided=3)
    assert "failed payment" not in said(panel=few).chosen, "few are not counted"


def test_a_contact_that_never_pays() -> None:
    assert STUDY.profit is not None
    never = replace(STUDY.profit, break_even=None)
    assert "does not pay for the average customer" in said(profit=never).profit
    assert said(profit=replace(STUDY.profit, best_share=0.0)).profit_title.startswith("No contact")
    assert "everyone" in said(profit=replace(STUDY.profit, best_share=1.0)).profit_title
    assert (
        "the 40% most at stake" in said(profit=replace(STUDY.profit, best_share=0.4)).profit_title
    )


def test_what_contacting_earns_is_told_as_far_as_it_may_be() -> None:
    assert STUDY.profit is not None
    whole = said().profit
    assert "contacting those for whom it pays would have earned" in whole
    assert "In hindsight the best would have been" in whole
    few = Figure(None, None, None, reason="fewer than 5 customers")
    hidden = said(profit=replace(STUDY.profit, rule=few, best=None)).profit
    assert "On the customers tried, contacting everyone would have earned" in hidden
    assert "hindsight" not in hidden
    assert "pays would" not in hidden
    everyone = said(profit=replace(STUDY.profit, contacted=STUDY.tried)).profit
    assert "it pays for each one: contacting everyone would have earned" in everyone
    nobody = said(profit=replace(STUDY.profit, contacted=0, rule=Figure(0.0, 0.0, 0.0))).profit
    assert "it pays for nobody: contacting everyone would have earned" in nobody
    for best_share, who in ((0.0, "nobody"), (1.0, "everyone")):
        found = said(profit=replace(STUDY.profit, best_share=best_share)).profit
        assert found.endswith(f"it would have been best to contact {who}.")


def test_where_nothing_tells_what_customers_bring_there_is_no_list() -> None:
    found = said(profit=None)
    assert found.usable
    assert not found.valued
    assert found.profit.startswith("What customers bring in is not known")
    assert found.lifted == ""


def test_where_nobody_could_leave_nothing_is_decided() -> None:
    none = STUDY.today.head(0)
    why = "There is no customer today who could leave."
    found = said(model=None, profit=None, today=none, expected=None, reason=why)
    assert found.decision == "Nothing today: there is no customer today who could leave."
    assert found.expected is None
    assert found.no_number == why.rstrip(".")


def test_segments_that_do_not_add_up_say_so() -> None:
    two = STUDY.today.assign(segment=["dear", "cheap"] * 200)
    two["value"] = np.where(two["segment"] == "dear", 300.0, 20.0)
    segments = lift_by_segment(two, two["segment"], min_group=5)
    found = said(segments=segments).lifted
    assert "Most of it lies with dear" in found
    assert "do not add up" in found
    assert "do not add up" not in said().lifted, "there is one segment only"


def test_nobody_can_be_told_apart() -> None:
    assert STUDY.fit is not None
    flat = replace(STUDY.fit, gain=Figure(0.001, -0.002, 0.004))
    found = said(fit=flat, model=None, profit=None)
    assert "no better than giving everyone the average" in found.answer
    assert not found.usable
    assert found.apart == "Customers could not be told apart."
    assert found.drivers == found.profit == found.lifted == ""


def test_no_single_fact_stands_out() -> None:
    quiet = STUDY.importance.assign(matters=False)
    assert "No single fact" in said(importance=quiet).drivers


def test_a_snapshot_speaks_of_itself() -> None:
    panel = replace(STUDY.panel, kind="snapshot", horizon_days=None)
    found = said(panel=panel)
    assert "dealt by lot" in found.chosen
    assert "one snapshot" in found.limit
    assert "Those who left can be told in part" in found.answer
    assert "beforehand" not in found.answer
    assert "earlier days" not in found.how, "there are none"
    assert found.expected_label == "Customers expected to leave, if they do as others did"
    assert STUDY.fit is not None
    flat = replace(STUDY.fit, gain=Figure(0.001, -0.002, 0.004))
    never = said(panel=panel, fit=flat, model=None, profit=None)
    assert never.answer.startswith("Those who left cannot be told from those who stayed")
    assert "The model looks most at Visits" in found.drivers, "the name of a column"
