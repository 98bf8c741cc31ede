"""What a list brought: planted effects, oracles for each interval, and what is not shown."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from workbench.errors import AnalysisError
from workbench.segmentation.contrast import Moments, chance_alone, difference_in_revenue
from workbench.segmentation.outcome import (
    ARMS,
    MIN_BUYERS,
    Outcome,
    _verdict,
    outcome_of_list,
)
from workbench.segmentation.outcome_reading import read_outcome

SINCE, AS_OF = date(2025, 5, 31), date(2025, 6, 30)


def world(
    contact: int, held: int, *, buys: tuple[float, float] = (0.3, 0.3), seed: int = 1
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a list and order lines; `buys` are the shares who buy, contacted and held out."""
    rng = np.random.default_rng(seed)
    arms = np.repeat(ARMS, [contact, held])
    ids = [f"c{number:06}" for number in range(contact + held)]
    chances = np.repeat(buys, [contact, held])
    bought = rng.random(len(ids)) < chances
    lines = pd.DataFrame(
        {
            "customer_id": np.array(ids)[bought],
            "ordered_at": pd.Timestamp("2025-06-10"),
            "amount": rng.lognormal(3, 0.8, int(bought.sum())).round(2),
        }
    )
    return pd.DataFrame({"customer_id": ids, "arm": arms}), lines


def found(customers: pd.DataFrame, orders: Any, **more: Any) -> Outcome:
    return outcome_of_list(
        customers, orders, **({"since": SINCE, "as_of": AS_OF, "min_group": 5} | more)
    )


def spent(customers: pd.DataFrame, lines: pd.DataFrame, arm: str) -> np.ndarray:
    sums = lines.groupby("customer_id")["amount"].sum()
    ids = customers.loc[customers["arm"] == arm, "customer_id"]
    return ids.map(sums).fillna(0).to_numpy()


def test_a_planted_effect_is_found_with_scipys_interval() -> None:
    customers, lines = world(4000, 1000, buys=(0.4, 0.25))
    outcome = found(customers, lines)
    one, other = (spent(customers, lines, arm) for arm in ARMS)
    oracle = stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    assert outcome.revenue.value == pytest.approx(one.mean() - other.mean(), rel=1e-12)
    assert outcome.revenue.ci_lower == pytest.approx(oracle.low, rel=1e-9)
    assert outcome.revenue.ci_upper == pytest.approx(oracle.high, rel=1e-9)
    assert outcome.contact.revenue == pytest.approx(one.mean())
    assert outcome.total.value == pytest.approx(4000 * (one.mean() - other.mean()))
    assert outcome.total.ci_lower == pytest.approx(4000 * oracle.low)
    assert (outcome.verdict, outcome.reason) == ("raised", "")
    assert outcome.days == 30


def test_the_share_has_newcombes_interval() -> None:
    # statsmodels' own, and Newcombe (1998), table II, example (a): 56/70 against 48/80.
    customers, lines = world(4000, 1000, buys=(0.4, 0.25))
    outcome = found(customers, lines)
    counts = (outcome.contact.buyers, 4000, outcome.held_out.buyers, 1000)
    oracle = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    assert (outcome.share.ci_lower, outcome.share.ci_upper) == pytest.approx(oracle, rel=1e-9)
    assert outcome.number_needed == pytest.approx(1 / outcome.share.value)
    assert outcome.number_needed_ci_lower == pytest.approx(1 / oracle[1])
    assert outcome.number_needed_ci_upper == pytest.approx(1 / oracle[0])

    customers = pd.DataFrame({"customer_id": range(150), "arm": np.repeat(ARMS, [70, 80])})
    who = [*range(56), *range(70, 118)]
    lines = pd.DataFrame(
        {"customer_id": who, "ordered_at": pd.Timestamp("2025-06-10"), "amount": 1.0}
    )
    share = found(customers, lines).share
    assert share.value == pytest.approx(0.2)
    assert (share.ci_lower, share.ci_upper) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_no_effect_and_a_bad_one() -> None:
    same = found(*world(4000, 1000))
    assert same.verdict == "cannot tell"
    assert "may have brought nothing" in same.reason
    assert same.number_needed is None
    worse = found(*world(4000, 1000, buys=(0.25, 0.4)))
    assert worse.verdict == "lowered"
    assert worse.number_needed is None
    assert worse.total.value is not None
    assert worse.total.value < 0


def test_only_the_days_after_the_list_count_and_returns_lower_revenue() -> None:
    customers, lines = world(400, 400)
    more = pd.DataFrame(
        {
            "customer_id": ["c000000", "c000001", "c000002", None, "x"],
            "ordered_at": pd.to_datetime(
                [
                    "2025-05-31 23:59",
                    "2025-07-01 00:00",
                    "2025-06-30 23:59",
                    *["2025-06-10 12:00"] * 2,
                ]
            ),
            "amount": [1e6, 1e6, -4.0, 1e6, 1e6],
        }
    )
    before, after = found(customers, lines), found(customers, pd.concat([lines, more]))
    assert before.contact.revenue is not None
    assert after.contact.revenue == pytest.approx(before.contact.revenue - 4 / 400)
    assert after.contact.buyers == before.contact.buyers, "a return is no purchase"
    assert after.held_out == before.held_out


def test_neither_engine_nor_order_matters() -> None:
    customers, lines = world(700, 300)
    customers["value"] = np.random.default_rng(3).random(1000)
    first = found(customers, lines)
    mixed = customers.sample(frac=1, random_state=1), lines.sample(frac=1, random_state=2)
    assert found(*mixed) == first
    assert found(customers, pl.from_pandas(lines)) == first
    relation = duckdb.from_df(lines)
    assert found(customers, relation) == first


