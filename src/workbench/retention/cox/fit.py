"""Cox regression: which covariates go with an earlier event, and by how much.

References
----------
Cox, "Regression Models and Life-Tables", JRSS B 34, 1972. Efron, JASA 72, 1977 (ties). Lin & Wei,
"The Robust Inference for the Cox Proportional Hazards Model", JASA 84, 1989 (robust errors).
MacKinnon & White, "Some Heteroskedasticity-Consistent Covariance Matrix Estimators with Improved
Finite Sample Properties", Journal of Econometrics 29, 1985 (the factor for the coefficients that
were estimated), taken to g clusters: g / (g - coefficients). Cameron & Miller, "A Practitioner's
Guide to Cluster-Robust Inference", Journal of Human Resources 50, 2015 (t with g - 1 degrees).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from workbench.errors import AnalysisError
from workbench.retention.cox.cells import RiskCells, risk_cells
from workbench.retention.cox.climb import climb
from workbench.retention.cox.likelihood import EfronLikelihood, TimeSums, weighted_products
from workbench.retention.times import Floats

__all__ = ["MIN_CLUSTERS", "CoxFit", "fit_cox"]

MIN_CLUSTERS = 20
"""Robust errors rest on as many clusters at least; with fewer no correction makes them hold."""
PLAIN = "Cox regression, Efron ties, normal on the log hazard ratio"
ROBUST = f"{PLAIN}, robust (Lin-Wei) errors"
CLUSTERED = (
    "Cox regression, Efron ties, t on the log hazard ratio, robust (Lin-Wei) errors that allow for "
    "the number of clusters"
)
_COLUMNS = [
    *("covariate", "coefficient", "std_error", "robust_error", "hazard_ratio"),
    *("ci_lower", "ci_upper", "pvalue"),
]


@dataclass(frozen=True)
class CoxFit:
    """A Cox regression, or why there is none.

    Parameters
    ----------
    names
        Of the covariates.
    coefficients
        Log hazard ratios for one unit of each covariate, shape (covariates,); empty where there is
        no fit.
    cov, robust_cov
        Their covariance by the information, and by Lin & Wei's sandwich, which also holds where the
        model is not quite right or rows of one cluster go together; that of g clusters is widened
        by g / (g - coefficients). Empty where there is no fit; `robust_cov` also where there are
        fewer than :data:`MIN_CLUSTERS` clusters, or no more than two for each coefficient.
    log_likelihood, log_likelihood_null
        Of the fit, and without covariates; None where there is no fit.
    score_test
        Statistic of the score test that no covariate matters; chi-square with as many degrees of
        freedom as covariates; None where there is no fit.
    customers, events, clusters
        How many; `clusters` is None where rows were not clustered.
    level
        Of the intervals.
    steps
        How many steps the search took.
    reason
        Why there is no fit; empty otherwise.
    robust_reason
        Why there are no robust errors; empty otherwise.
    """

    names: tuple[str, ...]
    coefficients: Floats
    cov: Floats
    robust_cov: Floats
    log_likelihood: float | None
    log_likelihood_null: float | None
    score_test: float | None
    customers: int
    events: int
    clusters: int | None
    level: float
    steps: int
    reason: str
    robust_reason: str
    likelihood: EfronLikelihood | None = field(repr=False, compare=False)
    sums: TimeSums | None = field(repr=False, compare=False)

    @property
    def converged(self) -> bool:
        """Return whether there is a fit."""
        return not self.reason

    @property
    def ratio_pvalue(self) -> float | None:
        """Return the p-value of the likelihood-ratio test that no covariate matters."""
        if self.log_likelihood is None or self.log_likelihood_null is None:
            return None
        gained = 2 * (self.log_likelihood - self.log_likelihood_null)
        return float(stats.chi2.sf(max(gained, 0.0), len(self.names)))

    @property
    def robust_degrees(self) -> int | None:
        """Return the degrees of freedom of clusters' robust errors; None where they are normal."""
        return self.clusters - 1 if self.clusters is not None and self.robust_cov.size else None

    def effects(self, *, robust: bool = True) -> pd.DataFrame:
        """Return one row per covariate; none where there is no fit.

        Parameters
        ----------
        robust
            Whether intervals and p-values rest on the robust errors (where there are any).

        Returns
        -------
        pandas.DataFrame
            `covariate`, `coefficient`, `std_error`, `robust_error` (None where there is none),
            `hazard_ratio`, `ci_lower`, `ci_upper` (of the hazard ratio), `pvalue` (two-sided).
        """
        if not self.converged:
            return pd.DataFrame(columns=_COLUMNS)
        plain = np.sqrt(np.diag(self.cov))
        sandwich = np.sqrt(np.diag(self.robust_cov)) if self.robust_cov.size else None
        error = sandwich if robust and sandwich is not None else plain
        clustered = robust and self.robust_degrees is not None
        law = stats.t(self.robust_degrees) if clustered else stats.norm()
        half = float(law.isf((1 - self.level) / 2)) * error
        made = pd.DataFrame(
            {
                "covariate": list(self.names),
                "coefficient": self.coefficients,
                "std_error": plain,
                "robust_error": None if sandwich is None else sandwich,
                "hazard_ratio": np.exp(self.coefficients),
                "ci_lower": np.exp(self.coefficients - half),
                "ci_upper": np.exp(self.coefficients + half),
                "pvalue": 2 * law.sf(np.abs(self.coefficients / error)),
            }
        )
        return made[_COLUMNS]

    def method(self, *, robust: bool = True) -> str:
        """Return how the intervals were made."""
        if not (robust and self.robust_cov.size):
            return PLAIN
        return ROBUST if self.robust_degrees is None else CLUSTERED


