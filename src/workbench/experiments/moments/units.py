"""One row per unit of randomisation; what contradicts is left out and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from workbench.data.frames import collect

__all__ = ["Placed", "count_rows", "place_units"]


@dataclass(frozen=True)
class Placed:
    """Assignments with one row per unit.

    Parameters
    ----------
    frame
        The rows: `variant`, and the columns asked for.
    rows, rows_without_place, units_in_two_variants, units_in_conflict, repeated_rows
        As in :class:`workbench.experiments.moments.Moments`.
    """

    frame: nw.LazyFrame[Any]
    rows: int
    rows_without_place: int = 0
    units_in_two_variants: int = 0
    units_in_conflict: int = 0
    repeated_rows: int = 0


def count_rows(frame: nw.LazyFrame[Any]) -> int:
    """Return how many rows a frame has."""
    return int(collect(frame.select(n=nw.len()))["n"].iloc[0])


def place_units(frame: nw.LazyFrame[Any], columns: Sequence[str], *, unique: bool) -> Placed:
    """Return one row per unit, with the counts of what was put right or left out.

    Parameters
    ----------
    frame
        `unit`, `variant` and the columns.
    columns
        On which rows of one unit must agree.
    unique
        Whether it is known that each unit has one row; then units are not looked at, which is most
        of the work.
    """
    if unique:
        # Plain counts cost no scan of a Parquet file.
        counts = collect(frame.select(rows=nw.len(), placed=nw.col("variant").count())).iloc[0]
        rows = int(counts["rows"])
        lost = rows - int(counts["placed"])
        kept = frame.filter(~nw.col("variant").is_null()) if lost else frame
        return Placed(kept, rows, lost)
    places = [nw.col(name).count().alias(name) for name in ("unit", "variant")]
    counts = collect(frame.select(nw.len().alias("rows"), *places)).iloc[0]
    rows, lost = int(counts["rows"]), 0
    if int(counts[["unit", "variant"]].min()) < rows:
        frame = frame.filter(~nw.col("unit").is_null() & ~nw.col("variant").is_null())
        lost = rows - count_rows(frame)
    if not count_rows(frame.group_by("unit").agg(n=nw.len()).filter(nw.col("n") > 1)):
        return Placed(frame, rows, lost)
    schema = frame.collect_schema()
    floats = [name for name in columns if schema[name].is_float()]
    if floats:  # a missing number is one thing, so that two rows without one agree
        frame = frame.with_columns(
            **{name: nw.when(~nw.col(name).is_nan()).then(nw.col(name)) for name in floats}
        )
    frame = frame.select("unit", "variant", *columns).unique()
    kept_rows = count_rows(frame)
    several = frame.group_by("unit").agg(
        n=nw.len(), low=nw.col("variant").min(), high=nw.col("variant").max()
    )
    several = several.filter(nw.col("n") > 1)
    crossed = count_rows(several.filter(nw.col("low") != nw.col("high")))
    return Placed(
        frame.join(several, on="unit", how="anti"),
        rows,
        lost,
        crossed,
        count_rows(several) - crossed,
        rows - lost - kept_rows,
    )
