"""Controlled experiments: who gets what, and what is counted afterwards.

An effect is planted in the customers' behaviour (more orders, fewer cancellations), not in the
outcome column: so the outcomes agree with the orders, and the true effect on the customers at hand
is known exactly, because what each of them would have done otherwise is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.data.demo.calendar import Calendar
from workbench.data.demo.shared import Floats, Ints, Times, choose

__all__ = ["Arms", "Ledger", "assign", "draw_extra_orders"]

_SPAN = np.int64(2) ** 32


@dataclass(frozen=True)
class Arms:
    """Who was assigned to what, sorted by time, one element per assignment in every array.

    Parameters
    ----------
    customer
        Index of the customer.
    variant
        Index of the variant.
    time
        When, to the minute.
    """

    customer: Ints
    variant: Ints
    time: Times


class Ledger:
    """Sums of a quantity per customer over a window of time.

    Parameters
    ----------
    customer, time, value
        One element per event.
    """

    def __init__(self, customer: Ints, time: Times, value: Floats) -> None:
        key = self._key(customer, time)
        order = np.argsort(key, kind="stable")
        self._keys = key[order]
        self._sums = np.concatenate([[0.0], np.cumsum(value[order])])

    @staticmethod
    def _key(customer: Ints, time: Times) -> Ints:
        minutes: Ints = time.astype("datetime64[m]").astype(np.int64)
        return customer * _SPAN + minutes

    def total(self, customer: Ints, since: Times, days: int) -> Floats:
        """Return the sums in the ``days`` from ``since`` on, or before it when negative."""
        other = since + np.timedelta64(days, "D")
        low, high = (since, other) if days >= 0 else (other, since)
        begin = np.searchsorted(self._keys, self._key(customer, low), side="left")
        end = np.searchsorted(self._keys, self._key(customer, high), side="left")
        difference: Floats = self._sums[end] - self._sums[begin]
        return difference


def assign(
    rng: np.random.Generator,
    calendar: Calendar,
    eligible: Ints,
    shares: tuple[float, ...],
    first_day: int,
    days: int,
) -> Arms:
    """Return a random assignment of customers to variants over some days.

    Parameters
    ----------
    rng, calendar
        Chance and days.
    eligible
        Indices of the customers.
    shares
        Probability of each variant.
    first_day, days
        Day number on which assigning begins, and how many days it takes.
    """
    variant = choose(rng, np.array(shares), len(eligible))
    time = calendar.times(rng, first_day + rng.integers(0, days, len(eligible)), 6, 23)
    order = np.lexsort((eligible, time))
    return Arms(eligible[order], variant[order], time[order])


def draw_extra_orders(
    rng: np.random.Generator, calendar: Calendar, arms: Arms, variant: int, chance: float, days: int
) -> tuple[Ints, Ints]:
    """Return customer and day number of the orders that a variant causes.

    Parameters
    ----------
    rng, calendar, arms
        Chance, days, and who was assigned to what.
    variant
        The variant that has an effect.
    chance
        Probability that a customer of it places one more order.
    days
        The order falls on one of the full days within so many days after assignment.
    """
    moved = (arms.variant == variant) & (rng.random(len(arms.variant)) < chance)
    first = np.datetime64(calendar.start, "D")
    day = (arms.time[moved].astype("datetime64[D]") - first).astype(np.int64)
    return arms.customer[moved], day + rng.integers(1, days - 1, int(moved.sum()))
