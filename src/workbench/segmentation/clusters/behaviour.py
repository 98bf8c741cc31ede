"""Order lines to what customers do: when they buy, for how much, what, where, and what comes back.

One aggregation in the engine, lines to (customer, category, channel), sums money as whole
ten-thousandths; all else is worked out from these whole numbers, so that no engine and no order of
the rows changes a digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.frames import MONEY_SCALE, collect, day_number, lazy, money_units
from workbench.errors import AnalysisError
from workbench.segmentation.clusters.traits import OTHERS, PURCHASES, Behaviour, Trait
from workbench.segmentation.rfm import CustomerBase

__all__ = ["measure_behaviour"]

Floats = npt.NDArray[np.float64]

_PLAIN = (
    Trait(
        "days_since_last_purchase",
        "Days since the last purchase",
        "days",
        "recency",
        "bought long ago",
        "bought lately",
    ),
    Trait(PURCHASES, "Days with a purchase", "count", "frequency", "buys often", "buys seldom"),
    Trait("T", "Days since the first purchase", "days", "tenure", "long known", "new"),
    Trait(
        "spend_per_purchase_day",
        "Spending per day with a purchase",
        "money",
        "money",
        "spends much at a time",
        "spends little at a time",
    ),
    Trait(
        "returned_share",
        "Share of spending that was returned",
        "share",
        "returns",
        "returns much",
    ),
)
_MIXES = {"category": ("category", "buys {}"), "channel": ("channel", "buys through {}")}
_REST = {"category": "other categories", "channel": "other channels"}
_LABEL = {"category": "Share of spending on {}", "channel": "Share of spending through {}"}


def measure_behaviour(
    orders: Any,
    base: CustomerBase,
    *,
    largest: int = 10,
    like: Sequence[Trait] | None = None,
) -> Behaviour:
    """Return what each customer of a base did, from the lines that the base was made of.

    Parameters
    ----------
    orders
        The order lines that `rfm` was given: a DuckDB relation, a pandas or a Polars frame. The
        optional columns `category` and `channel` give the shares of spending by either.
    base
        What `rfm` made of them.
    largest
        How many categories, and how many channels, have a share of their own, 1 to 30; those with
        the least spending go together as "other".
    like
        Measure the same categories and channels as these traits do, so that a published grouping
        can be applied: `Grouping.traits`. What is not among them counts as "other".

    Returns
    -------
    Behaviour
        Spending counts lines that are not returns. A share is one of the spending whose category
        (channel) is known; a customer without any has the shares of all customers together. What
        came back is at most all of it.

    Raises
    ------
    AnalysisError
        When `largest` is out of range, or the base was made from other lines.
    """
    if not 1 <= largest <= 30:
        raise AnalysisError(
            f"largest == {largest}, must be 1 to 30", where="behaviour", fix="Ten is usual."
        )
    frame = lazy(orders, where="orders", needs=("customer_id", "ordered_at", "amount"))
    there = [name for name in _MIXES if name in frame.collect_schema().names()]
    found = collect(_reduce(frame, there, base.as_of.toordinal()))
    who = base.customers["customer_id"]
    place = pd.Index(who).get_indexer(found["customer_id"])
    found, place = found[place >= 0], place[place >= 0]
    gross = _gross(found, place, base)
    table = base.customers[["customer_id", "days_since_last_purchase", PURCHASES, "T"]].copy()
    table["spend_per_purchase_day"] = gross / MONEY_SCALE / table[PURCHASES]
    back = base.customers["returned"].to_numpy("float64") * MONEY_SCALE
    table["returned_share"] = np.minimum(_divided(back, gross, 0.0), 1.0)
    traits, left_out = list(_PLAIN), []
    for name in _MIXES:
        parts, said = _mix(found, place, len(who), name, there, largest, like)
        traits += [trait for trait, _ in parts]
        left_out += said
        table = pd.concat([table, pd.DataFrame({t.column: v for t, v in parts})], axis=1)
    kinds = {trait.column: "float64" for trait in traits}
    return Behaviour(table.astype(kinds), tuple(traits), tuple(left_out))


def _reduce(frame: nw.LazyFrame[Any], mixes: Sequence[str], last_day: int) -> nw.LazyFrame[Any]:
    """Return gross spending and returns per customer, category and channel, in the engine."""
    lines = frame.select(
        "customer_id",
        *[nw.col(name).cast(nw.String) for name in mixes],
        day=day_number("ordered_at"),
        units=money_units("amount"),
    ).filter(nw.col("day") <= last_day)
    lines = lines.with_columns(
        gross=nw.when(nw.col("units") > 0).then(nw.col("units")).otherwise(0),
        back=nw.when(nw.col("units") < 0).then(-nw.col("units")).otherwise(0),
    )
    sums = lines.group_by("customer_id", *mixes).agg(nw.col("gross", "back").sum())
    return sums.with_columns(nw.col("gross", "back").cast(nw.Int64))


def _gross(found: pd.DataFrame, place: npt.NDArray[np.intp], base: CustomerBase) -> Floats:
    """Return gross spending of each customer, or raise when the lines are not those of the base."""
    gross, back = (_sums(place, found[name], len(base.customers)) for name in ("gross", "back"))
    if round(float(gross.sum() - back.sum())) != int(base.customers["revenue_units"].sum()):
        raise AnalysisError(
            "the customers were made from other order lines",
            where="behaviour",
            fix="Give the order lines that `rfm` was given.",
        )
    return gross


def _mix(
    found: pd.DataFrame,
    place: npt.NDArray[np.intp],
    size: int,
    name: str,
    there: Sequence[str],
    largest: int,
    like: Sequence[Trait] | None,
) -> tuple[list[tuple[Trait, Floats]], list[str]]:
    """Return the traits of a mix with their values, or why there are none."""
    wanted = None if like is None else [t for t in like if t.block == name]
    if wanted is not None and not wanted:
        return [], []
    if name not in there:
        return _absent(name, size, wanted)
    known = found[name].notna().to_numpy() & (found[name] != "").fillna(False).to_numpy(bool)
    values, rows, spent = found[name][known], place[known], found["gross"][known]
    totals = spent.groupby(values).sum()
    totals = totals[totals > 0].sort_index().sort_values(ascending=False, kind="stable")
    if wanted is None:
        if len(totals) < 2:
            what = "no value" if totals.empty else "one value only"
            return [], [f"The {name} has {what}: what customers prefer cannot be told from it."]
        kept = [str(value) for value in totals.index]
        if len(kept) > largest:
            kept = kept[:largest]
        wanted = [_trait(name, value) for value in kept]
        if len(totals) > largest:
            wanted.append(_trait(name, OTHERS))
    codes = {trait.column: number for number, trait in enumerate(wanted)}
    rest = codes.get(_column(name, OTHERS), -1)
    numbers = values.map(lambda value: codes.get(_column(name, str(value)), rest)).to_numpy("int64")
    inside = numbers >= 0
    sums = np.zeros((size, len(wanted)))
    for number in range(len(wanted)):
        mine = numbers == number
        sums[:, number] = _sums(rows[mine], spent[mine], size)
    whole = sums.sum(axis=1)
    overall = sums.sum(axis=0) / max(whole.sum(), 1.0)
    shares = np.where(whole[:, None] > 0, sums / np.where(whole > 0, whole, 1.0)[:, None], overall)
    said = []
    missing = len(values) - int(inside.sum())
    if (whole == 0).any():  # how many is not said: they may be few
        said.append(
            f"Customers without spending on a known {name} are taken to be like the average of all."
        )
    if missing:
        said.append(f"Some spending is on a {name} that the published groups do not know.")
    return [(trait, shares[:, n].copy()) for n, trait in enumerate(wanted)], said


def _absent(
    name: str, size: int, wanted: Sequence[Trait] | None
) -> tuple[list[tuple[Trait, Floats]], list[str]]:
    """Return what there is to say of a mix whose column is missing."""
    if wanted is None:
        return [], [f"The orders have no column `{name}`: what customers prefer is not known."]
    raise AnalysisError(
        f"column {name} is missing, and the published groups need it",
        where="orders",
        fix="Map the column where the source is read, or form the groups anew.",
    )


def _trait(name: str, value: str) -> Trait:
    """Return the trait of one category or channel."""
    block, high = _MIXES[name]
    said = _REST[name] if value == OTHERS else value
    kind: Any = block
    return Trait(_column(name, value), _LABEL[name].format(said), "share", kind, high.format(said))


def _column(name: str, value: str) -> str:
    return f"{name}: {value}"


def _sums(place: npt.NDArray[np.intp], units: Any, size: int) -> Floats:
    """Return sums of whole numbers by place; exact up to 2**53."""
    weights = np.asarray(units, dtype="float64")
    return np.bincount(place, weights=weights, minlength=size).astype("float64")


def _divided(part: Floats, whole: Floats, otherwise: float) -> Floats:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), otherwise)
