"""What each segment holds; groups too small to show are merged, so that totals still add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from workbench.data.frames import as_money
from workbench.errors import AnalysisError

__all__ = ["MERGED", "RETURNS_ONLY", "SegmentTable", "segment_table", "small_segments"]

MERGED = "Small groups together"
RETURNS_ONLY = "Returns only"


@dataclass(frozen=True)
class SegmentTable:
    """Segments with what they hold.

    Parameters
    ----------
    frame
        One row per shown segment, in the grid's order: `segment`, `customers`, `customer_share`
        (0-1), `revenue` (exact Decimal, net), `revenue_share` (0-1; None when total revenue is not
        positive), `median_days_since`, `median_orders` (purchase days), `median_revenue`.
    customers
        All customers, equal to the sum of the rows.
    revenue
        Exact net revenue, equal to the sum of the rows.
    merged
        Names of segments that were too small to show alone and stand together as
        "Small groups together".
    empty
        Names of segments that nobody is in.
    """

    frame: pd.DataFrame
    customers: int
    revenue: Decimal
    merged: tuple[str, ...]
    empty: tuple[str, ...]


def segment_table(customers: pd.DataFrame, order: Sequence[str], *, min_group: int) -> SegmentTable:
    """Return what each segment holds.

    Parameters
    ----------
    customers
        One row per customer: `segment`, `revenue`, `revenue_units`,
        `days_since_last_purchase`, `purchase_days` (both may be missing for returns only).
    order
        The segments' names, in the order of the table.
    min_group
        Segments of fewer customers are merged; when all of them together are still too few, the
        smallest shown segment joins them.

    Raises
    ------
    AnalysisError
        When there are fewer customers than `min_group` in all.
    """
    total = len(customers)
    if total < max(min_group, 1):
        raise AnalysisError(
            f"fewer than {min_group} customers: a group must have as many to be shown",
            where="segmentation",
            fix="Choose a larger unit.",
        )
    sizes = customers["segment"].value_counts().reindex(list(order), fill_value=0)
    small = small_segments(sizes, min_group)
    shown = customers.assign(
        segment=customers["segment"].where(~customers["segment"].isin(small), MERGED)
    )
    grouped = shown.groupby("segment", sort=False)
    table = grouped.agg(
        customers=("revenue_units", "size"),
        units=("revenue_units", "sum"),
        median_days_since=("days_since_last_purchase", "median"),
        median_orders=("purchase_days", "median"),
        median_revenue=("revenue", "median"),
    )
    names = [name for name in (*order, MERGED) if name in table.index]
    table = table.loc[names].reset_index()
    units = [int(u) for u in table["units"]]
    whole = sum(units)
    frame = pd.DataFrame(
        {
            "segment": table["segment"],
            "customers": table["customers"],
            "customer_share": table["customers"] / total,
            "revenue": pd.Series([as_money(u) for u in units], dtype=object),
            "revenue_share": pd.Series(
                [u / whole if whole > 0 else None for u in units], dtype=object
            ),
            "median_days_since": table["median_days_since"],
            "median_orders": table["median_orders"],
            "median_revenue": table["median_revenue"],
        }
    )
    empty = tuple(str(name) for name in order if sizes[name] == 0)
    return SegmentTable(frame, total, as_money(whole), small, empty)


def small_segments(sizes: pd.Series, min_group: int) -> tuple[str, ...]:
    """Return the segments to merge: those too small, and more until the merged group is not."""
    there = sizes[sizes > 0].sort_values(kind="stable")
    if there.iloc[0] >= min_group:
        return ()
    # One small group alone could be found as total minus the rest, so it is never left out but
    # joined with others until the group can be shown.
    merged: list[str] = []
    held = 0
    for name, size in there.items():
        if size >= min_group and held >= min_group and len(merged) > 1:
            break
        merged.append(str(name))
        held += int(size)
    return tuple(name for name in sizes.index if name in merged)
