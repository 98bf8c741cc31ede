"""What looking forward says, in sentences to decide on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.data.phrases import counted, day, days, money, pvalue, share, signed
from workbench.segmentation.forward.study import Forward, Verdict
from workbench.segmentation.segments import MERGED

__all__ = ["ForwardReading", "read_forward"]

_SAID: dict[Verdict, str] = {
    "add something": "The segments add something to past revenue",
    "add nothing": "The segments add nothing that matters to past revenue",
    "worse": "The segments do worse than past revenue alone",
    "cannot tell": "Whether the segments add anything to past revenue cannot be told",
    "too little history": "Whether the segments predict cannot be said",
}
_DECISIONS: dict[Verdict, str] = {
    "add something": "Work by segment first, and within a segment by past revenue.",
    "add nothing": "Use segments to choose the words; to choose whom, past revenue will do.",
    "worse": "Choose whom to contact by past revenue, not by segment.",
    "cannot tell": "Neither order is shown to be the better one; look again with more data.",
    "too little history": "Nothing on these data; a shorter span may be set (forward_days).",
}


@dataclass(frozen=True)
class ForwardReading:
    """Sentences of one report; every number in them is computed.

    Parameters
    ----------
    verdict, decision
        Whether the segments add anything to past revenue, and what is to be decided.
    separation
        How far the segments are apart in what came after.
    order
        Whether the order that was expected came true.
    how
        What was compared with what, and what is left out.
    title, alt
        Message and text alternative of the figure of later revenue per customer.
    captured, gained, gained_lower, gained_upper
        Share of later revenue that the top 20% captured, and how much more than past revenue alone;
        None where there is no number.
    no_number
        Why a number is missing.
    """

    verdict: str
    decision: str
    separation: str
    order: str
    how: str
    title: str
    alt: str
    captured: float | None
    gained: float | None
    gained_lower: float | None
    gained_upper: float | None
    no_number: str


def read_forward(result: Forward, *, currency: str) -> ForwardReading:
    """Return the sentences of looking forward.

    Parameters
    ----------
    result
        What became of the segments.
    currency
        ISO code of the amounts.
    """
    said, decision = _SAID[result.verdict], _DECISIONS[result.verdict]
    if result.reason:
        why = f"{said}: {result.reason}."
        return ForwardReading(
            why, decision, why, why, why, said, why, None, None, None, None, result.reason
        )
    row, gained = result.judged()
    separation, title = _separation(result, currency)
    return ForwardReading(
        verdict=_verdict(result, row, gained, said),
        decision=decision,
        separation=separation,
        order=_order(result),
        how=_how(result, currency),
        title=title,
        alt="A point with its interval for each segment, that with the highest expected value on "
        f"top: revenue per customer after {day(result.formed)}. {separation}",
        captured=row["by_both"],
        gained=gained["difference"],
        gained_lower=gained["ci_lower"],
        gained_upper=gained["ci_upper"],
        no_number="both orders choose the same customers",
    )


def _points(value: float) -> str:
    return signed(100 * value, 1)


def _verdict(result: Forward, row: dict[str, Any], gained: dict[str, Any], said: str) -> str:
    if gained["ci_lower"] is None:
        between = "both orders choose the same customers"
    else:
        between = (
            f"{_points(gained['difference'])} points, {share(result.level, 0)} interval "
            f"{_points(gained['ci_lower'])} to {_points(gained['ci_upper'])}"
        )
    limit = (
        f" A difference within {100 * result.smallest_gain:.0f} points matters to nobody."
        if result.verdict == "add nothing"
        else ""
    )
    return (
        f"{said}. Sorted by segment and then by past revenue, the top "
        f"{share(row['top_share'], 0)} of customers brought {share(row['by_both'])} of the revenue "
        f"of the next {days(result.forward_days)}; sorted by past revenue alone "
        f"{share(row['by_revenue'])} ({between}); by segment alone {share(row['by_segment'])}."
        f"{limit}"
    )


def _separation(result: Forward, currency: str) -> tuple[str, str]:
    frame = result.segments
    named = frame[(frame["segment"] != MERGED) & frame["ci_lower"].notna()]
    if len(named) < 2:
        return "Too few segments are large enough to be compared.", "Too few segments to compare"
    rows: list[dict[Any, Any]] = named.to_dict("records")
    top = max(rows, key=lambda row: row["mean"])
    low = min(rows, key=lambda row: row["mean"])
    tested = "" if result.pvalue is None else f" ({result.test}, {pvalue(result.pvalue)})"
    clear = result.pvalue is not None and result.pvalue < 1 - result.level
    differ = "The segments differ in" if clear else "It is not shown that the segments differ in"
    said = (
        f"{differ} what their customers bought afterwards{tested}: {top['segment']} "
        f"{money(top['mean'], currency)} per customer ({money(top['ci_lower'], currency)} to "
        f"{money(top['ci_upper'], currency)}), {low['segment']} {money(low['mean'], currency)}."
    )
    title = (
        f"{top['segment']} brought most afterwards, {money(top['mean'], currency)} per customer"
        if clear
        else "It is not shown that the segments differ afterwards"
    )
    return said, title


def _order(result: Forward) -> str:
    rows: list[dict[Any, Any]] = result.segments.to_dict("records")
    first, best = rows[0]["segment"], max(rows, key=lambda row: row["mean"])["segment"]
    if first == best:
        return f"{first} were expected to bring most per customer, and they did."
    return f"{first} were expected to bring most per customer; {best} did."


def _how(result: Forward, currency: str) -> str:
    if result.customers is None or result.revenue is None or result.all_revenue is None:
        return result.reason
    came = result.all_revenue - result.revenue
    return (
        f"Segments, cut points and the order of the segments are those of {day(result.formed)}: "
        f"nothing later was known to them. {counted(result.customers, 'customer')} had bought by "
        f"then, and brought {money(result.revenue, currency)} until {day(result.later)}; customers "
        f"who came later ({money(came, currency)}) are left out. Where a top ends within a "
        f"segment, each of its customers counts in part. Intervals at {share(result.level, 0)}: t "
        "over customers for means, linearised ratios of sums over customers for differences."
    )
