"""What a contact earns, and what a point of retention is worth, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from workbench.errors import AnalysisError
from workbench.retention.propensity.stakes import (
    OTHERS,
    Profit,
    lift_by_segment,
    profit_of_contacting,
)

LOG_ODDS = logit(np.array([0.9, 0.5, 0.09, 0.02]))
LEFT = np.array([1.0, 0.0, 1.0, 0.0])
VALUE = np.array([100.0, 100.0, 100.0, 100.0])


def profit_of(size: int, **terms: float) -> Profit:
    """Return the profit on so many customers, a quarter of them like each of the four above."""
    repeated = (np.repeat(values, size // 4) for values in (LOG_ODDS, LEFT, VALUE))
    return profit_of_contacting(*repeated, min_group=5, **terms)


def test_the_rule_contacts_those_who_are_worth_it() -> None:
    found = profit_of(40, contact_cost=2.0, saved_share=0.2)
    assert found.break_even == pytest.approx(0.1)
    assert found.contacted == 20, "0.09 x 0.2 x 100 is less than the cost"
    assert found.rule.value == pytest.approx(200 - 20 - 20)
    assert found.everyone.value == pytest.approx(200 + 200 - 80)
    assert found.best == pytest.approx(200 + 200 - 60)
    assert found.best_share == 0.75
    assert found.curve["profit"].tolist() == pytest.approx([0, 180, 160, 340, 320])


def test_no_few_customers_can_be_told_from_what_contacting_earns() -> None:
    """What few customers bring must not be shown, nor be the difference of what is shown."""
    value = np.linspace(20, 120, 400)
    risk = np.linspace(-3, 1, 400)
    left = (np.arange(400) % 3 == 0).astype("float64")
    sizes = []
    for cost in np.linspace(0.2, 8.8, 60):
        found = profit_of_contacting(
            risk, left, value, contact_cost=float(cost), saved_share=0.1, min_group=5
        )
        rest = len(left) - found.contacted
        few = {0 < found.contacted < 5, 0 < rest < 5}
        assert (found.rule.value is None) == (True in few)
        apart = abs(round(found.best_share * len(left)) - found.contacted)
        assert (found.best is None) == (0 < apart < 5)
        sizes.append(found.contacted)
    assert min(size for size in sizes if size) < 5
    wide = profit_of_contacting(risk, left, value, contact_cost=1, saved_share=0.1, min_group=50)
    assert np.diff(wide.curve["contacted"]).min() * 400 >= 50


def test_a_contact_that_never_pays() -> None:
    found = profit_of(40, contact_cost=50.0, saved_share=0.2)
    assert found.break_even is None
    assert (found.contacted, found.rule.value, found.best) == (0, 0.0, 0.0)


@pytest.mark.parametrize(("cost", "saved"), [(-1.0, 0.1), (np.inf, 0.1), (1.0, 0.0), (1.0, 1.1)])
def test_terms_that_cannot_be(cost: float, saved: float) -> None:
    with pytest.raises(AnalysisError, match="must be"):
        profit_of(40, contact_cost=cost, saved_share=saved)


def test_a_point_of_retention_by_hand() -> None:
    customers = pd.DataFrame(
        {"probability": [0.5, 0.1] * 10, "value": [100.0, 300.0] * 10}, dtype=float
    )
    segment = pd.Series(["a", "b"] * 10)
    found = lift_by_segment(customers, segment, min_group=5).set_index("segment")
    assert found["customers"].to_dict() == {"a": 10, "b": 10, "all customers": 20}
    assert found["at_stake"].to_dict() == pytest.approx(
        {"a": 500.0, "b": 300.0, "all customers": 800.0}
    )
    assert found["point"].to_dict() == pytest.approx(
        {"a": 0.1 * 100, "b": 0.1 * 300, "all customers": 0.2 * 800 / 6}
    )
    assert found["stays"].to_dict() == pytest.approx({"a": 0.5, "b": 0.9, "all customers": 0.7})


@given(
    counts=st.lists(st.integers(1, 12), min_size=1, max_size=16),
    min_group=st.integers(1, 6),
)
def test_no_small_segment_is_shown_or_left_over(counts: list[int], min_group: int) -> None:
    segment = pd.Series(np.repeat([f"s{i:02d}" for i in range(len(counts))], counts))
    customers = pd.DataFrame({"probability": 0.2, "value": 1.0}, index=segment.index)
    found = lift_by_segment(customers, segment, min_group=min_group)
    parts = found[found["segment"] != "all customers"]
    assert parts["customers"].sum() == sum(counts)
    if sum(counts) >= min_group:
        assert (parts["customers"] >= min_group).all()
    assert (found["segment"] == OTHERS).sum() <= 1
    assert np.isfinite(found[["stays", "at_stake", "point"]].to_numpy("float64")).all()


def test_nobody_at_risk_is_worth_nothing() -> None:
    customers = pd.DataFrame({"probability": [0.0] * 5, "value": [10.0] * 5})
    found = lift_by_segment(customers, pd.Series(["a"] * 5), min_group=5)
    assert found["point"].tolist() == [0.0]
