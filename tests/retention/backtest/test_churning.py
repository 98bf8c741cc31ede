"""Trials of the renewal model: nothing later enters; naive ones by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from support.buyers import subscribing
from workbench.retention.backtest.churning import NAIVE_CHURN, naive_churn, try_renewals
from workbench.retention.backtest.trials import Trial
from workbench.retention.contracts import contract_log

AS_OF, ORIGIN = date(2024, 12, 31), date(2024, 6, 30)


def tried(table: pd.DataFrame) -> Trial:
    log = contract_log(table, as_of=AS_OF)
    return try_renewals(log, ORIGIN, "month", ahead=6, seed=1, draws=100)


def test_nothing_after_the_origin_enters() -> None:
    table = subscribing(1, 900, 24)
    last = pd.Timestamp(ORIGIN)
    later = table["ended_at"] > last
    changed = table.assign(
        ended_at=table["ended_at"].mask(
            later | table["ended_at"].isna(), last + pd.Timedelta(days=40)
        )
    )
    new = table[table["started_at"] <= last].head(50)
    back = new.assign(
        started_at=last + pd.Timedelta(days=20), ended_at=pd.NaT, monthly_amount=99
    )  # comes back, or changes the plan, after the day
    one, two = tried(table), tried(pd.concat([changed, back], ignore_index=True))
    for name in ("ended", "active", "revenue"):
        np.testing.assert_array_equal(
            one.futures[one.chosen].draws[name], two.futures[two.chosen].draws[name]
        )
        for method in one.naive:
            np.testing.assert_array_equal(one.naive[method][name], two.naive[method][name])
    assert one.fits[0].parameters == two.fits[0].parameters
    assert one.actual["active"][-1] != two.actual["active"][-1]


def test_what_came_adds_up() -> None:
    found = tried(subscribing(2, 900, 24))
    ended, active = found.actual["ended"], found.actual["active"]
    assert ended[-1] == ended[:-1].sum()
    assert active[0] + ended[0] == active[-1] + ended[-1]
    assert set(found.naive) == set(NAIVE_CHURN)
    assert found.brier[found.chosen] == pytest.approx(found.brier["cohort average"], rel=0.05)


def test_naive_by_hand() -> None:
    rows = [(f"s{k}", "2024-01-01", "2024-02-01" if k < 10 else None) for k in range(40)]
    table = pd.DataFrame(rows, columns=["subscription_id", "started_at", "ended_at"])
    for name in ("started_at", "ended_at"):
        table[name] = pd.to_datetime(table[name])
    known = contract_log(table, as_of=date(2024, 3, 31)).until(date(2024, 3, 31).toordinal())
    made, chances = naive_churn(known, "month", 2)
    # Ten of forty left at the first renewal, none of thirty at the second.
    assert made["cohort average"]["ended"].tolist() == [0, 0]
    rate = 10 / 70
    assert made["past rate"]["ended"].tolist() == pytest.approx([30 * rate, 30 * rate * (1 - rate)])
    assert made["last period"]["ended"].tolist() == [0, 0]
    assert made["last period"]["active"].tolist() == [30, 30]
    assert "same season" not in made
    assert chances["past rate"][0] == pytest.approx(1 - (1 - rate) ** 2)
