"""The retention triangle: of those who came in a period, how many are there k periods later.

Three states are kept apart that a table of numbers mixes up easily: a cell that is nought because
nobody came back; a cell that is immature because its period is not over; and a cohort too small to
show, or hidden so that the overall row does not give a small one away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.data.frames import collect
from workbench.data.lines import purchase_lines
from workbench.data.small_groups import hide_parts
from workbench.errors import AnalysisError
from workbench.retention.durations import join_spells, subscribers
from workbench.retention.periods import Calendar

__all__ = [
    "Triangle",
    "cohort_customers",
    "cohort_grid",
    "counted_until",
    "hidden_cohorts",
    "order_triangle",
    "subscription_triangle",
]


@dataclass(frozen=True)
class Triangle:
    """Retention by cohort and period.

    Parameters
    ----------
    cells
        One row per cohort and period that has begun, up to the horizon: `cohort` (first day of the
        cohort's period, datetime64), `period` (0, 1 ...), `customers` (of the cohort), `active`,
        `share` (`active / customers`), `state` (`mature`, `immature` or `suppressed`). `share` is
        missing unless mature; in suppressed cohorts `customers` and `active` are missing too.
        Suppressed are cohorts of fewer than `min_group` customers, however many subscriptions these
        have, and the smallest other ones where a small one would be what is left of all customers.
    overall
        One row per period: `period`, `cohorts`, `customers` (of all cohorts that are mature in
        it, those without survivors included), `active`, `share`. Suppressed cohorts count together
        with their neighbours, once all of them are mature, so that no row less another one is a
        small cohort. Periods with fewer customers than `min_group` are left out.
    kind
        `orders`: active means a purchase in the period. `subscriptions`: active means that the
        subscription runs on the period's first day (all are in period 0).
    calendar
        The grain and its starts.
    suppressed_cohorts
        How many cohorts are not shown alone.
    """

    cells: pd.DataFrame
    overall: pd.DataFrame
    kind: str
    calendar: Calendar
    suppressed_cohorts: int

    def share_after(self, period: int) -> float | None:
        """Return the overall share in a period; None where no cohort is mature or large enough."""
        found = self.overall.loc[self.overall["period"] == period, "share"]
        return float(found.iloc[0]) if len(found) else None

    def grid(self, latest: int = 24) -> pd.DataFrame:
        """Return shares as they are drawn: a row per cohort, a column per period.

        Parameters
        ----------
        latest
            How many cohorts at most, the latest ones.

        Returns
        -------
        pandas.DataFrame
            `cohort` (first day or month, with its customers; last row: all cohorts) and a column
            per period, "0" and up. Cells that are not mature are missing; suppressed cohorts have
            no row.
        """
        shown = self.cells[self.cells["state"] != "suppressed"]
        return cohort_grid(shown, self.overall, "share", self.calendar, latest)


def cohort_grid(
    cells: pd.DataFrame, overall: pd.DataFrame, value: str, calendar: Calendar, latest: int
) -> pd.DataFrame:
    """Return a triangle as it is drawn: a row per cohort, the last one for all of them.

    Parameters
    ----------
    cells
        `cohort`, `period`, `customers` and the value, of the cohorts that are shown.
    overall
        `period` and the value over all cohorts.
    value
        The column that is drawn.
    calendar
        The grain of the cohorts.
    latest
        How many cohorts at most, the latest ones.
    """
    wide = cells.pivot(index="cohort", columns="period", values=value).tail(latest)
    sizes = cells.groupby("cohort")["customers"].first()
    names = [f"{calendar.label(start)} ({sizes[start]:,})" for start in wide.index]
    pooled = overall.set_index("period")[[value]].T
    if wide.empty:  # each cohort is too small to be shown; all of them together may not be
        wide = wide.reindex(columns=overall["period"].tolist() or [0])
    wide = pd.concat([wide, pooled.reindex(columns=wide.columns)], ignore_index=True)
    wide.columns = pd.Index([str(period) for period in wide.columns])
    wide.insert(0, "cohort", [*names, "All cohorts"])
    return wide


def order_triangle(
    orders: Any, *, as_of: date, calendar: Calendar, horizon: int, min_group: int
) -> Triangle:
    """Return which share of first-time buyers bought again in each later period.

    A cohort holds the customers whose first purchase in the data lies in its period. A return (a
    negative amount) is no purchase. A period is mature when it is over at the end of `as_of`.

    Parameters
    ----------
    orders
        Order lines: `customer_id`, `ordered_at`, `amount`. Lines without a customer are not read.
    as_of
        The last day that counts.
    calendar
        The grain of cohorts and periods.
    horizon
        The last period to show, at least 1.
    min_group
        Smaller cohorts are suppressed.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, or no purchase is left.
    """
    bought = purchase_lines(
        orders, last_day=as_of.toordinal(), period=calendar.number("ordered_at")
    )
    periods = bought.group_by("customer_id", "period").agg(lines=nw.len())
    firsts = periods.group_by("customer_id").agg(cohort=nw.col("period").min())
    joined = periods.join(firsts, on="customer_id", how="inner")
    counts = collect(joined.group_by("cohort", "period").agg(active=nw.len()))
    if not len(counts):
        raise AnalysisError("no purchase up to as_of", where="orders", fix="Check as_of.")
    here = calendar.number_of(as_of)
    active = {
        (int(c), int(p) - int(c)): int(n)
        for c, p, n in zip(counts["cohort"], counts["period"], counts["active"], strict=True)
    }
    sizes = {cohort: n for (cohort, period), n in active.items() if period == 0}
    return _triangle(
        "orders", active, sizes, here, calendar.last_over(as_of), calendar, horizon, min_group
    )


def subscription_triangle(
    subscriptions: Any, *, as_of: date, calendar: Calendar, horizon: int, min_group: int
) -> Triangle:
    """Return which share of subscriptions still ran on the first day of each later period.

    Spells of one subscription are joined. An end after `as_of` has not happened yet.

    Parameters
    ----------
    subscriptions
        `subscription_id`, `started_at`, `ended_at`.
    as_of
        The last day that counts.
    calendar
        The grain of cohorts and periods.
    horizon
        The last period to show, at least 1.
    min_group
        Smaller cohorts are suppressed.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, or no subscription is left.
    """
    joined = join_spells(subscriptions, as_of=as_of)
    spans = collect(joined.group_by("start", "end", "ended").agg(n=nw.len()))
    if not len(spans):
        raise AnalysisError(
            "no subscription up to as_of", where="subscriptions", fix="Check as_of."
        )
    here = calendar.number_of(as_of)
    cohort = calendar.numbers_of(spans["start"])
    # One that still runs is there in every period that has begun; one that ends on a period's first
    # day does not run on it, as it pays no more from that day on.
    last = np.where(spans["ended"] == 1, calendar.numbers_of(spans["end"] - 1), here)
    last = np.maximum(last, cohort)
    weight = spans["n"].to_numpy("int64")
    active: dict[tuple[int, int], int] = {}
    sizes: dict[int, int] = {}
    for c in np.unique(cohort):
        own = cohort == c
        sizes[int(c)] = int(weight[own].sum())
        lived, n = (last - cohort)[own], weight[own]
        for period in range(min(here - int(c), horizon) + 1):
            active[int(c), period] = int(n[lived >= period].sum())
    who = cohort_customers(subscriptions, as_of=as_of, calendar=calendar)
    return _triangle("subscriptions", active, sizes, here, here, calendar, horizon, min_group, who)


def _triangle(
    kind: str,
    active: Mapping[tuple[int, int], int],
    sizes: Mapping[int, int],
    here: int,
    last_mature: int,
    calendar: Calendar,
    horizon: int,
    min_group: int,
    who: Mapping[int, frozenset[str]] | None = None,
) -> Triangle:
    """Return the triangle from counts by (cohort, period); a pair without a count is nought."""
    if horizon < 1:
        raise AnalysisError(f"horizon == {horizon}, must be at least 1", where="retention")
    rows = []
    pooled: dict[int, list[int]] = {}
    cohorts = sorted(sizes)
    away, newest = hidden_cohorts(sizes, min_group, who)
    for cohort in cohorts:
        size, small = sizes[cohort], cohort in away
        for period in range(min(here - cohort, horizon) + 1):
            count = active.get((cohort, period), 0)
            mature = cohort + period <= last_mature
            if newest.get(cohort, cohort) + period <= last_mature:
                seen = pooled.setdefault(period, [0, 0, 0])
                pooled[period] = [seen[0] + 1, seen[1] + size, seen[2] + count]
            state = "suppressed" if small else "mature" if mature else "immature"
            rows.append(
                (
                    calendar.start_of(cohort),
                    period,
                    None if small else size,
                    None if small else count,
                    count / size if mature and not small else None,
                    state,
                )
            )
    cells = pd.DataFrame(
        rows, columns=["cohort", "period", "customers", "active", "share", "state"]
    ).astype({"customers": "Int64", "active": "Int64", "share": "float64"})
    cells["cohort"] = pd.to_datetime(cells["cohort"])
    overall = pd.DataFrame(
        [
            (period, n, customers, count, count / customers)
            for period, (n, customers, count) in sorted(pooled.items())
            if customers >= max(min_group, 1)
        ],
        columns=["period", "cohorts", "customers", "active", "share"],
    )
    return Triangle(cells, overall, kind, calendar, len(away))


def cohort_customers(
    subscriptions: Any, *, as_of: date, calendar: Calendar
) -> dict[int, frozenset[str]] | None:
    """Return each cohort's customers, where some have several subscriptions; None elsewhere."""
    found = subscribers(subscriptions, as_of=as_of)
    if found is None:
        return None
    cohort = calendar.numbers_of(found["start"])
    who = found["customer"].to_numpy()
    return {int(c): frozenset(who[cohort == c]) for c in np.unique(cohort)}


def hidden_cohorts(
    sizes: Mapping[int, int], min_group: int, who: Mapping[int, frozenset[str]] | None = None
) -> tuple[set[int], dict[int, int]]:
    """Return which cohorts to hide, and until when each counts together with others.

    Parameters
    ----------
    sizes
        Of each cohort.
    min_group
        The smallest group that may be shown.
    who
        Each cohort's customers, where its size counts their subscriptions.

    Returns
    -------
    tuple
        The hidden cohorts; and what :func:`counted_until` says of them.
    """
    cohorts, least = sorted(sizes), max(min_group, 1)
    people = dict(sizes) if who is None else {one: len(who[one]) for one in cohorts}
    hidden = hide_parts([people[cohort] for cohort in cohorts], min_group=least)
    away = {cohort for cohort, out in zip(cohorts, hidden, strict=True) if out}
    # Hidden cohorts of the same few customers are those few together.
    for cohort in sorted(cohorts, key=lambda one: (people[one], one)):
        if who is None or not away or len(frozenset().union(*(who[c] for c in away))) >= least:
            break
        away.add(cohort)
    return away, counted_until(sorted(away), people, min_group)


def counted_until(
    hidden: Sequence[int], sizes: Mapping[int, int], min_group: int
) -> dict[int, int]:
    """Return for each hidden cohort the newest one that it counts together with, in an overall row.

    Neighbours are joined, from the newest back, until they are two at least, and no small group
    together; what is left of the oldest joins the group after it.
    """
    groups: list[list[int]] = []
    open_one: list[int] = []
    for cohort in reversed(hidden):
        open_one.append(cohort)
        if len(open_one) > 1 and sum(sizes[one] for one in open_one) >= min_group:
            groups.append(open_one)
            open_one = []
    if groups:
        groups[-1] += open_one
    elif open_one:
        groups.append(open_one)
    return {cohort: group[0] for group in groups for cohort in group}
