"""Segments of an earlier day, put to the test of what their customers bought after it.

Everything that sorts customers is decided on what was known on that day. The segments are formed on
orders up to it. Which of them is expected to bring most is read off the span before it: segments
formed one span earlier, and what their customers brought since. Only then is what came after looked
at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from math import sqrt
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from workbench.data.frames import MONEY_SCALE, as_money
from workbench.data.lines import revenue_in
from workbench.errors import AnalysisError
from workbench.segmentation.assigned import Assigned, assign
from workbench.segmentation.forward.capture import captured, gain, rank_by
from workbench.segmentation.grid import Grid, read_grid
from workbench.segmentation.rfm import rfm
from workbench.segmentation.scores import score
from workbench.segmentation.segments import MERGED

__all__ = ["ALONE", "BOTH", "MIN_CUSTOMERS", "TOPS", "Forward", "Verdict", "look_forward"]

TOPS = (0.05, 0.1, 0.2, 0.4)
JUDGED = 0.2
"""The top share of customers on which the verdict is given."""
MIN_CUSTOMERS = 200
"""With fewer customers no number is given."""
MIN_MEAN = 20
"""An interval of a mean, and a mean to order segments by, needs as many customers."""
ALONE, BOTH = "segments alone", "segments, then past revenue"

Verdict = Literal["add something", "add nothing", "worse", "cannot tell", "too little history"]


@dataclass(frozen=True)
class Forward:
    """What became of the customers of each segment.

    Parameters
    ----------
    formed, later
        The day on which the segments were formed, and the last day that counts.
    forward_days
        Days between them.
    segments
        One row per segment, that with the highest expected value first: `segment`, `customers`,
        `expected` (revenue per customer in the span before, of those who were in it then; None
        where they were few), `later_revenue` (exact Decimal, net), `later_share` (0-1), `mean`
        (later revenue per customer), `ci_lower`, `ci_upper` (None where the customers are few).
    statistic, pvalue
        Of the test that the segments do not differ in later revenue; None where there is none.
    test
        Its name.
    captures
        One row per top share: `top_share` (of customers, moved by a few of them where it would tell
        of a small group), `by_segment`, `by_revenue`, `by_both`: shares of later revenue.
    gains
        One row per top share and ranking: `top_share`, `ranking` ("segments alone", "segments, then
        past revenue"), `difference` to past revenue alone (in shares), `ci_lower`, `ci_upper`.
    verdict
        On the top 20%, segments and then past revenue, against past revenue alone.
    customers
        Customers who had bought by the day on which the segments were formed.
    revenue
        Their later net revenue, exact.
    all_revenue
        The later net revenue of all customers, those included who came after.
    smallest_gain
        A difference of fewer shares is nothing that matters.
    level
        Of all intervals.
    reason
        Why there is no number, or an empty string.
    """

    formed: date
    later: date
    forward_days: int
    segments: pd.DataFrame
    statistic: float | None
    pvalue: float | None
    test: str
    captures: pd.DataFrame
    gains: pd.DataFrame
    verdict: Verdict
    customers: int | None
    revenue: Decimal | None
    all_revenue: Decimal | None
    smallest_gain: float
    level: float
    reason: str = ""

    def drawn(self) -> pd.DataFrame:
        """Return `segments` for a figure: one row without a number where there is none."""
        if len(self.segments):
            return self.segments
        return pd.DataFrame([("no number", *[None] * 7)], columns=_SEGMENTS, dtype=object)

    def judged(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the rows of `captures` and of `gains` on which the verdict is given."""
        rows: list[dict[Any, Any]] = self.captures.to_dict("records")
        own: list[dict[Any, Any]] = self.gains[self.gains["ranking"] == BOTH].to_dict("records")
        place = min(range(len(rows)), key=lambda at: abs(rows[at]["top_share"] - JUDGED))
        return rows[place], own[place]


def look_forward(
    orders: Any,
    *,
    as_of: date,
    min_group: int,
    forward_days: int = 182,
    n_bins: int = 5,
    cuts: Mapping[str, Sequence[float]] | None = None,
    rules: Sequence[Mapping[str, Any]] = (),
    alpha: float = 0.05,
    smallest_gain: float = 0.02,
) -> Forward:
    """Return whether segments formed at an earlier day predict what came after it.

    Parameters
    ----------
    orders
        Order lines, as :func:`workbench.segmentation.rfm.rfm` takes them.
    as_of
        The last day that counts.
    min_group
        Segments of fewer customers are merged.
    forward_days
        How many days to look forward; there must be three times as many days of orders.
    n_bins, cuts, rules
        As :func:`workbench.segmentation.study.segment` takes them. Cut points that were set after
        looking at all of the orders know the future: leave them out for a fair test.
    alpha
        One minus the level of the intervals, above 0 and below 1.
    smallest_gain
        Where the whole interval of the difference is smaller, the segments add nothing that
        matters; in shares, at least 0.

    Raises
    ------
    AnalysisError
        For options out of range, or orders that cannot be read.
    """
    _check(forward_days, alpha, smallest_gain)
    span, day = timedelta(days=forward_days), timedelta(days=1)
    formed, before = as_of - span, as_of - 2 * span
    worth = revenue_in(orders, [(before + day, formed), (formed + day, as_of)])
    nothing = _nothing(formed, as_of, forward_days, smallest_gain, 1 - alpha)
    first = date.fromordinal(int(worth["first_day"].min())) if len(worth) else as_of
    if first > before - span + day:
        have, need = (as_of - first).days + 1, 3 * forward_days
        why = f"looking {forward_days:,} days forward needs {need:,} days of orders; there are "
        return replace(nothing, reason=f"{why}{have:,}")
    grid = read_grid(rules, n_bins=n_bins)
    then, earlier = (_sorted_at(orders, at, grid, n_bins, cuts) for at in (formed, before))
    least = max(MIN_CUSTOMERS, min_group)
    if len(then) < least:
        return replace(nothing, reason=f"fewer than {least} customers had bought by then")
    own = then.merge(worth, on="customer_id", how="left").sort_values("customer_id")
    if own["span_1"].sum() <= 0:
        return replace(nothing, reason="these customers brought no revenue after that day")
    assigned = assign(own, grid.names, min_group=min_group)
    own = own.assign(segment=assigned.customers["segment"].to_numpy())
    expected = _expected(earlier, worth, assigned, need=max(MIN_MEAN, min_group))
    segments = _by_segment(own, expected, alpha)
    statistic, pvalue = _differ(own)
    captures, gains = _compared(own, segments, min_group, alpha)
    found = replace(
        nothing,
        segments=segments,
        statistic=statistic,
        pvalue=pvalue,
        captures=captures,
        gains=gains,
        customers=len(own),
        revenue=as_money(int(own["span_1"].sum())),
        all_revenue=as_money(int(worth["span_1"].sum())),
    )
    row = found.judged()[1]
    return replace(found, verdict=_verdict(row["ci_lower"], row["ci_upper"], smallest_gain))


def _check(forward_days: int, alpha: float, smallest_gain: float) -> None:
    for name, value, right in (
        ("forward_days", forward_days, forward_days >= 1),
        ("alpha", alpha, 0 < alpha < 1),
        ("smallest_gain", smallest_gain, smallest_gain >= 0),
    ):
        if not right:
            raise AnalysisError(f"{name} == {value} is out of range", where="forward separation")


_SEGMENTS = ["segment", "customers", "expected", "later_revenue", "later_share", "mean"]
_SEGMENTS += ["ci_lower", "ci_upper"]
_CAPTURES = ["top_share", "by_segment", "by_revenue", "by_both"]
_GAINS = ["top_share", "ranking", "difference", "ci_lower", "ci_upper"]


def _nothing(formed: date, later: date, days: int, smallest: float, level: float) -> Forward:
    """Return a result without numbers."""
    return Forward(
        formed=formed,
        later=later,
        forward_days=days,
        segments=pd.DataFrame(columns=_SEGMENTS),
        statistic=None,
        pvalue=None,
        test="Kruskal-Wallis rank test, ties corrected",
        captures=pd.DataFrame(columns=_CAPTURES),
        gains=pd.DataFrame(columns=_GAINS),
        verdict="too little history",
        customers=None,
        revenue=None,
        all_revenue=None,
        smallest_gain=smallest,
        level=level,
    )


def _sorted_at(
    orders: Any,
    day: date,
    grid: Grid,
    n_bins: int,
    cuts: Mapping[str, Sequence[float]] | None,
) -> pd.DataFrame:
    """Return the customers who had bought by a day: `customer_id`, `segment`, `past_units`."""
    base = rfm(orders, as_of=day)
    scored, _ = score(base.customers, n_bins=n_bins, cuts=cuts)
    scored = scored.assign(segment=grid.assign(scored), past_units=scored["revenue_units"])
    return scored[["customer_id", "segment", "past_units"]]


def _expected(
    before: pd.DataFrame, worth: pd.DataFrame, assigned: Assigned, *, need: int
) -> dict[str, tuple[float, float | None]]:
    """Return segment -> what a customer is expected to bring, and the same if it may be shown.

    A segment that few customers were in before is expected to bring what all did on average.
    """
    own = before.merge(worth, on="customer_id", how="left")
    merged = own["segment"].isin(list(assigned.merged))
    own = own.assign(segment=own["segment"].where(~merged, MERGED))
    overall = float(own["span_0"].sum()) / max(len(own), 1) / MONEY_SCALE
    made: dict[str, tuple[float, float | None]] = {}
    for name in assigned.order:
        units = own.loc[own["segment"] == name, "span_0"].to_numpy("int64")
        mean = float(units.sum()) / len(units) / MONEY_SCALE if len(units) >= need else None
        made[name] = (overall if mean is None else mean, mean)
    return made


def _by_segment(
    own: pd.DataFrame, expected: Mapping[str, tuple[float, float | None]], alpha: float
) -> pd.DataFrame:
    """Return later revenue by segment, that with the highest expected value first."""
    total = int(own["span_1"].sum())
    rows = []
    # Sorting is stable: of equal expectations the better place in the grid comes first.
    for name in sorted(expected, key=lambda name: -expected[name][0]):
        units = own.loc[own["segment"] == name, "span_1"].to_numpy("int64")
        n, mean = len(units), float(units.sum()) / len(units) / MONEY_SCALE
        ends: tuple[float | None, float | None] = (None, None)
        if n >= MIN_MEAN:
            error = float(np.std(units / MONEY_SCALE, ddof=1)) / sqrt(n)
            reach = float(stats.t.ppf(1 - alpha / 2, n - 1)) * error
            ends = (mean - reach, mean + reach)
        money = as_money(int(units.sum()))
        rows.append((name, n, expected[name][1], money, int(units.sum()) / total, mean, *ends))
    return pd.DataFrame(rows, columns=_SEGMENTS, dtype=object)


def _differ(own: pd.DataFrame) -> tuple[float | None, float | None]:
    """Return statistic and p-value of the rank test that segments do not differ."""
    parts = [part.to_numpy("int64") for _, part in own.groupby("segment")["span_1"]]
    if len(parts) < 2 or own["span_1"].nunique() < 2:
        return None, None
    found = stats.kruskal(*parts)
    return float(found.statistic), float(found.pvalue)


def _compared(
    own: pd.DataFrame, segments: pd.DataFrame, min_group: int, alpha: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what the tops of the three rankings capture, and how they differ."""
    places = {name: float(-place) for place, name in enumerate(segments["segment"])}
    by_place = own["segment"].map(places).to_numpy("float64")
    past = own["past_units"].to_numpy("float64")
    revenue = own["span_1"].to_numpy("float64") / MONEY_SCALE
    rankings = (rank_by(by_place), rank_by(past), rank_by(by_place, past))
    edges = np.cumsum([0, *segments["customers"].astype("int64")])
    captures, gains = [], []
    for top in TOPS:
        share = _apart(round(top * len(own)), edges, min_group) / len(own)
        alone, by_past, both = (captured(ranks, revenue, share) for ranks in rankings)
        captures.append((share, alone.share, by_past.share, both.share))
        for name, one in ((ALONE, alone), (BOTH, both)):
            found = gain(one, by_past, alpha=alpha)
            gains.append((share, name, found.difference, found.ci_lower, found.ci_upper))
    return pd.DataFrame(captures, columns=_CAPTURES), pd.DataFrame(gains, columns=_GAINS)


def _apart(count: int, edges: np.ndarray[Any, Any], min_group: int) -> int:
    """Return the nearest size of a top that is not a few customers more or less than some segments.

    The later revenue of the segments is shown, and so the few customers' could be computed.
    """
    sizes = np.arange(1, int(edges[-1]))
    apart = np.abs(sizes[:, None] - edges[None, :])
    allowed = sizes[((apart == 0) | (apart >= min_group)).all(axis=1)]
    return int(allowed[np.abs(allowed - count).argmin()]) if len(allowed) else count


def _verdict(low: float | None, high: float | None, smallest: float) -> Verdict:
    if low is None or high is None:
        return "add nothing"  # both rankings choose the same customers
    if -smallest < low and high < smallest:
        return "add nothing"
    if low > 0:
        return "add something"
    return "worse" if high < 0 else "cannot tell"
