"""Whether a change is more than noise: by the intervals of both numbers, or by earlier changes.

Two numbers with intervals: the interval of their difference is put together from the two intervals
(MOVER, the method of variance estimates recovery, Zou & Donner 2008). It takes the two as
independent. Two editions of a unit share most of their customers, so that the true interval is
narrower: the method errs on the cautious side, and rather misses a change than sees one that is
none.

Numbers without an interval - complete counts, money - have no error of sampling, but ups and downs
of their own. Their change is compared with the changes between earlier editions, whose centre is
the median and whose spread is the median absolute deviation from it.

References
----------
Zou, G. Y. and Donner, A. (2008). Construction of confidence limits about effect measures: a
general approach. Statistics in Medicine 27, 1693-1702.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import median

from workbench.data.phrases import counted
from workbench.suite.compare.amounts import change_text, range_text
from workbench.suite.compare.model import Verdict
from workbench.suite.compare.told import Point, Record

__all__ = ["FEWEST", "Past", "judge", "mover", "past_changes", "usual_range"]

FEWEST = 6  # earlier changes, to say what is usual
_TO_SIGMA = 1.4826  # from the median absolute deviation to the spread of a normal distribution
# How many spreads off the centre is more than usual. Of few changes the spread is known badly: the
# factors for fewer than 11 keep false alarms at 5% where changes are normal (simulated).
_FACTORS: Mapping[int, float] = {6: 4.2, 7: 4.1, 8: 3.5, 9: 3.4, 10: 3.1}
_FACTOR = 3.0
_APART = 2.0  # editions up to twice as far apart as usual, or half, may be compared
_SAME = 1e-9  # of the larger number: the last bits of a sum are no change


@dataclass(frozen=True)
class Past:
    """How a number changed between earlier editions.

    Parameters
    ----------
    changes
        The changes, oldest first, between editions as far apart as the two that are compared.
    reason
        Why there are none to compare with, in a sentence; empty when there are enough.
    """

    changes: tuple[float, ...] = ()
    reason: str = ""


def mover(old: tuple[float, float, float], new: tuple[float, float, float]) -> tuple[float, float]:
    """Return the interval of the difference, new less old, of two independent estimates.

    Parameters
    ----------
    old, new
        Estimate, low end and high end, both intervals at the same level.

    Examples
    --------
    >>> low, high = mover((0.6, 0.4905, 0.7004), (0.8, 0.6918, 0.8770))  # 48/80 and 56/70, Wilson
    >>> round(low, 3), round(high, 3)
    (0.052, 0.334)
    """
    (before, before_low, before_high), (now, now_low, now_high) = old, new
    change = now - before
    down = math.hypot(now - now_low, before_high - before)
    up = math.hypot(now_high - now, before - before_low)
    return change - down, change + up


def usual_range(changes: Sequence[float]) -> tuple[float, float]:
    """Return the range of changes that are usual, by at least six earlier ones.

    Parameters
    ----------
    changes
        Earlier changes.
    """
    centre = median(changes)
    spread = _TO_SIGMA * median(abs(change - centre) for change in changes)
    reach = _FACTORS.get(len(changes), _FACTOR) * spread
    return centre - reach, centre + reach


def past_changes(history: Iterable[Point], metric: str, like: Record, old: str, new: str) -> Past:
    """Return how a number changed between the editions up to the older of two days.

    Parameters
    ----------
    history
        The numbers of earlier days.
    metric
        ``report.metric``.
    like
        The metric's record: only numbers of the same unit and label are followed.
    old, new
        The days of the two editions; when the newer one looks back from the earlier day, the
        changes are turned round.
    """
    first, last = sorted((date.fromisoformat(old), date.fromisoformat(new)))
    apart = (last - first).days
    if apart == 0:
        return Past((), "Both editions are of the same day: no usual change is known for that.")
    sign = 1 if old < new else -1
    steps = [
        ((day - before).days, sign * (value - earlier))
        for (before, earlier), (day, value) in pairwise(_followed(history, metric, like, first))
        if earlier is not None and value is not None
    ]
    if len(steps) < FEWEST:
        return Past((), _too_few(len(steps)))
    usual = median(days for days, _ in steps)
    if not usual / _APART <= apart <= usual * _APART:
        return Past(
            (),
            f"The two editions lie {counted(apart, 'day')} apart, earlier ones mostly "
            f"{counted(round(usual), 'day')}: their changes cannot be compared.",
        )
    alike = [change for days, change in steps if usual / _APART <= days <= usual * _APART]
    return Past(tuple(alike)) if len(alike) >= FEWEST else Past((), _too_few(len(alike)))


def _followed(
    history: Iterable[Point], metric: str, like: Record, until: date
) -> list[tuple[date, float | None]]:
    """Return the days up to one, and the number of each; None where it has none that is alike."""
    found: dict[date, float | None] = {}
    for point in history:
        day, told = date.fromisoformat(point.as_of), point.metrics.get(metric, {})
        alike = all(told.get(key) == like.get(key) for key in ("unit", "label"))
        if day <= until:
            found[day] = told.get("value") if alike else None
    return sorted(found.items())


def _too_few(count: int) -> str:
    if count == 0:
        return f"No earlier changes tell what is usual; {FEWEST} are needed."
    known = "change is" if count == 1 else "changes are"
    return f"Only {count} earlier {known} known; {FEWEST} are needed to say what is usual."


def judge(old: Record, new: Record, past: Past, *, by_chance: bool) -> Verdict:
    """Return whether a number that both editions have changed by more than noise.

    Parameters
    ----------
    old, new
        The metric's records, both with a value and of the same unit.
    past
        How it changed before.
    by_chance
        Whether anything differs that chance has a part in: data, day, seed, earlier state.
    """
    before, now = float(old["value"]), float(new["value"])
    change = now - before
    if abs(change) <= _SAME * max(abs(before), abs(now)):
        return Verdict("unchanged", "The number is the same.")
    if old["label"] != new["label"]:
        return Verdict(
            "not_comparable",
            f"It may count something else now: it was named “{old['label']}” before.",
        )
    if not by_chance:
        return Verdict(
            "beyond_noise",
            "Both rest on the same data, so that chance has no part in it: settings or programs "
            "made the difference.",
            "same_data",
        )
    if old.get("ci") or new.get("ci"):
        return _by_intervals(old, new, str(new["unit"]))
    return _by_history(change, past, str(new["unit"]))


def _by_intervals(old: Record, new: Record, unit: str) -> Verdict:
    if not (old.get("ci") and new.get("ci")):
        return Verdict("not_comparable", "Only one of the two numbers has an interval.")
    before, now = _estimate(old), _estimate(new)
    if old["ci"][2:] != new["ci"][2:]:
        ways = [f"{100 * float(ci[2]):g}%, {ci[3]}" for ci in (old["ci"], new["ci"])]
        return Verdict(
            "not_comparable",
            f"The two intervals are not made in the same way ({ways[0]}; {ways[1]}).",
        )
    if not all(low <= value <= high for value, low, high in (before, now)):
        return Verdict("not_comparable", "A number lies outside of its own interval.")
    low, high = mover(before, now)
    level = f"{100 * float(new['ci'][2]):g}%"
    between = range_text(low, high, unit)
    if low <= 0 <= high:
        words = f"Chance alone can explain it: the {level} interval of the change is {between}."
        return Verdict("within_noise", words, "interval", low, high)
    words = f"Chance does not explain it: the {level} interval of the change is {between}."
    return Verdict("beyond_noise", words, "interval", low, high)


def _estimate(metric: Record) -> tuple[float, float, float]:
    low, high = metric["ci"][:2]
    return float(metric["value"]), float(low), float(high)


def _by_history(change: float, past: Past, unit: str) -> Verdict:
    if past.reason:
        return Verdict("not_known", past.reason)
    low, high = usual_range(past.changes)
    seen = counted(len(past.changes), "earlier change")
    if low == high and not math.isclose(change, low):
        moved = "did not move" if low == 0 else f"changed by {change_text(low, unit)}"
        return Verdict(
            "not_known", f"It {moved} in most of {seen}: how much is usual cannot be said."
        )
    if low == high:
        return Verdict("within_noise", f"It changed as in {seen}.", "history", low, high)
    between = range_text(low, high, unit)
    if low <= change <= high:
        words = f"Usual is {between}, by {seen}."
        return Verdict("within_noise", words, "history", low, high)
    words = f"Usual is only {between}, by {seen}. A season may explain it."
    return Verdict("beyond_noise", words, "history", low, high)
