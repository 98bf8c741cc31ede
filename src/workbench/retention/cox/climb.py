"""Newton's method on the partial likelihood, and why it may have no maximum.

The likelihood is concave, so there is one maximum or none. There is none where a covariate is the
same for all who were at risk together, where one follows from the others, or where a covariate
separates: whoever had an event always had the highest (or lowest) value of those at risk, so that
the likelihood rises on as its coefficient grows without end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from workbench.data.phrases import listed
from workbench.retention.times import Floats

__all__ = ["Top", "climb"]

S = TypeVar("S")
Objective = Callable[[Floats], tuple[float, Floats, Floats, S]]
Bools = npt.NDArray[np.bool_]

_STEPS = 60
_LAST = 1e-5  # a step this small, in scaled units, is the last: the next would be its square
_FLAT = 1e-8  # what a further step would add to the log-likelihood
_MOVES = 0.1  # a log hazard ratio across a covariate's range that still changes at a flat top
_LONGEST = 2.0  # no scaled coefficient changes by more in a step
_SINGULAR = 1e-9  # the least eigenvalue of a correlation matrix


@dataclass(frozen=True)
class Top:
    """Where the likelihood is highest, or why that cannot be said.

    Parameters
    ----------
    beta
        Coefficients of the scaled covariates; empty where there is no maximum.
    value, null
        The log-likelihood there, and where all coefficients are nought; None likewise.
    score
        The score test's statistic: how steep the likelihood is at nought; None likewise.
    information
        The negative Hessian at the maximum; empty likewise.
    steps
        How many steps were taken.
    reason
        Why there is no maximum, in words; empty where there is one.
    """

    beta: Floats
    value: float | None
    null: float | None
    score: float | None
    information: Floats
    steps: int
    reason: str


def climb(objective: Objective[S], names: tuple[str, ...], ranges: Floats) -> tuple[Top, S | None]:
    """Return the maximum and what the objective gave beside it.

    Parameters
    ----------
    objective
        Coefficients -> log-likelihood, gradient, information, and something to hand on.
    names
        Of the covariates.
    ranges
        Largest less smallest value of each scaled covariate.
    """
    beta = np.zeros(len(names))
    value, gradient, information, held = objective(beta)
    null = value
    why = _singular(information, names)
    if why:
        return _nothing(0, why), None
    score = float(gradient @ np.linalg.solve(information, gradient))
    for done in range(1, _STEPS + 1):
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            return _nothing(done, _endless(np.abs(beta) * ranges > 1, names)), None
        gain, moves = float(gradient @ step), np.abs(step) * ranges
        longest = float(np.abs(step).max())
        if not np.isfinite(longest) or (gain < _FLAT and moves.max() > _MOVES):
            return _nothing(done, _endless(moves > _MOVES, names)), None
        step *= min(1.0, _LONGEST / max(longest, 1e-300))
        for _ in range(40):
            tried = objective(beta + step)
            # As the sum of many numbers a likelihood has a little noise of its own.
            if np.isfinite(tried[0]) and tried[0] >= value - 1e-12 * abs(value):
                break
            step = step / 2
        else:
            return _nothing(done, "No step makes the likelihood higher."), None
        beta = beta + step
        value, gradient, information, held = tried
        if longest < _LAST:
            return Top(beta, value, null, score, information, done, ""), held
    return _nothing(_STEPS, f"The search did not end within {_STEPS} steps."), None


def _singular(information: Floats, names: tuple[str, ...]) -> str:
    """Return why coefficients cannot be told apart, or nothing."""
    own = np.diag(information)
    flat = ~(own > 1e-12 * max(float(own.max()), 1e-300))
    if flat.any():
        same = [name for name, out in zip(names, flat, strict=True) if out]
        return (
            f"{_these(same)} the same for all who were followed when somebody left, so "
            "that no effect can be told."
        )
    spread = np.sqrt(own)
    values, axes = np.linalg.eigh(information / np.outer(spread, spread))
    if values[0] > _SINGULAR:
        return ""
    part = np.abs(axes[:, 0])
    tied = [name for name, size in zip(names, part, strict=True) if size > 0.05 * part.max()]
    return f"{listed(tied)} cannot be told apart: one of them follows from the others."


def _these(names: list[str]) -> str:
    return f"{listed(names)} {'is' if len(names) == 1 else 'are'}"


def _endless(blamed: Bools, names: tuple[str, ...]) -> str:
    told = [name for name, out in zip(names, blamed, strict=True) if out] or list(names)
    return (
        f"{listed(told)} separate{'s' if len(told) == 1 else ''} those who left from those who "
        "stayed without exception, so that the size of the effect cannot be told."
    )


def _nothing(steps: int, reason: str) -> Top:
    return Top(np.empty(0), None, None, None, np.empty((0, 0)), steps, reason)
