"""How far two groupings of the same customers agree.

References
----------
Hubert & Arabie, "Comparing partitions", Journal of Classification 2, 1985.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["adjusted_rand"]


def adjusted_rand(first: Any, second: Any) -> float:
    """Return the adjusted Rand index of two groupings: 1 for the same, about 0 for chance.

    Parameters
    ----------
    first, second
        Whole numbers from 0, the group of each customer in either grouping, of the same length.

    Notes
    -----
    Of all pairs of customers, how many are together in both groupings, or apart in both, beyond
    what chance gives to groups of these sizes; below nought where they agree less than that.

    Examples
    --------
    >>> adjusted_rand([0, 0, 1, 1], [1, 1, 0, 0])
    1.0
    """
    one, other = np.asarray(first, dtype="int64"), np.asarray(second, dtype="int64")
    n = len(one)
    width = int(other.max()) + 1 if n else 1
    cells = np.bincount(one * width + other)
    rows, columns = np.bincount(one), np.bincount(other)
    pairs, total = _pairs(cells), n * (n - 1) / 2
    of_rows, of_columns = _pairs(rows), _pairs(columns)
    expected = of_rows * of_columns / total if total else 0.0
    most = (of_rows + of_columns) / 2
    return (pairs - expected) / (most - expected) if most > expected else 1.0


def _pairs(counts: Any) -> float:
    return float((counts * (counts - 1.0) / 2).sum())
