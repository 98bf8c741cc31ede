"""Whether groups have the sizes that were planned: by chi-square, exactly where they are small.

References
----------
Fabijan et al., "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments", KDD 2019, for
the test and its strict level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt
from scipy import special, stats

__all__ = ["RatioTest", "ratio_test", "sample_ratio"]

_SMALL = 20  # expected units below which chi-square alarms too often at a strict level
_MOST_SPLITS = 20_000
_BLUR = 1 + 1e-7  # equal chances differ in their last bits


@dataclass(frozen=True)
class RatioTest:
    """The test of counts against planned shares.

    Parameters
    ----------
    statistic
        Chi-square; None for the exact test.
    pvalue
        The chance of counts as unlikely as these under the plan.
    method
        `chi-square`; `exact multinomial`; or, where there are too many ways to split the units to
        look at each, `exact binomial of each group`, with Bonferroni's correction.
    """

    statistic: float | None
    pvalue: float
    method: str


def sample_ratio(counts: Sequence[int], shares: Sequence[float]) -> tuple[float, float]:
    """Return chi-square and p-value of the counts against the planned shares.

    Parameters
    ----------
    counts
        Customers per variant.
    shares
        Planned share per variant, above 0, in the same order; any scale.

    Examples
    --------
    >>> chi2, p = sample_ratio([21307, 21387, 21306], [1 / 3, 1 / 3, 1 / 3])
    >>> f"{chi2:.3f} {p:.3f}"
    '0.203 0.904'
    """
    seen, planned = np.asarray(counts, dtype="float64"), np.asarray(shares, dtype="float64")
    expected = planned / planned.sum() * seen.sum()
    statistic = float(((seen - expected) ** 2 / expected).sum())
    return statistic, float(stats.chi2.sf(statistic, len(seen) - 1))


def ratio_test(counts: Sequence[int], shares: Sequence[float]) -> RatioTest:
    """Return the test of counts against planned shares, exact where a group should be small.

    Parameters
    ----------
    counts
        Units per variant; not all 0.
    shares
        Planned share per variant, above 0, in the same order; any scale.

    Examples
    --------
    >>> test = ratio_test([4, 1], [0.5, 0.5])
    >>> round(test.pvalue, 3), test.method
    (0.375, 'exact multinomial')
    """
    total = sum(counts)
    planned = np.asarray(shares, dtype="float64") / sum(shares)
    if total * planned.min() >= _SMALL:
        statistic, pvalue = sample_ratio(counts, shares)
        return RatioTest(statistic, pvalue, "chi-square")
    seen = _log_chances(np.array([counts], dtype="float64"), planned)[0]
    if comb(total + len(counts) - 1, len(counts) - 1) <= _MOST_SPLITS:
        splits = np.array(list(_splits(total, len(counts))), dtype="float64")
        chances = _log_chances(splits, planned)
        unlikely = chances <= seen + np.log(_BLUR)
        pvalue = float(np.exp(np.sort(chances[unlikely])).sum())
        return RatioTest(None, min(pvalue, 1.0), "exact multinomial")
    each = zip(counts, planned, strict=True)
    pvalues = [float(stats.binomtest(count, total, share).pvalue) for count, share in each]
    return RatioTest(None, min(len(pvalues) * min(pvalues), 1.0), "exact binomial of each group")


def _log_chances(
    splits: npt.NDArray[np.float64], planned: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    total = splits.sum(axis=1)
    found: npt.NDArray[np.float64] = (
        special.gammaln(total + 1)
        - special.gammaln(splits + 1).sum(axis=1)
        + (splits * np.log(planned)).sum(axis=1)
    )
    return found


def _splits(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Yield all ways to split units over some groups."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _splits(total - first, parts - 1):
            yield (first, *rest)
