"""Groups from points, and the rule that puts any point into them: k-means or a Gaussian mixture.

References
----------
McLachlan & Peel, "Finite Mixture Models", Wiley, 2000. Schwarz, "Estimating the dimension of a
model", Annals of Statistics 6, 1978, and Fraley & Raftery, "Model-based clustering, discriminant
analysis, and density estimation", JASA 97, 2002, for the form of the covariances by BIC.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from workbench.segmentation.clusters.kmeans import kmeans, nearest

__all__ = [
    "FORMS",
    "CentreRule",
    "Method",
    "MixtureRule",
    "Rule",
    "best_form",
    "fit_rule",
    "read_rule",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Method = Literal["kmeans", "mixture"]

FORMS = {
    "spherical": "round groups, each with a size of its own",
    "diag": "groups stretched along the measures",
    "tied": "groups of one shape, stretched in any direction",
    "full": "groups stretched in any direction",
}
"""Covariance forms of a mixture, in plain words."""

_LEAST_VARIANCE = 1e-3  # of a scale whose measures have a variance of about one
_DIGITS = 6


@dataclass(frozen=True)
class CentreRule:
    """Each customer belongs to the nearest centre.

    Parameters
    ----------
    centres
        Shape (groups, measures), rounded, on the common scale.
    """

    centres: tuple[tuple[float, ...], ...]

    @property
    def k(self) -> int:
        """Return how many groups there are."""
        return len(self.centres)

    def __call__(self, points: Floats) -> Ints:
        """Return the group of each point, from 0."""
        return nearest(points, np.asarray(self.centres))

    def ordered(self, order: Sequence[int]) -> CentreRule:
        """Return the rule with its groups in another order."""
        return CentreRule(tuple(self.centres[place] for place in order))

    def published(self) -> dict[str, Any]:
        """Return the numbers, to be written as JSON."""
        return {"rule": "nearest centre", "centres": [list(row) for row in self.centres]}


@dataclass(frozen=True)
class MixtureRule:
    """Each customer belongs to the group that makes what they do most likely.

    Parameters
    ----------
    form
        The form of the covariances, one of `FORMS`.
    logs
        For each group the logarithm of its share, and of its density's height.
    means
        Shape (groups, measures), rounded.
    whitening
        For each group the factor of its inverse covariance: one number, one for each measure, or a
        square, as the form has it.
    """

    form: str
    logs: tuple[float, ...]
    means: tuple[tuple[float, ...], ...]
    whitening: tuple[tuple[tuple[float, ...], ...], ...]

    @property
    def k(self) -> int:
        """Return how many groups there are."""
        return len(self.logs)

    def __call__(self, points: Floats) -> Ints:
        """Return the group of each point, from 0."""
        best = np.full(len(points), -np.inf)
        found = np.zeros(len(points), dtype="int64")
        for number in range(self.k):
            white = np.asarray(self.whitening[number])
            apart = points - np.asarray(self.means[number])
            apart = apart @ white if len(white) > 1 else apart * white[0]
            height = self.logs[number] - 0.5 * np.einsum("ij,ij->i", apart, apart)
            found[height > best] = number
            best = np.maximum(best, height)
        return found

    def ordered(self, order: Sequence[int]) -> MixtureRule:
        """Return the rule with its groups in another order."""
        return MixtureRule(
            self.form,
            tuple(self.logs[place] for place in order),
            tuple(self.means[place] for place in order),
            tuple(self.whitening[place] for place in order),
        )

    def published(self) -> dict[str, Any]:
        """Return the numbers, to be written as JSON."""
        return {
            "rule": "most likely group",
            "form": self.form,
            "logs": list(self.logs),
            "means": [list(row) for row in self.means],
            "whitening": [[list(row) for row in rows] for rows in self.whitening],
        }


Rule = CentreRule | MixtureRule
"""What puts points into groups."""


def fit_rule(
    points: Floats,
    k: int,
    rng: np.random.Generator,
    *,
    method: Method = "kmeans",
    form: str = "diag",
    starts: int = 16,
) -> Rule:
    """Return the rule of `k` groups, its numbers rounded.

    Parameters
    ----------
    points
        Shape (customers, measures).
    k
        How many groups.
    rng
        Where the starts come from.
    method
        "kmeans" or "mixture".
    form
        The form of a mixture's covariances, one of `FORMS`.
    starts
        How often k-means starts; a mixture starts from its groups.
    """
    centres = kmeans(points, k, rng, starts=starts)
    if method == "kmeans":
        return CentreRule(_rows(centres))
    return _mixture_rule(_fit_mixture(points, centres, form))


def best_form(points: Floats, k: int, rng: np.random.Generator) -> str:
    """Return the form of covariances with the least BIC for `k` groups; see `fit_rule`."""
    centres = kmeans(points, k, rng)
    return min(FORMS, key=lambda form: float(_fit_mixture(points, centres, form).bic(points)))


def read_rule(published: Mapping[str, Any]) -> Rule:
    """Return the rule that `published` wrote."""
    if published["rule"] == "nearest centre":
        return CentreRule(_rows(published["centres"]))
    return MixtureRule(
        str(published["form"]),
        tuple(float(value) for value in published["logs"]),
        _rows(published["means"]),
        tuple(_rows(rows) for rows in published["whitening"]),
    )


def _fit_mixture(points: Floats, centres: Floats, form: str) -> Any:
    """Return a mixture that starts from k-means' groups.

    Measures sit on atoms (nothing returned, one purchase): without a least variance a group could
    shrink to one, and its likelihood grow without bounds.
    """
    model = GaussianMixture(
        len(centres),
        covariance_type=form,
        reg_covar=_LEAST_VARIANCE,
        means_init=centres,
        init_params="random_from_data",
        random_state=0,  # starts are all given: nothing is drawn that matters
        max_iter=100,
        tol=1e-3,
    )
    labels = nearest(points, centres)
    model.weights_init = np.bincount(labels, minlength=len(centres)) / len(points)
    model.weights_init = (model.weights_init + 1e-6) / (model.weights_init + 1e-6).sum()
    model.precisions_init = _first_precisions(points, labels, centres, form)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 100 steps are near enough to compare
        return model.fit(points)


def _first_precisions(points: Floats, labels: Ints, centres: Floats, form: str) -> Floats:
    """Return the inverse variances within k-means' groups, the same for every group."""
    within = ((points - centres[labels]) ** 2).mean(axis=0) + _LEAST_VARIANCE
    k = len(centres)
    if form == "spherical":
        return np.full(k, 1 / within.mean())
    if form == "diag":
        return np.tile(1 / within, (k, 1))
    square = np.diag(1 / within)
    return square if form == "tied" else np.tile(square, (k, 1, 1))


def _mixture_rule(model: Any) -> MixtureRule:
    """Return a fitted mixture as rounded numbers."""
    form, k = model.covariance_type, model.n_components
    factors = np.asarray(model.precisions_cholesky_)
    measures = model.means_.shape[1]
    if form == "spherical":
        white = [np.full((1, measures), factor) for factor in factors]
    elif form == "diag":
        white = [factor[None, :] for factor in factors]
    else:
        white = [factors if form == "tied" else factors[number] for number in range(k)]
    heights = [float(np.log(np.diag(each) if len(each) > 1 else each[0]).sum()) for each in white]
    logs = np.log(np.maximum(model.weights_, 1e-300)) + heights
    return MixtureRule(
        form, _rows([logs])[0], _rows(model.means_), tuple(_rows(each) for each in white)
    )


def _rows(values: Any) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(f"{float(v):.{_DIGITS}g}") + 0.0 for v in row) for row in values)
