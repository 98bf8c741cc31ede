"""Regression adjustment: what was known before the experiment takes chance out of the outcome.

Two models. With separate slopes (the default) each group has its own regression, evaluated at the
mean of all; whatever the truth is, it is asymptotically at least as precise as no adjustment
(Lin 2013). With pooled slopes both groups share the coefficients of all customers together, which
is CUPED (Deng et al. 2013). Neither needs the regression to be true: customers were randomised.

References
----------
Lin, Annals of Applied Statistics 7, 2013. Deng, Xu, Kohavi & Walker, WSDM 2013. Negi & Wooldridge,
Econometric Reviews 40, 2021 (the variance when customers are a sample themselves).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt

from workbench.errors import AnalysisError, one_of
from workbench.experiments.estimators.means import compare_estimates
from workbench.experiments.estimators.ratios import ratio_refusal
from workbench.experiments.estimators.results import Difference, refusal, without
from workbench.experiments.moments import JointMoments

__all__ = ["AdjustedDifference", "Slopes", "adjusted_difference"]

Floats = npt.NDArray[np.float64]
Slopes = Literal["separate", "pooled"]

_NOTHING_LEFT = 1e-13  # share of the outcome's variance: what rounding leaves
_SAME_DIRECTION = 1e-10  # share of a covariate's variance that the others leave


@dataclass(frozen=True)
class AdjustedDifference:
    """A comparison with and without adjustment, side by side.

    Parameters
    ----------
    adjusted
        The comparison after adjustment; its means are those of groups alike in the covariates.
    unadjusted
        The same comparison without.
    variance_reduction
        Share of the effect's variance that the adjustment takes away; negative where it adds some;
        None where either comparison has no standard error.
    covariates
        The covariates, with the columns of who misses one.
    slopes
        `separate` or `pooled`.
    coefficients_control, coefficients
        Of each covariate, in the control and in the variant; 0 for one that the others determine.
    """

    adjusted: Difference
    unadjusted: Difference
    variance_reduction: float | None
    covariates: tuple[str, ...]
    slopes: Slopes
    coefficients_control: tuple[float, ...] = ()
    coefficients: tuple[float, ...] = ()


@dataclass(frozen=True)
class _Arm:
    """One group: an outcome (a mean, or a ratio made linear) and the covariates beside it."""

    n: int
    mean: float
    variance: float
    with_covariates: Floats
    covariates: Floats
    covariate_means: Floats


def adjusted_difference(
    control: JointMoments,
    treatment: JointMoments,
    *,
    kind: Literal["mean", "ratio"] = "mean",
    slopes: Slopes = "separate",
    alpha: float = 0.05,
    min_group: int = 2,
) -> AdjustedDifference:
    """Return a difference adjusted for covariates, beside the unadjusted one.

    Parameters
    ----------
    control, treatment
        Joint moments: the outcome first (for a ratio the numerator, then the denominator), then
        all covariates.
    kind
        `mean` (a proportion is one), or `ratio`, for which slopes must be separate.
    slopes
        `separate` for each group, or `pooled`.
    alpha
        One minus the level of the intervals.
    min_group
        With fewer customers in either group no number is given.

    Raises
    ------
    AnalysisError
        For an unknown `slopes`, or for a ratio with pooled ones.
    """
    if slopes not in ("separate", "pooled"):
        fix = one_of(slopes, ("separate", "pooled"))
        raise AnalysisError(f"slopes == {slopes}", where="adjusted difference", fix=fix)
    if kind == "ratio" and slopes == "pooled":
        raise AnalysisError(
            "a ratio is adjusted with separate slopes only", where="adjusted difference"
        )
    first = 2 if kind == "ratio" else 1
    names = control.names[first:]
    least = len(names) + 3
    why = refusal(control, treatment, min_group=min_group)
    if not why and kind == "ratio":
        why = ratio_refusal(control, treatment)
    if why:
        none = without(control, treatment, alpha=alpha, min_group=min_group, reason=why)
        return AdjustedDifference(none, none, None, names, slopes)
    arms = [_arm(part, first) for part in (control, treatment)]
    plain = _plain(arms, kind, alpha)
    why = refusal(control, treatment, min_group=min_group, least=least)
    if why or not names:
        why = why.replace("compared", "adjusted") or "There is no covariate to adjust for."
        none = without(control, treatment, alpha=alpha, min_group=min_group, reason=why)
        return AdjustedDifference(none, plain, None, names, slopes)
    fitted, betas = _adjust(arms, kind, slopes, alpha)
    reduction = None
    if fitted.std_error is not None and plain.std_error:
        reduction = 1 - (fitted.std_error / plain.std_error) ** 2
    coefficients = [tuple(float(value) for value in beta) for beta in betas]
    return AdjustedDifference(fitted, plain, reduction, names, slopes, *coefficients)


def _arm(part: JointMoments, first: int) -> _Arm:
    """Return a group's outcome and covariates; a ratio becomes the sum of its linear parts."""
    n = part.n_obs
    weights, mean = [Fraction(1)], part.totals[0] / n
    if first == 2:
        below = part.totals[1] / n
        mean = part.totals[0] / part.totals[1]
        weights = [1 / below, -mean / below]
    places = range(first, len(part.names))
    spread = sum(
        (weights[i] * weights[j] * part.centred[i][j] for i in range(first) for j in range(first)),
        Fraction(0),
    )
    crossed = [
        sum((weights[i] * part.centred[i][k] for i in range(first)), Fraction(0)) for k in places
    ]
    return _Arm(
        n,
        float(mean),
        float(spread / (n - 1)),
        np.array([float(value / (n - 1)) for value in crossed]),
        np.array([[float(part.centred[j][k] / (n - 1)) for k in places] for j in places]),
        np.array([float(part.totals[k] / n) for k in places]),
    )


