"""Orders and interactions to one number per assigned customer: outcomes, and what came before.

A window begins with the assignment (an outcome) or ends there (a covariate), to the microsecond.
Who ordered nothing in it has 0, not a missing outcome; a window that is not over at the end of
`as_of` is no outcome yet: the customer is left out of that metric, and counted. Amounts are summed
as whole ten-thousandths, so that no engine and no order of the rows changes a sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals as nw
import pandas as pd

from workbench.data.frames import (
    MONEY_SCALE,
    collect,
    day_number,
    lazy,
    money_units,
    require_number,
    require_time,
)
from workbench.errors import AnalysisError
from workbench.experiments.plan import covariate_column, metric_columns
from workbench.params import ExperimentParams
from workbench.params.measures import CovariateParams, MeasureParams, MetricParams

__all__ = ["Measured", "Truncated", "measure"]

DAY = 86_400_000_000
"""Microseconds of a day."""

_AT, _CUSTOMER = "moment of assignment", "customer assigned"
_CLOCKS = {"orders": "ordered_at", "interactions": "opened_at"}
_NEEDS = {
    "amount": ("amount",),
    "margin": ("amount", "cost"),
    "quantity": ("quantity",),
    "orders": ("order_id", "amount"),
    "bought": ("amount",),
    "contacts": (),
    "contacted": (),
    "reopened": ("reopened",),
    "satisfaction": ("satisfaction",),
    "rated": ("satisfaction",),
}
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
        :func:`workbench.experiments.plan.metric_columns` and `covariate_column` give; still in the
        engine. Missing where there is no outcome (yet).
    truncated
        Per metric with a window and variant, who is left out; those with nobody are not listed.
    cut_covariates
        Covariate -> assignments whose window begins before the first row of its table: what was
        before is not known, and counts as nothing.
    """

    frame: nw.LazyFrame[Any]
    truncated: tuple[Truncated, ...]
    cut_covariates: Mapping[str, int]


@dataclass(frozen=True)
class _Window:
    """One number of a customer: `what` of a table from `low` to before `high`, after assignment."""

    column: str
    origin: str
    what: str
    low: int
    high: int
    complete: int  # days after which the outcome is known
    cap: float | None = None


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
    _refuse_taken(frame, [*made, _AT, _CUSTOMER])
    for name, metric in caps.items():
        frame = _capped(frame, name, metric)
    if not windows and not before:
        return Measured(frame, (), {})
    _need(frame, "assigned_at", "assignments")
    require_time(frame, "assigned_at", where="assignments")
    frame = frame.with_columns(**{_AT: _moment(frame, "assigned_at")})
    tables = {"orders": orders, "interactions": interactions}
    first: dict[str, int | None] = {}
    for origin in dict.fromkeys(one.origin for one in (*windows, *before)):
        mine = [one for one in (*windows, *before) if one.origin == origin]
        events = _events(tables[origin], origin, {one.what for one in mine}, as_of)
        first[origin] = _first(events) if any(one in mine for one in before) else None
        frame = _joined(frame, _summed(frame, events, mine))
    frame = _filled(frame, (*windows, *before), end=(as_of.toordinal() + 1) * DAY)
    truncated = _truncated(frame, declared, end=(as_of.toordinal() + 1) * DAY)
    cut = _cut(frame, declared, before, first)
    return Measured(frame.drop(_AT), truncated, cut)


def _windows(declared: ExperimentParams) -> list[_Window]:
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
                _Window(
                    column, part.origin, what, low * DAY, (low + days) * DAY,
                    metric.window_days, metric.cap,
                )
            )  # fmt: skip
    return made


