"""Forecasts of a unit of either kind: published, withheld, or not made; and what is said."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.buyers import START, buying, subscribing
from workbench.errors import AnalysisError
from workbench.params import EventParams
from workbench.retention import forecast_shown, forecasts
from workbench.retention.backtest import origins
from workbench.retention.backtest import purchases as forecasts_of_trials
from workbench.retention.backtest.origins import MIN_CUSTOMERS, MIN_ORIGINS
from workbench.retention.forecast_reading import ForecastReading, read_forecasts
from workbench.retention.forecast_results import Forecast, Forecasts
from workbench.retention.forecasts import forecast
from workbench.retention.periods import Calendar
from workbench.retention.purchases.fits import PurchaseFit, fit_nbd
from workbench.retention.purchases.log import Known

AS_OF = date(2024, 6, 30)
OPTIONS: Any = {"as_of": AS_OF, "calendar": Calendar(), "ahead": 3, "seed": 1, "min_group": 5}
DAYS = (AS_OF - START.date()).days + 1


def shown(found: Forecasts) -> Iterator[pd.DataFrame]:
    """Yield all that a report shows of forecasts."""
    for name in forecast_shown.NUMBERS[found.kind]:
        yield forecast_shown.listed_forecast(found, name)
    for make in (
        forecast_shown.listed_events,
        forecast_shown.listed_moves,
        forecast_shown.listed_parameters,
        forecast_shown.listed_reasons,
        forecast_shown.listed_scores,
        forecast_shown.listed_verdicts,
        forecast_shown.listed_worth,
    ):
        yield make(found)


def checked(found: Forecasts) -> ForecastReading:
    """Return the sentences, after all that is shown was found to be without a NaN."""
    for table in shown(found):
        for value in table.to_numpy().ravel():
            assert not (isinstance(value, float) and not math.isfinite(value)), table
    for draw in (forecast_shown.drawn_outlook, forecast_shown.drawn_trial):
        for name in forecast_shown.NUMBERS[found.kind]:
            assert len(draw(found, name))
    said = read_forecasts(found, currency="EUR")
    for name, value in vars(said).items():
        if isinstance(value, str):
            assert "nan" not in value.lower().replace("finance", ""), (name, value)
            assert "None" not in value, (name, value)
    for value, reason in (
        (said.value, said.reason),
        (said.stake_value, said.stake_reason),
        (said.kept, said.kept_reason),
    ):
        assert (value is None) == bool(reason)
    return said


@pytest.fixture(scope="module", autouse=True)
def few_draws() -> Iterator[None]:
    """Try from fewer days with fewer futures: these tests ask what is said, not how exactly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecasts, "TRIED", 100)
        patch.setattr(forecasts, "DRAWN", 100)
        patch.setattr(origins, "ORIGINS", MIN_ORIGINS)
        yield


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return buying(2, 900, DAYS)


@pytest.fixture(scope="module")
def found(orders: pd.DataFrame) -> Forecasts:
    return forecast(orders, **OPTIONS)


def test_a_right_model_is_published_with_its_range(found: Forecasts) -> None:
    assert found.reason == ""
    assert len(found.trials) == MIN_ORIGINS
    number = found.numbers["orders"]
    assert number.verdict.published
    assert number.table["period"].tolist() == [1, 2, 3, 0]
    said = checked(found)
    assert "95% interval" in said.headline
    assert "by 30 Sep 2024" in said.headline
    assert said.ci is not None
    assert said.value is not None
    assert said.ci[0] <= said.value <= said.ci[1]
    table = forecast_shown.listed_forecast(found, "orders")
    assert table["period"].iloc[0] == "1 Jul to 31 Jul 2024"
    assert table["period"].iloc[-1] == "All: 1 Jul to 30 Sep 2024"


def test_what_was_forecast_came(orders: pd.DataFrame, found: Forecasts) -> None:
    number = found.numbers["orders"]
    assert number.actual_total is not None
    assert number.total_lower is not None
    assert number.total_upper is not None
    assert number.total_lower <= number.actual_total <= number.total_upper
    tracked = number.tracked[number.tracked["after"]]
    assert tracked["actual"].sum() == number.actual_total
    then = pd.Timestamp("2024-03-31")
    known = orders[orders["ordered_at"] <= then]["customer_id"].unique()
    later = orders["customer_id"].isin(known) & (orders["ordered_at"] > then)
    assert later.sum() == number.actual_total


