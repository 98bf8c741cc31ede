"""The experiments of Atlas Outfitters: assignment, the orders that one causes, outcomes, truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.data.demo.atlas.facts import EXPERIMENTS, PROCESS, Experiment
from workbench.data.demo.calendar import Calendar
from workbench.data.demo.experiments import Arms, Ledger, assign, draw_extra_orders
from workbench.data.demo.purchases import Buyers, Orders
from workbench.data.demo.sales import Sales, movements
from workbench.data.demo.shared import Bools, Floats, Ints

__all__ = ["COVARIATE_DAYS", "assign_customers", "measure", "with_caused_orders"]

COVARIATE_DAYS = 182


def assign_customers(
    rng: np.random.Generator, calendar: Calendar, first_day: Ints, plan: Experiment
) -> Arms:
    """Return who was assigned to what in one experiment, as it was really done."""
    start = calendar.days - 1 - plan.days_ago
    known = np.flatnonzero(first_day < start)
    eligible = np.sort(rng.permutation(known)[: round(len(known) * plan.share_of_known)])
    arms = assign(rng, calendar, eligible, plan.actual_shares, start, plan.days)
    if not plan.in_both:
        return arms
    # The fault: a cache served some customers the other variant too, days later.
    again = rng.permutation(len(arms.customer))[: max(3, round(len(arms.customer) * plan.in_both))]
    customer = np.concatenate([arms.customer, arms.customer[again]])
    variant = np.concatenate([arms.variant, 1 - arms.variant[again]])
    time = np.concatenate([arms.time, arms.time[again] + np.timedelta64(2, "D")])
    order = np.lexsort((customer, time))
    return Arms(customer[order], variant[order], time[order])


def with_caused_orders(
    rng: np.random.Generator,
    calendar: Calendar,
    base: Orders,
    buyers: Buyers,
    arms: dict[str, Arms],
) -> tuple[Orders, Bools]:
    """Return the orders with those that an experiment causes, and which these are."""
    customer, day, value = [base.customer], [base.day], [base.value]
    for name, plan in EXPERIMENTS.items():
        who, when = draw_extra_orders(
            rng, calendar, arms[name], 1, plan.chance_of_order, plan.window
        )
        customer.append(who)
        day.append(when)
        value.append(rng.gamma(PROCESS.spend_p, 1 / buyers.nu[who]))
    who, when = np.concatenate(customer), np.concatenate(day)
    caused = np.arange(len(who)) >= len(base.day)
    order = np.lexsort((who, when))
    return Orders(who[order], when[order], np.concatenate(value)[order]), caused[order]


class _Books:
    """Orders and money per customer over time, with and without what the experiments caused."""

    def __init__(self, sales: Sales, caused: Bools) -> None:
        moved = movements(sales)
        who = sales.orders.customer[moved.order]
        pounds = moved.amount / 100
        natural = ~caused[moved.order]
        self.spend = Ledger(who, moved.time, pounds)
        self.spend_natural = Ledger(who[natural], moved.time[natural], pounds[natural])
        ones = np.ones(len(caused))
        self.orders = Ledger(sales.orders.customer, sales.time, ones)
        kept = ~caused
        self.orders_natural = Ledger(sales.orders.customer[kept], sales.time[kept], ones[kept])


def measure(
    rng: np.random.Generator,
    sales: Sales,
    caused: Bools,
    buyers: Buyers,
    arms: dict[str, Arms],
) -> tuple[dict[str, dict[str, Floats]], dict[str, Any]]:
    """Return the outcome columns of every experiment, and the true effects.

    Parameters
    ----------
    rng
        Where chance comes from: who unsubscribes, which nothing changes.
    sales, caused
        What was sold, and which orders an experiment caused.
    buyers
        What is hidden in each customer.
    arms
        Who was assigned to what.
    """
    books = _Books(sales, caused)
    outcomes, effects = {}, {}
    for name, plan in EXPERIMENTS.items():
        arm = arms[name]
        placed = books.orders.total(arm.customer, arm.time, plan.window)
        outcomes[name] = {
            "bought": (placed > 0).astype(np.float64),
            "orders": placed,
            "spend": books.spend.total(arm.customer, arm.time, plan.window),
            "pre_spend": books.spend.total(arm.customer, arm.time, -COVARIATE_DAYS),
            "pre_orders": books.orders.total(arm.customer, arm.time, -COVARIATE_DAYS),
            "unsubscribed": (rng.random(len(placed)) < 0.015).astype(np.float64),
        }
        effects[name] = {
            "planned_shares": dict(zip(plan.variants, plan.shares, strict=True)),
            "actual_shares": dict(zip(plan.variants, plan.actual_shares, strict=True)),
            "in_two_variants": int(len(arm.customer) - len(np.unique(arm.customer))),
            "window_days": plan.window,
            "control": plan.variants[0],
            "variant_with_effect": plan.variants[1] if plan.chance_of_order else "",
            "metrics": _effects(books, buyers, arm, plan, outcomes[name]),
        }
    return outcomes, effects


def _effects(
    books: _Books, buyers: Buyers, arm: Arms, plan: Experiment, out: dict[str, Floats]
) -> dict[str, dict[str, float]]:
    """Return the effect of the second variant per metric.

    A returned product lowers spend a little below the value of the orders that were caused.
    """
    orders = books.orders_natural.total(arm.customer, arm.time, plan.window)
    spend = books.spend_natural.total(arm.customer, arm.time, plan.window)
    treated = arm.variant == 1
    chance = plan.chance_of_order
    value = float((PROCESS.spend_p / buyers.nu[arm.customer]).mean())

    def effect(expected: float, caused: Floats) -> dict[str, float]:
        came = float(caused[treated].mean()) if treated.any() else 0.0
        return {"effect": round(expected, 6), "effect_on_assigned": round(came, 6) + 0.0}

    return {
        "bought_28d": effect(chance * float((orders == 0).mean()), out["bought"] - (orders > 0)),
        "orders_28d": effect(chance, out["orders"] - orders),
        "spend_28d": effect(chance * value, out["spend"] - spend),
        "unsubscribed_28d": effect(0.0, np.zeros(len(orders))),
    }
