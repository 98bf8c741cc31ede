"""What happens at Cirrus Cloud, before anybody writes it down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from workbench.data.demo.calendar import Calendar, make_calendar
from workbench.data.demo.cirrus.facts import (
    CHANNELS,
    CHURN,
    COUNTRIES,
    DAYS,
    DESK,
    EASE,
    INDUSTRIES,
    PLAN_SHARES,
    TRIAL_AGO,
    TRIAL_DAYS,
    WEEKDAYS,
    WINDOW,
)
from workbench.data.demo.cirrus.spells import Spells, cut_spells, join_spells, tickets_of
from workbench.data.demo.cirrus.trial import Trial, run_trial, trial_truth
from workbench.data.demo.experiments import assign
from workbench.data.demo.marketing import Campaigns, Touches, plan_campaigns, touch_customers
from workbench.data.demo.people import People, invent_people
from workbench.data.demo.shared import (
    Bools,
    Ints,
    Texts,
    Times,
    choose,
    numbered,
    pick,
    stream,
)
from workbench.data.demo.subscriptions import Lives, Subscribers, live, to_28th
from workbench.data.demo.support import Cases, open_cases

__all__ = ["CirrusWorld", "simulate_cirrus"]


@dataclass(frozen=True)
class CirrusWorld:
    """All that happened at Cirrus.

    Parameters
    ----------
    calendar, people, key
        Days, persons (the contact of each customer), and the customers' keys.
    country, industry, won_by, consent
        Per customer.
    subscribers
        Per customer: first day and what is hidden.
    lives
        First subscription of every customer, month by month.
    spells, cases, campaigns, touches
        What happened.
    trial, effect
        The experiment and its truth.
    """

    calendar: Calendar
    people: People
    key: Texts
    country: Texts
    industry: Texts
    won_by: Texts
    consent: Bools
    subscribers: Subscribers
    lives: Lives
    spells: Spells
    cases: Cases
    campaigns: Campaigns
    touches: Touches
    trial: Trial
    effect: dict[str, Any]


def simulate_cirrus(seed: int, as_of: date, scale: float) -> CirrusWorld:
    """Return the world of Cirrus.

    Parameters
    ----------
    seed, as_of, scale
        As for :func:`workbench.data.demo.write_demo`.
    """
    size = max(60, round(6000 * scale))
    calendar = make_calendar(as_of, days=DAYS, weekdays=WEEKDAYS, closed=((12, 25),))
    rng = stream(seed, "cirrus", "subscriptions")
    won_by = pick(rng, CHANNELS, size)
    subscribers = _subscribers(rng, calendar, won_by)
    drawn = assign(
        stream(seed, "cirrus", "experiment"),
        calendar,
        np.arange(size),
        (0.5, 0.5),
        calendar.days - 1 - TRIAL_AGO,
        TRIAL_DAYS,
    )
    variant, at = np.empty(size, dtype=np.int64), np.empty(size, dtype="datetime64[m]")
    variant[drawn.customer], at[drawn.customer] = drawn.variant, drawn.time
    last = np.datetime64(as_of, "D")
    lives = live(rng, CHURN, subscribers, last, (variant == 1, at, WINDOW, EASE))
    spells, asked, opened = _spells_and_tickets(rng, calendar, subscribers, lives)

    people = invent_people(stream(seed, "cirrus", "people"), size)
    cases = open_cases(stream(seed, "cirrus", "support"), DESK, asked, opened, calendar.end, people)
    market = stream(seed, "cirrus", "marketing")
    consent = market.random(size) < 0.7
    campaigns = plan_campaigns(market, calendar, "CP")
    joined = (subscribers.start - np.datetime64(calendar.start, "D")).astype(np.int64)
    trial = run_trial(drawn, lives, cases)
    active = np.isin(np.arange(size), trial.arms.customer)
    return CirrusWorld(
        calendar=calendar,
        people=people,
        key=numbered("CL-", stream(seed, "cirrus", "keys").permutation(size) + 10001, 5),
        country=pick(market, COUNTRIES, size),
        industry=pick(market, INDUSTRIES, size),
        won_by=won_by,
        consent=consent,
        subscribers=subscribers,
        lives=lives,
        spells=spells,
        cases=cases,
        campaigns=campaigns,
        touches=touch_customers(market, calendar, campaigns, joined, consent, reach=0.7),
        trial=trial,
        effect=trial_truth(lives, variant == 1, at, active),
    )


def _subscribers(rng: np.random.Generator, calendar: Calendar, won_by: Texts) -> Subscribers:
    size, shape = len(won_by), CHURN.tickets_shape
    return Subscribers(
        start=to_28th(calendar.midnight(calendar.draw_days(rng, size, growth=0.5))),
        plan=choose(rng, np.array(PLAN_SHARES), size),
        searched=won_by == "paid_search",
        ticket_rate=rng.gamma(shape, CHURN.tickets_mean / shape, size),
        theta=rng.beta(CHURN.alpha, CHURN.beta, size),
    )


def _spells_and_tickets(
    rng: np.random.Generator, calendar: Calendar, subscribers: Subscribers, lives: Lives
) -> tuple[Spells, Ints, Times]:
    """Return all spells and tickets, those of customers who left and came back included."""
    size = len(subscribers.start)
    last = np.datetime64(calendar.as_of, "D")
    everyone = np.arange(size)
    gone = lives.renewal[everyone, lives.ended]
    again_at = to_28th(gone + rng.integers(60, 240, size).astype("timedelta64[D]"))
    left = (lives.ended > 0) & ~lives.failed
    back = np.flatnonzero(left & (rng.random(size) < CHURN.come_back) & (again_at <= last))
    spells = [cut_spells(rng, lives, everyone, everyone, last)]
    tickets = [tickets_of(rng, lives, everyone, calendar)]
    if len(back):
        # They come back with a subscription of its own, and as much inclined to leave as before.
        nobody = (np.zeros(len(back), dtype=np.bool_), again_at[back], 0, 0.0)
        second = live(rng, CHURN, subscribers.taken(back, again_at[back]), last, nobody)
        spells.append(cut_spells(rng, second, back, size + np.arange(len(back)), last))
        tickets.append(tickets_of(rng, second, back, calendar))
    return (
        join_spells(spells),
        np.concatenate([who for who, _ in tickets]),
        np.concatenate([when for _, when in tickets]),
    )
