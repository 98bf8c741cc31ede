"""What groups of customers who behave alike say, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.data.phrases import counted, listed, money, share
from workbench.data.small_groups import hidden_words
from workbench.segmentation.clusters.study import NamedGroups, Published

__all__ = ["GroupReading", "read_groups"]


@dataclass(frozen=True)
class GroupReading:
    """Sentences of one report; every number in them is computed.

    Parameters
    ----------
    answer
        Which groups there are, or why there are none.
    continued
        What became of the groups of the edition before; empty in a first edition.
    stability
        How far the groups would come out again with other customers.
    methods
        How far another method finds the same groups.
    compared
        What the groups were compared with, so that noise is not taken for groups.
    accuracy
        How often the rules are right.
    title, alt
        Message and text alternative of the figure.
    told
        One row per group: `group`, `told` (what sets it apart, in a sentence); one row that says
        why, where there are no groups.
    hidden
        Why a number of customers is not shown.
    """

    answer: str
    continued: str
    stability: str
    methods: str
    compared: str
    accuracy: str
    title: str
    alt: str
    told: pd.DataFrame
    hidden: str


def read_groups(result: NamedGroups, *, currency: str) -> GroupReading:
    """Return the sentences of groups of customers.

    Parameters
    ----------
    result
        The groups.
    currency
        ISO code of the amounts.
    """
    compared = _compared(result)
    published = result.published
    if published is None:
        why = result.found.reason
        told = pd.DataFrame({"group": ["No groups"], "told": [why]})
        before = [str(one["name"]) for one in result.handed_on.get("groups", ())]
        ended = (
            f"The groups of the edition before are no longer found: {listed(before)}."
            if before
            else ""
        )
        continued = " ".join(part for part in (result.unreadable, ended) if part)
        return GroupReading(why, continued, why, why, compared, why, "No groups", why, told, "")
    answer = _answer(result, published, currency)
    names = published.names
    sentences = [group.sentence for group in published.naming.groups]
    return GroupReading(
        answer=answer,
        continued=" ".join([*filter(None, [result.unreadable]), *published.continuation.sentences]),
        stability=result.found.stability_words(),
        methods=_methods(result),
        compared=compared,
        accuracy=published.rules.sentence(names),
        title=_title(published),
        alt=f"Horizontal bars, one a group, of its share of revenue. {answer}",
        told=pd.DataFrame({"group": list(names), "told": sentences}),
        hidden=hidden_words(result.min_group),
    )


def _top(published: Published) -> dict[Any, Any]:
    rows = published.table.frame.to_dict("records")
    return max(rows, key=lambda row: row["revenue"])


def _answer(result: NamedGroups, published: Published, currency: str) -> str:
    names, top = published.names, _top(published)
    said = f"Customers fall into {counted(len(names), 'group')} who behave alike: {listed(names)}."
    brings = money(top["revenue"], currency)
    if top["revenue_share"] is None:
        return f"{said} {top['segment']} bring the most, {brings}."
    who = share(top["customer_share"], 0 if not result.counts_shown else 1)
    return (
        f"{said} {top['segment']}, {who} of the customers, bring "
        f"{share(top['revenue_share'])} of their revenue ({brings})."
    )


def _title(published: Published) -> str:
    top = _top(published)
    if top["revenue_share"] is None:
        return f"{top['segment']} bring the most"
    return f"{top['segment']} bring {share(top['revenue_share'], 0)} of the groups' revenue"


def _methods(result: NamedGroups) -> str:
    found = result.found
    if found.agreement is None:
        return found.reason
    return (
        f"Another method, which takes {found.mixture_form} for a group in place of what lies "
        f"around a centre, agrees with these groups to {found.agreement:.2f} (1 is full agreement, "
        "0 what chance gives)."
    )


def _compared(result: NamedGroups) -> str:
    """Return what was asked before anything was called a group."""
    references = result.found.references
    if not references:
        return "No number of groups was steady enough to be compared with customers without groups."
    with_p = [f"{one.label} (p = {one.pvalue:.3f})" for one in references]
    fewest = min(one.draws for one in references)
    return (
        "Any crowd can be cut into pieces. So the same search was made on customers who have no "
        f"groups by design, {fewest} times for each of these: {listed(with_p)}. Only what is "
        "clearer than all of them is called a group."
    )
