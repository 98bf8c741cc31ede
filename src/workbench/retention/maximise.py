"""Maximum likelihood with exact derivatives: Newton's method on the logarithms of parameters.

Every parameter of the purchase, spend and renewal models is above nought, so the search runs over
logarithms. The observed information at the maximum gives the standard errors, and intervals that
are normal on the logarithm never reach below nought. A maximum is accepted only where the
likelihood is curved in every direction; else the reason is said and no number is returned.

References
----------
Nocedal & Wright, "Numerical Optimization", Springer, 2006, chapters 3 and 6 (Newton's method with a
modified Hessian and backtracking). Efron & Hinkley, "Assessing the Accuracy of the Maximum
Likelihood Estimator: Observed versus Expected Fisher Information", Biometrika 65, 1978.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import stats

from workbench.errors import AnalysisError

__all__ = [
    "Fitted",
    "Floats",
    "Maximum",
    "Parameter",
    "in_logs",
    "maximise",
    "parameters_of",
    "products",
    "total",
]

M = TypeVar("M")

Floats = npt.NDArray[np.float64]
Objective = Callable[[Floats], tuple[float, Floats, Floats]]
"""Log-parameters -> the log-likelihood, its gradient and its Hessian in them."""
METHOD = "maximum likelihood, normal on the logarithm"

_STEPS = 80
_GAIN = 1e-8  # what a further step would still add to the log-likelihood, in whole units
_STALLED = 4  # steps in a row that add nothing: the likelihood is a level ridge
_LONGEST = 1.5  # no parameter changes by more than a factor of 4.5 in a step
_TELLS = 3.0  # a log-parameter's standard error; beyond it an interval spans a factor of 130,000


@dataclass(frozen=True)
class Parameter:
    """A parameter with its interval.

    Parameters
    ----------
    name
        As the model's paper calls it.
    value, std_error
        The estimate, and its standard error by the delta method.
    ci_lower, ci_upper
        Interval, above nought.
    level, method
        Of the interval.
    """

    name: str
    value: float
    std_error: float
    ci_lower: float
    ci_upper: float
    level: float
    method: str = METHOD


@dataclass(frozen=True)
class Maximum:
    """Where a likelihood is highest, or why that cannot be said.

    Parameters
    ----------
    log_params
        Logarithms of the parameters, shape (parameters,); empty when there is no maximum.
    value
        The log-likelihood there; None when there is no maximum.
    cov
        Covariance of the log-parameters, shape (parameters, parameters); empty likewise.
    steps
        How many steps were taken.
    reason
        Why there is no maximum, in words; empty when there is one.
    """

    log_params: Floats
    value: float | None
    cov: Floats
    steps: int
    reason: str

    @property
    def converged(self) -> bool:
        """Return whether there is a maximum."""
        return not self.reason


@dataclass(frozen=True)
class Fitted(Generic[M]):
    """A model fitted to customers, or why it could not be; the base of each model's own fit.

    Parameters
    ----------
    name
        Of the model.
    parameters
        The estimates with their intervals; none without a fit.
    loglik
        The log-likelihood; None without a fit.
    found
        The maximum: logarithms of the parameters, and their covariance.
    reason
        Why there is no fit, in words; empty when there is one.
    """

    name: str
    parameters: tuple[Parameter, ...]
    loglik: float | None
    found: Maximum
    reason: str

    @property
    def converged(self) -> bool:
        """Return whether there is a fit."""
        return not self.reason

    @property
    def model(self) -> M:
        """Return the model with the estimates.

        Raises
        ------
        AnalysisError
            When there is no fit.
        """
        if self.reason or self.loglik is None:
            raise AnalysisError(
                f"there is no fit: {self.reason}",
                where=self.name,
                fix="Ask `converged` first, and show the reason instead of a number.",
            )
        return self.model_at(self.found.log_params)

    def model_at(self, log_params: Floats) -> M:
        """Return the model with other parameters, such as drawn ones."""
        raise NotImplementedError


def in_logs(params: Floats, gradient: Floats, hessian: Floats) -> tuple[Floats, Floats]:
    """Return gradient and Hessian in log-parameters from those in the parameters themselves."""
    slope = gradient * params
    return slope, hessian * np.outer(params, params) + np.diag(slope)


def total(n: Floats, values: Floats) -> float:
    """Return a weighted sum; unlike a product of matrices it uses one thread and the same order."""
    return float(np.einsum("i,i->", n, values))


def products(slopes: Floats, n: Floats) -> Floats:
    """Return the weighted sums of the products of each two rows, shape (rows, rows)."""
    made: Floats = np.einsum("in,jn->ij", slopes * n, slopes)
    return made


def maximise(
    objective: Objective,
    starts: Sequence[Floats],
    *,
    lower: Floats,
    upper: Floats,
    at_edge: Mapping[tuple[int, int], str],
    names: Sequence[str],
) -> Maximum:
    """Return where a log-likelihood is highest.

    Parameters
    ----------
    objective
        The log-likelihood with gradient and Hessian, of log-parameters.
    starts
        Where to begin; the later ones are tried only where the earlier ones lead nowhere.
    lower, upper
        Log-parameters beyond which the likelihood is said to have no maximum.
    at_edge
        (parameter, -1 or 1) -> what it means that the likelihood rises on as that parameter falls
        or grows, as a sentence.
    names
        Of the parameters.
    """
    first: Maximum | None = None
    for start in starts:
        found = _climb(objective, np.clip(start, lower, upper), (lower, upper), at_edge, names)
        if found.converged:
            return found
        first = first or found
    if first is None:
        raise AnalysisError("no start is given", where="maximum likelihood")
    return first


def _climb(
    objective: Objective,
    theta: Floats,
    bounds: tuple[Floats, Floats],
    at_edge: Mapping[tuple[int, int], str],
    names: Sequence[str],
) -> Maximum:
    value, gradient, hessian = objective(theta)
    stalled = 0
    for done in range(_STEPS):
        if not (np.isfinite(value) and np.isfinite(gradient).all() and np.isfinite(hessian).all()):
            return _nothing(done, "The likelihood cannot be computed for these data.")
        curvature, axes = np.linalg.eigh(-hessian)
        slope = axes.T @ gradient
        floor = 1e-12 * max(float(np.abs(curvature).max()), 1e-12)
        step = axes @ (slope / np.maximum(np.abs(curvature), floor))
        gain = float(gradient @ step)
        if gain < _GAIN and curvature.min() > floor:
            return _accepted(theta, value, hessian, done, names)
        if gain <= 0 or stalled == _STALLED:
            return _nothing(done, "The likelihood is flat: the data do not tell the parameters.")
        step *= min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300))
        edge = _edge(theta + step, bounds)
        if edge is not None and edge == _edge(theta, (bounds[0] + 0.5, bounds[1] - 0.5)):
            return _nothing(done, at_edge.get(edge) or _rises(edge, names))
        for _ in range(40):
            tried = np.clip(theta + step, *bounds)
            new = objective(tried)
            # As the sum of many numbers a likelihood has a little noise of its own.
            if np.isfinite(new[0]) and new[0] >= value - 1e-12 * abs(value):
                break
            step = step / 4
        else:
            return _nothing(done, "No step makes the likelihood higher.")
        stalled = stalled + 1 if new[0] - value < 10 * _GAIN else 0
        theta, (value, gradient, hessian) = tried, new
    return _nothing(_STEPS, f"The search did not end within {_STEPS} steps.")


def _edge(theta: Floats, bounds: tuple[Floats, Floats]) -> tuple[int, int] | None:
    """Return which parameter lies beyond its bounds, and on which side."""
    low, high = theta < bounds[0], theta > bounds[1]
    if low.any():
        return int(np.argmax(low)), -1
    return (int(np.argmax(high)), 1) if high.any() else None


def _rises(edge: tuple[int, int], names: Sequence[str]) -> str:
    way = "grows" if edge[1] > 0 else "falls"
    return f"The likelihood rises on as {names[edge[0]]} {way} without end."


def _accepted(
    theta: Floats, value: float, hessian: Floats, done: int, names: Sequence[str]
) -> Maximum:
    inverse = np.linalg.inv(-hessian)
    cov: Floats = (inverse + inverse.T) / 2
    errors = np.sqrt(np.diag(cov))
    if not np.isfinite(errors).all() or errors.max() > _TELLS:
        name = names[int(np.argmax(np.where(np.isfinite(errors), errors, np.inf)))]
        return _nothing(
            done, f"The data do not tell {name}: its interval would span a factor of over 100,000."
        )
    return Maximum(theta, float(value), cov, done, "")


def _nothing(done: int, reason: str) -> Maximum:
    return Maximum(np.empty(0), None, np.empty((0, 0)), done, reason)


def parameters_of(
    found: Maximum, names: Sequence[str], *, alpha: float = 0.05
) -> tuple[Parameter, ...]:
    """Return the parameters at a maximum with their intervals; none where there is no maximum.

    Parameters
    ----------
    found
        The maximum.
    names
        Of the parameters.
    alpha
        One minus the level of the intervals, between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise AnalysisError(f"alpha == {alpha}, must lie between 0 and 1", where="intervals")
    if not found.converged:
        return ()
    z = float(stats.norm.isf(alpha / 2))
    made = []
    for place, name in enumerate(names):
        log, error = float(found.log_params[place]), float(np.sqrt(found.cov[place, place]))
        value, factor = float(np.exp(log)), float(np.exp(z * error))
        made.append(
            Parameter(name, value, value * error, value / factor, value * factor, 1 - alpha)
        )
    return tuple(made)
