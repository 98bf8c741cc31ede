"""Whether a hazard ratio holds over time, or grows or fades: the test on Schoenfeld residuals.

A Cox regression gives one hazard ratio for all times. The test asks whether the Schoenfeld
residuals (covariates of those with the event, less the mean of those at risk) rise or fall with
time. It is computed as the score test that adds ``g(t) x`` to the model, with the exact information
at every event time, for each covariate alone and for all of them together. Where rows of one
cluster go together, the information would make the test err far too often: then the variance is
that of the clusters' own sums of score residuals (Lin & Wei).

References
----------
Grambsch & Therneau, "Proportional Hazards Tests and Diagnostics Based on Weighted Residuals",
Biometrika 81, 1994. Therneau & Grambsch, "Modeling Survival Data", Springer, 2000, chapter 6. Lin &
Wei, JASA 84, 1989 (the variance of clusters).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from workbench.data.phrases import days, pvalue
from workbench.errors import AnalysisError, one_of
from workbench.retention.cox.fit import CoxFit
from workbench.retention.cox.likelihood import EfronLikelihood, TimeSums, weighted_products
from workbench.retention.times import Floats

__all__ = ["Proportionality", "check_proportionality", "holm", "schoenfeld_residuals"]

Transform = Literal["km", "rank", "identity"]
_LEVEL = 0.05
_COLUMNS = [
    *("covariate", "statistic", "pvalue", "pvalue_adj", "changes"),
    *("early", "late", "split_time"),
]


@dataclass(frozen=True)
class Proportionality:
    """The test of each covariate and of all.

    Parameters
    ----------
    table
        One row per covariate: `covariate`, `statistic` (chi-square, one degree of freedom),
        `pvalue`, `pvalue_adj` (Holm, over the covariates), `changes` (whether `pvalue_adj` is
        below 5%), `early` and `late` (the hazard ratio for one unit over the first and over the
        second half of the events, each one Newton step from the common one; None where that half
        does not tell it), `split_time` (the event time that ends the first half). Empty where there
        is no test.
    statistic, pvalue
        Of all covariates together, with as many degrees of freedom; None where there is no test.
    transform
        How time was measured.
    reason
        Why there is no test; empty otherwise.
    """

    table: pd.DataFrame
    statistic: float | None
    pvalue: float | None
    transform: str
    reason: str

    @property
    def changing(self) -> tuple[str, ...]:
        """Return the covariates whose effect changes over time."""
        return tuple(self.table.loc[self.table["changes"].astype(bool), "covariate"])

    def sentences(self) -> list[str]:
        """Return what the test says, in plain words: one sentence, or one per changing effect."""
        if self.reason or self.pvalue is None:
            return [f"Whether effects hold over time cannot be said: {self.reason}"]
        changing = self.table[self.table["changes"].astype(bool)]
        if not len(changing):
            if self.pvalue < _LEVEL:
                return [
                    "Taken together the effects change over time more than chance explains "
                    f"({pvalue(self.pvalue)}), but none of them clearly by itself: the ratios are "
                    "averages over the time that was seen."
                ]
            return [
                "No effect is seen to change over time: the ratios may be read as holding from "
                f"the start to the end (test of all together, {pvalue(self.pvalue)})."
            ]
        return [_sentence(row) for row in changing.to_dict("records")]


def _sentence(row: dict[Any, Any]) -> str:
    said = f"The effect of {row['covariate']} changes over time ({pvalue(row['pvalue_adj'])})"
    early, late = row["early"], row["late"]
    if early is None or late is None:
        return f"{said}: its ratio is an average over the time that was seen."
    if (early - 1) * (late - 1) < 0:
        way = "crosses 1"
    else:
        way = "fades" if abs(np.log(late)) < abs(np.log(early)) else "grows"
    return (
        f"{said}. It {way}: the ratio is {early:.2f} up to {days(row['split_time'])} and "
        f"{late:.2f} later, each over half of the events; the one ratio is an average of both."
    )


def check_proportionality(found: CoxFit, *, transform: Transform = "km") -> Proportionality:
    """Return whether the effects of a Cox regression are the same early and late.

    Parameters
    ----------
    found
        The regression.
    transform
        How time is measured: `km` (one minus the Kaplan-Meier curve just before the time, so that
        few late events do not decide), `rank` of the event times, or `identity`.

    Raises
    ------
    AnalysisError
        For another transform.
    """
    if transform not in ("km", "rank", "identity"):
        raise AnalysisError(
            f"{transform!r} is not known",
            where="proportionality",
            fix=one_of(transform, ("km", "rank", "identity")),
        )
    likelihood, sums = found.likelihood, found.sums
    if likelihood is None or sums is None:
        return _nothing(transform, found.reason)
    if len(likelihood.cells.times) < 3:
        return _nothing(transform, "There are fewer than three event times.")
    g = _clock(likelihood, sums, transform)
    residuals = likelihood.death_x - sums.mean
    plain = likelihood.information(sums)
    once = likelihood.information(sums, g)
    twice = likelihood.information(sums, g * g)
    spread = twice - once @ np.linalg.solve(plain, once)
    if found.robust_degrees is not None:
        lean = np.linalg.solve(plain, likelihood.residuals(sums))
        added = likelihood.by_cluster(likelihood.residuals(sums, g) - once @ lean)
        spread = weighted_products(added, np.ones(added.shape[1]))
    steep = residuals @ g
    own = np.diag(spread)
    if not (own > 1e-10 * np.diag(twice)).all():
        return _nothing(transform, "The events are too close together in time.")
    single = steep**2 / own
    together = _together(spread, steep)
    early, late, split = _halves(found, likelihood, sums, residuals)
    single_p = stats.chi2.sf(single, 1)
    adjusted = holm(single_p)
    rows = zip(found.names, single, single_p, adjusted, adjusted < _LEVEL, early, late, strict=True)
    table = pd.DataFrame([(*row, split) for row in rows], columns=_COLUMNS)
    table[["early", "late"]] = pd.DataFrame({"early": early, "late": late}, dtype=object)
    if together is None:
        return _nothing(transform, "The effects' changes cannot be told apart.")
    return Proportionality(
        table=table,
        statistic=together,
        pvalue=float(stats.chi2.sf(together, len(found.names))),
        transform=transform,
        reason="",
    )


def schoenfeld_residuals(found: CoxFit, *, scaled: bool = True) -> pd.DataFrame:
    """Return residuals by event time, in the covariates' own units.

    Parameters
    ----------
    found
        The regression.
    scaled
        Whether to return what each time says of the coefficient itself: the residuals times their
        number and the covariance, plus the coefficient. Their mean over time is the coefficient.

    Returns
    -------
    pandas.DataFrame
        `time`, `events`, and a column per covariate: the mean over the tied events.
    """
    likelihood, sums = found.likelihood, found.sums
    if likelihood is None or sums is None:
        return pd.DataFrame(columns=["time", "events", *found.names])
    cells = likelihood.cells
    each = (likelihood.death_x - sums.mean) / likelihood.deaths * cells.scale[:, None]
    if scaled:
        each = found.coefficients[:, None] + found.events * (found.cov @ each)
    made = {"time": cells.times, "events": likelihood.deaths.astype("int64")}
    return pd.DataFrame({**made, **dict(zip(found.names, each, strict=True))})


def _clock(likelihood: EfronLikelihood, sums: TimeSums, transform: Transform) -> Floats:
    """Return each event time as the test measures it, centred on the events."""
    times, deaths = likelihood.cells.times, likelihood.deaths
    if transform == "identity":
        g = times
    elif transform == "rank":
        g = np.cumsum(deaths) - (deaths - 1) / 2
    else:
        followed = likelihood.followed
        share = np.cumprod(1 - deaths / followed)
        g = 1 - np.concatenate([[1.0], share[:-1]])
    centred: Floats = g - (g @ deaths) / deaths.sum()
    return centred / max(float(np.abs(centred).max()), 1e-300)


def _together(spread: Floats, steep: Floats) -> float | None:
    scale = np.sqrt(np.diag(spread))
    if np.linalg.eigvalsh(spread / np.outer(scale, scale))[0] < 1e-9:
        return None
    return float(steep @ np.linalg.solve(spread, steep))


def _halves(
    found: CoxFit, likelihood: EfronLikelihood, sums: TimeSums, residuals: Floats
) -> tuple[list[float | None], list[float | None], float]:
    """Return hazard ratios over the first and the second half of the events."""
    deaths, times = likelihood.deaths, likelihood.cells.times
    last = int(np.searchsorted(np.cumsum(deaths), deaths.sum() / 2))
    last = min(last, len(times) - 2)
    ratios: list[list[float | None]] = []
    for weight in (np.arange(len(times)) <= last, np.arange(len(times)) > last):
        half = weight.astype("float64")
        information = likelihood.information(sums, half)
        spread = np.sqrt(np.maximum(np.diag(information), 1e-300))
        least = float(np.linalg.eigvalsh(information / np.outer(spread, spread))[0])
        if least < 1e-6 or (np.diag(information) <= 0).any():
            ratios.append([None] * len(found.names))
            continue
        step = np.linalg.solve(information, residuals @ half) / likelihood.cells.scale
        ratios.append([float(value) for value in np.exp(found.coefficients + step)])
    return ratios[0], ratios[1], float(times[last])


def holm(pvalues: Floats) -> Floats:
    """Return p-values adjusted so that all of them together err at the level."""
    order = np.argsort(pvalues, kind="stable")
    factors = len(pvalues) - np.arange(len(pvalues))
    made = np.empty_like(pvalues)
    made[order] = np.minimum(np.maximum.accumulate(pvalues[order] * factors), 1.0)
    return made


def _nothing(transform: str, reason: str) -> Proportionality:
    return Proportionality(pd.DataFrame(columns=_COLUMNS), None, None, transform, reason)
