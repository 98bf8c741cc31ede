"""Cirrus Cloud: a subscription service where support load drives churn; it has no orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.data.demo.calendar import Calendar, make_calendar
from workbench.data.demo.cirrus_files import cirrus_files
from workbench.data.demo.experiments import Arms, assign
from workbench.data.demo.marketing import Campaigns, Touches, plan_campaigns, touch_customers
from workbench.data.demo.people import People, invent_people
from workbench.data.demo.shared import (
    Bools,
    Floats,
    Ints,
    Texts,
    Times,
    choose,
    fixed,
    numbered,
    pick,
    stream,
    texts,
)
from workbench.data.demo.subscriptions import Churn, Lives, live
from workbench.data.demo.support import Cases, Desk, open_cases
from workbench.data.demo.truth import UnitTruth

__all__ = ["CHURN", "CirrusWorld", "Spells", "write_cirrus"]

CHURN = Churn(
    alpha=0.9,
    beta=22.0,
    per_ticket=0.50,
    team=-0.25,
    business=-0.60,
    paid_search=0.30,
    payment_failed=0.006,
    upgrade=0.012,
    downgrade=0.005,
    come_back=0.08,
    tickets_shape=0.9,
    tickets_mean=0.28,
)
_DAYS = 912
_DESK = Desk(
    topics={
        "sign-in": (0.22, "First line", 3.0),
        "billing": (0.20, "Accounts", 14.0),
        "slow response": (0.18, "Platform", 30.0),
        "data import": (0.20, "Platform", 40.0),
        "how to": (0.20, "First line", 5.0),
    },
    vias=(("email", 0.35), ("chat", 0.45), ("phone", 0.20)),
)
_REASONS = (
    ("price", 0.30),
    ("no_longer_needed", 0.26),
    ("missing_feature", 0.20),
    ("competitor", 0.16),
    ("support", 0.08),
)
_TRIAL_AGO, _TRIAL_DAYS, _WINDOW, _EASE = 120, 14, 60, -0.75


@dataclass(frozen=True)
class Spells:
    """Spells of subscriptions, one element per spell in every array.

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


@dataclass(frozen=True)
class CirrusWorld:
    """All that happened at Cirrus.

    Parameters
    ----------
    calendar, people, key
        Days, persons (the contact of each customer), and the customers' keys.
    country, industry, won_by, consent
        Per customer.
    joined
        Day on which each customer first subscribed.
    theta, ticket_rate
        What is hidden in each customer: propensity to leave, tickets a month.
    spells, cases, campaigns, touches
        What happened.
    arms, renewed, tickets_before, tenure
        The experiment: assignments, whether still subscribed 60 days later, tickets in the 90 days
        before, months subscribed.
    """

    calendar: Calendar
    people: People
    key: Texts
    country: Texts
    industry: Texts
    won_by: Texts
    consent: Bools
    joined: Times
    theta: Floats
    ticket_rate: Floats
    spells: Spells
    cases: Cases
    campaigns: Campaigns
    touches: Touches
    arms: Arms
    renewed: Ints
    tickets_before: Ints
    tenure: Ints


def write_cirrus(folder: Path, *, seed: int, as_of: date, scale: float) -> UnitTruth:
    """Simulate the unit, write its raw files to ``folder/cirrus`` and return the planted truth."""
    world, churn_facts, effects = _simulate(seed, as_of, scale)
    totals, planted = cirrus_files(folder, world, stream(seed, "cirrus", "dirt"))
    facts: dict[str, Any] = {
        "as_of": as_of.isoformat(),
        "seed": seed,
        "start": world.calendar.start.isoformat(),
        "churn": churn_facts,
        "experiments": effects,
        "totals": totals,
    }
    customers = pd.DataFrame(
        {
            "customer_id": world.key,
            "churn_theta": fixed(world.theta, 8),
            "tickets_per_month": fixed(world.ticket_rate, 8),
        }
    ).sort_values("customer_id", ignore_index=True)
    return UnitTruth(
        unit="cirrus",
        facts=facts,
        customers=customers,
        errors=planted,
        duplicates=pd.DataFrame(
            columns=["customer_id_a", "customer_id_b", "source_a", "source_b", "how"]
        ),
        overlap=pd.DataFrame(columns=["table", "key", "row_a", "row_b", "conflict"]),
    )


