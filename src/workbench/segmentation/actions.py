"""Customers to act on, each with the reason."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from workbench.errors import AnalysisError, one_of

__all__ = ["customers_to_act_on"]


def customers_to_act_on(
    customers: pd.DataFrame, segments: Sequence[str], *, known: Sequence[str]
) -> pd.DataFrame:
    """Return the customers of some segments, the most valuable first, with the reason.

    Parameters
    ----------
    customers
        `Segmentation.customers`.
    segments
        Names of the segments to act on.
    known
        Names of all segments, for the message of an error.

    Returns
    -------
    pandas.DataFrame
        `customer_id`, `segment`, `value` (net revenue so far), `reason` (a sentence). Ties are
        ordered by `customer_id`.

    Raises
    ------
    AnalysisError
        For a segment that the grid does not have.
    """
    for name in segments:
        if name not in known:
            raise AnalysisError(
                f"no segment is named {name}", where="action list", fix=one_of(name, known)
            )
    chosen = customers[customers["segment"].isin(list(segments))]
    chosen = chosen.sort_values(["revenue_units", "customer_id"], ascending=[False, True])
    reasons = [
        f"Bought on {days:,} day{'' if days == 1 else 's'}, last on {last:%Y-%m-%d}, "
        f"{since:,} day{'' if since == 1 else 's'} ago."
        for days, last, since in zip(
            chosen["purchase_days"],
            chosen["last_purchase"],
            chosen["days_since_last_purchase"],
            strict=True,
        )
    ]
    return pd.DataFrame(
        {
            "customer_id": chosen["customer_id"].to_numpy(),
            "segment": chosen["segment"].to_numpy(),
            "value": chosen["revenue"].to_numpy(),
            "reason": pd.Series(reasons, dtype=object).to_numpy(),
        }
    )
