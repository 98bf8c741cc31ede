"""What happens at Atlas Outfitters, before anybody writes it down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from workbench.data.demo.atlas.facts import (
    CHANNELS,
    CLOSED,
    DAYS,
    DESK,
    EXPERIMENTS,
    GIFT_MONTHS,
    GROUPS,
    MONTHS,
    PROCESS,
    SERIES,
    WEEKDAYS,
    ranges,
)
from workbench.data.demo.atlas.trials import assign_customers, measure, with_caused_orders
from workbench.data.demo.baskets import choose_by_group, mix_matrix
from workbench.data.demo.calendar import Calendar, make_calendar
from workbench.data.demo.catalogue import make_catalogue
from workbench.data.demo.experiments import Arms
from workbench.data.demo.marketing import (
    Campaigns,
    Touches,
    credit,
    plan_campaigns,
    touch_customers,
)
from workbench.data.demo.people import People, invent_people
from workbench.data.demo.purchases import Buyers, Orders, draw_buyers, simulate_orders
from workbench.data.demo.sales import Sales, sell
from workbench.data.demo.shared import Bools, Floats, Ints, Texts, numbered, stream
from workbench.data.demo.support import Cases, ask_after_orders

__all__ = ["AtlasWorld", "simulate_atlas"]


@dataclass(frozen=True)
class AtlasWorld:
    """All that happened at Atlas.

    Parameters
    ----------
    calendar, people
        Days, and persons (one per customer).
    buyers, group, alive
        What is hidden in each customer: process, index of the planted group, alive at the end.
    key, joined, consent
        Per customer: key, day number first known, whether marketing is allowed.
    sales, channel, credited
        What was sold, and per order its channel and campaign (-1: none).
    campaigns, touches, cases
        Marketing and support.
    arms, outcomes, effects
        Per experiment: assignments, outcome columns, and the truth.
    """

    calendar: Calendar
    people: People
    buyers: Buyers
    group: Ints
    alive: Bools
    key: Texts
    joined: Ints
    consent: Bools
    sales: Sales
    channel: Ints
    credited: Ints
    campaigns: Campaigns
    touches: Touches
    cases: Cases
    arms: dict[str, Arms]
    outcomes: dict[str, dict[str, Floats]]
    effects: dict[str, Any]


def simulate_atlas(seed: int, as_of: date, scale: float) -> AtlasWorld:
    """Return the world of Atlas.

    Parameters
    ----------
    seed, as_of, scale
        As for :func:`workbench.data.demo.write_demo`.
    """
    size = max(60, round(5000 * scale))
    calendar = make_calendar(as_of, days=DAYS, weekdays=WEEKDAYS, months=MONTHS, closed=CLOSED)
    buyers, group, base, alive = _purchases(stream(seed, "atlas", "purchases"), calendar, size)
    chance = stream(seed, "atlas", "experiments")
    arms = {
        name: assign_customers(chance, calendar, buyers.first_day, plan)
        for name, plan in EXPERIMENTS.items()
    }
    orders, caused = with_caused_orders(chance, calendar, base, buyers, arms)
    fill = stream(seed, "atlas", "baskets")
    order_group = group[orders.customer]
    shares = mix_matrix([g.channels for g in GROUPS], CHANNELS, 0.1)
    channel = choose_by_group(fill, shares, order_group)
    time = calendar.times(fill, orders.day, 7, 22)
    catalogue = make_catalogue("AT", ranges(), SERIES)
    sales = sell(fill, calendar, catalogue, orders, GROUPS, order_group, time)
    outcomes, effects = measure(chance, sales, caused, buyers, arms)

    people = invent_people(stream(seed, "atlas", "people"), size)
    market = stream(seed, "atlas", "marketing")
    consent = market.random(size) < 0.62
    joined = np.maximum(0, buyers.first_day - market.poisson(2, size))
    campaigns = plan_campaigns(market, calendar, "PR")
    touches = touch_customers(market, calendar, campaigns, joined, consent)
    cases = ask_after_orders(
        stream(seed, "atlas", "support"), DESK, 0.22, orders.customer, time, calendar.end, people
    )
    return AtlasWorld(
        calendar=calendar,
        people=people,
        buyers=buyers,
        group=group,
        alive=alive,
        key=numbered("AC", stream(seed, "atlas", "keys").permutation(size) + 100001, 6),
        joined=joined,
        consent=consent,
        sales=sales,
        channel=channel,
        credited=credit(market, touches, orders.customer, time),
        campaigns=campaigns,
        touches=touches,
        cases=cases,
        arms=arms,
        outcomes=outcomes,
        effects=effects,
    )


def _purchases(
    rng: np.random.Generator, calendar: Calendar, size: int
) -> tuple[Buyers, Ints, Orders, Bools]:
    """Return what is hidden in the customers, their groups, their orders, and who is alive."""
    gifts = make_calendar(
        calendar.as_of, days=DAYS, weekdays=WEEKDAYS, months=GIFT_MONTHS, closed=CLOSED
    )
    buyers = draw_buyers(rng, PROCESS, calendar, size, growth=0.2)
    group = _cut_into_groups(rng, buyers)
    gives = group == [g.name for g in GROUPS].index("gift_season")
    first_day = np.where(gives, gifts.draw_days(rng, size), buyers.first_day)
    buyers = replace(buyers, first_day=first_day)
    orders, alive = simulate_orders(rng, PROCESS, buyers, calendar, (gifts, gives))
    return buyers, group, orders, alive


def _cut_into_groups(rng: np.random.Generator, buyers: Buyers) -> Ints:
    """Cut the space of (rate, spend, dropout) into groups.

    The groups differ in how often and how richly they buy, yet over all customers rate, spend and
    dropout stay independent draws of the planted process, so that its parameters can be recovered.
    """
    size = len(buyers.rate)

    def rank(values: Floats) -> Floats:
        return np.argsort(np.argsort(values)) / size

    often, rich, leaves = rank(buyers.rate), rank(1 / buyers.nu), rank(buyers.dropout)
    rest = np.where(rng.random(size) < 0.42, 1, 3)
    group = np.where(leaves > 0.74, 4, rest)
    group = np.where(rich > 0.74, 2, group)
    return np.where(often > 0.72, 0, group).astype(np.int64)