def test_rows_after_as_of_change_nothing(orders: pd.DataFrame) -> None:
    terms = {**OPTIONS, "as_of": date(2024, 3, 31)}
    alone = orders[orders["ordered_at"] <= pd.Timestamp("2024-03-31")]
    one, two = forecast(orders, **terms), forecast(alone, **terms)
    assert one.numbers["orders"].table.equals(two.numbers["orders"].table)


def test_the_order_of_rows_does_not_matter(orders: pd.DataFrame, found: Forecasts) -> None:
    other = forecast(orders.sample(frac=1, random_state=1), **OPTIONS)
    for name, number in found.numbers.items():
        assert number.table.equals(other.numbers[name].table)
        assert number.scores.equals(other.numbers[name].scores)


def test_a_drop_is_found_out_and_a_simple_rule_shown() -> None:
    """Two months ago the customers began to buy a fifth as often: the trials saw it miss."""
    dropped = buying(2, 900, DAYS, drop_at=DAYS - 60, drop=0.2)
    found = forecast(dropped, **OPTIONS)
    number = found.numbers["orders"]
    assert not number.verdict.published
    assert "what came after 31 Mar 2024 was too far off for chance" in number.verdict.reason
    assert number.table["ci_lower"].isna().all()
    assert number.table["expected"].notna().all()
    said = checked(found)
    assert "is withheld" in said.headline
    assert "If customers of an age do what earlier ones did" in said.headline
    assert said.ci is None
    assert "by a simple rule" in said.label
    assert found.worth is not None
    assert found.worth.total is None
    assert "withheld" in found.worth.reason


def test_subscriptions(found: Forecasts) -> None:
    table = subscribing(1, 1500, 18)
    made = forecast(None, table, **OPTIONS)
    assert made.kind == "subscriptions"
    said = checked(made)
    assert set(made.numbers) == {"ended", "active", "revenue"}
    assert made.moved is not None
    assert made.moved.year is not None
    assert "gross" in said.moved
    steps = forecast_shown.drawn_year(made)
    assert steps["amount"].iloc[:-1].sum() == pytest.approx(steps["amount"].iloc[-1])
    assert steps["step"].iloc[-1] == "On 1 Jul 2024"
    assert said.year_title.startswith("Recurring revenue grew from €")
    running = int((table["ended_at"].isna() | (table["ended_at"] > pd.Timestamp(AS_OF))).sum())
    assert made.customers == running
    ended = made.numbers["ended"].table["expected"]
    if made.numbers["ended"].verdict.published:
        assert 0 < ended.iloc[-1] < running
    # With both tables subscriptions are read.
    both = forecast(buying(3, 50, 50), table, **OPTIONS)
    assert both.kind == "subscriptions"


def test_a_surge_of_leaving_is_found_out() -> None:
    made = forecast(None, subscribing(1, 1500, 18, surge=15), **OPTIONS)
    assert not made.numbers["ended"].verdict.published
    assert "is withheld" in checked(made).headline


def test_some_subscriptions_without_prices_are_told() -> None:
    table = subscribing(1, 1500, 18)
    runs = table["ended_at"].isna() | (table["ended_at"] > pd.Timestamp(AS_OF))
    silent = table.index[runs][:40]
    table["monthly_amount"] = table["monthly_amount"].astype("float64")
    table.loc[silent, "monthly_amount"] = None
    said = checked(forecast(None, table, **OPTIONS))
    assert "do not state what they pay count as paying nothing (40 of them)" in said.worth_how
    table.loc[silent[3:], "monthly_amount"] = 10.0
    said = checked(forecast(None, table, **OPTIONS))
    assert "(fewer than 5 of them)" in said.worth_how


def test_subscriptions_without_prices() -> None:
    table = subscribing(1, 900, 18).drop(columns=["monthly_amount", "customer_id"])
    made = forecast(None, table, **OPTIONS)
    said = checked(made)
    assert set(made.numbers) == {"ended", "active"}
    assert said.no_money == "none"
    assert "not stated" in said.moved