def _simulate(
    seed: int, as_of: date, scale: float
) -> tuple[CirrusWorld, dict[str, Any], dict[str, Any]]:
    size = max(60, round(6000 * scale))
    calendar = make_calendar(
        as_of, days=_DAYS, weekdays=(1.2, 1.25, 1.2, 1.1, 0.95, 0.35, 0.3), closed=((12, 25),)
    )
    rng = stream(seed, "cirrus", "subscriptions")
    start = _to_28th(calendar.midnight(calendar.draw_days(rng, size, growth=0.5)))
    won_by = pick(
        rng,
        (("organic", 0.35), ("paid_search", 0.25), ("partner", 0.2), ("event", 0.2)),
        size,
    )
    plan = choose(rng, np.array([0.55, 0.32, 0.13]), size)
    theta = rng.beta(CHURN.alpha, CHURN.beta, size)
    shape = CHURN.tickets_shape
    ticket_rate = rng.gamma(shape, CHURN.tickets_mean / shape, size)
    last = np.datetime64(as_of, "D")

    trial = stream(seed, "cirrus", "experiment")
    first = calendar.days - 1 - _TRIAL_AGO
    everyone = np.arange(size)
    drawn = assign(trial, calendar, everyone, (0.5, 0.5), first, _TRIAL_DAYS)
    variant, at = np.empty(size, dtype=np.int64), np.empty(size, dtype="datetime64[m]")
    variant[drawn.customer], at[drawn.customer] = drawn.variant, drawn.time
    eased = (variant == 1, at, _WINDOW, _EASE)
    searched = won_by == "paid_search"
    lives = live(rng, CHURN, start, plan, searched, ticket_rate, theta, last, eased)

    # Some of those who left by choice come back, with a subscription of its own.
    end = lives.renewal[everyone, lives.ended]
    again_at = _to_28th(end + rng.integers(60, 240, size).astype("timedelta64[D]"))
    left = (lives.ended > 0) & ~lives.failed
    back = np.flatnonzero(left & (rng.random(size) < CHURN.come_back) & (again_at <= last))
    second = (
        live(
            rng,
            CHURN,
            again_at[back],
            plan[back],
            searched[back],
            ticket_rate[back],
            theta[back],
            last,
            (np.zeros(len(back), dtype=np.bool_), at[back], _WINDOW, 0.0),
        )
        if len(back)
        else None
    )
    spells = _join_spells(
        _spells(rng, lives, everyone, np.arange(size)),
        _spells(rng, second, back, size + np.arange(len(back))) if second is not None else None,
    )

    people = invent_people(stream(seed, "cirrus", "people"), size)
    names = texts([f"{g} {f}" for g, f in zip(people.given, people.family, strict=True)])
    asked, opened = _tickets(stream(seed, "cirrus", "tickets"), lives, everyone, calendar)
    if second is not None:
        more = _tickets(stream(seed, "cirrus", "tickets", "2"), second, back, calendar)
        asked, opened = np.concatenate([asked, more[0]]), np.concatenate([opened, more[1]])
    cases = open_cases(
        stream(seed, "cirrus", "support"),
        _DESK,
        asked,
        opened,
        calendar.end,
        (names, people.email, people.phone),
    )
    market = stream(seed, "cirrus", "marketing")
    consent = market.random(size) < 0.7
    campaigns = plan_campaigns(market, calendar, "CP")
    joined = ((start - np.datetime64(calendar.start, "D")).astype("timedelta64[D]")).astype(
        np.int64
    )
    touches = touch_customers(market, calendar, campaigns, joined, consent, reach=0.7)

    arms, renewed, tenure, before = _trial(drawn, lives, cases)
    active = np.isin(everyone, arms.customer)
    world = CirrusWorld(
        calendar=calendar,
        people=people,
        key=numbered("CL-", stream(seed, "cirrus", "keys").permutation(size) + 10001, 5),
        country=pick(
            rng,
            (
                ("DE", 0.3),
                ("GB", 0.2),
                ("FR", 0.15),
                ("NL", 0.1),
                ("IE", 0.1),
                ("PK", 0.08),
                ("AE", 0.07),
            ),
            size,
        ),
        industry=pick(
            rng,
            (("retail", 0.3), ("health", 0.2), ("education", 0.2), ("logistics", 0.3)),
            size,
        ),
        won_by=won_by,
        consent=consent,
        joined=start,
        theta=theta,
        ticket_rate=ticket_rate,
        spells=spells,
        cases=cases,
        campaigns=campaigns,
        touches=touches,
        arms=arms,
        renewed=renewed,
        tickets_before=before,
        tenure=tenure,
    )
    effect = _trial_truth(lives, variant == 1, at, active)
    return world, _churn_truth(lives, last), {"renewal_reminder": effect}


