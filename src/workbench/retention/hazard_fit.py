"""Newton's method (Fisher scoring) for a binomial regression with free stretches and a ridge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from workbench.retention.hazard_cells import PeriodCells
from workbench.retention.times import Floats

__all__ = [
    "Curvature",
    "Link",
    "Ridge",
    "curvature",
    "deviance",
    "fit_ridge",
    "hazard_of",
    "slopes",
]

Link = Literal["logit", "cloglog"]
_STEPS = 100
_GAIN = 1e-9  # what a further step would add to the penalised log-likelihood
_STEADY = 1e-6  # holds a stretch without an event in a part of the data; of no weight elsewhere
_TOLD = 1e-3  # with less information a scaled coefficient, without a penalty, has no end
SEPARATED = (
    "A covariate separates those who left from those who stayed without exception, so that the "
    "size of its effect cannot be told."
)
_FAR = 30.0  # a linear predictor beyond which probabilities are 0 and 1


@dataclass(frozen=True)
class Ridge:
    """Coefficients at the maximum of the penalised likelihood.

    Parameters
    ----------
    baseline
        Linear predictor of each stretch, shape (bins,).
    coefficients
        Of the scaled covariates, shape (covariates,).
    reason
        Why there are none; empty otherwise.
    """

    baseline: Floats
    coefficients: Floats
    reason: str


@dataclass(frozen=True)
class Curvature:
    """The information of a fit: of the stretches, of both, and of the coefficients.

    Parameters
    ----------
    own
        Of each stretch's level, shape (bins,).
    cross
        Of coefficients and levels, shape (covariates, bins).
    schur
        Of the coefficients, the levels being estimated too, shape (covariates, covariates).
    """

    own: Floats
    cross: Floats
    schur: Floats

    @property
    def flat(self) -> bool:
        """Return whether some coefficients cannot be told from the others, or from the levels."""
        most = float(np.diag(self.schur).max())
        spread = np.sqrt(np.maximum(np.diag(self.schur), 1e-14 * max(most, 1e-300)))
        return bool(np.linalg.eigvalsh(self.schur / np.outer(spread, spread))[0] <= 1e-10)


def hazard_of(predictor: Floats, link: Link) -> Floats:
    """Return the probability to leave in a period."""
    held = np.clip(predictor, -_FAR, _FAR)
    made: Floats = special.expit(held) if link == "logit" else -np.expm1(-np.exp(held))
    return made


def fit_ridge(
    cells: PeriodCells,
    trials: Floats,
    events: Floats,
    link: Link,
    penalty: float,
    start: Ridge | None = None,
) -> Ridge:
    """Return the coefficients for one penalty.

    Parameters
    ----------
    cells
        Where trials and events belong.
    trials, events
        Of all customers, or of a part of them, shape (cells,).
    link
        Of the hazard.
    penalty
        On half the sum of squared coefficients; infinite: they are nought.
    start
        Where to begin.
    """
    free = np.isfinite(penalty)
    alpha = np.full(len(cells.bins), _level(float(events.sum()), float(trials.sum()), link))
    anchor = alpha.copy()
    beta = np.zeros(len(cells.names))
    if start is not None:
        alpha, beta = start.baseline.copy(), start.coefficients.copy() if free else beta
    ridge = penalty if free else 0.0
    steady = _STEADY if ridge or not free else _STEADY / 1000

    def worth(alpha: Floats, beta: Floats) -> tuple[float, Floats]:
        predictor = alpha[cells.bin] + np.einsum("i,ij->j", beta, cells.x)
        value = -_lost(predictor, trials, events, link) / 2
        held = ridge * float(beta @ beta) + steady * float((alpha - anchor) @ (alpha - anchor))
        return value - held / 2, predictor

    value, predictor = worth(alpha, beta)
    for _ in range(_STEPS):
        slope, weight = slopes(predictor, trials, events, link)
        step = _step(cells, slope, weight, (alpha - anchor) * steady, beta, ridge, free)
        if step is None:
            return Ridge(alpha, beta, "The covariates cannot be told apart without a penalty.")
        up, over, gain = step
        if gain < _GAIN:
            if free and not ridge and not _told(cells, weight):
                return Ridge(alpha, beta, SEPARATED)
            # The last step: what it leaves is the square of what was there.
            return Ridge(alpha + up, beta + over, "")
        size = min(1.0, 5.0 / max(float(np.abs(up).max()), float(np.abs(over).max(initial=0.0))))
        for _ in range(40):
            tried, moved = worth(alpha + size * up, beta + size * over)
            if np.isfinite(tried) and tried >= value - 1e-12 * abs(value):
                break
            size /= 2
        else:
            return Ridge(alpha, beta, "No step makes the likelihood higher.")
        alpha, beta, value, predictor = alpha + size * up, beta + size * over, tried, moved
    return Ridge(alpha, beta, f"The search did not end within {_STEPS} steps.")


def deviance(cells: PeriodCells, trials: Floats, events: Floats, link: Link, found: Ridge) -> float:
    """Return minus twice the log-likelihood of customers under a fit, up to a constant."""
    predictor = found.baseline[cells.bin] + np.einsum("i,ij->j", found.coefficients, cells.x)
    return _lost(predictor, trials, events, link)


def _level(events: float, trials: float, link: Link) -> float:
    share = min(max(events / max(trials, 1.0), 1e-9), 1 - 1e-9)
    return float(special.logit(share)) if link == "logit" else float(np.log(-np.log1p(-share)))


def _lost(predictor: Floats, trials: Floats, events: Floats, link: Link) -> float:
    held = np.clip(predictor, -_FAR, _FAR)
    if link == "logit":
        terms = events * held - trials * np.logaddexp(0.0, held)
    else:
        rate = np.exp(held)
        # log(1 - exp(-rate)), also where the rate is tiny
        gone = np.log(-np.expm1(-rate))
        terms = events * gone - (trials - events) * rate
    return -2 * float(terms.sum())


def slopes(predictor: Floats, trials: Floats, events: Floats, link: Link) -> tuple[Floats, Floats]:
    """Return slope and expected curvature of the log-likelihood in the linear predictor.

    Parameters
    ----------
    predictor
        Linear predictor of each cell, shape (cells,).
    trials, events
        Customer-periods, and how many left, same shape.
    link
        Of the hazard.
    """
    held = np.clip(predictor, -_FAR, _FAR)
    if link == "logit":
        share = special.expit(held)
        return events - trials * share, trials * share * (1 - share)
    rate = np.exp(held)
    share = -np.expm1(-rate)
    stays = np.exp(-rate)
    return events * rate * stays / share - (
        trials - events
    ) * rate, trials * rate**2 * stays / share


def curvature(cells: PeriodCells, weight: Floats, ridge: float = 0.0) -> Curvature:
    """Return the information, from the weight of each cell in it.

    Parameters
    ----------
    cells
        Where the weights belong.
    weight
        The expected curvature of the log-likelihood in the linear predictor, shape (cells,).
    ridge
        The penalty on half the sum of squared coefficients.
    """
    size = len(cells.bins)
    own = np.bincount(cells.bin, weights=weight, minlength=size) + _STEADY
    cross = np.array([np.bincount(cells.bin, weights=weight * x, minlength=size) for x in cells.x])
    inner = np.einsum("in,jn->ij", cells.x * weight, cells.x) + ridge * np.eye(len(cells.x))
    # The stretches' own part is diagonal, so only the coefficients need a solver.
    levels: Floats = own.astype("float64")
    return Curvature(levels, cross, inner - np.einsum("ib,jb->ij", cross / own, cross))


def _told(cells: PeriodCells, weight: Floats) -> bool:
    found = curvature(cells, weight)
    return bool(np.linalg.eigvalsh(found.schur)[0] > _TOLD)


def _step(
    cells: PeriodCells,
    slope: Floats,
    weight: Floats,
    pull: Floats,
    beta: Floats,
    ridge: float,
    free: bool,
) -> tuple[Floats, Floats, float] | None:
    """Return the step of stretches and of coefficients, and what it promises."""
    size = len(cells.bins)
    first = np.bincount(cells.bin, weights=slope, minlength=size) - pull
    if not free:
        own = np.bincount(cells.bin, weights=weight, minlength=size) + _STEADY
        return first / own, np.zeros_like(beta), float(first @ (first / own))
    found = curvature(cells, weight, ridge)
    if found.flat:
        return None
    second = np.einsum("ij,j->i", cells.x, slope) - ridge * beta
    over = np.linalg.solve(found.schur, second - found.cross @ (first / found.own))
    up = (first - found.cross.T @ over) / found.own
    return up, over, float(first @ up + second @ over)
