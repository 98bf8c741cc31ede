"""Anytime-valid intervals for means of outcomes between known bounds: no large-sample argument.

Each batch of customers is bet on with what the batches before have shown, so the wins are a
supermartingale whatever the distribution. It costs width against the asymptotic interval of
:mod:`workbench.experiments.sequential.always`, most of all when outcomes are far from their bounds.

References
----------
Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86, 2024,
theorem 2 (predictable plug-in empirical Bernstein).
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass
from math import log, log1p, sqrt

from workbench.errors import AnalysisError

__all__ = ["BoundedSequence", "bounded_difference", "bounded_sequence"]

_BOLDEST = 0.5


@dataclass(frozen=True)
class BoundedSequence:
    """An anytime-valid interval of a mean after some batches.

    Parameters
    ----------
    n_obs
        Customers so far.
    estimate
        The weighted mean in the interval's middle.
    lower, upper
        The interval: with chance `level` the truth is in the intervals after all batches.
    level
        `1 - alpha`.
    method
        In words.
    """

    n_obs: int
    estimate: float
    lower: float
    upper: float
    level: float
    method: str = "anytime-valid, empirical Bernstein for bounded outcomes (exact)"


def bounded_sequence(
    batches: Many[tuple[int, float, float]],
    *,
    bounds: tuple[float, float],
    alpha: float = 0.05,
) -> list[BoundedSequence]:
    """Return the anytime-valid interval after each batch.

    For a difference between two groups see :func:`bounded_difference`.

    Parameters
    ----------
    batches
        Per batch, in the order in which they came (a day each, for example): customers, sum of
        outcomes, sum of squared outcomes. The outcomes of a batch must not depend on each other.
    bounds
        Smallest and largest possible outcome, known beforehand, not taken from the data.
    alpha
        One minus the level.

    Raises
    ------
    AnalysisError
        When the bounds are none, or a batch cannot lie between them.
    """
    low, high = bounds
    if not high > low:
        what = f"bounds == {bounds}, the second must be larger"
        raise AnalysisError(what, where="bounded sequence")
    width = high - low
    mean, variance, seen = 0.5, 0.25, 0
    # Sums before betting begins count as one pseudo-outcome, as in the paper.
    total, squares = 0.0, 0.0
    weights = weighted = paid = 0.0
    made: list[BoundedSequence] = []
    for n, first, second in batches:
        x = (first - n * low) / width
        xx = (second - 2 * low * first + n * low**2) / width**2
        if n < 0 or not -1e-9 <= x <= n + 1e-9 or xx > n + 1e-9:
            raise AnalysisError(
                "a batch lies outside the bounds",
                where="bounded sequence",
                fix="Give bounds that no outcome can pass, or cut the outcomes at a cap.",
            )
        if n:
            # The bet on this batch, from the batches before alone.
            planned = max(seen + n, 1)
            bet = sqrt(2 * log(2 / alpha) / (variance * planned * log1p(planned)))
            bet = min(bet, _BOLDEST)
            spread = max(xx - 2 * mean * x + n * mean**2, 0.0)
            paid += spread * (-log1p(-bet) - bet)
            weights += bet * n
            weighted += bet * x
            seen, total, squares = seen + n, total + x, squares + xx
            mean = (0.5 + total) / (seen + 1)
            around = squares - 2 * mean * total + seen * mean**2
            variance = (0.25 + max(around, 0.0)) / (seen + 1)
        if not weights:
            made.append(BoundedSequence(0, (low + high) / 2, low, high, 1 - alpha))
            continue
        middle = weighted / weights
        half = (log(2 / alpha) + paid) / weights
        last = made[-1] if made else None
        lower = max(low + width * (middle - half), last.lower if last else low)
        upper = min(low + width * (middle + half), last.upper if last else high)
        made.append(
            BoundedSequence(seen, low + width * middle, lower, max(upper, lower), 1 - alpha)
        )
    return made


def bounded_difference(
    control: BoundedSequence, treatment: BoundedSequence
) -> tuple[float, float, float]:
    """Return lower end, upper end and level of the difference of two means at one look.

    Both groups' intervals hold at all looks with chance `level` each; together they err at most
    twice as often. So take each at `alpha / 2`.

    Parameters
    ----------
    control, treatment
        Of the same look.
    """
    level = max(1 - (1 - control.level) - (1 - treatment.level), 0.0)
    return treatment.lower - control.upper, treatment.upper - control.lower, level
