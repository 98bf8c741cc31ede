"""How effects differ early and late: planted, absent, and untold."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from workbench.retention.drivers import Drivers, find_drivers
from workbench.retention.drivers_over_time import OverTime, as_times, effects_over_time
from workbench.retention.drivers_reading import read_drivers

AS_OF = date(2024, 12, 31)
CUT = 60


def world(
    seed: int, early: float, late: float, *, n: int = 3000, channel: float = 0.6
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return subscriptions and customers; plan Team's log ratio changes on day 60."""
    rng = np.random.default_rng(seed)
    plan = rng.choice(["Basic", "Team"], n, p=[0.55, 0.45])
    searched = rng.choice(["organic", "search"], n, p=[0.6, 0.4])
    score = channel * (searched == "search")
    rates = [np.exp(score + effect * (plan == "Team")) / 90 for effect in (early, late)]
    own = rng.exponential(size=n)
    first = own / rates[0]
    life = np.ceil(np.where(first <= CUT, first, CUT + (own - CUT * rates[0]) / rates[1]))
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 180, n), unit="D")
    end = start + pd.to_timedelta(life, unit="D")
    subscriptions = pd.DataFrame(
        {
            "subscription_id": [f"s{i}" for i in range(n)],
            "customer_id": [f"c{i}" for i in range(n)],
            "started_at": start.astype("datetime64[us]"),
            "ended_at": pd.Series(end).where(end <= pd.Timestamp(AS_OF)).astype("datetime64[us]"),
            "plan": plan,
        }
    )
    return subscriptions, pd.DataFrame(
        {"customer_id": subscriptions["customer_id"], "channel": searched}
    )


def study(tables: tuple[pd.DataFrame, pd.DataFrame], **more: Any) -> Drivers:
    return find_drivers(*tables, **{"as_of": AS_OF, "min_group": 5, **more})


def over_time(found: Drivers) -> OverTime:
    assert found.over_time is not None
    return found.over_time


def of_plan(found: Drivers) -> dict[Any, Any]:
    table = over_time(found).table
    (row,) = table[table["factor"] == "plan"].to_dict("records")
    return row


def test_an_effect_that_shrinks_is_told_by_part() -> None:
    found = study(world(1, -1.4, -0.2))
    # The test of the channel's ratio, which holds, sees the plan's change; the two parts do not.
    assert found.proportionality is not None
    assert found.proportionality.changing == ("plan: Team", "channel: search")
    assert found.changing == ("plan",)
    made = over_time(found)
    (row,) = made.table.to_dict("records")
    assert (row["factor"], row["level"], row["reference"]) == ("plan", "Team", "Basic")
    # The cut lies where half of those who left had left, close to where the effect was planted.
    assert 40 <= made.days <= 80
    assert np.exp(-1.4) < row["early_upper"] < 0.4
    assert row["late_lower"] < np.exp(-0.2) < row["late_upper"]
    said = read_drivers(found)
    assert said.over_time.startswith(
        "How much plan matters changes over time (p < 0.001): one ratio is an average of times "
        "that differ. Plan Team: for every 100 who leave with Basic, of as many customers 3"
    )
    assert f"leave in the first {made.days} days, and " in said.over_time
    assert said.over_time.endswith("those most inclined to leave have gone by then.")
    assert said.parts == ""
    assert said.parts_first == f"First {made.days} days"
    # Only the factor that changes is no longer said to hold at any time.
    assert "channel search leaves sooner: at any time 1." in said.answer
    assert "plan Team stays longer: over all the time that was seen 0." in said.stays
    assert "nan" not in str(vars(said)).lower().split()