def _to_28th(day: Times) -> Times:
    """Return days with the 29th to 31st moved to the 28th, so that every month has the renewal."""
    days = day.astype("datetime64[D]")
    first = days.astype("datetime64[M]").astype("datetime64[D]")
    return first + np.minimum(days - first, np.timedelta64(27, "D"))


def _spells(rng: np.random.Generator, lives: Lives, customer: Ints, number: Ints) -> Spells:
    """Cut subscriptions into spells of one plan each."""
    size, months = lives.plan.shape
    column = np.arange(months)[None, :]
    last = np.datetime64(np.datetime64("2262-01-01"), "D")
    stop = np.where(lives.ended > 0, lives.ended, months)
    del last
    begins = np.ones((size, months), dtype=np.bool_)
    begins[:, 1:] = lives.plan[:, 1:] != lives.plan[:, :-1]
    begins &= column < stop[:, None]
    row, month = np.nonzero(begins)
    return _with_ends(rng, lives, customer, number, row, month)


def _with_ends(
    rng: np.random.Generator, lives: Lives, customer: Ints, number: Ints, row: Ints, month: Ints
) -> Spells:
    next_same = np.append(row[1:] == row[:-1], False)
    next_month = np.append(month[1:], 0)
    ended = lives.ended[row]
    end_month = np.where(next_same, next_month, ended)
    end = lives.renewal[row, end_month].copy()
    runs = ~next_same & (ended == 0)
    end[runs] = np.datetime64("NaT")
    choice = pick(rng, _REASONS, len(row))
    reason = np.where(lives.failed[row], "payment_failed", choice)
    reason = np.where(next_same, "plan_change", np.where(runs, "", reason)).astype(object)
    return Spells(
        number[row], customer[row], lives.renewal[row, month], end, lives.plan[row, month], reason
    )


def _join_spells(first: Spells, second: Spells | None) -> Spells:
    parts = [first] if second is None else [first, second]
    joined = [np.concatenate([getattr(p, name) for p in parts]) for name in Spells.__annotations__]
    spells = Spells(*joined)
    order = np.lexsort((spells.subscription, spells.start))
    return Spells(*(getattr(spells, name)[order] for name in Spells.__annotations__))


