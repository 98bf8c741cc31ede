"""What the next periods bring, for a unit of either kind: forecasts that were tried, or why none.

One call makes everything that a report shows of forecasts: the models, their trials from earlier
days beside naive ones, the verdict on each number, the forecast or the naive one in its place, what
customers are worth, and, for subscriptions, the movements of recurring revenue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd

from workbench.data.frames import column_names
from workbench.data.small_groups import hide_parts, is_small
from workbench.errors import AnalysisError
from workbench.params import EventParams
from workbench.retention.backtest.churning import naive_churn, try_renewals
from workbench.retention.backtest.naive import history_of, naive_purchases
from workbench.retention.backtest.origins import origins, too_few
from workbench.retention.backtest.purchases import (
    all_futures,
    events_known,
    purchase_fits,
    try_purchases,
)
from workbench.retention.backtest.scores import brier_table, score_table
from workbench.retention.backtest.trials import Trial
from workbench.retention.backtest.verdict import Verdict, judge
from workbench.retention.contracts import ContractLog, contract_log
from workbench.retention.events import EventFactor, days_of
from workbench.retention.futures import Futures, listed_periods, summed_up
from workbench.retention.maximise import Floats
from workbench.retention.periods import Calendar
from workbench.retention.purchases.fits import PurchaseFit
from workbench.retention.purchases.log import PurchaseLog, purchase_log
from workbench.retention.purchases.outlook import QUANTITIES
from workbench.retention.recurring import (
    RevenueRetention,
    revenue_retention,
    revenue_waterfall,
)
from workbench.retention.recurring_shown import ShownWaterfall, shown_waterfall
from workbench.retention.renewals import RenewalFit
from workbench.retention.renewing import STAYING, ended_by_period, fit_contracts, what_stays
from workbench.retention.spans import PER_YEAR, bounds
from workbench.retention.worth import Worth, worth_of_buyers, worth_of_contracts

__all__ = ["Forecast", "Forecasts", "Moved", "forecast"]

TRIED, DRAWN = 150, 300
"""Futures that are drawn of each model for a trial, and for the forecast itself."""


@dataclass(frozen=True)
class Forecast:
    """One number's forecast, or the naive one in its place.

    Parameters
    ----------
    name
        `orders`, `active`, `revenue`; or `ended`, `active`, `revenue`.
    verdict
        Whether it is published, and why not.
    table
        As :func:`workbench.retention.futures.summed_up` gives it; where the forecast is withheld,
        `expected` is the naive one and there are no intervals (None).
    past
        The periods before: `first_day`, `last_day`, `actual` (None where too small to show).
    tracked
        What came, and what had been forecast on the latest trial's day: `first_day`, `last_day`
        (day numbers), `after` (that day or before), `actual` (None where too small to show),
        `expected`, `ci_lower`, `ci_upper` (None before that day).
    scores
        As :func:`workbench.retention.backtest.scores.score_table` gives them.
    actual_total, expected_total, total_lower, total_upper
        The latest trial's whole time: what came, and what had been forecast.
    """

    name: str
    verdict: Verdict
    table: pd.DataFrame
    past: pd.DataFrame
    tracked: pd.DataFrame
    scores: pd.DataFrame
    actual_total: float | None
    expected_total: float | None
    total_lower: float | None
    total_upper: float | None

    @property
    def total(self) -> Mapping[str, Any]:
        """Return the last row of the table: the whole time, or the last period of a stock."""
        last = self.table.iloc[-1]
        return {name: last[name] for name in self.table.columns}


@dataclass(frozen=True)
class Moved:
    """How recurring revenue moved.

    Parameters
    ----------
    waterfall
        The movements by period, and churn by reason, as they may be shown.
    year
        What is left of the revenue of a year ago; None where the data are younger.
    reason
        Why there is neither; empty otherwise.
    """

    waterfall: ShownWaterfall | None
    year: RevenueRetention | None
    reason: str = ""


@dataclass(frozen=True)
class Forecasts:
    """All that a report shows of what is to come.

    Parameters
    ----------
    kind
        `orders` or `subscriptions`.
    as_of
        The last day of the data.
    grain, ahead
        What a period is, and how many are forecast.
    customers
        Whose future it is: customers known, or subscriptions that run.
    model
        The model in use, or both together; empty where there is none.
    fits
        The models as they were fitted to all that is known; empty likewise.
    numbers
        The forecasts by name; empty where the data are too few.
    trials
        From which earlier days they were tried.
    brier
        How wrong the chances of single customers were.
    events
        Known events to come.
    worth
        What customers are worth; None where the data are too few.
    moved
        How recurring revenue moved; None for orders.
    min_group
        The smallest group that may be shown.
    reason
        Why there is no forecast at all; empty otherwise.
    """

    kind: Literal["orders", "subscriptions"]
    as_of: date
    grain: str
    ahead: int
    customers: int
    model: str
    fits: tuple[PurchaseFit, ...] | tuple[RenewalFit, ...]
    numbers: Mapping[str, Forecast]
    trials: tuple[Trial, ...]
    brier: pd.DataFrame
    events: tuple[EventFactor, ...]
    worth: Worth | None
    moved: Moved | None
    min_group: int
    reason: str = ""


@dataclass(frozen=True)
class _Terms:
    """What is asked for, as all parts need it."""

    as_of: date
    calendar: Calendar
    ahead: int
    seed: int
    min_group: int
    discount: float
    margin: float
    events: Mapping[str, EventParams] = field(default_factory=dict)

    @property
    def grain(self) -> str:
        return self.calendar.grain

    @property
    def edges(self) -> Any:
        return bounds(self.as_of, self.grain, back=0, ahead=self.ahead)


def forecast(
    orders: Any = None,
    subscriptions: Any = None,
    *,
    as_of: date,
    calendar: Calendar,
    ahead: int,
    seed: int,
    min_group: int,
    events: Mapping[str, EventParams] | None = None,
    discount: float = 0.1,
    margin: float = 1.0,
) -> Forecasts:
    """Return what the next periods bring, tried from earlier days.

    Parameters
    ----------
    orders, subscriptions
        The unit's tables, None where it has none. With both, subscriptions are read.
    as_of
        The last day that counts.
    calendar
        The grain of the periods, which are counted from `as_of` on.
    ahead
        How many periods to look ahead, at least 1.
    seed
        Of all draws.
    min_group
        Smaller groups are not shown.
    events
        The unit's calendar.
    discount
        Yearly rate at which what comes later is worth less, from 0 on.
    margin
        What is left of a unit of revenue, from 0 to 1.

    Raises
    ------
    AnalysisError
        When there is neither table, a table cannot be read, or an argument lies outside these.
    """
    if ahead < 1:
        raise AnalysisError(f"ahead == {ahead}, must be >= 1", where="forecast")
    if not 0 <= margin <= 1:
        raise AnalysisError(f"margin == {margin}, must lie between 0 and 1", where="forecast")
    terms = _Terms(as_of, calendar, ahead, seed, min_group, discount, margin, events or {})
    if subscriptions is not None:
        return _of_subscriptions(subscriptions, terms)
    if orders is not None:
        return _of_orders(purchase_log(orders, as_of=as_of), terms)
    raise AnalysisError(
        "there are neither subscriptions nor orders", where="forecast", fix="Declare one."
    )


def _of_orders(log: PurchaseLog, terms: _Terms) -> Forecasts:
    known = log.until(terms.as_of.toordinal())
    begin = date.fromordinal(known.begin)
    days = origins(terms.as_of, terms.grain, ahead=terms.ahead, begin=begin)
    events = days_of(terms.events, "orders")
    found = events_known(known, events, int(terms.edges[-1]))
    early = int((known.first <= days[0].toordinal()).sum()) if days else 0
    again = int((known.frequency > 0).sum())
    reason = too_few(
        days,
        known=early,
        events=again,
        who="customers",
        event="customers bought again",
        begin=begin,
    )
    if reason:
        return _nothing("orders", terms, known.customers, found, None, reason)
    fits = purchase_fits(known)
    options: Any = {"ahead": terms.ahead, "seed": terms.seed, "draws": TRIED, "events": events}
    trials = tuple(try_purchases(log, day, terms.grain, **options) for day in days)
    options = {"seed": terms.seed, "draws": DRAWN, "events": found}
    drawn = all_futures(known, fits, terms.edges, **options)
    futures = [*drawn.values()][-1] if drawn else None
    numbers = _judged(
        trials,
        futures,
        QUANTITIES,
        naive_purchases(known, terms.grain, terms.edges),
        lambda day: history_of(log.until(day), terms.grain),
        terms,
        fits[0].reason,
    )
    return Forecasts(
        kind="orders",
        as_of=terms.as_of,
        grain=terms.grain,
        ahead=terms.ahead,
        customers=known.customers,
        model=futures.model if futures else "",
        fits=fits,
        numbers=numbers,
        trials=trials,
        brier=brier_table(trials),
        events=found,
        worth=worth_of_buyers(
            known,
            fits,
            min_group=terms.min_group,
            discount=terms.discount,
            margin=terms.margin,
            withheld=_withheld(numbers["orders"]),
        ),
        moved=None,
        min_group=terms.min_group,
    )


def _of_subscriptions(subscriptions: Any, terms: _Terms) -> Forecasts:
    log = contract_log(subscriptions, as_of=terms.as_of)
    known = log.until(terms.as_of.toordinal())
    begin = date.fromordinal(known.begin)
    running = int(known.running.sum())
    moved = _moved(subscriptions, log, terms)
    days = origins(terms.as_of, terms.grain, ahead=terms.ahead, begin=begin)
    early = int((log.until(days[0].toordinal()).who >= 0).sum()) if _begun(log, days) else 0
    reason = too_few(
        days,
        known=early,
        events=len(known.who) - running,
        who="subscriptions",
        event="subscriptions ended",
        begin=begin,
    )
    fit = fit_contracts(known, terms.grain)
    reason = reason or ("" if running else "No subscription runs any more.")
    if reason:
        return _nothing("subscriptions", terms, running, (), moved, reason)
    options: Any = {"ahead": terms.ahead, "seed": terms.seed, "draws": TRIED}
    trials = tuple(try_renewals(log, day, terms.grain, **options) for day in days)
    options = {"seed": terms.seed, "draws": DRAWN}
    futures = None
    if fit.converged:
        futures = what_stays(known, fit, terms.edges, terms.grain, **options)
    names = STAYING if log.priced else STAYING[:2]
    numbers = _judged(
        trials,
        futures,
        names,
        naive_churn(known, terms.grain, terms.ahead)[0],
        lambda day: _contract_history(log, day, terms.grain),
        terms,
        fit.reason,
    )
    return Forecasts(
        kind="subscriptions",
        as_of=terms.as_of,
        grain=terms.grain,
        ahead=terms.ahead,
        customers=running,
        model=fit.name if futures else "",
        fits=(fit,),
        numbers=numbers,
        trials=trials,
        brier=brier_table(trials),
        events=(),
        worth=worth_of_contracts(
            known,
            fit,
            terms.grain,
            min_group=terms.min_group,
            priced=log.priced,
            discount=terms.discount,
            margin=terms.margin,
            withheld=_withheld(numbers["active"]),
        ),
        moved=moved,
        min_group=terms.min_group,
    )


def _begun(log: ContractLog, days: tuple[date, ...]) -> bool:
    return bool(days) and bool((log.start <= days[0].toordinal()).any())


def _withheld(number: Forecast) -> str:
    """Return why the worth of customers is withheld with their forecast, or nothing."""
    if number.verdict.published:
        return ""
    return "The forecast that it rests on is withheld."


def _nothing(
    kind: Literal["orders", "subscriptions"],
    terms: _Terms,
    customers: int,
    events: tuple[EventFactor, ...],
    moved: Moved | None,
    reason: str,
) -> Forecasts:
    return Forecasts(
        kind=kind,
        as_of=terms.as_of,
        grain=terms.grain,
        ahead=terms.ahead,
        customers=customers,
        model="",
        fits=(),
        numbers={},
        trials=(),
        brier=pd.DataFrame(columns=["method", "brier"]),
        events=events,
        worth=None,
        moved=moved,
        min_group=terms.min_group,
        reason=reason,
    )


def _judged(
    trials: tuple[Trial, ...],
    futures: Futures | None,
    names: tuple[str, ...],
    naive: Mapping[str, Mapping[str, Floats]],
    history: Callable[[int], tuple[Any, dict[str, Floats]]],
    terms: _Terms,
    reason: str,
) -> dict[str, Forecast]:
    """Return each number's forecast, or the naive one where there is none or it is withheld."""
    now, then = (history(int(edge)) for edge in (terms.edges[0], trials[-1].bounds[0]))
    made = {}
    for name in names:
        verdict = judge(trials, name, seed=terms.seed)
        whole = len(trials[-1].actual[name]) > terms.ahead
        if futures is None:
            why = f"no model could be fitted. {reason}".removesuffix(".")
            verdict = replace(verdict, published=False, reason=why)
            table = listed_periods(terms.edges, whole=whole)
        else:
            table = summed_up(futures, name)
        if not verdict.published:
            instead = naive.get(verdict.naive, {}).get(name)
            table = _instead(table, instead, terms, adds_up=name != "active")
        made[name] = _with_trial(
            name, verdict, table, trials, _before(*_one(now, name), terms), _one(then, name), terms
        )
    return made


