"""How much of the revenue the top customers hold.

References
----------
Gini, "Variabilità e mutabilità", 1912. The coefficient is only defined for values that are not
negative, so customers with negative net revenue are left out, counted and stated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from workbench.data.frames import MONEY_SCALE, as_money
from workbench.data.small_groups import is_small

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
        Where few customers are left out, `revenue` is None, for the total would tell theirs, and
        so is `customers` where it would tell how many they are.
    gini
        0 when all customers bring the same, towards 1 when one brings all; None without revenue.
    curve
        Lorenz curve, at most 201 points from the smallest customer up: `customer_share`,
        `revenue_share`, both 0 to 1. Between two points, and between a point and a row of `top`,
        are none or at least `min_group` customers. Empty without revenue.
    reason
        Why there is no number, or an empty string.
    few_left_out
        Whether so few customers are left out that neither their number nor their revenue is shown.
    """

    customers: int
    left_out: int
    left_out_revenue: Decimal
    top: pd.DataFrame
    gini: float | None
    curve: pd.DataFrame
    reason: str = ""
    few_left_out: bool = False


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
    few_out = is_small(len(out), min_group)
    total = int(kept.sum())
    empty_curve = pd.DataFrame({"customer_share": [], "revenue_share": []}, dtype="float64")
    empty_top = pd.DataFrame(columns=["top_share", "customers", "revenue", "revenue_share"])
    lost = as_money(int(out.sum()))
    if n < max(min_group, 1) or total <= 0:
        why = "no customer has positive revenue" if n >= min_group else "too few customers"
        return Concentration(n, len(out), lost, empty_top, None, empty_curve, why, few_out)
    held = np.concatenate([[0.0], np.cumsum(kept) / total])
    held[-1] = 1.0
    at = np.arange(n + 1) / n
    tops = [share for share in TOP_SHARES if share * n >= min_group - 1e-9 or min_group == 1]
    counted = not few_out or _may_count(tops, n, len(out), min_group)
    rows = []
    for share in tops:
        part = 1 - float(np.interp(1 - share, at, held))
        money = None if few_out else part * total / MONEY_SCALE
        rows.append((share, _size(share, n) if counted else None, money, part))
    area = float(np.sum(held[1:] + held[:-1]) / (2 * n))
    marks = _marks(n, [(1 - share) * n for share in tops], min_group)
    return Concentration(
        customers=n,
        left_out=len(out),
        left_out_revenue=lost,
        top=pd.DataFrame(rows, columns=empty_top.columns, dtype=object if few_out else None),
        gini=min(max(1 - 2 * area, 0.0), 1.0),
        curve=pd.DataFrame({"customer_share": at[marks], "revenue_share": held[marks]}),
        few_left_out=few_out,
    )


def _size(share: float, n: int) -> int:
    """Return how many customers a top share is, rounded up."""
    return int(np.ceil(share * n - 1e-9))


def _may_count(tops: Sequence[float], n: int, left_out: int, min_group: int) -> bool:
    """Return whether the sizes of the top groups leave open how few customers are left out.

    The reader knows how many there are in all, and so how large the top groups would be.
    """
    sizes = [_size(share, n) for share in tops]
    fit = [
        few
        for few in range(1, min_group)
        if [_size(share, n + left_out - few) for share in tops] == sizes
    ]
    return len(fit) > 1 or min_group == 2


def _marks(n: int, tops: Sequence[float], min_group: int) -> np.ndarray:
    """Return at which customers the curve has a point, never few customers apart."""
    points = min(_POINTS, n // min_group + 1)
    marks = np.unique(np.linspace(0, n, points).round().astype("int64"))
    apart = np.abs(marks[:, None] - np.asarray(tops)[None, :])
    near = ((apart > 1e-9) & (apart < min_group)).any(axis=1)
    ends = (marks == 0) | (marks == n)
    return np.asarray(marks[ends | ~near]) if min_group > 1 else marks
