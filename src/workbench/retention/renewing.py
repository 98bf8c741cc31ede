"""What becomes of the subscriptions that run: how many end, how many stay, and what these pay.

Futures are drawn: parameters from the normal distribution of their logarithms at the maximum, then
who ends. Periods in which more or fewer ended than the model expects, beyond chance, go on as they
did before (`purchases/shocks.py`). Not in it: subscriptions that are yet to come, those that come
back, and changes of plan or price.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

from workbench.errors import AnalysisError
from workbench.retention.contracts import Contracts, renewals_made
from workbench.retention.futures import Futures
from workbench.retention.maximise import Floats
from workbench.retention.purchases.shocks import PeriodShocks, level_of, shaken, spread_of
from workbench.retention.renewals import RenewalFit, ShiftedBetaGeometric, fit_renewals
from workbench.retention.spans import bounds, moved

__all__ = ["STAYING", "ended_by_period", "fit_contracts", "renewal_shocks", "what_stays"]

Ints = npt.NDArray[np.int64]
STAYING = ("ended", "active", "revenue")
"""Subscriptions that end in a period; that still run at its end; what these pay a month."""

_MOST = 0.999  # no chance to leave is higher, however strong a shock


def fit_contracts(contracts: Contracts, grain: str) -> RenewalFit:
    """Return the renewal model fitted to what was known of subscriptions.

    Parameters
    ----------
    contracts
        The subscriptions.
    grain
        How long the time between two renewals is.
    """
    period, gone, n = contracts.lives(grain)
    return fit_renewals(period, gone, n=n)


def ended_by_period(contracts: Contracts, grain: str) -> tuple[Ints, Floats]:
    """Return the whole periods before a day, and how many subscriptions ended in each.

    Parameters
    ----------
    contracts
        What was known on that day.
    grain
        `week`, `month`, `quarter` or `year`.
    """
    day, back = date.fromordinal(contracts.last), 0
    while moved(day, grain, -back - 1).toordinal() >= contracts.begin - 1:
        back += 1
    edges = bounds(day, grain, back=back, ahead=0)
    gone = contracts.end[~contracts.running]
    counts, _ = np.histogram(gone, bins=edges + 0.5) if back else (np.empty(0), None)
    return edges, counts.astype("float64")


def renewal_shocks(contracts: Contracts, model: ShiftedBetaGeometric, grain: str) -> PeriodShocks:
    """Return how far periods differ in how many subscriptions end, beyond chance.

    Parameters
    ----------
    contracts
        The subscriptions that the model was fitted to.
    model
        The fitted model.
    grain
        `week`, `month`, `quarter` or `year`.
    """
    edges, counts = ended_by_period(contracts, grain)
    expected = np.zeros(len(counts))
    for place in range(len(counts)):
        day = int(edges[place])
        there = (contracts.start <= day) & (contracts.end > day)
        done = renewals_made(contracts.start[there], np.full(int(there.sum()), day), grain)
        expected[place] = (1 - model.retention_rate(done + 1.0)).sum()
    # Subscriptions that begin within a period may end within it, too, but they are few.
    return level_of(spread_of(expected, counts), expected, counts)


def what_stays(
    contracts: Contracts,
    fit: RenewalFit,
    edges: Ints,
    grain: str,
    *,
    seed: int,
    draws: int,
) -> Futures:
    """Return drawn futures of the subscriptions that run.

    Parameters
    ----------
    contracts
        The subscriptions that the model was fitted to.
    fit
        The fitted model.
    edges
        Last days of the periods to come, the day itself first, shape (periods + 1,).
    grain
        Of these periods.
    seed
        Of the draws.
    draws
        How many futures, at least 100.

    Raises
    ------
    AnalysisError
        When there is no fit, too few draws, or no subscription runs.
    """
    if draws < 100:
        raise AnalysisError(f"draws == {draws}, must be >= 100", where="forecast")
    running = contracts.running
    if not running.any():
        raise AnalysisError("no subscription runs", where="forecast", fix="Check as_of.")
    rng = np.random.default_rng(seed)
    size = len(edges) - 1
    shocks = renewal_shocks(contracts, fit.model, grain)
    rows, n, paid, spread = _by_age(contracts, grain)
    logs = rng.multivariate_normal(fit.found.log_params, fit.found.cov, size=draws, method="eigh")
    alpha, beta = (np.exp(logs[:, k])[:, None] for k in (0, 1))
    pace = np.ones((draws, size))
    if shocks.spread > 0:
        pace = shaken(shocks, (draws, size), rng)
    left = np.broadcast_to(n, (draws, len(rows))).copy()
    active, revenue = np.empty((draws, size)), np.empty((draws, size))
    for step in range(size):
        leave = alpha / (alpha + beta + rows[None, :] + step) * pace[:, step : step + 1]
        left = rng.binomial(left, 1 - np.clip(leave, 0.0, _MOST))
        active[:, step] = left.sum(axis=1)
        # Which of a row's subscriptions are left is chance, and they pay differently.
        chance = left * (n - left) / np.maximum(n - 1, 1) * np.maximum(spread, 0.0)
        mean, error = (left * (paid / n)).sum(axis=1), np.sqrt(chance.sum(axis=1))
        revenue[:, step] = np.maximum(mean + error * rng.standard_normal(draws), 0.0)
    before = np.concatenate([np.full((draws, 1), n.sum()), active[:, :-1]], axis=1)
    ended = np.concatenate([before - active, (n.sum() - active[:, -1:])], axis=1)
    return Futures(edges, fit.name, dict(zip(STAYING, (ended, active, revenue), strict=True)))


def _by_age(contracts: Contracts, grain: str) -> tuple[Ints, Ints, Floats, Floats]:
    """Return renewals so far, how many run, what they pay, and the variance of what one pays."""
    start, amount = contracts.start[contracts.running], contracts.amount[contracts.running]
    done = renewals_made(start, np.full(len(start), contracts.last), grain)
    found, place = np.unique(done, return_inverse=True)
    rows, n = found.astype("int64"), np.bincount(place).astype("int64")
    paid: Floats = np.bincount(place, weights=amount).astype("float64")
    squares: Floats = np.bincount(place, weights=amount**2).astype("float64")
    return rows, n, paid, squares / n - (paid / n) ** 2
