"""What the next purchases bring."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from support.buyers import START, buying
from workbench.retention.purchases.log import Known, purchase_log
from workbench.retention.purchases.spending import spending_of


def known_of(rows: list[tuple[str, int, float]]) -> Known:
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "amount"])
    frame["ordered_at"] = START + pd.to_timedelta(frame["day"], unit="D")
    last = START.date().toordinal() + 400
    return purchase_log(frame, as_of=date.fromordinal(last)).until(last)


def test_the_own_mean_counts_the_more_the_more_purchases_there_are() -> None:
    rng = np.random.default_rng(1)
    rows = []
    for who in range(300):
        own = 10.0 if who % 2 else 30.0
        for day in range(3):
            rows.append((f"c{who}", day * 10, own * float(rng.gamma(5) / 5)))
    found = spending_of(known_of(rows))
    assert found is not None
    first = found.mean[known_of(rows).spend < 14].mean()
    assert 9 < first < 20
    assert found.mean.max() > 22
    assert (found.doubt >= 0).all()
    assert found.varies == pytest.approx(0.2, rel=0.5)


def test_draws_have_the_mean_that_is_expected() -> None:
    orders = buying(3, 400, 200)
    last = START.date().toordinal() + 199
    known = purchase_log(orders, as_of=date.fromordinal(last)).until(last)
    found = spending_of(known)
    assert found is not None
    who = np.arange(known.customers).repeat(40)
    drawn = found.draw(np.random.default_rng(4), who, np.arange(len(who)))
    assert drawn.mean() == pytest.approx(found.mean.mean(), rel=0.03)
    assert (drawn >= 0).all()


def test_nobody_bought_again_and_everybody_spends_the_same() -> None:
    assert spending_of(known_of([("a", 0, 5.0), ("b", 3, 9.0)])) is None
    found = spending_of(known_of([(f"c{k}", day, 8.0) for k in range(9) for day in (0, 9, 20)]))
    assert found is not None
    assert found.mean.tolist() == [8.0] * 9
    assert found.varies == 0
    drawn = found.draw(np.random.default_rng(1), np.arange(9), np.arange(9))
    assert drawn.tolist() == [8.0] * 9
    free = spending_of(known_of([(f"c{k}", day, 0.0) for k in range(9) for day in (0, 9)]))
    assert free is not None
    assert free.mean.tolist() == [0.0] * 9