def test_an_effect_that_turns_round_and_one_that_comes_later() -> None:
    turned = study(world(12, -0.9, 0.7))
    assert of_plan(turned)["way"] == "turns"
    said = read_drivers(turned).over_time
    assert "times as likely to leave as Basic in the first" in said
    assert said.endswith("times afterwards; it turns round.")
    later = study(world(3, 0.0, 1.1))
    assert of_plan(later)["way"] == "later"
    assert read_drivers(later).over_time.endswith("only the latter is a clear difference.")
    grows = study(world(4, 0.4, 1.5))
    assert of_plan(grows)["way"] == "grows"


def test_effects_that_hold_have_no_parts() -> None:
    found = study(world(5, -0.6, -0.6))
    assert found.over_time is None
    said = read_drivers(found)
    assert said.parts == "No ratio is seen to change over time."
    assert said.over_time.startswith("No effect is seen to change over time")
    assert "at any time" in said.answer
    assert read_drivers(find_drivers(None, None, as_of=AS_OF, min_group=5)).parts


def test_where_nobody_left_it_says_nobody() -> None:
    subscriptions, customers = world(6, -0.8, -0.8)
    # Nobody with plan Team can leave before day 150.
    held = (subscriptions["plan"] == "Team") & subscriptions["ended_at"].notna()
    later = subscriptions["ended_at"] + pd.Timedelta(days=150)
    later = later.where(later <= pd.Timestamp(AS_OF))
    subscriptions["ended_at"] = subscriptions["ended_at"].where(~held, later)
    found = study((subscriptions, customers))
    row = of_plan(found)
    assert (row["early"], row["early_lower"]) == (0.0, 0.0)
    assert 0 < row["early_upper"] < 0.05
    assert "of as many customers nobody leaves in the first" in read_drivers(found).over_time


def parts(rows: pd.DataFrame, min_group: int = 5) -> OverTime | None:
    design = pd.DataFrame({"plan: Team": (rows["plan"] == "Team").astype(float)})
    shown = [("plan", "Team", "Basic")]
    return effects_over_time(rows, design, shown, ["plan: Team"], min_group=min_group, alpha=0.05)


def test_few_are_not_told_of() -> None:
    # Of one value 60 leave in the first month, three late, and twenty are followed to the end.
    days = [*np.arange(60) % 30, 80, 85, 90, *[99] * 20, *np.arange(300) % 100]
    plan = ["Team"] * 83 + ["Basic"] * 300
    rows = pd.DataFrame({"durations": days, "plan": plan, "event": 1})
    rows["customer"] = [f"c{place}" for place in rows.index]
    rows.loc[63:82, "event"] = 0
    few = parts(rows)
    assert few is not None
    assert few.reason == "Too few left early, or later, to say how much."
    assert few.table.empty
    assert few.pvalues == {}
    whole = parts(rows.assign(event=1))
    assert whole is not None
    assert whole.table["way"].tolist() == ["turns"]
    team = rows["plan"] == "Team"
    # Many subscriptions of three customers are three customers.
    same = rows.assign(
        event=1, customer=rows["customer"].where(~team, "c" + (rows.index % 3).astype(str))
    )
    alone = parts(same)
    assert alone is not None
    assert alone.table.empty
    # All left on one day: there is nothing to cut.
    assert parts(rows.assign(durations=9)) is None
    reading = read_drivers(study(world(8, 0.0, 0.0, n=30)))
    assert "nan" not in str(vars(reading)).lower().split()


def test_neither_order_nor_names_of_customers_matter() -> None:
    tables = world(9, -1.2, 0.1, n=1200)
    plain = over_time(study(tables))
    mixed = over_time(study((tables[0].sample(frac=1, random_state=1), tables[1])))
    pd.testing.assert_frame_equal(mixed.table, plain.table, check_exact=True)


@pytest.mark.parametrize(
    ("value", "words"),
    [(2.0, "2.00"), (0.1, "0.10"), (0.0999, "0.10"), (0.0994, "0.099"), (0.00123, "0.0012")],
)
def test_ratios_have_two_digits_that_tell_something(value: float, words: str) -> None:
    assert as_times(value) == words
