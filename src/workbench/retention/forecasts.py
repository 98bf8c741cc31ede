"""What the next periods bring, for a unit of either kind: forecasts that were tried, or why none.

One call makes everything that a report shows of forecasts: the models, their trials from earlier
days beside naive ones, the verdict on each number, the forecast or the naive one in its place, what
customers are worth, and, for subscriptions, the movements of recurring revenue.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd

from workbench.data.frames import column_names
from workbench.data.small_groups import is_small
from workbench.errors import AnalysisError
from workbench.params import EventParams
from workbench.retention.backtest.churning import naive_churn, try_renewals
from workbench.retention.backtest.naive import history_of, naive_purchases
from workbench.retention.backtest.origins import origins, saw_a_year, too_few
from workbench.retention.backtest.purchases import (
    all_futures,
    events_known,
    purchase_fits,
    try_purchases,
)
from workbench.retention.backtest.scores import brier_table
from workbench.retention.contracts import ContractLog, contract_log
from workbench.retention.events import EventFactor, days_of
from workbench.retention.forecast_judged import judged
from workbench.retention.forecast_results import Forecast, Forecasts, Moved, Terms
from workbench.retention.maximise import Floats
from workbench.retention.periods import Calendar
from workbench.retention.purchases.log import PurchaseLog, purchase_log
from workbench.retention.purchases.outlook import QUANTITIES
from workbench.retention.purchases.season import no_season
from workbench.retention.purchases.seasons import on_season
from workbench.retention.recurring import (
    revenue_retention,
    revenue_waterfall,
)
from workbench.retention.recurring_shown import shown_waterfall
from workbench.retention.renewing import STAYING, ended_by_period, fit_contracts, what_stays
from workbench.retention.spans import PER_YEAR
from workbench.retention.worth import worth_of_buyers, worth_of_contracts

__all__ = ["forecast"]

TRIED, DRAWN = 150, 300
"""Futures that are drawn of each model for a trial, and for the forecast itself."""
YOUNG = "The trials have no whole year before them, so no season is looked for."


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
    terms = Terms(as_of, calendar, ahead, seed, min_group, discount, margin, events or {})
    if subscriptions is not None:
        return _of_subscriptions(subscriptions, terms)
    if orders is not None:
        return _of_orders(purchase_log(orders, as_of=as_of), terms)
    raise AnalysisError(
        "there are neither subscriptions nor orders", where="forecast", fix="Declare one."
    )


def _of_orders(log: PurchaseLog, terms: Terms) -> Forecasts:
    known = log.until(terms.as_of.toordinal())
    begin = date.fromordinal(known.begin)
    days = origins(terms.as_of, terms.grain, ahead=terms.ahead, begin=begin, seasonal=True)
    seasonal = saw_a_year(days, begin)
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
    # What is published is what was tried: a season only where each trial looked for one.
    known = on_season(known, [span for _, span in events]) if seasonal else known
    fits = purchase_fits(known)
    options: Any = {"ahead": terms.ahead, "seed": terms.seed, "draws": TRIED, "events": events}
    trials = tuple(
        try_purchases(log, day, terms.grain, **options, seasonal=seasonal) for day in days
    )
    options = {"seed": terms.seed, "draws": DRAWN, "events": found}
    drawn = all_futures(known, fits, terms.edges, **options)
    futures = [*drawn.values()][-1] if drawn else None
    numbers = judged(
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
        **_asked(terms),
        customers=known.customers,
        model=futures.model if futures else "",
        fits=fits,
        numbers=numbers,
        trials=trials,
        brier=brier_table(trials),
        events=found,
        season=known.season if seasonal else no_season(YOUNG),
        worth=worth_of_buyers(
            known,
            fits,
            **_valued(terms),
            withheld=_withheld(numbers["orders"]) or _withheld(numbers["revenue"]),
        ),
        moved=None,
    )


def _of_subscriptions(subscriptions: Any, terms: Terms) -> Forecasts:
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
    reason = reason or _too_few_run(running, terms.min_group)
    if reason:
        return _nothing("subscriptions", terms, running, (), moved, reason)
    options: Any = {"ahead": terms.ahead, "seed": terms.seed, "draws": TRIED}
    trials = tuple(try_renewals(log, day, terms.grain, **options) for day in days)
    options = {"seed": terms.seed, "draws": DRAWN}
    futures = None
    if fit.converged:
        futures = what_stays(known, fit, terms.edges, terms.grain, **options)
    names = STAYING if log.priced else STAYING[:2]
    numbers = judged(
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
        **_asked(terms),
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
            priced=log.priced,
            **_valued(terms),
            withheld=_withheld(numbers["active"]),
            unpriced=log.unpriced,
        ),
        moved=moved,
    )


def _too_few_run(running: int, min_group: int) -> str:
    if not running:
        return "No subscription runs any more."
    return f"Fewer than {min_group} subscriptions run." if is_small(running, min_group) else ""


def _asked(terms: Terms) -> dict[str, Any]:
    """Return what a result repeats of what was asked for."""
    told = ("as_of", "grain", "ahead", "min_group")
    return {name: getattr(terms, name) for name in told}


def _valued(terms: Terms) -> dict[str, Any]:
    """Return by what a value is worked out."""
    told = ("min_group", "discount", "margin")
    return {name: getattr(terms, name) for name in told}


def _begun(log: ContractLog, days: tuple[date, ...]) -> bool:
    return bool(days) and bool((log.start <= days[0].toordinal()).any())


def _withheld(number: Forecast) -> str:
    """Return why the worth of customers is withheld with their forecast, or nothing."""
    if number.verdict.published:
        return ""
    return "The forecast that it rests on is withheld."


def _nothing(
    kind: Literal["orders", "subscriptions"],
    terms: Terms,
    customers: int,
    events: tuple[EventFactor, ...],
    moved: Moved | None,
    reason: str,
) -> Forecasts:
    return Forecasts(
        kind=kind,
        **_asked(terms),
        customers=customers,
        model="",
        fits=(),
        numbers={},
        trials=(),
        brier=pd.DataFrame(columns=["method", "brier"]),
        events=events,
        worth=None,
        moved=moved,
        reason=reason,
    )


def _contract_history(log: ContractLog, day: int, grain: str) -> tuple[Any, dict[str, Floats]]:
    edges, ended = ended_by_period(log.until(day), grain)
    there = [float(((log.start <= day) & (log.end > day)).sum()) for day in edges[1:]]
    return edges, {"ended": ended, "active": np.array(there)}


def _moved(subscriptions: Any, log: ContractLog, terms: Terms) -> Moved:
    """Return how recurring revenue moved, or why that cannot be told."""
    needs = ("customer_id", "monthly_amount")
    missing = [name for name in needs if name not in column_names(subscriptions)]
    if missing or not log.priced:
        return Moved(None, None, reason="What subscriptions pay, and who pays, is not stated.")
    options: Any = {"as_of": terms.as_of, "calendar": terms.calendar}
    a_year = PER_YEAR[terms.grain]
    try:
        found = revenue_waterfall(subscriptions, periods=a_year, **options)
        whole = revenue_waterfall(subscriptions, periods=a_year, joined=True, **options)
        year = revenue_retention(subscriptions, periods=a_year, **options)
    except AnalysisError as error:
        return Moved(None, None, reason=f"{error.what}.")
    few = year.customers < terms.min_group
    shown, at_once = (shown_waterfall(one, min_group=terms.min_group) for one in (found, whole))
    return Moved(shown, None if few else year, None if at_once.reason else at_once, year.end)
