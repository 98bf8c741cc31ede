"""Support load and satisfaction: against pandas and a regression with errors of customers."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import stats

from support.shop import AS_OF, atlas
from workbench.segmentation.assigned import Assigned, assign, assigned_by
from workbench.segmentation.profiles.care import YEAR, Care
from workbench.segmentation.profiles.study import profile_segments
from workbench.segmentation.study import segment


@cache
def assigned_of_shop() -> Assigned:
    return assigned_by(segment(atlas().orders, as_of=AS_OF, min_group=5))


def care_of(interactions: Any) -> tuple[Care, pd.Series]:
    own = assigned_of_shop()
    found = profile_segments(atlas().orders, own, as_of=AS_OF, interactions=interactions).care
    return found, own.customers.set_index("customer_id")["segment"]


def test_equals_plain_pandas() -> None:
    contacts, lines = atlas().interactions, atlas().orders
    found, whose = care_of(contacts)
    bought = lines[lines["amount"] >= 0].assign(day=lambda f: f["ordered_at"].dt.normalize())
    first = bought.groupby("customer_id")["day"].min()
    since = contacts["opened_at"].min().normalize()
    start = first.clip(lower=since)
    counted = contacts[contacts["opened_at"].dt.normalize() >= contacts["customer_id"].map(first)]
    assert found.since == since.date()
    assert (found.contacts, found.left_out) == (len(counted), len(contacts) - len(counted))
    assert found.scored_share == pytest.approx(counted["satisfaction"].notna().mean())
    late = bought[bought["day"] >= since]
    each = pd.DataFrame(
        {
            "segment": whose.reindex(first.index),
            "years": ((pd.Timestamp(AS_OF) - start).dt.days + 1) / YEAR,
            "n": counted.groupby("customer_id").size().reindex(first.index, fill_value=0),
            "days": late.groupby("customer_id")["day"].nunique().reindex(first.index).fillna(0),
        }
    )
    for row in found.frame.to_dict("records"):
        own = each[each["segment"] == row["segment"]]
        # A Poisson regression on nothing but a mean, its errors those of customers.
        fitted = sm.GLM(
            own["n"],
            np.ones(len(own)),
            family=sm.families.Poisson(),
            offset=np.log(own["years"]),
        ).fit(cov_type="HC0")
        those = (own["n"] > 0).sum() - 1
        error = fitted.bse.iloc[0] * np.sqrt(len(own) / (len(own) - 1))
        reach = stats.t.ppf(0.975, those) * error
        assert row["contacts_per_year"] == pytest.approx(np.exp(fitted.params.iloc[0]), rel=1e-9)
        low, high = (row["contacts_per_year"] * np.exp(side * reach) for side in (-1, 1))
        assert row["contacts_ci_lower"] == pytest.approx(low, rel=1e-6)
        assert row["contacts_ci_upper"] == pytest.approx(high, rel=1e-6)
        # Per purchase, by hand: some have a contact, and no purchase since contacts are known.
        ratio = own["n"].sum() / own["days"].sum()
        n = (own["days"] > 0).sum()
        squares = ((own["n"] - ratio * own["days"]) ** 2).sum() * n / (n - 1)
        reach = stats.t.ppf(0.975, those) * np.sqrt(squares) / own["n"].sum()
        assert row["contacts_per_100"] == pytest.approx(100 * ratio)
        assert row["per_100_ci_upper"] == pytest.approx(100 * ratio * np.exp(reach))


def test_the_mean_score_has_the_error_of_customers() -> None:
    contacts = atlas().interactions
    found, whose = care_of(contacts)
    scored = contacts[contacts["satisfaction"].notna()]
    scored = scored.assign(segment=scored["customer_id"].map(whose))
    for row in found.frame.to_dict("records"):
        own = scored[scored["segment"] == row["segment"]]
        if row["satisfaction_ci_lower"] is None:
            assert own["customer_id"].nunique() < 10
            continue
        codes = own["customer_id"].astype("category").cat.codes
        fitted = sm.OLS(own["satisfaction"], np.ones(len(own))).fit(
            cov_type="cluster", cov_kwds={"groups": codes, "use_correction": False}
        )
        n = own["customer_id"].nunique()
        reach = stats.t.ppf(0.975, n - 1) * fitted.bse.iloc[0] * np.sqrt(n / (n - 1))
        assert row["satisfaction"] == pytest.approx(own["satisfaction"].mean())
        assert row["satisfaction_ci_lower"] == pytest.approx(row["satisfaction"] - reach)


def test_the_planted_share_of_orders_that_lead_to_a_contact_is_found() -> None:
    """Of all orders 22% lead to a contact, whatever the segment: who buys more asks more."""
    frame = care_of(atlas().interactions)[0].frame.dropna(subset=["per_100_ci_lower"])
    inside = (frame["per_100_ci_lower"] < 22.5) & (frame["per_100_ci_upper"] > 21.5)
    assert inside.mean() >= 0.9
    assert frame["contacts_per_year"].max() > 4 * frame["contacts_per_year"].min()


@pytest.mark.parametrize("engine", ["duckdb", "polars", "shuffled"])
def test_every_engine_and_order_gives_the_same(engine: str) -> None:
    contacts = atlas().interactions
    table: Any = contacts.sample(frac=1, random_state=3)
    if engine == "duckdb":
        table = duckdb.from_df(contacts)
    elif engine == "polars":
        table = pl.from_pandas(contacts)
    pd.testing.assert_frame_equal(care_of(table)[0].frame, care_of(contacts)[0].frame)


def test_without_contacts_or_scores_there_is_a_reason() -> None:
    contacts = atlas().interactions
    found, _ = care_of(None)
    assert found.reason == "the unit has no table of contacts"
    assert found.frame.drop(columns="segment").isna().all(axis=None)
    found, _ = care_of(contacts.head(0))
    assert found.reason == "the table of contacts is empty"
    found, _ = care_of(contacts.drop(columns="satisfaction"))
    assert found.frame["satisfaction"].isna().all()
    assert found.scored_share == 0
    assert found.frame["contacts_per_year"].notna().all()


def test_scores_of_few_customers_and_contacts_before_the_first_purchase() -> None:
    customers = [f"c{i:02d}" for i in range(20)]
    lines = pd.DataFrame(
        {
            "customer_id": customers,
            "ordered_at": pd.Timestamp("2025-01-01"),
            "amount": 10.0,
        }
    )
    contacts = pd.DataFrame(
        {
            "customer_id": ["c00", "c00", "c01", "c02", None],
            "opened_at": pd.to_datetime(
                ["2024-12-01", "2025-01-01", "2025-02-01", "2025-02-01", "2025-02-01"]
            ),
            "satisfaction": [1.0, 5.0, 3.0, 4.0, 1.0],
        }
    )
    who = pd.DataFrame({"customer_id": customers, "segment": "all"})
    for min_group, mean in ((3, 4.0), (4, None)):
        assigned = assign(who, ["all"], min_group=min_group)
        found = profile_segments(lines, assigned, as_of=date(2025, 12, 31), interactions=contacts)
        row = found.care.frame.iloc[0]
        assert (found.care.contacts, found.care.left_out) == (3, 2)
        assert row["contacts_per_year"] == pytest.approx(3 / 20 / 365 * YEAR)
        assert row["contacts_ci_lower"] is None  # of three customers who ever asked
        assert row["satisfaction"] == mean
