"""The revenue triangle: what a cohort of customers brings in each later period.

As in the retention triangle a cell may be nought, immature, or hidden. Money tells more than a
share does: what few customers brought in a period is hidden even where their cohort is large, and
with it as much as needed so that no subtraction from the overall row brings it back. Of
subscriptions, which go on from period to period, also a change that few made is hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.data.frames import (
    MONEY_SCALE,
    as_money,
    collect,
    day_number,
    lazy,
    money_units,
    require_number,
    require_time,
)
from workbench.data.small_groups import hide_parts, is_small
from workbench.errors import AnalysisError
from workbench.retention.cohorts import cohort_customers, cohort_grid, hidden_cohorts
from workbench.retention.durations import join_spells
from workbench.retention.periods import Calendar
from workbench.retention.spells import paying_spells
from workbench.retention.times import Ints

__all__ = ["RevenueTriangle", "order_lines", "order_revenue", "subscription_revenue"]

Kind = Literal["orders", "subscriptions"]
_CELLS = ["cohort", "period", "customers", "revenue", "per_customer", "state"]
_OVERALL = ["period", "cohorts", "customers", "revenue", "per_customer", "so_far", "of_start"]


@dataclass(frozen=True)
class _Counts:
    """What is known of each cohort and period, exact and nothing hidden.

    Parameters
    ----------
    sizes
        Number of the cohort's period -> its customers.
    payers
        (cohort, period) -> customers with money in that period; a pair that is not there is nobody.
    units
        (cohort, period) -> that money, in ten-thousandths.
    here, last_mature
        Number of the period that runs, and of the last one that is over.
    movers
        Cohort, period and later period -> customers who pay another amount in the later one; None
        where one period's money says nothing of the next one's.
    who
        Each cohort's customers, where some have several subscriptions; None elsewhere.
    """

    sizes: Mapping[int, int]
    payers: Mapping[tuple[int, int], int]
    units: Mapping[tuple[int, int], int]
    here: int
    last_mature: int
    movers: Callable[[int, int, int], int] | None = None
    who: Mapping[int, frozenset[str]] | None = None


@dataclass(frozen=True)
class RevenueTriangle:
    """Revenue by cohort and period.

    Parameters
    ----------
    cells
        One row per cohort and period that has begun, up to the horizon: `cohort` (first day of the
        cohort's period, datetime64), `period` (0, 1 ...), `customers` (of the cohort), `revenue`
        (exact, :class:`decimal.Decimal`), `per_customer` (over all customers of the cohort, those
        who left or bring nothing included), `state`: `mature`, `immature` (the period is not over),
        or `suppressed` (the cohort, or those who paid, are too few, or would give few away).
        `revenue` and `per_customer` are None unless mature; `customers` is None in a cohort that is
        hidden as a whole.
    overall
        One row per period over all cohorts that are mature in it: `period`, `cohorts`, `customers`,
        `revenue`, `per_customer`, `so_far` (the sum of `per_customer` up to the period; None behind
        a period that is left out because few paid in it, and for subscriptions unless the periods
        are months), `of_start` (as a share of what the same
        cohorts brought in period 0; None where that is not above nought).
        `customers` are subscriptions where these are followed.
    kind
        `orders`: what was bought in the period, net of returns. `subscriptions`: what was paid a
        month on the period's first day; in period 0, at the start.
    calendar
        The grain and its starts.
    unplaced
        Net amount that belongs to no cohort: returns of customers without a purchase, and lines
        before the first purchase. Exact; not to be shown, since it may be of few.
    """

    cells: pd.DataFrame
    overall: pd.DataFrame
    kind: Kind
    calendar: Calendar
    unplaced: Decimal

    def grid(self, latest: int = 24) -> pd.DataFrame:
        """Return revenue per customer as it is drawn: a row per cohort, a column per period.

        Parameters
        ----------
        latest
            How many cohorts at most, the latest ones.

        Returns
        -------
        pandas.DataFrame
            `cohort` (first day or month, with its customers; last row: all cohorts) and a column
            per period, "0" and up. Cells without a number are missing.
        """
        shown = self.cells[self.cells["customers"].notna()]
        wide = cohort_grid(shown, self.overall, "per_customer", self.calendar, latest)
        return wide.astype(dict.fromkeys(wide.columns[1:], "float64"))


def order_revenue(
    orders: Any, *, as_of: date, calendar: Calendar, horizon: int, min_group: int
) -> RevenueTriangle:
    """Return what first-time buyers brought in each period since, net of returns.

    Parameters
    ----------
    orders
        Order lines: `customer_id`, `ordered_at`, `amount`. Lines without a customer are not read.
    as_of, calendar, horizon, min_group
        As :func:`workbench.retention.cohorts.order_triangle` takes them.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, or no purchase is left.
    """
    lines = order_lines(orders, as_of=as_of, calendar=calendar)
    firsts = lines.filter(nw.col("units") >= 0).group_by("customer_id")
    found = firsts.agg(cohort=nw.col("period").min())
    each = lines.group_by("customer_id", "period").agg(nw.col("units").sum())
    placed = each.join(found, on="customer_id", how="inner")
    placed = placed.filter(nw.col("period") >= nw.col("cohort"))
    cells = collect(
        placed.group_by("cohort", "period").agg(units=nw.col("units").sum(), payers=nw.len())
    )
    if not len(cells):
        raise AnalysisError("no purchase up to as_of", where="orders", fix="Check as_of.")
    whole = collect(lines.select(units=nw.col("units").sum()))
    unplaced = int(whole["units"].iloc[0]) - int(cells["units"].sum())
    sizes = collect(found.group_by("cohort").agg(n=nw.len()))
    counts = _order_counts(cells, sizes, as_of=as_of, calendar=calendar)
    return _triangle("orders", counts, calendar, horizon, min_group, as_money(unplaced))


def order_lines(orders: Any, *, as_of: date, calendar: Calendar) -> nw.LazyFrame[Any]:
    """Return lines that count: `customer_id`, `period`, `day`, `units`, other columns carried."""
    frame = lazy(orders, where="orders", needs=("customer_id", "ordered_at", "amount"))
    require_time(frame, "ordered_at", where="orders")
    require_number(frame, "amount", where="orders")
    lines = frame.filter(~nw.col("customer_id").is_null() & ~nw.col("amount").is_null())
    lines = lines.with_columns(
        units=money_units("amount"),
        day=day_number("ordered_at"),
        period=calendar.number("ordered_at"),
    )
    return lines.filter((nw.col("day") > 0) & (nw.col("day") <= as_of.toordinal()))


def _order_counts(
    cells: pd.DataFrame, sizes: pd.DataFrame, *, as_of: date, calendar: Calendar
) -> _Counts:
    """Return reduced order lines as counts: `cells` by cohort and period, `sizes` by cohort."""
    here = calendar.number_of(as_of)
    places = [
        (int(c), int(p) - int(c)) for c, p in zip(cells["cohort"], cells["period"], strict=True)
    ]
    return _Counts(
        sizes={int(c): int(n) for c, n in zip(sizes["cohort"], sizes["n"], strict=True)},
        payers=dict(zip(places, map(int, cells["payers"]), strict=True)),
        units=dict(zip(places, map(int, cells["units"]), strict=True)),
        here=here,
        last_mature=calendar.last_over(as_of),
    )


def subscription_revenue(
    subscriptions: Any,
    *,
    as_of: date,
    calendar: Calendar,
    horizon: int,
    min_group: int,
    join_days: int = 31,
) -> RevenueTriangle:
    """Return what subscriptions paid a month at the start of each period since their own start.

    Cohorts are of subscriptions, as in the retention triangle, so that the two tell the same
    numbers.

    Parameters
    ----------
    subscriptions
        `subscription_id`, `customer_id`, `started_at`, `ended_at` (missing: it runs),
        `monthly_amount`; a spell without an amount pays nothing.
    as_of, calendar, horizon, min_group
        As :func:`workbench.retention.cohorts.subscription_triangle` takes them.
    join_days
        The longest pause between two spells of one subscription over which they are joined.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, or no subscription is left.
    """
    spells, _ = paying_spells(subscriptions, as_of=as_of, join_days=join_days)
    started = collect(
        join_spells(subscriptions, as_of=as_of).group_by("start").agg(n=nw.len())
    ).sort_values("start")
    if not len(started):
        raise AnalysisError(
            "no subscription up to as_of", where="subscriptions", fix="Check as_of."
        )
    sizes = started["n"].groupby(calendar.numbers_of(started["start"])).sum()
    first_day = spells["begun"].to_numpy("int64")
    start, end, units = (spells[name].to_numpy("int64") for name in ("start", "end", "units"))
    days, place = np.unique(first_day, return_inverse=True)
    numbers = calendar.numbers_of(days)
    cohort, who = numbers[place], spells["customer"].to_numpy("int64")
    here = calendar.number_of(as_of)
    last = min(here - int(cohort.min()), horizon)
    pairs = pd.MultiIndex.from_arrays([cohort, who])
    pair, known = pd.factorize(pairs, sort=True)
    paid = np.zeros((last + 1, len(known)), dtype="int64")
    for period in range(last + 1):
        bounds = [calendar.start_of(int(one) + period).toordinal() for one in numbers]
        at = first_day if period == 0 else np.array(bounds, dtype="int64")[place]
        pays = (start <= at) & (end > at) & (cohort + period <= here)
        np.add.at(paid[period], pair[pays], units[pays])
    people = {int(str(c)): int(n) for c, n in sizes.items()}
    counts = _paid_counts(paid, known.get_level_values(0).to_numpy("int64"), people, here)
    own = cohort_customers(subscriptions, as_of=as_of, calendar=calendar)
    counts = replace(counts, who=own)
    return _triangle("subscriptions", counts, calendar, horizon, min_group, Decimal(0))


def _paid_counts(paid: Ints, cohort: Ints, sizes: Mapping[int, int], here: int) -> _Counts:
    """Return counts from what each customer pays, shape (periods, customers), by cohort."""
    known, begins = np.unique(cohort, return_index=True)
    ends = np.append(begins[1:], len(cohort))
    parts = {
        int(c): slice(int(first), int(last))
        for c, first, last in zip(known, begins, ends, strict=True)
    }

    def movers(one: int, period: int, later: int) -> int:
        own = parts.get(one, slice(0, 0))
        return int((paid[period, own] != paid[later, own]).sum())

    places = [(c, period) for c in parts for period in range(len(paid)) if c + period <= here]
    payers = {(c, period): int((paid[period, parts[c]] > 0).sum()) for c, period in places}
    money = {(c, period): int(paid[period, parts[c]].sum()) for c, period in places}
    return _Counts(sizes, payers, money, here, here, movers)


def _triangle(
    kind: Kind,
    counts: _Counts,
    calendar: Calendar,
    horizon: int,
    min_group: int,
    unplaced: Decimal,
) -> RevenueTriangle:
    """Return the triangle from counts, with everything hidden that must be."""
    if horizon < 1:
        raise AnalysisError(f"horizon == {horizon}, must be at least 1", where="retention")
    cohorts, sizes = sorted(counts.sizes), counts.sizes
    away, newest = hidden_cohorts(sizes, min_group, counts.who)
    rows: dict[tuple[int, int], tuple[Any, ...]] = {}
    overall: list[tuple[Any, ...]] = []
    # Amounts a month add up over months only.
    so_far, gap = 0.0, kind == "subscriptions" and calendar.grain != "month"
    last_shown: dict[int, int] = {}
    unknown_start = False
    for period in range(min(counts.here - cohorts[0], horizon) + 1):
        pooled = [c for c in cohorts if newest.get(c, c) + period <= counts.last_mature]
        few, too_few = _few(counts, pooled, period, last_shown, max(min_group, 1))
        for cohort in cohorts:
            if cohort + period <= counts.here:
                mature = cohort + period <= counts.last_mature
                hidden = cohort in away or cohort in few
                rows[cohort, period] = _cell(counts, cohort, period, calendar, mature, hidden, away)
                if mature and not hidden:
                    last_shown[cohort] = period
        unknown_start |= period == 0 and bool(few.difference(away))
        people = sum(sizes[cohort] for cohort in pooled)
        if people < max(min_group, 1) or too_few:
            gap = True
            continue
        units = sum(counts.units.get((cohort, period), 0) for cohort in pooled)
        each = units / people / MONEY_SCALE
        so_far += each
        begun = sum(counts.units.get((cohort, 0), 0) for cohort in pooled)
        told = (period, len(pooled), people, as_money(units), each)
        share = units / begun if begun > 0 and not unknown_start else None
        overall.append((*told, None if gap else so_far, share))
    cells = pd.DataFrame([rows[place] for place in sorted(rows)], columns=_CELLS, dtype=object)
    cells["cohort"] = pd.to_datetime(cells["cohort"])
    cells = cells.astype({"period": "int64", "customers": "Int64"})
    pooled_rows = pd.DataFrame(overall, columns=_OVERALL, dtype=object)
    whole = {"period": "int64", "cohorts": "int64", "customers": "int64"}
    pooled_rows = pooled_rows.astype({**whole, "per_customer": "float64"})
    return RevenueTriangle(cells, pooled_rows, kind, calendar, unplaced)


def _few(
    counts: _Counts, pooled: list[int], period: int, last_shown: Mapping[int, int], min_group: int
) -> tuple[set[int], bool]:
    """Return which cohorts' money to hide in a period, and whether to hide that of all.

    Hidden is what few paid. Where money goes on from period to period, hidden too is what differs
    from the cell that was shown last by what few pay: the difference would be theirs.
    """
    kinds = [[counts.payers.get((cohort, period), 0) for cohort in pooled]]
    if counts.movers is not None and period > 0:
        before = [last_shown.get(cohort, period - 1) for cohort in pooled]
        places = zip(pooled, before, strict=True)
        kinds.append([counts.movers(cohort, shown, period) for cohort, shown in places])
    few: set[int] = set()
    for numbers in kinds:
        hidden = hide_parts(numbers, min_group=min_group)
        few |= {cohort for cohort, out in zip(pooled, hidden, strict=True) if out}
    return few, any(is_small(sum(numbers), min_group) for numbers in kinds)


def _cell(
    counts: _Counts,
    cohort: int,
    period: int,
    calendar: Calendar,
    mature: bool,
    hidden: bool,
    away: set[int],
) -> tuple[Any, ...]:
    size, units = counts.sizes[cohort], counts.units.get((cohort, period), 0)
    shown = mature and not hidden
    return (
        calendar.start_of(cohort),
        period,
        None if cohort in away else size,
        as_money(units) if shown else None,
        units / size / MONEY_SCALE if shown else None,
        "suppressed" if hidden else "mature" if mature else "immature",
    )
