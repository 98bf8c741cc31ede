"""What a list of an earlier day brought, as a notebook shows it: also where there is none yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from workbench.data.archived import LIST_DAYS
from workbench.data.earlier_list import EarlierList
from workbench.data.phrases import day, uncapitalised
from workbench.segmentation.contrast import Effect
from workbench.segmentation.outcome import Outcome, outcome_of_list
from workbench.segmentation.outcome_reading import read_outcome

__all__ = ["Brought", "outcome_of_earlier", "outcomes_table"]

_COLUMNS = ("list", "day", "arm", "customers", "buyers", "buyer_share", "revenue")
_ARM_WORDS: Mapping[str, str] = {"contact": "Contacted", "held_out": "Held out"}
_STABLE = (
    "The same customers are held out from list to list, so the difference also holds what earlier "
    "contacts still do."
)
Interval = tuple[float, float, float, str]


@dataclass(frozen=True)
class Brought:
    """What an earlier list brought, or why that cannot be told.

    Parameters
    ----------
    answer
        The verdict in a sentence, or why there is none.
    kind
        Of the finding: ``answer``; ``limit`` where nothing can be told.
    decision
        What is to be decided; None where there was no list.
    how
        Who was compared, over which days, and what this cannot say.
    total, total_ci
        Revenue that the list brought in all, in units of the currency, and its interval (low, high,
        level, method); None where it is not told.
    points, points_ci
        How many more of a hundred customers bought than without the contact, in points (-100 to
        100), and its interval; None where it is not told.
    reason, points_reason
        Why `total`, and why `points`, is not told; else empty.
    outcome
        All numbers; None where there are none.
    label
        What was to be done with the customers.
    """

    answer: str
    kind: str
    decision: str | None
    how: str
    total: float | None = None
    total_ci: Interval | None = None
    points: float | None = None
    points_ci: Interval | None = None
    reason: str = ""
    points_reason: str = ""
    outcome: Outcome | None = field(default=None, repr=False)
    label: str = ""


def outcome_of_earlier(
    earlier: EarlierList | None,
    orders: Any,
    *,
    as_of: date,
    min_group: int,
    label: str,
    currency: str,
    level: float = 0.95,
) -> Brought:
    """Return what an earlier list brought up to a day, in words and numbers.

    Parameters
    ----------
    earlier
        What `Unit.earlier_list` gives: None where no list is old enough.
    orders
        Order lines, as `outcome_of_list` takes them.
    as_of
        The last day that counts.
    min_group
        The smallest group that may be shown.
    label
        What was to be done with the customers: ``Customers to win back``.
    currency
        ISO code of the amounts.
    level
        Of the intervals, between 0 and 1.

    Raises
    ------
    AnalysisError
        As `outcome_of_list`.
    """
    why = _why_not(earlier)
    if earlier is None or why:
        told = f"{label}: {uncapitalised(why)}"
        return Brought(told, "limit", None, why, reason=why, points_reason=why, label=label)
    outcome = outcome_of_list(
        earlier.customers, orders, since=earlier.day, as_of=as_of, min_group=min_group, level=level
    )
    said = read_outcome(outcome, label=label, currency=currency)
    total, total_ci, reason = _told(outcome.total, 1, level)
    points, points_ci, points_reason = _told(outcome.share, 100, level)
    few = outcome.verdict == "too few to tell"
    return Brought(
        answer=" ".join(part for part in (said.answer, said.buyers if not few else "") if part),
        kind="limit" if few else "answer",
        decision=said.decision,
        how=" ".join((said.how, *said.limits, _STABLE)),
        total=total,
        total_ci=total_ci,
        points=points,
        points_ci=points_ci,
        reason=reason or outcome.reason,
        points_reason=points_reason or outcome.reason,
        outcome=outcome,
        label=label,
    )


def outcomes_table(*lists: Brought) -> pd.DataFrame:
    """Return both arms of each list that was measured, a row for each; no row for the others.

    Parameters
    ----------
    lists
        What `outcome_of_earlier` found.

    Returns
    -------
    pandas.DataFrame
        ``list``, ``day`` (date), ``arm`` (words), ``customers``, ``buyers``, ``buyer_share`` (0 to
        1), ``revenue`` (per customer, in units of the currency); None where it is not shown.
    """
    rows = [
        (one.label, found.since, words, arm.customers, arm.buyers, arm.share, arm.revenue)
        for one in lists
        if (found := one.outcome) is not None
        for name, words in _ARM_WORDS.items()
        for arm in (getattr(found, name),)
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS), dtype=object)


def _why_not(earlier: EarlierList | None) -> str:
    """Return in a sentence why a list cannot be measured; empty where it can."""
    if earlier is None:
        return (
            f"No list is {LIST_DAYS} days old yet, so what the contacts bring cannot be told yet."
        )
    made = f"The list of {day(earlier.day)}"
    if earlier.problem:
        return f"{made} is no longer here to be measured: {earlier.problem}."
    if earlier.customers.empty:
        return f"{made} was empty: nobody was contacted."
    if not earlier.is_shown:
        return (
            f"How many stood on the list of {day(earlier.day)} is hidden, so that no small group "
            "can be computed, and with it what the list brought."
        )
    return ""


def _told(effect: Effect, times: int, level: float) -> tuple[float | None, Interval | None, str]:
    """Return an effect with its interval as a metric takes it, or why it is not told."""
    if effect.value is None:
        return None, None, effect.reason
    if effect.ci_lower is None or effect.ci_upper is None:
        return times * effect.value, None, ""
    ends = (times * effect.ci_lower, times * effect.ci_upper, level, effect.method)
    return times * effect.value, ends, ""
