"""Spells of subscriptions and support tickets, cut out of month-by-month lives."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from workbench.data.demo.calendar import Calendar
from workbench.data.demo.cirrus.facts import REASONS
from workbench.data.demo.shared import Ints, Texts, Times, pick
from workbench.data.demo.subscriptions import Lives

__all__ = ["Spells", "cut_spells", "join_spells", "tickets_of"]


@dataclass(frozen=True)
class Spells:
    """Spells by their beginning, one element per spell in every array.

    Parameters
    ----------
    subscription
        Number of the subscription.
    customer
        Index of the customer.
    start, end
        Days; not-a-time while it runs.
    plan
        0, 1, 2.
    reason
        Why it ended; ``plan_change`` where the next spell follows at once; empty while it runs.
    """

    subscription: Ints
    customer: Ints
    start: Times
    end: Times
    plan: Ints
    reason: Texts


def cut_spells(
    rng: np.random.Generator, lives: Lives, customer: Ints, number: Ints, last: np.datetime64
) -> Spells:
    """Return spells of one plan each.

    Parameters
    ----------
    rng
        Chance of the reason for leaving.
    lives
        The subscriptions.
    customer, number
        Index of the customer, and number of the subscription, per row of ``lives``.
    last
        The last day: plans that would begin later are not known yet.
    """
    _, months = lives.plan.shape
    stop = np.where(lives.ended > 0, lives.ended, months)
    begins = np.ones_like(lives.plan, dtype=np.bool_)
    begins[:, 1:] = lives.plan[:, 1:] != lives.plan[:, :-1]
    begins &= (np.arange(months)[None, :] < stop[:, None]) & (lives.renewal <= last)
    row, month = np.nonzero(begins)
    goes_on = np.append(row[1:] == row[:-1], False)
    ended = lives.ended[row]
    end = lives.renewal[row, np.where(goes_on, np.append(month[1:], 0), ended)].copy()
    runs = ~goes_on & (ended == 0)
    end[runs] = np.datetime64("NaT", "D")
    why = np.where(lives.failed[row], "payment_failed", pick(rng, REASONS, len(row)))
    reason = np.where(goes_on, "plan_change", np.where(runs, "", why)).astype(object)
    start, plan = lives.renewal[row, month], lives.plan[row, month]
    return Spells(number[row], customer[row], start, end, plan, reason)


def join_spells(parts: list[Spells]) -> Spells:
    """Return several sets of spells as one, by their beginning."""
    names = [part.name for part in fields(Spells)]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    order = np.lexsort((joined["subscription"], joined["start"]))
    return Spells(**{name: values[order] for name, values in joined.items()})


def tickets_of(
    rng: np.random.Generator, lives: Lives, customer: Ints, calendar: Calendar
) -> tuple[Ints, Times]:
    """Return customer and time of every ticket that was opened while subscribed."""
    _, months = lives.tickets.shape
    stop = np.where(lives.ended > 0, lives.ended, months - 1)
    counts = np.where(np.arange(months)[None, :] < stop[:, None], lives.tickets, 0)
    row, month = np.nonzero(counts)
    row, month = np.repeat(row, counts[row, month]), np.repeat(month, counts[row, month])
    begin = lives.renewal[row, month]
    length = (lives.renewal[row, month + 1] - begin).astype(np.int64)
    offset = (rng.random(len(row)) * length).astype(np.int64)
    first = np.datetime64(calendar.start, "D")
    day = (begin - first).astype(np.int64) + offset
    seen = day < calendar.days
    return customer[row[seen]], calendar.times(rng, day[seen], 7, 19)
