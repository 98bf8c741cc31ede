"""The profiles of segments in one call: money, preferences, care."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from workbench.errors import AnalysisError
from workbench.segmentation.assigned import Assigned
from workbench.segmentation.profiles.behaviour import Usage, behaviour
from workbench.segmentation.profiles.care import Care, read_contacts, segment_care
from workbench.segmentation.profiles.lifts import Lifts, lifts
from workbench.segmentation.profiles.money import SegmentMoney, segment_money

__all__ = ["Profiles", "profile_segments"]


@dataclass(frozen=True)
class Profiles:
    """What sets the segments apart.

    Parameters
    ----------
    assigned
        Which customer is in which segment.
    money
        What each segment brings, takes back, and leaves as margin.
    lifts
        Which segment prefers which channel and category.
    care
        How often each segment needs support, and how satisfied it is.
    usage
        The channels and categories that were read; empty where the orders have neither.
    unassigned
        Customers with orders who are in no segment.
    """

    assigned: Assigned
    money: SegmentMoney
    lifts: Lifts
    care: Care
    usage: tuple[Usage, ...]
    unassigned: int

    def preferences(self, limit: int = 12) -> pd.DataFrame:
        """Return the lifts that stand out, the surest first.

        The surest is the one whose interval stays furthest away from 1, the place of no preference.

        Parameters
        ----------
        limit
            How many at most.

        Returns
        -------
        pandas.DataFrame
            `segment`, `what`, `level`, `share`, `other_share`, `lift`, `ci_lower`, `ci_upper`, and
            `name` ("segment: level", for a figure).
        """
        frame = self.lifts.frame
        chosen = frame[frame["stands_out"].astype(bool)].copy()
        low = chosen["ci_lower"].astype("float64")
        high = chosen["ci_upper"].astype("float64")
        chosen["surely"] = np.maximum(np.log(low), -np.log(high))
        chosen["name"] = chosen["segment"] + ": " + chosen["level"]
        chosen = chosen.sort_values(
            ["surely", "segment", "what", "level"], ascending=[False, True, True, True]
        )
        names = ["segment", "what", "level", "share", "other_share", "lift", "ci_lower", "ci_upper"]
        return chosen[[*names, "name"]].head(limit).reset_index(drop=True)

    def drawn(self, limit: int = 12) -> pd.DataFrame:
        """Return the lifts for one figure, never without a row.

        They are the surest of those that stand out, the highest lift first; where none does, those
        that come nearest to it; where none could be tested, one row without a number.

        Parameters
        ----------
        limit
            How many at most.

        Returns
        -------
        pandas.DataFrame
            `name`, `lift`, `ci_lower`, `ci_upper`.
        """
        columns = ["name", "lift", "ci_lower", "ci_upper"]
        chosen = self.preferences(limit)
        if len(chosen):
            highest = chosen["lift"].astype("float64").sort_values(ascending=False, kind="stable")
            return chosen.loc[highest.index, columns].reset_index(drop=True)
        tried = self.lifts.frame[self.lifts.frame["reason"] == ""]
        if tried.empty:
            return pd.DataFrame([("no number", None, None, None)], columns=columns, dtype=object)
        nearest = tried["pvalue"].astype("float64").sort_values(kind="stable").index[:limit]
        rows = tried.loc[nearest]
        rows = rows.assign(name=rows["segment"] + ": " + rows["level"])
        return rows[columns].reset_index(drop=True)

    def lift_grid(self, what: str) -> pd.DataFrame:
        """Return the lifts of one kind, a row per segment, a column per channel or category.

        Parameters
        ----------
        what
            `channel` or `category`.

        Returns
        -------
        pandas.DataFrame
            `segment` and a column per level; missing where there is no number, or where the lift
            does not stand out. No columns where the orders do not have them.
        """
        frame = self.lifts.frame[self.lifts.frame["what"] == what]
        grid = pd.DataFrame({"segment": list(self.assigned.order)})
        for level in frame["level"].drop_duplicates():
            own = frame[frame["level"] == level].set_index("segment")
            told = own["lift"].where(own["stands_out"].astype(bool)).astype("float64")
            grid[str(level)] = told.reindex(grid["segment"]).to_numpy()
        return grid


def profile_segments(
    orders: Any,
    assigned: Assigned,
    *,
    as_of: date,
    interactions: Any = None,
    alpha: float = 0.05,
) -> Profiles:
    """Return what sets the segments apart.

    Parameters
    ----------
    orders
        Order lines: a DuckDB relation, a pandas frame or a Polars frame, with `customer_id`,
        `ordered_at` and `amount`; `cost`, `channel` and `category` are read where they are there.
    assigned
        Which customer is in which segment; :func:`workbench.segmentation.assigned.assigned_by`
        gives it for a grid of scores.
    as_of
        The last day that counts.
    interactions
        Contacts with support, as :func:`read_contacts` takes them; None where there are none.
    alpha
        The false discovery rate of the lifts, and one minus the level of the intervals.

    Raises
    ------
    AnalysisError
        When the data do not allow it; the message says why.
    """
    if not 0 < alpha < 1:
        raise AnalysisError(f"alpha == {alpha}, must be above 0 and below 1", where="profiles")
    contacts = read_contacts(interactions, as_of=as_of)
    found = behaviour(orders, as_of=as_of, days_from=contacts.first_day or 0)
    whose = assigned.customers.set_index("customer_id")["segment"]
    named = whose.reindex(found.customers["customer_id"]).astype(object)
    segments = named.where(named.notna(), None).to_numpy()
    return Profiles(
        assigned=assigned,
        money=segment_money(found, segments, assigned.order, assigned.sizes),
        lifts=lifts(
            found.usage, segments, assigned.order, alpha=alpha, min_group=assigned.min_group
        ),
        care=segment_care(
            contacts,
            found.customers,
            segments,
            assigned.order,
            as_of=as_of,
            min_group=assigned.min_group,
            alpha=alpha,
        ),
        usage=found.usage,
        unassigned=int(named.isna().sum()),
    )
