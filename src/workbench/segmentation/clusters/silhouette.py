"""The exact mean silhouette of several groupings, from one pass over the distances.

References
----------
Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis",
Journal of Computational and Applied Mathematics 20, 1987.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["silhouettes"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_BLOCK = 4_000_000  # distances held at a time


def silhouettes(points: Floats, groupings: Sequence[Ints]) -> list[float]:
    """Return the mean silhouette of each grouping of the same points.

    A point's silhouette is ``(b - a) / max(a, b)``: `a` is its mean distance to the others of its
    group, `b` that to the nearest other group; nought for a point alone in its group. It is the
    full statistic, over all pairs of points, not the simplified one (which takes distances to the
    centres, and may prefer another number of groups).

    Parameters
    ----------
    points
        Shape (points, measures).
    groupings
        Whole numbers from 0, the group of each point. Nought for a grouping of one group only.

    Notes
    -----
    Distances are taken once for all groupings, block by block in single precision; sums over the
    points of a group are one product of matrices for all groups of all groupings.
    """
    n = len(points)
    widths = [int(labels.max()) + 1 for labels in groupings]
    edges = np.concatenate([[0], np.cumsum(widths)])
    member = np.zeros((n, edges[-1]), dtype="float32")
    for labels, edge in zip(groupings, edges, strict=False):
        member[np.arange(n), edge + labels] = 1.0
    counts = member.sum(axis=0, dtype="float64")
    moved = points - points.mean(axis=0)
    squares = np.einsum("ij,ij->i", moved, moved)
    totals = np.zeros(len(groupings))
    rows = max(1, _BLOCK // n)
    for begin in range(0, n, rows):
        part = np.arange(begin, min(begin + rows, n))
        far = moved[part] @ moved.T
        far *= -2.0
        far += squares
        far += squares[part][:, None]
        np.maximum(far, 0.0, out=far)
        far[np.arange(len(part)), part] = 0.0
        apart = np.sqrt(far, dtype="float32", casting="same_kind")
        sums = (apart @ member).astype("float64")
        for place, labels in enumerate(groupings):
            own = slice(edges[place], edges[place + 1])
            totals[place] += _sum(sums[:, own], counts[own], labels[part])
    return [float(total / n) for total in totals]


def _sum(sums: Floats, counts: Floats, labels: Ints) -> float:
    """Return the sum of the silhouettes of some points from their summed distances to groups."""
    if (counts > 0).sum() < 2:
        return 0.0
    rows = np.arange(len(labels))
    size = counts[labels]
    inside = sums[rows, labels] / np.maximum(size - 1, 1)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    means[rows, labels] = np.inf
    outside = means.min(axis=1)
    most = np.maximum(inside, outside)
    values = np.where(most > 0, (outside - inside) / np.where(most > 0, most, 1.0), 0.0)
    return float(np.where(size > 1, values, 0.0).sum())
