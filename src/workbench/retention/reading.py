"""What retention says, in sentences to decide on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from workbench.data.phrases import counted, days, pvalue, share
from workbench.retention.durations import unseen_words
from workbench.retention.study import Retention
from workbench.retention.survival import Estimate

__all__ = ["Reading", "read"]

_FEW = 10  # a sentence on when does not rest on fewer
_LATEST = 3  # cohorts that are compared with those before them
_Z = 1.96  # a difference of more standard errors is called one


@dataclass(frozen=True)
class Reading:
    """Sentences and numbers of one report, all computed.

    Parameters
    ----------
    headline
        Which share came back, or stayed, within the horizon.
    timing, timing_decision
        When most of it happens; what is to be decided, None for nothing.
    trend
        Whether the latest cohorts do better than those before.
    groups
        Whether the groups differ; empty where none are compared.
    followed
        Who is followed, as a heading: `Customers` or `Subscriptions`.
    event_label
        What happened to those who are counted, as a heading.
    label
        What the headline's share is, in a few words.
    share, reason
        The headline's share, or None and why.
    ci
        Its interval as the report room takes it, or None.
    median_label, median_days, median_reason
        What the median time is, in a few words; the time, or None and why.
    triangle_title, triangle_alt, curve_title, curve_alt
        Messages and text alternatives of the figures.
    triangle_how
        How to read a cell of the triangle.
    left_out
        What is suppressed or joined.
    y_label
        What the curves show.
    """

    headline: str
    timing: str
    timing_decision: str | None
    trend: str
    groups: str
    followed: str
    event_label: str
    label: str
    share: float | None
    reason: str | None
    ci: tuple[float, float, float, str] | None
    median_label: str
    median_days: float | None
    median_reason: str | None
    triangle_title: str
    triangle_alt: str
    curve_title: str
    curve_alt: str
    triangle_how: str
    left_out: str
    y_label: str


def read(found: Retention) -> Reading:
    """Return the sentences of a retention study."""
    buys = found.kind == "orders"
    estimate, horizon = found.at_horizon, days(found.horizon_days)
    who = "first-time buyers" if buys else "subscriptions"
    what = f"bought again within {horizon}" if buys else f"still run after {horizon}"
    headline, title = _headline(found, estimate, who, what, horizon)
    headline += unseen_words(found.unseen)
    timing, timing_decision = _timing(found)
    median = found.median_of(found.curve)
    triangle_title, trend = _trend(found)
    return Reading(
        headline=headline,
        timing=timing,
        timing_decision=timing_decision,
        trend=trend,
        groups=_groups(found, horizon),
        followed="Customers" if buys else "Subscriptions",
        event_label="Bought again" if buys else "Ended",
        label=f"{who[0].upper()}{who[1:]} that {what}",
        share=estimate.value,
        reason=estimate.reason or None,
        ci=_interval(estimate),
        median_label=f"Half of all {who} {'bought again' if buys else 'had ended'} within",
        median_days=median.value,
        median_reason=None if median.value is not None else median.reason,
        triangle_title=triangle_title,
        triangle_alt="A grid with a row per cohort and a column per "
        f"{found.triangle.calendar.grain} since the start. {trend}",
        curve_title=title,
        curve_alt="Step curves over days since the start, with bands for the intervals. "
        f"{headline}",
        triangle_how=_how(found),
        left_out=_left_out(found),
        y_label="Bought again" if buys else "Still subscribed",
    )


def _headline(
    found: Retention, estimate: Estimate, who: str, what: str, horizon: str
) -> tuple[str, str]:
    count = counted(found.curve.n_obs, "customer" if found.kind == "orders" else "subscription")
    if estimate.value is None or estimate.ci_lower is None or estimate.ci_upper is None:
        said = f"Which share of {who} {what} cannot be said yet: {estimate.reason}"
        return said, f"Too early to look {horizon} ahead"
    said = (
        f"An estimated {share(estimate.value)} of {who} {what} "
        f"({share(estimate.level, 0)} interval {share(estimate.ci_lower)} to "
        f"{share(estimate.ci_upper)}; {count})."
    )
    return said, f"{share(estimate.value, 0)} of {who} {what}"


def _timing(found: Retention) -> tuple[str, str | None]:
    table = found.curve.table
    within = table[table["time"] <= found.horizon_days]
    moved = 1 - within["survival"]
    reached, events = float(moved.iloc[-1]), int(within["events"].sum())
    done = "bought again" if found.kind == "orders" else "left"
    if events < max(_FEW, found.min_group):
        within_days = f"{done} within {days(found.horizon_days)}"
        if events:
            return f"Too few have {within_days} to say when.", None
        return f"Nobody has {within_days}, so that it cannot be said when.", None
    half = float(within.loc[moved >= reached / 2, "time"].iloc[0])
    span = min(float(found.horizon_days), found.curve.last_time)
    if found.kind == "orders":
        said = f"Of those who buy again within {days(span)}, half have done so by day {half:,.0f}."
        return (
            said,
            f"Whether to remind first-time buyers of a second order before day {half:,.0f}.",
        )
    said = f"Of the subscriptions that end within {days(span)}, half have ended by day {half:,.0f}."
    return said, f"Whether to contact new subscribers before day {half:,.0f}."


def _trend(found: Retention) -> tuple[str, str]:
    """Return the triangle's message and sentence: the latest cohorts beside those before."""
    cells = found.triangle.cells
    grain = found.triangle.calendar.grain
    if found.unseen is not None:
        said = "Whether it is getting better cannot be said: earlier ends are not in the data."
        return f"Retention by {grain} of the start, of those still there later", said
    # The latest period in which the three latest cohorts can be compared with at least as many.
    for period in (3, 2, 1):
        seen = cells[(cells["period"] == period) & (cells["state"] == "mature")]
        if len(seen) >= 2 * _LATEST:
            seen = seen.sort_values("cohort")
            latest, before = seen.tail(_LATEST), seen.iloc[:-_LATEST]
            late, early = _pooled(latest), _pooled(before)
            doing = "bought" if found.kind == "orders" else "still ran"
            ends = [found.triangle.calendar.label(one) for one in latest["cohort"].iloc[[0, -1]]]
            beside = f"{share(late)} of them {doing} in {grain} {period} after the start"
            who = f"The {_LATEST} latest cohorts that can be compared ({ends[0]} to {ends[1]})"
            verdict, why = _verdict(latest, before)
            said = f"{who} did {verdict}: {beside}, {share(early)} of earlier ones{why}."
            title = f"{share(late)} of the latest cohorts {doing} in {grain} {period}, "
            return f"{title}{share(early)} of earlier ones", said
    small = ", or the cohorts are too small," if found.triangle.suppressed_cohorts else ""
    said = f"Too few {grain}s have passed{small} to compare the latest cohorts with earlier ones."
    return f"Retention by {grain} of the start", said


