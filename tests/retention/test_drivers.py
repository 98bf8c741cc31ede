"""What goes with leaving sooner: planted, absent, and untold."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from workbench.retention.drivers import OTHERS, Drivers, find_drivers
from workbench.retention.drivers_reading import DriversReading, read_drivers

AS_OF = date(2024, 12, 31)


def world(
    seed: int, n: int = 1500, *, search: float = 0.8, plan: float = -0.6
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return subscriptions and customers; the log hazard ratios of two levels are planted."""
    rng = np.random.default_rng(seed)
    channel = rng.choice(["organic", "search", "partner"], n, p=[0.5, 0.3, 0.2])
    plans = rng.choice(["Basic", "Team"], n, p=[0.6, 0.4])
    start = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 600, n), unit="D")
    score = search * (channel == "search") + plan * (plans == "Team")
    days = np.ceil(rng.exponential(size=n) * 500 / np.exp(score))
    end = start + pd.to_timedelta(days, unit="D")
    ended = end <= pd.Timestamp(AS_OF)
    subscriptions = pd.DataFrame(
        {
            "subscription_id": [f"s{i}" for i in range(n)],
            "customer_id": [f"c{i}" for i in range(n)],
            "started_at": start.astype("datetime64[us]"),
            "ended_at": pd.Series(end).where(ended).astype("datetime64[us]"),
            "end_reason": np.where(ended, rng.choice(["price", "payment_failed"], n), None),
            "plan": plans,
        }
    )
    customers = pd.DataFrame({"customer_id": [f"c{i}" for i in range(n)], "channel": channel})
    return subscriptions, customers.assign(country=rng.choice(["DE", "NL"], n))


def study(tables: tuple[pd.DataFrame, pd.DataFrame], **more: Any) -> Drivers:
    return find_drivers(*tables, **{"as_of": AS_OF, "min_group": 5, **more})


def no_nan(found: Drivers, said: DriversReading) -> None:
    assert not found.table.isna().to_numpy().any()
    assert "nan" not in " ".join(str(value) for value in vars(said).values()).lower().split()


def test_planted_effects_are_found_and_said() -> None:
    found = study(world(1))
    ratio = found.table.set_index(["factor", "level"])["hazard_ratio"]
    assert ratio["channel", "search"] == pytest.approx(np.exp(0.8), rel=0.2)
    assert ratio["plan", "Team"] == pytest.approx(np.exp(-0.6), rel=0.2)
    assert found.references == {"plan": "Basic", "channel": "organic", "country": "DE"} or (
        found.references["country"] == "NL"
    )
    assert set(found.tests.loc[found.tests["pvalue_adj"] < 0.05, "factor"]) == {"plan", "channel"}
    said = read_drivers(found)
    assert said.answer.startswith("Who has channel search leaves sooner: at any time 2.")
    assert "as likely to leave as with organic (95% interval" in said.answer
    assert said.answer.endswith("plan and country being equal.")
    assert said.stays.startswith("Who has plan Team stays longer: at any time 0.")
    assert said.over_time.startswith("No effect is seen to change over time")
    assert "An end by payment failed is no decision to leave" in said.how
    assert said.title.startswith("Channel search: 2.")
    assert len(found.drawn()) == len(found.table)
    no_nan(found, said)


def test_without_effects_none_is_claimed() -> None:
    found = study(world(2, search=0.0, plan=0.0))
    said = read_drivers(found)
    assert said.answer.startswith(
        "Nothing that is known at the start clearly goes with leaving sooner: plan, channel and "
        "country were compared (p = "
    )
    no_nan(found, said)


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_every_engine_and_order_gives_the_same(engine: str) -> None:
    tables = world(3, 400)
    plain = study(tables)
    mixed = [table.sample(frac=1, random_state=1) for table in tables]
    connection = duckdb.connect()
    made: list[Any] = []
    for place, table in enumerate(mixed):
        connection.register(f"t{place}", table)
        made.append(
            pl.from_pandas(table) if engine == "polars" else connection.sql(f"FROM t{place}")
        )
    again = study((made[0], made[1]))
    pd.testing.assert_frame_equal(again.table, plain.table, check_exact=True)
    assert read_drivers(again) == read_drivers(plain)