def _plain(arms: Sequence[_Arm], kind: str, alpha: float) -> Difference:
    c, t = arms
    return compare_estimates(
        (c.mean, t.mean),
        (c.variance / c.n, t.variance / t.n),
        (c.n, t.n),
        (c.n - 1, t.n - 1),
        alpha=alpha,
        method="ratio of sums by the delta method, Welch t" if kind == "ratio" else "Welch t",
    )


def _adjust(
    arms: Sequence[_Arm], kind: str, slopes: Slopes, alpha: float
) -> tuple[Difference, list[Floats]]:
    """Return the adjusted difference, and the coefficients of control and variant."""
    c, t = arms
    everyone = c.n + t.n
    middle = (c.n * c.covariate_means + t.n * t.covariate_means) / everyone
    gap = t.covariate_means - c.covariate_means
    between = c.n * t.n / everyone
    all_x = ((c.n - 1) * c.covariates + (t.n - 1) * t.covariates + between * np.outer(gap, gap)) / (
        everyone - 1
    )
    if slopes == "pooled":
        all_xy = (
            (c.n - 1) * c.with_covariates
            + (t.n - 1) * t.with_covariates
            + between * gap * (t.mean - c.mean)
        ) / (everyone - 1)
        beta, _ = _solve(all_x, all_xy)
        betas, lost = [beta, beta], [0, 0]
    else:
        solved = [_solve(arm.covariates, arm.with_covariates) for arm in arms]
        betas, lost = [beta for beta, _ in solved], [rank for _, rank in solved]
    means: list[float] = []
    variances: list[float] = []
    df: list[int] = []
    for arm, beta, used in zip(arms, betas, lost, strict=True):
        means.append(arm.mean - float(beta @ (arm.covariate_means - middle)))
        told = 2 * beta @ arm.with_covariates - beta @ arm.covariates @ beta
        left = arm.variance - float(told)
        if left < _NOTHING_LEFT * arm.variance:
            left = 0.0
        df.append(arm.n - 1 - used)
        variances.append(left * (arm.n - 1) / (arm.n - 1 - used) / arm.n)
    apart = betas[1] - betas[0]
    extra = float(apart @ all_x @ apart) / everyone
    if extra < _NOTHING_LEFT * (c.variance / c.n + t.variance / t.n):
        extra = 0.0
    own = [float(a @ all_x @ b) / everyone for a, b in ((betas[0],) * 2, (betas[1],) * 2, betas)]
    found = compare_estimates(
        (means[0], means[1]),
        (variances[0], variances[1]),
        (c.n, t.n),
        (df[0], df[1]),
        alpha=alpha,
        method=_words(kind, slopes),
        extra=extra,
        own_extra=(own[0], own[1], own[2]),
        same="The covariates tell the outcome exactly, so chance cannot be judged.",
    )
    return found, betas


def _words(kind: str, slopes: Slopes) -> str:
    what = "ratio of sums by the delta method, " if kind == "ratio" else ""
    how = (
        "separate slopes in each group (Lin)"
        if slopes == "separate"
        else "the same slopes in both groups (CUPED)"
    )
    return f"{what}adjusted by regression with {how}, Welch t"


def _solve(matrix: Floats, right: Floats) -> tuple[Floats, int]:
    """Return coefficients, and how many covariates count: 0 for those that others determine.

    Covariates are taken in the order given, so that the result does not hang on rounding.
    """
    size = len(right)
    kept: list[int] = []
    for k in range(size):
        left = float(matrix[k, k])
        if kept:
            inner = matrix[np.ix_(kept, kept)]
            left -= float(matrix[k, kept] @ np.linalg.solve(inner, matrix[kept, k]))
        if matrix[k, k] > 0 and left > _SAME_DIRECTION * matrix[k, k]:
            kept.append(k)
    beta = np.zeros(size)
    if kept:
        scale = np.sqrt(np.diag(matrix)[kept])
        inner = matrix[np.ix_(kept, kept)] / np.outer(scale, scale)
        beta[kept] = np.linalg.solve(inner, right[kept] / scale) / scale
    return beta, len(kept)