def _pooled(cells: pd.DataFrame) -> float:
    return float(cells["active"].sum()) / float(cells["customers"].sum())


def _verdict(late: pd.DataFrame, early: pd.DataFrame) -> tuple[str, str]:
    """Return how two sets of cohorts compare, by a test of two shares at the 5% level."""
    counts = [(int(part["active"].sum()), int(part["customers"].sum())) for part in (late, early)]
    (x, n), (y, m) = counts
    pooled = (x + y) / (n + m)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    difference = x / n - y / m
    if abs(difference) <= _Z * error:
        return "about as well as those before", ", which chance can explain"
    why = ", which chance does not explain; the season might"
    return f"{'better' if difference > 0 else 'worse'} than those before", why


def _groups(found: Retention, horizon: str) -> str:
    if not found.groups or found.test is None:
        return ""
    rows = found.summary().iloc[1:]
    rows = rows[rows["share"].notna()].sort_values("share", kind="stable")
    if found.test.pvalue is None:
        return f"The groups cannot be compared: {found.test.reason}"
    tested = f"(log-rank test, {pvalue(found.test.pvalue)})"
    shown = found.test.pvalue < 0.05
    if len(rows) < 2:
        head = f"{found.by} matters" if shown else f"no difference by {found.by} is shown"
        return f"{head[0].upper()}{head[1:]} {tested}."
    low, high = rows.iloc[0], rows.iloc[-1]
    said = (
        f"after {horizon}, {share(float(high['share']))} of {high['group']} and "
        f"{share(float(low['share']))} of {low['group']} are still there"
    )
    if shown:
        head = f"{found.by} matters: {said}, more apart than chance explains"
    else:
        head = f"no difference by {found.by} is shown: {said}, which chance can explain"
    return f"{head[0].upper()}{head[1:]} {tested}."


def _interval(estimate: Estimate) -> tuple[float, float, float, str] | None:
    if estimate.ci_lower is None or estimate.ci_upper is None:
        return None
    return estimate.ci_lower, estimate.ci_upper, estimate.level, estimate.method


def _how(found: Retention) -> str:
    grain = found.triangle.calendar.grain
    cell = (
        f"Share of the cohort that bought in that {grain}"
        if found.kind == "orders"
        else f"Share of the cohort that still ran on the first day of that {grain}"
    )
    return f"{cell}. Empty: that {grain} is not over yet, or the cohort is too small to show."


def _left_out(found: Retention) -> str:
    count = found.triangle.suppressed_cohorts
    if not count:
        return "No cohort is too small to show."
    return (
        f"{counted(count, 'cohort')} {'is' if count == 1 else 'are'} not shown alone, for too few "
        "customers are in it, or so that these cannot be computed. They count in the overall row, "
        "together with their neighbours, from the period on that all of them have reached."
    )
