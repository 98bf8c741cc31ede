"""What is compared, and from which size on a change counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from workbench.data.quoting import relation
from workbench.errors import AnalysisError

__all__ = ["Limits", "Load", "Settings", "Subject"]


@dataclass(frozen=True)
class Load:
    """One load of a table.

    Parameters
    ----------
    rows
        A Parquet file, or a query of the engine.
    as_of
        The day whose end it looks back from.
    """

    rows: Path | str
    as_of: date

    @property
    def sql(self) -> str:
        """Return what stands after ``FROM``."""
        return relation(self.rows)


@dataclass(frozen=True)
class Subject:
    """The table that is compared.

    Parameters
    ----------
    table
        Its canonical name.
    clock
        The column (date or timestamp) that tells how fresh a row is; None where it has none.
    key
        The columns that tell a row from all others; empty where it has no key.
    skip
        Columns whose values are not compared: tokens of personal data, say.
    earlier_counts
        Rows of the loads before the load before, the oldest first; three of them and more tell
        what size of change is usual.
    """

    table: str
    clock: str | None = None
    key: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    earlier_counts: Sequence[int] = ()


@dataclass(frozen=True)
class Limits:
    """From which size on a change is large.

    Parameters
    ----------
    distance
        Of a distribution, 0-1: 0.1 is a tenth of the rows elsewhere.
    stability_index
        Population stability index; by custom 0.1 to 0.25 is some change, above it much.
    missing
        Change of a share of missing values, up or down (0.02 is two percentage points).
    category
        Share of a category that is new or vanished.
    volume
        Change of the number of rows as a part of those before, up or down.
    history
        Restated rows as a share of the rows before.
    max_age_days
        The newest row may be this old; None for no limit.
    """

    distance: float = 0.1
    stability_index: float = 0.2
    missing: float = 0.02
    category: float = 0.01
    volume: float = 0.1
    history: float = 0.001
    max_age_days: int | None = None

    def __post_init__(self) -> None:
        for name in ("distance", "stability_index", "missing", "category", "volume", "history"):
            value = getattr(self, name)
            if not value >= 0:
                raise AnalysisError(f"{name} == {value}, must be >= 0")


@dataclass(frozen=True)
class Settings:
    """How two loads are compared.

    Parameters
    ----------
    seed
        Of the bootstrap; at least 0.
    compared
        ``all`` rows of both loads, or this load's ``new`` rows (dated after the load before's
        newest) with all rows of the load before. Snapshots repeat the past: a change of late drowns
        in ``all``, and is plain in ``new``, where on the other hand a season shows as a change.
    level
        All intervals of a table together hold with this probability, above 0 and below 1.
    resamples
        Of the bootstrap, at least 100; more are drawn where many intervals need a higher level.
    min_group
        A category with fewer rows is not named, at least 1.
    min_rows
        With fewer values in either load a column's values are not compared, at least 30.
    max_categories
        A text column with more different values is not one of categories.
    exact_rows
        Up to so many rows, the bins are cut at exact quantiles; beyond, at those of a sample of
        about so many rows, picked by a hash of the row. Counts are always of all rows.
    limits
        From which size on a change is large.
    """

    seed: int
    compared: Literal["all", "new"] = "all"
    level: float = 0.95
    resamples: int = 2000
    min_group: int = 5
    min_rows: int = 100
    max_categories: int = 100
    exact_rows: int = 1_000_000
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.compared not in ("all", "new"):
            raise AnalysisError(f"compared == {self.compared!r}, must be one of: all, new")
        if not 0 < self.level < 1:
            raise AnalysisError(f"level == {self.level}, must be > 0 and < 1")
        lowest = {
            "seed": 0,
            "resamples": 100,
            "min_group": 1,
            "min_rows": 30,
            "max_categories": 2,
            "exact_rows": 1000,
        }
        for name, least in lowest.items():
            if getattr(self, name) < least:
                raise AnalysisError(f"{name} == {getattr(self, name)}, must be >= {least}")
