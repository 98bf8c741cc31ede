"""How many customers under contract renew: the shifted-beta-geometric model.

At each renewal a customer leaves with a chance of their own; these chances are beta distributed
over customers (``alpha``, ``beta``). Those likely to leave go first, so that retention rises over
the years of a cohort although nobody changes.

References
----------
Fader & Hardie, "How to Project Customer Retention", Journal of Interactive Marketing 21(1), 2007.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy import special, stats

from workbench.errors import AnalysisError
from workbench.retention.maximise import (
    Fitted,
    Floats,
    Maximum,
    in_logs,
    maximise,
    parameters_of,
)

__all__ = ["RenewalFit", "ShiftedBetaGeometric", "fit_renewals"]

_NAMES = ("alpha", "beta")
_SAME = "All customers seem to leave with the same chance, so how far they differ cannot be told."
_EDGES = {
    (0, 1): _SAME,
    (1, 1): _SAME,
    (0, -1): "Hardly anybody leaves, so how fast customers leave cannot be told.",
    (1, -1): "Nearly everybody leaves at the first renewal, or not at all.",
}


@dataclass(frozen=True)
class ShiftedBetaGeometric:
    """The model with its parameters.

    Parameters
    ----------
    alpha, beta
        Of the beta distribution of the chance to leave at a renewal.

    Examples
    --------
    >>> high_end = ShiftedBetaGeometric(0.668, 3.806)
    >>> high_end.survival([1, 7, 12]).round(3).tolist()
    [0.851, 0.489, 0.378]
    """

    name: ClassVar[str] = "shifted-beta-geometric"
    names: ClassVar[tuple[str, ...]] = _NAMES
    alpha: float
    beta: float

    def survival(self, periods: Any) -> Floats:
        """Return the share of customers that is still there after so many renewals."""
        done = np.asarray(periods, dtype="float64")
        share: Floats = np.exp(
            special.betaln(self.alpha, self.beta + done) - special.betaln(self.alpha, self.beta)
        )
        return share

    def retention_rate(self, period: Any) -> Floats:
        """Return the share that renews in a period, from 1 on, of those there before it."""
        at = np.asarray(period, dtype="float64")
        rate: Floats = (self.beta + at - 1) / (self.alpha + self.beta + at - 1)
        return rate


@dataclass(frozen=True)
class RenewalFit(Fitted[ShiftedBetaGeometric]):
    """The model fitted to customers, or why it could not be.

    Parameters
    ----------
    customers, left
        How many customers there are, and how many of them left.
    observed
        The most renewals that were seen.
    level
        Of the intervals.
    """

    customers: int
    left: int
    observed: int
    level: float

    def model_at(self, log_params: Floats) -> ShiftedBetaGeometric:
        """Return the model with other parameters, such as drawn ones."""
        return ShiftedBetaGeometric(*(float(value) for value in np.exp(log_params)))

    def projection(self, periods: int, *, done: int = 0) -> pd.DataFrame:
        """Return survival and retention over the coming periods, with intervals.

        Parameters
        ----------
        periods
            How many periods to look ahead, at least 1.
        done
            How often the customers have renewed already: survival is that of those still there.

        Returns
        -------
        pandas.DataFrame
            `period` (`done` + 1 and on), `survival` (of those there after `done`), `ci_lower`,
            `ci_upper`, `retention_rate` (of those there before the period), `rate_ci_lower`,
            `rate_ci_upper`, `observed` (whether the data reach as far).

        Notes
        -----
        The intervals are those of the estimates, by the delta method on log(-log survival) and on
        the log-odds of the rate; :meth:`remaining` adds the chance of single customers.
        """
        _check_ahead(periods, done)
        model = self.model
        at = done + np.arange(1, periods + 1.0)
        alpha, beta = model.alpha, model.beta
        share = model.survival(at) / model.survival(done)
        psi = special.psi
        slope = np.vstack(
            [
                alpha * (psi(alpha + beta + done) - psi(alpha + beta + at)),
                beta * (psi(beta + at) - psi(beta + done))
                + beta * (psi(alpha + beta + done) - psi(alpha + beta + at)),
            ]
        )
        log = np.log(share)
        error = _errors(slope / log, self.found.cov)
        z = float(stats.norm.isf((1 - self.level) / 2))
        rate = model.retention_rate(at)
        odds = np.log(beta + at - 1) - np.log(alpha)
        rate_slope = np.vstack([-np.ones_like(at), beta / (beta + at - 1)])
        rate_error = _errors(rate_slope, self.found.cov)
        return pd.DataFrame(
            {
                "period": at.astype("int64"),
                "survival": share,
                "ci_lower": np.exp(log * np.exp(z * error)),
                "ci_upper": np.exp(log * np.exp(-z * error)),
                "retention_rate": rate,
                "rate_ci_lower": special.expit(odds - z * rate_error),
                "rate_ci_upper": special.expit(odds + z * rate_error),
                "observed": at <= self.observed,
            }
        )

    def remaining(
        self, customers: int, periods: int, *, done: int = 0, seed: int, draws: int = 4000
    ) -> pd.DataFrame:
        """Return how many of a number of customers will be there, with predictive intervals.

        Parameters
        ----------
        customers
            How many there are now, at least 1.
        periods, done
            As :meth:`projection` takes them.
        seed
            Of the draws.
        draws
            How many futures are drawn.

        Returns
        -------
        pandas.DataFrame
            `period`, `expected` (customers), `ci_lower`, `ci_upper`: an interval for the number
            itself, of parameters that are not known exactly and of customers left to chance.
        """
        _check_ahead(periods, done)
        if customers < 1:
            raise AnalysisError(f"customers == {customers}, must be >= 1", where="renewals")
        expected = customers * self.projection(periods, done=done)["survival"].to_numpy()
        rng = np.random.default_rng(seed)
        logs = rng.multivariate_normal(
            self.found.log_params, self.found.cov, size=draws, method="eigh"
        )
        alpha, beta = np.exp(logs).T
        left = np.full(draws, customers)
        ends = np.empty((2, periods))
        tail = (1 - self.level) / 2
        for step in range(periods):
            at = done + step
            left = rng.binomial(left, (beta + at) / (alpha + beta + at))
            ends[:, step] = np.quantile(left, [tail, 1 - tail], method="inverted_cdf")
        return pd.DataFrame(
            {
                "period": done + np.arange(1, periods + 1),
                "expected": expected,
                "ci_lower": ends[0].astype("int64"),
                "ci_upper": ends[1].astype("int64"),
            }
        )


def _check_ahead(periods: int, done: int) -> None:
    if periods < 1:
        raise AnalysisError(f"periods == {periods}, must be >= 1", where="renewals")
    if done < 0:
        raise AnalysisError(f"done == {done}, must be >= 0", where="renewals")


def _errors(slope: Floats, cov: Floats) -> Floats:
    made: Floats = np.sqrt(np.einsum("ki,kl,li->i", slope, cov, slope))
    return made


def fit_renewals(periods: Any, left: Any, *, n: Any = None, alpha: float = 0.05) -> RenewalFit:
    """Return the shifted-beta-geometric model by maximum likelihood.

    Parameters
    ----------
    periods
        The period in which a customer left, from 1 on; or how many renewals one who is still there
        has made, from 0 on.
    left
        1 or true where the customer left, 0 where still there.
    n
        How many customers a row stands for; 1 when not given.
    alpha
        One minus the level of the intervals.

    Raises
    ------
    AnalysisError
        For no row, or rows that cannot be.

    Examples
    --------
    >>> lost = [131, 126, 90, 60, 42, 34, 26]
    >>> fit = fit_renewals([*range(1, 8), 7], [1] * 7 + [0], n=[*lost, 491])
    >>> [round(one.value, 3) for one in fit.parameters]
    [0.668, 3.806]
    """
    gone, stayed = _tallies(periods, left, n)
    everyone, lost = float(gone.sum() + stayed.sum()), float(gone.sum())
    reason = _cannot(gone, stayed)
    found = (
        _search(gone, stayed)
        if not reason
        else Maximum(np.empty(0), None, np.empty((0, 0)), 0, reason)
    )
    return RenewalFit(
        name=ShiftedBetaGeometric.name,
        parameters=parameters_of(found, _NAMES, alpha=alpha),
        loglik=found.value,
        found=found,
        customers=int(everyone),
        left=int(lost),
        observed=len(gone) - 1,
        level=1 - alpha,
        reason=found.reason,
    )


def _tallies(periods: Any, left: Any, n: Any) -> tuple[Floats, Floats]:
    """Return how many left in each period, and how many were last seen after it, from 0 on."""
    at, event = (np.asarray(values, dtype="float64") for values in (periods, left))
    weight = np.ones_like(at) if n is None else np.asarray(n, dtype="float64")
    if not at.shape == event.shape == weight.shape or at.ndim != 1:
        raise AnalysisError("periods, left and n differ in shape", where="renewals")
    if not len(at):
        raise AnalysisError("there is no customer", where="renewals", fix="Check the filter.")
    wrong = {
        "periods is not a whole number from 0 on": ~(
            (at >= 0) & (at == np.floor(at)) & (at <= 100_000)
        ),
        "left is neither 0 nor 1": ~np.isin(event, (0.0, 1.0)),
        "nobody can leave before period 1": (event == 1) & (at < 1),
        "n is not a whole number from 0 on": ~((weight >= 0) & (weight == np.floor(weight))),
    }
    said = [f"{what} (rows: {int(rows.sum()):,})" for what, rows in wrong.items() if rows.any()]
    if said:
        raise AnalysisError(
            "; ".join(said),
            where="renewals",
            fix="Give the period of leaving, from 1 on, or the renewals so far, at most 100,000.",
        )
    size, whole = int(at.max()) + 1, at.astype("int64")
    gone = np.bincount(whole, weights=weight * event, minlength=size)
    stayed = np.bincount(whole, weights=weight * (1 - event), minlength=size)
    return gone.astype("float64"), stayed.astype("float64")


def _cannot(gone: Floats, stayed: Floats) -> str:
    if gone.sum() + stayed[1:].sum() < 2:
        return "Fewer than two customers have come to a renewal; a model needs many."
    if not gone.sum():
        return "Nobody has left, so how fast customers leave cannot be told."
    if not gone[2:].sum() and not stayed[1:].sum():
        return "Everybody left at the first renewal, so how far customers differ cannot be told."
    if len(gone) < 3:
        return "Only one renewal was seen, so how far customers differ cannot be told."
    return ""


def _search(gone: Floats, stayed: Floats) -> Maximum:
    at = np.arange(len(gone), dtype="float64")
    lost = gone > 0
    everyone, left = float(gone.sum() + stayed.sum()), float(gone.sum())
    before = np.maximum(at - 1, 0.0)
    # Those who left in a period stood until the one before it.
    stood: Floats = np.where(lost, gone, 0.0)

    def loglik(log_params: Floats) -> tuple[float, Floats, Floats]:
        params = np.exp(log_params)
        alpha, beta = params
        value = stood @ special.betaln(alpha + 1, beta + before)
        value += stayed @ special.betaln(alpha, beta + at) - everyone * special.betaln(alpha, beta)
        gradient, hessian = np.empty(2), np.empty((2, 2))
        terms = []
        for f in (special.psi, lambda z: special.polygamma(1, z)):
            whole = stood @ f(alpha + beta + at) + stayed @ f(alpha + beta + at)
            whole -= everyone * f(alpha + beta)
            own = left * f(alpha + 1) + (stayed.sum() - everyone) * f(alpha)
            other = stood @ f(beta + before) + stayed @ f(beta + at) - everyone * f(beta)
            terms.append((own, other, whole))
        gradient[:] = terms[0][0] - terms[0][2], terms[0][1] - terms[0][2]
        hessian[:] = -terms[1][2]
        hessian[0, 0] += terms[1][0]
        hessian[1, 1] += terms[1][1]
        return (float(value), *in_logs(params, gradient, hessian))

    starts = [np.log([a, b]) for a, b in ((1.0, 1.0), (0.5, 3.0), (0.5, 0.5), (3.0, 20.0))]
    starts.sort(key=lambda start: -loglik(start)[0])
    return maximise(
        loglik,
        starts,
        lower=np.log(np.full(2, 1e-4)),
        upper=np.log(np.full(2, 1e4)),
        at_edge=_EDGES,
        names=_NAMES,
    )
