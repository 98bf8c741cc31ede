"""Orders and interactions to one number per assigned customer: outcomes, and what came before.

A window begins with the assignment (an outcome) or ends there (a covariate), to the microsecond.
Who ordered nothing in it has 0, not a missing outcome; a window that is not over at the end of
`as_of` is no outcome yet: the customer is left out of that metric, and counted. Amounts are summed
as whole ten-thousandths, so that no engine and no order of the rows changes a sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import narwhals as nw

from workbench.data.frames import (
    MONEY_SCALE,
    collect,
    lazy,
    require_number,
    require_time,
)
from workbench.errors import AnalysisError
from workbench.experiments.plan import covariate_column, metric_columns
from workbench.experiments.windows import (
    AT,
    CLOCKS,
    CUSTOMER,
    Window,
    days_of,
    events_of,
    kept,
    midnight_after,
    moment,
    need,
    summed,
)
from workbench.params import ExperimentParams
from workbench.params.measures import CovariateParams, MeasureParams, MetricParams

__all__ = ["Measured", "Truncated", "measure"]

_MONEY = frozenset({"amount", "margin", "quantity", "satisfaction"})
_YES_OR_NO = frozenset({"bought", "contacted"})


@dataclass(frozen=True)
class Truncated:
    """Customers whose window of a metric is not over, or cannot be placed in time.

    Parameters
    ----------
    metric
        The metric's name.
    variant
        The variant.
    rows
        Assignments whose window ends after `as_of`; they have no outcome yet.
    untimed
        Assignments without a time; they have no outcome at all.
    """

    metric: str
    variant: str
    rows: int
    untimed: int


@dataclass(frozen=True)
class Measured:
    """An experiment's assignments with all outcomes and covariates as columns.

    Parameters
    ----------
    frame
        The assignments, every row and column of them, and the computed columns, whose names
        :func:`workbench.experiments.plan.metric_columns` and `covariate_column` give. Missing where
        there is no outcome (yet). In DuckDB it is a temporary table, so that further readings do
        not compute it again.
    truncated
        Per metric with a window and variant, who is left out; those with nobody are not listed.
    cut_covariates
        Covariate -> assignments whose window begins before the first row of its table: what was
        before is not known, and counts as nothing.
    """

    frame: nw.LazyFrame[Any]
    truncated: tuple[Truncated, ...]
    cut_covariates: Mapping[str, int]

    @property
    def waiting(self) -> dict[tuple[str, str], int]:
        """Return (variant, metric's name) -> customers whose window is not over."""
        return {(one.variant, one.metric): one.rows for one in self.truncated if one.rows}


def measure(
    assignments: Any,
    declared: ExperimentParams,
    *,
    as_of: date,
    orders: Any = None,
    interactions: Any = None,
) -> Measured:
    """Return the assignments of one experiment with its outcomes and covariates as columns.

    Parameters
    ----------
    assignments
        The rows of this experiment: `customer_id`, `variant`, and `assigned_at` where something is
        computed from a window.
    declared
        The experiment's declaration.
    as_of
        The day at whose end the data are looked at.
    orders, interactions
        The unit's tables, in the same engine as the assignments; needed where a metric or a
        covariate is computed from them.

    Raises
    ------
    AnalysisError
        When a table or a column is missing or of the wrong kind.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"customer_id": ["a", "b"], "variant": ["x", "y"],
    ...     "assigned_at": pd.to_datetime(["2025-01-01", "2025-01-02"])})
    >>> lines = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "amount": [9.5],
    ...     "ordered_at": pd.to_datetime(["2025-01-05"])})
    >>> said = ExperimentParams.model_validate({"title": "T", "control": "x",
    ...     "shares": {"x": 0.5, "y": 0.5}, "metrics": {"spend": {
    ...         "kind": "mean", "from": "orders", "what": "amount", "days": 7}}})
    >>> done = measure(rows, said, as_of=date(2025, 1, 31), orders=lines).frame.collect()
    >>> done.sort("customer_id")["metric spend"].to_list()
    [9.5, 0.0]
    """
    windows, before = _windows(declared), _covariates(declared)
    caps = {name: m for name, m in declared.metrics.items() if m.cap is not None and m.column}
    frame = lazy(assignments, where="assignments", needs=("customer_id", "variant"))
    made = [one.column for one in (*windows, *before)]
    made += [metric_columns(name, metric)[0] for name, metric in caps.items()]
    _refuse_taken(frame, [*made, AT, CUSTOMER])
    for name, metric in caps.items():
        frame = _capped(frame, name, metric)
    if not windows and not before:
        return Measured(frame, (), {})
    need(frame, "assigned_at", "assignments")
    require_time(frame, "assigned_at", where="assignments")
    frame = frame.with_columns(**{AT: moment(frame, "assigned_at")})
    span = days_of(assignments, "assigned_at", where="assignments")
    tables = {"orders": orders, "interactions": interactions}
    end, whole = midnight_after(as_of), frame
    for origin in dict.fromkeys(one.origin for one in (*windows, *before)):
        mine = [one for one in (*windows, *before) if one.origin == origin]
        since, until = _reach(mine, span, as_of)
        whats = {one.what for one in mine}
        events = events_of(tables[origin], origin, whats, since=since, until=until)
        whole = _joined(whole, summed(frame, events, mine))
    filled = _filled(whole, (*windows, *before), end=end)
    return Measured(
        kept(filled.drop(AT)),
        _truncated(frame, declared, end=end),
        _cut(frame, declared, before, tables),
    )


def _reach(
    windows: Sequence[Window], span: tuple[date, date] | None, as_of: date
) -> tuple[date, date]:
    """Return the first and the last day that any window of any assignment reaches."""
    low, high = span or (as_of, as_of)
    back, ahead = min(one.low for one in windows), max(one.high for one in windows)
    first, last = max(low.toordinal() + back, 1), high.toordinal() + ahead
    return date.fromordinal(first), date.fromordinal(min(as_of.toordinal(), last))


def _windows(declared: ExperimentParams) -> list[Window]:
    """Return what is to be computed of the time after the assignment."""
    made = []
    for name, metric in declared.metrics.items():
        columns = metric_columns(name, metric)
        parts: tuple[MeasureParams | MetricParams | None, ...] = (
            (metric.numerator, metric.denominator) if metric.kind == "ratio" else (metric,)
        )
        for column, part in zip(columns, parts, strict=True):
            if part is None or part.origin is None:
                continue
            what = part.what or ("bought" if part.origin == "orders" else "contacted")
            low, days = metric.day or 0, part.days or 0
            made.append(
                Window(
                    column, part.origin, what, low, low + days, metric.window_days, metric.cap
                )
            )  # fmt: skip
    return made


def _covariates(declared: ExperimentParams) -> list[Window]:
    """Return what is to be computed of the time before the assignment."""
    return [
        Window(covariate_column(name, one), one.origin, str(one.what), -(one.days or 0), 0, 0)
        for name, one in declared.covariates.items()
        if one.origin is not None
    ]


def _refuse_taken(frame: nw.LazyFrame[Any], made: Sequence[str]) -> None:
    taken = sorted(set(made) & set(frame.collect_schema().names()))
    if taken:
        raise AnalysisError(
            f"column {taken[0]} is there already, and would be computed",
            where="assignments",
            fix="Give the column another name where the source is read.",
        )


def _capped(frame: nw.LazyFrame[Any], name: str, metric: MetricParams) -> nw.LazyFrame[Any]:
    """Add a column's values, those above the cap counted as the cap."""
    column, cap = str(metric.column), float(metric.cap or 0.0)
    need(frame, column, "assignments")
    require_number(frame, column, where="assignments")
    value = nw.col(column).cast(nw.Float64)
    return frame.with_columns(
        **{metric_columns(name, metric)[0]: nw.when(value > cap).then(cap).otherwise(value)}
    )


def _joined(frame: nw.LazyFrame[Any], found: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    done = frame.join(found, left_on=["customer_id", AT], right_on=[CUSTOMER, AT], how="left")
    extra = [name for name in (CUSTOMER, f"{AT}_right") if name in done.collect_schema().names()]
    return done.drop(*extra) if extra else done


def _filled(
    frame: nw.LazyFrame[Any], windows: Sequence[Window], *, end: datetime
) -> nw.LazyFrame[Any]:
    """Return sums in their unit: 0 where nothing happened, missing where nothing is known (yet)."""
    exact = not frame.implementation.is_pandas_like()
    values = {}
    for one in windows:
        value = nw.col(one.column).fill_null(0).cast(nw.Int64)
        if one.what in _MONEY:
            if one.cap is not None:
                cap = round(one.cap * MONEY_SCALE)
                value = nw.when(value > cap).then(cap).otherwise(value)
            value = value / MONEY_SCALE
            # pandas has no decimals; there it is the nearest float, the same on each machine.
            value = value.cast(nw.Decimal(18, 4)) if exact else value
        elif one.what in _YES_OR_NO:
            value = nw.when(value > 0).then(1).otherwise(0)
        there = (
            ~nw.col(AT).is_null()
            & ~_late(one.complete, end)
            & (nw.col(f"unknown {one.column}").fill_null(0) == 0)
        )
        values[one.column] = nw.when(there).then(value)
    return frame.with_columns(**values).drop(*[f"unknown {one.column}" for one in windows])


def _late(days: int, end: datetime) -> nw.Expr:
    """Return whether the days after an assignment are not over at the end."""
    return nw.col(AT) > end - timedelta(days=days)


def _truncated(
    frame: nw.LazyFrame[Any], declared: ExperimentParams, *, end: datetime
) -> tuple[Truncated, ...]:
    """Return who is left out of which metric, by variant."""
    days = {name: metric.window_days for name, metric in declared.metrics.items()}
    days = {name: length for name, length in days.items() if length}
    if not days:
        return ()
    flags = {
        f"late{i}": nw.when(_late(length, end)).then(1).otherwise(0)
        for i, length in enumerate(days.values())
    }
    untimed = nw.when(nw.col(AT).is_null()).then(1).otherwise(0)
    flagged = frame.select("variant", untimed=untimed, **flags)
    sums = [nw.col(name).sum() for name in ("untimed", *flags)]
    found = collect(flagged.group_by("variant").agg(*sums)).dropna(subset=["variant"])
    found = found.assign(variant=found["variant"].astype(str)).sort_values("variant")
    return tuple(
        Truncated(name, row["variant"], int(row[f"late{i}"]), int(row["untimed"]))
        for i, name in enumerate(days)
        for row in found.to_dict("records")
        if row[f"late{i}"] or row["untimed"]
    )


def _cut(
    frame: nw.LazyFrame[Any],
    declared: ExperimentParams,
    before: Sequence[Window],
    tables: Mapping[str, Any],
) -> dict[str, int]:
    """Return how many windows before the assignment begin before their table does."""
    origins = sorted({one.origin for one in before})
    first = {one: days_of(tables[one], CLOCKS[one], where=one) for one in origins}
    names: Mapping[str, CovariateParams] = declared.covariates
    columns = {covariate_column(name, one): name for name, one in names.items()}
    flags = {}
    for one in before:
        days = first[one.origin]
        early = ~nw.col(AT).is_null()
        if days is not None:
            start = datetime.combine(days[0], time.min)
            early = early & (nw.col(AT) < start - timedelta(days=one.low))
        flags[columns[one.column]] = nw.when(early).then(1).otherwise(0)
    if not flags:
        return {}
    counted = {f"c{i}": flag for i, flag in enumerate(flags.values())}
    found = collect(frame.select(**counted).select(*[nw.col(name).sum() for name in counted]))
    return {name: int(found[f"c{i}"].iloc[0] or 0) for i, name in enumerate(flags)}
