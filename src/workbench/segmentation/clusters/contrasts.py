"""How far the members of each group differ from all other customers, trait by trait.

A p-value says little with many customers: everything is significant. So the size of the difference
is measured, by comparing members with others in pairs, which asks nothing of the distribution.

References
----------
Vargha & Delaney, "A Critique and Improvement of the CL Common Language Effect Size Statistics of
McGraw and Wong", Journal of Educational and Behavioral Statistics 25(2), 2000: the measure A, with
0.71 called large. Birnbaum & Klose, "Bounds for the Variance of the Mann-Whitney Statistic", Annals
of Mathematical Statistics 28, 1957: its variance is at most A (1 - A) / min(m, n).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.intervals import wilson
from workbench.errors import AnalysisError, one_of
from workbench.segmentation.clusters.traits import Trait

__all__ = ["APART", "LEAN", "Contrast", "check_groups", "contrasts", "values_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

APART = 0.75
"""A trait sets a group apart when its members lie on one side in at least three of four pairs."""
LEAN = 0.64
"""A group leans to one side from here on ("medium" with Vargha & Delaney)."""


@dataclass(frozen=True)
class Contrast:
    """One trait of one group, beside all other customers.

    Parameters
    ----------
    group
        The group's label, 0 to k - 1.
    trait
        What is compared.
    higher
        Share (0-1) of pairs of a member and another customer in which the member has more; a tie
        counts half. 0.5 where there is no difference.
    lower, upper
        Interval of `higher`, valid for any distribution, at level 0.95. It does not account for the
        groups having been made from the same customers.
    inside, outside
        What is usual in the group, and among the others.
    centre
        How that is measured: "median", or "mean" where it tells more: for shares, of which most may
        be nought, and for counts.
    """

    group: int
    trait: Trait
    higher: float
    lower: float
    upper: float
    inside: float
    outside: float
    centre: str

    @property
    def size(self) -> float:
        """Return how far apart, 0.5 (not at all) to 1 (no overlap), whatever the side."""
        return max(self.higher, 1 - self.higher)

    @property
    def sure(self) -> bool:
        """Return whether the interval leaves no doubt which side it is."""
        return self.lower > 0.5 or self.upper < 0.5

    @property
    def word(self) -> str:
        """Return what the group is called for it; empty where this side says nothing."""
        return self.trait.high if self.higher > 0.5 else self.trait.low

    @property
    def is_apart(self) -> bool:
        """Return whether the trait sets the group apart: far enough, and surely."""
        return self.size >= APART and self.sure


def check_groups(
    measures: pd.DataFrame,
    traits: Sequence[Trait],
    labels: npt.NDArray[Any],
    *,
    min_group: int,
    where: str,
) -> Ints:
    """Return the labels as whole numbers, after checking that they fit the measures.

    Parameters
    ----------
    measures
        One row per customer, with a column for each trait; further columns are not read.
    traits
        What the columns are; at least one.
    labels
        Group of each customer, 0 to k - 1; each of at least `min_group` customers.
    min_group
        The smallest group that may be shown.
    where
        Who asks, for the message of an error.

    Raises
    ------
    AnalysisError
        When lengths differ, a column is missing, or a label is empty or too small a group.
    """
    missing = [trait.column for trait in traits if trait.column not in measures.columns]
    if missing:
        raise AnalysisError(
            f"column {', '.join(missing)} is missing",
            where=where,
            fix=one_of(missing[0], map(str, measures.columns)),
        )
    found = np.asarray(labels)
    if not traits or not len(found) or found.shape != (len(measures),):
        raise AnalysisError(
            f"{len(traits)} traits, {len(measures)} customers, labels of shape {found.shape}",
            where=where,
            fix="Give at least one trait, and one label for each customer.",
        )
    whole: Ints = found.astype("int64")
    if (whole != found).any() or whole.min() < 0:
        raise AnalysisError("a label is no whole number from 0", where=where)
    sizes = np.bincount(whole)
    if sizes.min() < max(min_group, 1):
        raise AnalysisError(
            f"group {int(sizes.argmin())} has fewer than {max(min_group, 1)} customers",
            where=where,
            fix="Merge it with another group, or ask for fewer groups.",
        )
    return whole


def values_of(measures: pd.DataFrame, trait: Trait, *, where: str) -> Floats:
    """Return a trait's values; a missing or infinite one is an error."""
    values = measures[trait.column].to_numpy("float64")
    if not np.isfinite(values).all():
        raise AnalysisError(
            f"column {trait.column} has missing or infinite values",
            where=where,
            fix="Leave the measure out, or fill it where it is made.",
        )
    return values


