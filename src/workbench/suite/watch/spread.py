"""How unusual a change is among the changes before it, and how often chance alone does that.

Of the last N earlier editions, the N - 1 changes from one to the next have a mean and a standard
deviation ``s`` (with N - 2 degrees of freedom). A new change counts as unusual when it lies more
than k times ``s`` from that mean, so that steady growth is no news. Four changes are needed.

If changes are independent and normal with one mean and one variance, the new change less the mean,
over ``s * sqrt(1 + 1/n)`` with n changes, follows Student's t with n - 1 degrees of freedom: the
prediction interval of the textbooks (Hahn & Meeker, *Statistical Intervals*, 1991, section 4.7).
``false_alarm_rate`` is its tail. For 3 sigma over 8 editions it is 3%, not the 0.3% of a known
spread: eight editions cannot tell more. Where instead the level is steady and each edition adds
noise of its own, neighbouring changes pull against each other, and the rate is somewhat lower.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, stdev

__all__ = ["Spread", "false_alarm_rate", "spread_of"]

_SAME = 1e-9  # of the largest number: below this, a difference is the computer's


@dataclass(frozen=True)
class Spread:
    """A change among the changes before it.

    Parameters
    ----------
    change
        This edition's number less the one before.
    usual
        The mean of the changes before it.
    sd
        Their standard deviation; exactly nought when all were the same.
    sigmas
        How many times ``sd`` the change lies from ``usual``, with its sign; infinite when the
        changes before were all the same and this one is not.
    editions
        How many earlier editions this rests on.
    """

    change: float
    usual: float
    sd: float
    sigmas: float
    editions: int


def spread_of(value: float, before: Sequence[float]) -> Spread:
    """Return how a number's change compares with the changes among the numbers before it.

    Parameters
    ----------
    value
        This edition's number.
    before
        Those of at least three earlier editions, oldest first.
    """
    changes = [later - earlier for earlier, later in pairwise(before)]
    change = value - before[-1]
    usual, sd = fmean(changes), stdev(changes)
    grain = _SAME * max(abs(number) for number in (*before, value))
    off = change - usual
    if abs(usual) <= grain:
        usual = 0.0
    if sd <= grain:
        sd, sigmas = 0.0, 0.0 if abs(off) <= grain else math.copysign(math.inf, off)
    else:
        sigmas = off / sd
    return Spread(change, usual, sd, sigmas, len(before))


def false_alarm_rate(sigmas: float, changes: int, *, sides: int = 2) -> float:
    """Return how often chance alone lifts a change above some sigma.

    Parameters
    ----------
    sigmas
        The rule's number.
    changes
        How many earlier changes the spread rests on; at least 2.
    sides
        2 for a change in either direction, 1 for a rise or a fall.

    Examples
    --------
    >>> round(false_alarm_rate(3, 7), 3), round(false_alarm_rate(3, 10_000), 4)
    (0.031, 0.0027)
    """
    return sides * _upper_tail(sigmas / math.sqrt(1 + 1 / changes), changes - 1)


def _upper_tail(t: float, freedom: int) -> float:
    """Return P(T > t) of Student's t: Abramowitz & Stegun (1964), 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    square = math.cos(angle) ** 2
    total, term = 0.0, 1.0
    first = 1 if freedom % 2 else 0  # odd: cos + 2/3 cos^3 + ...; even: 1 + 1/2 cos^2 + ...
    term = math.cos(angle) if first else 1.0
    for power in range(first, freedom - 1, 2):
        total += term
        term *= square * (power + 1) / (power + 2)
    within = math.sin(angle) * total
    if first:
        within = 2 / math.pi * (angle + within)
    return (1 - within) / 2
