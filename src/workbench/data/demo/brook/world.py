"""What happens at Brook & Daughters, before two systems write it down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from workbench.data.demo.brook.facts import (
    BUYERS,
    CLOSED,
    DAYS,
    DESK,
    MONTHS,
    PROCESS,
    RANGES,
    SERIES,
    WEEKDAYS,
)
from workbench.data.demo.brook.records import Records, make_records
from workbench.data.demo.calendar import Calendar, make_calendar
from workbench.data.demo.catalogue import make_catalogue
from workbench.data.demo.marketing import (
    Campaigns,
    Touches,
    credit,
    plan_campaigns,
    touch_customers,
)
from workbench.data.demo.people import People, invent_people, person_of
from workbench.data.demo.purchases import Buyers, Orders, draw_buyers, simulate_orders
from workbench.data.demo.sales import Sales, sell
from workbench.data.demo.shared import Bools, Ints, Times, stream
from workbench.data.demo.support import Cases, ask_after_orders

__all__ = ["BrookWorld", "simulate_brook"]


@dataclass(frozen=True)
class BrookWorld:
    """All that happened at Brook & Daughters.

    Parameters
    ----------
    calendar, people
        Days and persons.
    buyers, alive
        What is hidden in each person who buys: the first persons; the others only registered.
    records, joined, consent, born
        Customer records, and per record: day number, consent, year of birth.
    sales
        What was sold.
    record, on_web, credited
        Per order: the customer record under which it was placed (-1 for cash without a card),
        whether on the web, campaign (-1: none).
    campaigns, touches, cases
        Marketing and support; their customers are records.
    overlap
        First and last day number of the stretch in which the till wrote down web orders too.
    """

    calendar: Calendar
    people: People
    buyers: Buyers
    alive: Bools
    records: Records
    joined: Ints
    consent: Bools
    born: Ints
    sales: Sales
    record: Ints
    on_web: Bools
    credited: Ints
    campaigns: Campaigns
    touches: Touches
    cases: Cases
    overlap: tuple[int, int]

    @property
    def only_registered(self) -> Bools:
        """Return, per record, whether its person never buys."""
        return self.records.person >= len(self.alive)


def simulate_brook(seed: int, as_of: date, scale: float) -> BrookWorld:
    """Return the world of Brook & Daughters.

    Parameters
    ----------
    seed, as_of, scale
        As for :func:`workbench.data.demo.write_demo`.
    """
    buying, registered = max(60, round(4500 * scale)), max(30, round(400 * scale))
    calendar = make_calendar(as_of, days=DAYS, weekdays=WEEKDAYS, months=MONTHS, closed=CLOSED)
    rng = stream(seed, "brook", "purchases")
    buyers = draw_buyers(rng, PROCESS, calendar, buying, growth=0.1)
    orders, alive = simulate_orders(rng, PROCESS, buyers, calendar)
    people = invent_people(stream(seed, "brook", "people"), buying + registered)
    books = stream(seed, "brook", "records")
    records = make_records(books, people)
    first = np.concatenate([buyers.first_day, books.integers(0, calendar.days, registered)])
    joined = np.maximum(0, first[records.person] - books.poisson(4, len(records.person)))

    record = _place_orders(rng, records, orders, buying)
    on_web = records.system[record] == 1
    record = np.where((rng.random(len(record)) < 0.06) & ~on_web, -1, record)
    by_night, by_day = (
        calendar.times(rng, orders.day, 6, 23),
        calendar.times(rng, orders.day, 9, 18),
    )
    time = np.where(on_web, by_night, by_day)
    group = np.zeros(len(time), dtype=np.int64)
    catalogue = make_catalogue("BD", RANGES, SERIES)
    sales = sell(rng, calendar, catalogue, orders, (BUYERS,), group, time)

    market = stream(seed, "brook", "marketing")
    consent = market.random(len(people.email))[records.person] < 0.55
    campaigns = plan_campaigns(market, calendar, "K")
    # Who never bought hears nothing: ingest rejects some of these customers, and no contact of
    # theirs should become an orphan by the way.
    mailed = np.where(records.person < buying, joined, calendar.days)
    touches = touch_customers(market, calendar, campaigns, mailed, consent, reach=0.6)
    cases = _ask(stream(seed, "brook", "support"), calendar, people, records, record, time)
    return BrookWorld(
        calendar=calendar,
        people=people,
        buyers=buyers,
        alive=alive,
        records=records,
        joined=joined,
        consent=consent,
        born=people.birth_year[records.person],
        sales=sales,
        record=record,
        on_web=on_web,
        credited=credit(market, touches, record, time),
        campaigns=campaigns,
        touches=touches,
        cases=cases,
        overlap=(calendar.days - 300, calendar.days - 240),
    )


def _ask(
    rng: np.random.Generator,
    calendar: Calendar,
    people: People,
    records: Records,
    record: Ints,
    time: Times,
) -> Cases:
    """Return contacts after orders with a card, signed with the name on the record."""
    known = record >= 0
    signed = person_of(people, records.person)
    signed = replace(signed, given=records.given, family=records.family)
    return ask_after_orders(rng, DESK, 0.18, record[known], time[known], calendar.end, signed)


def _place_orders(rng: np.random.Generator, records: Records, orders: Orders, buying: int) -> Ints:
    """Return the record under which each order is placed: one of the person's, at random."""
    of_buyers = np.flatnonzero(records.person < buying)
    by_person = of_buyers[np.argsort(records.person[of_buyers], kind="stable")]
    count = np.bincount(records.person[of_buyers], minlength=buying)
    first = np.cumsum(count) - count
    offset = (rng.random(len(orders.customer)) * count[orders.customer]).astype(np.int64)
    placed: Ints = by_person[first[orders.customer] + offset]
    return placed
