"""What was known by a day, and that nothing from after it can enter."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.leavers import AS_OF, subscribers, times
from workbench.errors import AnalysisError
from workbench.retention.propensity.bought import bought
from workbench.retention.propensity.contacts import SETTLED_DAYS, asked
from workbench.retention.propensity.facts import Tables
from workbench.retention.propensity.features import declared, features_at

CUTOFF = date(2024, 6, 30)
END = CUTOFF.toordinal()
PERIOD = 90


def unit(size: int = 120) -> Tables:
    made = subscribers(size)
    return Tables(**{name: getattr(made, name) for name in asdict(made)})


def shop(seed: int = 0, size: int = 60) -> Tables:
    rng = np.random.default_rng(seed)
    lines = 8 * size
    orders = pd.DataFrame(
        {
            "customer_id": [f"k{who}" for who in rng.integers(0, size, lines)],
            "ordered_at": times(END - rng.integers(-200, 600, lines)),
            "amount": rng.choice([10.0, 20.0, -5.0, 7.5], lines),
            "channel": rng.choice(["web", "shop"], lines),
        }
    )
    more = unit(size)
    return Tables(orders=orders, interactions=more.interactions, customers=more.customers)


def at(tables: Tables, cutoff: date = CUTOFF) -> pd.DataFrame:
    return features_at(tables, cutoff=cutoff, period_days=PERIOD)


def test_purchases_by_hand() -> None:
    orders = pd.DataFrame(
        {
            "customer_id": ["a"] * 6 + ["b", "c"],
            "ordered_at": times(
                np.array([END - 300, END - 100, END - 100, END - 20, END - 10, END, END, END - 400])
            ),
            "amount": [10.0, 20.0, 5.0, 7.0, -3.0, 8.0, 4.0, 9.0],
        }
    )
    found = bought(orders, cutoff=CUTOFF, period_days=PERIOD)
    assert found.index.tolist() == ["a", "b"], "c has not bought for more than a year"
    a = found.loc["a"]
    assert a["frequency"] == 3
    assert a["recency_days"] == 300
    assert a["tenure_days"] == 300
    assert a["days_since_last_purchase"] == 0
    assert a["monetary_value"] == pytest.approx((20 + 5 + 7 - 3 + 8) / 3)
    assert a["spend_year"] == 47
    assert a["purchases_lately"] == 2
    assert a["purchases_trend"] == 2 - 1
    assert a["spend_trend"] == (7 - 3 + 8) - 25
    assert a["gap_days"] == 100
    assert a["returned_share"] == pytest.approx(1 / 6)
    b = found.loc["b"]
    assert b["frequency"] == 0
    assert np.isnan(b["monetary_value"])
    assert np.isnan(b["purchases_trend"]), "new: there was no period before"


def test_contacts_by_hand() -> None:
    rows = pd.DataFrame(
        {
            "customer_id": ["a", "a", "a", "b"],
            "opened_at": times(np.array([END, END - 100, END - 500, END - 30])),
            "resolved_at": times(np.array([END + 1, END - 99, END - 499, 0])).where(
                [True, True, True, False]
            ),
            "reopened": [True, True, True, False],
            "satisfaction": [1.0, 4.0, 2.0, np.nan],
        }
    )
    found = asked(rows, cutoff=CUTOFF, period_days=PERIOD)
    a = found.loc["a"]
    assert a["contacts"] == 1
    assert a["contacts_trend"] == 0
    assert a["contacts_year"] == 2
    assert a["days_since_contact"] == 0
    assert a["open_contacts"] == 1, "resolved the day after: nobody knew yet"
    assert a["reopened"] == 1
    assert a["satisfaction"] == 4
    assert np.isnan(found.loc["b", "satisfaction"])


def test_how_a_contact_went_is_known_only_some_time_after_it_is_over() -> None:
    """It is opened again, or rated, after it was over: a leak where the day of neither is told."""
    over = END - np.array([0, SETTLED_DAYS - 1, SETTLED_DAYS])
    rows = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "opened_at": times(np.full(3, END - 60)),
            "resolved_at": times(over),
            "reopened": True,
            "satisfaction": 1.0,
        }
    )
    found = asked(rows, cutoff=CUTOFF, period_days=PERIOD)
    assert found["open_contacts"].tolist() == [0, 0, 0]
    assert found["reopened"].tolist() == [0, 0, 1]
    assert found["satisfaction"].isna().tolist() == [True, True, False]


def test_subscriptions_by_hand() -> None:
    spells = pd.DataFrame(
        {
            "subscription_id": ["s1", "s1", "s2", "s3"],
            "customer_id": ["a", "a", "a", "b"],
            "started_at": times(np.array([END - 400, END - 50, END - 10, END - 30])),
            "ended_at": times(np.array([END - 50, 0, END + 5, END])).where(
                [True, False, True, True]
            ),
            "plan": ["small", "large", "extra", "small"],
            "monthly_amount": [10.0, 30.0, 5.0, 10.0],
        }
    )
    found = at(Tables(subscriptions=spells))
    assert found.index.tolist() == ["a"], "b's ended on the day"
    a = found.loc["a"]
    assert a["tenure_days"] == 400
    assert a["spell_days"] == 10
    assert a["subscriptions"] == 2
    assert a["spells_before"] == 1
    assert a["monthly_amount"] == 35
    assert a["amount_trend"] == 25
    assert a["plan"] == "large"
    assert a["value"] == 12 * 35


def test_an_amount_that_is_not_known_is_not_nought() -> None:
    """Of a customer whose amount is missing nobody may read that they pay nothing."""
    spells = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b", "c"],
            "started_at": times(np.full(4, END - 400)),
            "ended_at": times(np.zeros(4, dtype="int64")).where([False] * 4),
            "monthly_amount": [10.0, np.nan, np.inf, 7.0],
        }
    )
    found = at(Tables(subscriptions=spells))
    assert found["monthly_amount"].isna().tolist() == [True, True, False]
    assert found["amount_trend"].isna().tolist() == [True, True, False]
    assert found["value"].tolist() == [0.0, 0.0, 84.0]


@pytest.mark.parametrize("make", [unit, shop])
def test_all_engines_agree(make: Any) -> None:
    tables = make()
    plain = at(tables)
    frames = {name: table for name, table in asdict(tables).items() if table is not None}
    polars = Tables(**{name: pl.from_pandas(frame) for name, frame in frames.items()})
    pd.testing.assert_frame_equal(at(polars), plain, check_dtype=False, check_index_type=False)
    con = duckdb.connect()
    for name, frame in frames.items():
        con.register(f"{name}_", frame)
    relations = Tables(**{name: con.sql(f"select * from {name}_") for name in frames})
    pd.testing.assert_frame_equal(at(relations), plain, check_dtype=False, check_index_type=False)
    shuffled = Tables(
        **{name: frame.sample(frac=1, random_state=3) for name, frame in frames.items()}
    )
    pd.testing.assert_frame_equal(at(shuffled), plain)


@settings(max_examples=10)
@given(
    ahead=st.lists(st.integers(1, 400), min_size=1, max_size=8),
    seed=st.integers(0, 10_000),
)
def test_rows_after_the_day_change_nothing(ahead: list[int], seed: int) -> None:
    """A planted leak: later rows that tell who leaves, of the customers at hand and of new ones."""
    rng = np.random.default_rng(seed)
    later = times(END + np.array(ahead))
    who = rng.choice(["c00001", "c00002", "c00003", "new"], len(ahead))
    for tables, before in ((UNIT, at_cutoff(0)), (SHOP, at_cutoff(1))):
        planted = tables
        if tables.orders is not None:
            row = pd.DataFrame({"customer_id": who, "ordered_at": later, "amount": 1e6})
            planted = replace(planted, orders=pd.concat([tables.orders, row]))
        else:
            row = pd.DataFrame(
                {"customer_id": who, "started_at": later, "plan": "leak", "monthly_amount": 1e6}
            )
            row = row.assign(subscription_id="leak", ended_at=later, end_reason="leak")
            planted = replace(planted, subscriptions=pd.concat([tables.subscriptions, row]))
            row = pd.DataFrame({"customer_id": who, "touched_at": later})
            planted = replace(planted, touchpoints=pd.concat([tables.touchpoints, row]))
        row = pd.DataFrame({"customer_id": who, "opened_at": later, "resolved_at": later})
        row = row.assign(reopened=True, satisfaction=1.0)
        planted = replace(planted, interactions=pd.concat([tables.interactions, row]))
        row = pd.DataFrame({"customer_id": "new", "joined_at": later, "country": "leak"})
        planted = replace(planted, customers=pd.concat([tables.customers, row.head(1)]))
        pd.testing.assert_frame_equal(at(planted), before, check_dtype=False)


def test_values_that_were_written_later_change_nothing() -> None:
    """Ends, reasons, ratings and consents that tell the outcome, on rows from before the day."""
    tables, before = UNIT, at(UNIT)
    spells, cases = tables.subscriptions.copy(), tables.interactions.copy()
    running = spells["ended_at"].isna() | (spells["ended_at"] > pd.Timestamp(CUTOFF))
    spells.loc[running, "ended_at"] = pd.Timestamp(CUTOFF) + pd.Timedelta(days=1)
    spells.loc[running, "end_reason"] = "leak"
    open_still = cases["resolved_at"] > pd.Timestamp(CUTOFF)
    assert open_still.any()
    fresh = cases["resolved_at"] > pd.Timestamp(CUTOFF) - pd.Timedelta(days=SETTLED_DAYS)
    cases.loc[open_still | fresh, ["satisfaction", "reopened"]] = [-99.0, True]
    people = tables.customers.assign(marketing_consent=False, department="leaving")
    planted = replace(tables, subscriptions=spells, interactions=cases, customers=people)
    pd.testing.assert_frame_equal(at(planted), before)


def test_a_planted_change_before_the_day_is_seen() -> None:
    """The tests above can fail: what lies before the day does change the facts."""
    early = UNIT.interactions.assign(opened_at=UNIT.interactions["opened_at"] - timedelta(days=60))
    assert not at(replace(UNIT, interactions=early)).equals(at(UNIT))


def test_what_is_known_only_later_is_named() -> None:
    told = {(one.table, one.column) for one in declared(UNIT, period_days=PERIOD).left_out}
    assert ("customers", "marketing_consent") in told
    no_time = replace(UNIT, interactions=UNIT.interactions.drop(columns="resolved_at"))
    features = declared(no_time, period_days=PERIOD)
    assert {("interactions", "satisfaction"), ("interactions", "reopened")} <= {
        (one.table, one.column) for one in features.left_out
    }
    assert not {"satisfaction", "reopened", "open_contacts"} & {one.name for one in features.facts}
    assert list(at(no_time).columns) == [*(one.name for one in features.facts), "value"]


def test_infinite_or_missing_amounts_are_refused() -> None:
    orders = SHOP.orders.copy()
    orders.loc[3, "amount"] = np.inf
    orders.loc[3, "ordered_at"] = pd.Timestamp(CUTOFF)
    with pytest.raises(AnalysisError, match="no readable amount"):
        at(replace(SHOP, orders=orders))


def test_no_table_and_no_period() -> None:
    with pytest.raises(AnalysisError, match="neither subscriptions nor orders"):
        declared(Tables(), period_days=PERIOD)
    with pytest.raises(AnalysisError, match="days == 0"):
        declared(SHOP, period_days=0)


UNIT, SHOP = unit(), shop()


@cache
def at_cutoff(place: int) -> pd.DataFrame:
    """Return what is known without a leak."""
    return at((UNIT, SHOP)[place])


assert AS_OF > CUTOFF
