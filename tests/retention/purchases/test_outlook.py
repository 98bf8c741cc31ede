"""Futures of known customers: right in the mean, the same from the same seed, with events."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from support.buyers import START, buying
from workbench.errors import AnalysisError
from workbench.retention.events import EventFactor
from workbench.retention.futures import Futures, pooled, summed_up
from workbench.retention.purchases import outlook as module
from workbench.retention.purchases.fits import PurchaseFit, fit_bgnbd
from workbench.retention.purchases.log import Known, purchase_log
from workbench.retention.purchases.outlook import shocks_of, weekly_purchases, what_comes
from workbench.retention.spans import bounds

LAST = START.date().toordinal() + 363
DAY = date.fromordinal(LAST)
EDGES = bounds(DAY, "month", back=0, ahead=3)


@pytest.fixture(scope="module")
def known() -> Known:
    return purchase_log(buying(1, 900, 364), as_of=DAY).until(LAST)


@pytest.fixture(scope="module")
def fit(known: Known) -> PurchaseFit:
    return fit_bgnbd(known.cells)


@pytest.fixture(scope="module")
def futures(known: Known, fit: PurchaseFit) -> Futures:
    return what_comes(known, fit, EDGES, seed=1, draws=300)


def test_the_mean_is_that_of_the_model(known: Known, fit: PurchaseFit, futures: Futures) -> None:
    assert shocks_of(known, fit)[0].spread < 0.12  # nothing moves all customers at once here
    cells = known.cells
    for place in (1, 3):
        horizon = float(EDGES[place] - LAST) / 7
        people = cells.frequency, cells.recency, cells.T
        wanted = (cells.n * fit.model.expected_purchases(horizon, *people)).sum()
        assert futures.mean("orders")[:place].sum() == pytest.approx(wanted, rel=0.06)
    assert (futures.draws["active"] <= futures.draws["orders"]).all()
    # Who buys in several months is one customer of the whole time.
    active = futures.draws["active"]
    assert (active[:, 3] <= active[:, :3].sum(axis=1)).all()
    assert (active[:, 3] >= active[:, :3].max(axis=1)).all()
    np.testing.assert_allclose(
        futures.draws["revenue"][:, 3], futures.draws["revenue"][:, :3].sum(axis=1)
    )


def test_the_same_seed_whatever_customers_are_called(known: Known, fit: PurchaseFit) -> None:
    orders = buying(1, 900, 364)
    turned = orders.assign(customer_id=orders["customer_id"].str[::-1]).sample(
        frac=1, random_state=3
    )
    other = purchase_log(turned, as_of=DAY).until(LAST)
    one = what_comes(known, fit, EDGES, seed=5, draws=100)
    two = what_comes(other, fit_bgnbd(other.cells), EDGES, seed=5, draws=100)
    for name in ("orders", "active", "revenue"):
        np.testing.assert_allclose(one.draws[name], two.draws[name])
    three = what_comes(known, fit, EDGES, seed=6, draws=100)
    assert not np.array_equal(one.draws["orders"], three.draws["orders"])


def test_some_customers_stand_for_all(
    known: Known, fit: PurchaseFit, futures: Futures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CUSTOMERS", 450)
    some = what_comes(known, fit, EDGES, seed=1, draws=300)
    for name in ("orders", "active", "revenue"):
        whole, part = futures.draws[name][:, 3], some.draws[name][:, 3]
        assert part.mean() == pytest.approx(whole.mean(), rel=0.06), name
        assert part.std() == pytest.approx(whole.std(), rel=0.35), name


def test_an_event_moves_its_month(known: Known, fit: PurchaseFit, futures: Futures) -> None:
    span = (int(EDGES[1]) + 1, int(EDGES[2]))
    event = EventFactor("Fair", (span,), 2, 2.0, 1.9, 2.1, 0.95, float(np.log(2)), 0.02, "")
    busy = what_comes(known, fit, EDGES, seed=1, draws=300, events=(event,))
    ratio = busy.mean("orders") / futures.mean("orders")
    assert ratio[1] == pytest.approx(2, rel=0.1)
    assert ratio[0] == pytest.approx(1, rel=0.08)


def test_weeks_end_with_the_day(known: Known) -> None:
    counts = weekly_purchases(known, days=7)
    assert counts.sum() == known.frequency.sum()
    lately = known.day[known.repeat] > known.last - 7
    assert counts[-1] == lately.sum()


def test_pooled_and_summed_up(futures: Futures) -> None:
    both = pooled([futures, futures], "both")
    assert both.mean("orders") == pytest.approx(futures.mean("orders"))
    assert pooled([futures], "both") is futures
    table = summed_up(futures, "orders")
    assert table["period"].tolist() == [1, 2, 3, 0]
    assert table["last_day"].tolist() == [*EDGES[1:], EDGES[-1]]
    assert (table["ci_lower"] <= table["expected"]).all()
    assert (table["expected"] <= table["ci_upper"]).all()


def test_too_few_draws(known: Known, fit: PurchaseFit) -> None:
    with pytest.raises(AnalysisError, match="draws == 9, must be >= 100"):
        what_comes(known, fit, EDGES, seed=1, draws=9)
