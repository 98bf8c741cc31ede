"""Trials of the purchase models: nothing later enters, and a drop is found out."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from support.buyers import START, buying
from workbench.params import EventParams
from workbench.retention.backtest.purchases import BOTH, purchase_fits, try_purchases
from workbench.retention.backtest.trials import Trial
from workbench.retention.events import days_of
from workbench.retention.purchases.log import purchase_log

AS_OF = START.date().replace(year=2024)
ORIGIN = date(2023, 9, 30)
OPTIONS = {"ahead": 3, "seed": 1, "draws": 100}


def tried(orders: pd.DataFrame, **more: object) -> Trial:
    return try_purchases(purchase_log(orders, as_of=AS_OF), ORIGIN, "month", **OPTIONS, **more)


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return buying(1, 700, 364)


def test_nothing_after_the_origin_enters(orders: pd.DataFrame) -> None:
    """What comes later is planted, taken away, or made dear: the forecast stays to the last bit."""
    later = orders["ordered_at"] > pd.Timestamp(ORIGIN)
    planted = orders[later].assign(amount=orders["amount"] * 100)
    new = pd.DataFrame(
        {
            "customer_id": [f"new{k}" for k in range(300)],
            "ordered_at": pd.Timestamp(ORIGIN) + pd.Timedelta(days=1),
            "amount": 5.0,
        }
    )
    often = pd.concat(
        [planted.assign(ordered_at=planted["ordered_at"] + pd.Timedelta(days=d)) for d in (0, 1, 2)]
    )
    one = tried(orders)
    for other in (
        tried(pd.concat([orders[~later], often, new], ignore_index=True)),
        tried(orders[~later]),
    ):
        assert one.customers == other.customers
        for fit, same in zip(one.fits, other.fits, strict=True):
            assert fit.parameters == same.parameters
        for name in ("orders", "active", "revenue"):
            for model in one.futures:
                np.testing.assert_array_equal(
                    one.futures[model].draws[name], other.futures[model].draws[name]
                )
            for method in one.naive:
                np.testing.assert_array_equal(one.naive[method][name], other.naive[method][name])
        assert one.scale == other.scale
        assert other.actual["orders"][-1] != one.actual["orders"][-1]


def test_the_effect_of_an_event_comes_from_the_past_alone(orders: pd.DataFrame) -> None:
    calendar = {
        "then": EventParams.model_validate(
            {"title": "Fair", "start": "2023-07-03", "end": "2023-07-09", "explains": ["volume"]}
        ),
        "next": EventParams.model_validate(
            {"title": "Fair", "start": "2023-10-16", "end": "2023-10-22", "explains": ["volume"]}
        ),
    }
    events = days_of(calendar, "orders")
    during = orders["ordered_at"].between("2023-10-16", "2023-10-22")
    one = tried(orders, events=events)
    two = tried(orders[~during], events=events)
    for name, futures in one.futures.items():
        np.testing.assert_array_equal(futures.draws["orders"], two.futures[name].draws["orders"])


def test_both_models_together_and_their_chances() -> None:
    found = tried(buying(2, 700, 364))
    assert found.chosen == BOTH
    assert len(found.futures[BOTH].draws["orders"]) == 200
    assert set(found.brier) == {"BG/NBD", "Pareto/NBD", BOTH, "last period", "cohort average"}
    assert found.brier[BOTH] < found.brier["last period"]
    assert found.actual["orders"][-1] == found.actual["orders"][:-1].sum()


def test_a_base_that_cannot_be_fitted_says_why() -> None:
    once = pd.DataFrame(
        {
            "customer_id": [f"c{k}" for k in range(200)],
            "ordered_at": START + pd.to_timedelta(np.arange(200), unit="D"),
            "amount": 5.0,
        }
    )
    found = tried(once)
    assert (found.chosen, found.futures) == ("", {})
    assert "Nobody has bought again" in found.reason
    assert not any(
        fit.converged
        for fit in purchase_fits(purchase_log(once, as_of=AS_OF).until(AS_OF.toordinal()))
    )


def test_where_nobody_leaves_nbd_stands_in() -> None:
    orders = buying(7, 500, 540, stay=True)
    found = tried(orders)
    assert found.chosen == "NBD"
    assert [fit.name for fit in found.fits if fit.name != "Gamma-Gamma"] == ["NBD"]
    low, high = found.futures["NBD"].ends("orders", 0.05)
    assert low[-1] <= found.actual["orders"][-1] <= high[-1]
    assert found.brier["NBD"] < found.brier["cohort average"]
