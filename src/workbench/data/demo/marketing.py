"""Campaigns, the contacts that they make, and the orders that are credited to them.

Contacts do not change what anybody buys: the planted causal effect of every campaign is nought, so
that a report which finds one has fooled itself. Only the experiments move customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from workbench.data.demo.calendar import Calendar
from workbench.data.demo.shared import Bools, Ints, Texts, Times, numbered, texts

__all__ = ["Campaigns", "Touches", "credit", "plan_campaigns", "touch_customers"]

# Medium: cost of one contact in tenths of a penny, share of customers reached, needs consent.
_MEDIA: dict[str, tuple[int, float, bool]] = {
    "email": (2, 0.42, True),
    "sms": (41, 0.12, True),
    "social": (148, 0.07, False),
    "search": (602, 0.03, False),
}
_SEASONS: tuple[tuple[int, int, int, str, tuple[str, ...]], ...] = (
    (1, 3, 18, "Winter clearance", ("social", "sms")),
    (4, 10, 14, "Spring into {y}", ("social", "search")),
    (7, 5, 21, "Summer holidays", ("social",)),
    (10, 1, 14, "Autumn {y}", ("search",)),
    (11, 20, 11, "Black Friday", ("sms", "search", "social")),
    (12, 1, 20, "Christmas", ("search", "social")),
)


@dataclass(frozen=True)
class Campaigns:
    """Campaigns by their beginning, one element per campaign in every array.

    Parameters
    ----------
    key, title, medium
        Its key, its title, and ``email``, ``sms``, ``social`` or ``search``.
    first, last
        Day numbers of the first and last day.
    fixed_cost
        What it costs besides its contacts, in whole pounds.
    """

    key: Texts
    title: Texts
    medium: Texts
    first: Ints
    last: Ints
    fixed_cost: Ints


@dataclass(frozen=True)
class Touches:
    """Contacts sorted by time, one element per contact in every array.

    Parameters
    ----------
    customer, campaign
        Indices.
    time
        When, to the minute.
    cost
        In tenths of a penny.
    """

    customer: Ints
    campaign: Ints
    time: Times
    cost: Ints


def plan_campaigns(rng: np.random.Generator, calendar: Calendar, prefix: str) -> Campaigns:
    """Return a newsletter for every month and pushes in the seasons, within the calendar."""
    rows: list[tuple[date, int, str, str]] = []
    for year in range(calendar.start.year, calendar.as_of.year + 1):
        for month in range(1, 13):
            sent = date(year, month, 4)
            rows.append((sent, 6, f"Newsletter {sent:%Y-%m}", "email"))
        for month, day, length, title, media in _SEASONS:
            name = title.format(y=year)
            rows.extend((date(year, month, day), length, name, medium) for medium in media)
    held = sorted(
        (
            row
            for row in rows
            if calendar.start <= row[0] <= calendar.as_of - timedelta(days=row[1])
        ),
        key=lambda row: (row[0], row[3]),
    )
    first = np.array([(sent - calendar.start).days for sent, *_ in held], dtype=np.int64)
    lengths = np.array([days for _, days, *_ in held], dtype=np.int64)
    return Campaigns(
        key=numbered(prefix, range(1, len(held) + 1), 3),
        title=texts([row[2] for row in held]),
        medium=texts([row[3] for row in held]),
        first=first,
        last=first + lengths,
        fixed_cost=rng.integers(3, 30, len(held)) * 50,
    )


def touch_customers(
    rng: np.random.Generator,
    calendar: Calendar,
    campaigns: Campaigns,
    joined: Ints,
    consent: Bools,
    reach: float = 1.0,
) -> Touches:
    """Return the contacts of all campaigns.

    Parameters
    ----------
    rng, calendar, campaigns
        Chance, days and campaigns.
    joined
        Day number on which each customer was first known.
    consent
        Whether each customer allows marketing; e-mail and text messages need it.
    reach
        Multiplies the share of customers that each medium reaches.
    """
    who, which = [], []
    for number, medium in enumerate(campaigns.medium.tolist()):
        _, share, needs_consent = _MEDIA[medium]
        may = (joined <= campaigns.first[number]) & (consent | (not needs_consent))
        met = np.flatnonzero(may & (rng.random(len(joined)) < share * reach))
        who.append(met)
        which.append(np.full(len(met), number))
    customer, campaign = np.concatenate(who), np.concatenate(which)
    length = campaigns.last[campaign] - campaigns.first[campaign]
    day = campaigns.first[campaign] + (rng.random(len(customer)) * length).astype(np.int64)
    time = calendar.times(rng, day, 7, 22)
    cost = np.array([_MEDIA[m][0] for m in campaigns.medium.tolist()])[campaign]
    order = np.lexsort((customer, time))
    return Touches(customer[order], campaign[order], time[order], cost[order])


def credit(
    rng: np.random.Generator, touches: Touches, customer: Ints, time: Times, days: int = 7
) -> Ints:
    """Return the campaign credited with each order, -1 for none: the last contact before it.

    Parameters
    ----------
    rng
        Two of five orders after a contact carry no code.
    touches
        All contacts.
    customer, time
        Of each order.
    days
        How long a contact counts.
    """
    span = np.int64(2) ** 32

    def key(who: Ints, when: Times) -> Ints:
        minutes: Ints = when.astype("datetime64[m]").astype(np.int64)
        return who * span + minutes

    known = key(touches.customer, touches.time)
    order = np.argsort(known, kind="stable")
    known = known[order]
    wanted = key(customer, time)
    before = np.searchsorted(known, wanted, side="right") - 1
    near = (before >= 0) & (wanted - known[before] <= days * 24 * 60)
    carries = near & (rng.random(len(customer)) < 0.6)
    return np.where(carries, touches.campaign[order][before], -1)
