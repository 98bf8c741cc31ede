"""Order lines to repeat purchases by period, as the tracking of a forecast needs them."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from workbench.data.frames import collect
from workbench.data.lines import purchase_lines
from workbench.errors import AnalysisError

__all__ = ["repeat_purchases"]


def repeat_purchases(
    orders: Any, *, as_of: date, days: int, until: date | None = None
) -> npt.NDArray[np.int64]:
    """Return the repeat purchases of the customers of a fit, counted by period.

    A purchase day is a day with a line that is not a return; a customer's first one is no repeat.

    Parameters
    ----------
    orders
        Order lines with `customer_id`, `ordered_at`, `amount`: a DuckDB relation, a pandas or a
        Polars frame. Lines without a customer are not read.
    as_of
        The end of the fit: customers who came later are not followed.
    days
        How long a period is, at least 1. One period ends on `as_of`.
    until
        The last day to count; `as_of` when not given. What is left beyond the last whole period is
        not counted.

    Returns
    -------
    numpy.ndarray
        Counts from the first customer's first purchase on, shape (periods,).

    Raises
    ------
    AnalysisError
        When columns are missing or of the wrong kind, no purchase is left, `days` is below 1 or
        `until` is before `as_of`.
    """
    last = until or as_of
    if days < 1:
        raise AnalysisError(f"days == {days}, must be >= 1", where="repeat purchases")
    if last < as_of:
        raise AnalysisError(f"until == {last}, must be {as_of} or later", where="repeat purchases")
    end = as_of.toordinal()
    whole = end + (last.toordinal() - end) // days * days
    bought = purchase_lines(orders, last_day=whole)
    each = bought.group_by("customer_id", "day").agg(lines=nw.len())
    firsts = bought.group_by("customer_id").agg(first=nw.col("day").min())
    firsts = firsts.filter(nw.col("first") <= end)
    begin = collect(firsts.group_by("first").agg(n=nw.len()))
    if not len(begin):
        raise AnalysisError(f"no purchase up to {as_of}", where="orders", fix="Check as_of.")
    repeats = each.join(firsts, on="customer_id", how="inner")
    repeats = repeats.filter(nw.col("day") > nw.col("first"))
    found = collect(repeats.group_by("day").agg(n=nw.len()))
    # As many periods before the end as the first customer's time needs, at least one.
    before = max(-(-(end - int(begin["first"].min())) // days), 1)
    size = before + (whole - end) // days
    counts = np.zeros(size, dtype="int64")
    place = before - 1 - (end - found["day"].to_numpy("int64")) // days
    np.add.at(counts, np.maximum(place, 0), found["n"].to_numpy("int64"))
    return counts
