"""Anytime-valid intervals for proportions: exact, from the first customer on.

For each group a mixture of binomial likelihoods, weighted by a beta distribution, is divided by the
likelihood of the proportion in question. For the true proportion that ratio is a martingale, and so
is the product over two groups; a difference is rejected when no pair of proportions that far apart
keeps the product below `1 / alpha`.

References
----------
Robbins, Annals of Mathematical Statistics 41, 1970. Howard, Ramdas, McAuliffe & Sekhon,
"Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49, 2021
(beta-binomial mixture). Turner & Grünwald, "Exact anytime-valid confidence intervals for
contingency tables and beyond", Statistics & Probability Letters 198, 2023 (two groups).
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from workbench.errors import AnalysisError
from workbench.experiments.estimators.exact import likeliest_control
from workbench.experiments.sequential.always import AnytimeInterval

__all__ = ["always_valid_proportion", "always_valid_proportions", "log_evidence"]

Floats = npt.NDArray[np.float64]

_METHOD = "anytime-valid, beta-binomial mixture (exact)"
_STEEP = 1e6  # in place of an infinite log ratio


def always_valid_proportion(
    hits: int, n: int, *, alpha: float = 0.05, prior: tuple[float, float] = (0.5, 0.5)
) -> tuple[float, float]:
    """Return the anytime-valid interval of one proportion.

    Parameters
    ----------
    hits, n
        Outcomes that are 1, and all, at least one.
    alpha
        One minus the level.
    prior
        Of the beta mixture, fixed before the first look. It may be anything above 0: it moves the
        width about, never the level.
    """
    _check(hits, n)
    log_ratio = _ratio(hits, n, prior)
    middle = hits / n
    limit = -log(alpha)
    return (
        0.0 if hits == 0 else _end(log_ratio, middle, 0.0, limit),
        1.0 if hits == n else _end(log_ratio, middle, 1.0, limit),
    )


def always_valid_proportions(
    hits_control: int,
    n_control: int,
    hits: int,
    n: int,
    *,
    alpha: float = 0.05,
    prior: tuple[float, float] = (0.5, 0.5),
) -> AnytimeInterval:
    """Return the anytime-valid interval and p-value of a difference in proportions.

    Parameters
    ----------
    hits_control, n_control, hits, n
        Outcomes that are 1, and all, of control and variant; at least one customer each.
    alpha, prior
        As :func:`always_valid_proportion` takes them; both groups have the same prior.
    """
    _check(hits_control, n_control)
    _check(hits, n)

    def least(gap: float) -> float:
        return float(log_evidence(hits_control, n_control, hits, n, gap, prior=prior))

    effect = hits / n - hits_control / n_control
    limit = -log(alpha)
    return AnytimeInterval(
        effect,
        _end(least, effect, -1.0, limit),
        _end(least, effect, 1.0, limit),
        exp(min(-least(0.0), 0.0)),
        1 - alpha,
        _METHOD,
    )


def log_evidence(
    hits_control: Any,
    n_control: int,
    hits: Any,
    n: int,
    gap: float,
    *,
    prior: tuple[float, float] = (0.5, 0.5),
) -> Floats:
    """Return the log of the evidence against a difference: above `-log(alpha)` it is rejected.

    Parameters
    ----------
    hits_control, hits
        Outcomes that are 1, of any shape.
    n_control, n
        All outcomes.
    gap
        The difference in question, -1 to 1.
    prior
        As :func:`always_valid_proportion` takes it.
    """
    x_c, x_t = (np.asarray(x, dtype="float64") for x in (hits_control, hits))
    p = likeliest_control(x_c, n_control, x_t, n, gap)
    q = np.clip(p + gap, 0.0, 1.0)
    a, b = prior
    found: Floats = -2.0 * special.betaln(a, b) + np.zeros_like(x_c)
    for x, size, share in ((x_c, n_control, p), (x_t, n, q)):
        found = found + special.betaln(a + x, b + size - x)
        found = found - special.xlogy(x, share) - special.xlog1py(size - x, -share)
    return found


def _check(hits: int, n: int) -> None:
    if not (n >= 1 and 0 <= hits <= n):
        raise AnalysisError(
            f"{hits} of {n}", where="anytime-valid proportion", fix="Give 0 <= hits <= n, n >= 1."
        )


def _ratio(hits: int, n: int, prior: tuple[float, float]) -> Callable[[float], float]:
    """Return the log of the mixture's likelihood over that of a proportion."""
    a, b = prior
    mixed = float(special.betaln(a + hits, b + n - hits) - special.betaln(a, b))

    def log_ratio(p: float) -> float:
        p = min(max(p, 0.0), 1.0)
        return mixed - float(special.xlogy(hits, p) + special.xlog1py(n - hits, -p))

    return log_ratio


def _end(log_ratio: Callable[[float], float], inside: float, limit: float, most: float) -> float:
    """Return where the log ratio exceeds `most` on the way from `inside` to `limit`."""
    if log_ratio(limit) <= most:
        return limit

    def beyond(p: float) -> float:
        return min(log_ratio(p) - most, _STEEP)

    return float(optimize.brentq(beyond, inside, limit, xtol=1e-13))
