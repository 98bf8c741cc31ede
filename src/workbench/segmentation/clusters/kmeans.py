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

_STEPS = 100
_LITTLE, _NOTHING = 3e-3, 1e-4
_BLOCK = 65_536  # rows whose distances are held at a time


def kmeans(
    points: Floats,
    k: int,
    rng: np.random.Generator,
    *,
    starts: int = 16,
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
        How often it starts anew. All starts go on until a step gains little; the best of them then
        goes on until a step gains next to nothing.

    Returns
    -------
    numpy.ndarray
        Shape (k, measures); a centre that loses all its points stays where it was.
    """
    middle = points.mean(axis=0)
    # Single precision: steps need no more digits, and the points are near nought.
    moved = np.ascontiguousarray(points - middle, dtype="float32")
    centres, cost = _descend(moved, _first_centres(moved, k, starts, rng), _LITTLE)
    best = int(np.argmin(cost))
    centres, _ = _descend(moved, centres[best : best + 1], _NOTHING)
    found: Floats = centres[0].astype("float64") + middle
    return found


def nearest(points: Floats, centres: Floats) -> Ints:
    """Return for each point the number of the nearest centre; the first of equally near ones.

    Parameters
    ----------
    points
        Shape (points, measures).
    centres
        Shape (centres, measures).
    """
    found = np.empty(len(points), dtype="int64")
    for begin in range(0, len(points), _BLOCK):
        part = slice(begin, begin + _BLOCK)
        found[part] = np.argmin(_offsets(points[part], centres), axis=1)
    return found


def _offsets(points: Floats, centres: Floats) -> Floats:
    """Return squared distances less each point's own square, which is the same to every centre."""
    far: Floats = np.einsum("ij,ij->i", centres, centres) - 2.0 * (points @ centres.T)
    return far


def _descend(points: Singles, centres: Singles, gain: float) -> tuple[Singles, Floats]:
    """Return the centres, and their costs, of starts that each went on until a step gains little.

    Parameters
    ----------
    points
        Shape (points, measures).
    centres
        Shape (starts, k, measures).
    gain
        The least share of its cost that a step must gain.
    """
    cost = np.full(len(centres), np.inf)
    going = np.arange(len(centres))
    found = centres.copy()
    square = float(np.einsum("ij,ij->", points, points))
    for _ in range(_STEPS):
        new, spent = _step(points, found[going])
        spent = spent + square
        done = cost[going] - spent <= gain * spent
        found[going], cost[going] = new, spent
        going = going[~done]
        if not len(going):
            break
    return found, cost


def _step(points: Singles, centres: Singles) -> tuple[Singles, Floats]:
    """Return the centres after one step of several starts, and their costs before it.

    Costs are less the sum of the points' squares, which is the same for all.
    """
    starts, k, measures = centres.shape
    flat = centres.reshape(starts * k, measures)
    offsets = flat @ points.T
    offsets *= -2.0
    offsets += np.einsum("ij,ij->i", flat, flat)[:, None]
    offsets = offsets.reshape(starts, k, len(points))
    least = offsets.min(axis=1)
    cost = least.sum(axis=1, dtype="float64")
    # A point that is equally near to two centres pulls at both.
    member = (offsets == least[:, None, :]).astype("float32").reshape(starts * k, len(points))
    counts = member.sum(axis=1).reshape(starts, k, 1)
    sums = (member @ points).reshape(starts, k, measures)
    return np.where(counts > 0, sums / np.maximum(counts, 1.0), centres), cost


def _first_centres(points: Singles, k: int, starts: int, rng: np.random.Generator) -> Singles:
    """Return the first centres of all starts, by greedy k-means++.

    Of some points, drawn by their squared distance, the one that leaves least is next.
    """
    n, trials = len(points), 2 + int(np.log(k))
    squares = np.einsum("ij,ij->i", points, points)
    centres = np.empty((starts, k, points.shape[1]), dtype="float32")
    centres[:, 0] = points[rng.integers(n, size=starts)]
    least = _squared(points, squares, centres[:, 0])
    for number in range(1, k):
        upto = np.cumsum(least, axis=1, dtype="float64")
        aims = rng.random((starts, trials)) * upto[:, -1:]
        chosen = np.array(
            [row.searchsorted(aim, "right") for row, aim in zip(upto, aims, strict=True)]
        )
        chosen = np.minimum(chosen, n - 1)
        tried = _squared(points, squares, points[chosen.ravel()]).reshape(starts, trials, n)
        np.minimum(tried, least[:, None, :], out=tried)
        best = tried.sum(axis=2).argmin(axis=1)
        rows = np.arange(starts)
        least = tried[rows, best]
        centres[:, number] = points[chosen[rows, best]]
    return centres


def _squared(points: Singles, squares: Singles, centres: Singles) -> Singles:
    """Return squared distances, shape (centres, points)."""
    far: Singles = centres @ points.T
    far *= -2.0
    far += squares
    far += np.einsum("ij,ij->i", centres, centres)[:, None]
    np.maximum(far, 0.0, out=far)
    return far
