"""The declared rule applied: what is shipped, what is not, what waits, and what it is worth."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from workbench.errors import AnalysisError
from workbench.experiments.decision import Decision, Timing, decide, planned_looks, timing
from workbench.experiments.evidence import Evidence, evidence_of
from workbench.experiments.plan import Plan
from workbench.experiments.value import believe, worth
from workbench.experiments.verdicts import Check
from workbench.params import ExperimentParams
from workbench.params.measures import ValueParams

ENDED = Timing("ended", True, date(2025, 6, 30))
FAILED = Check("sample-ratio", "Groups have the planned sizes", "failed", "They have not.")


def plan(**more: Any) -> Plan:
    said = {
        "title": "Offer", "control": "a", "shares": {"a": 0.5, "b": 0.25, "c": 0.25},
        "metrics": {"spend": {"kind": "mean", "column": "x", "min_effect": {"absolute": 1}}},
        "then": {"ship": "Send it.", "do_not_ship": "Leave it.", "inconclusive": "Ask again."},
        **more,
    }  # fmt: skip
    return Plan.of("offer", ExperimentParams.model_validate(said))


def spend(low: float, high: float, variant: str = "b", **more: Any) -> Evidence:
    middle = (low + high) / 2
    given_: dict[str, Any] = {"min_effect": 1.0, "se": (high - low) / 3.92, **more}
    return Evidence(
        "spend", "Spend", "primary", variant, middle, ci_lower=low, ci_upper=high, **given_
    )


def left(low: float, high: float, variant: str = "b", margin: float | None = 0.5) -> Evidence:
    return Evidence(
        "left", "Left", "guardrail", variant, (low + high) / 2, 0.1, low, high,
        direction="down", margin=margin,
    )  # fmt: skip


def said(
    *evidence: Evidence, checks: tuple[Check, ...] = (), when: Timing = ENDED, **more: Any
) -> Decision:
    declared = plan(**{"shares": {"a": 0.5, "b": 0.5}, **more})
    return decide(declared, checks, evidence, when)


@pytest.mark.parametrize(
    ("low", "high", "verdict", "outcome", "planned"),
    [
        (0.2, 3.0, "ship", "worth having", "Send it."),
        (1.2, 3.0, "ship", "worth having", "Send it."),
        (0.1, 0.9, "do not ship", "too small", "Leave it."),  # shown, and not worth having
        (-0.5, 0.9, "do not ship", "too small", "Leave it."),
        (-2.0, -0.1, "do not ship", "harmful", "Leave it."),
        (-0.5, 3.0, "do not ship", "inconclusive", "Ask again."),
    ],
)
def test_the_interval_decides(
    low: float, high: float, verdict: str, outcome: str, planned: str
) -> None:
    found = said(spend(low, high))
    assert (found.verdict, found.variants[0].outcome, found.planned) == (verdict, outcome, planned)
    assert found.final == verdict
    assert found.variant == ("b" if verdict == "ship" else None)
    # Where down is better, all is the other way round.
    turned = spend(-high, -low, direction="down")
    assert said(turned).verdict == verdict
    assert said(turned).variants[0].belief == found.variants[0].belief


def test_a_stricter_rule_needs_all_of_the_interval() -> None:
    strict = {"ship_if": "worth-having"}
    assert said(spend(0.2, 3.0), **strict).variants[0].outcome == "inconclusive"
    assert said(spend(1.0, 3.0), **strict).verdict == "ship"


def test_an_effect_that_is_not_shown_after_correction_is_not_shipped() -> None:
    found = said(spend(0.1, 3.0, shown=False))
    assert (found.verdict, found.variants[0].outcome) == ("do not ship", "inconclusive")
    assert "once all comparisons are counted" in found.reasons[0]


@pytest.mark.parametrize(
    ("guard", "verdict", "words"),
    [
        (left(-0.4, 0.4), "ship", "it holds"),
        (left(-0.4, 0.6), "do not ship", "not shown to hold"),
        (left(0.6, 0.9), "do not ship", "worse than its margin allows"),
        (left(-0.4, 0.4, margin=None), "do not decide", "margin cannot be computed"),
    ],
)
def test_a_guardrail_must_hold(guard: Evidence, verdict: str, words: str) -> None:
    found = said(spend(1.2, 3.0), guard)
    assert found.verdict == verdict
    assert words in " ".join((*found.reasons, *found.variants[0].reasons))


def test_a_failed_check_and_a_missing_number_come_before_all() -> None:
    found = said(spend(1.2, 3.0), checks=(FAILED,))
    assert (found.verdict, found.planned) == ("do not decide", "")
    assert found.reasons == ("Groups have the planned sizes: failed. They have not.",)
    none = Evidence("spend", "Spend", "primary", "b", None, reason="Too few.")
    assert said(none).verdict == "do not decide"
    assert "Too few." in said(none).reasons[0]
    assert said().verdict == "do not decide"
    assert "no comparison could be made" in said().reasons[0]
    noted = Check("days", "Days", "noted", "Something.")
    assert said(spend(1.2, 3.0), checks=(noted,)).verdict == "ship"


def test_of_several_variants_the_best_is_shipped() -> None:
    declared = plan()
    found = decide(declared, (), (spend(0.5, 2, "b"), spend(1, 4, "c")), ENDED)
    assert (found.verdict, found.variant) == ("ship", "c")
    assert "b is worth having too" in found.text
    found = decide(declared, (), (spend(-3, -1, "b"), spend(1, 4, "c")), ENDED)
    assert found.variant == "c"
    found = decide(declared, (), (spend(-3, -1, "b"), spend(-1, 4, "c")), ENDED)
    assert found.verdict == "do not ship"
    assert "B does harm; c is not shown to be worth having." in found.text
    assert found.planned == "Leave it."


DATES = {"start": "2025-03-01", "end": "2025-03-31"}
WINDOW = {"kind": "mean", "from": "orders", "what": "amount", "days": 28}


@pytest.mark.parametrize(
    ("as_of", "state"),
    [
        (date(2025, 2, 28), "not started"),
        (date(2025, 3, 30), "running"),
        (date(2025, 3, 31), "waiting"),
        (date(2025, 4, 27), "waiting"),
        (date(2025, 4, 28), "ended"),
    ],
)
def test_before_the_planned_end_nothing_is_decided(as_of: date, state: str) -> None:
    declared = plan(**DATES, metrics={"spend": WINDOW}, shares={"a": 0.5, "b": 0.5})
    when = timing(declared, as_of=as_of)
    assert (when.state, when.may_decide) == (state, state == "ended")
    assert when.until == date(2025, 4, 28)
    found = decide(declared, (), (spend(1.2, 3.0),), when)
    assert found.verdict == ("ship" if state == "ended" else "keep running")
    if state in ("running", "waiting"):
        assert "wait until 28 Apr 2025" in found.text
        assert "looking early finds effects that are not there" in found.text
    assert decide(declared, (FAILED,), (spend(1.2, 3.0),), when).verdict == "do not decide"


def test_a_sequential_method_may_decide_early_and_only_when_it_is_clear() -> None:
    declared = plan(**DATES, readings={"method": "anytime"}, shares={"a": 0.5, "b": 0.5})
    early = timing(declared, as_of=date(2025, 3, 10), sequential_valid=True)
    assert (early.state, early.may_decide) == ("running", True)
    assert decide(declared, (), (spend(1.2, 3.0),), early).verdict == "ship"
    assert decide(declared, (), (spend(-3.0, -0.2),), early).verdict == "do not ship"
    found = decide(declared, (), (spend(-1.0, 3.0),), early)
    assert found.verdict == "keep running"
    assert "the data do not decide" in found.text
    # Intervals that are not made for it may not be read early.
    assert not timing(declared, as_of=date(2025, 3, 10)).may_decide
    fixed = plan(**DATES)
    assert not timing(fixed, as_of=date(2025, 3, 10), sequential_valid=True).may_decide
    assert timing(plan(), as_of=date(2025, 3, 10)).state == "no end"


@given(st.data())
def test_a_better_interval_never_loses_and_harm_is_never_shipped(data: st.DataObject) -> None:
    low = data.draw(st.floats(-5, 5))
    high = low + data.draw(st.floats(0.01, 6))
    strict = data.draw(st.sampled_from(["effect", "worth-having"]))
    found = said(spend(low, high), ship_if=strict)
    if found.verdict == "ship":
        assert low > 0
        assert said(spend(low + 1, high + 1), ship_if=strict).verdict == "ship"
    belief = found.variants[0].belief
    assert belief is not None
    if high < 0:
        assert found.variants[0].outcome == "harmful"
        assert belief.probability_harm > 0.97
    assert said(spend(low, high), checks=(FAILED,), ship_if=strict).verdict == "do not decide"


def test_planned_looks_are_equally_far_apart() -> None:
    readings = {"method": "group-sequential", "looks": 4}
    declared = plan(**DATES, metrics={"spend": WINDOW}, readings=readings)
    days = planned_looks(declared)
    assert [day.isoformat() for day in days] == [
        "2025-03-16", "2025-03-30", "2025-04-14", "2025-04-28",
    ]  # fmt: skip
    for as_of, look, may in (
        ("2025-03-15", 0, False),
        ("2025-03-16", 1, True),
        ("2025-04-28", 4, True),
    ):
        when = timing(declared, as_of=date.fromisoformat(as_of), sequential_valid=True)
        assert (when.look, when.may_decide) == (look, may)
    assert planned_looks(plan(**DATES)) == ()
    assert timing(plan(**DATES), as_of=date(2025, 3, 10)).look is None


def test_an_override_is_shown_with_its_reason_and_author() -> None:
    override = {"decision": "ship", "reason": "Law.", "author": "M. Lee", "on": "2025-07-02"}
    found = said(spend(-2, -1), override=override)
    assert (found.verdict, found.final) == ("do not ship", "ship")
    assert found.override_text == (
        "M. Lee decided on 2 Jul 2025, against the rule: ship. Reason: Law."
    )
    assert "as the rule" in said(spend(1, 2), override=override).override_text
    assert said(spend(1, 2)).override_text == ""


VALUE = ValueParams(per_unit=13, customers=1000, cost_per_customer=2, cost=500)


def test_the_yearly_value_has_an_interval_and_a_cost() -> None:
    found = said(spend(1.0, 3.0, value=VALUE)).variants[0].worth
    assert found is not None
    assert (found.value, found.ci_lower, found.ci_upper) == pytest.approx((23_500, 10_500, 36_500))
    costly = ValueParams(per_unit=1, customers=1000, cost_per_customer=5)
    dear = said(spend(1.0, 3.0, value=costly))
    assert dear.verdict == "do not ship"
    assert "costs more than it brings" in " ".join(dear.reasons)


@given(st.floats(-5, 5), st.floats(0.05, 3), st.one_of(st.none(), st.floats(0.1, 5)))
def test_beliefs_equal_numerical_integration(benefit: float, se: float, typical: Any) -> None:
    found = believe(benefit, se, typical=typical)
    grid = np.arange(-100_000, 100_001) * 6e-4
    weight = stats.norm.logpdf(grid, benefit, se)
    weight = weight if typical is None else weight + stats.norm.logpdf(grid, 0, typical)
    density = np.exp(weight - weight.max())
    density /= integrate.trapezoid(density, grid)
    for number, function in (
        (found.mean, grid),
        (found.probability_harm, (grid < 0) + 0.5 * (grid == 0)),
        (found.loss_ship, np.maximum(-grid, 0)),
        (found.loss_keep, np.maximum(grid, 0)),
    ):
        assert number == pytest.approx(integrate.trapezoid(function * density, grid), abs=1e-3)
    assert found.loss_keep - found.loss_ship == pytest.approx(found.mean)
    assert ("flat" in found.prior) == (typical is None)


def test_worth_scales_belief() -> None:
    belief = believe(2.0, 0.5)
    found = worth(belief, ValueParams(per_unit=2, customers=10), (1.0, 3.0), 0.95, 2.0)
    assert found.probability_loss == pytest.approx(belief.probability_harm)
    assert found.loss_ship == pytest.approx(20 * belief.loss_ship)
    with pytest.raises(AnalysisError, match="se above 0"):
        believe(1.0, 0.0)


def test_relative_sizes_are_shares_of_the_control() -> None:
    metrics = {
        "spend": {
            "kind": "mean", "column": "x", "min_effect": {"relative": 0.1},
            "typical_effect": {"absolute": 3}, "direction": "down",
        },
        "left": {"kind": "mean", "column": "y", "margin": {"relative": 0.02}},
    }  # fmt: skip
    spent, leaves = plan(metrics=metrics).metrics
    found = evidence_of(spent, "b", control=20.0, effect=-3.0, se=0.5, interval=(-4.0, -2.0))
    assert (found.min_effect, found.typical, found.margin) == (2.0, 3.0, None)
    assert found.benefit == (2.0, 3.0, 4.0)
    held = evidence_of(leaves, "b", control=50.0, effect=0.1, interval=(-0.5, 0.7))
    assert (held.role, held.margin) == ("guardrail", 1.0)
    assert evidence_of(leaves, "b", control=0.0, effect=0.1).margin is None
    assert evidence_of(spent, "b", control=None, effect=None, reason="R").min_effect is None
