"""Atlas Outfitters: a retailer with five kinds of customers, three experiments and few errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.data.demo.atlas_facts import (
    DESK,
    EXPERIMENTS,
    GROUPS,
    PROCESS,
    SERIES,
    ranges,
)
from workbench.data.demo.atlas_files import atlas_files
from workbench.data.demo.baskets import (
    Lines,
    choose_by_group,
    fill_baskets,
    mix_matrix,
    return_lines,
)
from workbench.data.demo.calendar import Calendar, make_calendar
from workbench.data.demo.catalogue import Catalogue, make_catalogue
from workbench.data.demo.experiments import Arms, Ledger, assign, draw_extra_orders
from workbench.data.demo.marketing import (
    Campaigns,
    Touches,
    credit,
    plan_campaigns,
    touch_customers,
)
from workbench.data.demo.people import People, invent_people
from workbench.data.demo.purchases import Buyers, Orders, draw_buyers, simulate_orders
from workbench.data.demo.shared import (
    Bools,
    Floats,
    Ints,
    Texts,
    Times,
    fixed,
    numbered,
    stream,
    texts,
)
from workbench.data.demo.support import Cases, open_cases
from workbench.data.demo.truth import UnitTruth

__all__ = ["AtlasWorld", "write_atlas"]

_DAYS = 910  # 130 weeks
_MONTHS = (0.92, 0.90, 0.95, 1.0, 1.04, 1.05, 1.02, 0.98, 0.98, 1.0, 1.06, 1.10)
_GIFT_MONTHS = (0.10, 0.25, 0.35, 0.30, 0.55, 0.30, 0.10, 0.10, 0.20, 0.60, 3.55, 5.60)
_WEEKDAYS = (0.85, 0.85, 0.90, 0.95, 1.10, 1.35, 1.0)
_CLOSED = ((12, 25), (1, 1))


@dataclass(frozen=True)
class AtlasWorld:
    """All that happened at Atlas, before anybody wrote it down.

    Parameters
    ----------
    calendar, catalogue, people
        Days, products, persons (one per customer).
    buyers, group, alive
        What is hidden in each customer: process, index of the planted group, alive at the end.
    key, joined, consent
        Per customer: key, day number first known, whether marketing is allowed.
    orders, order_time, order_channel, order_credit, caused
        Orders, and per order: time, channel, campaign (-1: none), whether an experiment caused it.
    lines
        What was sold.
    back, back_time, back_quantity
        Index of each line that came back, when, and how many units.
    campaigns, touches, cases
        Marketing and support.
    arms, outcomes
        Per experiment: assignments and outcome columns.
    """

    calendar: Calendar
    catalogue: Catalogue
    people: People
    buyers: Buyers
    group: Ints
    alive: Bools
    key: Texts
    joined: Ints
    consent: Bools
    orders: Orders
    order_time: Times
    order_channel: Ints
    order_credit: Ints
    caused: Bools
    lines: Lines
    back: Ints
    back_time: Times
    back_quantity: Ints
    campaigns: Campaigns
    touches: Touches
    cases: Cases
    arms: dict[str, Arms]
    outcomes: dict[str, dict[str, Floats]]


def write_atlas(folder: Path, *, seed: int, as_of: date, scale: float) -> UnitTruth:
    """Simulate the unit, write its raw files to ``folder/atlas`` and return the planted truth."""
    world, effects = _simulate(seed, as_of, scale)
    totals, planted = atlas_files(folder, world, stream(seed, "atlas", "dirt"))
    facts: dict[str, Any] = {
        "as_of": as_of.isoformat(),
        "seed": seed,
        "start": world.calendar.start.isoformat(),
        "purchases": PROCESS.facts(),
        "groups": _group_facts(world),
        "experiments": effects,
        "totals": totals,
    }
    return UnitTruth(
        unit="atlas",
        facts=facts,
        customers=_customer_truth(world),
        errors=planted,
        duplicates=pd.DataFrame(
            columns=["customer_id_a", "customer_id_b", "source_a", "source_b", "how"]
        ),
        overlap=pd.DataFrame(columns=["table", "key", "row_a", "row_b", "conflict"]),
    )


def _simulate(seed: int, as_of: date, scale: float) -> tuple[AtlasWorld, dict[str, Any]]:
    size = max(60, round(5000 * scale))
    calendar = make_calendar(as_of, days=_DAYS, weekdays=_WEEKDAYS, months=_MONTHS, closed=_CLOSED)
    gifts = make_calendar(
        as_of, days=_DAYS, weekdays=_WEEKDAYS, months=_GIFT_MONTHS, closed=_CLOSED
    )
    rng = stream(seed, "atlas", "purchases")
    buyers = draw_buyers(rng, PROCESS, calendar, size, growth=0.2)
    group = _assign_groups(rng, buyers)
    is_gift = group == [g.name for g in GROUPS].index("gift_season")
    buyers = replace(
        buyers, first_day=np.where(is_gift, gifts.draw_days(rng, size), buyers.first_day)
    )
    base, alive = simulate_orders(rng, PROCESS, buyers, calendar, (gifts, is_gift))

    chance = stream(seed, "atlas", "experiments")
    arms = {name: _assign(chance, calendar, buyers.first_day, name) for name in EXPERIMENTS}
    orders, caused = _with_caused(chance, calendar, base, buyers, arms)

    catalogue = make_catalogue("AT", ranges(), SERIES)
    fill = stream(seed, "atlas", "baskets")
    order_group = group[orders.customer]
    lines = fill_baskets(fill, orders.value, order_group, GROUPS, catalogue)
    channels = tuple(dict.fromkeys(c for g in GROUPS for c in g.channels))
    shares = mix_matrix([g.channels for g in GROUPS], channels, 0.1)
    order_channel = choose_by_group(fill, shares, order_group)
    order_time = calendar.times(fill, orders.day, 7, 22)
    returned = np.array([g.returned for g in GROUPS])[order_group[lines.order]]
    back, back_day, one_only = return_lines(
        fill, lines, returned, orders.day[lines.order], calendar.days - 1
    )
    back_quantity = np.where(one_only, 1, lines.quantity[back])

    people = invent_people(stream(seed, "atlas", "people"), size)
    more = stream(seed, "atlas", "marketing")
    consent = more.random(size) < 0.62
    joined = np.maximum(0, buyers.first_day - more.poisson(2, size))
    campaigns = plan_campaigns(more, calendar, "PR")
    touches = touch_customers(more, calendar, campaigns, joined, consent)
    help_rng = stream(seed, "atlas", "support")
    asks = np.flatnonzero(help_rng.random(len(orders.day)) < 0.22)
    opened = order_time[asks] + (help_rng.gamma(1.5, 3.0, len(asks)) * 1440 + 30).astype(
        "timedelta64[m]"
    )
    seen = opened < calendar.end
    cases = open_cases(
        help_rng,
        DESK,
        orders.customer[asks][seen],
        opened[seen],
        calendar.end,
        (_full_names(people), people.email, people.phone),
    )
    world = AtlasWorld(
        calendar=calendar,
        catalogue=catalogue,
        people=people,
        buyers=buyers,
        group=group,
        alive=alive,
        key=numbered("AC", stream(seed, "atlas", "keys").permutation(size) + 100001, 6),
        joined=joined,
        consent=consent,
        orders=orders,
        order_time=order_time,
        order_channel=order_channel,
        order_credit=credit(more, touches, orders.customer, order_time),
        caused=caused,
        lines=lines,
        back=back,
        back_time=calendar.times(fill, back_day, 9, 20),
        back_quantity=back_quantity,
        campaigns=campaigns,
        touches=touches,
        cases=cases,
        arms=arms,
        outcomes={},
    )
    return _with_outcomes(chance, world)


def _assign_groups(rng: np.random.Generator, buyers: Buyers) -> Ints:
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


def _assign(rng: np.random.Generator, calendar: Calendar, first_day: Ints, name: str) -> Arms:
    plan = EXPERIMENTS[name]
    start = calendar.days - 1 - plan.days_ago
    known = np.flatnonzero(first_day < start)
    eligible = np.sort(rng.permutation(known)[: round(len(known) * plan.share_of_known)])
    arms = assign(rng, calendar, eligible, plan.actual_shares, start, plan.days)
    if not plan.in_both:
        return arms
    # The fault: a cache served some customers the other variant too, days later.
    again = rng.permutation(len(arms.customer))[: max(3, round(len(arms.customer) * plan.in_both))]
    later = arms.time[again] + np.timedelta64(2, "D")
    customer = np.concatenate([arms.customer, arms.customer[again]])
    variant = np.concatenate([arms.variant, 1 - arms.variant[again]])
    time = np.concatenate([arms.time, later])
    order = np.lexsort((customer, time))
    return Arms(customer[order], variant[order], time[order])


def _with_caused(
    rng: np.random.Generator,
    calendar: Calendar,
    base: Orders,
    buyers: Buyers,
    arms: dict[str, Arms],
) -> tuple[Orders, Bools]:
    """Add the orders that the one experiment with an effect causes."""
    name, plan = next((n, p) for n, p in EXPERIMENTS.items() if p.chance_of_order)
    who, day = draw_extra_orders(rng, calendar, arms[name], 1, plan.chance_of_order, plan.window)
    value = rng.gamma(PROCESS.spend_p, 1 / buyers.nu[who])
    customer, days = np.concatenate([base.customer, who]), np.concatenate([base.day, day])
    order = np.lexsort((customer, days))
    caused = np.concatenate([np.zeros(len(base.day), bool), np.ones(len(who), bool)])
    values = np.concatenate([base.value, value])
    return Orders(customer[order], days[order], values[order]), caused[order]


def _with_outcomes(
    rng: np.random.Generator, world: AtlasWorld
) -> tuple[AtlasWorld, dict[str, Any]]:
    """Count the outcomes of every experiment in the orders, and the true effects."""
    lines, orders = world.lines, world.orders
    pounds = lines.amount(world.catalogue) / 100
    paid_each = pounds / lines.quantity
    refund = -paid_each[world.back] * world.back_quantity
    sold_by, sold_at = orders.customer[lines.order], world.order_time[lines.order]
    who = np.concatenate([sold_by, sold_by[world.back]])
    when = np.concatenate([sold_at, world.back_time])
    value = np.concatenate([pounds, refund])
    natural = ~np.concatenate([world.caused[lines.order], world.caused[lines.order][world.back]])
    spend = Ledger(who, when, value)
    spend_natural = Ledger(who[natural], when[natural], value[natural])
    one = np.ones(len(orders.day))
    count = Ledger(orders.customer, world.order_time, one)
    kept = ~world.caused
    count_natural = Ledger(orders.customer[kept], world.order_time[kept], one[kept])
    outcomes, effects = {}, {}
    for name, plan in EXPERIMENTS.items():
        arm = world.arms[name]
        since = (arm.customer, arm.time)
        placed, placed_natural = (
            count.total(*since, plan.window),
            count_natural.total(*since, plan.window),
        )
        spent, spent_natural = (
            spend.total(*since, plan.window),
            spend_natural.total(*since, plan.window),
        )
        outcomes[name] = {
            "bought": (placed > 0).astype(np.float64),
            "orders": placed,
            "spend": spent,
            "pre_spend": spend.total(*since, -182),
            "pre_orders": count.total(*since, -182),
            "unsubscribed": (rng.random(len(placed)) < 0.015).astype(np.float64),
        }
        treated = arm.variant == 1
        mean_order = float((PROCESS.spend_p / world.buyers.nu[arm.customer]).mean())
        chance = plan.chance_of_order
        effects[name] = {
            "planned_shares": dict(zip(plan.variants, plan.shares, strict=True)),
            "actual_shares": dict(zip(plan.variants, plan.actual_shares, strict=True)),
            "in_two_variants": int(len(arm.customer) - len(np.unique(arm.customer))),
            "window_days": plan.window,
            "metrics": {
                "bought": _effect(
                    chance * float((placed_natural == 0).mean()),
                    (placed > 0).astype(float) - (placed_natural > 0),
                    treated,
                ),
                "orders": _effect(chance, placed - placed_natural, treated),
                "spend": _effect(chance * mean_order, spent - spent_natural, treated),
                "unsubscribed": {"effect": 0.0, "effect_on_assigned": 0.0},
            },
        }
    return replace(world, outcomes=outcomes), effects


def _effect(expected: float, caused: Floats, treated: Bools) -> dict[str, float]:
    return {
        "effect": round(expected, 6),
        "effect_on_assigned": round(float(caused[treated].mean()), 6),
    }


def _full_names(people: People) -> Texts:
    pairs = zip(people.given.tolist(), people.family.tolist(), strict=True)
    return texts([f"{given} {family}" for given, family in pairs])


def _group_facts(world: AtlasWorld) -> dict[str, Any]:
    """Return size and behaviour of each planted group."""
    facts = {}
    for number, group in enumerate(GROUPS):
        member = world.group == number
        facts[group.name] = {
            "customers": int(member.sum()),
            "categories": group.categories,
            "channels": group.channels,
            "share_of_lines_discounted": group.discounted,
            "mean_rate_per_week": round(float(world.buyers.rate[member].mean()), 6),
            "mean_dropout": round(float(world.buyers.dropout[member].mean()), 6),
            "mean_order_value": round(float((PROCESS.spend_p / world.buyers.nu[member]).mean()), 4),
        }
    return facts


def _customer_truth(world: AtlasWorld) -> pd.DataFrame:
    order = np.argsort(world.key)
    frame = pd.DataFrame(
        {
            "customer_id": world.key,
            "group": texts([g.name for g in GROUPS])[world.group],
            "rate_per_week": fixed(world.buyers.rate, 8),
            "dropout": fixed(world.buyers.dropout, 8),
            "mean_order_value": fixed(PROCESS.spend_p / world.buyers.nu, 6),
            "alive_at_end": np.where(world.alive, "yes", "no"),
        }
    )
    return frame.iloc[order].reset_index(drop=True)
