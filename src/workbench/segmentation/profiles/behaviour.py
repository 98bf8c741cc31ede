"""Order lines to customers: money, cost, and the days on which each channel and category was used.

A purchase in a channel is a day on which the customer bought there, whatever the number of lines;
so it is for categories. Which channels and categories there are is looked up first. Money is then
added up from lines to customers, and days are counted from lines to days to customers: by
themselves, for what is kept of each day decides on the memory that is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.data.frames import collect, column_names, money_units, require_number
from workbench.data.lines import finite, no_lines, order_lines, refuse_unreadable, text_of

__all__ = ["MAX_LEVELS", "OTHER", "Behaviour", "Usage", "behaviour"]

MAX_LEVELS = 12
MIN_SHARE = 0.01
"""So many channels, and so many categories, are told apart, each with at least this share of the
lines; the rest stand together."""
OTHER = "All others"
_NEVER = 2**40  # later than any day


@dataclass(frozen=True)
class Usage:
    """On how many days each customer bought in each channel (or category).

    Parameters
    ----------
    what
        `channel` or `category`.
    levels
        Names, the most used first; "All others" last where some have less than 1% of the lines, or
        where there are more than twelve.
    days
        Whole numbers, shape (customers, levels), rows as in `Behaviour.customers`.
    lines
        Lines that are no returns, of known customers.
    lines_without
        Those of them for which the column is empty; they count in no level.
    """

    what: str
    levels: tuple[str, ...]
    days: np.ndarray[Any, Any]
    lines: int
    lines_without: int


@dataclass(frozen=True)
class Behaviour:
    """Customers as their order lines show them up to a day.

    Parameters
    ----------
    customers
        One row per known customer with a line, sorted by `customer_id`: `customer_id`;
        `first_purchase_day` (day number; nought without a purchase); `purchase_days` (from a day
        on, see :func:`behaviour`); whole ten-thousandths
        `units` (net revenue), `bought_units` (before returns), `cost_units` and `costed_units`
        (cost, and amount, of the lines whose cost is known); `lines`, `lines_without_cost`.
    usage
        For each of `channel` and `category` that the orders have.
    has_cost, has_tax
        Whether the orders have the column.
    as_of
        The last day that is counted.
    """

    customers: pd.DataFrame
    usage: tuple[Usage, ...]
    has_cost: bool
    has_tax: bool
    as_of: date


def behaviour(orders: Any, *, as_of: date, days_from: int = 0) -> Behaviour:
    """Return what each customer bought, where, and at what cost.

    Parameters
    ----------
    orders
        Order lines, as :func:`workbench.data.lines.order_lines` takes them; `channel`,
        `category` and `cost` are read where they are there.
    as_of
        The last day that counts.
    days_from
        The day number from which on `purchase_days` are counted.

    Raises
    ------
    AnalysisError
        When columns are of the wrong kind, when lines have no readable time or amount, or when no
        line is left.
    """
    columns = column_names(orders)
    kinds: list[str] = [name for name in ("channel", "category") if name in columns]
    has_cost = "cost" in columns
    lines = order_lines(
        orders, last_day=as_of.toordinal(), more=(*kinds, *(["cost"] if has_cost else []))
    )
    lines = lines.filter(~nw.col("customer_id").is_null())
    if kinds:
        lines = lines.with_columns(**{name: text_of(lines, name) for name in kinds})
    levels = _levels(lines, kinds)
    money = collect(_money(lines, kinds, has_cost=has_cost))
    refuse_unreadable(money)
    if not len(money):
        raise no_lines(as_of)
    days = collect(_days(lines, levels, days_from=days_from))
    found = money.merge(days, on="customer_id", how="left").sort_values("customer_id")
    counts = [name for name in days.columns if name != "customer_id"]
    found[counts] = found[counts].fillna(0).astype("int64")  # of who only sent back
    found = found.reset_index(drop=True)
    first = found["first_purchase_day"].to_numpy("int64")
    return Behaviour(
        customers=found[
            [
                *("customer_id", "units", "bought_units", "cost_units", "costed_units"),
                *("lines", "lines_without_cost", "purchase_days"),
            ]
        ].assign(first_purchase_day=np.where(first == _NEVER, 0, first)),
        usage=tuple(
            Usage(
                what=name,
                levels=levels[name],
                days=found[_flags(name, levels[name])].to_numpy("int64"),
                lines=int(found["bought"].sum()),
                lines_without=int(found[f"without_{name}"].sum()),
            )
            for name in kinds
            if levels[name]
        ),
        has_cost=has_cost,
        has_tax="tax" in columns,
        as_of=as_of,
    )


def _levels(lines: nw.LazyFrame[Any], kinds: list[str]) -> dict[str, tuple[str, ...]]:
    """Return the most used names of each kind, ties by name."""
    if not kinds:
        return {}
    bought = lines.filter(nw.col("bought") == 1)
    counts = collect(bought.group_by(*kinds).agg(n=nw.len()))
    made = {}
    for name in kinds:
        used = counts[counts[name] != ""].groupby(name)["n"].sum().reset_index()
        used = used.sort_values(["n", name], ascending=[False, True])
        often = used["n"] >= MIN_SHARE * used["n"].sum()
        room = MAX_LEVELS if len(used) <= MAX_LEVELS else MAX_LEVELS - 1
        names = tuple(str(level) for level in used.loc[often, name])[:room]
        made[name] = names + ((OTHER,) if len(used) > len(names) else ())
    return made


def _flags(name: str, levels: tuple[str, ...]) -> list[str]:
    return [f"{name}_{place}" for place in range(len(levels))]


def _money(lines: nw.LazyFrame[Any], kinds: Iterable[str], *, has_cost: bool) -> nw.LazyFrame[Any]:
    """Return what is added up for each customer line by line, still in the engine."""
    bought = nw.col("bought") == 1
    made = {f"without_{k}": nw.when(bought & (nw.col(k) == "")).then(1).otherwise(0) for k in kinds}
    made["bought_units"] = nw.when(bought).then(nw.col("units")).otherwise(0)
    made["purchased"] = nw.when(bought).then(nw.col("day")).otherwise(_NEVER)
    sums = [
        *("units", "bought", "bought_units", "cost_units", "costed_units", "lines_without_cost"),
        *("unreadable", *(f"without_{k}" for k in kinds)),
    ]
    found = (
        _with_costs(lines, has_cost=has_cost)
        .with_columns(**made)
        .group_by("customer_id")
        .agg(
            *[nw.col(name).sum() for name in sums],
            first_purchase_day=nw.col("purchased").min(),
            lines=nw.len(),
        )
    )
    return found.with_columns(nw.col(*sums, "lines").cast(nw.Int64))


def _days(
    lines: nw.LazyFrame[Any], levels: Mapping[str, tuple[str, ...]], *, days_from: int
) -> nw.LazyFrame[Any]:
    """Return on how many days each customer bought, and so in each level, still in the engine.

    There may be nearly as many days of customers as lines, so no more is kept of each than a small
    number for each level.
    """
    made: dict[str, nw.Expr] = {"purchase_days": nw.col("day") >= days_from}
    for name, own in levels.items():
        value = nw.col(name)
        for flag, level in zip(_flags(name, own), own, strict=True):
            rest = level == OTHER and flag == _flags(name, own)[-1]
            made[flag] = (value != "") & ~value.is_in(own[:-1]) if rest else value == level
    marked = lines.filter(nw.col("bought") == 1).select(
        "customer_id",
        "day",
        **{name: nw.when(yes).then(1).otherwise(0).cast(nw.Int8) for name, yes in made.items()},
    )
    days = marked.group_by("customer_id", "day").agg(*[nw.col(name).max() for name in made])
    days = days.with_columns(nw.col(*made).cast(nw.Int64))
    found = days.group_by("customer_id").agg(*[nw.col(name).sum() for name in made])
    return found.with_columns(nw.col(*made).cast(nw.Int64))


def _with_costs(lines: nw.LazyFrame[Any], *, has_cost: bool) -> nw.LazyFrame[Any]:
    """Add cost, the amount that it belongs to, and whether it is missing, to each line."""
    if not has_cost:
        nothing = nw.col("units") * 0
        return lines.with_columns(
            cost_units=nothing, costed_units=nothing, lines_without_cost=nothing
        )
    require_number(lines, "cost", where="orders")
    known = nw.col("costed") == 1
    # Engines work out both sides of a choice, and none makes a whole number of what is no number.
    lines = lines.with_columns(costed=nw.when(finite(lines, "cost")).then(1).otherwise(0))
    lines = lines.with_columns(cost=nw.when(known).then(nw.col("cost")).otherwise(0))
    return lines.with_columns(
        cost_units=money_units("cost"),
        costed_units=nw.when(known).then(nw.col("units")).otherwise(0),
        lines_without_cost=1 - nw.col("costed"),
    )