def _covariates(declared: ExperimentParams) -> list[_Window]:
    """Return what is to be computed of the time before the assignment."""
    return [
        _Window(covariate_column(name, one), one.origin, str(one.what), -(one.days or 0) * DAY, 0, 0)
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


def _need(frame: nw.LazyFrame[Any], column: str, where: str) -> None:
    if column not in frame.collect_schema().names():
        raise AnalysisError(
            f"column {column} is missing, and a metric is computed from it",
            where=where,
            fix=f"Read {column} from the source, or declare the metric by a `column`.",
        )


def _capped(frame: nw.LazyFrame[Any], name: str, metric: MetricParams) -> nw.LazyFrame[Any]:
    """Add a column's values, those above the cap counted as the cap."""
    column, cap = str(metric.column), float(metric.cap or 0.0)
    _need(frame, column, "assignments")
    require_number(frame, column, where="assignments")
    value = nw.col(column).cast(nw.Float64)
    return frame.with_columns(
        **{metric_columns(name, metric)[0]: nw.when(value > cap).then(cap).otherwise(value)}
    )


def _moment(frame: nw.LazyFrame[Any], column: str) -> nw.Expr:
    """Return a local time as microseconds; a missing one lies before all others, below nought."""
    whole = day_number(column) * DAY
    if frame.collect_schema()[column] != nw.Date:
        clock = nw.col(column).dt
        parts = ((clock.hour(), 3600), (clock.minute(), 60), (clock.second(), 1))
        for part, seconds in parts:
            whole = whole + part.fill_null(0).cast(nw.Int64) * (seconds * 1_000_000)
        whole = whole + clock.microsecond().fill_null(0).cast(nw.Int64)
    return nw.when(nw.col(column).is_null()).then(-1).otherwise(whole)


def _events(table: Any, origin: str, whats: Iterable[str], as_of: date) -> nw.LazyFrame[Any]:
    """Return a table's rows up to `as_of` as whole numbers: what each adds to each measure.

    For each measure `x_<what>`, and `unknown_<what>` where the row's share in it is not known.
    """
    if table is None:
        raise AnalysisError(
            f"a metric or a covariate is computed from {origin}, which the unit does not have",
            where=origin,
            fix=f"Declare a source of {origin}, or take the metric from a `column`.",
        )
    wanted = sorted(whats)
    columns = sorted({column for what in wanted for column in _NEEDS[what]})
    frame = lazy(table, where=origin, needs=("customer_id", _CLOCKS[origin]))
    for column in columns:
        _need(frame, column, origin)
        if column != "order_id":
            require_number(frame, column, where=origin)
    require_time(frame, _CLOCKS[origin], where=origin)
    schema = frame.collect_schema()
    known = {c: _known(schema[c], c) for c in columns if c != "order_id"}
    keys = {_CUSTOMER: nw.col("customer_id"), "at": _moment(frame, _CLOCKS[origin])}
    if "orders" in wanted:
        keys["order_id"] = nw.col("order_id")
    plain = {
        f"v_{c}": nw.when(there).then(nw.col(c)).otherwise(_zero(schema[c]))
        for c, there in known.items()
    }
    flags = {f"k_{c}": nw.when(there).then(1).otherwise(0) for c, there in known.items()}
    rows = frame.select(**keys, **plain, **flags).filter(
        ~nw.col(_CUSTOMER).is_null()
        & (nw.col("at") >= 0)
        & (nw.col("at") < (as_of.toordinal() + 1) * DAY)
    )
    shares = {f"x_{what}": _share(what) for what in wanted}
    unknown = {f"unknown_{what}": _unknown(what) for what in wanted}
    kept = ["at", _CUSTOMER, *(["order_id"] if "orders" in wanted else [])]
    return rows.select(*kept, **shares, **unknown)


def _known(kind: nw.dtypes.DType, column: str) -> nw.Expr:
    there = ~nw.col(column).is_null()
    return there & nw.col(column).is_finite() if kind.is_float() else there


def _zero(kind: nw.dtypes.DType) -> Any:
    return False if kind == nw.Boolean else 0


def _share(what: str) -> nw.Expr:
    """Return what one row adds to a measure, as a whole number."""
    if what == "margin":
        return money_units("v_amount") - money_units("v_cost")
    if what in _MONEY:
        return money_units(f"v_{what}")
    if what in ("orders", "bought"):
        return nw.when((nw.col("v_amount") >= 0) & (nw.col("k_amount") == 1)).then(1).otherwise(0)
    if what == "rated":
        return nw.col("k_satisfaction")
    if what == "reopened":
        return nw.col("v_reopened").cast(nw.Int64)
    return nw.lit(1)


def _unknown(what: str) -> nw.Expr:
    """Return 1 where a row's share in a measure is not known; a contact need not be rated."""
    if what in ("satisfaction", "rated", "contacts", "contacted", "reopened"):
        return nw.lit(0)
    columns = [column for column in _NEEDS[what] if column != "order_id"]
    missing = nw.col(f"k_{columns[0]}") == 0
    for column in columns[1:]:
        missing = missing | (nw.col(f"k_{column}") == 0)
    return nw.when(missing).then(1).otherwise(0)


def _first(events: nw.LazyFrame[Any]) -> int | None:
    """Return the moment of the first row of a table; None where it has none."""
    found = collect(events.select(first=nw.col("at").min()))["first"].iloc[0]
    return None if pd.isna(found) else int(found)


def _summed(
    frame: nw.LazyFrame[Any], events: nw.LazyFrame[Any], windows: Sequence[_Window]
) -> nw.LazyFrame[Any]:
    """Return one row per customer and moment with a row in any window: the sums of each window."""
    people = frame.filter(nw.col(_AT) >= 0).select(nw.col("customer_id").alias(_CUSTOMER), _AT)
    both = people.unique().join(events, on=_CUSTOMER, how="inner")
    both = both.with_columns(after=nw.col("at") - nw.col(_AT))
    low, high = min(one.low for one in windows), max(one.high for one in windows)
    both = both.filter((nw.col("after") >= low) & (nw.col("after") < high))
    sums, counts = {}, {}
    for i, one in enumerate(windows):
        inside = (nw.col("after") >= one.low) & (nw.col("after") < one.high)
        share = nw.when(inside).then(nw.col(f"x_{one.what}")).otherwise(0)
        (counts if one.what == "orders" else sums)[f"s{i}"] = share.cast(nw.Int64)
        unknown = nw.when(inside).then(nw.col(f"unknown_{one.what}")).otherwise(0)
        sums[f"u{i}"] = unknown.cast(nw.Int64)
    both = both.with_columns(**sums, **counts)
    totals = [*sums, *counts]
    if counts:  # several lines are one order; a number is one order a day
        keys = [_CUSTOMER, _AT, "day", "order_id"]
        lines = both.with_columns(day=nw.col("at") // DAY).group_by(*keys)
        both = lines.agg(*[nw.col(s).sum() for s in sums], *[nw.col(c).max() for c in counts])
    found = both.group_by(_CUSTOMER, _AT).agg(*[nw.col(name).sum() for name in totals])
    names = {f"s{i}": one.column for i, one in enumerate(windows)}
    names |= {f"u{i}": f"unknown {one.column}" for i, one in enumerate(windows)}
    return found.select(_CUSTOMER, _AT, *[nw.col(a).cast(nw.Int64).alias(b) for a, b in names.items()])


def _joined(frame: nw.LazyFrame[Any], found: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    done = frame.join(
        found, left_on=["customer_id", _AT], right_on=[_CUSTOMER, _AT], how="left"
    )
    extra = [name for name in (_CUSTOMER, f"{_AT}_right") if name in done.collect_schema().names()]
    return done.drop(*extra) if extra else done


def _filled(
    frame: nw.LazyFrame[Any], windows: Sequence[_Window], *, end: int
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
            (nw.col(_AT) >= 0)
            & (nw.col(_AT) + one.complete * DAY <= end)
            & (nw.col(f"unknown {one.column}").fill_null(0) == 0)
        )
        values[one.column] = nw.when(there).then(value)
    return frame.with_columns(**values).drop(*[f"unknown {one.column}" for one in windows])


def _truncated(
    frame: nw.LazyFrame[Any], declared: ExperimentParams, *, end: int
) -> tuple[Truncated, ...]:
    """Return who is left out of which metric, by variant."""
    days = {name: metric.window_days for name, metric in declared.metrics.items()}
    days = {name: length for name, length in days.items() if length}
    if not days:
        return ()
    flags = {
        f"late{i}": nw.when((nw.col(_AT) >= 0) & (nw.col(_AT) + length * DAY > end))
        .then(1)
        .otherwise(0)
        for i, length in enumerate(days.values())
    }
    untimed = nw.when(nw.col(_AT) < 0).then(1).otherwise(0)
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
    before: Sequence[_Window],
    first: Mapping[str, int | None],
) -> dict[str, int]:
    """Return how many windows before the assignment begin before their table does."""
    names: Mapping[str, CovariateParams] = declared.covariates
    columns = {covariate_column(name, one): name for name, one in names.items()}
    flags = {}
    for one in before:
        start = first[one.origin]
        early = nw.col(_AT) >= 0
        if start is not None:
            early = early & (nw.col(_AT) + one.low < start // DAY * DAY)
        flags[columns[one.column]] = nw.when(early).then(1).otherwise(0)
    if not flags:
        return {}
    counted = {f"c{i}": flag for i, flag in enumerate(flags.values())}
    found = collect(frame.select(**counted).select(*[nw.col(name).sum() for name in counted]))
    return {name: int(found[f"c{i}"].iloc[0] or 0) for i, name in enumerate(flags)}
