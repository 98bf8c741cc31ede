"""What customers are worth, or why that is withheld."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from support.buyers import START, buying, subscribing
from workbench.retention.contracts import Contracts, contract_log, renewals_made
from workbench.retention.purchases.fits import fit_bgnbd
from workbench.retention.purchases.log import Known, purchase_log
from workbench.retention.renewing import fit_contracts
from workbench.retention.value import contract_value, customer_value
from workbench.retention.worth import worth_of_buyers, worth_of_contracts

LAST = START.date().toordinal() + 363
DAY = date(2024, 12, 31)


def known_of(orders: pd.DataFrame) -> Known:
    return purchase_log(orders, as_of=date.fromordinal(LAST)).until(LAST)


@pytest.fixture(scope="module")
def known() -> Known:
    return known_of(buying(1, 800, 364))


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return contract_log(subscribing(1, 1500, 24), as_of=DAY).until(DAY.toordinal())


def test_values_are_those_of_single_customers(known: Known) -> None:
    fit = fit_bgnbd(known.cells)
    found = worth_of_buyers(known, [fit], min_group=5, margin=0.5)
    assert found.reason == ""
    assert found.relation is not None
    assert found.relation.usable
    assert found.spend is not None
    cells = known.cells
    frame = pd.DataFrame(
        {
            "frequency": known.frequency,
            "recency": cells.recency[known.cell],
            "T": cells.T[known.cell],
            "monetary_value": known.spend,
        }
    )
    year = 365.25 / 7
    each = customer_value(
        fit.model, found.spend.model, frame, horizon=year, discount=0.1, margin=0.5, year=year
    )
    assert found.total == pytest.approx(each.sum())
    assert found.table["value"].sum() == pytest.approx(each.sum())
    assert found.table["customers"].sum() == 800
    alive = fit.model.p_alive(frame["frequency"], frame["recency"], frame["T"])
    unsure = (alive >= 0.2) & (alive < 0.8)
    assert found.at_stake == pytest.approx(each[unsure].sum())


def test_spend_that_goes_with_frequency_is_not_multiplied(known: Known) -> None:
    orders = buying(1, 800, 364)
    bought = orders.groupby("customer_id")["amount"].transform("size")
    related = orders.assign(amount=orders["amount"] * bought**2)
    other = known_of(related)
    found = worth_of_buyers(other, [fit_bgnbd(other.cells)], min_group=5)
    assert found.total is None
    assert found.table.empty
    assert "spend and frequency must not be forecast apart" in found.reason


def test_small_groups_are_not_shown(known: Known) -> None:
    fit = fit_bgnbd(known.cells)
    whole = worth_of_buyers(known, [fit], min_group=1)
    least = int(whole.table["customers"].min())
    hidden = worth_of_buyers(known, [fit], min_group=least + 1).table
    assert hidden["customers"].isna().sum() >= 2  # one alone could be computed
    assert hidden["value"].isna().equals(hidden["customers"].isna())


def test_a_group_of_nobody_has_no_row(known: Known) -> None:
    """Nobody is no small group: "hidden, for they are few" would be wrong."""
    everyone = [
        replace(known, cell=np.full_like(known.cell, cell)) for cell in range(len(known.cells.n))
    ]
    fit = fit_bgnbd(known.cells)
    tables = [worth_of_buyers(one, [fit], min_group=5).table for one in everyone[:4]]
    assert [table["customers"].tolist() for table in tables] == [[800]] * 4
    assert not any(table.isna().any().any() for table in tables)


def test_purchases_that_brought_nothing_and_a_withheld_forecast(known: Known) -> None:
    orders = buying(1, 800, 364)
    gifts = orders["customer_id"].isin([f"c{k:05d}" for k in range(20)])
    free = known_of(orders.assign(amount=orders["amount"].mask(gifts, 0.0)))
    found = worth_of_buyers(free, [fit_bgnbd(free.cells)], min_group=5)
    assert 0 < found.left_out <= 20
    assert found.total is not None
    away = worth_of_buyers(known, [fit_bgnbd(known.cells)], min_group=5, withheld="It missed.")
    assert (away.total, away.reason) == (None, "It missed.")


def test_contracts_are_worth_their_payments(contracts: Contracts) -> None:
    fit = fit_contracts(contracts, "month")
    found = worth_of_contracts(contracts, fit, "month", min_group=5, priced=True)
    running = contracts.running
    start = contracts.start[running]
    done = renewals_made(start, np.full(len(start), contracts.last), "month")
    each = contract_value(
        fit.model, done, contracts.amount[running], periods=12, discount=1.1 ** (1 / 12) - 1
    )
    assert found.total == pytest.approx(each.sum())
    assert found.one_point is not None
    assert 0 < found.one_point < 0.2 * each.sum()
    assert found.table["customers"].sum() == running.sum()
    few = replace(contracts, end=np.where(np.cumsum(running) <= 3, contracts.end, contracts.last))
    assert few.running.sum() == 3
    alone = worth_of_contracts(few, fit, "month", min_group=5, priced=True)
    assert (alone.total, alone.one_point) == (None, None)
    assert alone.reason == "Fewer than 5 subscriptions run."
    unknown = worth_of_contracts(contracts, fit, "month", min_group=5, priced=False)
    assert unknown.reason == "What subscriptions pay is not stated."
