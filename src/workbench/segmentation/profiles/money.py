"""What each segment brings, what it takes back, and what is left of it as margin; all exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from workbench.data.frames import as_money
from workbench.segmentation.profiles.behaviour import Behaviour

__all__ = ["MIN_COSTED", "SegmentMoney", "segment_money"]

MIN_COSTED = 0.9
"""A margin needs the cost of at least this share of a segment's lines."""
_SUMS = ("units", "bought_units", "cost_units", "costed_units", "lines", "lines_without_cost")


@dataclass(frozen=True)
class SegmentMoney:
    """The money of each segment.

    Parameters
    ----------
    frame
        One row per segment: `segment`, `customers`, `revenue` (exact Decimal, net of returns),
        `revenue_share` (0-1; None where the total is not above nought), `returns_share` (what
        returns took back, of what was bought, 0-1; None where nothing was), `margin` (exact
        Decimal, amount less cost of the lines whose cost is known), `margin_rate` (of the revenue
        of these lines), `cost_missing_share` (of the segment's lines, 0-1). Margins are None where
        too little cost is known; all three where no cost is.
    customers, revenue
        Of all segments, equal to the sums of the rows.
    margin
        Exact margin of all segments; None where too little cost is known.
    lines, lines_without_cost
        Order lines of all segments, and those of unknown cost.
    has_cost, has_tax
        Whether the orders state a cost, and a tax in the amounts.
    """

    frame: pd.DataFrame
    customers: int
    revenue: Decimal
    margin: Decimal | None
    lines: int
    lines_without_cost: int
    has_cost: bool
    has_tax: bool


def segment_money(
    found: Behaviour, segments: np.ndarray[Any, Any], order: Sequence[str], sizes: pd.Series
) -> SegmentMoney:
    """Return what each segment brings.

    Parameters
    ----------
    found
        Customers with their money.
    segments
        The segment of each of them; None for those in no segment, who are left out.
    order
        The segments' names.
    sizes
        Segment -> customers, those without an order line included.
    """
    named = found.customers[list(_SUMS)].assign(segment=segments)
    totals = named.groupby("segment").sum().reindex(list(order), fill_value=0)
    whole = {name: int(totals[name].sum()) for name in _SUMS}
    rows = [
        _row(str(name), int(sizes[name]), row, whole["units"], found.has_cost)
        for name, row in zip(totals.index, totals.to_dict("records"), strict=True)
    ]
    columns = ["segment", "customers", "revenue", "revenue_share", "returns_share"]
    columns += ["margin", "margin_rate", "cost_missing_share"]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    frame["segment"] = frame["segment"].astype("str")
    frame["customers"] = frame["customers"].astype("int64")
    return SegmentMoney(
        frame=frame,
        customers=int(frame["customers"].sum()),
        revenue=as_money(whole["units"]),
        margin=_margin(whole, found.has_cost)[0],
        lines=whole["lines"],
        lines_without_cost=whole["lines_without_cost"],
        has_cost=found.has_cost,
        has_tax=found.has_tax,
    )


def _row(
    segment: str, customers: int, sums: dict[Any, Any], whole: int, has_cost: bool
) -> tuple[Any, ...]:
    bought = int(sums["bought_units"])
    units = int(sums["units"])
    margin, rate, missing = _margin(sums, has_cost)
    return (
        segment,
        customers,
        as_money(units),
        units / whole if whole > 0 else None,
        (bought - units) / bought if bought > 0 else None,
        margin,
        rate,
        missing,
    )


def _margin(
    sums: dict[Any, Any], has_cost: bool
) -> tuple[Decimal | None, float | None, float | None]:
    """Return margin, its share of revenue, and the share of lines without a cost."""
    lines = int(sums["lines"])
    if not has_cost or not lines:
        return None, None, None
    missing = int(sums["lines_without_cost"]) / lines
    if 1 - missing < MIN_COSTED:
        return None, None, missing
    margin, costed = int(sums["costed_units"]) - int(sums["cost_units"]), int(sums["costed_units"])
    return as_money(margin), margin / costed if costed > 0 else None, missing
