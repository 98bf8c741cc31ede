"""The critical value for several variants against one control."""

from __future__ import annotations

from functools import lru_cache
from math import inf, sqrt
from typing import Literal

import numpy as np
from scipy import optimize, stats

__all__ = ["NORMAL_FROM", "dunnett_critical"]

NORMAL_FROM = 1e6
"""Degrees of freedom from which t is the normal."""


def dunnett_critical(
    shares: tuple[float, ...], alpha: float, *, sides: Literal[1, 2] = 2, df: float = inf
) -> float:
    """Return Dunnett's critical value for several variants against one control.

    Parameters
    ----------
    shares
        Shares of units, control first; their scale does not matter.
    alpha
        The accepted error over all comparisons together.
    sides
        1 or 2.
    df
        Degrees of freedom of the common standard deviation.

    References
    ----------
    Dunnett, "A Multiple Comparison Procedure for Comparing Several Treatments with a Control",
    JASA 50, 1955: the comparisons are independent given the control's mean and the deviation.

    Examples
    --------
    >>> round(dunnett_critical((1, 1, 1), 0.05), 2), round(dunnett_critical((1, 1, 1, 1), 0.05), 2)
    (2.21, 2.35)
    """
    total = sum(shares)
    plain = tuple(round(share / total, 12) for share in shares)
    return _dunnett(plain, alpha, sides, min(round(df, 3), NORMAL_FROM))


@lru_cache(maxsize=512)
def _dunnett(shares: tuple[float, ...], alpha: float, sides: int, df: float) -> float:
    load = np.array([sqrt(part / (part + shares[0])) for part in shares[1:]])
    rest = np.sqrt(1 - load**2)
    nodes, weights = np.polynomial.hermite_e.hermegauss(96)
    mass = weights / weights.sum()
    scales, parts = np.ones(1), np.ones(1)
    if df < NORMAL_FROM:
        at, width = np.polynomial.legendre.leggauss(64)
        scales = np.sqrt(stats.chi2.ppf((at + 1) / 2, df) / df)
        parts = width / 2

    def inside(z: float) -> float:
        edge = z * scales[:, None, None]
        high = stats.norm.cdf((edge - load * nodes[None, :, None]) / rest)
        low = stats.norm.cdf((-edge - load * nodes[None, :, None]) / rest) if sides == 2 else 0.0
        return float(parts @ (np.prod(high - low, axis=2) @ mass))

    high = float(stats.t.isf(alpha / (sides * len(load)), df)) + 0.01
    return float(optimize.brentq(lambda z: inside(z) - (1 - alpha), 0.0, high, xtol=1e-10))
