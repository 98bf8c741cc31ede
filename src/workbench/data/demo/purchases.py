"""Who buys when, and for how much: a BG/NBD process with gamma-gamma spend.

References
----------
Fader, Hardie & Lee (2005), "Counting your customers the easy way", Marketing Science 24.
Fader & Hardie (2013), "The Gamma-Gamma model of monetary value", brucehardie.com/notes/025.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from workbench.data.demo.calendar import Calendar
from workbench.data.demo.shared import Bools, Floats, Ints

__all__ = ["Buyers", "Orders", "Process", "draw_buyers", "simulate_orders"]


@dataclass(frozen=True)
class Process:
    """The planted parameters of a purchase process; time counts in weeks, money in pounds.

    Parameters
    ----------
    r, alpha
        Purchase rates are Gamma(r, rate alpha): on average r / alpha a week while a customer lives.
    a, b
        After each repeat purchase a customer leaves for good with probability p ~ Beta(a, b).
    spend_p, spend_q, spend_gamma
        An order's value is Gamma(p, rate nu) with nu ~ Gamma(q, rate gamma): on average
        p * gamma / (q - 1). Independent of rate and dropout.
    """

    r: float
    alpha: float
    a: float
    b: float
    spend_p: float
    spend_q: float
    spend_gamma: float

    def facts(self) -> dict[str, float]:
        """Return the parameters by name, with the mean order value that they imply."""
        mean = self.spend_p * self.spend_gamma / (self.spend_q - 1)
        return {**asdict(self), "mean_order_value": mean}


@dataclass(frozen=True)
class Buyers:
    """What is hidden in each customer, one element per customer in every array.

    Parameters
    ----------
    rate
        Purchases a week while alive.
    dropout
        Probability of leaving after a repeat purchase.
    nu
        Rate of the gamma from which order values come; the mean order value is ``spend_p / nu``.
    first_day
        Day number of the first purchase.
    """

    rate: Floats
    dropout: Floats
    nu: Floats
    first_day: Ints


@dataclass(frozen=True)
class Orders:
    """Orders sorted by day and customer, one element per order in every array.

    Parameters
    ----------
    customer
        Index of the customer.
    day
        Day number.
    value
        Planted value in pounds.
    """

    customer: Ints
    day: Ints
    value: Floats


def draw_buyers(
    rng: np.random.Generator, process: Process, calendar: Calendar, size: int, growth: float
) -> Buyers:
    """Return customers drawn from a process, with their first days drawn from the calendar."""
    return Buyers(
        rate=rng.gamma(process.r, 1 / process.alpha, size),
        dropout=np.clip(rng.beta(process.a, process.b, size), 1e-6, 1.0),
        nu=rng.gamma(process.spend_q, 1 / process.spend_gamma, size),
        first_day=calendar.draw_days(rng, size, growth),
    )


def simulate_orders(
    rng: np.random.Generator,
    process: Process,
    buyers: Buyers,
    calendar: Calendar,
    seasonal: tuple[Calendar, Bools] | None = None,
) -> tuple[Orders, Bools]:
    """Return all orders of all customers, and which customers are still alive on the last day.

    Parameters
    ----------
    rng
        Where chance comes from.
    process, buyers
        The planted process and what was drawn from it.
    calendar
        The days; purchases are a Poisson process in its operational time.
    seasonal
        Another calendar of the same days, and which customers live by that one.
    """
    size = len(buyers.rate)
    begin = calendar.elapsed[buyers.first_day + 1]
    end = np.full(size, calendar.elapsed[-1])
    if seasonal is not None:
        other, lives_by_it = seasonal
        begin = np.where(lives_by_it, other.elapsed[buyers.first_day + 1], begin)
        end = np.where(lives_by_it, other.elapsed[-1], end)
    # A Poisson process on an interval is a Poisson count of uniform moments; a geometric count of
    # them is lived through before the customer leaves.
    planned = rng.poisson(buyers.rate / 7 * (end - begin))
    until_leaving = rng.geometric(buyers.dropout)
    lived = np.minimum(planned, until_leaving)
    owner = np.repeat(np.arange(size), planned)
    moment = rng.random(len(owner)) * (end - begin)[owner] + begin[owner]
    order = np.lexsort((moment, owner))
    owner, moment = owner[order], moment[order]
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(planned) - planned, planned)
    kept = rank < lived[owner]
    owner, moment = owner[kept], moment[kept]
    day = calendar.day_at(moment)
    if seasonal is not None:
        day = np.where(seasonal[1][owner], seasonal[0].day_at(moment), day)
    customer = np.concatenate([np.arange(size), owner])
    all_days = np.concatenate([buyers.first_day, day])
    value = rng.gamma(process.spend_p, 1 / buyers.nu[customer])
    by_day = np.lexsort((customer, all_days))
    orders = Orders(customer[by_day], all_days[by_day], value[by_day])
    return orders, planned < until_leaving
