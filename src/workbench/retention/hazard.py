"""Who leaves in which period: a discrete-time hazard for many covariates, with a ridge penalty.

In each period that a customer begins they may leave with a probability that depends on the period
and on covariates. That is a logistic regression (or, for covariates that multiply a hazard in
continuous time, one with the complementary log-log link) on one row per customer and period. The
rows are never made: customers with equal covariates are counted together, and periods of equal
hazard too, so that a row stands for all their customer-periods.

The periods' own hazards are free; the covariates' coefficients are held back by a penalty, chosen
by the deviance on customers who were left out. "No covariate at all" is one of the choices.

References
----------
Singer & Willett, "It's About Time: Using Discrete-Time Survival Analysis to Study Duration and the
Timing of Events", Journal of Educational Statistics 18, 1993. Prentice & Gloeckler, "Regression
Analysis of Grouped Survival Data", Biometrics 34, 1978 (complementary log-log). Hoerl & Kennard,
"Ridge Regression", Technometrics 12, 1970.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.errors import AnalysisError, one_of
from workbench.retention.covariates import checked_columns
from workbench.retention.hazard_cells import PeriodCells, period_cells
from workbench.retention.hazard_fit import Link, Ridge, deviance, fit_ridge, hazard_of
from workbench.retention.times import Floats

__all__ = ["PENALTIES", "HazardFit", "Remaining", "fit_hazard"]

WHERE = "hazard model"
PENALTIES = (0.1, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 10_000.0)
"""Tried penalties on the sum of squared coefficients of scaled covariates, halved."""


@dataclass(frozen=True)
class Remaining:
    """Survival of single customers, given that they are still there.

    Parameters
    ----------
    survival
        Probability to be there still after 1, 2 ... further periods, shape (customers, ahead).
    extrapolated
        True where the period lies beyond all that were seen, and the last hazard is carried on,
        same shape.
    """

    survival: Floats
    extrapolated: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class HazardFit:
    """A discrete-time hazard model, or why there is none.

    Parameters
    ----------
    names
        Of the covariates.
    link
        `logit` or `cloglog`.
    bins
        First and last period of each stretch of equal hazard, in order; the last one goes on.
    baseline
        Linear predictor of each stretch for a customer with average covariates, shape (bins,);
        empty where there is no fit.
    coefficients
        For one unit of each covariate: log odds ratios (logit) or log hazard ratios (cloglog),
        drawn towards nought by the penalty, so without intervals; empty where there is no fit.
    penalty
        The one that was chosen; None for "no covariate at all", or where there is no fit.
    tried
        One row per penalty: `penalty` (None: no covariates), `deviance` (of customers left out,
        per customer), `deviance_std_error` (over the folds), `chosen`; empty where nothing was.
    customers, events
        How many were followed in one period at least, and how many left.
    reason
        Why there is no fit; empty otherwise.
    """

    names: tuple[str, ...]
    link: Link
    bins: tuple[tuple[int, int], ...]
    baseline: Floats
    coefficients: Floats
    penalty: float | None
    tried: pd.DataFrame
    customers: int
    events: int
    reason: str
    _centre: Floats

    @property
    def converged(self) -> bool:
        """Return whether there is a fit."""
        return not self.reason

    @property
    def gain_share(self) -> float | None:
        """Return which share of the deviance of customers left out the covariates explain.

        None where there is no fit, or nothing was chosen.
        """
        if not len(self.tried):
            return None
        chosen = float(self.tried.loc[self.tried["chosen"].astype(bool), "deviance"].iloc[0])
        without = float(self.tried["deviance"].iloc[-1])
        return 1 - chosen / without if without > 0 else 0.0

    def hazards(self, covariates: Any) -> Floats:
        """Return each customer's probability to leave in a period, by stretch of periods.

        Parameters
        ----------
        covariates
            A frame with the model's covariates, a row per customer.

        Returns
        -------
        numpy.ndarray
            Shape (customers, bins).

        Raises
        ------
        AnalysisError
            Where there is no fit, or a covariate is missing.
        """
        if not self.converged:
            raise AnalysisError(f"there is no fit: {self.reason}", where=WHERE)
        frame = pd.DataFrame(covariates)
        missing = [name for name in self.names if name not in frame.columns]
        if missing:
            raise AnalysisError(f"covariate {', '.join(missing)} is missing", where=WHERE)
        _, columns = checked_columns(frame[list(self.names)], len(frame), where=WHERE)
        score = np.zeros(len(frame))
        for value, mean, column in zip(self.coefficients, self._centre, columns, strict=True):
            score += value * (column - mean)
        return hazard_of(self.baseline[None, :] + score[:, None], self.link)

    def remaining(self, covariates: Any, ahead: int, *, so_far: Any = 0) -> Remaining:
        """Return each customer's survival over the periods to come, given survival so far.

        Parameters
        ----------
        covariates
            A frame with the model's covariates, a row per customer.
        ahead
            How many periods to look ahead, at least 1.
        so_far
            How many periods each customer has survived, whole numbers from 0 on: one number, or
            one per customer.

        Raises
        ------
        AnalysisError
            Where there is no fit, or for values outside these.
        """
        if ahead < 1:
            raise AnalysisError(f"ahead == {ahead}, must be >= 1", where=WHERE)
        hazard = self.hazards(covariates)
        done = np.broadcast_to(np.asarray(so_far, dtype="float64"), (len(hazard),))
        if not ((done >= 0) & (done == np.floor(done))).all():
            raise AnalysisError("so_far must be whole numbers from 0 on", where=WHERE)
        stays = np.log1p(-np.minimum(hazard, 1 - 1e-16))
        begins = np.array([first - 1 for first, _ in self.bins], dtype="float64")
        widths = np.append(np.diff(begins), np.inf)

        def lived(time: Floats) -> Floats:
            inside = np.clip(time[:, None] - begins, 0, widths)
            made: Floats = np.einsum("ij,ij->i", inside, stays)
            return made

        start = lived(done)
        survival = np.stack(
            [np.exp(lived(done + step) - start) for step in range(1, ahead + 1)], axis=1
        )
        last = self.bins[-1][1]
        return Remaining(survival, done[:, None] + np.arange(1, ahead + 1) > last)


def fit_hazard(
    durations: Any,
    event_observed: Any,
    covariates: Any,
    *,
    entry: Any = None,
    n: Any = None,
    link: Link = "logit",
    penalties: Sequence[float] = PENALTIES,
    folds: int = 5,
    seed: int = 0,
    min_events: int = 10,
) -> HazardFit:
    """Return a discrete-time hazard model.

    Parameters
    ----------
    durations
        In how many periods each customer was followed, whole numbers from 0 on, shape (rows,): who
        left did so in the last of them, who was censored survived it.
    event_observed
        1 or true where the customer left (in period 1 at the earliest), 0 where censored.
    covariates
        A frame of numbers or true/false, a column per covariate, shape (rows, covariates).
    entry
        After how many periods observation began, below `durations`; 0 when not given.
    n
        How many customers each row stands for; 1 when not given.
    link
        `logit`, or `cloglog` for hazards that are proportional in continuous time.
    penalties
        What to choose from, not negative, besides "no covariate at all". With a single one nothing
        is chosen: it is used.
    folds
        Into how many parts customers are divided to choose, at least 2.
    seed
        Of the division.
    min_events
        Neighbouring periods have one hazard until so many left in them, at least 1.

    Raises
    ------
    AnalysisError
        For impossible times, covariates that are missing or no numbers, or options outside these.
        Data that are sound, but tell nothing, are no error: the fit says why.
    """
    if link not in ("logit", "cloglog"):
        raise AnalysisError(f"{link!r} is not known", where=WHERE, fix=one_of(link, LINKS))
    if folds < 2 or min_events < 1 or not penalties or min(penalties) < 0:
        raise AnalysisError(
            f"folds == {folds}, min_events == {min_events}, penalties == {tuple(penalties)}",
            where=WHERE,
            fix="At least 2 folds, at least 1 event, and penalties that are not negative.",
        )
    cells, why = period_cells(
        durations, event_observed, covariates, entry=entry, n=n, min_events=min_events
    )
    if cells is None:
        names, _ = checked_columns(covariates, len(np.asarray(durations)), where=WHERE)
        return _nothing(names, link, why)
    best: float | None = float(penalties[0])
    if len(penalties) == 1:
        tried = pd.DataFrame(columns=_TRIED)
    elif cells.events.sum() < folds:
        left = int(cells.events.sum())
        return _nothing(cells.names, link, f"Only {left} left: too few to choose a penalty by.")
    else:
        tried = _tried(cells, link, sorted(penalties), folds, seed)
        best = tried.loc[tried["chosen"].astype(bool), "penalty"].iloc[0]
    found = fit_ridge(cells, cells.trials, cells.events, link, np.inf if best is None else best)
    if found.reason:
        return _nothing(cells.names, link, found.reason)
    scale = np.where(cells.scale > 0, cells.scale, 1.0)
    return HazardFit(
        names=cells.names,
        link=link,
        bins=cells.bins,
        baseline=found.baseline,
        coefficients=found.coefficients / scale,
        penalty=best,
        tried=tried,
        customers=cells.customers,
        events=int(cells.events.sum()),
        reason="",
        _centre=cells.centre,
    )


LINKS = ("logit", "cloglog")
_TRIED = ["penalty", "deviance", "deviance_std_error", "chosen"]


def _tried(
    cells: PeriodCells, link: Link, penalties: Sequence[float], folds: int, seed: int
) -> pd.DataFrame:
    """Return the deviance of customers left out by penalty; the last row is without covariates."""
    choices = [*penalties, np.inf]
    lost = np.full((folds, len(choices)), np.inf)
    for fold, (trials, events) in enumerate(cells.parts(folds, seed)):
        start: Ridge | None = None
        # From the strongest penalty down, each fit begins where the one before ended.
        for place in range(len(choices) - 1, -1, -1):
            found = fit_ridge(
                cells, cells.trials - trials, cells.events - events, link, choices[place], start
            )
            if not found.reason:
                start = found
                lost[fold, place] = deviance(cells, trials, events, link, found)
    total = lost.sum(axis=0) / cells.customers
    spread = lost.std(axis=0, ddof=1) * np.sqrt(folds) / cells.customers
    best = len(choices) - 1 - int(np.argmin(total[::-1]))  # of equal ones the strongest
    rows = [
        (None if np.isinf(choice) else choice, value, error, place == best)
        for place, (choice, value, error) in enumerate(zip(choices, total, spread, strict=True))
        if np.isfinite(value)
    ]
    return pd.DataFrame(rows, columns=_TRIED, dtype=object)


def _nothing(names: tuple[str, ...], link: Link, reason: str) -> HazardFit:
    none = np.empty(0)
    tried = pd.DataFrame(columns=_TRIED)
    return HazardFit(names, link, (), none, none, None, tried, 0, 0, reason, none)
