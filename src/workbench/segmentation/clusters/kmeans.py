"""K-means: several starts at once, the same result on any number of threads.

References
----------
Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28(2), 1982.
Arthur & Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["kmeans", "nearest"]

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_BLOCK = 65_536  # rows whose distances are held at a time


def kmeans(
    points: Floats,
    k: int,
    rng: np.random.Generator,
    *,
    starts: int = 8,
    steps: int = 100,
    tolerance: float = 1e-4,
) -> Floats:
    """Return the centres that k-means finds.

    Parameters
    ----------
    points
        Shape (points, measures), at least `k` rows.
    k
        How many centres.
    rng
        Where the first centres (k-means++) come from.
    starts
        How often it starts anew; the start with the least squared distance counts.
    steps
        The most steps of a start.
    tolerance
        A start ends when its mean squared distance falls by less than this share of the variance
        that a start still has.

    Returns
    -------
    numpy.ndarray
        Shape (k, measures); a centre that loses all its points stays where it was.
    """
    middle = points.mean(axis=0)
    # Single precision: steps need no more digits, and the points are near nought.
    moved = np.ascontiguousarray(points - middle, dtype="float32")
    centres = _first_centres(moved, k, starts, rng)
    cost = np.full(starts, np.inf)
    going = np.arange(starts)
    for _ in range(steps):
        new, spent = _step(moved, centres[going])
        centres[going] = new
        done = cost[going] - spent <= tolerance * spent
        cost[going] = spent
        going = going[~done]
        if not len(going):
            break
    return centres[int(np.argmin(cost))].astype("float64") + middle


def nearest(points: Floats, centres: Floats) -> Ints:
    """Return for each point the number of the nearest centre; the first of equally near ones.

    Parameters
    ----------
    points
        Shape (points, measures).
    centres
        Shape (centres, measures).
    """
    if len(points) <= _BLOCK:
        return np.argmin(_offsets(points, centres), axis=1)
    found = np.empty(len(points), dtype="int64")
    for begin in range(0, len(points), _BLOCK):
        part = slice(begin, begin + _BLOCK)
        found[part] = np.argmin(_offsets(points[part], centres), axis=1)
    return found


def _offsets(points: Floats, centres: Floats) -> Floats:
    """Return squared distances less each point's own square, which is the same to every centre."""
    return np.einsum("ij,ij->i", centres, centres) - 2.0 * (points @ centres.T)


def _step(points: Singles, centres: Singles) -> tuple[Singles, Floats]:
    """Return the centres after one step of several starts, and their costs before it."""
    starts, k, measures = centres.shape
    flat = centres.reshape(starts * k, measures)
    offsets = flat @ points.T
    offsets *= -2.0
    offsets += np.einsum("ij,ij->i", flat, flat)[:, None]
    offsets = offsets.reshape(starts, k, len(points))
    least = offsets.min(axis=1)
    square = float(np.einsum("ij,ij->", points, points))
    cost = least.sum(axis=1, dtype="float64") + square
    # A point that is equally near to two centres pulls at both.
    member = (offsets == least[:, None, :]).astype("float32").reshape(starts * k, len(points))
    counts = member.sum(axis=1).reshape(starts, k, 1)
    sums = (member @ points).reshape(starts, k, measures)
    return np.where(counts > 0, sums / np.maximum(counts, 1.0), centres), cost


def _first_centres(points: Singles, k: int, starts: int, rng: np.random.Generator) -> Singles:
    """Return first centres of all starts: each drawn in proportion to its squared distance."""
    n = len(points)
    squares = np.einsum("ij,ij->i", points, points)
    centres = np.empty((starts, k, points.shape[1]), dtype="float32")
    centres[:, 0] = points[rng.integers(n, size=starts)]
    least = np.full((starts, n), np.inf)
    for number in range(1, k):
        last = centres[:, number - 1]
        far = squares - 2.0 * (last @ points.T) + np.einsum("ij,ij->i", last, last)[:, None]
        least = np.minimum(least, np.maximum(far, 0.0))
        upto = np.cumsum(least, axis=1)
        aim = rng.random(starts) * upto[:, -1]
        for start in range(starts):
            chosen = np.searchsorted(upto[start], aim[start], side="right")
            centres[start, number] = points[min(int(chosen), n - 1)]
    return centres
