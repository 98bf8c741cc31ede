"""What known customers will do: repeat purchases, who is active, and what they spend, by period.

Futures are drawn: parameters from the normal distribution of their logarithms at the maximum, each
customer's purchases from the model, their amounts from what was spent so far. Weeks in which all
customers bought more or less than the model expects, beyond chance, go on as they did before
(`shocks.py`), the season comes again (`season.py`), and known events do what they did before
(`events.py`). Not in it: customers who are yet to come.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.errors import AnalysisError
from workbench.retention.events import EventFactor
from workbench.retention.futures import Futures
from workbench.retention.maximise import Floats
from workbench.retention.purchases.cells import Cells
from workbench.retention.purchases.drawing import Clock
from workbench.retention.purchases.fits import PurchaseFit
from workbench.retention.purchases.forecast import drawn_means, expected_path
from workbench.retention.purchases.log import WEEK, Known
from workbench.retention.purchases.season import months_of
from workbench.retention.purchases.shocks import (
    PeriodShocks,
    level_of,
    path_until,
    shaken,
    spread_of,
)
from workbench.retention.purchases.spending import Spending, spending_of

__all__ = ["QUANTITIES", "shocks_of", "weekly_purchases", "what_comes"]

Ints = npt.NDArray[np.int64]
QUANTITIES = ("orders", "active", "revenue")
"""Repeat purchases; customers with at least one; what they spend on them."""

_CUSTOMERS = 5_000  # drawn one by one; of a larger base so many stand for all
_COARSE = 20  # steps of the longest time, for how expected numbers move with the parameters
_SHARED = 3  # futures in a row that have the same parameters: who still buys costs most to tell
_WEEKS = (1, 2, 4)  # how long a stretch is within which all customers move together


@dataclass(frozen=True)
class _Steps:
    """Stretches of time within which nothing changes: in one week, one period, one month."""

    ends: Ints  # last days, after the day of the forecast
    month: Ints  # of the year, 0 for January
    shock: Ints  # which stretch of shocks each belongs to
    event: list[npt.NDArray[np.bool_]]  # by event, which belong to it


def weekly_purchases(known: Known, *, days: int) -> Ints:
    """Return repeat purchases by stretches of so many days, the last one ending with `last`.

    Parameters
    ----------
    known
        The customers with their purchases so far.
    days
        How long a stretch is.
    """
    again = known.day[known.repeat]
    before = max(-(-(known.last - known.begin) // days), 1)
    place = before - 1 - (known.last - again) // days
    return np.bincount(np.maximum(place, 0), minlength=before).astype("int64")


def shocks_of(known: Known, fit: PurchaseFit) -> tuple[PeriodShocks, int]:
    """Return how far all customers move together, and the days of a stretch in which they do.

    Stretches are a week long, or two or four where a week has too few purchases to tell.

    Parameters
    ----------
    known
        The customers that the model was fitted to.
    fit
        The fitted model.
    """
    found = PeriodShocks(0.0, 0.0, 0), 0
    for weeks in _WEEKS:
        days = int(weeks * WEEK)
        counted = weekly_purchases(known, days=days).astype("float64")
        ends = known.last - days * np.arange(len(counted) - 1, -1, -1)
        path = path_until(fit.model, known.cells, -known.weeks_until(ends))
        expected = np.diff(path, prepend=0.0)
        shocks = spread_of(expected, counted)
        found = level_of(shocks, expected, counted), days
        if not shocks.reason:
            break
    return found


def what_comes(
    known: Known,
    fit: PurchaseFit,
    bounds: Ints,
    *,
    seed: int,
    draws: int,
    events: tuple[EventFactor, ...] = (),
) -> Futures:
    """Return drawn futures of known customers.

    Parameters
    ----------
    known
        The customers that the model was fitted to, on the clock of their season.
    fit
        The fitted model; times in weeks.
    bounds
        Last days of the periods, the day itself first, shape (periods + 1,).
    seed
        Of the draws.
    draws
        How many futures, at least 100.
    events
        Known events to come.

    Raises
    ------
    AnalysisError
        When there is no fit, or too few draws.
    """
    if draws < 100:
        raise AnalysisError(f"draws == {draws}, must be >= 100", where="forecast")
    rng = np.random.default_rng(seed)
    shocks, days = shocks_of(known, fit)
    steps = _steps(bounds, days, events)
    pace = _pace(known, shocks, steps, events, draws, rng)
    base = _Base(known, rng)
    spending = spending_of(known)
    logs = _parameters(fit, draws, rng)
    size = len(bounds) - 1
    made = np.zeros((3, draws, size + 1))
    other = np.zeros((3, draws, size + 1)) if base.scale > 1 else made
    ends = (steps.ends - known.last) / WEEK
    for draw in range(draws):
        clock = Clock(ends, pace[draw])
        if draw % _SHARED == 0:
            model = fit.model_at(logs[draw])
            alive = model.p_alive_of(base.cells)
        for into in (made, other) if base.scale > 1 else (made,):
            times, row, who = model.draw_times(rng, clock.horizon, base.cells, clock, alive)
            place = np.searchsorted((bounds[1:] - known.last) / WEEK, times)
            bought = np.minimum(place, size - 1), base.customer_of(row, who), who
            into[:, draw] = _counted(bought, size, spending, rng)
    if base.scale > 1:
        made = _scaled(
            made, other, base.scale, _means(known, fit, base, (steps, pace, logs, bounds))
        )
        made[2] *= _per_purchase(known, fit, spending, bounds[-1:], made[0], made[2])
    named = dict(zip(QUANTITIES, made, strict=True))
    return Futures(bounds, fit.name, named)


def _parameters(fit: PurchaseFit, draws: int, rng: np.random.Generator) -> Floats:
    """Return logarithms of drawn parameters, shape (draws, parameters)."""
    some = -(-draws // _SHARED)
    logs = rng.multivariate_normal(fit.found.log_params, fit.found.cov, size=some, method="eigh")
    return np.repeat(logs, _SHARED, axis=0)[:draws]


class _Base:
    """The customers who are drawn one by one: all of them, or some who stand for all."""

    def __init__(self, known: Known, rng: np.random.Generator) -> None:
        size = known.customers
        self.scale = max(1.0, size / _CUSTOMERS)
        # In the order of the cells, so that what customers are called changes nothing.
        ordered = np.lexsort((known.spend, known.cell))
        if self.scale > 1:
            ordered = ordered[np.sort(rng.choice(size, _CUSTOMERS, replace=False))]
        self.customers = ordered
        n = np.bincount(known.cell[ordered], minlength=len(known.cells)).astype("float64")
        kept, cells = n > 0, known.cells
        self.cells = Cells(cells.frequency[kept], cells.recency[kept], cells.T[kept], n[kept])
        self.begins = np.cumsum(self.cells.n).astype("int64") - self.cells.n.astype("int64")

    def customer_of(self, row: Ints, who: Ints) -> Ints:
        """Return a customer for each purchase; customers of one row are alike to the model."""
        turn = who % self.cells.n[row].astype("int64")
        made: Ints = self.customers[self.begins[row] + turn]
        return made


def _steps(bounds: Ints, days: int, events: tuple[EventFactor, ...]) -> _Steps:
    first, last = int(bounds[0]), int(bounds[-1])
    cuts = {int(end) for end in bounds[1:]}
    cuts |= set(range(first + days, last, days))
    all_days = np.arange(first + 1, last + 1)
    cuts |= {int(end) for end in all_days[:-1][np.diff(months_of(all_days)) != 0]}
    for event in events:
        for begin, end in event.ahead:
            cuts |= {day for day in (begin - 1, end) if first < day < last}
    ends = np.array(sorted(cuts), dtype="int64")
    shock = (ends - first - 1) // days
    inside = [
        np.any([(ends >= begin) & (ends <= end) for begin, end in event.ahead], axis=0)
        for event in events
    ]
    return _Steps(ends, months_of(ends), shock, inside)


def _pace(
    known: Known,
    shocks: PeriodShocks,
    steps: _Steps,
    events: tuple[EventFactor, ...],
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """Return how many times as fast as usual customers buy, shape (draws, steps)."""
    pace = np.ones((draws, len(steps.ends)))
    if shocks.spread > 0:
        pace = shaken(shocks, (draws, int(steps.shock[-1]) + 1), rng)[:, steps.shock]
    for event, inside in zip(events, steps.event, strict=True):
        factor = np.exp(event.log_mean + event.log_error * rng.standard_normal(draws))
        pace = np.where(inside[None, :], pace * factor[:, None], pace)
    if not known.season.even:
        pace = pace * known.season.drawn(rng, draws)[:, steps.month]
    made: Floats = np.clip(pace, 1e-6, 1e6)
    return made


def _counted(
    bought: tuple[Ints, Ints, Ints], size: int, spending: Spending | None, rng: np.random.Generator
) -> Floats:
    """Return orders, active customers and revenue by period and whole, shape (3, size + 1)."""
    place, customer, who = bought
    made = np.zeros((3, size + 1))
    made[0, :size] = np.bincount(place, minlength=size)
    made[0, size] = len(place)
    bought_in = np.zeros((int(who.max(initial=-1)) + 1, size), dtype=bool)
    bought_in[who, place] = True
    made[1, :size] = bought_in.sum(axis=0)
    made[1, size] = bought_in.any(axis=1).sum()
    if spending is not None and len(place):
        spent = spending.draw(rng, customer, who)
        made[2, :size] = np.bincount(place, weights=spent, minlength=size)
        made[2, size] = spent.sum()
    return made


def _means(
    known: Known,
    fit: PurchaseFit,
    base: _Base,
    drawn: tuple[_Steps, Floats, Floats, Ints],
) -> Floats:
    """Return expected orders by period and of the whole of each drawn future."""
    steps, pace, logs, bounds = drawn
    ends, some = known.weeks_until(steps.ends), base.cells.coarse(_COARSE)
    beyond = pace / known.season.pace(steps.ends)
    by_step = drawn_means(fit, known.cells, ends, logs, shape=some) * beyond
    period = np.searchsorted(bounds[1:], steps.ends)
    made = np.zeros((len(logs), len(bounds)))
    for place in range(len(bounds) - 1):
        made[:, place] = by_step[:, period == place].sum(axis=1)
    made[:, -1] = by_step.sum(axis=1)
    return made


def _scaled(made: Floats, other: Floats, scale: float, means: Floats) -> Floats:
    """Return the futures of all customers from those of some.

    Two futures of one model differ by chance alone, by the more the more customers there are.
    """
    chance = (made - other) * np.sqrt(scale / 2)
    orders = made[0].mean(axis=0)
    ratio = made.mean(axis=1) / np.where(orders > 0, orders, 1.0)[None, :]
    whole: Floats = np.maximum(means[None, :, :] * ratio[:, None, :] + chance, 0.0)
    return whole


def _per_purchase(
    known: Known,
    fit: PurchaseFit,
    spending: Spending | None,
    end: Ints,
    orders: Floats,
    revenue: Floats,
) -> float:
    """Return by how much the customers who stand for all spend too little on a purchase."""
    if spending is None or not revenue[:, -1].sum() > 0:
        return 1.0
    path = expected_path(fit.model, known.cells, known.weeks_until(end), each=True)
    made = path[known.cell] / known.cells.n[known.cell]
    wanted = float((made * spending.mean).sum() / made.sum())
    return wanted / float(revenue[:, -1].mean() / orders[:, -1].mean())
