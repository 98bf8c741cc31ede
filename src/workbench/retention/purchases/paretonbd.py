"""Pareto/NBD: purchases come at a customer's own rate, until the customer leaves at some moment.

Rates are gamma distributed over customers (shape ``r``, rate ``alpha``), and so are the rates of
leaving (shape ``s``, rate ``beta``). When a customer left is not seen.

The likelihood is written as a mean over that moment: later than T, or any time between the last
purchase and T. That one-dimensional integral of a smooth positive function takes the place of the
difference of two Gauss hypergeometric functions, which loses its digits and overflows; and the
derivatives of a mean over a mixture are means and covariances over the same moments.

References
----------
Schmittlein, Morrison & Colombo, "Counting Your Customers: Who Are They and What Will They Do
Next?", Management Science 33(1), 1987. Fader & Hardie, "A Note on Deriving the Pareto/NBD Model and
Related Expressions", 2005.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from workbench.retention.maximise import Floats, in_logs, products, total
from workbench.retention.purchases.cells import Cells, checked_horizon, customer_arrays
from workbench.retention.purchases.drawing import Buyers, Clock, Drawn, DrawsFutures

__all__ = ["ParetoNbd", "ParetoNbdLikelihood"]

_BLOCK = 2**15  # numbers that are worked on at once: they stay in the processor's cache
_NEGLIGIBLE = 45.0  # logarithm of what may be left out of an integral
# The larger the fall and the span of an integrand in logs, the more points; found by comparing
# with 120 points over wide ranges of all parameters: a relative error of 1e-10 at most.
_POINTS = ((2.0, 6), (4.0, 8), (8.0, 12), (16.0, 16), (64.0, 20), (np.inf, 24))


@cache
def _legendre(points: int) -> tuple[Floats, Floats]:
    """Return the points and weights of Gauss and Legendre between 0 and 1."""
    at, weight = np.polynomial.legendre.leggauss(points)
    return (at + 1) / 2, weight / 2


@dataclass(frozen=True)
class _Span:
    """Where the moment of leaving is integrated, and how: arrays of shape (cells,)."""

    start: Floats
    log_width: Floats
    shift: float
    points: npt.NDArray[np.int64]


def _span(params: Floats, x: Floats, t_x: Floats, end: Floats) -> _Span:
    """Return the span of the integral over ln(min(alpha, beta) + time), cut where nothing is."""
    r, alpha, s, beta = params
    fall, less = r + x, min(alpha, beta)
    near = np.expm1(np.minimum(_NEGLIGIBLE / fall, 500.0)) * (alpha + t_x)
    near = np.minimum(near, np.expm1(min(_NEGLIGIBLE / (s + 1), 500.0)) * (beta + t_x))
    stop = np.minimum(end, t_x + near)
    width = np.log1p((stop - t_x) / (less + t_x))
    size = width + fall * np.log1p((stop - t_x) / (alpha + t_x))
    size += (s + 1) * np.log1p((stop - t_x) / (beta + t_x))
    limits = np.array([limit for limit, _ in _POINTS[:-1]])
    points = np.array([count for _, count in _POINTS])
    return _Span(t_x, width, less, points[np.searchsorted(limits, size)])


class _Blocks:
    """Cells in blocks of one number of points."""

    def __init__(self, span: _Span) -> None:
        self.span = span

    def __iter__(self) -> Iterator[tuple[npt.NDArray[np.int64], Floats, Floats]]:
        """Yield rows, moments of leaving and log-weights (rows, points)."""
        span = self.span
        for count in np.unique(span.points):
            own = np.flatnonzero(span.points == count)
            at, weight = _legendre(int(count))
            size = max(1, _BLOCK // int(count))
            for begin in range(0, len(own), size):
                rows = own[begin : begin + size]
                base, width = (span.shift + span.start[rows])[:, None], span.log_width[rows, None]
                moved = base * np.expm1(width * at)
                measure = width * weight * (moved + base)
                yield rows, moved, measure


class ParetoNbdLikelihood:
    """The log-likelihood of cells with exact derivatives, as a function of log-parameters.

    Parameters
    ----------
    cells
        Customers; at least one.
    """

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.purchases, where = np.unique(cells.frequency, return_inverse=True)
        self.counts: Floats = np.bincount(where, weights=cells.n).astype("float64")

    def __call__(self, log_params: Floats) -> tuple[float, Floats, Floats]:
        """Return the log-likelihood, its gradient (4,) and its Hessian (4, 4)."""
        params = np.exp(log_params)
        (r, alpha, s, beta), x, n = params, self.purchases, self.counts
        everyone = float(n.sum())
        value, gradient, hessian = self._over_moments(params)
        value += n @ (special.gammaln(r + x) - special.gammaln(r))
        value += everyone * (r * np.log(alpha) + s * np.log(beta))
        gradient[0] += n @ (special.psi(r + x) - special.psi(r)) + everyone * np.log(alpha)
        gradient[1] += everyone * r / alpha
        gradient[2] += everyone * np.log(beta)
        gradient[3] += everyone * s / beta
        hessian[0, 0] += n @ (special.polygamma(1, r + x) - special.polygamma(1, r))
        hessian[1, 1] -= everyone * r / alpha**2
        hessian[3, 3] -= everyone * s / beta**2
        for one, other, scale in ((0, 1, alpha), (2, 3, beta)):
            hessian[one, other] += everyone / scale
            hessian[other, one] += everyone / scale
        return (float(value), *in_logs(params, gradient, hessian))

    def _over_moments(self, params: Floats) -> tuple[float, Floats, Floats]:
        """Return the mean over when the customer leaves: its logarithm, and the derivatives."""
        s, cells = params[2], self.cells
        value, gradient, hessian = 0.0, np.zeros(4), np.zeros((4, 4))
        span = _span(params, cells.frequency, cells.recency, cells.T)
        for rows, moved, measure in _Blocks(span):
            part = cells.frequency[rows], cells.recency[rows], cells.T[rows]
            log, slopes, weight = _moments(params, part, moved, measure)
            n = cells.n[rows]
            value += total(n, log)
            means = np.einsum("krj,rj->kr", slopes, weight)
            gradient += np.einsum("kr,r->k", means, n)
            counted = weight * n[:, None]
            flat = slopes.reshape(4, -1)
            hessian += products(flat, counted.ravel()) - products(means, n)
            fall = (params[0] + part[0])[:, None]
            gone = counted[:, 1:]
            hessian[1, 1] += (slopes[1] ** 2 / fall * counted).sum()
            hessian[2, 2] -= gone.sum() / s**2
            hessian[3, 3] += (slopes[3, :, 0] ** 2 / s * counted[:, 0]).sum()
            hessian[3, 3] += (slopes[3, :, 1:] ** 2 / (s + 1) * gone).sum()
            by_alpha = (slopes[1] / fall * counted).sum()
            by_beta = (slopes[3, :, 0] / s * counted[:, 0]).sum()
            by_beta += (slopes[3, :, 1:] / (s + 1) * gone).sum()
            for one, other, cross in ((0, 1, by_alpha), (2, 3, by_beta)):
                hessian[one, other] += cross
                hessian[other, one] += cross
        return value, gradient, hessian


def _moments(
    params: Floats, part: tuple[Floats, Floats, Floats], moved: Floats, measure: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return logs (rows,), slopes in the parameters (4, rows, 1 + points), weights that add to 1.

    The first place is that of customers who are still there at T, the others those of who left.
    """
    r, alpha, s, beta = params
    x, t_x, end = part
    fall = (r + x)[:, None]
    since = np.concatenate([(end - t_x)[:, None], moved], axis=1)
    slopes = np.empty((4, *since.shape))
    slopes[1], slopes[3] = alpha + t_x[:, None] + since, beta + t_x[:, None] + since
    np.log(slopes[1], out=slopes[0])
    np.log(slopes[3], out=slopes[2])
    logs = -fall * slopes[0] - s * slopes[2]
    logs[:, 1:] -= slopes[2, :, 1:]
    top = logs.max(axis=1, keepdims=True)
    weight = np.exp(logs - top)
    weight[:, 1:] *= s * measure
    whole = weight.sum(axis=1, keepdims=True)
    weight /= whole
    np.divide(-fall, slopes[1], out=slopes[1])
    np.divide(-s, slopes[3, :, 0], out=slopes[3, :, 0])
    np.divide(-(s + 1), slopes[3, :, 1:], out=slopes[3, :, 1:])
    slopes[0] *= -1
    slopes[2] *= -1
    slopes[2, :, 1:] += 1 / s
    return (top + np.log(whole))[:, 0], slopes, weight


