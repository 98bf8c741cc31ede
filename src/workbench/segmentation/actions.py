"""Customers to act on, each with the reason."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from workbench.errors import AnalysisError, one_of

__all__ = ["customers_to_act_on", "with_reasons"]


def customers_to_act_on(
    customers: pd.DataFrame,
    segments: Sequence[str],
    *,
    known: Sequence[str],
    reached: pd.DataFrame | None = None,
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
    reached
        As `with_reasons` takes it.

    Returns
    -------
    pandas.DataFrame
        As `with_reasons` gives it.

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
    return with_reasons(customers[customers["segment"].isin(list(segments))], reached)


def with_reasons(chosen: pd.DataFrame, reached: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return customers as candidates for a list, the most valuable first, with the reason.

    Parameters
    ----------
    chosen
        Rows of `Segmentation.customers`.
    reached
        What is known of reaching them, as :func:`workbench.segmentation.reach.reach` gives it;
        None where nothing is known.

    Returns
    -------
    pandas.DataFrame
        `customer_id`, `segment`, `value` (net revenue so far), `margin`, `channel`, `consent` (each
        None where it is not known), `reason` (a sentence). Ties are ordered by `customer_id`.
    """
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
    names = ["margin", "channel", "consent"]
    told = pd.DataFrame(columns=names) if reached is None else reached[names]
    told = told.reindex(chosen["customer_id"]).astype(object)
    told = told.where(told.notna(), None)
    return pd.DataFrame(
        {
            "customer_id": chosen["customer_id"].to_numpy(),
            "segment": chosen["segment"].to_numpy(),
            "value": chosen["revenue"].to_numpy(),
            **{name: pd.Series(told[name].tolist(), dtype=object) for name in names},
            "reason": pd.Series(reasons, dtype=object).to_numpy(),
        }
    )
