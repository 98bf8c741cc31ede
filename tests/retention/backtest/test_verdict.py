"""The rule: a forecast that beats every naive one, and whose intervals hold what came."""

from __future__ import annotations

import numpy as np

from support.trials import made_trial
from workbench.retention.backtest.trials import Trial
from workbench.retention.backtest.verdict import judge

FAR = 2000


def trials(*, model: float, naive: float, actual: float = 10.0, n: int = 4) -> list[Trial]:
    return [
        made_trial(
            actual=[actual] * 6, model=[model] * 6, naive=[naive] * 6, begin=1000 + FAR * place
        )
        for place in range(n)
    ]


def test_a_forecast_that_proves_itself_is_published() -> None:
    found = judge(trials(model=10.3, naive=12), "orders")
    assert found.published
    assert found.reason == ""
    assert (found.naive, found.trials, found.outside, found.numbers) == ("last period", 4, 0, 28)
    assert found.error is not None
    assert found.naive_error is not None
    assert found.error < found.naive_error
    assert found.chance == 1


def test_one_that_a_simple_rule_beats_is_withheld() -> None:
    found = judge(trials(model=11, naive=10.2), "orders")
    assert not found.published
    assert "no better than a simple rule (last period)" in found.reason
    # One naive forecast among several is enough.
    several = [
        made_trial(actual=[10], model=[10.5], naive=[13], season=[10.1], begin=1000 + FAR * place)
        for place in range(3)
    ]
    assert judge(several, "orders").naive == "same season"
    assert not judge(several, "orders").published


def test_one_whose_intervals_miss_is_withheld() -> None:
    found = judge(trials(model=14, naive=16), "orders")
    assert not found.published
    assert "its 95% ranges missed" in found.reason
    assert "too far off for chance" in found.reason
    assert found.chance is not None
    assert found.chance < 0.025


def test_a_miss_in_many_is_forgiven() -> None:
    some = trials(model=10, naive=13)
    odd = made_trial(actual=[10] * 5 + [14], model=[10] * 6, naive=[13] * 6, begin=1000 + 9 * FAR)
    found = judge([*some[:3], odd], "orders")
    assert found.outside >= 1
    assert found.published


def test_overlapping_trials_forgive_more() -> None:
    apart, together = [], []
    for place in range(4):
        for begin, into in ((1000 + FAR * place, apart), (1000 + 30 * place, together)):
            into.append(
                made_trial(
                    actual=[10] * 4 + [13.5, 13.5], model=[10] * 6, naive=[14] * 6, begin=begin
                )
            )
    one, other = judge(apart, "orders"), judge(together, "orders")
    assert one.outside == other.outside
    assert one.chance is not None
    assert other.chance is not None
    assert other.chance >= one.chance


def test_too_few_trials_and_no_fit_prove_nothing() -> None:
    few = judge(trials(model=10, naive=12, n=2), "orders")
    assert not few.published
    assert "2 earlier days only" in few.reason
    assert not judge([], "orders").published
    unfitted = made_trial(actual=[10] * 6, model=[10] * 6, naive=[12] * 6, fitted=False)
    found = judge([unfitted, *trials(model=10, naive=12, n=2)], "orders")
    assert not found.published
    assert "2 earlier days only; on another day no model could be fitted: nobody" in found.reason
    # With three others left, a day with too few data says nothing against the model of today.
    found = judge([unfitted, *trials(model=10, naive=12, n=3)], "orders")
    assert found.published
    assert found.trials == 3
    none = judge([unfitted] * 4, "orders")
    assert (none.published, none.error, none.naive) == (False, None, "last period")


def test_right_intervals_are_seldom_called_wrong() -> None:
    """Of 200 models that are right, about one in twenty is called wrong."""
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(200):
        made = [
            made_trial(
                actual=(10 + rng.normal(size=6) * 1.5).tolist(),
                model=[10] * 6,
                naive=[30] * 6,
                begin=1000 + FAR * place,
            )
            for place in range(4)
        ]
        wrong += not judge(made, "orders").published
    assert wrong <= 20