@dataclass(frozen=True)
class ParetoNbd(DrawsFutures):
    """The model with its parameters.

    Parameters
    ----------
    r, alpha
        Shape and rate of the gamma distribution of purchase rates; `alpha` in units of time.
    s, beta
        Shape and rate of the gamma distribution of rates of leaving; `beta` in units of time.

    Notes
    -----
    All methods take `frequency`, `recency` and `T` of single customers or of cells as arrays of one
    shape. A new customer is (0, 0, 0).

    Examples
    --------
    >>> cdnow = ParetoNbd(0.553, 10.578, 0.606, 11.669)
    >>> cdnow.expected_purchases(39, [2], [30.43], [38.86]).round(3).tolist()
    [1.455]
    """

    name: ClassVar[str] = "Pareto/NBD"
    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    r: float
    alpha: float
    s: float
    beta: float

    def p_alive(self, frequency: Any, recency: Any, T: Any) -> Floats:
        """Return the chance that each customer still buys, shape (customers,)."""
        x, t_x, end = customer_arrays(frequency, recency, T)
        params = np.array([self.r, self.alpha, self.s, self.beta])
        alive = np.empty_like(x)
        for rows, moved, measure in _Blocks(_span(params, x, t_x, end)):
            weight = _moments(params, (x[rows], t_x[rows], end[rows]), moved, measure)[2]
            alive[rows] = weight[:, 0]
        return alive

    def expected_purchases(self, horizon: float, frequency: Any, recency: Any, T: Any) -> Floats:
        """Return the mean number of purchases within `horizon` after T, shape (customers,)."""
        horizon = checked_horizon(horizon)
        x, t_x, end = customer_arrays(frequency, recency, T)
        ahead = np.log1p(horizon / (self.beta + end))
        # (1 - exp(-z)) / z, which is 1 where s is 1
        staying = (self.beta + end) * ahead * special.exprel(-(self.s - 1) * ahead)
        mean: Floats = self.p_alive(x, t_x, end) * (self.r + x) / (self.alpha + end) * staying
        return mean

    def purchase_rate(self, ahead: float, frequency: Any, recency: Any, T: Any) -> Floats:
        """Return the mean number of purchases per unit of time, at a time `ahead` of T."""
        ahead = checked_horizon(ahead)
        x, t_x, end = customer_arrays(frequency, recency, T)
        stays = np.exp(-self.s * np.log1p(ahead / (self.beta + end)))
        rate: Floats = self.p_alive(x, t_x, end) * (self.r + x) / (self.alpha + end) * stays
        return rate

    def probabilities(
        self, horizon: float, frequency: Any, recency: Any, T: Any, *, up_to: int
    ) -> Floats:
        """Return the chances of 0, 1 ... `up_to` purchases within `horizon` after T.

        Returns
        -------
        numpy.ndarray
            Shape (customers, up_to + 1). What is left to 1 is the chance of more.
        """
        horizon = checked_horizon(horizon)
        x, t_x, end = (values[:, None] for values in customer_arrays(frequency, recency, T))
        count = np.arange(up_to + 1.0)[None, :]
        rate, at, leave = self.r + x, self.alpha + end, self.beta + end
        width = np.log1p(horizon / leave)
        stays = np.exp(-self.s * width)
        chances = stays * stats.nbinom.pmf(count, rate, at / (at + horizon))
        for place, weight in zip(*_legendre(48), strict=True):
            moment = leave * np.expm1(width * place)
            density = weight * width * self.s * np.exp(-self.s * width * place)
            chances = chances + density * stats.nbinom.pmf(count, rate, at / (at + moment))
        alive = self.p_alive(x[:, 0], t_x[:, 0], end[:, 0])[:, None]
        made: Floats = alive * chances + np.where(count == 0, 1 - alive, 0.0)
        return made

    def _times(self, rng: np.random.Generator, buyers: Buyers, cells: Cells, clock: Clock) -> Drawn:
        row, rate = buyers
        end = self.beta + cells.T[row]
        leaving = np.maximum(rng.gamma(self.s, size=len(row)), 1e-300) / end
        stays = np.minimum(rng.exponential(size=len(row)) / leaving, clock.horizon)
        shown = clock.run(stays)
        who = np.repeat(np.arange(len(row)), rng.poisson(rate * shown))
        times = clock.back(rng.random(len(who)) * shown[who])
        return Drawn(times, row[who], who)