def test_a_failed_payment_is_no_decision_and_spells_are_joined() -> None:
    subscriptions, customers = world(4)
    all_ends = study((subscriptions.drop(columns="end_reason"), customers))
    assert all_ends.undecided == ()
    assert "failed" not in read_drivers(all_ends).how
    # A change of plan later on: the subscription is what it was at its start.
    later = subscriptions.head(300).copy()
    cut = later["started_at"] + pd.Timedelta(days=1)
    longer = later["ended_at"].isna() | (later["ended_at"] > cut)
    first = later[longer].assign(ended_at=cut[longer], end_reason="plan_change")
    second = later[longer].assign(started_at=cut[longer], plan="Other")
    kept = subscriptions.drop(index=later.index[longer])
    cut_up = pd.concat([kept, first, second], ignore_index=True)
    pd.testing.assert_frame_equal(
        study((cut_up, customers)).table, study((subscriptions, customers)).table
    )


def test_small_levels_stand_together_and_columns_that_tell_nothing_are_left_out() -> None:
    subscriptions, customers = world(5)
    rare = customers["channel"].where(customers.index >= 4, "fax")
    customers = customers.assign(
        channel=rare.where(~customers.index.isin(range(4, 7)), "letter"),
        country="DE",
        department=np.where(rare == "search", "East", "West"),
        region=subscriptions["plan"].map({"Basic": "b", "Team": "t"}),
    )
    found = study((subscriptions, customers))
    channel = found.table[found.table["factor"] == "channel"]
    assert OTHERS in channel["level"].tolist()
    assert not {"fax", "letter"} & set(channel["level"])
    assert (channel["subscriptions"] >= 10).all()
    assert found.left_out[0] == ("country is left out: only one of its values is common enough.")
    assert found.left_out[1] == ("region is left out: it follows from what is compared already.")


def test_subscriptions_of_one_customer_go_together() -> None:
    subscriptions, customers = world(6, 300)
    doubled = pd.concat(
        [
            subscriptions,
            subscriptions.assign(subscription_id="x" + subscriptions["subscription_id"]),
        ]
    )
    once, twice = study((subscriptions, customers)), study((doubled, customers))
    np.testing.assert_allclose(twice.table["hazard_ratio"], once.table["hazard_ratio"], rtol=0.02)
    # The same customers twice over are no more information: the intervals hardly change.
    widths = [np.log(found.table["ci_upper"] / found.table["ci_lower"]) for found in (once, twice)]
    np.testing.assert_allclose(widths[1], widths[0], rtol=0.1)


def test_what_cannot_be_said_is_said() -> None:
    subscriptions, customers = world(7, 200)
    stayed = subscriptions.assign(ended_at=pd.NaT, end_reason=None)
    stayed["ended_at"] = stayed["ended_at"].astype("datetime64[us]")
    nobody = find_drivers(None, None, as_of=AS_OF, min_group=5)
    bare = subscriptions.drop(columns="plan")
    reasons = {
        "There are no subscriptions, so nobody is seen to leave.": nobody,
        "Fewer than 20 subscriptions have ended by a decision to leave.": study(
            (stayed, customers)
        ),
        "No column is there whose values can be compared.": find_drivers(
            bare, None, as_of=AS_OF, min_group=5
        ),
    }
    one = find_drivers(subscriptions.head(1), customers, as_of=AS_OF, min_group=1)
    assert one.reason.startswith("Fewer than 20")
    few = find_drivers(
        subscriptions.assign(customer_id=subscriptions["customer_id"].str[-1:].replace("9", "8")),
        None,
        as_of=AS_OF,
        min_group=10,
    )
    assert few.reason == "Fewer than 10 customers subscribe."
    assert few.subscriptions == 0
    dozen = [f"c{place % 12}" for place in range(len(subscriptions))]
    theirs = ["Basic" if place % 12 < 6 else "Team" for place in range(len(subscriptions))]
    held = subscriptions.assign(customer_id=dozen, plan=theirs)
    few = find_drivers(held, None, as_of=AS_OF, min_group=5)
    assert few.reason == "12 customers are too few to compare so many values."
    for reason, found in reasons.items():
        assert found.reason == reason
        assert len(found.table) == 0
        assert found.drawn()["hazard_ratio"].tolist() == [None]
        said = read_drivers(found)
        assert said.answer == f"What goes with leaving sooner cannot be said: {reason}"
        no_nan(found, said)


def test_everyone_gone_and_all_alike() -> None:
    subscriptions, customers = world(8, 400)
    day = subscriptions["started_at"] + pd.to_timedelta(1 + np.arange(400) % 90, unit="D")
    gone = subscriptions.assign(ended_at=day, end_reason="price")
    found = study((gone, customers))
    assert not found.reason
    no_nan(found, read_drivers(found))
    alike = gone.assign(ended_at=gone["started_at"] + pd.Timedelta(days=30))
    told = study((alike, customers))
    assert told.reason.endswith("no effect can be told.") or not told.reason
    no_nan(told, read_drivers(told))
