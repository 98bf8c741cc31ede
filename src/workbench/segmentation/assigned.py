"""Which customer is in which segment, however the segments were found.

What describes segments, or follows them through time, takes this: a grid of scores gives it, and so
do groups that were found by clustering.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from workbench.errors import AnalysisError, one_of
from workbench.segmentation.segments import MERGED, RETURNS_ONLY, small_segments
from workbench.segmentation.study import Segmentation

__all__ = ["Assigned", "assign", "assigned_by"]


@dataclass(frozen=True)
class Assigned:
    """Customers with their segments; segments too small to show stand together.

    Parameters
    ----------
    customers
        `customer_id`, `segment`; one row per customer, sorted by `customer_id`.
    order
        Names of the segments that somebody is in, best first, "Small groups together" last.
    merged
        Names of the segments that stand together.
    min_group
        No segment has fewer customers.
    """

    customers: pd.DataFrame
    order: tuple[str, ...]
    merged: tuple[str, ...]
    min_group: int

    @property
    def sizes(self) -> pd.Series:
        """Return segment -> customers, in order."""
        counts: pd.Series = self.customers["segment"].value_counts()
        return counts.reindex(list(self.order))


def assign(customers: pd.DataFrame, order: Sequence[str], *, min_group: int) -> Assigned:
    """Return an assignment of customers to segments, checked, with small segments merged.

    Parameters
    ----------
    customers
        `customer_id`, `segment`; other columns are left out.
    order
        All names, best first.
    min_group
        Segments of fewer customers are merged, as in the table of segments.

    Raises
    ------
    AnalysisError
        For missing columns, a customer in two segments or in none, a name that is not in `order`,
        or fewer customers than `min_group` in all.

    Examples
    --------
    >>> who = pd.DataFrame({"customer_id": list("dcba"), "segment": ["new", "old", "old", "new"]})
    >>> assign(who, ["new", "old"], min_group=1).sizes.to_dict()
    {'new': 2, 'old': 2}
    """
    missing = [name for name in ("customer_id", "segment") if name not in customers.columns]
    if missing:
        raise _wrong(f"column {missing[0]} is missing", one_of(missing[0], customers.columns))
    found = customers[["customer_id", "segment"]]
    if found.isna().any(axis=None):
        raise _wrong("a customer has no segment, or a row no customer", "Leave such rows out.")
    repeated = found["customer_id"].duplicated()
    if repeated.any():
        raise _wrong(f"{int(repeated.sum()):,} customers stand twice", "Give one row for each.")
    for name in sorted(set(found["segment"]) - set(order)):
        raise _wrong(f"no segment is named {name}", one_of(name, order))
    if len(found) < max(min_group, 1):
        raise _wrong(
            f"fewer than {min_group} customers: a group must have as many to be shown",
            "Choose a larger unit.",
        )
    sizes = found["segment"].value_counts().reindex(list(order), fill_value=0)
    small = small_segments(sizes, min_group)
    named = found.assign(segment=found["segment"].where(~found["segment"].isin(small), MERGED))
    there = set(named["segment"])
    return Assigned(
        customers=named.sort_values("customer_id").reset_index(drop=True),
        order=tuple(name for name in (*order, MERGED) if name in there),
        merged=small,
        min_group=min_group,
    )


def assigned_by(result: Segmentation) -> Assigned:
    """Return the segments of a grid, customers with returns only being one of them.

    Parameters
    ----------
    result
        As :func:`workbench.segmentation.study.segment` returns it.
    """
    columns = ["customer_id", "segment"]
    rest = result.base.returns_only.assign(segment=RETURNS_ONLY)
    everyone = pd.concat([result.customers[columns], rest[columns]])
    return assign(everyone, (*result.grid.names, RETURNS_ONLY), min_group=result.min_group)


def _wrong(what: str, fix: str) -> AnalysisError:
    return AnalysisError(what, where="segments of customers", fix=fix)
