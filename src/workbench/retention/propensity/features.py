"""What was known of each customer by a day: one row per customer, and nothing from after that day.

Each table is reduced in its own engine, and reads no row and no value of after the cut-off: rows
are dropped by their day, ends of subscriptions are hidden, and how a contact with support went is
read only once it had been over for some time. Columns of which nobody knows when they were written
- consent, for one - are not used at all, and are named in `Features.left_out`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from workbench.errors import AnalysisError
from workbench.retention.propensity.bought import bought, bought_facts
from workbench.retention.propensity.contacts import (
    asked,
    asked_facts,
    touched,
    touched_facts,
    unknown_answers,
)
from workbench.retention.propensity.facts import Fact, LeftOut, Tables
from workbench.retention.propensity.held import held, held_facts
from workbench.retention.propensity.people import known, known_facts, unknown_since

__all__ = ["Features", "declared", "features_at"]

_COUNTS = (
    *("contacts", "contacts_trend", "contacts_year", "open_contacts", "reopened"),
    *("touchpoints", "touchpoints_trend"),
)
_MONTHS = 12


@dataclass(frozen=True)
class Features:
    """Which facts are used, and which columns are not.

    Parameters
    ----------
    facts
        The facts, those of purchases or subscriptions first.
    left_out
        Columns that might have been written after the day, and why they are not used.
    """

    facts: tuple[Fact, ...]
    left_out: tuple[LeftOut, ...]


def declared(tables: Tables, *, period_days: int) -> Features:
    """Return the facts that a unit's tables give.

    Raises
    ------
    AnalysisError
        When there are neither orders nor subscriptions, or a period of less than a day.
    """
    if period_days < 1:
        raise AnalysisError(f"days == {period_days}, must be >= 1", where="propensity")
    if tables.subscriptions is not None:
        facts = held_facts(tables.subscriptions, period_days)
    elif tables.orders is not None:
        facts = bought_facts(period_days)
    else:
        raise AnalysisError(
            "there are neither subscriptions nor orders", where="propensity", fix="Declare one."
        )
    left_out: tuple[LeftOut, ...] = ()
    if tables.interactions is not None:
        facts += asked_facts(tables.interactions, period_days)
        left_out += unknown_answers(tables.interactions)
    if tables.touchpoints is not None:
        facts += touched_facts(period_days)
    if tables.customers is not None:
        facts += known_facts(tables.customers)
        left_out += unknown_since(tables.customers)
    return Features(facts, left_out)


def features_at(tables: Tables, *, cutoff: date, period_days: int) -> pd.DataFrame:
    """Return what was known by a day of the customers who could then leave.

    Parameters
    ----------
    tables
        The unit's tables. Of orders: who bought within a year up to the day; of subscriptions: who
        held one on the day.
    cutoff
        The last day that counts.
    period_days
        The length of the last period, which is compared with the one before.

    Returns
    -------
    pandas.DataFrame
        Indexed by `customer_id`, sorted: one column for each fact of :func:`declared`, floats
        (NaN: not known) or text, and `value`: what the customer brings in a year, as of that day
        (0 where that is not known: nothing is known to be at stake).

    Raises
    ------
    AnalysisError
        When tables are missing, or their columns are missing or of the wrong kind.
    """
    facts = declared(tables, period_days=period_days).facts
    span: Any = {"cutoff": cutoff, "period_days": period_days}
    if tables.kind == "subscriptions":
        base = held(tables.subscriptions, **span)
        yearly = base["monthly_amount"] * _MONTHS if "monthly_amount" in base else 0.0
    else:
        base = bought(tables.orders, **span)
        yearly = base["spend_year"]
    made = base.assign(value=yearly)
    made["value"] = made["value"].fillna(0.0).clip(lower=0.0)
    if tables.interactions is not None:
        made = made.join(asked(tables.interactions, **span), how="left")
    if tables.touchpoints is not None:
        made = made.join(touched(tables.touchpoints, **span), how="left")
    if tables.customers is not None:
        made = made.join(known(tables.customers, cutoff=cutoff), how="left")
    zero = [name for name in _COUNTS if name in made]
    made[zero] = made[zero].fillna(0.0)  # no row: there was no contact
    return made[[*[fact.name for fact in facts], "value"]]
