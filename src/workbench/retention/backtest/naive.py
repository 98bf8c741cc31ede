"""Forecasts of purchases that need no model, and that any model has to beat.

- last period: the coming periods are like the last one, day for day;
- same season: they are like the same periods a year before;
- cohort average: customers of an age buy as earlier ones did at that age;
- past frequency: every customer goes on buying as often as so far, for ever.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

from workbench.retention.maximise import Floats
from workbench.retention.periods import Calendar
from workbench.retention.purchases.log import Known
from workbench.retention.purchases.outlook import QUANTITIES
from workbench.retention.spans import PER_YEAR, bounds, moved

__all__ = ["NAIVE", "history_of", "naive_purchases", "period_numbers"]

Ints = npt.NDArray[np.int64]
NAIVE = ("last period", "same season", "cohort average", "past frequency")
_ENOUGH = 20  # customers of an age, for an average


def period_numbers(edges: Ints, customer: Ints, day: Ints, units: Ints) -> dict[str, Floats]:
    """Return orders, active customers and revenue by period, and of the whole time at the end.

    Parameters
    ----------
    edges
        Last days of the periods, the day before the first one first, shape (periods + 1,).
    customer, day, units
        Purchases; those outside these days are not counted.
    """
    inside = (day > edges[0]) & (day <= edges[-1])
    customer, day, units = customer[inside], day[inside], units[inside]
    size = len(edges) - 1
    place = np.searchsorted(edges[1:], day)
    people = _distinct(customer * size + place) % size
    numbers = {
        "orders": np.bincount(place, minlength=size),
        "active": np.bincount(people, minlength=size),
        "revenue": np.bincount(place, weights=units / 10_000.0, minlength=size),
    }
    whole = {"orders": len(day), "active": len(_distinct(customer)), "revenue": units.sum() / 1e4}
    return {name: np.append(numbers[name], whole[name]).astype("float64") for name in QUANTITIES}


def _distinct(numbers: Ints) -> Ints:
    """Return the distinct numbers from 0 on; quick where they come nearly sorted, as these do."""
    ordered = np.sort(numbers, kind="stable")
    made: Ints = ordered[np.diff(ordered, prepend=-1) != 0]
    return made


def history_of(known: Known, grain: str) -> tuple[Ints, dict[str, Floats]]:
    """Return the whole periods before a day, and the repeat purchases in them, without the whole.

    Parameters
    ----------
    known
        The customers with their purchases so far.
    grain
        `week`, `month`, `quarter` or `year`.
    """
    day = date.fromordinal(known.last)
    back = 0
    while moved(day, grain, -back - 1).toordinal() >= known.begin - 1:
        back += 1
    edges = bounds(day, grain, back=back, ahead=0)
    if not back:
        return edges, {name: np.empty(0) for name in QUANTITIES}
    again = known.repeat
    found = period_numbers(edges, known.customer[again], known.day[again], known.units[again])
    return edges, {name: values[:-1] for name, values in found.items()}


def naive_purchases(known: Known, grain: str, ahead: Ints) -> dict[str, dict[str, Floats]]:
    """Return method -> number -> forecast by period; methods that need more history are left out.

    Parameters
    ----------
    known
        The customers with their purchases so far.
    grain
        `week`, `month`, `quarter` or `year`.
    ahead
        Last days of the periods to come, the day itself first, shape (periods + 1,).
    """
    edges, past = history_of(known, grain)
    days, size = np.diff(ahead).astype("float64"), len(ahead) - 1
    made: dict[str, dict[str, Floats]] = {}
    if len(edges) > 1:
        longer = days / float(edges[-1] - edges[-2])
        made[NAIVE[0]] = {name: values[-1] * longer for name, values in past.items()}
    year = PER_YEAR[grain]
    if len(edges) > year:
        turn = np.arange(size) % year
        made[NAIVE[1]] = {name: values[-year:][turn] for name, values in past.items()}
    made[NAIVE[2]] = _by_age(known, Calendar(grain).days, size)
    made[NAIVE[3]] = _go_on(known, Calendar(grain).days, days)
    return made


def _by_age(known: Known, length: float, size: int) -> dict[str, Floats]:
    again = known.repeat
    who = known.customer[again]
    old = known.last - known.first  # days that each customer has been followed
    age = ((known.day[again] - known.first[who] - 1) / length).astype("int64")
    oldest = int(old.max() / length) + 1
    followed = np.array([(old >= (place + 1) * length).sum() for place in range(oldest)])
    whole = old[who] >= (age + 1) * length
    who, age, units = who[whole], age[whole], known.units[again][whole]
    enough = np.flatnonzero(followed >= min(_ENOUGH, max(int(followed.max(initial=0)), 1)))
    last = int(enough[-1]) if len(enough) else 0
    pairs = _distinct(who * (oldest + 1) + age) % (oldest + 1)
    sums = {
        "orders": np.bincount(age, minlength=oldest),
        "active": np.bincount(pairs, minlength=oldest),
        "revenue": np.bincount(age, weights=units / 1e4, minlength=oldest),
    }
    made = {}
    ages = [
        np.minimum(((old + (k + 0.5) * length) / length).astype("int64"), last) for k in range(size)
    ]
    for name, values in sums.items():
        each = values[:oldest] / np.maximum(followed, 1)
        made[name] = np.array([each[place].sum() for place in ages])
    return made


def _go_on(known: Known, length: float, days: Floats) -> dict[str, Floats]:
    followed = np.maximum((known.last - known.first).astype("float64"), length)
    rate = known.frequency / followed
    active = np.array([-np.expm1(-rate * span).sum() for span in days])
    return {
        "orders": rate.sum() * days,
        "active": active,
        "revenue": float((rate * known.spend).sum()) * days,
    }
