"""What customers' first purchases say of their later ones, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from scipy import stats

from workbench.data.frames import column_names
from workbench.data.phrases import counted, pvalue, share
from workbench.data.small_groups import hidden_words
from workbench.errors import AnalysisError
from workbench.retention.first_touch import FirstTouch, by_first_touch
from workbench.retention.periods import Calendar

__all__ = ["COLUMNS", "FirstTouchReading", "read_first_touch"]

COLUMNS = ("channel", "category", "country", "region")
"""Looked for, in the orders first, then in the customers; the first that is there is read."""

_FEW = 30  # a sentence names no level of fewer
_EXPECTED = 5
_QUESTION = (
    "Customers are grouped by their first purchase, whatever they bought later. All groups are "
    "compared over the same span since that purchase, so that none looks better for being older."
)


@dataclass(frozen=True)
class FirstTouchReading:
    """The comparison by first touch as the report shows it.

    Parameters
    ----------
    question
        How to read what follows, as a paragraph.
    answer
        Whether customers stay differently by what came first; why that cannot be said.
    table
        One row per level: `level`, `customers`, `share` (bought in the period that is compared),
        `so_far` (revenue per customer up to it, None where hidden). Empty where there is none.
    by, periods
        The column, and the period that is compared.
    how
        Which customers are compared.
    hidden
        Why a cell is empty.
    reason
        Why there is no table; empty otherwise.
    """

    question: str
    answer: str
    table: pd.DataFrame
    by: str
    periods: int
    how: str
    hidden: str
    reason: str


def read_first_touch(
    orders: Any,
    customers: Any = None,
    *,
    as_of: date,
    calendar: Calendar,
    horizon: int,
    min_group: int,
    columns: Sequence[str] = COLUMNS,
) -> FirstTouchReading:
    """Return retention and revenue by the first column that is there, in words and a table.

    Parameters
    ----------
    orders, customers
        The unit's tables, None where it has none.
    as_of, calendar, horizon, min_group
        As :func:`workbench.retention.first_touch.by_first_touch` takes them.
    columns
        Which columns to look for.
    """
    if orders is None:
        return _nothing("", "There are no orders, so there is no first purchase.")
    known = set(column_names(orders)) | set([] if customers is None else column_names(customers))
    by = next((name for name in columns if name in known), "")
    if not by:
        return _nothing("", "No column says where the first purchase came from.")
    try:
        found = by_first_touch(
            orders,
            by,
            customers=customers,
            as_of=as_of,
            calendar=calendar,
            horizon=horizon,
            min_group=min_group,
        )
    except AnalysisError as error:
        return _nothing(by, f"{error.what[:1].upper()}{error.what[1:]}.")
    if len(found.levels) < 2:
        return _nothing(by, f"Only one value of {by} is common enough to be shown.")
    at = found.overall[found.overall["period"] == found.periods]
    return FirstTouchReading(
        question=_QUESTION,
        answer=_answer(found, at),
        table=at[["level", "customers", "share", "so_far"]].reset_index(drop=True),
        by=by,
        periods=found.periods,
        how=_how(found),
        hidden=hidden_words(min_group),
        reason="",
    )


def _answer(found: FirstTouch, at: pd.DataFrame) -> str:
    """Return whether the shares differ, by the chi-square test of a table of counts."""
    grain = found.calendar.grain
    here, gone = at["active"], at["customers"] - at["active"]
    if not here.sum() or not gone.sum():
        everyone = "Nobody" if not here.sum() else "Everybody"
        return f"{everyone} bought in {grain} {found.periods} after the first purchase."
    at = at[at["customers"] >= _FEW]
    here, gone = at["active"], at["customers"] - at["active"]
    # The test needs five expected in each cell of the table.
    least = at["customers"].min() * min(here.sum(), gone.sum()) / max(at["customers"].sum(), 1)
    if len(at) < 2 or least < _EXPECTED:
        return f"Too few customers have been followed to compare them by first {found.by}."
    p = float(stats.chi2_contingency([here, gone], correction=False).pvalue)
    order = at.sort_values(["share", "level"])
    low, high = order.iloc[0], order.iloc[-1]
    said = (
        f"{share(float(high['share']))} of those whose first {found.by} was {high['level']} bought "
        f"in {grain} {found.periods} after it, {share(float(low['share']))} of those with "
        f"{low['level']}"
    )
    if p < 0.05:
        head, why = f"The first {found.by} matters", "more apart than chance explains"
    else:
        head, why = f"No difference by first {found.by} is shown", "which chance can explain"
    return f"{head}: {said}, {why} ({pvalue(p)})."


def _how(found: FirstTouch) -> str:
    grain = found.calendar.grain
    late = ""
    if found.left_out:
        late = f" {counted(found.left_out, 'customer')} came too lately for it."
    return (
        f"Compared are the {counted(found.customers, 'customer')} whose cohorts have come to "
        f"{grain} {found.periods}.{late} Revenue is net of returns; differences in it are not "
        "tested."
    )


def _nothing(by: str, reason: str) -> FirstTouchReading:
    said = f"Whether the first purchase tells who stays cannot be said: {reason}"
    table = pd.DataFrame(columns=["level", "customers", "share", "so_far"])
    return FirstTouchReading(_QUESTION, said, table, by, 0, "", "", reason)
