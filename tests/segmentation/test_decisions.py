"""The three decisions: each with the money at stake, counted again by hand; nothing of few."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from workbench.data.phrases import money
from workbench.segmentation.decisions import keep, spend_less, win_back
from workbench.segmentation.stakes import Stakes, measure_stakes
from workbench.segmentation.study import Segmentation, segment

AS_OF = date(2025, 6, 30)
RULES = [
    {"name": "Best", "r": [2, 3], "f": [1, 3], "m": [2, 3]},
    {"name": "Slipping", "r": [1, 1], "f": [1, 3], "m": [2, 3], "valuable_at_risk": True},
    {"name": "Rest", "r": [1, 3], "f": [1, 3], "m": [1, 1], "advice": "Leave them be."},
]
CUTS = {"recency": [50, 220], "frequency": [2, 3], "money": [50, 200]}
# Segment -> customers, days since each purchase, amount of each.
PEOPLE = {
    "best": (10, (5, 300, 500), 100.0),
    "slipping": (6, (400, 700, 800), 80.0),
    "rest": (40, (100,), 10.0),
}


def lines() -> pd.DataFrame:
    rows = [
        (f"{kind}-{number}", pd.Timestamp(AS_OF - timedelta(days=since)), amount)
        for kind, (count, days, amount) in PEOPLE.items()
        for number in range(count)
        for since in days
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount"])
    return frame.assign(order_id=[f"o{n}" for n in range(len(frame))], cost=frame["amount"] * 0.6)


def touches(contacted: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": [f"rest-{n}" for n in range(contacted) for _ in range(2)],
            "touched_at": pd.Timestamp("2025-01-01"),
            "cost": 0.75,
        }
    )


@pytest.fixture(scope="module")
def result() -> Segmentation:
    return segment(lines(), as_of=AS_OF, min_group=5, n_bins=3, rules=RULES, cuts=CUTS)


@pytest.fixture(scope="module")
def stakes() -> Stakes:
    return measure_stakes(lines(), touches(30), as_of=AS_OF)


def test_who_brings_most_is_kept(result: Segmentation, stakes: Stakes) -> None:
    said = keep(result, stakes, "GBP")
    assert said.text.startswith("Best, 10 customers or 17.9% of all, bring")
    # Two of three purchases are of the last year: 10 customers of 200, 40% of it margin.
    assert said.ask.endswith(
        "At stake: £2,000 a year, what they bought in the last one; margin £800.00."
    )
    assert "At stake" not in keep(result, None, "GBP").ask


def test_who_slips_away_is_won_back(result: Segmentation, stakes: Stakes) -> None:
    said = win_back(result, stakes, "GBP")
    # In the year up to the last purchase: 400 and 700 days ago, not 800.
    assert said.ask.endswith(
        "At stake: £960.00 a year, what they bought in the year up to their last purchase; margin "
        "£384.00."
    )
    assert said.text.startswith("6 customers of Slipping brought £1,440 so far")


def test_who_brings_little_costs_something(result: Segmentation, stakes: Stakes) -> None:
    said = spend_less(result, stakes, "GBP")
    assert said.ask == (
        "Rest: how much effort they deserve. The advice: leave them be. At stake: £45.00, what 60 "
        "contacts cost in the last year; they bought for £400.00 in the last year."
    )
    none = spend_less(result, measure_stakes(lines(), as_of=AS_OF), "GBP")
    assert none.ask.endswith("At stake: they bought for £400.00 in the last year.")
    free = measure_stakes(lines(), touches(30).drop(columns="cost"), as_of=AS_OF)
    assert "At stake: 60 contacts in the last year" in spend_less(result, free, "GBP").ask


@pytest.mark.parametrize("contacted", [0, 1, 4])
def test_few_contacts_are_not_told(result: Segmentation, contacted: int) -> None:
    said = spend_less(result, measure_stakes(lines(), touches(contacted), as_of=AS_OF), "GBP")
    assert ("contact" in said.ask) == (contacted == 0), "nobody is no small group"


def test_no_margin_where_too_little_cost_is_known(result: Segmentation) -> None:
    gaps = lines()
    gaps.loc[gaps.index % 8 == 0, "cost"] = None
    said = keep(result, measure_stakes(gaps, as_of=AS_OF), "GBP")
    assert money(2000, "GBP") in said.ask
    assert "margin" not in said.ask
