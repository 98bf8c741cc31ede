"""When a test statistic that is read several times crosses a boundary: boundaries, and power.

The statistic at the fractions `t` of all information is a Brownian motion with a drift, divided by
`sqrt(t)`. Its density between the boundaries is carried from look to look by numerical integration.

References
----------
Armitage, McPherson & Rowe, "Repeated Significance Tests on Accumulating Data", JRSS A 132, 1969;
Lan & DeMets, "Discrete Sequential Boundaries for Clinical Trials", Biometrika 70, 1983 (spending);
Jennison & Turnbull, "Group Sequential Methods", 2000, chapter 19 (the integration).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import e, log, log1p, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from workbench.errors import AnalysisError

__all__ = ["FARTHEST", "Spending", "anytime_bounds", "crossing", "spending_bounds", "spent"]

Spending = Literal["obrien-fleming", "pocock"]
Floats = npt.NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(240)
_FAR = 9.0  # standard deviations beyond which nothing is left to count
FARTHEST = 8.0
"""A boundary of so many standard errors is never reached: nothing may be spent at that look."""


@dataclass(frozen=True)
class _Held:
    """Where the motion may be that has not crossed: places, and the chance at each."""

    places: Floats
    mass: Floats


_START = _Held(np.zeros(1), np.ones(1))


def spending_bounds(
    alpha: float, fractions: Sequence[float], spending: Spending, *, sides: int = 2
) -> tuple[float, ...]:
    """Return the boundaries for the standardised statistic, one per look.

    Parameters
    ----------
    alpha
        The accepted error over all looks together, of both sides together.
    fractions
        Information at each look as a share of all, rising, the last one 1.
    spending
        `obrien-fleming` (little of the error is spent at first) or `pocock` (nearly alike).
    sides
        2, or 1 for a test that only looks upwards.

    Examples
    --------
    >>> bounds = spending_bounds(0.05, [0.2, 0.4, 0.6, 0.8, 1], "obrien-fleming")
    >>> [round(b, 2) for b in bounds]
    [4.88, 3.36, 2.68, 2.29, 2.03]
    """
    return _bounds(float(alpha), tuple(float(t) for t in fractions), spending, sides)


@lru_cache(maxsize=256)
def _bounds(
    alpha: float, fractions: tuple[float, ...], spending: Spending, sides: int
) -> tuple[float, ...]:
    _check(fractions, sides)
    found: list[float] = []
    total, before, held = 0.0, 0.0, _START
    for t in fractions:
        share = spent(alpha, t, spending, sides)
        bound = _bound(held, t, t - before, share - total, sides)
        found.append(bound)
        held = _carried(held, bound, t, t - before, 0.0, sides)
        total, before = share, t
    return tuple(found)


def _bound(held: _Held, t: float, step: float, wanted: float, sides: int) -> float:
    """Return the boundary that is first crossed at this look with the wanted chance."""

    def excess(z: float) -> float:
        up, down = _beyond(held, z * sqrt(t), step, 0.0)
        return up + (down if sides == 2 else 0.0) - wanted

    if excess(FARTHEST) >= 0:  # hardly any error may be spent yet
        return FARTHEST
    return float(optimize.brentq(excess, -_FAR, FARTHEST, xtol=1e-12))


def spent(alpha: float, t: float, spending: Spending, sides: int = 2) -> float:
    """Return how much of the error may be spent up to a fraction of the information.

    Parameters
    ----------
    alpha, spending, sides
        As :func:`spending_bounds` takes them.
    t
        The fraction, from 0 on; beyond 1 all may be spent.

    Examples
    --------
    >>> round(spent(0.05, 0.5, "obrien-fleming"), 5), round(spent(0.05, 0.5, "pocock"), 5)
    (0.00305, 0.03101)
    """
    if t <= 0:
        return 0.0
    t = min(t, 1.0)
    if spending == "pocock":
        return alpha * log1p((e - 1) * t)
    one = alpha / sides
    return float(sides * 2 * stats.norm.sf(stats.norm.isf(one / 2) / sqrt(t)))


def crossing(
    bounds: Sequence[float], fractions: Sequence[float], drift: float, *, sides: int = 2
) -> Floats:
    """Return the chance that the statistic first crosses at each look, upwards and downwards.

    Parameters
    ----------
    bounds
        Boundaries of the standardised statistic.
    fractions
        Information at each look as a share of all, rising.
    drift
        Mean of the statistic at full information: the effect in standard errors.
    sides
        2, or 1 where nothing is crossed downwards.

    Returns
    -------
    numpy.ndarray
        Shape (looks, 2): upwards, downwards.
    """
    times = tuple(float(t) for t in fractions)
    _check(times, sides)
    found = []
    before, held = 0.0, _START
    for bound, t in zip(bounds, times, strict=True):
        up, down = _beyond(held, bound * sqrt(t), t - before, drift)
        found.append((up, down if sides == 2 else 0.0))
        held = _carried(held, bound, t, t - before, drift, sides)
        before = t
    return np.array(found)


def anytime_bounds(alpha: float, fractions: Sequence[float]) -> tuple[float, ...]:
    """Return the boundaries, at some readings, of a test that may be read at any time; two-sided.

    They are those of a normal mixture, tuned to be narrowest at full information.

    Parameters
    ----------
    alpha
        The accepted error over all readings together.
    fractions
        Information at each reading as a share of what is planned; may go beyond 1.

    References
    ----------
    Robbins, "Statistical Methods Related to the Law of the Iterated Logarithm", Ann. Math. Stat.
    41, 1970; Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform Central Limit Theory and
    Asymptotic Confidence Sequences", Annals of Statistics 52, 2024, for the best tuning.

    Examples
    --------
    >>> [round(bound, 3) for bound in anytime_bounds(0.05, [0.1, 0.5, 1])]
    [3.823, 3.079, 3.035]
    """
    tuned = float(-special.lambertw(-(alpha**2) / e, -1).real) - 1
    return tuple(
        sqrt((1 + 1 / (tuned * t)) * (log1p(tuned * t) - 2 * log(alpha))) for t in fractions
    )


def _beyond(held: _Held, edge: float, step: float, drift: float) -> tuple[float, float]:
    """Return the chance to lie above `edge`, and below `-edge`, after one more step."""
    moved = held.places + drift * step
    up = float(held.mass @ stats.norm.sf((edge - moved) / sqrt(step)))
    down = float(held.mass @ stats.norm.cdf((-edge - moved) / sqrt(step)))
    return up, down


def _carried(held: _Held, bound: float, t: float, step: float, drift: float, sides: int) -> _Held:
    """Return what has not crossed after this look."""
    edge = bound * sqrt(t)
    high = min(edge, drift * t + _FAR * sqrt(t))
    low = drift * t - _FAR * sqrt(t)
    low = max(low, -edge) if sides == 2 else low
    if low >= high:  # all has crossed
        return _Held(np.zeros(1), np.zeros(1))
    places = (high + low) / 2 + (high - low) / 2 * _NODES
    gaps = (places[:, None] - held.places[None, :] - drift * step) / sqrt(step)
    density = np.exp(-0.5 * gaps**2) @ held.mass / sqrt(2 * np.pi * step)
    return _Held(places, (high - low) / 2 * _WEIGHTS * density)


def _check(fractions: Sequence[float], sides: int) -> None:
    rising = all(a < b for a, b in pairwise(fractions))
    if not fractions or not rising or fractions[0] <= 0 or fractions[-1] > 1 + 1e-9:
        raise AnalysisError(
            f"fractions {[*fractions]}",
            where="looks",
            fix="Give rising shares of the information, above 0 and at most 1.",
        )
    if sides not in (1, 2):
        raise AnalysisError(f"sides == {sides}, must be 1 or 2", where="looks")
