"""Assignments to counts: units by day and by segment, and covariates that came too late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.data.frames import collect, lazy, require_time
from workbench.errors import AnalysisError
from workbench.experiments.plan import Plan
from workbench.experiments.windows import moment

__all__ = ["NOT_STATED", "Tally", "tally", "with_segments"]

NOT_STATED = "not stated"


@dataclass(frozen=True)
class Tally:
    """How the units of an experiment are spread; those in two variants are left out.

    Parameters
    ----------
    days
        `day` (as :meth:`datetime.date.toordinal` gives it), `variant`, `n`: units by the day of
        their first assignment, sorted; None where the assignments have no time.
    segments
        Segment -> `value` (text; `not stated` where it is missing), `variant`, `n`, sorted.
    missing_segments
        Declared segments that no table has.
    untimed
        Units without a time of assignment.
    late
        Covariate -> assignments whose value was measured after the assignment, or nobody knows
        when; only covariates whose `measured_at` was declared.
    rows
        Assignments, all of them.
    """

    days: pd.DataFrame | None
    segments: Mapping[str, pd.DataFrame]
    missing_segments: tuple[str, ...] = ()
    untimed: int = 0
    late: Mapping[str, int] = field(default_factory=dict)
    rows: int = 0


def with_segments(assignments: Any, customers: Any, names: Sequence[str]) -> nw.LazyFrame[Any]:
    """Return assignments with the segments that only the customers' table holds.

    Parameters
    ----------
    assignments
        The rows of one experiment or of several.
    customers
        One row per customer, in the same engine; None where the unit has no such table.
    names
        Columns by which effects will be read; those that neither table has are left out.
    """
    frame = lazy(assignments, where="assignments", needs=("customer_id",))
    if customers is None:
        return frame
    there = frame.collect_schema().names()
    table = lazy(customers, where="customers", needs=("customer_id",))
    known = table.collect_schema().names()
    wanted = [name for name in names if name not in there and name in known]
    if not wanted:
        return frame
    return frame.join(table.select("customer_id", *wanted), on="customer_id", how="left")


def tally(assignments: Any, plan: Plan, *, unique: bool = False) -> Tally:
    """Return how the units of an experiment are spread over days and segments.

    Parameters
    ----------
    assignments
        The rows of this experiment: the plan's unit, `variant`; `assigned_at`, segments and
        `measured_at` columns where there are any.
    plan
        What was declared.
    unique
        Whether it is known that no unit has two rows: they are then not looked for again.

    Raises
    ------
    AnalysisError
        When the unit's column or `variant` is missing, or a time is none.
    """
    frame = lazy(assignments, where="assignments", needs=(plan.unit, "variant"))
    names = frame.collect_schema().names()
    timed = "assigned_at" in names
    segments = [name for name in plan.segments if name in names]
    texts = {
        f"s{i}": nw.col(name).cast(nw.String).fill_null(NOT_STATED)
        for i, name in enumerate(segments)
    }
    keys = {"day": _day(frame), **texts} if timed else texts
    rows = frame.select(
        unit=nw.col(plan.unit), variant=nw.col("variant").cast(nw.String), **keys
    ).filter(~nw.col("unit").is_null() & ~nw.col("variant").is_null())
    if not unique:
        rows = _one_row_per_unit(rows, list(keys))
    # One reduction of moderate size: the counts of all are made from it.
    counted = collect(rows.group_by("variant", *keys).agg(n=nw.len()))
    days = _days(counted) if timed else None
    return Tally(
        days=days,
        segments={
            name: _counts(counted, f"s{i}").rename(columns={f"s{i}": "value"})
            for i, name in enumerate(segments)
        },
        missing_segments=tuple(name for name in plan.segments if name not in names),
        untimed=0 if days is None else int(counted["n"].sum() - days["n"].sum()),
        late=_late(frame, plan),
        rows=int(collect(frame.select(n=nw.len()))["n"].iloc[0]),
    )


def _day(frame: nw.LazyFrame[Any]) -> nw.Expr:
    """Return the day of assignment as a time or a date, whichever is the quickest to group by."""
    require_time(frame, "assigned_at", where="assignments")
    value = nw.col("assigned_at")
    is_day = frame.collect_schema()["assigned_at"] == nw.Date
    return value if is_day else value.dt.truncate("1d")


def _one_row_per_unit(rows: nw.LazyFrame[Any], keys: Sequence[str]) -> nw.LazyFrame[Any]:
    """Return units in one variant, each with its first day."""
    units = rows.group_by("unit").agg(
        variant=nw.col("variant").min(),
        other=nw.col("variant").max(),
        **{name: nw.col(name).min() for name in keys},
    )
    return units.filter(nw.col("variant") == nw.col("other"))


def _days(counted: pd.DataFrame) -> pd.DataFrame:
    known = counted[counted["day"].notna()]
    days = [pd.Timestamp(value).toordinal() for value in known["day"]]
    return _counts(known.assign(day=np.array(days, dtype="int64")), "day")


def _counts(counted: pd.DataFrame, key: str) -> pd.DataFrame:
    found = counted.groupby([key, "variant"], sort=True)["n"].sum().reset_index()
    return found.astype({"n": "int64", "variant": "str"})


def _late(frame: nw.LazyFrame[Any], plan: Plan) -> dict[str, int]:
    """Return how many values of each covariate are not known to come before the assignment."""
    names = frame.collect_schema().names()
    flags = {}
    for i, one in enumerate(plan.covariates):
        if one.measured_at is None:
            continue
        for column in (one.column, one.measured_at, "assigned_at"):
            if column not in names:
                raise AnalysisError(
                    f"column {column} is missing: {one.name} is to be measured before assignment",
                    where="assignments",
                    fix="Read the column from the source, or leave out `measured_at`.",
                )
        require_time(frame, one.measured_at, where="assignments")
        when, at = moment(frame, one.measured_at), moment(frame, "assigned_at")
        value = nw.col(one.column)
        unsure = when.is_null() | at.is_null() | (when > at)
        flags[f"c{i}"] = nw.when(~value.is_null() & unsure).then(1).otherwise(0)
    if not flags:
        return {}
    found = collect(frame.select(**flags).select(*[nw.col(name).sum() for name in flags]))
    return {
        one.name: int(found[f"c{i}"].iloc[0] or 0)
        for i, one in enumerate(plan.covariates)
        if f"c{i}" in flags
    }
