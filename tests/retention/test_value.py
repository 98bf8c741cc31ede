"""Discounted values beside closed forms and plain sums."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special

from workbench.errors import AnalysisError
from workbench.retention.purchases.bgnbd import BgNbd
from workbench.retention.purchases.paretonbd import ParetoNbd
from workbench.retention.renewals import ShiftedBetaGeometric
from workbench.retention.spend import GammaGamma
from workbench.retention.value import contract_value, customer_value, discounted_purchases

MODELS = [BgNbd(0.243, 4.414, 0.793, 2.426), ParetoNbd(0.553, 10.578, 0.606, 11.669)]
PEOPLE = ([0, 2, 9], [0, 30.43, 35.0], [38.86, 38.86, 36.0])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("horizon", [4.0, 52.0, 260.0])
def test_without_discount_it_is_the_expectation(model: BgNbd | ParetoNbd, horizon: float) -> None:
    told = discounted_purchases(model, *PEOPLE, horizon=horizon, discount=0.0, year=52.0)
    np.testing.assert_allclose(told, model.expected_purchases(horizon, *PEOPLE), rtol=1e-8)


def test_discounted_purchases_without_end_are_the_papers() -> None:
    """DERT of Fader, Hardie & Lee 2005 (Journal of Marketing Research), with Tricomi's function."""
    model, delta = MODELS[1], np.log(1.15) / 52
    r, alpha, s, beta = model.r, model.alpha, model.s, model.beta
    x, t_x, end = 2, 30.43, 38.86
    whole = delta ** (s - 1) * special.hyperu(s, s, delta * (beta + end)) * (beta + end) ** s
    whole *= (r + x) / (alpha + end) * model.p_alive([x], [t_x], [end])[0]
    far = discounted_purchases(model, [x], [t_x], [end], horizon=5200, discount=0.15, year=52.0)
    assert far[0] == pytest.approx(whole, rel=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_each_purchase_is_discounted_from_its_day(model: BgNbd | ParetoNbd) -> None:
    told = discounted_purchases(model, [2], [30.0], [38.0], horizon=104.0, discount=0.2, year=52.0)
    plain = integrate.quad(
        lambda t: model.purchase_rate(t, [2], [30.0], [38.0])[0] * 1.2 ** (-t / 52), 0, 104
    )[0]
    assert told[0] == pytest.approx(plain, rel=1e-8)


def test_value_is_purchases_times_spend_times_margin() -> None:
    spend = GammaGamma(6.25, 3.74, 15.44)
    customers = pd.DataFrame(
        {
            "frequency": PEOPLE[0],
            "recency": PEOPLE[1],
            "T": PEOPLE[2],
            "monetary_value": [np.nan, 50.0, 20.0],
        }
    )
    told = customer_value(
        MODELS[0], spend, customers, horizon=52.0, discount=0.1, margin=0.3, year=52.0
    )
    bought = discounted_purchases(MODELS[0], *PEOPLE, horizon=52.0, discount=0.1, year=52.0)
    np.testing.assert_allclose(told, 0.3 * bought * spend.mean_spend(PEOPLE[0], [0, 50.0, 20.0]))
    assert np.isfinite(told).all()
    with pytest.raises(AnalysisError, match="margin == 2"):
        customer_value(MODELS[0], spend, customers, horizon=52.0, discount=0.1, margin=2)


def test_contract_value_is_the_papers() -> None:
    """Discounted lifetime without end: Fader & Hardie 2010, with Gauss' function."""
    model, discount = ShiftedBetaGeometric(0.668, 3.806), 0.1
    a, b = model.alpha, model.beta
    told = contract_value(model, [0, 3, 0], [1.0, 20.0, 5.0], periods=800, discount=discount)
    for n, amount, value in [(0, 1.0, told[0]), (3, 20.0, told[1]), (0, 5.0, told[2])]:
        whole = special.hyp2f1(1, b + n, a + b + n, 1 / (1 + discount)) - 1
        assert value == pytest.approx(amount * whole, rel=1e-9)
    one = contract_value(model, [2], [100.0], periods=1, discount=0.25)
    assert one[0] == pytest.approx(80 * model.retention_rate(3))


def test_impossible_terms_are_refused() -> None:
    model = ShiftedBetaGeometric(1.0, 2.0)
    with pytest.raises(AnalysisError, match="horizon == 0, must be > 0"):
        contract_value(model, [0], [1.0], periods=0, discount=0.1)
    with pytest.raises(AnalysisError, match=r"discount == -0\.1, must be >= 0"):
        discounted_purchases(MODELS[0], *PEOPLE, horizon=9, discount=-0.1)
    with pytest.raises(AnalysisError, match="renewals must be whole numbers"):
        contract_value(model, [0.5], [1.0], periods=3, discount=0.1)
