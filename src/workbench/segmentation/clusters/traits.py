"""What is measured of each customer, and what to call much or little of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

__all__ = ["OTHERS", "PURCHASES", "Behaviour", "Block", "Kind", "Trait"]

PURCHASES = "purchase_days"
"""The column that counts a customer's purchases: how much their shares can be relied on."""
OTHERS = "(others)"
"""What the categories, or channels, with the least spending are called together in a column."""

Kind = Literal["days", "count", "money", "share"]
Block = Literal["recency", "frequency", "money", "category", "channel", "returns", "tenure"]


@dataclass(frozen=True)
class Trait:
    """One measure of a customer.

    Parameters
    ----------
    column
        Its column in `Behaviour.customers`.
    label
        What it is, in plain words: "Days since the last purchase", "Share of spending on Camping".
    kind
        "days", "count", "money" (the unit's currency), or "share" (0 to 1).
    block
        What it tells of; measures of one block count together as one.
    high
        What a group is called that is high in it: "bought long ago", "buys Camping".
    low
        What a group is called that is low in it: "bought lately"; empty where low says nothing.
    """

    column: str
    label: str
    kind: Kind
    block: Block
    high: str
    low: str = ""


@dataclass(frozen=True)
class Behaviour:
    """What customers did, as measures that a person can read.

    Parameters
    ----------
    customers
        One row per customer with a purchase, sorted by `customer_id`: `customer_id` and one numeric
        column for each trait. No value is missing.
    traits
        What the columns are, those of one block side by side.
    left_out
        What could not be measured and why, one sentence each; empty when nothing is missing.
    """

    customers: pd.DataFrame
    traits: tuple[Trait, ...]
    left_out: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """Return the columns of the traits."""
        return [trait.column for trait in self.traits]
