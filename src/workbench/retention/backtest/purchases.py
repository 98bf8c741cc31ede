"""Trials of the purchase models: what they would have forecast from earlier days, and what came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from workbench.retention.backtest.naive import (
    NAIVE,
    history_of,
    naive_purchases,
    period_numbers,
)
from workbench.retention.backtest.trials import Trial, brier, changes_of
from workbench.retention.events import Days, EventFactor, event_factors
from workbench.retention.futures import Futures, pooled
from workbench.retention.maximise import Floats
from workbench.retention.purchases.fits import (
    PurchaseFit,
    fit_bgnbd,
    fit_nbd,
    fit_paretonbd,
)
from workbench.retention.purchases.log import Known, PurchaseLog
from workbench.retention.purchases.outlook import what_comes
from workbench.retention.purchases.seasons import on_season
from workbench.retention.spans import bounds
from workbench.retention.spend import SpendFit, fit_gamma_gamma

__all__ = ["BOTH", "all_futures", "events_known", "purchase_fits", "try_purchases"]

BOTH = "both models"
"""BG/NBD and Pareto/NBD together; they differ in when customers leave, which nobody sees."""


def purchase_fits(known: Known) -> tuple[PurchaseFit, ...]:
    """Return BG/NBD and Pareto/NBD fitted to what was known, or NBD where neither can be fitted.

    Parameters
    ----------
    known
        The customers with their purchases so far.
    """
    several = fit_bgnbd(known.cells), fit_paretonbd(known.cells)
    if not any(fit.converged for fit in several):
        # Mostly there is no telling who left; whether it will do, the trials tell.
        simple = fit_nbd(known.cells)
        return (simple,) if simple.converged else several
    return several


def all_futures(
    known: Known,
    fits: Sequence[PurchaseFit],
    edges: np.ndarray,
    *,
    seed: int,
    draws: int,
    events: tuple[EventFactor, ...] = (),
) -> dict[str, Futures]:
    """Return the futures of each model that could be fitted, and last those of both together.

    Parameters
    ----------
    known
        The customers with their purchases so far.
    fits
        The models fitted to them.
    edges, seed, draws, events
        As :func:`workbench.retention.purchases.outlook.what_comes` takes them.
    """
    made = {
        fit.name: what_comes(known, fit, edges, seed=seed, draws=draws, events=events)
        for fit in fits
        if fit.converged
    }
    if len(made) > 1:
        made[BOTH] = pooled([*made.values()], BOTH)
    return made


def events_known(
    known: Known, days: Sequence[tuple[str, Days]], until: int
) -> tuple[EventFactor, ...]:
    """Return what the events to come do, by what they did among these purchases.

    Parameters
    ----------
    known
        The customers with their purchases so far.
    days
        Events as :func:`workbench.retention.events.days_of` gives them.
    until
        Number of the last day that is forecast.
    """
    counts = np.bincount(
        known.day[known.repeat] - known.begin, minlength=known.last - known.begin + 1
    )
    return event_factors(counts.astype("int64"), known.begin, days, until=until)


def try_purchases(
    log: PurchaseLog,
    origin: date,
    grain: str,
    *,
    ahead: int,
    seed: int,
    draws: int,
    events: Sequence[tuple[str, Days]] = (),
    seasonal: bool = False,
) -> Trial:
    """Return the trial of the purchase models from one earlier day.

    Parameters
    ----------
    log
        All purchases; those after the day are read to see what came, and for nothing else.
    origin
        The day.
    grain
        `week`, `month`, `quarter` or `year`.
    ahead
        How many periods are forecast.
    seed, draws
        Of the futures.
    events
        Known events, past and to come.
    seasonal
        Whether a season is looked for; it needs a whole year before the day.
    """
    known = log.until(origin.toordinal())
    if seasonal:
        known = on_season(known, [span for _, span in events])
    edges = bounds(origin, grain, back=0, ahead=ahead)
    fits = purchase_fits(known)
    factors = events_known(known, events, int(edges[-1]))
    futures = all_futures(known, fits, edges, seed=seed, draws=draws, events=factors)
    cells = known.cells
    people, horizon = (cells.frequency, cells.recency, cells.T), known.weeks_until(edges[-1:])[0]
    chances: dict[str, Floats] = {
        fit.name: 1 - fit.model.probabilities(float(horizon), *people, up_to=0)[:, 0]
        for fit in fits
        if fit.converged
    }
    if BOTH in futures:
        chances[BOTH] = np.mean([*chances.values()], axis=0)
    later = log.after(known)
    _, past = history_of(known, grain)
    return Trial(
        bounds=edges,
        customers=known.customers,
        chosen=[*futures][-1] if futures else "",
        futures=futures,
        naive=naive_purchases(known, grain, edges),
        actual=period_numbers(edges, *later),
        scale={name: changes_of(values) for name, values in past.items()},
        brier=_brier(known, chances, edges, later),
        fits=(*fits, _spend_fit(known)),
        reason="" if futures else fits[0].reason,
    )


def _spend_fit(known: Known) -> SpendFit:
    """Return the spend model as it was fitted on that day, to show it beside the others."""
    some = (known.frequency == 0) | (known.spend > 0)
    return fit_gamma_gamma(known.frequency[some], known.spend[some])


def _brier(
    known: Known, chances: dict[str, Floats], edges: np.ndarray, later: tuple[np.ndarray, ...]
) -> dict[str, float]:
    """Return the errors of each customer's chance to buy within the time, beside naive ones."""
    customer, day, _ = later
    bought = np.zeros(known.customers)
    bought[customer[day <= edges[-1]]] = 1.0
    cells = known.cells
    did: Floats = np.bincount(known.cell, weights=bought, minlength=len(cells)).astype("float64")
    made = {name: brier(chance, did, cells.n) for name, chance in chances.items()}
    # Naive: who bought in as long a time before buys again, nobody else does; and: all are alike.
    span = int(edges[-1] - edges[0])
    lately = np.zeros(known.customers)
    again = known.repeat
    lately[known.customer[again][known.day[again] > known.last - span]] = 1.0
    alone = np.ones(known.customers)
    made[NAIVE[0]] = brier(lately, bought, alone)
    then = known.first <= known.last - span
    share = float(lately[then].mean()) if then.any() else float(lately.mean())
    made[NAIVE[2]] = brier(np.full(known.customers, share), bought, alone)
    return made
