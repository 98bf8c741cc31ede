"""The whole study: planted drivers are found, chance is called chance, and bad data are told."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.leavers import AS_OF, subscribers, times
from workbench.errors import AnalysisError
from workbench.retention.propensity.acting import LIST
from workbench.retention.propensity.contact import contact_of
from workbench.retention.propensity.facts import Tables
from workbench.retention.propensity.reading import read_propensity
from workbench.retention.propensity.reasons import contributions
from workbench.retention.propensity.study import Propensity, Terms, who_leaves


@cache
def tables(size: int = 2400, **planted: float) -> Tables:
    made = subscribers(size, **planted)  # type: ignore[arg-type]
    return Tables(**{name: getattr(made, name) for name in asdict(made)})


def study(unit: Tables, **options: Any) -> Propensity:
    given = {"days": 90, "seed": 5, "min_group": 5, "currency": "EUR", "by": ("plan",)}
    return who_leaves(unit, as_of=AS_OF, **{**given, **options})


@cache
def found() -> Propensity:
    return study(tables())


def test_the_planted_drivers_are_found() -> None:
    result = found()
    assert result.useful
    ranked = result.importance["fact"].tolist()
    matters = set(result.importance.loc[result.importance["matters"].astype(bool), "fact"])
    assert {"contacts", "days_since_contact", "contacts_year"} & set(ranked[:2]) & matters
    assert {"plan", "monthly_amount"} & set(ranked[:4]), "the same here: they share it"
    assert not {"country", "age_years"} & matters
    quality = result.fit.chosen.quality  # type: ignore[union-attr]
    assert quality.lift.ci_lower is not None
    assert quality.lift.ci_lower > 1


def test_the_list_stands_in_the_order_of_what_is_at_stake() -> None:
    result = found()
    assert list(result.at_risk.columns) == LIST
    assert len(result.at_risk) > 20
    assert result.at_risk["value"].is_monotonic_decreasing
    assert result.at_risk["risk"].min() > result.today["probability"].mean() - 0.001
    assert result.at_risk["reason"].str.contains("support|plan|Plan|subscription|Monthly").all()
    assert set(result.at_risk["consent"]) == {True, False}
    assert set(result.at_risk["channel"].dropna()) <= {"phone", "chat"}
    assert result.today["at_stake"].to_numpy() == pytest.approx(
        (result.today["probability"] * result.today["value"]).to_numpy()
    )


def test_the_reasons_of_the_logistic_model_add_up() -> None:
    result = found()
    assert result.model is not None
    model = replace(result.model)
    if model.trees is not None:  # pragma: no cover - the simpler model is chosen on these data
        pytest.fail("the logistic model was expected")
    log_odds = model.log_odds(model.design.raw(result.today))
    parts = contributions(model, result.today, result.today)
    assert parts.sum(axis=1) == pytest.approx(log_odds - log_odds.mean())


def test_a_rerun_and_another_order_of_rows_give_the_same() -> None:
    unit = tables()
    mixed = Tables(
        **{
            name: getattr(unit, name).sample(frac=1, random_state=2)
            for name in ("subscriptions", "interactions", "touchpoints", "customers")
        }
    )
    again = study(mixed)
    for name in ("today", "at_risk", "importance", "segments"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(found(), name))
    assert read_propensity(again, currency="EUR") == read_propensity(found(), currency="EUR")


def test_chance_is_called_chance() -> None:
    result = study(tables(per_contact=0.0, basic=0.0))
    assert not result.useful
    said = read_propensity(result, currency="EUR")
    assert "no better than giving everyone the average" in said.answer
    assert said.expected is None
    assert said.no_number
    assert len(result.at_risk) == 0
    assert result.importance_drawn()["label"].tolist() == [""]


def test_the_figures_have_rows_in_any_case() -> None:
    for result in (found(), study(tables(60))):
        for drawn in (result.gains_drawn(), result.calibration_drawn(), result.importance_drawn()):
            assert len(drawn)
            assert not drawn.isna().any().any()
    assert found().trials()["model"].tolist() == ["logistic", "boosting", "average"]
    assert not found().trials().iloc[:2].isna().any().any()
    assert found().not_used()["column"].tolist()[0] == "marketing_consent"


def test_sentences_of_a_unit_that_has_it() -> None:
    said = read_propensity(found(), currency="EUR")
    assert "end their subscription within 90 days" in said.answer
    assert "pause" not in said.how
    assert "times the average" in said.answer
    assert said.usable
    assert "marketing_consent" in said.not_used
    assert "an assumption, not measured" in said.profit
    assert "€" in said.lifted
    assert "nan" not in " ".join(str(value) for value in asdict(said).values()).lower()


# Bad input: a sentence or an error, and never a NaN.


def ended(unit: Tables, stop: Any) -> Tables:
    return replace(unit, subscriptions=unit.subscriptions.assign(ended_at=stop))


def test_one_customer() -> None:
    said = read_propensity(study(tables(1)), currency="EUR")
    assert "cannot be said" in said.answer
    assert said.expected is None


def test_nothing_but_returns() -> None:
    orders = pd.DataFrame(
        {
            "customer_id": "a",
            "ordered_at": times(AS_OF.toordinal() - np.arange(700)),
            "amount": -1.0,
        }
    )
    assert "fewer than 200 customers" in study(Tables(orders=orders)).reason
    said = read_propensity(study(Tables(orders=orders.head(0))), currency="EUR")
    assert "there are 0 days" in said.answer


def test_nobody_left() -> None:
    unit = ended(tables(), pd.Series(pd.NaT, index=range(2400), dtype="datetime64[s]"))
    assert "No customer to learn from left" in study(unit).reason


def test_everybody_left() -> None:
    unit = tables()
    month = unit.subscriptions["started_at"] + pd.Timedelta(days=60)
    result = study(ended(unit, month).__class__(subscriptions=ended(unit, month).subscriptions))
    assert result.reason.startswith(("Every customer", "There are fewer", "Of the customers"))


@pytest.mark.parametrize(
    ("kept", "why"), [(0, "There is no customer today"), (3, "Fewer than 5 customers could leave")]
)
def test_hardly_anybody_could_leave_today(kept: int, why: str) -> None:
    """A business whose payments all failed on one day: too few are left to tell of."""
    unit = tables()
    spells = unit.subscriptions.copy()
    running = spells.index[spells["ended_at"].isna()]
    spells.loc[running[kept:], "ended_at"] = pd.Timestamp(AS_OF)
    spells.loc[running[kept:], "end_reason"] = "payment_failed"
    result = study(replace(unit, subscriptions=spells))
    assert result.reason.startswith(why)
    assert len(result.today) == len(result.segments) == len(result.at_risk) == 0
    said = read_propensity(result, currency="EUR")
    assert said.expected is None
    assert said.no_number


def test_what_customers_pay_is_not_known() -> None:
    unit = tables()
    result = study(replace(unit, subscriptions=unit.subscriptions.drop(columns="monthly_amount")))
    assert result.useful
    assert result.profit is None
    assert len(result.at_risk) == 0
    said = read_propensity(result, currency="EUR")
    assert said.expected is not None
    assert "there is no list" in said.profit


def test_all_customers_are_the_same() -> None:
    start = np.full(600, AS_OF.toordinal() - 700)
    spells = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(600)],
            "started_at": times(start),
            "ended_at": times(start + 250 + 90 * (np.arange(600) % 6)),
        }
    )
    result = study(Tables(subscriptions=spells))
    assert not result.useful
    assert result.reason


def test_a_fact_that_is_missing_or_constant_is_left_out() -> None:
    unit = replace(tables(), interactions=None, touchpoints=None)
    people = unit.customers.assign(country="GB", birth_year=np.nan)
    result = study(replace(unit, customers=people))
    why = result.not_used().set_index("column")["why"]
    assert why["country"] == why["age_years"] == "is the same for everybody"
    assert "Age" not in read_propensity(result, currency="EUR").not_used, "that is no guard's work"
    assert result.useful


def test_dates_in_the_future_change_nothing() -> None:
    unit = tables()
    later = times(np.full(5, AS_OF.toordinal() + 30))
    row = pd.DataFrame({"customer_id": [f"c0000{i}" for i in range(5)], "opened_at": later})
    row = row.assign(resolved_at=later, reopened=True, satisfaction=1.0)
    spell = pd.DataFrame({"customer_id": ["new"] * 5, "started_at": later, "plan": "basic"})
    planted = replace(
        unit,
        interactions=pd.concat([unit.interactions, row]),
        subscriptions=pd.concat([unit.subscriptions, spell.assign(monthly_amount=1.0)]),
    )
    pd.testing.assert_frame_equal(study(planted).today, found().today)


def test_a_leak_that_slipped_in_is_refused() -> None:
    """A column that tells who left by itself was written afterwards."""
    rng = np.random.default_rng(3)
    left = rng.random(1500) < 0.3
    snapshot = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(1500)],
            "left": left,
            "visits": rng.poisson(3 - 2 * left),
            "last_call": np.where(left, "cancellation", "none"),
            "days_since_end": np.where(left, rng.integers(1, 9, 1500), 0),
            "refund": np.where(left, rng.normal(20, 5, 1500), np.nan),
            "state": np.where(left, 2, rng.choice([1, 3], 1500)),
        }
    )
    result = study(Tables(customers=snapshot), left="left")
    refused = result.not_used().set_index("column")["why"]
    assert "written afterwards" in refused["last_call"]
    assert "written afterwards" in refused["days_since_end"]
    assert "written afterwards" in refused["refund"], "known only of those who left"
    assert "written afterwards" in refused["state"], "a number that stands for a name"
    assert [fact.name for fact in result.fit.model.design.facts] == ["visits"]  # type: ignore[union-attr]
    said = read_propensity(result, currency="EUR").not_used
    assert "days since end, last call, refund and state (tells who left almost" in said


def test_what_is_deleted_once_a_customer_has_left_tells_nothing() -> None:
    """A leak by what is missing: privacy asks to delete the data of those who left."""
    unit = tables(1500, per_contact=0.0, basic=0.0)  # nothing tells who leaves
    people = unit.customers.copy()
    stopped = unit.subscriptions.loc[unit.subscriptions["ended_at"].notna(), "customer_id"]
    people.loc[people["customer_id"].isin(stopped), ["birth_year", "country"]] = None
    emptied = study(replace(unit, customers=people))
    why = emptied.not_used().set_index("column")["why"]
    assert "may have been deleted afterwards" in why["age_years"]
    assert "deleted afterwards" in why["country"]
    assert not emptied.useful
    removed = study(replace(unit, customers=people[people["country"].notna()]))
    assert "deleted afterwards" in removed.not_used().set_index("column")["why"]["known_days"]
    assert not removed.useful


def test_nothing_may_be_used() -> None:
    left = np.arange(1500) % 3 == 0
    snapshot = pd.DataFrame(
        {"customer_id": np.arange(1500), "left": left, "plan": "a", "bye": np.where(left, 9, 1)}
    )
    result = study(Tables(customers=snapshot), left="left")
    assert result.reason.startswith("No fact that may be used differs between customers (bye tells")
    assert "cannot be said" in read_propensity(result, currency="EUR").answer


def test_wrong_terms_and_columns() -> None:
    unit = tables(60)  # terms are read however few the customers are
    with pytest.raises(AnalysisError, match="column gone is missing"):
        study(unit, left="gone")
    with pytest.raises(AnalysisError, match="saved_share == 0"):
        study(unit, terms=Terms(1.0, 0.0))
    with pytest.raises(AnalysisError, match="neither subscriptions nor orders"):
        study(Tables(customers=unit.customers))


def test_buyers_without_a_contract() -> None:
    rng = np.random.default_rng(2)
    size, rows = 700, []
    for who in range(size):
        gap = 20 if who % 2 else 160
        day = AS_OF.toordinal() - 715 + int(rng.integers(0, 60))
        stop = AS_OF.toordinal() - int(rng.integers(0, 900)) * (rng.random() < 0.4)
        while day <= min(stop, AS_OF.toordinal()):
            rows.append((f"k{who:03d}", day))
            day += 1 + int(rng.exponential(gap))
    orders = pd.DataFrame(
        {
            "customer_id": [who for who, _ in rows],
            "ordered_at": times(np.array([day for _, day in rows])),
            "amount": 12.5,
            "channel": "web",
        }
    )
    result = study(Tables(orders=orders), days=60)
    assert result.useful
    assert result.panel.kind == "orders"
    said = read_propensity(result, currency="GBP")
    assert "buy nothing within 60 days" in said.answer
    first = int(result.panel.rows["cutoff"].min())
    known = result.panel.rows[result.panel.rows["cutoff"] == first]
    gone = known.loc[known["left"] == 1, "customer_id"]
    later = orders["ordered_at"] > pd.Timestamp(date.fromordinal(first + 60))
    back = gone.isin(
        orders.loc[later & (orders["ordered_at"] <= pd.Timestamp(AS_OF)), "customer_id"]
    )
    assert result.panel.came_back() == (first, len(gone), pytest.approx(back.mean()))
    assert 0.1 < back.mean() < 0.9
    assert f"{back.mean():.1%} bought again later" in said.how
    assert set(result.at_risk["channel"]) == {"web"}
    assert result.at_risk["consent"].isna().all(), "nobody asked"
    reach = contact_of(Tables(orders=orders), pd.Index(["k001", "nobody"]), as_of=AS_OF)
    assert reach["channel"].tolist() == ["web", None]
    assert date.fromordinal(int(result.panel.part("test")["cutoff"].iloc[0])) == AS_OF - timedelta(
        days=60
    )
