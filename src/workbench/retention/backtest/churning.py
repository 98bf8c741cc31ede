"""Trials of the renewal model, beside forecasts of subscriptions that need no model.

- last period: as many end in each period as ended in the last one;
- same season: as many as in the same period a year before;
- cohort average: subscriptions of an age end as earlier ones did at that age;
- past rate: the share that ended in a period so far ends in each, whatever its age.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

from workbench.retention.backtest.trials import Trial, brier, changes_of
from workbench.retention.contracts import ContractLog, Contracts, renewals_made
from workbench.retention.futures import Futures
from workbench.retention.maximise import Floats
from workbench.retention.renewing import STAYING, ended_by_period, fit_contracts, what_stays
from workbench.retention.spans import PER_YEAR, bounds

__all__ = ["NAIVE_CHURN", "naive_churn", "try_renewals"]

Ints = npt.NDArray[np.int64]
NAIVE_CHURN = ("last period", "same season", "cohort average", "past rate")
_ENOUGH = 20  # subscriptions of an age, for an average


def naive_churn(
    contracts: Contracts, grain: str, size: int
) -> tuple[dict[str, dict[str, Floats]], dict[str, Floats]]:
    """Return method -> number -> forecast by period, and method -> each one's chance to end.

    Parameters
    ----------
    contracts
        What was known on a day.
    grain
        `week`, `month`, `quarter` or `year`.
    size
        How many periods are forecast.
    """
    _, past = ended_by_period(contracts, grain)
    running = contracts.running
    start = contracts.start[running]
    done = renewals_made(start, np.full(len(start), contracts.last), grain)
    rates = _rates(contracts, grain)
    ages, risk, gone = rates
    last = int(ages[risk >= min(_ENOUGH, int(risk.max()))][-1])
    by_age = gone / np.maximum(risk, 1)
    overall = float(gone.sum() / max(risk.sum(), 1))
    there = float(running.sum())
    paths: dict[str, Floats] = {}
    stays = np.ones((len(done), size + 1))
    for step in range(size):
        stays[:, step + 1] = stays[:, step] * (1 - by_age[np.minimum(done + step, last)])
    paths[NAIVE_CHURN[2]] = -np.diff(stays.sum(axis=0))
    paths[NAIVE_CHURN[3]] = there * overall * (1 - overall) ** np.arange(size, dtype="float64")
    if len(past):
        paths[NAIVE_CHURN[0]] = np.full(size, past[-1])
    year = PER_YEAR[grain]
    if len(past) >= year:
        paths[NAIVE_CHURN[1]] = past[-year:][np.arange(size) % year]
    pays = float(contracts.amount[running].sum()) / max(there, 1.0)
    made = {}
    for method, ended in paths.items():
        left = np.maximum(there - np.cumsum(ended), 0.0)
        made[method] = dict(zip(STAYING, (ended, left, left * pays), strict=True))
    chances = {
        NAIVE_CHURN[2]: 1 - stays[:, -1],
        NAIVE_CHURN[3]: np.full(len(done), 1 - (1 - overall) ** size),
    }
    return made, chances


def _rates(contracts: Contracts, grain: str) -> tuple[Ints, Ints, Ints]:
    """Return ages, how many came to the renewal after each, and how many ended at it."""
    period, gone, n = contracts.lives(grain)
    top = int(period.max()) + 1
    ended = np.bincount(np.where(gone, period - 1, 0), weights=n * gone, minlength=top)
    stood = np.bincount(period, weights=n * ~gone, minlength=top)
    # Those still there after k renewals came to the renewals after ages 0 to k - 1.
    risk = np.cumsum((ended + np.append(stood[1:], 0.0)[:top])[::-1])[::-1]
    return np.arange(top), risk.astype("int64"), ended.astype("int64")


def try_renewals(
    log: ContractLog, origin: date, grain: str, *, ahead: int, seed: int, draws: int
) -> Trial:
    """Return the trial of the renewal model from one earlier day.

    Parameters
    ----------
    log
        All spells; what happened after the day is read to see what came, and for nothing else.
    origin
        The day.
    grain
        `week`, `month`, `quarter` or `year`.
    ahead
        How many periods are forecast.
    seed, draws
        Of the futures.
    """
    known = log.until(origin.toordinal())
    edges = bounds(origin, grain, back=0, ahead=ahead)
    fit = fit_contracts(known, grain)
    running = known.running
    usable = fit.converged and bool(running.any())
    futures: dict[str, Futures] = {}
    if usable:
        futures[fit.name] = what_stays(known, fit, edges, grain, seed=seed, draws=draws)
    naive, chances = naive_churn(known, grain, ahead)
    there = log.still_there(known, edges)
    if usable:
        start = known.start[running]
        done = renewals_made(start, np.full(len(start), known.last), grain)
        chances[fit.name] = 1 - fit.model.survival(done + ahead) / fit.model.survival(done)
    gone = (~there[:, -1]).astype("float64")
    _, past = ended_by_period(known, grain)
    return Trial(
        bounds=edges,
        customers=len(known.who),
        chosen=fit.name if usable else "",
        futures=futures,
        naive=naive,
        actual=_actual(known, there),
        scale=dict.fromkeys(STAYING, None) | {"ended": changes_of(past)},
        brier={
            name: brier(chance, gone, np.ones(len(gone)))
            for name, chance in chances.items()
            if len(gone)
        },
        fits=(fit,),
        reason="" if usable else fit.reason or "No subscription runs.",
    )


def _actual(known: Contracts, there: npt.NDArray[np.bool_]) -> dict[str, Floats]:
    active = there.sum(axis=0).astype("float64")
    whole = float(len(there))
    ended = -np.diff(active, prepend=whole)
    revenue = known.amount[known.running] @ there
    made = np.append(ended, whole - active[-1]), active, revenue.astype("float64")
    return dict(zip(STAYING, made, strict=True))
