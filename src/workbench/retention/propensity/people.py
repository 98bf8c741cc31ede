"""The table of customers to what was known of them by a day."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.data.contracts import contract
from workbench.data.frames import collect, day_number, lazy, require_number, require_time
from workbench.retention.propensity.facts import LEVEL, NOT_KNOWN, Fact, LeftOut

__all__ = ["known", "known_facts", "unknown_since"]

_LEVELS = {"country": "Country", "region": "Region", "channel": "Channel of joining"}
_AGES = (10, 110)  # years; a year of birth outside is a typing error


def known_facts(customers: Any) -> tuple[Fact, ...]:
    """Return the facts that :func:`known` makes of a table of customers."""
    names = lazy(customers, where="customers").collect_schema().names()
    made = [Fact(name, label, LEVEL, kept=True) for name, label in _LEVELS.items() if name in names]
    if "joined_at" in names:
        made.append(Fact("known_days", "Days since joining", mark=True, kept=True))
    if "birth_year" in names:
        made.append(Fact("age_years", "Age in years", mark=True, kept=True))
    return tuple(made)


def unknown_since(customers: Any) -> tuple[LeftOut, ...]:
    """Return the columns that may have been written after any day one looks back to."""
    names = lazy(customers, where="customers").collect_schema().names()
    used = {"customer_id", "joined_at", "birth_year", "source", *_LEVELS}  # source: the house's own
    personal = {column.name for column in contract("customers").columns if column.personal}
    why = "holds the value of today, and nobody knows since when"
    return tuple(
        LeftOut("customers", name, why)
        for name in names
        if name not in used | personal and not name.startswith("_")
    )


def known(customers: Any, *, cutoff: date) -> pd.DataFrame:
    """Return what does not change about each customer who was known by a day.

    Country, region, channel of joining and year of birth are taken to be what they were then.

    Parameters
    ----------
    customers
        `customer_id` and, where known, `joined_at`, `country`, `region`, `channel`, `birth_year`;
        one row for each customer.
    cutoff
        The day; who joined later is not read.

    Returns
    -------
    pandas.DataFrame
        Indexed by `customer_id`, sorted, one column for each of :func:`known_facts`.

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind.
    """
    end = cutoff.toordinal()
    frame = lazy(customers, where="customers", needs=("customer_id",))
    names = frame.collect_schema().names()
    chosen: dict[str, nw.Expr] = {
        name: nw.col(name).cast(nw.String) for name in _LEVELS if name in names
    }
    if "joined_at" in names:
        require_time(frame, "joined_at", where="customers")
        chosen["joined"] = day_number("joined_at")
    if "birth_year" in names:
        require_number(frame, "birth_year", where="customers")
        chosen["born"] = nw.col("birth_year").cast(nw.Float64)
    frame = frame.filter(~nw.col("customer_id").is_null()).select("customer_id", **chosen)
    if "joined_at" in names:
        frame = frame.filter(nw.col("joined") <= end)
    found = collect(frame).sort_values(["customer_id", *chosen])
    found = found.drop_duplicates("customer_id").set_index("customer_id")
    made = pd.DataFrame(index=found.index)
    for name in _LEVELS:
        if name in names:
            text = found[name].astype(object)
            made[name] = text.where(text.notna() & (text != ""), NOT_KNOWN)
    if "joined_at" in names:
        joined = found["joined"].astype("float64")
        made["known_days"] = (end - joined).where(joined > 0)
    if "birth_year" in names:
        age = cutoff.year - found["born"].astype(np.float64)
        made["age_years"] = age.where(age.between(*_AGES))
    return made
