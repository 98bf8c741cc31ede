"""What a segmentation says, in sentences to decide on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from workbench.data.frames import MONEY_SCALE
from workbench.data.phrases import counted, listed, money, share, uncapitalised
from workbench.data.small_groups import hidden_words
from workbench.segmentation.segments import MERGED, RETURNS_ONLY
from workbench.segmentation.study import Segmentation

__all__ = ["Reading", "read"]


@dataclass(frozen=True)
class Reading:
    """Sentences of one report; every number in them is computed.

    Parameters
    ----------
    value, value_decision
        Which segment holds the most revenue, and what is to be decided.
    risk, risk_decision
        Who of value is slipping away, and what is to be decided.
    idle, idle_decision
        Which large segment brings little, and what is to be decided.
    spread
        How much the top customers hold.
    scores
        What ties did to the scores.
    left_apart
        What is in no segment, or stands merged.
    value_title, spread_title, score_title
        Messages of the figures.
    value_alt, spread_alt, score_alt
        Text alternatives of the figures.
    top_segment
        The segment with the most revenue.
    top_share, top_segment_share, gini
        Share of revenue of the top 20 % of customers and of the top segment, and the Gini
        coefficient; None where there is none.
    no_number
        Why shares are missing.
    list_value, list_unit
        Column and unit of the action list's worth; None where the list is so short that its sum
        would tell what single customers spend.
    hidden
        Why a number of customers is not shown.
    score_how
        How to read the grid of scores.
    """

    value: str
    value_decision: str
    risk: str
    risk_decision: str
    idle: str
    idle_decision: str
    spread: str
    scores: str
    left_apart: str
    value_title: str
    spread_title: str
    score_title: str
    value_alt: str
    spread_alt: str
    score_alt: str
    top_segment: str
    top_share: float | None
    top_segment_share: float | None
    gini: float | None
    no_number: str
    list_value: str | None
    list_unit: str | None
    hidden: str
    score_how: str


def read(result: Segmentation, *, currency: str) -> Reading:
    """Return the sentences of a segmentation.

    Parameters
    ----------
    result
        The segmentation.
    currency
        ISO code of the amounts.
    """
    best, best_share = _most(result, "revenue")
    value, value_title = _value(result, currency, best)
    risk, risk_decision = _risk(result, currency)
    idle, idle_decision = _idle(result)
    spread, top = _spread(result, currency)
    why = result.concentration.reason or "too few customers to show the top 20%"
    pairs = len(result.score_map())
    shown = result.shown.act_on and len(result.at_risk()) > 0
    return Reading(
        value=value,
        value_decision="Nothing on these data."
        if _mostly_merged(result)
        else f"{best}: who looks after them, and what must never go wrong for them.",
        risk=risk,
        risk_decision=risk_decision,
        idle=idle,
        idle_decision=idle_decision,
        spread=spread,
        scores=" ".join(c.note for c in result.cuts if c.note)
        or "Every score from 1 to the highest is taken by some customers; ties hid none.",
        left_apart=_apart(result, currency),
        value_title=value_title,
        spread_title=_spread_title(top),
        score_title=_score_title(result),
        value_alt=f"Horizontal bars, one a segment, of its share of revenue. {value}",
        spread_alt="A curve that rises from no to all customers, smallest first, with the share of "
        f"revenue they bring; the further it hangs down, the more uneven. {spread}",
        score_alt=f"A grid of {pairs} filled cells: rows are recency scores, columns frequency "
        f"scores, each cell the share of customers. {_score_title(result)}.",
        top_segment=best,
        top_share=top,
        top_segment_share=best_share,
        gini=result.concentration.gini,
        no_number=why,
        list_value="value" if shown else None,
        list_unit=currency if shown else None,
        hidden=hidden_words(result.min_group),
        score_how="Share of customers by recency score (rows; highest: bought last) and frequency "
        "score (columns); empty: nobody, or hidden",
    )


def _most(result: Segmentation, column: str) -> tuple[str, float | None]:
    """Return the named segment with the most of something, and its share of revenue."""
    frame = result.segments.frame
    named = frame[~frame["segment"].isin([MERGED, RETURNS_ONLY])]
    row = (named if len(named) else frame).sort_values(column, ascending=False, kind="stable")
    return str(row["segment"].iloc[0]), row["revenue_share"].iloc[0]


def _mostly_merged(result: Segmentation) -> bool:
    """Return whether the segments too small to show hold more than any that is shown."""
    frame = result.segments.frame
    most = int(frame["revenue"].astype("float64").argmax())
    return bool(frame["segment"].iloc[most] == MERGED)


def _row(result: Segmentation, name: str) -> tuple[int, float, float | None, Decimal]:
    """Return customers, their share, the revenue share, and the segment's revenue."""
    rows = result.segments.frame.to_dict("records")
    row = next(row for row in rows if row["segment"] == name)
    return row["customers"], row["customer_share"], row["revenue_share"], row["revenue"]


