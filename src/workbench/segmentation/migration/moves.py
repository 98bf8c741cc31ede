"""Two assignments of customers to segments -> who moved, and what the movers are worth.

The value of a flow is what a manager would ask for first. Of customers who moved *down* it is what
they brought in the span up to the earlier day: the money that is slipping away. Of all others it is
what they brought in the span between the two days: the money that was won, or is kept. Both spans
are as long as the two days are apart, and do not overlap; both amounts are always given.

Up and down follow the order of the segments, best first. Who is new, and who is gone, is a row and
a column of their own; a customer with returns only, or in a segment too small to show alone, has no
place in the order, and moves neither up nor down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from workbench.data.frames import as_money
from workbench.data.small_groups import hide_sums
from workbench.errors import AnalysisError
from workbench.segmentation.segments import MERGED, RETURNS_ONLY, small_segments

__all__ = ["DIRECTIONS", "FLOW_COLUMNS", "GONE", "NEW", "Moves", "moves"]

NEW = "New since then"
GONE = "Not there now"
DIRECTIONS = ("up", "down", "stayed", "new", "gone", "no order")
_MONEY = ["value_before", "value_after"]
FLOW_COLUMNS = ["then", "now", "direction", "customers", "share_of_then", *_MONEY, "value"]


@dataclass(frozen=True)
class Moves:
    """Flows between segments.

    Parameters
    ----------
    flows
        One row per pair of segments that somebody moved between, or stayed in: `then`, `now`,
        `direction` (one of `DIRECTIONS`), `customers`, `share_of_then` (of the customers of that
        segment then, 0-1), `value_before` (exact Decimal, net revenue in the span up to the earlier
        day), `value_after` (in the span between the days), `value` (of the two the one at stake).
        Numbers are None where hidden; a share also where the segment's total is.
    totals
        One row per direction that somebody took: `direction`, `customers`, `value_before`,
        `value_after`, `value`; None where hidden.
    then, now
        One row per segment: `segment`, `customers` (None where hidden), earlier and later.
    order
        Names of the segments, best first.
    merged
        Segments that stand together, at both days, because one of them is small.
    hidden
        How many flows are hidden.
    min_group
        The smallest group that is shown.
    """

    flows: pd.DataFrame
    totals: pd.DataFrame
    then: pd.DataFrame
    now: pd.DataFrame
    order: tuple[str, ...]
    merged: tuple[str, ...]
    hidden: int
    min_group: int

    def largest(self, direction: str, limit: int = 5) -> pd.DataFrame:
        """Return the shown flows of one direction, those with the most value at stake first.

        Parameters
        ----------
        direction
            One of `DIRECTIONS`.
        limit
            How many at most.
        """
        if direction not in DIRECTIONS:
            raise AnalysisError(
                f"direction == {direction}, must be one of {', '.join(DIRECTIONS)}",
                where="moves between segments",
            )
        own = self.flows[(self.flows["direction"] == direction) & self.flows["customers"].notna()]
        places = own["value"].astype("float64").sort_values(ascending=False, kind="stable").index
        return own.loc[places].head(limit).reset_index(drop=True)

    def matter(self, limit: int = 5) -> pd.DataFrame:
        """Return the flows that matter: the largest down, then the largest up.

        Parameters
        ----------
        limit
            How many of each at most.
        """
        return pd.concat([self.largest("down", limit), self.largest("up", limit)]).reset_index(
            drop=True
        )

    def grid(self) -> pd.DataFrame:
        """Return where the customers of each segment went, as shares for a heat map.

        Returns
        -------
        pandas.DataFrame
            `then` (a row per segment, and one for who is new) and a column per segment now; missing
            where nobody moved, or where it is hidden.
        """
        return self._wide("share_of_then")

    def counts(self) -> pd.DataFrame:
        """Return how many customers went where: rows and columns as of :meth:`grid`."""
        return self._wide("customers")

    def _wide(self, column: str) -> pd.DataFrame:
        wide = self.flows.pivot(index="then", columns="now", values=column).astype("float64")
        rows = [name for name in (*self.order, NEW) if name in wide.index]
        columns = [name for name in (*self.order, GONE) if name in wide.columns]
        wide = wide.reindex(index=rows, columns=columns)
        wide.columns = pd.Index([str(name) for name in columns])
        wide.insert(0, "then", rows)
        return wide.reset_index(drop=True)


def moves(
    then: pd.DataFrame,
    now: pd.DataFrame,
    values: pd.DataFrame,
    *,
    order: Sequence[str],
    min_group: int,
) -> Moves:
    """Return who moved from which segment to which.

    Parameters
    ----------
    then, now
        `customer_id`, `segment` at the earlier and at the later day, each customer once.
    values
        `customer_id`, `before_units`, `after_units`: net revenue in the two spans, in whole
        ten-thousandths; nought for customers who are not there.
    order
        All names of segments, best first.
    min_group
        Smaller groups are not shown, nor can they be computed from what is.

    Raises
    ------
    AnalysisError
        When there are fewer customers than `min_group`, a customer twice, or an unknown name.

    Examples
    --------
    >>> then = pd.DataFrame({"customer_id": list("ab"), "segment": ["good", "good"]})
    >>> now = pd.DataFrame({"customer_id": list("abc"), "segment": ["good", "poor", "good"]})
    >>> worth = pd.DataFrame(
    ...     {"customer_id": list("abc"), "before_units": 10_000, "after_units": 20_000})
    >>> found = moves(then, now, worth, order=["good", "poor"], min_group=1)
    >>> found.totals[["direction", "value"]].values.tolist()
    [['down', Decimal('1.0000')], ['stayed', Decimal('2.0000')], ['new', Decimal('2.0000')]]
    """
    for frame in (then, now):
        _check(frame, order, min_group)
    merged = _merged(then, now, order, min_group)
    names = [*(name for name in order if name not in merged), *([MERGED] if merged else [])]
    both = _paired(then, now, values, merged)
    places = {name: place for place, name in enumerate(names)}
    cells = both.groupby(["then", "now"], as_index=False).agg(
        customers=("customer_id", "size"),
        before=("before_units", "sum"),
        after=("after_units", "sum"),
    )
    places = {**places, NEW: len(names), GONE: len(names)}
    cells = cells.sort_values(
        ["then", "now"], key=lambda column: column.map(places), kind="stable"
    ).reset_index(drop=True)
    cells["direction"] = [
        _direction(*pair, places) for pair in zip(cells["then"], cells["now"], strict=True)
    ]
    shown = _shown(cells, min_group)
    return Moves(
        flows=_flows(cells, shown),
        totals=_totals(cells, shown),
        then=_sizes(cells, "then", [*names, NEW], shown),
        now=_sizes(cells, "now", [*names, GONE], shown),
        order=tuple(names),
        merged=merged,
        hidden=int((~shown["cells"]).sum()),
        min_group=min_group,
    )


def _check(frame: pd.DataFrame, order: Sequence[str], min_group: int) -> None:
    unknown = sorted(set(frame["segment"]) - set(order))
    if unknown:
        raise AnalysisError(f"no segment is named {unknown[0]}", where="moves between segments")
    if frame["customer_id"].duplicated().any():
        raise AnalysisError("a customer stands twice", where="moves between segments")
    if len(frame) < max(min_group, 1):
        raise AnalysisError(
            f"fewer than {min_group} customers: a group must have as many to be shown",
            where="moves between segments",
            fix="Choose a larger unit, or a later day.",
        )


def _merged(
    then: pd.DataFrame, now: pd.DataFrame, order: Sequence[str], min_group: int
) -> tuple[str, ...]:
    """Return the segments that are too small at either day, with those that must join them."""
    small: set[str] = set()
    for frame in (now, then):
        sizes = frame["segment"].value_counts().reindex(list(order), fill_value=0)
        small.update(small_segments(sizes, min_group))
    return tuple(name for name in order if name in small)


def _paired(
    then: pd.DataFrame, now: pd.DataFrame, values: pd.DataFrame, merged: Sequence[str]
) -> pd.DataFrame:
    """Return one row per customer of either day, with both segments and both values."""
    sides = [
        frame[["customer_id", "segment"]].assign(
            segment=frame["segment"].where(~frame["segment"].isin(list(merged)), MERGED)
        )
        for frame in (then, now)
    ]
    both = sides[0].merge(sides[1], on="customer_id", how="outer", suffixes=("_then", "_now"))
    both = both.rename(columns={"segment_then": "then", "segment_now": "now"})
    both = both.fillna({"then": NEW, "now": GONE})
    worth = ["before_units", "after_units"]
    both = both.merge(values[["customer_id", *worth]], on="customer_id", how="left")
    both[worth] = both[worth].fillna(0).astype("int64")
    return both


def _direction(then: str, now: str, places: dict[str, int]) -> str:
    if then == NEW or now == GONE:
        return "new" if then == NEW else "gone"
    if then == now != MERGED:
        return "stayed"
    if {then, now} & {MERGED, RETURNS_ONLY}:
        return "no order"
    return "up" if places[now] < places[then] else "down"


def _shown(cells: pd.DataFrame, min_group: int) -> dict[str, Any]:
    """Return which cells and totals may be shown, judged together.

    The segments of today stand in the report's table of segments, so their totals are shown in any
    case; those of then are hidden where need be.
    """
    n = len(cells)
    groups: dict[str, dict[str, list[int]]] = {}
    for column in ("then", "now", "direction"):
        own = cells.groupby(column, sort=False).indices
        groups[column] = {str(name): [int(p) for p in found] for name, found in own.items()}
    here = [place for place in range(n) if cells["now"].iloc[place] != GONE]
    sums = [[place] for place in range(n)]
    at: dict[str, dict[str, int]] = {}
    for column, found in groups.items():
        at[column] = {name: len(sums) + k for k, name in enumerate(found)}
        sums += list(found.values())
    sums.append(here)
    lines: list[tuple[list[int], list[int]]] = []
    for column in ("then", "now", "direction"):
        lines += [(members, members) for members in groups[column].values()]
        lines.append((list(range(n)), list(at[column].values())))
    fixed = [place for name, place in at["now"].items() if name != GONE]
    hidden = hide_sums(
        cells["customers"].tolist(),
        sums,
        min_group=min_group,
        lines=lines,
        fixed=[*fixed, len(sums) - 1],
    )
    return {
        "cells": ~hidden[:n],
        **{c: {name: not hidden[p] for name, p in found.items()} for c, found in at.items()},
    }


def _at_stake(direction: str, before: int, after: int) -> Decimal:
    return as_money(before if direction in ("down", "gone") else after)


def _flows(cells: pd.DataFrame, shown: dict[str, Any]) -> pd.DataFrame:
    whole = cells.groupby("then")["customers"].sum()
    rows = []
    for told, row in zip(shown["cells"], cells.to_dict("records"), strict=True):
        pair = (row["then"], row["now"], row["direction"])
        if not told:
            rows.append((*pair, *[None] * 5))
            continue
        share = row["customers"] / int(whole[row["then"]]) if shown["then"][row["then"]] else None
        worth = (as_money(row["before"]), as_money(row["after"]))
        stake = _at_stake(row["direction"], row["before"], row["after"])
        rows.append((*pair, row["customers"], share, *worth, stake))
    return pd.DataFrame(rows, columns=FLOW_COLUMNS, dtype=object)


def _totals(cells: pd.DataFrame, shown: dict[str, Any]) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for direction in DIRECTIONS:
        own = cells[cells["direction"] == direction]
        if own.empty:
            continue
        if not shown["direction"][direction]:
            rows.append((direction, *[None] * 4))
            continue
        before, after = int(own["before"].sum()), int(own["after"].sum())
        worth = (as_money(before), as_money(after), _at_stake(direction, before, after))
        rows.append((direction, int(own["customers"].sum()), *worth))
    columns = ["direction", "customers", *_MONEY, "value"]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _sizes(
    cells: pd.DataFrame, column: str, names: Sequence[str], shown: dict[str, Any]
) -> pd.DataFrame:
    counts = cells.groupby(column)["customers"].sum()
    rows = [
        (name, int(counts[name]) if shown[column][name] else None)
        for name in names
        if name in counts.index
    ]
    return pd.DataFrame(rows, columns=["segment", "customers"], dtype=object)