def _one(history: tuple[Any, dict[str, Floats]], name: str) -> tuple[Any, Floats | None]:
    return history[0], history[1].get(name)


def _with_trial(
    name: str,
    verdict: Verdict,
    table: pd.DataFrame,
    trials: tuple[Trial, ...],
    past: pd.DataFrame,
    then: tuple[Any, Floats | None],
    terms: _Terms,
) -> Forecast:
    """Return a number's forecast with what its latest trial forecast, and what came."""
    trial = trials[-1]
    ahead = trial.futures.get(trial.chosen)
    told = None if ahead is None else summed_up(ahead, name).iloc[-1]
    return Forecast(
        name=name,
        verdict=verdict,
        table=table,
        past=past,
        tracked=_tracked(trial, name, _before(*then, terms), terms),
        scores=score_table(trials, name),
        actual_total=_shown(float(trial.actual[name][-1]), terms),
        expected_total=None if told is None else float(told["expected"]),
        total_lower=None if told is None else float(told["ci_lower"]),
        total_upper=None if told is None else float(told["ci_upper"]),
    )


def _shown(value: float, terms: _Terms) -> float | None:
    return None if is_small(int(value), terms.min_group) else value


def _instead(
    table: pd.DataFrame, naive: Floats | None, terms: _Terms, *, adds_up: bool
) -> pd.DataFrame:
    """Return a forecast's table with the naive one in its place; None where there is none."""
    values: list[float | None] = [None] * len(table)
    if naive is not None:
        # The simple rule tells what was counted, which may be of too few.
        few = [is_small(round(value), terms.min_group) for value in naive]
        values[: terms.ahead] = [
            None if out else float(value) for out, value in zip(few, naive, strict=True)
        ]
        if len(table) > terms.ahead and adds_up and not any(few):
            values[-1] = float(naive.sum())
    nothing = pd.Series([None] * len(table), dtype=object)
    expected = pd.Series(values, dtype=object)
    return table.assign(expected=expected, ci_lower=nothing, ci_upper=nothing)


