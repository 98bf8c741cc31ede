"""The grid of today at an earlier day, and who moved since.

The same rules and the *same cut points* make the segments at both days. With cut points of its own
each day would have as many customers above each of them, and a customer could move because others
bought more. So a move is what the customer did - but frequency and money only ever add up, so that
customers rise by buying, and sink by not buying lately, or by sending things back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from workbench.data.lines import revenue_in
from workbench.errors import AnalysisError
from workbench.segmentation.migration.moves import FLOW_COLUMNS, Moves, moves
from workbench.segmentation.rfm import CustomerBase, rfm
from workbench.segmentation.scores import score_at
from workbench.segmentation.segments import RETURNS_ONLY
from workbench.segmentation.study import Segmentation

__all__ = ["Migration", "migrate"]


@dataclass(frozen=True)
class Migration:
    """Who moved between the segments of a grid since an earlier day.

    Parameters
    ----------
    moves
        The flows; None where there is too little history.
    earlier, later
        The two days.
    days_back
        Days between them, and the length of the two spans in which value is measured.
    first_day
        The first day with an order line.
    reason
        Why there is no number, or an empty string.
    """

    moves: Moves | None
    earlier: date
    later: date
    days_back: int
    first_day: date
    reason: str = ""

    def drawn(self) -> pd.DataFrame:
        """Return :meth:`Moves.grid` for a heat map: each segment's column is named by its number.

        Returns
        -------
        pandas.DataFrame
            `then` ("1 Champions", ...) and the columns "1", "2" ...; one cell without a number
            where there are no moves.
        """
        if self.moves is None:
            return pd.DataFrame({"then": ["no number"], "1": [None]})
        grid = self.moves.grid().set_index("then")
        number = {name: str(place) for place, name in enumerate(self.moves.order, start=1)}
        # Each number has its row, that of a segment in which nobody was then as well.
        grid = grid.reindex([*number, *(name for name in grid.index if name not in number)])
        rows = [f"{number[name]} {name}" if name in number else str(name) for name in grid.index]
        grid = grid.rename(columns=number).reset_index(drop=True)
        grid.insert(0, "then", rows)
        return grid

    def matter(self, limit: int = 5) -> pd.DataFrame:
        """Return :meth:`Moves.matter`, or no rows where there are no moves."""
        return self.moves.matter(limit) if self.moves else pd.DataFrame(columns=FLOW_COLUMNS)


def migrate(orders: Any, now: Segmentation, *, days_back: int = 365) -> Migration:
    """Return who moved from which segment to which since an earlier day.

    Parameters
    ----------
    orders
        The order lines that `now` was made from.
    now
        The segments of today, as :func:`workbench.segmentation.study.segment` returns them.
    days_back
        How many days earlier; a year leaves the seasons out of it. There must be twice as many days
        of orders, so that the customers of then can be valued by as long a span as those of now.

    Raises
    ------
    AnalysisError
        When `days_back` is below 1, or the orders cannot be read.
    """
    if days_back < 1:
        raise AnalysisError(f"days_back == {days_back}, must be >= 1", where="migration")
    later = now.base.as_of
    earlier = later - timedelta(days=days_back)
    start = later - timedelta(days=2 * days_back)
    day = timedelta(days=1)
    worth = revenue_in(orders, [(start + day, earlier), (earlier + day, later)])
    worth = worth.rename(columns={"span_0": "before_units", "span_1": "after_units"})
    first = date.fromordinal(int(worth["first_day"].min())) if len(worth) else later

    def without(reason: str) -> Migration:
        return Migration(None, earlier, later, days_back, first, reason)

    if first > start + day:
        have = (later - first).days + 1
        return without(
            f"moves over {days_back:,} days need {2 * days_back:,} days of orders; there are "
            f"{have:,}"
        )
    base = rfm(orders, as_of=earlier)
    if len(base.customers) + len(base.returns_only) < now.min_group:
        return without(f"there were fewer than {now.min_group} customers then")
    scored, _ = score_at(base.customers, now.cuts)
    found = moves(
        _named(base, scored.assign(segment=now.grid.assign(scored))),
        _named(now.base, now.customers),
        worth,
        order=(*now.grid.names, RETURNS_ONLY),
        min_group=now.min_group,
    )
    return Migration(found, earlier, later, days_back, first)


def _named(base: CustomerBase, customers: pd.DataFrame) -> pd.DataFrame:
    """Return each customer's segment, those with returns only included."""
    columns = ["customer_id", "segment"]
    rest = base.returns_only.assign(segment=RETURNS_ONLY)
    return pd.concat([customers[columns], rest[columns]], ignore_index=True)
