"""Survival of customers with given covariates by a Cox regression, given survival so far.

References
----------
Link, "Confidence Intervals for the Survival Function Using Cox's Proportional-Hazard Model with
Covariates", Biometrics 40, 1984; Therneau & Grambsch, "Modeling Survival Data", Springer, 2000,
chapter 10 (Efron's cumulative hazard and its variance).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from workbench.errors import AnalysisError
from workbench.retention.covariates import checked_columns
from workbench.retention.cox.fit import CoxFit
from workbench.retention.times import Floats

__all__ = ["CURVE_METHOD", "cox_survival"]

CURVE_METHOD = "Cox regression, Efron's cumulative hazard, log-log interval"


def cox_survival(found: CoxFit, covariates: Any, ahead: Any, *, so_far: Any = 0.0) -> pd.DataFrame:
    """Return the probability of no event within a time to come, given none so far.

    Parameters
    ----------
    found
        The regression.
    covariates
        A frame with the regression's covariates, a row per customer.
    ahead
        How far to look ahead, not negative: one number, or one per customer.
    so_far
        How long each customer has been there, not negative: one number, or one per customer.

    Returns
    -------
    pandas.DataFrame
        A row per customer: `survival`, `ci_lower`, `ci_upper`, `reason`. None, with the reason,
        where there is no fit or the time lies beyond the last event time that was seen. Before the
        first event that counts nothing bounds the interval, which is the estimate itself.

    Raises
    ------
    AnalysisError
        When covariates are missing or no numbers, or times negative.
    """
    frame = pd.DataFrame(covariates)
    missing = [name for name in found.names if name not in frame.columns]
    if missing:
        raise AnalysisError(f"covariate {', '.join(missing)} is missing", where="Cox survival")
    begin = np.broadcast_to(np.asarray(so_far, dtype="float64"), (len(frame),))
    end = begin + np.broadcast_to(np.asarray(ahead, dtype="float64"), (len(frame),))
    if not (np.isfinite(end).all() and (begin >= 0).all() and (end >= begin).all()):
        raise AnalysisError("times must be finite and not negative", where="Cox survival")
    names = ["survival", "ci_lower", "ci_upper", "reason"]
    if found.likelihood is None or found.sums is None:
        rows = [(None, None, None, found.reason)] * len(frame)
        return pd.DataFrame(rows, columns=names, index=frame.index, dtype=object)
    _, columns = checked_columns(frame[list(found.names)], len(frame), where="Cox survival")
    values = np.stack(columns, axis=1)
    share, low, high = _shares(found, values, begin, end)
    latest = found.likelihood.cells.times[-1]
    why = f"Nobody was seen to leave after {latest:g}, so nothing is known of later times."
    made = pd.DataFrame(
        {"survival": share, "ci_lower": low, "ci_upper": high, "reason": ""},
        index=frame.index,
        dtype=object,
    )
    made.loc[end > latest, names] = [None, None, None, why]
    return made


def _shares(
    found: CoxFit, values: Floats, begin: Floats, end: Floats
) -> tuple[Floats, Floats, Floats]:
    likelihood, sums = found.likelihood, found.sums
    assert likelihood is not None  # for the type checker: the caller has looked
    assert sums is not None
    cells = likelihood.cells
    scaled = ((values - cells.centre) / cells.scale).T
    beta = found.coefficients * cells.scale
    first, last = (np.searchsorted(cells.times, at, side="right") for at in (begin, end))

    def between(steps: Floats) -> Floats:
        summed = np.concatenate([[0.0], np.cumsum(steps)])
        made: Floats = summed[last] - summed[first]
        return made

    risk = np.exp(np.einsum("i,ij->j", beta, scaled) - sums.shift)
    hazard = risk * between(sums.a)
    drift = sums.s1 * sums.aa - sums.d1 * sums.ab
    lean = np.array(
        [
            risk * x * between(sums.a) - risk * between(own)
            for x, own in zip(scaled, drift, strict=True)
        ]
    )
    cov = found.cov * np.outer(cells.scale, cells.scale)
    variance = risk**2 * between(sums.aa) + np.einsum("ij,ik,kj->j", lean, cov, lean)
    half = np.divide(
        float(stats.norm.isf((1 - found.level) / 2)) * np.sqrt(variance),
        hazard,
        out=np.zeros_like(hazard),
        where=hazard > 0,
    )
    return np.exp(-hazard), np.exp(-hazard * np.exp(half)), np.exp(-hazard * np.exp(-half))
