"""NBD: purchases come at a customer's own rate, and nobody leaves.

Rates are gamma distributed over customers (shape ``r``, rate ``alpha``). It is what BG/NBD becomes
where nobody leaves, and is asked only where models in which customers leave cannot be fitted.

References
----------
Ehrenberg, "The Pattern of Consumer Purchases", Applied Statistics 8(1), 1959.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import special, stats

from workbench.retention.maximise import Floats, in_logs, total
from workbench.retention.purchases.cells import Cells, checked_horizon, customer_arrays
from workbench.retention.purchases.drawing import Buyers, Clock, Drawn, DrawsFutures

__all__ = ["Nbd", "NbdLikelihood"]


class NbdLikelihood:
    """The log-likelihood of cells with exact derivatives, as a function of log-parameters.

    Parameters
    ----------
    cells
        Customers; at least one.
    """

    def __init__(self, cells: Cells) -> None:
        self.cells = cells

    def __call__(self, log_params: Floats) -> tuple[float, Floats, Floats]:
        """Return the log-likelihood, its gradient (2,) and its Hessian (2, 2)."""
        params = np.exp(log_params)
        (r, alpha), cells = params, self.cells
        n, rate, end = cells.n, r + cells.frequency, alpha + cells.T
        everyone, log_end = float(n.sum()), np.log(end)
        value = total(n, special.gammaln(rate) - special.gammaln(r) - rate * log_end)
        value += everyone * r * np.log(alpha)
        gradient = np.array(
            [
                total(n, special.psi(rate) - special.psi(r) - log_end) + everyone * np.log(alpha),
                everyone * r / alpha - total(n, rate / end),
            ]
        )
        cross = everyone / alpha - total(n, 1 / end)
        own = total(n, special.polygamma(1, rate) - special.polygamma(1, r))
        last = total(n, rate / end**2) - everyone * r / alpha**2
        hessian = np.array([[own, cross], [cross, last]])
        return (float(value), *in_logs(params, gradient, hessian))


@dataclass(frozen=True)
class Nbd(DrawsFutures):
    """The model with its parameters.

    Parameters
    ----------
    r, alpha
        Shape and rate of the gamma distribution of purchase rates; `alpha` in units of time.

    Notes
    -----
    All methods take `frequency`, `recency` and `T` of single customers or of cells as arrays of one
    shape. A new customer is (0, 0, 0).

    Examples
    --------
    >>> Nbd(1.0, 4.0).expected_purchases(6, [2], [3], [5]).tolist()
    [2.0]
    """

    name: ClassVar[str] = "NBD"
    names: ClassVar[tuple[str, ...]] = ("r", "alpha")
    r: float
    alpha: float

    def p_alive(self, frequency: Any, recency: Any, T: Any) -> Floats:
        """Return the chance that each customer still buys, shape (customers,): 1, for all."""
        return np.ones_like(customer_arrays(frequency, recency, T)[0])

    def expected_purchases(self, horizon: float, frequency: Any, recency: Any, T: Any) -> Floats:
        """Return the mean number of purchases within `horizon` after T, shape (customers,)."""
        return checked_horizon(horizon) * self.purchase_rate(0.0, frequency, recency, T)

    def purchase_rate(self, ahead: float, frequency: Any, recency: Any, T: Any) -> Floats:
        """Return the mean number of purchases per unit of time, at a time `ahead` of T."""
        checked_horizon(ahead)
        x, _, end = customer_arrays(frequency, recency, T)
        made: Floats = (self.r + x) / (self.alpha + end)
        return made

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
        x, _, end = (values[:, None] for values in customer_arrays(frequency, recency, T))
        share = (self.alpha + end) / (self.alpha + end + horizon)
        made: Floats = stats.nbinom.pmf(np.arange(up_to + 1.0)[None, :], self.r + x, share)
        return made

    def _times(self, rng: np.random.Generator, buyers: Buyers, cells: Cells, clock: Clock) -> Drawn:
        row, rate = buyers
        span = float(clock.marks[-1])
        who = np.repeat(np.arange(len(row)), rng.poisson(rate * span))
        return Drawn(clock.back(rng.random(len(who)) * span), row[who], who)
