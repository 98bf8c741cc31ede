"""Brook & Daughters: home and garden, a till and a web shop that overlap and contradict each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.data.demo.baskets import Group, Lines, fill_baskets, return_lines
from workbench.data.demo.brook_files import brook_files
from workbench.data.demo.brook_people import Records, make_records, pairs_of_one_person
from workbench.data.demo.calendar import Calendar, make_calendar
from workbench.data.demo.catalogue import Catalogue, make_catalogue
from workbench.data.demo.marketing import (
    Campaigns,
    Touches,
    credit,
    plan_campaigns,
    touch_customers,
)
from workbench.data.demo.people import People, invent_people
from workbench.data.demo.purchases import (
    Buyers,
    Orders,
    Process,
    draw_buyers,
    simulate_orders,
)
from workbench.data.demo.shared import Bools, Ints, Times, fixed, stream, texts
from workbench.data.demo.support import Cases, Desk, open_cases
from workbench.data.demo.truth import UnitTruth

__all__ = ["PROCESS", "BrookWorld", "write_brook"]

PROCESS = Process(r=0.6, alpha=9.0, a=0.7, b=3.5, spend_p=4.0, spend_q=4.5, spend_gamma=36.0)
_DAYS = 910
_SERIES = ("Plain", "Cottage", "Country", "Manor", "Heirloom", "Studio")
_RANGES: dict[str, tuple[float, tuple[str, ...]]] = {
    "Garden": (0.48, ("Seeds", "Bulbs", "Trowel", "Pot", "Spade", "Bench", "Mower", "Shed")),
    "Kitchen": (0.50, ("Spoon", "Cloth", "Jug", "Pan", "Knife set", "Mixer", "Stove top", "Range")),
    "Bedroom": (0.54, ("Sachet", "Slip", "Cushion", "Sheet", "Quilt", "Lamp", "Chest", "Bed")),
    "Bathroom": (0.52, ("Soap", "Mat", "Towel", "Rail", "Mirror", "Cabinet", "Basin", "Bath")),
    "Lighting": (0.47, ("Bulb", "Shade", "Candle", "Lamp", "Lantern", "Pendant", "Sconce", "Arc")),
    "Decorating": (0.45, ("Brush", "Roller", "Paint", "Tiles", "Paper", "Rug", "Panel", "Floor")),
}
_BUYERS = Group(
    "all",
    {
        "Garden": 0.3,
        "Kitchen": 0.22,
        "Bedroom": 0.14,
        "Bathroom": 0.1,
        "Lighting": 0.1,
        "Decorating": 0.14,
    },
    {"store": 0.7, "web": 0.3},
    extra_lines=0.9,
    returned=0.05,
)
_DESK = Desk(
    topics={
        "delivery": (0.35, "Dispatch", 26.0),
        "damaged goods": (0.25, "Aftercare", 40.0),
        "opening hours": (0.15, "Shop", 2.0),
        "refund": (0.25, "Aftercare", 30.0),
    },
    vias=(("phone", 0.5), ("email", 0.35), ("counter", 0.15)),
    agents=4,
)


@dataclass(frozen=True)
class BrookWorld:
    """All that happened at Brook & Daughters, before two systems wrote it down.

    Parameters
    ----------
    calendar, catalogue, people
        Days, products, persons.
    buyers, alive
        What is hidden in each person who buys: the first persons; the others only registered.
    records, joined, consent, born
        Customer records, and per record: day number, consent, year of birth.
    orders, lines
        What was bought.
    order_record
        Record under which each order was placed; -1 for cash without a card.
    order_web, order_time, order_credit
        Per order: whether on the web, when, campaign (-1: none).
    back, back_time, back_quantity
        Index of each line that came back, when, and how many units.
    campaigns, touches, cases
        Marketing and support; their customers are records.
    overlap
        First and last day number of the stretch in which the till wrote down web orders too.
    """

    calendar: Calendar
    catalogue: Catalogue
    people: People
    buyers: Buyers
    alive: Bools
    records: Records
    joined: Ints
    consent: Bools
    born: Ints
    orders: Orders
    lines: Lines
    order_record: Ints
    order_web: Bools
    order_time: Times
    order_credit: Ints
    back: Ints
    back_time: Times
    back_quantity: Ints
    campaigns: Campaigns
    touches: Touches
    cases: Cases
    overlap: tuple[int, int]

    @property
    def only_registered(self) -> Bools:
        """Return, per record, whether its person never buys."""
        return self.records.person >= len(self.alive)


def write_brook(folder: Path, *, seed: int, as_of: date, scale: float) -> UnitTruth:
    """Simulate the unit, write its raw files to ``folder/brook`` and return the planted truth."""
    world = _simulate(seed, as_of, scale)
    totals, planted, overlap = brook_files(folder, world, stream(seed, "brook", "dirt"))
    first, last = world.overlap
    facts: dict[str, Any] = {
        "as_of": as_of.isoformat(),
        "seed": seed,
        "start": world.calendar.start.isoformat(),
        "purchases": PROCESS.facts(),
        "orders_in_both_sources": {
            "first_day": str(np.datetime64(world.calendar.start) + first),
            "last_day": str(np.datetime64(world.calendar.start) + last),
        },
        "persons": len(world.people.email),
        "totals": totals,
    }
    return UnitTruth(
        unit="brook",
        facts=facts,
        customers=_customer_truth(world),
        errors=planted,
        duplicates=pairs_of_one_person(world.records),
        overlap=overlap,
    )


def _simulate(seed: int, as_of: date, scale: float) -> BrookWorld:
    buying, registered = max(60, round(4500 * scale)), max(30, round(400 * scale))
    calendar = make_calendar(
        as_of,
        days=_DAYS,
        weekdays=(0.8, 0.85, 0.9, 0.95, 1.05, 1.45, 1.0),
        months=(0.85, 0.88, 0.98, 1.1, 1.15, 1.08, 1.0, 0.96, 0.95, 0.97, 1.02, 1.06),
        closed=((12, 25), (12, 26), (1, 1)),
    )
    rng = stream(seed, "brook", "purchases")
    buyers = draw_buyers(rng, PROCESS, calendar, buying, growth=0.1)
    orders, alive = simulate_orders(rng, PROCESS, buyers, calendar)
    people = invent_people(stream(seed, "brook", "people"), buying + registered)
    books = stream(seed, "brook", "records")
    records = make_records(books, people)
    first = np.concatenate([buyers.first_day, books.integers(0, calendar.days, registered)])
    joined = np.maximum(0, first[records.person] - books.poisson(4, len(records.person)))

    order_record = _place_orders(rng, records, orders, buying)
    cash = rng.random(len(order_record)) < 0.06
    order_web = records.system[order_record] == 1
    order_record = np.where(cash & ~order_web, -1, order_record)
    catalogue = make_catalogue("BD", _RANGES, _SERIES)
    group = np.zeros(len(orders.day), dtype=np.int64)
    lines = fill_baskets(rng, orders.value, group, (_BUYERS,), catalogue)
    order_time = np.where(
        order_web, calendar.times(rng, orders.day, 6, 23), calendar.times(rng, orders.day, 9, 18)
    )
    shares = np.full(len(lines.order), _BUYERS.returned)
    back, back_day, one_only = return_lines(
        rng, lines, shares, orders.day[lines.order], calendar.days - 1
    )

    market = stream(seed, "brook", "marketing")
    consent = market.random(len(people.email))[records.person] < 0.55
    campaigns = plan_campaigns(market, calendar, "K")
    touches = touch_customers(market, calendar, campaigns, joined, consent, reach=0.6)
    help_rng = stream(seed, "brook", "support")
    with_card = np.flatnonzero(order_record >= 0)
    asks = with_card[help_rng.random(len(with_card)) < 0.18]
    opened = order_time[asks] + (help_rng.gamma(1.5, 3.0, len(asks)) * 1440 + 30).astype(
        "timedelta64[m]"
    )
    seen = opened < calendar.end
    names = texts(
        [f"{g} {f}" for g, f in zip(records.given.tolist(), records.family.tolist(), strict=True)]
    )
    contact = (names, people.email[records.person], people.phone[records.person])
    cases = open_cases(
        help_rng, _DESK, order_record[asks][seen], opened[seen], calendar.end, contact
    )
    return BrookWorld(
        calendar=calendar,
        catalogue=catalogue,
        people=people,
        buyers=buyers,
        alive=alive,
        records=records,
        joined=joined,
        consent=consent,
        born=people.birth_year[records.person],
        orders=orders,
        lines=lines,
        order_record=order_record,
        order_web=order_web,
        order_time=order_time,
        order_credit=credit(market, touches, order_record, order_time),
        back=back,
        back_time=calendar.times(rng, back_day, 9, 18),
        back_quantity=np.where(one_only, 1, lines.quantity[back]),
        campaigns=campaigns,
        touches=touches,
        cases=cases,
        overlap=(calendar.days - 300, calendar.days - 240),
    )


def _place_orders(rng: np.random.Generator, records: Records, orders: Orders, buying: int) -> Ints:
    """Return the record under which each order is placed: one of the person's, at random."""
    of_buyers = np.flatnonzero(records.person < buying)
    by_person = of_buyers[np.argsort(records.person[of_buyers], kind="stable")]
    count = np.bincount(records.person[of_buyers], minlength=buying)
    first = np.cumsum(count) - count
    offset = (rng.random(len(orders.customer)) * count[orders.customer]).astype(np.int64)
    return by_person[first[orders.customer] + offset]


def _customer_truth(world: BrookWorld) -> pd.DataFrame:
    """Return one row per key: the person behind it and, where the person buys, what is hidden."""
    person = world.records.person
    buys = person < len(world.alive)
    held = np.where(buys, person, 0)
    blank = texts([""] * len(person))
    frame = pd.DataFrame(
        {
            "customer_id": world.records.key,
            "person": texts([f"P{p:05d}" for p in person.tolist()]),
            "buys": np.where(buys, "yes", "no"),
            "person_rate_per_week": np.where(buys, fixed(world.buyers.rate, 8)[held], blank),
            "person_dropout": np.where(buys, fixed(world.buyers.dropout, 8)[held], blank),
            "alive_at_end": np.where(buys, np.where(world.alive[held], "yes", "no"), ""),
        }
    )
    return frame.drop_duplicates("customer_id").sort_values("customer_id", ignore_index=True)
