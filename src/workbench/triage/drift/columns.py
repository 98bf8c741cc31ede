"""The values of each column in two loads: missing ones, categories, distributions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import duckdb
import numpy as np

from workbench.params import ChangeKind
from workbench.triage.drift import words
from workbench.triage.drift.categories import Groups, group_categories
from workbench.triage.drift.figures import (
    Basics,
    Bins,
    category_counts,
    count_basics,
    count_bins,
    cut_points,
    values_kind,
)
from workbench.triage.drift.measures import (
    Interval,
    cumulative_distance,
    distance_interval,
    share_interval,
    stability_index,
    stream,
    times_as_often,
    total_variation,
)
from workbench.triage.drift.settings import Settings, Subject
from workbench.triage.drift.shifts import (
    CategoryChange,
    DistributionChange,
    MissingChange,
    NewCategory,
)

__all__ = ["ColumnReader", "Columns", "Compared", "Family"]

Explained = Callable[[ChangeKind], tuple[str, ...]]


@dataclass(frozen=True)
class Compared:
    """The rows whose values are compared.

    Parameters
    ----------
    before, now
        What stands after ``FROM``.
    types
        Columns of one SQL type in both.
    """

    before: str
    now: str
    types: Mapping[str, str]


@dataclass(frozen=True)
class Family:
    """All intervals of a table: their error is shared, so that together they hold the level.

    Parameters
    ----------
    size
        How many there are.
    level
        Of each of them.
    resamples
        Of each bootstrap: some beyond the end that the level asks for.
    """

    size: int
    level: float
    resamples: int


@dataclass(frozen=True)
class Columns:
    """What was found column by column; fields as in ``TableDrift``."""

    rows_before: int
    rows_now: int
    missing: tuple[MissingChange, ...]
    categories: tuple[CategoryChange, ...]
    new_categories: tuple[NewCategory, ...]
    distributions: tuple[DistributionChange, ...]
    not_compared: tuple[tuple[str, str], ...]


@dataclass
class ColumnReader:
    """Reads the columns of two loads: first what can be compared, then each with its interval.

    Parameters
    ----------
    connection
        The engine.
    compared
        The rows whose values are compared.
    subject, settings
        The table, and how it is compared.
    explained_by
        Kind of change -> titles of the events that account for it.
    """

    connection: duckdb.DuckDBPyConnection
    compared: Compared
    subject: Subject
    settings: Settings
    explained_by: Explained
    before: Basics = field(init=False)
    now: Basics = field(init=False)
    bins: dict[str, Bins] = field(init=False, default_factory=dict)
    groups: dict[str, Groups] = field(init=False, default_factory=dict)
    sampled: frozenset[str] = field(init=False, default=frozenset())
    without: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        types = self._types
        self.before = count_basics(self.connection, self.compared.before, types)
        self.now = count_basics(self.connection, self.compared.now, types)
        self.without |= dict.fromkeys(
            (name for name in self.compared.types if name not in types), "left out on purpose"
        )
        numbers = {}
        for name, kind in types.items():
            reason = self._why_not(name, kind)
            if reason:
                self.without[name] = reason
            elif values_kind(kind) == "number":
                numbers[name] = kind
            else:
                self._group(name)
        cuts, self.sampled = cut_points(
            self.connection,
            self.compared.before,
            numbers,
            tuple(self.compared.types),
            self.before.rows,
            self.settings,
        )
        self.bins = count_bins(
            self.connection, self.compared.before, self.compared.now, numbers, cuts
        )

    @property
    def _types(self) -> dict[str, str]:
        left_out = {*self.subject.skip, *self.subject.key}
        return {name: kind for name, kind in self.compared.types.items() if name not in left_out}

    @property
    def _enough(self) -> bool:
        """Return whether both loads have rows enough for any interval."""
        return min(self.before.rows, self.now.rows) >= self.settings.min_rows

    def _why_not(self, name: str, kind: str) -> str:
        """Return why a column's values are not compared, or an empty text."""
        kind = values_kind(kind)
        if kind == "other":
            return "neither numbers nor categories"
        if min(self.before.present[name], self.now.present[name]) < self.settings.min_rows:
            return f"fewer than {self.settings.min_rows:,} values in one of the loads"
        most = self.settings.max_categories
        # The engine's estimate may be off by some hundredths: the exact count decides later.
        if kind == "category" and self._most_distinct(name) > 2 * most:
            return f"more than {most:,} different values"
        return ""

    def _most_distinct(self, name: str) -> int:
        return max(self.before.distinct[name], self.now.distinct[name])

    def _group(self, name: str) -> None:
        compared = self.compared
        counts = category_counts(self.connection, compared.before, compared.now, name)
        sides = [sum(1 for pair in counts.values() if pair[side]) for side in (0, 1)]
        if max(sides) > self.settings.max_categories:
            self.without[name] = f"more than {self.settings.max_categories:,} different values"
        else:
            self.groups[name] = group_categories(counts, min_group=self.settings.min_group)

    def family(self, others: int) -> Family:
        """Return among how many intervals the error is shared.

        Parameters
        ----------
        others
            Intervals of the table beside those of its columns.
        """
        missing = len(self._types) if self._enough else 0
        size = others + missing + len(self.bins) + 2 * len(self.groups)
        share = (1 - self.settings.level) / max(size, 1)
        return Family(size, 1 - share, max(self.settings.resamples, math.ceil(4 / share)))

    def read(self, family: Family) -> Columns:
        """Return what was found, column by column."""
        new = [
            change for name, groups in self.groups.items()
            for change in self._new_categories(name, groups, family)
        ]  # fmt: skip
        return Columns(
            rows_before=self.before.rows,
            rows_now=self.now.rows,
            missing=tuple(self._missing(name, family) for name in self._types)
            if self._enough
            else (),
            categories=tuple(
                self._categories(name, groups, family) for name, groups in self.groups.items()
            ),
            new_categories=tuple(new),
            distributions=tuple(
                self._distribution(name, bins, family) for name, bins in self.bins.items()
            ),
            not_compared=tuple(
                (name, self.without[name]) for name in self.compared.types if name in self.without
            ),
        )

    def _stream(self, column: str, kind: str) -> np.random.Generator:
        return stream(self.settings.seed, self.subject.table, column, kind)

    def _missing(self, name: str, family: Family) -> MissingChange:
        absent = [(one.rows - one.present[name], one.rows) for one in (self.before, self.now)]
        found = share_interval(
            absent[0],
            absent[1],
            level=family.level,
            resamples=family.resamples,
            rng=self._stream(name, "missing"),
        )
        shares = [missing / rows for missing, rows in absent]
        threshold = self.settings.limits.missing
        read = words.reading(abs(found.value) >= threshold, not found.lower <= 0 <= found.upper)
        return MissingChange(
            table=self.subject.table,
            column=name,
            sentence=words.missing_sentence(name, shares[0], shares[1], found, family.level, read),
            explained_by=self.explained_by("missing"),
            before_share=shares[0],
            now_share=shares[1],
            change=found.value,
            lower=found.lower,
            upper=found.upper,
            level=family.level,
            threshold=threshold,
        )

    def _shift_reading(self, found: Interval, index: float) -> str:
        limits = self.settings.limits
        large = found.value >= limits.distance or index >= limits.stability_index
        return words.reading(large, found.lower > 0)

    def _distribution(self, name: str, bins: Bins, family: Family) -> DistributionChange:
        found = distance_interval(
            bins.before,
            bins.now,
            cumulative_distance,
            level=family.level,
            resamples=family.resamples,
            rng=self._stream(name, "distribution"),
        )
        index = stability_index(bins.deciles(bins.before), bins.deciles(bins.now))
        below_before, below_now = (
            np.cumsum(counts[:-1]) / sum(counts) for counts in (bins.before, bins.now)
        )
        place = int(np.argmax(np.abs(below_now - below_before)))
        at = bins.cuts[max(place, 1)]
        shares = (float(below_before[place]), float(below_now[place]))
        read = self._shift_reading(found, index)
        return DistributionChange(
            table=self.subject.table,
            column=name,
            sentence=words.distribution_sentence(
                name, at, place == 0, shares, found, index, family.level, read
            ),
            explained_by=self.explained_by("distribution"),
            distance=found.value,
            lower=found.lower,
            upper=found.upper,
            level=family.level,
            max_distance=self.settings.limits.distance,
            stability_index=index,
            max_stability_index=self.settings.limits.stability_index,
            at=at,
            below=place == 0,
            before_share=shares[0],
            now_share=shares[1],
            exact=name not in self.sampled,
        )

    def _categories(self, name: str, groups: Groups, family: Family) -> CategoryChange:
        found = distance_interval(
            groups.before,
            groups.now,
            total_variation,
            level=family.level,
            resamples=family.resamples,
            rng=self._stream(name, "categories"),
        )
        index = stability_index(groups.before, groups.now)
        shares = groups.shares()
        read = self._shift_reading(found, index)
        most = shares[0] if shares else None
        return CategoryChange(
            table=self.subject.table,
            column=name,
            sentence=words.categories_sentence(name, most, found, index, family.level, read),
            explained_by=self.explained_by("categories"),
            distance=found.value,
            lower=found.lower,
            upper=found.upper,
            level=family.level,
            max_distance=self.settings.limits.distance,
            stability_index=index,
            max_stability_index=self.settings.limits.stability_index,
            shares=shares,
            others=groups.other_shares(),
        )

    def _new_categories(self, name: str, groups: Groups, family: Family) -> tuple[NewCategory, ...]:
        level = 1 - (1 - family.level) / max(groups.met, 1)
        found = []
        for value, before, now in groups.one_sided():
            here, there, missing = (
                (before, sum(groups.before), sum(groups.now))
                if before
                else (now, sum(groups.now), sum(groups.before))
            )
            times = times_as_often(here, there, missing, level=level)
            threshold = self.settings.limits.category
            share = here / there
            read = words.reading(share >= threshold, times > 1)
            found.append(
                NewCategory(
                    table=self.subject.table,
                    column=name,
                    sentence=words.new_category_sentence(
                        name, value, bool(before), share, times, level, read
                    ),
                    explained_by=self.explained_by("categories"),
                    value=value,
                    gone=bool(before),
                    share=share,
                    times=times,
                    level=level,
                    threshold=threshold,
                )
            )
        return tuple(found)