def _before(edges: Any, past: Floats | None, terms: _Terms) -> pd.DataFrame:
    """Return the last whole periods before a day, as many as a figure shows."""
    known = np.empty(0) if past is None else past
    shown = min(len(known), max(2 * terms.ahead, PER_YEAR[terms.grain]))
    values = [
        None if is_small(int(value), terms.min_group) else float(value)
        for value in known[len(known) - shown :]
    ]
    return pd.DataFrame(
        {
            "first_day": edges[len(edges) - 1 - shown : -1] + 1,
            "last_day": edges[len(edges) - shown :],
            "actual": pd.Series(values, dtype=object),
        }
    )


def _tracked(trial: Trial, name: str, before: pd.DataFrame, terms: _Terms) -> pd.DataFrame:
    """Return what came before and after a trial's day, and what had been forecast on it."""
    size, shown = trial.periods, len(before)
    came = trial.actual[name][:size]
    # A period with few active customers tells of too few; a second one is hidden with it.
    people = trial.actual["active"][:size] if "ended" not in trial.actual else came
    away = hide_parts([int(count) for count in people], min_group=terms.min_group)
    later = [None if out else float(value) for out, value in zip(away, came, strict=True)]
    futures = trial.futures.get(trial.chosen)
    told: dict[str, list[Any]] = {}
    for column in ("expected", "ci_lower", "ci_upper"):
        values = [None] * size if futures is None else summed_up(futures, name)[column][:size]
        told[column] = [*[None] * shown, *(None if v is None else float(v) for v in values)]
    return pd.DataFrame(
        {
            "first_day": np.concatenate([before["first_day"], trial.bounds[:-1] + 1]),
            "last_day": np.concatenate([before["last_day"], trial.bounds[1:]]),
            "after": [False] * shown + [True] * size,
            "actual": pd.Series([*before["actual"], *later], dtype=object),
            **{column: pd.Series(values, dtype=object) for column, values in told.items()},
        }
    )


def _contract_history(log: ContractLog, day: int, grain: str) -> tuple[Any, dict[str, Floats]]:
    edges, ended = ended_by_period(log.until(day), grain)
    there = [float(((log.start <= day) & (log.end > day)).sum()) for day in edges[1:]]
    return edges, {"ended": ended, "active": np.array(there)}


def _moved(subscriptions: Any, log: ContractLog, terms: _Terms) -> Moved:
    """Return how recurring revenue moved, or why that cannot be told."""
    needs = ("customer_id", "monthly_amount")
    missing = [name for name in needs if name not in column_names(subscriptions)]
    if missing or not log.priced:
        return Moved(None, None, "What subscriptions pay, and who pays, is not stated.")
    options: Any = {"as_of": terms.as_of, "calendar": terms.calendar}
    a_year = PER_YEAR[terms.grain]
    try:
        found = revenue_waterfall(subscriptions, periods=a_year, **options)
        year = revenue_retention(subscriptions, periods=a_year, **options)
    except AnalysisError as error:
        return Moved(None, None, f"{error.what}.")
    few = year.customers < terms.min_group
    return Moved(shown_waterfall(found, min_group=terms.min_group), None if few else year)
