"""Customers with equal (frequency, recency, T) as one row with a count.

A customer base at day resolution has few distinct rows, and a likelihood needs each only once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import AnalysisError
from workbench.retention.maximise import Floats

__all__ = ["Cells", "alike", "checked_horizon", "customer_arrays", "purchase_cells"]

Ints = npt.NDArray[np.int64]
_COUNTED = 2**24  # as many distinct rows are counted in a table; for more they are sorted
_WIDEST = 2**62


@dataclass(frozen=True)
class Cells:
    """Distinct rows, sorted by frequency, recency and T.

    Parameters
    ----------
    frequency
        Repeat purchases, whole numbers, shape (cells,).
    recency, T
        Times from the first purchase to the last, and to the end of observation, shape (cells,).
    n
        How many customers each row stands for, shape (cells,).
    """

    frequency: Floats
    recency: Floats
    T: Floats
    n: Floats

    @property
    def customers(self) -> int:
        """Return how many customers there are."""
        return int(self.n.sum())

    def __len__(self) -> int:
        """Return how many distinct rows there are."""
        return len(self.n)

    def coarse(self, steps: int) -> Cells:
        """Return fewer cells, times rounded to so many steps of the longest; to begin a search.

        Parameters
        ----------
        steps
            At least 1. Both times are rounded alike, so that recency stays within T.
        """
        unit = float(self.T.max()) / steps or 1.0
        recency, end = (np.rint(times / unit) * unit for times in (self.recency, self.T))
        return _grouped(self.frequency, recency, end, self.n)


def purchase_cells(frequency: Any, recency: Any, T: Any, *, n: Any = None) -> Cells:
    """Return the distinct rows of customers with their counts.

    Parameters
    ----------
    frequency
        Repeat purchases, whole numbers from 0 on, shape (customers,).
    recency
        Time from the first purchase to the last, 0 exactly where frequency is 0.
    T
        Time from the first purchase to the end of observation, at least `recency`.
    n
        How many customers a row stands for, whole numbers from 1 on; 1 when not given.

    Raises
    ------
    AnalysisError
        For no row at all, or rows that cannot be; the message says how many and which.

    Examples
    --------
    >>> cells = purchase_cells([0, 2, 0], [0, 30, 0], [39, 39, 39])
    >>> cells.frequency.tolist(), cells.n.tolist()
    ([0.0, 2.0], [2.0, 1.0])
    """
    x, t_x, end = (np.asarray(values, dtype="float64") for values in (frequency, recency, T))
    weight = None if n is None else np.asarray(n, dtype="float64")
    _check(x, t_x, end, weight)
    return _grouped(x, t_x, end, weight)


def alike(*columns: Any) -> tuple[Ints, Ints]:
    """Return a row of each distinct one, sorted by the first column first; and each row's place.

    Parameters
    ----------
    columns
        Numbers of one length, none missing.
    """
    order = np.lexsort(columns[::-1])
    keys = np.vstack(columns)[:, order]
    new = np.concatenate([[True], (np.diff(keys, axis=1) != 0).any(axis=0)])
    place = np.empty(len(order), dtype="int64")
    place[order] = np.cumsum(new) - 1
    return order[new], place


def customer_arrays(frequency: Any, recency: Any, T: Any) -> tuple[Floats, Floats, Floats]:
    """Return what a model is asked of as arrays, or refuse what cannot be.

    Parameters
    ----------
    frequency, recency, T
        As :func:`purchase_cells` takes them, of one shape; no customer at all is allowed.

    Raises
    ------
    AnalysisError
        For missing or negative values, a recency beyond T, or shapes that differ.
    """
    x, t_x, end = (np.asarray(values, dtype="float64") for values in (frequency, recency, T))
    if not x.shape == t_x.shape == end.shape:
        raise AnalysisError("frequency, recency and T differ in shape", where="purchases")
    wrong = ~((x >= 0) & (t_x >= 0) & (t_x <= end) & np.isfinite(x) & np.isfinite(end))
    if wrong.any():
        raise AnalysisError(
            f"{int(wrong.sum()):,} customers have an impossible frequency, recency or T",
            where="purchases",
            fix="None is missing or negative, and recency is at most T.",
        )
    return x, t_x, end


def checked_horizon(horizon: float) -> float:
    """Return how far to look ahead, or refuse it.

    Raises
    ------
    AnalysisError
        Unless it is a number from 0 on.
    """
    if not 0 <= horizon < np.inf:
        raise AnalysisError(f"horizon == {horizon}, must be >= 0", where="purchases")
    return float(horizon)


def _check(x: Floats, t_x: Floats, end: Floats, weight: Floats | None) -> None:
    where = "purchases"
    shapes = {values.shape for values in (x, t_x, end, *(() if weight is None else (weight,)))}
    if len(shapes) > 1 or x.ndim != 1:
        raise AnalysisError("frequency, recency, T and n differ in shape", where=where)
    if not len(x):
        raise AnalysisError("there is no customer", where=where, fix="Check the filter.")
    weights = np.ones(1) if weight is None else weight
    wrong = {
        "frequency is not a whole number from 0 on": ~((x >= 0) & (x == np.floor(x)) & (x < 2**53)),
        "recency is negative or missing": ~((t_x >= 0) & np.isfinite(t_x)),
        "T is negative or missing": ~((end >= 0) & np.isfinite(end)),
        "recency > T: the last purchase lies after the end of observation": t_x > end,
        "there was no repeat purchase, but recency > 0": (x == 0) & (t_x > 0),
        "there were repeat purchases, but recency == 0": (x > 0) & (t_x == 0),
        "n is not a whole number from 1 on": ~((weights >= 1) & (weights == np.floor(weights))),
    }
    said = [f"{what} (rows: {int(rows.sum()):,})" for what, rows in wrong.items() if rows.any()]
    if said:
        raise AnalysisError(
            "; ".join(said),
            where=where,
            fix="Count purchase days: frequency are those after the first, recency and T are times "
            "from the first, to the last and to the end.",
        )


def _grouped(x: Floats, t_x: Floats, end: Floats, weight: Floats | None) -> Cells:
    (codes_x, values_x), (codes_t, values_t), (codes_e, values_e) = map(_coded, (x, t_x, end))
    sizes = len(values_x), len(values_t), len(values_e)
    if sizes[0] * sizes[1] * sizes[2] >= _WIDEST:
        raise AnalysisError("there are too many distinct times", where="purchases")
    keys = (codes_x * sizes[1] + codes_t) * sizes[2] + codes_e
    found, n = _counted(keys, sizes[0] * sizes[1] * sizes[2], weight)
    rest, e = np.divmod(found, sizes[2])
    first, t = np.divmod(rest, sizes[1])
    return Cells(values_x[first], values_t[t], values_e[e], n)


def _counted(keys: Ints, size: int, weight: Floats | None) -> tuple[Ints, Floats]:
    """Return the distinct keys in order, and how many each stands for."""
    if size <= max(_COUNTED, 4 * len(keys)):
        table = np.bincount(keys, weights=weight, minlength=1)
        places = np.flatnonzero(table)
        return places.astype("int64"), table[places].astype("float64")
    if weight is None:
        found, counts = np.unique(keys, return_counts=True)
        return found, counts.astype("float64")
    found, place = np.unique(keys, return_inverse=True)
    return found, np.bincount(place, weights=weight).astype("float64")


def _coded(values: Floats) -> tuple[Ints, Floats]:
    """Return each value's place among the distinct ones, and these in order."""
    top = float(values.max())
    if top <= 100_000 and np.array_equal(values, np.floor(values)):
        whole = values.astype("int64")
        distinct = np.flatnonzero(np.bincount(whole))
        place = np.zeros(int(top) + 1, dtype="int64")
        place[distinct] = np.arange(len(distinct))
        return place[whole], distinct.astype("float64")
    found, codes = np.unique(values, return_inverse=True)
    return codes.astype("int64"), found