def test_a_season_is_in_the_forecast_and_told() -> None:
    months = (0.8, 0.8, 0.9, 1.0, 1.0, 1.0, 0.9, 0.9, 1.0, 1.1, 1.4, 1.2)
    days = 3 * 365
    end = (START + pd.Timedelta(days=days - 1)).date()
    made = forecast(buying(8, 700, days, months=months), **OPTIONS | {"as_of": end})
    assert made.season is not None
    assert not made.season.even
    said = checked(made)
    assert "most in November" in said.season
    assert "in November" in said.season_title
    assert "clock that runs faster" in said.models_how
    drawn = forecast_shown.drawn_season(made)
    assert drawn["month"].tolist()[0] == "January"
    assert len(drawn) == 12
    assert (drawn["ci_lower"] < drawn["factor"]).all()
    # Each trial looked for one, with a year before it.
    assert all(trial.bounds[0] >= START.toordinal() + origins.A_YEAR for trial in made.trials)


def test_a_young_business_has_no_season(found: Forecasts) -> None:
    assert found.season is not None
    assert found.season.even
    said = checked(found)
    assert said.season == ""
    assert "No season is in the forecast. The trials have no whole year" in said.models_how


def test_no_worth_without_a_forecast_of_orders_and_money(
    orders: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = forecasts.judged

    def only_orders(*args: Any) -> dict[str, Forecast]:
        numbers = judge(*args)
        verdict = replace(numbers["revenue"].verdict, published=False, reason="it was not")
        return numbers | {"revenue": replace(numbers["revenue"], verdict=verdict)}

    monkeypatch.setattr(forecasts, "judged", only_orders)
    made = forecast(orders, **OPTIONS)
    assert made.numbers["orders"].verdict.published
    assert made.worth is not None
    assert "withheld" in made.worth.reason
    assert made.worth.total is None


def test_models_that_changed_between_trials_stand_as_one(
    orders: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where leaving shows itself late, NBD stands in the first trials and others in the last."""
    fits_of = forecasts_of_trials.purchase_fits

    def early(known: Known) -> tuple[PurchaseFit, ...]:
        first = known.last < date(2024, 1, 15).toordinal()
        return (fit_nbd(known.cells),) if first else fits_of(known)

    monkeypatch.setattr(forecasts_of_trials, "purchase_fits", early)
    made = forecast(orders, **OPTIONS)
    assert len({trial.chosen for trial in made.trials}) == 2
    said = checked(made)
    assert "Some trials rest on NBD, in which nobody leaves" in said.models_how
    listed = forecast_shown.listed_scores(made)
    assert (listed["method"] == "the model").sum() == 3


def test_an_event_seen_before_is_in_the_forecast_and_another_is_named() -> None:
    busy = ((100, 104), (460, 464))
    orders = buying(4, 500, DAYS, busy=busy, factor=4.0)
    spans = [(START + pd.Timedelta(days=a), START + pd.Timedelta(days=b)) for a, b in busy]
    calendar = {
        f"fair{k}": EventParams.model_validate(
            {
                "title": "Fair",
                "start": str(first.date()),
                "end": str(last.date()),
                "explains": ["volume"],
            }
        )
        for k, (first, last) in enumerate(
            [*spans, (pd.Timestamp("2024-07-10"), pd.Timestamp("2024-07-14"))]
        )
    }
    calendar["new"] = EventParams.model_validate(
        {"title": "New shop", "start": "2024-08-01", "end": "2024-08-02", "explains": ["volume"]}
    )
    with_it, without = forecast(orders, events=calendar, **OPTIONS), forecast(orders, **OPTIONS)
    said = checked(with_it)
    fair = next(event for event in with_it.events if event.title == "Fair")
    assert fair.factor == pytest.approx(4, rel=0.4)
    assert "Fair: its days have" in said.events
    assert "New shop" in said.events
    assert "does not tell" in said.events
    assert len(forecast_shown.listed_events(with_it)) == 2
    july = [made.numbers["orders"].table["expected"].iloc[0] for made in (with_it, without)]
    if all(made.numbers["orders"].verdict.published for made in (with_it, without)):
        assert july[0] > 1.2 * july[1]


def people(count: int, **columns: Any) -> pd.DataFrame:
    made = {
        "customer_id": [f"c{k}" for k in range(count)],
        "ordered_at": START + pd.to_timedelta(np.arange(count) % 90, unit="D"),
        "amount": 5.0,
    }
    return pd.DataFrame({**made, **columns})


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (people(1), "100 customers"),
        (people(MIN_CUSTOMERS - 1), "100 customers"),
        (people(400), "Fewer than 50 customers bought again"),
        (people(400, ordered_at=pd.Timestamp(AS_OF)), "too short to try"),
        (people(400, ordered_at=START), "Fewer than 50 customers bought again"),
    ],
    ids=["one", "few", "no-repeat", "T-is-0", "identical"],
)
def test_too_few_data_give_no_number(rows: pd.DataFrame, words: str) -> None:
    made = forecast(rows, **OPTIONS)
    assert words in made.reason
    assert made.numbers == {}
    said = checked(made)
    assert words in said.headline
    assert said.value is None


def test_identical_customers_who_buy_again() -> None:
    rows = pd.concat([people(400, ordered_at=START + pd.Timedelta(days=30 * k)) for k in range(6)])
    made = forecast(rows, **OPTIONS)
    number = made.numbers["orders"]
    assert "no model could be fitted. " in number.verdict.reason
    # A simple rule stands in its place.
    assert number.table["expected"].iloc[:3].notna().all()
    assert "no model could be fitted" in checked(made).headline


def test_negative_spend_and_dates_in_the_future_are_not_read(
    orders: pd.DataFrame, found: Forecasts
) -> None:
    returned = orders.head(200).assign(
        amount=-5.0, ordered_at=orders["ordered_at"] + pd.Timedelta(days=3)
    )
    future = orders.head(200).assign(ordered_at=pd.Timestamp(AS_OF) + pd.Timedelta(days=9))
    other = forecast(pd.concat([orders, returned, future]), **OPTIONS)
    assert other.numbers["orders"].table.equals(found.numbers["orders"].table)


def test_everybody_left_and_nobody_left() -> None:
    table = subscribing(1, 600, 18)
    gone = table.assign(ended_at=table["started_at"] + pd.Timedelta(days=40))
    stayed = table.assign(ended_at=pd.NaT)
    said = checked(forecast(None, gone[gone["ended_at"] <= pd.Timestamp(AS_OF)], **OPTIONS))
    assert "cannot be forecast" in said.headline
    made = forecast(None, stayed, **OPTIONS)
    assert "Fewer than 50 subscriptions ended" in made.reason
    checked(made)
    hardly = gone.assign(ended_at=gone["ended_at"].where(gone.index >= 3))
    few = forecast(None, hardly[~(hardly["ended_at"] > pd.Timestamp(AS_OF))], **OPTIONS)
    assert few.reason == "Fewer than 5 subscriptions run."
    assert "3 subscriptions" not in checked(few).headline
    silent = buying(5, 900, DAYS)
    silent = silent[silent["ordered_at"] < pd.Timestamp("2023-10-01")]
    checked(forecast(silent, **OPTIONS))


def test_few_whose_purchases_brought_nothing_are_not_counted(found: Forecasts) -> None:
    assert found.worth is not None
    few, many = (
        read_forecasts(replace(found, worth=replace(found.worth, left_out=n)), currency="EUR")
        for n in (2, 12)
    )
    assert "(fewer than 5 of them)" in few.worth_how
    assert "(12 of them)" in many.worth_how


def test_what_cannot_be_asked() -> None:
    rows = people(10)
    with pytest.raises(AnalysisError, match="neither subscriptions nor orders"):
        forecast(**OPTIONS)
    with pytest.raises(AnalysisError, match="ahead == 0"):
        forecast(rows, **{**OPTIONS, "ahead": 0})
    with pytest.raises(AnalysisError, match="margin == 2"):
        forecast(rows, margin=2.0, **OPTIONS)
    with pytest.raises(AnalysisError, match="column amount is missing"):
        forecast(rows.drop(columns="amount"), **OPTIONS)
