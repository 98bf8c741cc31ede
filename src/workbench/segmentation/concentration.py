"""How much of the revenue the top customers hold.

References
----------
Gini, "Variabilità e mutabilità", 1912. The coefficient is only defined for values that are not
negative, so customers with negative net revenue are left out, counted and stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from workbench.data.frames import MONEY_SCALE, as_money

__all__ = ["TOP_SHARES", "Concentration", "concentration"]

TOP_SHARES = (0.01, 0.05, 0.2)
_POINTS = 201


@dataclass(frozen=True)
class Concentration:
    """How unevenly revenue is spread over customers.

    Parameters
    ----------
    customers
        Customers that were compared: those whose net revenue is not negative.
    left_out, left_out_revenue
        Customers with negative net revenue, and their exact total.
    top
        One row per share: `top_share` (of customers, 0-1), `customers` (rounded up),
        `revenue`, `revenue_share` (0-1). Where the share is no whole number of customers, a part
        of the next customer counts; tied customers have equal revenue, so their order is nothing.
    gini
        0 when all customers bring the same, towards 1 when one brings all; None without revenue.
    curve
        Lorenz curve, at most 201 points from the smallest customer up: `customer_share`,
        `revenue_share`, both 0 to 1. Empty without revenue.
    reason
        Why there is no number, or an empty string.
    """

    customers: int
    left_out: int
    left_out_revenue: Decimal
    top: pd.DataFrame
    gini: float | None
    curve: pd.DataFrame
    reason: str = ""


def concentration(customers: pd.DataFrame, *, min_group: int) -> Concentration:
    """Return how much of the revenue the top 1, 5 and 20 % of customers hold.

    Parameters
    ----------
    customers
        Frame with `revenue_units`, net revenue in whole ten-thousandths.
    min_group
        A top group of fewer customers is not shown; it would tell what single customers spend.
    """
    units = customers["revenue_units"].to_numpy("int64")
    kept = np.sort(units[units >= 0])
    n = len(kept)
    out = units[units < 0]
    total = int(kept.sum())
    empty_curve = pd.DataFrame({"customer_share": [], "revenue_share": []}, dtype="float64")
    empty_top = pd.DataFrame(columns=["top_share", "customers", "revenue", "revenue_share"])
    lost = as_money(int(out.sum()))
    if n < max(min_group, 1) or total <= 0:
        why = "no customer has positive revenue" if n >= min_group else "too few customers"
        return Concentration(n, len(out), lost, empty_top, None, empty_curve, why)
    held = np.concatenate([[0.0], np.cumsum(kept) / total])
    held[-1] = 1.0
    at = np.arange(n + 1) / n
    rows = []
    for share in TOP_SHARES:
        size = int(np.ceil(share * n - 1e-9))
        if size >= min_group:
            part = 1 - float(np.interp(1 - share, at, held))
            rows.append((share, size, part * total / MONEY_SCALE, part))
    area = float(np.sum(held[1:] + held[:-1]) / (2 * n))
    marks = np.unique(np.linspace(0, n, min(_POINTS, n + 1)).round().astype("int64"))
    return Concentration(
        customers=n,
        left_out=len(out),
        left_out_revenue=lost,
        top=pd.DataFrame(rows, columns=empty_top.columns),
        gini=min(max(1 - 2 * area, 0.0), 1.0),
        curve=pd.DataFrame({"customer_share": at[marks], "revenue_share": held[marks]}),
    )
