"""Retention and revenue by what a customer's first purchase was: its channel, category, country.

All levels are compared over one set of customers, those whose cohort has come as far as the
comparison goes, so that a level does not look better for being older.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.data.frames import MONEY_SCALE, as_money, collect, column_names, lazy
from workbench.data.small_groups import hide_parts, hide_sums
from workbench.errors import AnalysisError, one_of
from workbench.retention.cohorts import hidden_cohorts
from workbench.retention.durations import NOT_STATED
from workbench.retention.periods import Calendar
from workbench.retention.revenue import order_lines

__all__ = ["MAX_LEVELS", "OTHERS", "FirstTouch", "by_first_touch"]

MAX_LEVELS = 6
OTHERS = "all others"
_HALF = 0.5  # of the customers must be old enough for the comparison
_CELLS = ["level", "cohort", "period", "customers", "active", "share", "state"]
_OVERALL = [
    *("level", "period", "customers", "active", "share"),
    *("revenue", "per_customer", "so_far"),
]


@dataclass(frozen=True)
class FirstTouch:
    """Retention and revenue by level of a first-touch attribute.

    Parameters
    ----------
    by
        The column.
    levels
        Its values, most customers first. Those beyond the six largest, and those too small to show,
        stand together last as "all others"; a missing value is "not stated".
    overall
        One row per level and period: `level`, `period`, `customers` (the same in each period),
        `active` (bought in it), `share`, `revenue` (net, exact), `per_customer`, `so_far` (revenue
        per customer up to the period). The last three are None where few paid, or few could be
        computed; `so_far` is None from there on.
    cells
        One row per level, cohort and period: `level`, `cohort` (first day), `period`, `customers`,
        `active`, `share`, `state` (`mature`, `immature`, `suppressed`). `share` is missing unless
        mature; in suppressed cells `customers` and `active` are missing too.
    periods
        The last period that is compared: as far as half of all customers have come, or the horizon.
    customers, left_out
        How many customers are compared, and how many came too lately for it.
    calendar
        The grain and its starts.
    """

    by: str
    levels: tuple[str, ...]
    overall: pd.DataFrame
    cells: pd.DataFrame
    periods: int
    customers: int
    left_out: int
    calendar: Calendar

    def triangle(self, level: str) -> pd.DataFrame:
        """Return one level's cells as a triangle: a row per cohort, a column per period.

        Raises
        ------
        AnalysisError
            For a level that is not shown.
        """
        if level not in self.levels:
            raise AnalysisError(
                f"{level!r} is not shown", where=self.by, fix=one_of(level, self.levels)
            )
        own = self.cells[(self.cells["level"] == level) & (self.cells["state"] != "suppressed")]
        return own.pivot(index="cohort", columns="period", values="share")


def by_first_touch(
    orders: Any,
    by: str,
    *,
    customers: Any = None,
    as_of: date,
    calendar: Calendar,
    horizon: int,
    min_group: int,
) -> FirstTouch:
    """Return retention and revenue by an attribute of the first purchase, or of the customer.

    Parameters
    ----------
    orders
        Order lines: `customer_id`, `ordered_at`, `amount` and, where it is theirs, the attribute:
        then the value on the customer's first purchase counts, the first in the alphabet where one
        purchase has several.
    by
        A column of `orders`, else of `customers`.
    customers
        `customer_id` and the attribute, where it is no column of `orders`.
    as_of, calendar, horizon, min_group
        As :func:`workbench.retention.cohorts.order_triangle` takes them.

    Raises
    ------
    AnalysisError
        When neither table has the column, columns are of the wrong kind, no purchase is left, or
        too few customers have come far enough to be compared.
    """
    if horizon < 1:
        raise AnalysisError(f"horizon == {horizon}, must be at least 1", where="retention")
    lines = order_lines(orders, as_of=as_of, calendar=calendar)
    bought = lines.filter(nw.col("units") >= 0)
    firsts = bought.group_by("customer_id").agg(
        first=nw.col("ordered_at").min(), cohort=nw.col("period").min()
    )
    named = _levels(orders, bought, firsts, customers, by)
    each = lines.group_by("customer_id", "period").agg(units=nw.col("units").sum())
    active = bought.group_by("customer_id", "period").agg(purchases=nw.len())
    each = each.join(active, on=["customer_id", "period"], how="left")
    each = each.with_columns(active=nw.when(nw.col("purchases") > 0).then(1).otherwise(0))
    placed = each.join(named, on="customer_id", how="inner")
    placed = placed.filter(nw.col("period") >= nw.col("cohort"))
    keys = ("level", "cohort", "period")
    sums = {"units": nw.col("units").sum(), "active": nw.col("active").sum()}
    counts = collect(placed.group_by(*keys).agg(**sums, payers=nw.len()))
    sizes = collect(named.group_by("level", "cohort").agg(n=nw.len()))
    if not len(sizes):
        raise AnalysisError("no purchase up to as_of", where="orders", fix="Check as_of.")
    here = calendar.number_of(as_of)
    return _compared(
        by, counts, sizes, here, calendar.last_over(as_of), calendar, horizon, min_group
    )


def _levels(
    orders: Any, bought: nw.LazyFrame[Any], firsts: nw.LazyFrame[Any], customers: Any, by: str
) -> nw.LazyFrame[Any]:
    """Return `customer_id`, `cohort`, `level`."""
    if by in column_names(orders):
        named = lazy(orders, where="orders", named={by: "first_touch"})
        named = named.select(
            "customer_id", "ordered_at", "amount", level=nw.col("first_touch").cast(nw.String)
        )
        named = named.filter(nw.col("amount") >= 0).drop("amount")
        found = firsts.join(
            named, left_on=["customer_id", "first"], right_on=["customer_id", "ordered_at"]
        )
        found = found.group_by("customer_id", "cohort").agg(nw.col("level").min())
    elif customers is not None and by in column_names(customers):
        people = lazy(
            customers, where="customers", needs=("customer_id",), named={by: "first_touch"}
        )
        people = people.select("customer_id", level=nw.col("first_touch").cast(nw.String))
        people = people.group_by("customer_id").agg(nw.col("level").min())
        found = firsts.join(people, on="customer_id", how="left").drop("first")
    else:
        known = column_names(orders) + ([] if customers is None else column_names(customers))
        raise AnalysisError(
            f"column {by} is missing", where="orders, customers", fix=one_of(by, known)
        )
    return found.with_columns(nw.col("level").fill_null(NOT_STATED))


def _compared(
    by: str,
    counts: pd.DataFrame,
    sizes: pd.DataFrame,
    here: int,
    last_mature: int,
    calendar: Calendar,
    horizon: int,
    min_group: int,
) -> FirstTouch:
    whole = sizes.groupby("cohort")["n"].sum()
    cohorts = [int(cohort) for cohort in sorted(whole.index)]
    by_size = [int(whole[cohort]) for cohort in cohorts]
    away, newest = hidden_cohorts(dict(zip(cohorts, by_size, strict=True)), min_group)
    total = sum(by_size)

    def old_enough(period: int) -> list[int]:
        return [c for c in cohorts if newest.get(c, c) + period <= last_mature]

    periods = horizon
    while periods > 1 and whole[old_enough(periods)].sum() < _HALF * total:
        periods -= 1
    kept = old_enough(periods)
    if whole[kept].sum() < max(min_group, 1):
        raise AnalysisError(
            f"fewer than {min_group} customers came a {calendar.grain} ago or earlier",
            where=f"first-touch {by}",
            fix="Choose a finer grain.",
        )
    old = sizes["cohort"].isin(kept)
    levels, joined = _joined(sizes[old].groupby("level")["n"].sum(), sizes["level"], min_group)
    sizes = sizes.assign(level=sizes["level"].map(joined))
    counts = counts.assign(
        level=counts["level"].map(joined), period=counts["period"] - counts["cohort"]
    )
    summed = counts.groupby(["level", "cohort", "period"], as_index=False).sum()
    held = sizes.groupby(["level", "cohort"], as_index=False)[["n"]].sum()
    overall = _overall(
        summed[summed["cohort"].isin(kept)],
        held[held["cohort"].isin(kept)],
        levels,
        periods,
        min_group,
    )
    cells = _cells(
        summed,
        held,
        levels,
        (cohorts, kept, sorted(away)),
        (here, last_mature, horizon),
        calendar,
        min_group,
    )
    customers = int(whole[kept].sum())
    return FirstTouch(by, levels, overall, cells, periods, customers, total - customers, calendar)


def _joined(
    sizes: pd.Series, every: pd.Series, min_group: int
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the levels that are shown, and every value's level."""
    order = sorted(sizes.index, key=lambda name: (-int(sizes[name]), str(name)))
    own = [str(name) for name in order[:MAX_LEVELS] if sizes[name] >= min_group]
    rest = int(sizes.drop(own).sum())
    if 0 < rest < min_group and own:
        own = own[:-1]  # the rest would tell of too few, so the smallest shown joins them
    joined = {str(name): str(name) if str(name) in own else OTHERS for name in every.unique()}
    others = (OTHERS,) if any(joined[str(name)] == OTHERS for name in order) else ()
    return (*own, *others), joined


