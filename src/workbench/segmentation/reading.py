"""What a segmentation says, in sentences to decide on."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.data.phrases import counted, listed, money, share
from workbench.data.small_groups import hidden_words
from workbench.segmentation.decisions import (
    keep,
    most_held,
    mostly_merged,
    row_of,
    spend_less,
    win_back,
)
from workbench.segmentation.segments import RETURNS_ONLY
from workbench.segmentation.stakes import Stakes
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
    hidden: str
    score_how: str


def read(result: Segmentation, *, currency: str, stakes: Stakes | None = None) -> Reading:
    """Return the sentences of a segmentation.

    Parameters
    ----------
    result
        The segmentation.
    currency
        ISO code of the amounts.
    stakes
        What is at stake, see :func:`workbench.segmentation.stakes.measure_stakes`; None leaves it
        unsaid.
    """
    best = most_held(result, "revenue")
    value = keep(result, stakes, currency)
    risk = win_back(result, stakes, currency)
    idle = spend_less(result, stakes, currency)
    spread, top = _spread(result, currency)
    why = result.concentration.reason or "too few customers to show the top 20%"
    pairs = len(result.score_map())
    return Reading(
        value=value.text,
        value_decision=value.ask,
        risk=risk.text,
        risk_decision=risk.ask,
        idle=idle.text,
        idle_decision=idle.ask,
        spread=spread,
        scores=" ".join(c.note for c in result.cuts if c.note)
        or "Every score from 1 to the highest is taken by some customers; ties hid none.",
        left_apart=_apart(result, currency),
        value_title=_value_title(result, currency, best),
        spread_title=_spread_title(top),
        score_title=_score_title(result),
        value_alt=f"Horizontal bars, one a segment, of its share of revenue. {value.text}",
        spread_alt="A curve that rises from no to all customers, smallest first, with the share of "
        f"revenue they bring; the further it hangs down, the more uneven. {spread}",
        score_alt=f"A grid of {pairs} filled cells: rows are recency scores, columns frequency "
        f"scores, each cell the share of customers. {_score_title(result)}.",
        top_segment=best,
        top_share=top,
        top_segment_share=row_of(result, best)["revenue_share"],
        gini=result.concentration.gini,
        no_number=why,
        hidden=hidden_words(result.min_group),
        score_how="Share of customers by recency score (rows; highest: bought last) and frequency "
        "score (columns); empty: nobody, or hidden",
    )


def _value_title(result: Segmentation, currency: str, best: str) -> str:
    row = row_of(result, best)
    if row["revenue_share"] is None:
        return "Net revenue is not above nought"
    if mostly_merged(result):
        whole = money(result.segments.revenue, currency)
        return f"Most of the {whole} comes from segments too small to show"
    held, part = share(row["revenue_share"], 0), share(row["customer_share"], 0)
    return f"{best} bring {held} of revenue with {part} of customers"


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
