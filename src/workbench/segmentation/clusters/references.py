"""Data without groups, to compare with: k-means cuts any cloud into pieces, groups or not.

Three kinds of customers who have no groups:

- `gaussian`: one normal cloud with the same means and covariances (Liu et al.);
- `uniform`: evenly spread over a box along the principal axes (Tibshirani et al.), with the same
  variance along each: a box that reached to the furthest customers would be as long as one of them
  makes it;
- `shuffled`: the very same customers, but when, how much, what and where they buy are dealt out
  anew, each theme by itself, among customers with about as many purchases. Who bought once bought
  one category through one channel, and so sits on a corner of the shares: corners are as sharp as
  before, but no longer go together. Only what goes together across themes makes a group; a split by
  one theme alone is what scores are for.

For each kind the statistic is the best silhouette over all numbers of groups that were tried, so
that searching is paid for. The Monte Carlo p-value counts the draws that are as good as the real
customers; it stops early where the answer is clear (Besag & Clifford). All kinds must be beaten,
and the error rate is then at most `alpha` whichever of them is the truth.

References
----------
Tibshirani, Walther & Hastie, "Estimating the number of clusters in a data set via the gap
statistic", JRSS B 63, 2001. Liu, Hayes, Nobel & Marron, "Statistical significance of clustering for
high-dimension, low-sample size data", JASA 103, 2008. Besag & Clifford, "Sequential Monte Carlo
p-values", Biometrika 78, 1991. Berger, "Multiparameter hypothesis testing and acceptance sampling",
Technometrics 24, 1982, for the test that must reject all parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.segmentation.clusters.kmeans import kmeans, nearest
from workbench.segmentation.clusters.silhouette import silhouettes

__all__ = ["Reference", "best_silhouettes", "compare"]

Floats = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator], Floats]

_EDGES = (2, 3, 4, 6)  # strata of purchases: 1, 2, 3, 4-5, 6 and more
_SURE = 5  # draws as good as the real customers after which no more are made

_WORDS = {
    "gaussian": "one cloud with the same averages and correlations",
    "uniform": "customers spread evenly",
    "shuffled": "the same customers with when, how much, what and where they buy dealt out anew",
}


@dataclass(frozen=True)
class Reference:
    """How the groups compare with one kind of customers without groups.

    Parameters
    ----------
    name
        "gaussian", "uniform" or "shuffled".
    label
        The kind in plain words.
    silhouette
        The mean over the draws of the best silhouette.
    draws
        How many draws were made.
    pvalue
        How often customers without groups look as good, the real ones counted with them.
    """

    name: str
    label: str
    silhouette: float
    draws: int
    pvalue: float


def compare(
    points: Floats,
    observed: float,
    ks: Sequence[int],
    *,
    themes: Sequence[str],
    purchases: Any,
    seed: np.random.SeedSequence,
    draws: int,
    alpha: float,
) -> tuple[Reference, ...]:
    """Return how the customers compare with each kind of customers without groups.

    Parameters
    ----------
    points
        Customers on the common scale, shape (customers, measures).
    observed
        The silhouette of the groups, as `best_silhouettes` measures it on these customers.
    ks
        All numbers of groups that were tried.
    themes
        The theme of each measure; with one theme only, nothing can be dealt out anew.
    purchases
        How many purchases each customer made.
    seed
        Where chance comes from; each draw has its own share of it.
    draws
        The most draws of each kind, at least ``1 / alpha - 1``.
    alpha
        The error rate that is aimed at.
    """
    kinds: dict[str, Draw] = {"gaussian": _gaussian(points), "uniform": _uniform(points)}
    if len(set(themes)) > 1:
        kinds["shuffled"] = _shuffled(points, themes, np.asarray(purchases))
    found = []
    enough = max(_SURE, int(alpha * (draws + 1)) + 1)
    for (name, draw), own in zip(kinds.items(), seed.spawn(len(kinds)), strict=True):
        best: list[float] = []
        as_good = 0
        for each in own.spawn(draws):
            rng = np.random.default_rng(each)
            best.append(max(best_silhouettes(draw(rng), ks, rng)))
            as_good += best[-1] >= observed
            if as_good == enough:
                break
        early = as_good == enough and len(best) < draws
        pvalue = as_good / len(best) if early else (as_good + 1) / (len(best) + 1)
        found.append(
            Reference(name, _WORDS[name], float(np.mean(best)), len(best), min(pvalue, 1.0))
        )
    return tuple(found)


def best_silhouettes(points: Floats, ks: Sequence[int], rng: np.random.Generator) -> list[float]:
    """Return the silhouette of k-means' groups for each number of groups.

    Parameters
    ----------
    points
        Shape (customers, measures).
    ks
        Numbers of groups.
    rng
        Where the starts of k-means come from.
    """
    return silhouettes(points, [nearest(points, kmeans(points, k, rng, starts=4)) for k in ks])


def _gaussian(points: Floats) -> Draw:
    middle = points.mean(axis=0)
    _, sizes, axes = np.linalg.svd(points - middle, full_matrices=False)
    spread = sizes[:, None] * axes / max(len(points) - 1, 1) ** 0.5
    return lambda rng: middle + rng.standard_normal((len(points), len(sizes))) @ spread


def _uniform(points: Floats) -> Draw:
    middle = points.mean(axis=0)
    _, sizes, axes = np.linalg.svd(points - middle, full_matrices=False)
    reach = (3.0 / max(len(points) - 1, 1)) ** 0.5 * sizes[:, None] * axes
    shape = (len(points), len(axes))
    return lambda rng: middle + (2.0 * rng.random(shape) - 1.0) @ reach


def _shuffled(points: Floats, themes: Sequence[str], purchases: npt.NDArray[Any]) -> Draw:
    strata = np.searchsorted(_EDGES, purchases, side="right")
    places = np.argsort(strata, kind="stable")
    columns = [np.flatnonzero(np.asarray(themes) == theme) for theme in dict.fromkeys(themes)]

    def draw(rng: np.random.Generator) -> Floats:
        dealt = points.copy()
        for some in columns[1:]:  # the first may stay where it is: the others come to it at random
            order = np.lexsort((rng.random(len(points)), strata))
            dealt[np.ix_(places, some)] = points[np.ix_(order, some)]
        return dealt

    return draw