def _value(result: Segmentation, currency: str, best: str) -> tuple[str, str]:
    count, part, held, revenue = _row(result, best)
    whole = money(result.segments.revenue, currency)
    if held is None:
        said = f"Net revenue of all {counted(result.segments.customers, 'customer')} is {whole}"
        return f"{said}, so no segment has a share of it.", "Net revenue is not above nought"
    amount = money(revenue, currency)
    if _mostly_merged(result):
        small = _row(result, MERGED)[2] or 0.0
        said = (
            f"{share(small)} of revenue ({whole}) comes from segments with fewer than "
            f"{result.min_group} customers each, too small to show alone: read this unit with "
            "fewer scores, or together with others."
        )
        return said, f"Most of the {whole} comes from segments too small to show"
    said = (
        f"{best}, {counted(count, 'customer')} or {share(part)} of all, bring {share(held)} of "
        f"revenue ({amount} of {whole})."
    )
    return said, f"{best} bring {share(held, 0)} of revenue with {share(part, 0)} of customers"


def _risk(result: Segmentation, currency: str) -> tuple[str, str]:
    names = result.grid.at_risk
    if not names:
        return "No segment is declared as valuable and at risk.", "Whether to declare one."
    chosen = result.customers[result.customers["segment"].isin(names)]
    who = listed(names)
    if chosen.empty:
        return f"Nobody is in {who}.", f"{who}: nothing now; look again with the next report."
    if not result.shown.act_on and len(chosen) >= result.min_group:
        said = f"{who}: how many they are is hidden, so that no smaller group can be computed."
        return said, f"{who}: whether to win them back; the list itself is in the owner's folder."
    if len(chosen) < result.min_group:
        said = f"{who}: too few customers to show."
        return said, f"{who}: nothing now; look again with the next report."
    worth = money(float(chosen["revenue_units"].sum()) / MONEY_SCALE, currency)
    since = f"{chosen['days_since_last_purchase'].median():,.0f}"
    said = (
        f"{counted(len(chosen), 'customer')} of {who} brought {worth} so far, and have not bought "
        f"for {since} days (median)."
    )
    ask = "whether to win them back in person, and what an offer may cost at most."
    return said, f"{who}: {ask}"


def _idle(result: Segmentation) -> tuple[str, str]:
    if _mostly_merged(result):
        said = "The segments of this unit are too small to say which of them brings little."
        return said, "Nothing on these data."
    name, held = _most(result, "customers")
    if held is not None and name == _most(result, "revenue")[0]:
        said = f"The largest segment, {name}, also brings the most revenue."
        return said, "Nothing: effort and value are in the same place."
    count, part, held, _ = _row(result, name)
    brings = "" if held is None else f", brings {share(held)} of revenue"
    advice = next((rule.advice for rule in result.grid.rules if rule.name == name), "") or "none."
    said = f"The largest segment, {name} ({counted(count, 'customer')}, {share(part)}){brings}."
    return said, f"{name}: how much effort they deserve. The advice: {uncapitalised(advice)}"


def _spread(result: Segmentation, currency: str) -> tuple[str, float | None]:
    found = result.concentration
    if found.gini is None:
        return f"How revenue is spread cannot be said: {found.reason}.", None
    rows = found.top.sort_values("top_share", ascending=False).to_dict("records")
    parts = [
        f"the top {share(row['top_share'], 0)}{_how_many(row['customers'])} "
        f"{'' if place else 'bring '}{share(row['revenue_share'])}{'' if place else ' of revenue'}"
        for place, row in enumerate(rows)
    ]
    top = found.top[found.top["top_share"] == 0.2]["revenue_share"]
    said = f"{listed(parts)}.".capitalize() if parts else _only_gini(found.gini)
    if found.left_out >= result.min_group:
        lost = money(found.left_out_revenue, currency)
        who = counted(found.left_out, "customer")
        said += f" {who} with negative net revenue ({lost}) are left out of this."
    elif found.few_left_out:
        said += " A few customers with negative net revenue are left out of this."
    return said, float(top.iloc[0]) if len(top) else None


def _how_many(customers: int | None) -> str:
    return "" if customers is None else f" ({counted(customers, 'customer')})"


def _only_gini(gini: float) -> str:
    return f"The Gini coefficient of revenue is {gini:.2f}."


def _spread_title(top: float | None) -> str:
    if top is None:
        return "How revenue is spread over customers"
    return f"The top 20% of customers bring {share(top, 0)} of revenue"


def _score_title(result: Segmentation) -> str:
    lowest = result.customers[["r_score", "f_score"]].eq(1).all(axis=1)
    if lowest.sum() < result.min_group:
        return "Few customers have the lowest score on both counts"
    if (1, 1) not in result.shown.pairs:
        return "How many customers have each pair of scores"
    return f"{share(lowest.mean(), 0)} of customers have the lowest score on both counts"


def _apart(result: Segmentation, currency: str) -> str:
    base, parts = result.base, []
    if base.anonymous_lines:
        parts.append(
            f"{counted(base.anonymous_lines, 'order line')} without a customer "
            f"({money(base.anonymous_revenue, currency)}) "
            f"{'is' if base.anonymous_lines == 1 else 'are'} in no segment."
        )
    if result.segments.merged:
        parts.append(
            f"Segments with fewer than {result.min_group} customers stand together, with others "
            f"where their total would tell how many they are: {listed(result.segments.merged)}."
        )
    nobody = [name for name in result.segments.empty if name != RETURNS_ONLY]
    if nobody:
        parts.append(f"Nobody is in: {listed(nobody)}.")
    return " ".join(parts) or "Every order line belongs to a customer, and every segment is shown."
