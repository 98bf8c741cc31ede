"""What is known of a customer: the names of the facts, and the tables that they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from workbench.data.phrases import counted

__all__ = ["ACTIVE_DAYS", "LEVEL", "NOT_KNOWN", "NUMBER", "YEAR_DAYS", "Fact", "LeftOut", "Tables"]

NUMBER: Literal["number"] = "number"
LEVEL: Literal["level"] = "level"
NOT_KNOWN = "not known"
YEAR_DAYS = 365
ACTIVE_DAYS = 365
"""A customer without a contract who has not bought for longer is gone, and no longer at risk."""


@dataclass(frozen=True)
class Fact:
    """One thing that is known of each customer.

    Parameters
    ----------
    name
        The column's name.
    label
        What it is, in plain words: ``Days since the last purchase``.
    kind
        ``number``, or ``level``: one of a few names.
    digits
        Decimals with which a number is shown.
    money
        Whether it is an amount in the unit's currency.
    mark
        Whether it may tell something that the number is missing. Where another fact says why it
        is (no purchase, no contact), it does not.
    kept
        Whether a table holds it as of today and it may be deleted once a customer has left: it is
        refused where it is missing more often of those who left.
    """

    name: str
    label: str
    kind: Literal["number", "level"] = NUMBER
    digits: int = 0
    money: bool = False
    mark: bool = False
    kept: bool = False


@dataclass(frozen=True)
class LeftOut:
    """A column that was not used, and why.

    Parameters
    ----------
    table
        The table that it stands in, or ``facts`` for one that was made.
    column
        Its name.
    why
        The reason, as the end of a sentence.
    """

    table: str
    column: str
    why: str


@dataclass(frozen=True)
class Tables:
    """A unit's tables; None for those that it does not have.

    Parameters
    ----------
    orders, subscriptions, interactions, touchpoints, customers
        DuckDB relations, pandas or Polars frames. With subscriptions, leaving is the end of the
        last one; without, it is to buy nothing.
    """

    orders: Any = None
    subscriptions: Any = None
    interactions: Any = None
    touchpoints: Any = None
    customers: Any = None

    @property
    def kind(self) -> Literal["orders", "subscriptions"]:
        """Return which table tells who left."""
        return "orders" if self.subscriptions is None else "subscriptions"


def in_period(days: int) -> str:
    """Return the words for the last period: ``in the last 90 days``."""
    return f"in the last {counted(days, 'day')}"