def contrasts(
    measures: pd.DataFrame,
    traits: Sequence[Trait],
    labels: npt.NDArray[Any],
    *,
    min_group: int,
    level: float = 0.95,
) -> tuple[tuple[Contrast, ...], ...]:
    """Return for each group its contrasts, in the order of the traits.

    Parameters
    ----------
    measures, traits, labels, min_group
        As :func:`check_groups` takes them; there must be at least two groups.
    level
        Of the intervals, between 0 and 1.

    Raises
    ------
    AnalysisError
        As :func:`check_groups`, for missing values, and when there is one group only.
    """
    whole = check_groups(measures, traits, labels, min_group=min_group, where="contrasts")
    sizes = np.bincount(whole)
    if len(sizes) < 2:
        raise AnalysisError("there is one group only, and nothing to compare", where="contrasts")
    small = whole.astype("int32")
    made: list[list[Contrast]] = [[] for _ in sizes]
    for trait in traits:
        sides = _Sides(values_of(measures, trait, where="contrasts"), small, sizes)
        centre = "median" if trait.kind in ("days", "money") else "mean"
        for group, n in enumerate(sizes.tolist()):
            higher = sides.higher(group)
            smaller = min(n, len(whole) - n)
            lower, upper = wilson(higher * smaller, smaller, level=level)
            inside, outside = sides.medians(group) if centre == "median" else sides.means(group)
            made[group].append(
                Contrast(group, trait, higher, lower, upper, inside, outside, centre)
            )
    return tuple(tuple(of_group) for of_group in made)


class _Sides:
    """One measure, sorted, so that no sum depends on the order of the rows."""

    def __init__(self, values: Floats, labels: npt.NDArray[np.int32], sizes: Ints) -> None:
        order = np.argsort(values)  # ties in any order: their values and ranks are the same
        self.values, self.owner, self.sizes = values[order], labels[order], sizes
        starts = np.flatnonzero(np.diff(self.values, prepend=-np.inf))
        lengths = np.diff(starts, append=len(values))
        ranks = np.repeat(starts + (lengths + 1) / 2, lengths)
        self.ranks = np.bincount(self.owner, weights=ranks)
        self.sums = np.bincount(self.owner, weights=self.values)

    def higher(self, group: int) -> float:
        """Return the share of pairs in which a member has more than another customer."""
        n, total = int(self.sizes[group]), len(self.values)
        return float((self.ranks[group] - n * (n + 1) / 2) / (n * (total - n)))

    def means(self, group: int) -> tuple[float, float]:
        """Return the mean in a group, and among the others."""
        n, total = int(self.sizes[group]), len(self.values)
        others = np.delete(self.sums, group).sum()
        return float(self.sums[group] / n), float(others / (total - n))

    def medians(self, group: int) -> tuple[float, float]:
        """Return the median in a group, and among the others."""
        mine = self.owner == group
        ends = []
        for side in (mine, ~mine):
            before = np.cumsum(side, dtype="int64")  # how many of a side stand up to here
            middle = int(before[-1])
            places = np.searchsorted(before, [(middle + 1) // 2, middle // 2 + 1])
            ends.append(float(self.values[places].mean()))
        return ends[0], ends[1]
