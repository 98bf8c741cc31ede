"""Group-sequential boundaries: a few planned looks that together err with chance alpha.

How much of alpha each look may spend follows from the share of information that is there by then,
so that a look may come earlier or later than planned (Lan and DeMets). The boundary of a look is
found by carrying the density of the sum of all looks before, as far as it stayed inside, through
the next increment by numerical integration.

References
----------
Armitage, McPherson & Rowe, JRSS A 132, 1969 (recursive integration). Lan & DeMets, Biometrika 70,
1983 (alpha spending). Jennison & Turnbull, "Group Sequential Methods with Applications to Clinical
Trials", 2000, chapters 2, 7, 9 (repeated intervals) and 19 (grid). Pocock, Biometrika 64, 1977.
O'Brien & Fleming, Biometrics 35, 1979.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import e, log, pi, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from workbench.errors import AnalysisError, one_of

__all__ = ["Boundaries", "Look", "boundaries", "classical_boundaries", "read_look"]

Floats = npt.NDArray[np.float64]
Kind = Literal["obrien-fleming", "pocock"]

_GRID_R = 18
_FARTHEST = 8.0  # a boundary beyond so many standard errors is never reached


@dataclass(frozen=True)
class Boundaries:
    """Boundaries of a two-sided group-sequential test.

    Parameters
    ----------
    kind
        `obrien-fleming` (hard to stop early, close to a fixed test at the end) or `pocock` (alike
        at all looks).
    shares
        Information at each look as a share of that at the last one, rising to at most 1.
    z
        Critical value of the standardised effect at each look; 8 means: not at this look.
    spent
        Chance of a false alarm up to and with each look.
    alpha
        Of all looks together.
    """

    kind: Kind
    shares: tuple[float, ...]
    z: tuple[float, ...]
    spent: tuple[float, ...]
    alpha: float


@dataclass(frozen=True)
class Look:
    """What one look says.

    Parameters
    ----------
    look
        Which one, from 1.
    statistic, boundary
        The standardised effect, and what it is compared with.
    crossed
        Whether an effect is shown: the experiment may be stopped.
    effect_size, effect_size_ci_lower, effect_size_ci_upper
        The effect and its repeated interval, which holds at all looks together.
    level
        `1 - alpha`.
    method
        In words.
    """

    look: int
    statistic: float
    boundary: float
    crossed: bool
    effect_size: float
    effect_size_ci_lower: float
    effect_size_ci_upper: float
    level: float
    method: str


def spending(kind: Kind, share: float, alpha: float) -> float:
    """Return how much of a two-sided alpha may be spent at a share of the information.

    Both sides spend half of it, by the O'Brien-Fleming or the Pocock type of function.

    Examples
    --------
    >>> round(spending("obrien-fleming", 0.5, 0.05), 5), round(spending("pocock", 0.5, 0.05), 5)
    (0.00305, 0.03101)
    """
    if share <= 0:
        return 0.0
    share = min(share, 1.0)
    if kind == "pocock":
        return alpha * log(1 + (e - 1) * share)
    one = alpha / 2
    return 4 * float(stats.norm.sf(float(stats.norm.isf(one / 2)) / sqrt(share)))


@lru_cache(maxsize=256)
def boundaries(shares: tuple[float, ...], *, kind: Kind, alpha: float = 0.05) -> Boundaries:
    """Return the boundaries of looks at given shares of the information, by alpha spending.

    Parameters
    ----------
    shares
        Information at each look so far, as a share of the planned one: above 0, rising, at most 1
        (a last look that came late counts as 1). Later looks do not change earlier boundaries.
    kind
        `obrien-fleming` or `pocock`.
    alpha
        Two-sided, of all looks together.

    Raises
    ------
    AnalysisError
        For another kind, an alpha outside 0 to 1, or shares that do not rise from above 0 to 1.
    """
    _check(shares, kind, alpha)
    totals = [spending(kind, share, alpha) for share in shares]
    walk = _Walk()
    found: list[float] = []
    before = 0.0
    for share, total in zip(shares, totals, strict=True):
        found.append(walk.boundary(share, total - before))
        walk.step(share, found[-1])
        before = total
    return Boundaries(kind, shares, tuple(found), tuple(totals), alpha)


@lru_cache(maxsize=64)
def classical_boundaries(looks: int, *, kind: Kind, alpha: float = 0.05) -> Boundaries:
    """Return the original boundaries of equally spaced looks: one constant for all of them.

    Parameters
    ----------
    looks
        How many, at least 1.
    kind, alpha
        As :func:`boundaries` takes them.
    """
    shares = tuple((k + 1) / looks for k in range(looks))
    _check(shares, kind, alpha)
    powers = [1.0 if kind == "pocock" else share**-0.5 for share in shares]

    def spends(constant: float) -> tuple[float, ...]:
        walk, total, made = _Walk(), 0.0, []
        for share, power in zip(shares, powers, strict=True):
            total += walk.chance(share, constant * power)
            walk.step(share, constant * power)
            made.append(total)
        return tuple(made)

    constant = float(optimize.brentq(lambda c: spends(c)[-1] - alpha, 0.5, 7.0, xtol=1e-10))
    z = tuple(constant * power for power in powers)
    return Boundaries(kind, shares, z, spends(constant), alpha)


def read_look(plan: Boundaries, look: int, effect_size: float, std_error: float) -> Look:
    """Return what a look says: crossed or not, and the repeated interval.

    Parameters
    ----------
    plan
        Boundaries of all looks up to this one.
    look
        Which one, from 1.
    effect_size, std_error
        Of all customers so far.

    Raises
    ------
    AnalysisError
        For a look that is not among the boundaries, or a standard error that is not above 0.
    """
    if not 1 <= look <= len(plan.z):
        raise AnalysisError(f"look {look} of {len(plan.z)}", where="group-sequential look")
    if not std_error > 0:
        what = f"standard error == {std_error}, must be > 0"
        raise AnalysisError(what, where="group-sequential look")
    boundary = plan.z[look - 1]
    statistic = effect_size / std_error
    return Look(
        look,
        statistic,
        boundary,
        abs(statistic) >= boundary,
        effect_size,
        effect_size - boundary * std_error,
        effect_size + boundary * std_error,
        1 - plan.alpha,
        f"repeated interval, {plan.kind} boundaries, look {look}",
    )


def _check(shares: Sequence[float], kind: str, alpha: float) -> None:
    where = "group-sequential boundaries"
    if kind not in ("obrien-fleming", "pocock"):
        fix = one_of(kind, ("obrien-fleming", "pocock"))
        raise AnalysisError(f"kind == {kind}", where=where, fix=fix)
    if not 0 < alpha < 1:
        raise AnalysisError(f"alpha == {alpha}, must lie between 0 and 1", where=where)
    rising = all(a < b for a, b in zip((0.0, *shares), shares, strict=False))
    if not shares or not rising or shares[-1] > 1 + 1e-9:
        raise AnalysisError(
            f"shares of information {tuple(shares)}",
            where=where,
            fix="Give rising shares above 0, the last at most 1.",
        )


class _Walk:
    """The density of the sum of increments that has stayed inside all boundaries so far.

    Sums are in units in which the information at share 1 is 1; a grid of Simpson's rule is placed
    as in Jennison & Turnbull 2000, section 19.2.
    """

    def __init__(self) -> None:
        self.share = 0.0
        self.points: Floats = np.zeros(1)
        self.masses: Floats = np.ones(1)

    def chance(self, share: float, z: float) -> float:
        """Return the chance to be beyond `z` standard errors, on either side, at the next look."""
        spread = sqrt(share - self.share)
        end = z * sqrt(share)
        above = special.ndtr((self.points - end) / spread)
        below = special.ndtr((-end - self.points) / spread)
        return float(self.masses @ (above + below))

    def boundary(self, share: float, spend: float) -> float:
        """Return the critical value at the next look that spends some alpha."""
        if spend <= 0 or self.chance(share, _FARTHEST) >= spend:
            return _FARTHEST
        gap: Callable[[float], float] = lambda z: self.chance(share, z) - spend  # noqa: E731
        return float(optimize.brentq(gap, 0.0, _FARTHEST, xtol=1e-12))

    def step(self, share: float, z: float) -> None:
        """Move on to a look whose boundary was not crossed."""
        points, weights = _grid(z)
        points, scale = points * sqrt(share), sqrt(share)
        spread = sqrt(share - self.share)
        apart = (points[:, None] - self.points[None, :]) / spread
        density = np.exp(-(apart**2) / 2) / (spread * sqrt(2 * pi))
        self.masses = (density @ self.masses) * weights * scale
        self.points, self.share = points, share


def _grid(z: float) -> tuple[Floats, Floats]:
    """Return points between -z and z, dense in the middle, and their weights by Simpson's rule."""
    i = np.arange(1, 6 * _GRID_R)
    r = _GRID_R
    middle = -3 + 3 * (i - r) / (2 * r)
    left = -3 - 4 * np.log(r / i)
    right = 3 + 4 * np.log(r / (6 * r - i))
    nodes = np.where(i < r, left, np.where(i > 5 * r, right, middle))
    inside = nodes[(nodes > -z) & (nodes < z)]
    nodes = np.concatenate([[-z], inside, [z]])
    points = np.empty(2 * len(nodes) - 1)
    points[::2], points[1::2] = nodes, (nodes[1:] + nodes[:-1]) / 2
    widths = np.diff(nodes)
    weights = np.zeros(len(points))
    weights[1::2] = 4 * widths / 6
    weights[:-1:2] += widths / 6
    weights[2::2] += widths / 6
    return points, weights
