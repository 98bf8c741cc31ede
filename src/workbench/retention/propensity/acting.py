"""Customers to act on before they leave, and the segments that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals as nw
import pandas as pd

from workbench.data.frames import aliases, collect, column_names, day_number, lazy
from workbench.retention.propensity.contact import contact_of
from workbench.retention.propensity.facts import NOT_KNOWN, Tables
from workbench.retention.propensity.models import Model
from workbench.retention.propensity.reasons import reasons

__all__ = ["AT_RISK_SHARE", "LIST", "Terms", "candidates", "segments_of"]

AT_RISK_SHARE = 0.25
"""A customer is at risk who belongs to the quarter with the highest probability to leave."""
LIST = ["customer_id", "risk", "year_value", "value", "channel", "consent", "reason"]


@dataclass(frozen=True)
class Terms:
    """What a contact costs and keeps.

    Parameters
    ----------
    contact_cost
        Of one contact, in the unit's currency, from 0 on.
    saved_share
        Share of those who would leave that a contact keeps, above 0 and at most 1: an assumption.
    """

    contact_cost: float = 1.0
    saved_share: float = 0.1


def segments_of(tables: Tables, customers: pd.Series, by: Sequence[str], as_of: date) -> pd.Series:
    """Return each customer's segment: the value of the first column that is there."""
    places = ((tables.subscriptions, "started_at"), (tables.customers, ""))
    for name in by:
        for table, clock in places:
            if name and table is not None and name in column_names(table):
                return _values_of(table, name, clock, customers, as_of)
    return pd.Series("all customers", index=customers.index, dtype=object)


def _values_of(table: Any, by: str, clock: str, customers: pd.Series, as_of: date) -> pd.Series:
    """Return what a column says of each customer, in its latest row up to a day."""
    odd = aliases(table, [by])
    frame = lazy(table, where="segments", needs=("customer_id",), named=odd)
    days = {"day": day_number(clock)} if clock else {"day": nw.lit(0)}
    found = collect(frame.select("customer_id", segment=nw.col(odd.get(by, by)), **days))
    found = found[found["customer_id"].notna() & (found["day"] <= as_of.toordinal())]
    told = found["segment"].astype(object)
    found = found.assign(segment=told.where(told.notna(), "").astype(str))
    found = found.sort_values(["customer_id", "day", "segment"], ascending=[True, False, True])
    first = found.drop_duplicates("customer_id").set_index("customer_id")["segment"]
    named = first.reindex(customers.to_numpy()).astype(object)
    named = named.where(named.notna() & (named != ""), NOT_KNOWN)
    return pd.Series(named.to_numpy(), index=customers.index, dtype=object)


def candidates(
    model: Model,
    today: pd.DataFrame,
    tables: Tables,
    terms: Terms,
    as_of: date,
    currency: str,
) -> pd.DataFrame:
    """Return customers at risk with whom a contact pays, most at stake first."""
    edge = float(today["probability"].quantile(1 - AT_RISK_SHARE))
    risky = (today["probability"] >= edge) & (today["probability"] > today["probability"].mean())
    pays = today["at_stake"] * terms.saved_share > terms.contact_cost
    chosen = today[risky & pays].sort_values(["at_stake", "customer_id"], ascending=[False, True])
    chosen = chosen.reset_index(drop=True)
    reach = contact_of(tables, pd.Index(chosen["customer_id"]), as_of=as_of)
    return pd.DataFrame(
        {
            "customer_id": chosen["customer_id"],
            "risk": chosen["probability"].round(3),
            "year_value": chosen["value"].round(2),
            "value": chosen["at_stake"].round(2),
            "channel": pd.Series(reach["channel"].tolist(), dtype=object),
            "consent": pd.Series(reach["consent"].tolist(), dtype=object),
            "reason": pd.Series(reasons(model, chosen, today, currency=currency), dtype=object),
        }
    )[LIST]
