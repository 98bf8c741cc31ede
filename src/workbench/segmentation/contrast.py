"""Contacted minus held out: the difference, its interval, and what chance alone would make.

References
----------
Welch, Biometrika 34, 1947 (interval of a difference in means). Newcombe, Statistics in Medicine 17,
1998, method 10 (interval of a difference in shares). Mielke & Berry, "Permutation Methods", 2nd
ed., Springer, 2007, chapter 2 (a permutation distribution by its first three exact moments, Pearson
type III).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isclose, sqrt

from scipy import stats

from workbench.data.frames import MONEY_SCALE
from workbench.data.intervals import wilson

__all__ = ["Effect", "Moments", "chance_alone", "difference_in_revenue", "difference_in_share"]


@dataclass(frozen=True)
class Effect:
    """Contacted minus held out.

    Parameters
    ----------
    value
        The difference; None where it is not told.
    ci_lower, ci_upper
        Its interval; None where there is none.
    method
        How the interval was made; empty where there is none.
    reason
        Why it is not told; else empty.
    """

    value: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    method: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Moments:
    """The customers of one arm.

    Parameters
    ----------
    units
        Revenue of each, in whole ten-thousandths.
    buyers
        How many bought.
    """

    units: tuple[int, ...] = field(repr=False)
    buyers: int

    @property
    def n(self) -> int:
        """Return how many they are."""
        return len(self.units)

    @property
    def mean(self) -> float:
        """Return revenue per customer, in units of the currency."""
        return sum(self.units) / self.n / MONEY_SCALE

    @property
    def error(self) -> float:
        """Return the squared standard error of the mean; whole numbers, so that it is exact."""
        n, total = self.n, sum(self.units)
        spread = n * sum(one * one for one in self.units) - total * total
        return spread / (n * n * (n - 1)) / MONEY_SCALE**2


def difference_in_revenue(contact: Moments, held: Moments, level: float) -> Effect:
    """Return the difference in revenue per customer, with Welch's interval.

    Parameters
    ----------
    contact, held
        The arms, at least two customers each.
    level
        Of the interval.
    """
    effect = contact.mean - held.mean
    vc, vh = contact.error, held.error
    if vc + vh == 0:
        return Effect(effect, reason="Everybody spent the same, so chance cannot be judged.")
    part = vc / (vc + vh)
    freedom = 1 / (part**2 / (contact.n - 1) + (1 - part) ** 2 / (held.n - 1))
    half = float(stats.t.isf((1 - level) / 2, freedom)) * sqrt(vc + vh)
    return Effect(effect, effect - half, effect + half, "Welch's t")


def difference_in_share(contact: Moments, held: Moments, level: float) -> Effect:
    """Return the difference in the share who bought, with Newcombe's interval.

    Parameters
    ----------
    contact, held
        The arms, at least one customer each.
    level
        Of the interval.
    """
    one, other = contact.buyers / contact.n, held.buyers / held.n
    low, high = wilson(contact.buyers, contact.n, level=level)
    low_held, high_held = wilson(held.buyers, held.n, level=level)
    effect = one - other
    return Effect(
        effect,
        effect - sqrt((one - low) ** 2 + (high_held - other) ** 2),
        effect + sqrt((high - one) ** 2 + (other - low_held) ** 2),
        "Newcombe's interval, of two Wilson intervals",
    )


def chance_alone(contact: Moments, held: Moments) -> float | None:
    """Return how often chance alone makes a difference as large, in its own direction.

    Had the list no effect on anybody, those held out would be a random sample of all. The mean,
    variance and third moment of its mean are known exactly for a sample without replacement.

    Parameters
    ----------
    contact, held
        The arms.

    Returns
    -------
    float or None
        The one-sided p-value; None where everybody spent the same.
    """
    everybody = (*contact.units, *held.units)
    size, n = len(everybody), held.n
    total = sum(everybody)
    second = size * sum(one * one for one in everybody) - total * total
    if second == 0 or size < 3:
        return None
    centred = [size * one - total for one in everybody]  # whole numbers, `size` times as large
    third = sum(one**3 for one in centred) / size**4
    spread = sqrt(second / size / (size - 1) / n * (1 - n / size))
    moment = third * (size - n) * (size - 2 * n) / (n * n * (size - 1) * (size - 2))
    off = (sum(held.units) / n - total / size) / spread
    skew = moment / spread**3
    return _tail(off, skew)


def _tail(off: float, skew: float) -> float:
    """Return the tail beyond a standardised value, of Pearson's type III with this skewness."""
    if isclose(skew, 0, abs_tol=1e-9):
        return float(stats.norm.sf(abs(off)))
    tail = stats.pearson3.sf if off > 0 else stats.pearson3.cdf
    return float(tail(off, skew))
