"""Does the effect differ between segments? Only what was declared before may be concluded.

Of twenty segments one differs "significantly" by chance. So three things stand side by side: one
test of whether the effects differ at all; each segment's own interval, wide enough to hold for all
of them together; and each segment's effect drawn towards the common one, as far as chance alone
may have thrown it off, which is the best guess of what would happen in this segment next time.

References
----------
Cochran, Biometrics 10, 1954 (test). DerSimonian & Laird, Controlled Clinical Trials 7, 1986 (spread
between segments). Higgins & Thompson, Statistics in Medicine 21, 2002 (share of it). Gelman,
Bayesian Analysis 1, 2006 (uniform prior for the spread; shrunken intervals that know that the
spread is not known).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from workbench.data.phrases import counted
from workbench.data.small_groups import hidden_words, hide_parts
from workbench.errors import AnalysisError
from workbench.experiments.estimators import Difference
from workbench.experiments.moments import Moments, SegmentMoments
from workbench.experiments.multiplicity import benjamini_hochberg, holm

__all__ = ["Heterogeneity", "SegmentEffect", "compare_segments", "effects_by_segment"]

Floats = npt.NDArray[np.float64]

_NODES = 200
_SHRINK_FROM = 3  # segments: with fewer, nothing tells how far effects spread


@dataclass(frozen=True)
class SegmentEffect:
    """The effect in one segment.

    Parameters
    ----------
    segment
        Its name.
    difference
        The estimate, with the interval of a single comparison.
    corrected_ci_lower, corrected_ci_upper
        Interval of the effect that holds for all segments together (Bonferroni).
    pvalue_adj
        Adjusted by Holm; by Benjamini and Hochberg where nothing was declared.
    shrunken, shrunken_ci_lower, shrunken_ci_upper
        The effect drawn towards the common one, and its interval at the level of `difference`;
        None with fewer than three segments.
    """

    segment: str
    difference: Difference
    corrected_ci_lower: float
    corrected_ci_upper: float
    pvalue_adj: float
    shrunken: float | None
    shrunken_ci_lower: float | None
    shrunken_ci_upper: float | None


@dataclass(frozen=True)
class Heterogeneity:
    """Effects by segment, and whether they differ.

    Parameters
    ----------
    label
        What the segments are.
    declared
        Whether they were declared before the data were read.
    segments
        One per segment with an estimate, in the order given.
    omitted
        Segment -> why it has none.
    q, df, pvalue
        Cochran's test that all effects are one; None with fewer than two segments.
    spread
        Estimated standard deviation of the true effects (DerSimonian-Laird).
    spread_share
        Share of the variance between the estimates that is not chance (I squared).
    common
        Their common effect, weighted by its precision in each segment.
    text
        What may be said of it.
    warning
        Why nothing may be concluded; empty for declared segments.
    """

    label: str
    declared: bool
    segments: tuple[SegmentEffect, ...]
    omitted: Mapping[str, str]
    q: float | None
    df: int
    pvalue: float | None
    spread: float | None
    spread_share: float | None
    common: float | None
    text: str
    warning: str


def effects_by_segment(
    found: Moments,
    estimate: Callable[[SegmentMoments], Difference],
    *,
    control: str,
    variant: str,
    label: str,
    declared: bool,
    comparisons: int | None = None,
    alpha: float = 0.05,
    min_group: int = 5,
) -> Heterogeneity:
    """Return the effects of one outcome by segment.

    Segments with fewer than `min_group` customers in a group are left out, and one more where the
    small one could be computed from the total and the others.

    Parameters
    ----------
    found
        Moments with a column of segments.
    estimate
        A segment's moments -> the effect there; without a number where there is none.
    control, variant
        The two variants.
    label, declared, comparisons, alpha
        As :func:`compare_segments` takes them.
    min_group
        The smallest group that may be shown.
    """
    names = [name for name in found.segments if name]
    if "" in found.segments:
        names.append("")
    hidden = {
        name
        for who in (control, variant)
        for name, out in zip(
            names,
            hide_parts([found.segments[n].units.get(who, 0) for n in names], min_group=min_group),
            strict=True,
        )
        if out
    }
    estimates: dict[str, Difference] = {}
    omitted: dict[str, str] = {}
    for name in names:
        shown = name or "not known"
        if name in hidden:
            omitted[shown] = hidden_words(min_group)
        elif any(not found.segments[name].units.get(who) for who in (control, variant)):
            omitted[shown] = "A group has no customer in this segment."
        else:
            estimates[shown] = estimate(found.segments[name])
    return compare_segments(
        estimates,
        label=label,
        declared=declared,
        comparisons=comparisons,
        alpha=alpha,
        omitted=omitted,
    )


def compare_segments(
    estimates: Mapping[str, Difference],
    *,
    label: str,
    declared: bool,
    comparisons: int | None = None,
    alpha: float = 0.05,
    omitted: Mapping[str, str] | None = None,
) -> Heterogeneity:
    """Return effects by segment side by side, whatever estimator made them.

    Parameters
    ----------
    estimates
        Segment -> effect; no customer is in two segments.
    label
        What the segments are, in plain words: `country`.
    declared
        Whether they were declared before the data were read. Nothing may be concluded otherwise.
    comparisons
        How many segments were declared altogether, when several columns were; at least as many as
        are given.
    alpha
        One minus the level of the corrected intervals, for all segments together.
    omitted
        Segment -> why it is not among the estimates.

    Raises
    ------
    AnalysisError
        When `comparisons` is smaller than the number of segments.
    """
    family = len(estimates) if comparisons is None else comparisons
    if family < len(estimates):
        what = f"comparisons == {comparisons}, must be >= {len(estimates)}"
        raise AnalysisError(what, where=f"segments by {label}")
    left = dict(omitted or {})
    usable: dict[str, Difference] = {}
    for name, found in estimates.items():
        if found.effect_size is None or not found.std_error or found.pvalue is None:
            left[name] = found.reason or "There is no standard error."
        else:
            usable[name] = found
    effects = np.array([d.effect_size for d in usable.values()], dtype="float64")
    variances = np.array([d.std_error for d in usable.values()], dtype="float64") ** 2
    pvalues = [float(d.pvalue or 0.0) for d in usable.values()]
    # A segment that could not be tested, or stands in another table, counts as one, too.
    adjust = holm if declared else benjamini_hochberg
    adjusted = adjust([*pvalues, *[1.0] * (family - len(pvalues))])[: len(pvalues)]
    z = float(stats.norm.isf(alpha / 2 / max(family, 1)))
    shrunken = _shrink(effects, variances, alpha) if len(usable) >= _SHRINK_FROM else None
    rows = []
    for k, (name, found) in enumerate(usable.items()):
        half = _corrected(found, alpha, family) or z * sqrt(variances[k])
        ends = (None, None, None) if shrunken is None else tuple(float(v) for v in shrunken[k])
        rows.append(
            SegmentEffect(
                name, found, effects[k] - half, effects[k] + half, float(adjusted[k]), *ends
            )
        )
    return _together(label, declared, tuple(rows), left, effects, variances, alpha)


def _corrected(found: Difference, alpha: float, family: int) -> float | None:
    """Return the half-width at the corrected level, widened as t does for small groups."""
    if found.effect_size_ci_lower is None or found.effect_size_ci_upper is None:
        return None
    half = (found.effect_size_ci_upper - found.effect_size_ci_lower) / 2
    single = float(stats.norm.isf((1 - found.level) / 2))
    z = float(stats.norm.isf(alpha / 2 / family))
    if not found.std_error:
        return None
    ratio = half / found.std_error / single
    if ratio <= 1 + 1e-6:
        return z * half / single
    # The t distribution whose quantile made this interval, at the corrected level.
    df = _df_of(half / found.std_error, (1 - found.level) / 2)
    return float(stats.t.isf(alpha / 2 / family, df)) * found.std_error


def _df_of(quantile: float, tail: float) -> float:
    def gap(log_df: float) -> float:
        return float(stats.t.isf(tail, np.exp(log_df))) - quantile

    if gap(0.0) <= 0:
        return 1.0
    if gap(14.0) >= 0:
        return float(np.exp(14.0))
    return float(np.exp(optimize.brentq(gap, 0.0, 14.0, xtol=1e-9)))


def _together(
    label: str,
    declared: bool,
    rows: tuple[SegmentEffect, ...],
    omitted: Mapping[str, str],
    effects: Floats,
    variances: Floats,
    alpha: float,
) -> Heterogeneity:
    k = len(rows)
    warning = "" if declared else _warning(label, k)
    if k < 2:
        text = f"Fewer than two segments by {label} have an estimate: nothing can be compared."
        common = float(effects[0]) if k else None
        return Heterogeneity(
            label, declared, rows, omitted, None, 0, None, None, None, common, text, warning
        )
    weights = 1 / variances
    common = float(weights @ effects / weights.sum())
    q = float(weights @ (effects - common) ** 2)
    df = k - 1
    pvalue = float(stats.chi2.sf(q, df))
    room = float(weights.sum() - (weights**2).sum() / weights.sum())
    spread = sqrt(max(q - df, 0.0) / room)
    share = max(q - df, 0.0) / q if q > 0 else 0.0
    if not declared:
        text = "A hint at most: test it in an experiment that declares these segments."
    elif pvalue < alpha:
        text = f"The effect differs between segments by {label} (Cochran's Q, p {_p(pvalue)})."
    else:
        text = (
            f"It is not shown that the effect differs between segments by {label} (Cochran's Q, "
            f"p {_p(pvalue)}): the common effect is the best guess for each."
        )
    return Heterogeneity(
        label, declared, rows, omitted, q, df, pvalue, spread, share, common, text, warning
    )


def _warning(label: str, k: int) -> str:
    return (
        f"Exploratory: segments by {label} were not declared before the data were read. Among "
        f"{counted(max(k, 1), 'segment')} some effect looks large or small by chance alone; "
        "nothing may be decided on it."
    )


def _p(value: float) -> str:
    return "<0.001" if value < 0.0005 else f"{value:.3f}"


def _shrink(effects: Floats, variances: Floats, alpha: float) -> Floats:
    """Return the shrunken effect and its interval's ends, shape (segments, 3).

    The spread of the true effects is integrated over, so that intervals know that it is not known.
    """
    nodes, weights = _nodes()
    half = (nodes + 1) / 2  # 0 to 1, mapped to spreads from 0 up
    scale = float(np.sqrt(np.median(variances)) + effects.std())
    tau = scale * half / (1 - half)
    total = variances[None, :] + tau[:, None] ** 2
    precision = (1 / total).sum(axis=1)
    common = (effects / total).sum(axis=1) / precision
    logs = -0.5 * (
        np.log(total).sum(axis=1)
        + np.log(precision)
        + ((effects - common[:, None]) ** 2 / total).sum(axis=1)
    )
    mass = np.exp(logs - logs.max()) * weights / (1 - half) ** 2
    mass /= mass.sum()
    kept = variances[None, :] / total  # share of each effect that is drawn to the common one
    means = kept * common[:, None] + (1 - kept) * effects
    spreads = np.sqrt((1 - kept) * variances + kept**2 / precision[:, None])
    made = np.empty((len(effects), 3))
    for k in range(len(effects)):
        made[k, 0] = mass @ means[:, k]
        made[k, 1:] = _mixture_ends(mass, means[:, k], spreads[:, k], alpha)
    return made


@cache
def _nodes() -> tuple[Floats, Floats]:
    """Return points and weights of Gauss and Legendre, from -1 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights


def _mixture_ends(mass: Floats, means: Floats, spreads: Floats, alpha: float) -> Sequence[float]:
    low = float((means - 9 * spreads).min())
    high = float((means + 9 * spreads).max())
    return [
        float(
            optimize.brentq(
                lambda x, tail=tail: float(mass @ special.ndtr((x - means) / spreads)) - tail,
                low,
                high,
                xtol=1e-12 * max(abs(low), abs(high)),
            )
        )
        for tail in (alpha / 2, 1 - alpha / 2)
    ]
