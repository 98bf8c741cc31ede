"""Group-sequential boundaries: a few planned looks that together err with chance alpha.

How much of alpha each look may spend follows from the share of information that is there by then,
so that a look may come earlier or later than planned (Lan and DeMets). They are those that a design
is planned with (`crossing.py`).

References
----------
Lan & DeMets, Biometrika 70, 1983 (alpha spending). Jennison & Turnbull, "Group Sequential Methods
with Applications to Clinical Trials", 2000, chapters 2, 7 and 9 (repeated intervals). Pocock,
Biometrika 64, 1977. O'Brien & Fleming, Biometrics 35, 1979.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from scipy import optimize

from workbench.errors import AnalysisError, one_of
from workbench.experiments.crossing import Spending, crossing, spending_bounds, spent

__all__ = ["Boundaries", "Look", "boundaries", "classical_boundaries", "read_look"]

Kind = Spending


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
    z = spending_bounds(alpha, shares, kind)
    return Boundaries(kind, shares, z, tuple(spent(alpha, t, kind) for t in shares), alpha)


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
        bounds = [constant * power for power in powers]
        totals = crossing(bounds, shares, 0.0).sum(axis=1).cumsum()
        return tuple(float(total) for total in totals)

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