def test_chance_alone_is_seldom_called_an_effect() -> None:
    # A tenth held out, skewed spending, no effect: Welch's interval alone errs far too often.
    rng = np.random.default_rng(11)
    worlds, wrong, welch = 600, 0, 0
    for _ in range(worlds):
        spent = np.where(rng.random(600) < 0.4, rng.lognormal(3, 1.2, 600) * 10_000, 0)
        units = spent.round().astype(int).tolist()
        contact, held = Moments(tuple(units[:540]), 0), Moments(tuple(units[540:]), 0)
        effect = difference_in_revenue(contact, held, 0.95)
        welch += not effect.ci_lower <= 0 <= effect.ci_upper
        wrong += _verdict(effect, chance_alone(contact, held), 0.95)[0] != "cannot tell"
    most = stats.binom.isf(0.001, worlds, 0.05)
    assert wrong <= most < welch


def test_what_is_too_few_is_not_shown() -> None:
    none_held = found(*world(400, 0))
    assert none_held.verdict == "too few to tell"
    assert none_held.reason.startswith("Nobody was held out")
    assert none_held.held_out.customers == 0
    assert none_held.share.reason == none_held.reason
    few_held = found(*world(400, 4))
    assert few_held.reason == "Fewer than 5 customers were held out."
    assert few_held.held_out.customers is few_held.contact.customers is None
    assert few_held.share.value is None
    few_buyers = found(*world(4000, 100, buys=(0.3, 0.1)))
    assert (
        few_buyers.reason
        == f"Fewer than {MIN_BUYERS} of the customers who were held out bought since."
    )
    assert few_buyers.revenue.value is few_buyers.total.value is few_buyers.contact.revenue is None
    assert few_buyers.share.value is not None
    strict = found(*world(4000, 100, buys=(0.3, 0.1)), min_group=30)
    assert strict.held_out.buyers is strict.held_out.share is strict.share.value is None
    assert "30" in strict.reason


@given(
    contact=st.integers(0, 60),
    held=st.integers(0, 60),
    buys=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    seed=st.integers(0, 99),
)
def test_no_small_group_is_shown(
    contact: int, held: int, buys: tuple[float, float], seed: int
) -> None:
    customers, lines = world(contact, held, buys=buys, seed=seed)
    outcome = found(customers, lines)
    for arm in (outcome.contact, outcome.held_out):
        for count in (arm.customers, arm.buyers):
            assert count is None or count == 0 or count >= 5
        if arm.buyers is not None and arm.customers is not None:
            assert not 0 < arm.customers - arm.buyers < 5
        assert (arm.share is None) == (arm.buyers is None)
    for effect in (outcome.revenue, outcome.share, outcome.total):
        assert (effect.value is None) <= bool(effect.reason)
        if effect.ci_lower is not None:
            assert effect.ci_lower <= effect.value <= effect.ci_upper
    reading = read_outcome(outcome, label="Customers to win back", currency="GBP")
    text = " ".join([reading.answer, reading.buyers, reading.how, *reading.limits])
    assert "nan" not in text.lower().split()
    assert "None" not in text


def test_groups_that_differed_before_are_told() -> None:
    customers, lines = world(800, 400)
    customers["value"] = np.random.default_rng(2).normal(100, 10, 1200)
    assert found(customers, lines).unlike is False
    customers.loc[customers["arm"] == "contact", "value"] += 5
    outcome = found(customers, lines)
    assert outcome.unlike is True
    assert "differed already" in read_outcome(outcome, label="A", currency="GBP").limits[0]
    assert found(customers.drop(columns="value"), lines).unlike is None


def test_the_sentences_hold_the_numbers() -> None:
    outcome = found(*world(4000, 1000, buys=(0.4, 0.25)))
    reading = read_outcome(outcome, label="Customers to win back", currency="GBP")
    assert reading.answer.startswith(
        "Customers to win back, list of 31 May 2025: The list raised revenue: contacted customers "
        f"brought £{outcome.revenue.value:.2f} more each than those held out (95% interval £"
    )
    assert "in 30 days." in reading.answer
    assert f"every {outcome.number_needed:,.0f} contacts" in reading.buyers
    assert "Contacted: 4,000 customers; held out at random: 1,000 customers." in reading.how
    assert "whether they were reached or not" in reading.how
    none = read_outcome(found(*world(400, 0)), label="A", currency="GBP")
    assert none.answer == (
        "A, list of 31 May 2025: Too few customers to tell what the list brought. Nobody was held "
        "out, so nothing tells what would have come without the list."
    )


@pytest.mark.parametrize(
    ("change", "more", "message"),
    [
        ({"arm": "control"}, {}, "no arm `control`"),
        ({"customer_id": "c1"}, {}, "stands more than once"),
        ({}, {"as_of": SINCE}, "must be after 2025-05-31"),
        ({}, {"level": 95}, "between 0 and 1"),
    ],
)
def test_what_is_refused(change: dict[str, Any], more: dict[str, Any], message: str) -> None:
    customers, lines = world(10, 10)
    with pytest.raises(AnalysisError, match=message):
        found(customers.assign(**change), lines, **more)
    with pytest.raises(AnalysisError, match="column arm is missing"):
        found(customers.drop(columns="arm"), lines)


@pytest.mark.parametrize("bad", [{"amount": np.nan}, {"amount": np.inf}, {"ordered_at": pd.NaT}])
def test_lines_that_cannot_be_read_are_refused(bad: dict[str, Any]) -> None:
    customers, lines = world(10, 10, buys=(1, 1))
    with pytest.raises(AnalysisError, match="20 order lines have no readable time or amount"):
        found(customers, lines.assign(**bad).astype({"ordered_at": "datetime64[ns]"}))
