"""The partial likelihood of Efron with its exact derivatives, from sums over risk sets.

With ``d`` events at a time, Efron takes the l-th of them (l = 0 ... d-1) out of a risk set from
which the share ``l / d`` of the tied events has gone already: ``S0 - (l / d) D0``, where S0 is the
sum of ``exp(x . b)`` over those at risk and D0 over those with the event. Every term is one of six
sums over l of that risk set's inverse (see :class:`TimeSums`). The part of the Hessian that needs
each customer's own ``x x'`` is then one weighted sum over all cells, whatever the number of event
times: a cell's weight is the cumulative hazard over the event times at which it was at risk.

References
----------
Efron, "The Efficiency of Cox's Likelihood Function for Censored Data", JASA 72, 1977. Therneau &
Grambsch, "Modeling Survival Data: Extending the Cox Model", Springer, 2000, chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.retention.cox.cells import RiskCells
from workbench.retention.maximise import total
from workbench.retention.times import Floats, Ints

__all__ = ["EfronLikelihood", "TimeSums", "weighted_products"]

_BLOCK = 2**20  # tied events that are summed at once


@dataclass(frozen=True)
class TimeSums:
    """Sums per event time at given coefficients; l runs over the tied events, u is l / d.

    Parameters
    ----------
    risk
        exp(x . b) of each cell, times a constant that cancels, shape (cells,).
    s0, d0
        Its sum over those at risk, and over those with the event, shape (times,).
    s1, d1
        The same of `risk * x`, shape (covariates, times).
    log
        The sum over l of the logarithm of Efron's risk set.
    a, b
        The sums of 1 / risk set, and of u / risk set: `a` is the step of the cumulative hazard.
    aa, ab, bb
        The sums of 1, u, and u * u over the squared risk set.
    shift
        The logarithm of the constant in `risk`.
    """

    risk: Floats
    s0: Floats
    d0: Floats
    s1: Floats
    d1: Floats
    log: Floats
    a: Floats
    b: Floats
    aa: Floats
    ab: Floats
    bb: Floats
    shift: float

    @property
    def mean(self) -> Floats:
        """Return the sum over tied events of the mean covariate at risk, (covariates, times)."""
        found: Floats = self.s1 * self.a - self.d1 * self.b
        return found


class EfronLikelihood:
    """Coefficients of the scaled covariates -> log-likelihood, gradient and information.

    Parameters
    ----------
    cells
        As :func:`workbench.retention.cox.cells.risk_cells` makes them.
    """

    def __init__(self, cells: RiskCells) -> None:
        self.cells = cells
        size = len(cells.times)
        self._late = np.flatnonzero(cells.start > 0)
        self._begins = np.searchsorted(cells.stop, np.arange(1, size + 1))
        self._died = np.flatnonzero(cells.event)
        self._death_begins = np.searchsorted(cells.stop[self._died], np.arange(1, size + 1))
        self.deaths = self._by_death(cells.n[self._died])
        self.death_x = np.array(
            [self._by_death(cells.n[self._died] * x[self._died]) for x in cells.x]
        )

    def _by_death(self, values: Floats) -> Floats:
        """Return sums of the cells with the event by event time."""
        found: Floats = np.add.reduceat(values, self._death_begins)
        return found

    def _at_risk(self, values: Floats) -> Floats:
        """Return sums of the cells at risk by event time."""
        change: Floats = np.add.reduceat(values, self._begins)
        if len(self._late):
            places = self.cells.start[self._late] - 1
            change = change - np.bincount(places, weights=values[self._late], minlength=len(change))
        found: Floats = np.cumsum(change[::-1])[::-1]
        return found

    @property
    def followed(self) -> Floats:
        """Return how many customers are at risk at each event time."""
        return self._at_risk(self.cells.n)

    def sums(self, beta: Floats) -> TimeSums:
        """Return the sums per event time.

        Parameters
        ----------
        beta
            Coefficients of the scaled covariates, shape (covariates,).
        """
        cells = self.cells
        score = np.einsum("i,ij->j", beta, cells.x)
        shift = float(score.max()) if len(score) else 0.0
        risk = np.exp(score - shift)
        held = risk * cells.n
        s0, d0 = self._at_risk(held), self._by_death(held[self._died])
        s1 = np.array([self._at_risk(held * x) for x in cells.x])
        d1 = np.array([self._by_death(held[self._died] * x[self._died]) for x in cells.x])
        log, a, b, aa, ab, bb = _tied_sums(s0, d0, self.deaths.astype("int64"))
        return TimeSums(risk, s0, d0, s1, d1, log, a, b, aa, ab, bb, shift)

    def __call__(self, beta: Floats) -> tuple[float, Floats, Floats, TimeSums]:
        """Return log-likelihood, gradient, information (the negative Hessian), and the sums."""
        found = self.sums(beta)
        value = total(self.death_x.sum(axis=1), beta) - float(found.log.sum())
        value -= found.shift * float(self.deaths.sum())
        gradient = (self.death_x - found.mean).sum(axis=1)
        return value, gradient, self.information(found), found

    def information(self, found: TimeSums, weight: Floats | None = None) -> Floats:
        """Return the sum over event times of the covariates' variance at risk.

        Parameters
        ----------
        found
            The sums at the coefficients.
        weight
            What each event time counts; 1 when not given.
        """
        g = np.ones_like(found.a) if weight is None else weight
        own = self.spent(g * found.a, g * found.b) * found.risk * self.cells.n
        outer = np.einsum("it,jt->ij", found.s1 * (g * found.aa), found.s1)
        cross = np.einsum("it,jt->ij", found.s1 * (g * found.ab), found.d1)
        tied = np.einsum("it,jt->ij", found.d1 * (g * found.bb), found.d1)
        made: Floats = weighted_products(self.cells.x, own) - (outer - cross - cross.T + tied)
        return made

    def spent(self, full: Floats, tied: Floats) -> Floats:
        """Return sums of a step function over the event times at which each cell was at risk.

        Parameters
        ----------
        full
            What an event time counts for those at risk, shape (times,).
        tied
            What is taken off again for those with the event at that time.
        """
        cells = self.cells
        steps = np.concatenate([[0.0], np.cumsum(full)])
        made: Floats = steps[cells.stop] - steps[cells.start]
        made[self._died] -= tied[cells.stop[self._died] - 1]
        return made

    def residuals(self, found: TimeSums, weight: Floats | None = None) -> Floats:
        """Return each cell's part in the gradient, of one customer, shape (covariates, cells).

        Parameters
        ----------
        found
            The sums at the coefficients.
        weight
            What each event time counts; 1 when not given.
        """
        cells = self.cells
        g = np.ones_like(found.a) if weight is None else weight
        at = cells.stop[self._died] - 1
        hazard = self.spent(g * found.a, g * found.b)
        made = np.empty_like(cells.x)
        for row, x in enumerate(cells.x):
            s1, d1 = found.s1[row], found.d1[row]
            full, tied = s1 * found.aa - d1 * found.ab, s1 * found.ab - d1 * found.bb
            made[row] = -found.risk * (x * hazard - self.spent(g * full, g * tied))
            made[row, self._died] += g[at] * (x[self._died] - (found.mean[row] / self.deaths)[at])
        return made

    def by_cluster(self, residuals: Floats) -> Floats:
        """Return residuals added up by cluster, in an order that their names do not tell.

        Parameters
        ----------
        residuals
            Of one customer of each cell, shape (any, cells); the cells must have clusters.
        """
        cells = self.cells
        assert cells.cluster is not None  # for the type checker: the caller has looked
        added = np.array([np.bincount(cells.cluster, weights=cells.n * own) for own in residuals])
        made: Floats = added[:, np.lexsort(added)]
        return made


def weighted_products(x: Floats, weight: Floats) -> Floats:
    """Return the weighted sums of products of each two covariates, shape (covariates, covariates).

    One thread and one order, so that the same data give the same digits.
    """
    made = np.empty((len(x), len(x)))
    for row, values in enumerate(x):
        weighted = weight * values
        for column in range(row + 1):
            made[row, column] = made[column, row] = total(weighted, x[column])
    return made


def _tied_sums(s0: Floats, d0: Floats, deaths: Ints) -> tuple[Floats, ...]:
    """Return log, a, b, aa, ab and bb of :class:`TimeSums`, in blocks of bounded size."""
    made: tuple[Floats, ...] = tuple(np.empty(len(s0)) for _ in range(6))
    ends = np.cumsum(deaths)
    begin = 0
    while begin < len(s0):
        before = int(ends[begin] - deaths[begin])
        end = max(int(np.searchsorted(ends, before + _BLOCK, side="right")), begin + 1)
        d = deaths[begin:end]
        offsets = np.cumsum(d) - d
        of = np.repeat(np.arange(len(d)), d)
        u = (np.arange(int(d.sum())) - offsets[of]) / d[of]
        left = s0[begin:end][of] - u * d0[begin:end][of]
        inverse = 1 / left
        once, twice = u * inverse, inverse * inverse
        for target, terms in zip(
            made, (np.log(left), inverse, once, twice, once * inverse, once * once), strict=True
        ):
            target[begin:end] = np.add.reduceat(terms, offsets)
        begin = end
    return made