def _tickets(
    rng: np.random.Generator, lives: Lives, customer: Ints, calendar: Calendar
) -> tuple[Ints, Times]:
    """Return customer and time of every ticket that was opened while subscribed."""
    size, months = lives.tickets.shape
    stop = np.where(lives.ended > 0, lives.ended, months - 1)
    counts = np.where(np.arange(months)[None, :] < stop[:, None], lives.tickets, 0)
    row, month = np.nonzero(counts)
    row, month = np.repeat(row, counts[row, month]), np.repeat(month, counts[row, month])
    begin = lives.renewal[row, month]
    length = (lives.renewal[row, month + 1] - begin).astype(np.int64)
    offset = (rng.random(len(row)) * length).astype(np.int64).astype("timedelta64[D]")
    first = np.datetime64(calendar.start, "D")
    day = ((begin + offset) - first).astype(np.int64)
    seen = day < calendar.days
    return customer[row[seen]], calendar.times(rng, day[seen], 7, 19)


def _trial(drawn: Arms, lives: Lives, cases: Cases) -> tuple[Arms, Ints, Ints, Ints]:
    """Return assignments of those subscribed at the time, and their outcomes and covariates."""
    who, when = drawn.customer, drawn.time.astype("datetime64[D]")
    ended = lives.ended[who]
    end = lives.renewal[who, ended]
    start = lives.renewal[who, 0]
    far = np.datetime64("2262-01-01", "D")
    end = np.where(ended > 0, end, far)
    active = (start <= when) & (end > when)
    arms = Arms(who[active], drawn.variant[active], drawn.time[active])
    stays = end[active] > when[active] + np.timedelta64(_WINDOW, "D")
    tenure = (when[active] - start[active]).astype(np.int64) // 30
    span = np.int64(2) ** 32
    keys = np.sort(cases.customer * span + cases.opened.astype(np.int64))
    now = arms.customer * span + arms.time.astype(np.int64)
    before = np.searchsorted(keys, now) - np.searchsorted(keys, now - 90 * 24 * 60)
    return arms, stays.astype(np.int64), tenure, before.astype(np.int64)


def _trial_truth(lives: Lives, treated: Bools, at: Times, active: Bools) -> dict[str, Any]:
    """Return the effect of the reminder: what the hazards say with it and without it."""
    since = at.astype("datetime64[D]")[:, None]
    window = (lives.renewal > since) & (lives.renewal <= since + np.timedelta64(_WINDOW, "D"))
    stay_untreated = np.where(window, np.log1p(-lives.hazard_untreated), 0.0).sum(axis=1)
    # With the effect on everybody, treated or not: hazards are proportional.
    stay_treated = stay_untreated * np.exp(_EASE)
    fails = window.sum(axis=1) * np.log1p(-CHURN.payment_failed)
    gain = np.exp(stay_treated + fails) - np.exp(stay_untreated + fails)
    return {
        "planned_shares": {"no_reminder": 0.5, "reminder": 0.5},
        "actual_shares": {"no_reminder": 0.5, "reminder": 0.5},
        "in_two_variants": 0,
        "window_days": _WINDOW,
        "hazard_coefficient": _EASE,
        "metrics": {
            "renewed": {
                "effect": round(float(gain[active].mean()), 6),
                "effect_on_assigned": round(float(gain[active & treated].mean()), 6),
            }
        },
    }


def _churn_truth(lives: Lives, last: np.datetime64) -> dict[str, Any]:
    """Return the planted parameters, and survival by month as expected and as it came."""
    months = lives.renewal.shape[1] - 1
    log_stay = np.cumsum(
        np.log1p(-lives.hazard) + np.log1p(-CHURN.payment_failed) * (np.arange(months + 1) > 0),
        axis=1,
    )
    expected, observed, at_risk = [], [], []
    for month in range(months + 1):
        mature = lives.renewal[:, month] <= last
        if mature.sum() < 50:
            break
        gone = (lives.ended > 0) & (lives.ended <= month)
        expected.append(round(float(np.exp(log_stay[mature, month]).mean()), 6))
        observed.append(round(float(1 - gone[mature].mean()), 6))
        at_risk.append(int(mature.sum()))
    return {
        **CHURN.facts(),
        "survival_expected": expected,
        "survival_observed": observed,
        "subscriptions_old_enough": at_risk,
    }
