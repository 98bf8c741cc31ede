"""The three decisions that the segments suggest, each with the money at stake.

Whom to keep, whom to win back, on whom to spend less: for each one sentence that says what is, and
one that says what is to be decided and what hangs on it. A group that is too small to be shown is
in no number of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.data.frames import as_money
from workbench.data.phrases import counted, listed, money, share, uncapitalised
from workbench.data.small_groups import is_small
from workbench.segmentation.segments import MERGED, RETURNS_ONLY
from workbench.segmentation.stakes import Stakes, values_of
from workbench.segmentation.study import Segmentation

__all__ = ["Decision", "keep", "most_held", "mostly_merged", "row_of", "spend_less", "win_back"]

_KNOWN = 0.9
"""The share of order lines whose cost must be known before a margin is told."""


@dataclass(frozen=True)
class Decision:
    """One thing to decide.

    Parameters
    ----------
    text
        What is, with numbers.
    ask
        What is to be decided, and the money at stake where it may be told.
    """

    text: str
    ask: str


def keep(result: Segmentation, stakes: Stakes | None, currency: str) -> Decision:
    """Return whether those who bring the most are looked after."""
    best = most_held(result, "revenue")
    row = row_of(result, best)
    whole = money(result.segments.revenue, currency)
    if row["revenue_share"] is None:
        said = f"Net revenue of all {counted(result.segments.customers, 'customer')} is {whole}"
        return Decision(f"{said}, so no segment has a share of it.", _looked_after(best))
    if mostly_merged(result):
        small = row_of(result, MERGED)["revenue_share"] or 0.0
        said = (
            f"{share(small)} of revenue ({whole}) comes from segments with fewer than "
            f"{result.min_group} customers each, too small to show alone: read this unit with "
            "fewer scores, or together with others."
        )
        return Decision(said, "Nothing on these data.")
    said = (
        f"{best}, {counted(row['customers'], 'customer')} or {share(row['customer_share'])} of "
        f"all, bring {share(row['revenue_share'])} of revenue "
        f"({money(row['revenue'], currency)} of {whole})."
    )
    return Decision(said, f"{_looked_after(best)}{_year(result, stakes, best, currency)}")


def _looked_after(name: str) -> str:
    return f"{name}: who looks after them, and what must never go wrong for them."


def _year(result: Segmentation, stakes: Stakes | None, name: str, currency: str) -> str:
    """Return what a shown segment brought in the last year, as what is at stake."""
    if stakes is None or name in (MERGED, RETURNS_ONLY):
        return ""
    brought = values_of(result.customers, stakes.values, [name])
    return (
        f" At stake: {money(as_money(brought['year_units']), currency)} a year, what they bought "
        f"in the last one{_margin(brought, 'year_', currency)}."
    )


def _margin(brought: dict[str, int], window: str, currency: str) -> str:
    """Return the margin in words, where the cost of nearly all lines is known."""
    if not brought["lines"] or brought["costed_lines"] < _KNOWN * brought["lines"]:
        return ""
    return f"; margin {money(as_money(brought[f'{window}margin_units']), currency)}"


def win_back(result: Segmentation, stakes: Stakes | None, currency: str) -> Decision:
    """Return whether those of value who are slipping away are won back."""
    names = result.grid.at_risk
    if not names:
        return Decision(
            "No segment is declared as valuable and at risk.", "Whether to declare one."
        )
    chosen = result.customers[result.customers["segment"].isin(names)]
    who = listed(names)
    if chosen.empty:
        return Decision(
            f"Nobody is in {who}.", f"{who}: nothing now; look again with the next report."
        )
    if not result.shown.act_on and len(chosen) >= result.min_group:
        return Decision(
            f"{who}: how many they are is hidden, so that no smaller group can be computed.",
            f"{who}: whether to win them back; the list itself is in the owner's folder.",
        )
    if len(chosen) < result.min_group:
        return Decision(
            f"{who}: too few customers to show.",
            f"{who}: nothing now; look again with the next report.",
        )
    worth = money(as_money(int(chosen["revenue_units"].sum())), currency)
    since = f"{chosen['days_since_last_purchase'].median():,.0f}"
    said = (
        f"{counted(len(chosen), 'customer')} of {who} brought {worth} so far, and have not bought "
        f"for {since} days (median)."
    )
    ask = f"{who}: whether to win them back in person, and what an offer may cost at most."
    if stakes is None:
        return Decision(said, ask)
    brought = values_of(result.customers, stakes.values, names)
    active = money(as_money(brought["active_year_units"]), currency)
    return Decision(
        said,
        f"{ask} At stake: {active} a year, what they bought in the year up to their last purchase"
        f"{_margin(brought, 'active_year_', currency)}.",
    )


def spend_less(result: Segmentation, stakes: Stakes | None, currency: str) -> Decision:
    """Return on whom effort may be wasted."""
    if mostly_merged(result):
        said = "The segments of this unit are too small to say which of them brings little."
        return Decision(said, "Nothing on these data.")
    name = most_held(result, "customers")
    row = row_of(result, name)
    if row["revenue_share"] is not None and name == most_held(result, "revenue"):
        said = f"The largest segment, {name}, also brings the most revenue."
        return Decision(said, "Nothing: effort and value are in the same place.")
    held = row["revenue_share"]
    brings = "" if held is None else f", brings {share(held)} of revenue"
    advice = next((rule.advice for rule in result.grid.rules if rule.name == name), "") or "none."
    who = f"{counted(row['customers'], 'customer')}, {share(row['customer_share'])}"
    said = f"The largest segment, {name} ({who}){brings}."
    ask = f"{name}: how much effort they deserve. The advice: {uncapitalised(advice)}"
    return Decision(said, f"{ask}{_effort(result, stakes, name, currency)}")


def _effort(result: Segmentation, stakes: Stakes | None, name: str, currency: str) -> str:
    """Return what contacting a shown segment took in the last year, beside what it brought."""
    if stakes is None or name in (MERGED, RETURNS_ONLY):
        return ""
    year = as_money(values_of(result.customers, stakes.values, [name])["year_units"])
    bought = f"they bought for {money(year, currency)} in the last year"
    if stakes.contacts is None:
        return f" At stake: {bought}."
    own = result.customers.loc[result.customers["segment"] == name, "customer_id"]
    reached = stakes.contacts.customers
    reached = reached[reached["customer_id"].isin(own)]
    if is_small(len(reached), result.min_group):
        return f" At stake: {bought}."
    times = counted(int(reached["contacts"].sum()), "contact")
    if not stakes.contacts.has_cost:
        return f" At stake: {times} in the last year; {bought}."
    cost = money(as_money(int(reached["cost_units"].sum())), currency)
    return f" At stake: {cost}, what {times} cost in the last year; {bought}."


def most_held(result: Segmentation, column: str) -> str:
    """Return the named segment with the most of something."""
    frame = result.segments.frame
    named = frame[~frame["segment"].isin([MERGED, RETURNS_ONLY])]
    row = (named if len(named) else frame).sort_values(column, ascending=False, kind="stable")
    return str(row["segment"].iloc[0])


def mostly_merged(result: Segmentation) -> bool:
    """Return whether the segments too small to show hold more than any that is shown."""
    frame = result.segments.frame
    most = int(frame["revenue"].astype("float64").argmax())
    return bool(frame["segment"].iloc[most] == MERGED)


def row_of(result: Segmentation, name: str) -> dict[str, Any]:
    """Return a segment's row of what segments hold."""
    rows = result.segments.frame.to_dict("records")
    found = next(row for row in rows if row["segment"] == name)
    return {str(column): value for column, value in found.items()}