def fit_cox(
    durations: Any,
    event_observed: Any,
    covariates: Any,
    *,
    entry: Any = None,
    n: Any = None,
    cluster: Any = None,
    alpha: float = 0.05,
) -> CoxFit:
    """Return a Cox regression with exact derivatives; ties are treated as Efron does.

    Parameters
    ----------
    durations
        Times to event or censoring, not negative, shape (rows,).
    event_observed
        1 or true where the event was seen, 0 where censored.
    covariates
        A frame of numbers or true/false, a column per covariate, shape (rows, covariates).
    entry
        Times at which observation began, before `durations`; from the start when not given. One
        who enters at a time is at risk after it.
    n
        How many customers each row stands for, whole numbers above 0; 1 when not given.
    cluster
        Which rows belong together, such as the customer of several subscriptions; each row by
        itself when not given. A row that stands for `n` customers is then wholly of its cluster.
    alpha
        One minus the level of the intervals.

    Raises
    ------
    AnalysisError
        For impossible times, covariates that are missing or no numbers, or a wrong level. Data
        that are sound, but do not tell the coefficients, are no error: the fit says why.

    Examples
    --------
    >>> found = fit_cox([4, 3, 1, 1, 2, 2, 3], [1, 1, 1, 0, 1, 1, 0], {"x": [0, 2, 1, 1, 1, 0, 0]})
    >>> found.effects()["coefficient"].round(4).tolist()
    [0.4608]
    """
    if not 0 < alpha < 1:
        raise AnalysisError(f"alpha == {alpha}, must lie between 0 and 1", where="Cox regression")
    cells = risk_cells(durations, event_observed, covariates, entry=entry, n=n, cluster=cluster)
    clusters = None if cells.cluster is None else int(pd.Series(np.asarray(cluster)).nunique())
    if not cells.events:
        return _nothing(cells, clusters, alpha, 0, "Nobody had the event.")
    likelihood = EfronLikelihood(cells)
    top, sums = climb(likelihood, cells.names, np.ptp(cells.x, axis=1))
    if top.reason or sums is None:
        return _nothing(cells, clusters, alpha, top.steps, top.reason)
    inverse = np.linalg.inv(top.information)
    unscale = np.outer(cells.scale, cells.scale)
    least = max(MIN_CLUSTERS, 2 * len(cells.names) + 1)
    few = clusters is not None and clusters < least
    why = f"Robust errors need {least} clusters, there are {clusters}." if few else ""
    robust = np.empty((0, 0)) if few else inverse @ _meat(likelihood, sums) @ inverse / unscale
    if clusters is not None and not few:
        robust = robust * clusters / (clusters - len(cells.names))
    return CoxFit(
        names=cells.names,
        coefficients=top.beta / cells.scale,
        cov=inverse / unscale,
        robust_cov=robust,
        log_likelihood=top.value,
        log_likelihood_null=top.null,
        score_test=top.score,
        customers=cells.customers,
        events=cells.events,
        clusters=clusters,
        level=1 - alpha,
        steps=top.steps,
        reason="",
        robust_reason=why,
        likelihood=likelihood,
        sums=sums,
    )


def _nothing(
    cells: RiskCells, clusters: int | None, alpha: float, steps: int, reason: str
) -> CoxFit:
    none, empty = np.empty(0), np.empty((0, 0))
    return CoxFit(
        names=cells.names,
        coefficients=none,
        cov=empty,
        robust_cov=empty,
        log_likelihood=None,
        log_likelihood_null=None,
        score_test=None,
        customers=cells.customers,
        events=cells.events,
        clusters=clusters,
        level=1 - alpha,
        steps=steps,
        reason=reason,
        robust_reason=reason,
        likelihood=None,
        sums=None,
    )


def _meat(likelihood: EfronLikelihood, sums: TimeSums) -> Floats:
    """Return the sum of squared score residuals, of customers or of clusters."""
    residuals = likelihood.residuals(sums)
    if likelihood.cells.cluster is None:
        made: Floats = weighted_products(residuals, likelihood.cells.n)
        return made
    added = likelihood.by_cluster(residuals)
    return weighted_products(added, np.ones(added.shape[1]))
