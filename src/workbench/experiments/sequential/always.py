"""Anytime-valid intervals for means, and for anything with a standard error.

Of an estimate with standard error s, `1 / s ** 2` is the information so far, and the estimate times
the information moves like a Brownian motion. A mixture of likelihood ratios over the possible
effects is a martingale; that it ever exceeds `1 / alpha` has a chance of at most alpha, whenever
and how often it is looked at (Ville). The argument is one of large samples, as Welch's is: begin to
look when each group has some hundred outcomes.

References
----------
Robbins, Annals of Mathematical Statistics 41, 1970 (normal mixture). Waudby-Smith, Arbour, Sinha,
Kennedy & Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of
Statistics 52, 2024. Johari, Koomen, Pekelis & Walsh, Operations Research 70, 2022 (always valid
p-values).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, log1p
from typing import Any

import numpy as np
from scipy import special

from workbench.errors import AnalysisError

__all__ = ["AnytimeInterval", "always_valid_difference", "half_width", "tuning_of"]


@dataclass(frozen=True)
class AnytimeInterval:
    """An anytime-valid interval at one look.

    Parameters
    ----------
    effect_size
        The estimate.
    effect_size_ci_lower, effect_size_ci_upper
        The interval: with chance `level` the truth is in the intervals of all looks.
    pvalue
        Always valid: the chance that it is ever below alpha is at most alpha without an effect.
        The smallest of all looks so far may be used.
    level
        `1 - alpha`.
    method
        In words.
    """

    effect_size: float
    effect_size_ci_lower: float
    effect_size_ci_upper: float
    pvalue: float
    level: float
    method: str


def tuning_of(planned_std_error: float, *, alpha: float = 0.05) -> float:
    """Return the tuning that makes the interval narrowest when the standard error is as planned.

    Parameters
    ----------
    planned_std_error
        Of the effect at the time that matters most: that of the planned end. It must be fixed
        before the first look.
    alpha
        One minus the level.

    Returns
    -------
    float
        Information that is added to what is there (Waudby-Smith et al. 2024, appendix B.2).

    Examples
    --------
    >>> round(tuning_of(0.1), 3)
    12.177
    """
    if not planned_std_error > 0:
        what = f"planned standard error == {planned_std_error}, must be > 0"
        raise AnalysisError(what, where="anytime-valid interval")
    branch = float(special.lambertw(-(alpha**2) / exp(1), k=-1).real)
    return planned_std_error**-2 / (-branch - 1)


def half_width(std_error: Any, tuning: float, alpha: float) -> Any:
    """Return how far the anytime-valid interval reaches to either side.

    Parameters
    ----------
    std_error
        Standard errors, above 0, of any shape; the result has the same.
    tuning, alpha
        As :func:`always_valid_difference` takes them.
    """
    information = np.asarray(std_error, dtype="float64") ** -2
    inside = (information + tuning) * (np.log1p(information / tuning) - 2 * log(alpha))
    return np.sqrt(inside) / information


def always_valid_difference(
    effect_size: float, std_error: float, *, tuning: float, alpha: float = 0.05
) -> AnytimeInterval:
    """Return the anytime-valid interval and p-value of an effect.

    Parameters
    ----------
    effect_size, std_error
        Of any estimator here, on all customers so far.
    tuning
        As :func:`tuning_of` gives it; the same at all looks.
    alpha
        One minus the level.

    Raises
    ------
    AnalysisError
        When the standard error or the tuning is not above zero.
    """
    if not (std_error > 0 and tuning > 0):
        raise AnalysisError(
            f"standard error == {std_error}, tuning == {tuning}, must be > 0",
            where="anytime-valid interval",
            fix="Look again when the outcomes vary.",
        )
    information = std_error**-2
    half = float(half_width(std_error, tuning, alpha))
    evidence = (effect_size * information) ** 2 / (2 * (information + tuning))
    log_ratio = evidence - log1p(information / tuning) / 2
    return AnytimeInterval(
        effect_size,
        effect_size - half,
        effect_size + half,
        exp(min(-log_ratio, 0.0)),
        1 - alpha,
        "anytime-valid, normal mixture (asymptotic)",
    )
