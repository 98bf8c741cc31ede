"""What changed in a column's values: missing ones, categories, distributions of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.params import ChangeKind
from workbench.triage.drift.changes import Change

__all__ = [
    "CategoryChange",
    "DistributionChange",
    "MissingChange",
    "NewCategory",
]


@dataclass(frozen=True)
class MissingChange(Change):
    """The share of rows without a value in a column.

    Parameters
    ----------
    before_share, now_share
        Shares of the compared rows (0-1); a number that is not finite counts as missing.
    change
        The second minus the first.
    lower, upper
        The bootstrap interval of the change.
    level
        Of that interval; over all intervals of the table together it is the ``level`` of
        :class:`TableDrift`.
    threshold
        A change is large from this size on, up or down.
    """

    kind: ClassVar[ChangeKind] = "missing"

    before_share: float
    now_share: float
    change: float
    lower: float
    upper: float
    level: float
    threshold: float

    @property
    def large(self) -> bool:
        """Return whether the size is beyond its threshold."""
        return abs(self.change) >= self.threshold

    @property
    def certain(self) -> bool:
        """Return whether the interval leaves out "no change"."""
        return not self.lower <= 0 <= self.upper


@dataclass(frozen=True)
class _Shift(Change):
    """How far a distribution moved.

    Parameters
    ----------
    distance
        From 0 (the same) to 1.
    lower, upper
        Its bootstrap interval.
    level
        Of that interval; over all intervals of the table together it is the ``level`` of
        :class:`TableDrift`.
    max_distance
        The shift is large from this distance on.
    stability_index
        The population stability index, at least 0.
    max_stability_index
        The shift is large from this index on, too.
    """

    distance: float
    lower: float
    upper: float
    level: float
    max_distance: float
    stability_index: float
    max_stability_index: float

    @property
    def large(self) -> bool:
        """Return whether the distance or the stability index is beyond its threshold."""
        return (
            self.distance >= self.max_distance or self.stability_index >= self.max_stability_index
        )

    @property
    def certain(self) -> bool:
        """Return whether the interval leaves out "no change"."""
        return self.lower > 0


@dataclass(frozen=True)
class DistributionChange(_Shift):
    """A numeric column's distribution: the distance is that of Kolmogorov and Smirnov.

    Parameters
    ----------
    at
        The value where the two distributions are furthest apart.
    below
        Whether it is furthest just below that value, the least of the load before.
    before_share, now_share
        Shares of the rows with a value that lie at or below it, or below it (0-1).
    exact
        Whether the bins were cut at quantiles of all rows of the load before, or of a sample.
    """

    kind: ClassVar[ChangeKind] = "distribution"

    at: float
    below: bool
    before_share: float
    now_share: float
    exact: bool


@dataclass(frozen=True)
class CategoryChange(_Shift):
    """A column of categories: the distance is the share of rows that would have to change theirs.

    Parameters
    ----------
    shares
        Category, share before, share now (0-1), the greatest change first. A category with fewer
        rows than the smallest group in either load is not named, unless it has none there.
    others
        Share before and now of all that are not named.
    """

    kind: ClassVar[ChangeKind] = "categories"

    shares: tuple[tuple[str, float, float], ...]
    others: tuple[float, float]


@dataclass(frozen=True)
class NewCategory(Change):
    """A category that only one of the two loads has.

    Parameters
    ----------
    value
        The category; never one of fewer rows than the smallest group.
    gone
        Whether it vanished; else it is new.
    share
        Its share in the load that has it (0-1).
    times
        At least this many times as frequent there as in the other load: the lower end of an exact
        interval that has no upper end. "No change" is 1.
    level
        Of that interval.
    threshold
        It is large from this share on.
    """

    kind: ClassVar[ChangeKind] = "categories"

    value: str
    gone: bool
    share: float
    times: float
    level: float
    threshold: float

    @property
    def large(self) -> bool:
        """Return whether the size is beyond its threshold."""
        return self.share >= self.threshold

    @property
    def certain(self) -> bool:
        """Return whether the interval leaves out "no change"."""
        return self.times > 1