def _overall(
    counts: pd.DataFrame, sizes: pd.DataFrame, levels: tuple[str, ...], periods: int, min_group: int
) -> pd.DataFrame:
    people = sizes.groupby("level")["n"].sum()
    summed = counts.groupby(["level", "period"])[["units", "active", "payers"]].sum()
    rows = []
    so_far: dict[str, float | None] = dict.fromkeys(levels, 0.0)
    for period in range(periods + 1):
        at = summed.reindex([(level, period) for level in levels], fill_value=0)
        hidden = hide_parts([int(n) for n in at["payers"]], min_group=max(min_group, 1))
        for level, row, out in zip(levels, at.to_dict("records"), hidden, strict=True):
            n = int(people[level])
            each = None if out else int(row["units"]) / n / MONEY_SCALE
            before = so_far[level]
            so_far[level] = None if each is None or before is None else before + each
            active = int(row["active"])
            money = None if out else as_money(int(row["units"]))
            rows.append((level, period, n, active, active / n, money, each, so_far[level]))
    return pd.DataFrame(rows, columns=_OVERALL, dtype=object).astype(
        {"period": "int64", "customers": "int64", "active": "int64", "share": "float64"}
    )


def _cells(
    counts: pd.DataFrame,
    sizes: pd.DataFrame,
    levels: tuple[str, ...],
    sets: tuple[list[int], list[int], list[int]],
    ends: tuple[int, int, int],
    calendar: Calendar,
    min_group: int,
) -> pd.DataFrame:
    cohorts, kept, away = sets
    here, last_mature, horizon = ends
    n = sizes.pivot(index="level", columns="cohort", values="n")
    n = n.reindex(index=list(levels), columns=cohorts).fillna(0).astype("int64")
    hidden = pd.DataFrame(True, index=n.index, columns=n.columns)
    for part in (kept, [cohort for cohort in cohorts if cohort not in kept]):
        hidden[part] = _hidden(n[part], [c in away for c in part], part is kept, min_group)
    active = counts.set_index(["level", "cohort", "period"])["active"].to_dict()
    rows: list[tuple[Any, ...]] = []
    for level in levels:
        for cohort in cohorts:
            size, out = int(n[cohort][level]), bool(hidden[cohort][level])
            for period in range(min(here - cohort, horizon) + 1) if size else ():
                mature = cohort + period <= last_mature
                seen = int(active.get((level, cohort, period), 0))
                told: tuple[Any, ...] = (None, None, None, "suppressed")
                if not out:
                    share = seen / size if mature else None
                    told = (size, seen, share, "mature" if mature else "immature")
                rows.append((level, calendar.start_of(cohort), period, *told))
    made = pd.DataFrame(rows, columns=_CELLS)
    made["cohort"] = pd.to_datetime(made["cohort"])
    return made.astype({"customers": "Int64", "active": "Int64", "share": "float64"})


def _hidden(n: pd.DataFrame, away: list[bool], rows_known: bool, min_group: int) -> np.ndarray:
    """Return which cells to hide; cohorts that are hidden as a whole are hidden at every level."""
    table = n.to_numpy("int64")
    height, width = table.shape
    places = np.arange(height * width).reshape(height, width)
    shown = [column for column in range(width) if not away[column]]
    sums = [[int(places[row, column])] for row in range(height) for column in shown]
    own = len(sums)
    sums += [[int(p) for p in places[:, column]] for column in shown]
    sums += [[int(p) for p in places[row]] for row in range(height)] if rows_known else []
    made = np.ones((height, width), dtype=bool)
    try:
        out = hide_sums(
            table.ravel().tolist(),
            sums,
            min_group=max(min_group, 1),
            fixed=list(range(own, len(sums))),
        )
    except AnalysisError:  # the totals beside it already say all that may be said
        return made
    made[:, shown] = out[:own].reshape(height, len(shown))
    return made
