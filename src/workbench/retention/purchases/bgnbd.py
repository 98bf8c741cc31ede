"""BG/NBD: purchases come at a customer's own rate, and after each one the customer may leave.

Rates are gamma distributed over customers (shape ``r``, rate ``alpha``), the chances of leaving
after a purchase are beta distributed (``a``, ``b``). A customer who has not bought again cannot
have left, by the model's design: P(alive) is then 1.

References
----------
Fader, Hardie & Lee, "Counting Your Customers the Easy Way: An Alternative to the Pareto/NBD Model",
Marketing Science 24(2), 2005. The likelihood is written as a mixture of "still here" and "left
after the last purchase", so that its derivatives are means over these two and nothing overflows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import special, stats

from workbench.retention.maximise import Floats, in_logs, products, total
from workbench.retention.purchases.cells import Cells, alike, checked_horizon, customer_arrays
from workbench.retention.purchases.drawing import Buyers, Clock, Drawn, DrawsFutures

__all__ = ["BgNbd", "BgNbdLikelihood"]

_BLOCK = 2**19  # numbers that are worked on at once


class BgNbdLikelihood:
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
        self.again = int(np.searchsorted(cells.frequency, 0, side="right"))  # first with repeats

    def __call__(self, log_params: Floats) -> tuple[float, Floats, Floats]:
        """Return the log-likelihood, its gradient (4,) and its Hessian (4, 4)."""
        params = np.exp(log_params)
        value, gradient, hessian = self._by_frequency(params)
        more = self._by_cell(params)
        value, gradient, hessian = value + more[0], gradient + more[1], hessian + more[2]
        return (value, *in_logs(params, gradient, hessian))

    def _by_frequency(self, params: Floats) -> tuple[float, Floats, Floats]:
        """Return the part that depends on the frequency only."""
        (r, alpha, a, b), x, n = params, self.purchases, self.counts
        everyone = float(n.sum())
        value = n @ (special.gammaln(r + x) - special.gammaln(r))
        value += n @ (special.betaln(a, b + x) - special.betaln(a, b)) + everyone * r * np.log(
            alpha
        )
        gradient, hessian = np.zeros(4), np.zeros((4, 4))
        both, both_1 = special.psi(a + b + x), special.polygamma(1, a + b + x)
        whole, whole_1 = special.psi(a + b), special.polygamma(1, a + b)
        gradient[0] = n @ (special.psi(r + x) - special.psi(r)) + everyone * np.log(alpha)
        gradient[1] = everyone * r / alpha
        gradient[2] = n @ (whole - both)
        gradient[3] = n @ (special.psi(b + x) - special.psi(b) - both + whole)
        hessian[0, 0] = n @ (special.polygamma(1, r + x) - special.polygamma(1, r))
        hessian[0, 1] = hessian[1, 0] = everyone / alpha
        hessian[1, 1] = -everyone * r / alpha**2
        hessian[2, 2] = hessian[2, 3] = hessian[3, 2] = n @ (whole_1 - both_1)
        hessian[3, 3] = hessian[2, 2] + n @ (special.polygamma(1, b + x) - special.polygamma(1, b))
        return float(value), gradient, hessian

    def _by_cell(self, params: Floats) -> tuple[float, Floats, Floats]:
        """Return the mixture of "still here" and "left after the last purchase"."""
        r, alpha, a, b = params
        cells, k = self.cells, self.again
        rate, end = r + cells.frequency, alpha + cells.T
        log_end = np.log(end)
        n, x, rate_x, last = cells.n[k:], cells.frequency[k:], rate[k:], alpha + cells.recency[k:]
        longer = log_end[k:] - np.log(last)
        left = np.log(a) - np.log(b + x - 1) + rate_x * longer  # against "still here", in logs
        value = total(n, np.logaddexp(0.0, left)) - total(cells.n, rate * log_end)
        gone = special.expit(left)
        shift = rate_x * (1 / end[k:] - 1 / last)
        gradient, hessian = np.zeros(4), np.zeros((4, 4))
        gradient[0] = total(n, gone * longer) - total(cells.n, log_end)
        gradient[1] = total(n, gone * shift) - total(cells.n, rate / end)
        here, away = total(n, gone), total(n, gone / (b + x - 1))
        gradient[2], gradient[3] = here / a, -away
        differs = np.vstack([longer, shift, np.full(len(n), 1 / a), -1 / (b + x - 1)])
        hessian += products(differs, n * gone * (1 - gone))
        cross = total(n, gone * (1 / end[k:] - 1 / last)) - total(cells.n, 1 / end)
        hessian[0, 1] += cross
        hessian[1, 0] += cross
        hessian[1, 1] += total(cells.n, rate / end**2)
        hessian[1, 1] += total(n, gone * rate_x * (1 / last**2 - 1 / end[k:] ** 2))
        hessian[2, 2] -= here / a**2
        hessian[3, 3] += total(n, gone / (b + x - 1) ** 2)
        return float(value), gradient, hessian


@dataclass(frozen=True)
class BgNbd(DrawsFutures):
    """The model with its parameters.

    Parameters
    ----------
    r, alpha
        Shape and rate of the gamma distribution of purchase rates; `alpha` in units of time.
    a, b
        Of the beta distribution of the chance to leave after a purchase.

    Notes
    -----
    All methods take `frequency`, `recency` and `T` of single customers or of cells as arrays of one
    shape. A new customer is (0, 0, 0).

    Examples
    --------
    >>> cdnow = BgNbd(0.243, 4.414, 0.793, 2.426)
    >>> cdnow.expected_purchases(39, [2], [30.43], [38.86]).round(3).tolist()
    [1.226]
    """

    name: ClassVar[str] = "BG/NBD"
    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    r: float
    alpha: float
    a: float
    b: float

    def p_alive(self, frequency: Any, recency: Any, T: Any) -> Floats:
        """Return the chance that each customer still buys, shape (customers,)."""
        x, t_x, end = customer_arrays(frequency, recency, T)
        longer = np.log((self.alpha + end) / (self.alpha + t_x))
        at = np.maximum(self.b + x - 1, 1e-300)
        left = np.log(self.a) - np.log(at) + (self.r + x) * longer
        alive: Floats = np.where(x > 0, special.expit(-left), 1.0)
        return alive

    def expected_purchases(self, horizon: float, frequency: Any, recency: Any, T: Any) -> Floats:
        """Return the mean number of purchases within `horizon` after T, shape (customers,)."""
        horizon = checked_horizon(horizon)
        x, t_x, end = customer_arrays(frequency, recency, T)

        def bought(chance: Floats, x: Floats, end: Floats) -> tuple[Floats, Floats]:
            rate, at = (self.r + x)[:, None], (self.alpha + end)[:, None]
            made = -np.expm1(-rate * np.log1p(chance * horizon / at)) / chance
            return made, (rate * horizon / at)[:, 0]

        return self.p_alive(x, t_x, end) * self._mean_over_chances(bought, x, end)

    def purchase_rate(self, ahead: float, frequency: Any, recency: Any, T: Any) -> Floats:
        """Return the mean number of purchases per unit of time, at a time `ahead` of T."""
        ahead = checked_horizon(ahead)
        x, t_x, end = customer_arrays(frequency, recency, T)

        def rate_at(chance: Floats, x: Floats, end: Floats) -> tuple[Floats, Floats]:
            rate, at = (self.r + x)[:, None], (self.alpha + end)[:, None]
            now = rate / at
            return now * np.exp(-(rate + 1) * np.log1p(chance * ahead / at)), now[:, 0]

        return self.p_alive(x, t_x, end) * self._mean_over_chances(rate_at, x, end)

    def _mean_over_chances(self, values: Any, x: Floats, end: Floats) -> Floats:
        """Return the mean of a function over the beta distribution of the chance to leave.

        The function knows how often a customer bought and since when, not when last: it is worked
        out once for all customers who differ in that alone.

        The trapezoid rule on the log-odds, where the beta density falls off exponentially on both
        sides; the function's value for nobody leaving is taken out first, so that it does so
        quickly where `a` is small, too.
        """
        if not len(x):
            return np.empty(0)
        first, place = alike(x, end)
        x, end = x[first], end[first]
        least, most = self.b + float(x.min()), self.b + float(x.max())
        # Narrow where both parameters are large; never wider than the strip without poles allows.
        step = min(0.25, 0.7 * float(np.sqrt(1 / self.a + 1 / most)))
        round_top = 10 * min(1.0, float(np.sqrt(1 / self.a + 1 / least)))
        low = np.log(self.a / most) - 45 / (1 + self.a) - round_top
        high = np.log((self.a + 50) / least) + 45 / least + round_top
        odds = np.arange(np.floor(low / step), np.ceil(high / step) + 1) * step
        chance = special.expit(odds)[None, :]
        logs = special.log_expit(odds)[None, :], special.log_expit(-odds)[None, :]
        mean = np.empty_like(x)
        block = max(1, _BLOCK // len(odds))
        for start in range(0, len(x), block):
            rows = slice(start, start + block)
            b = (self.b + x[rows])[:, None]
            weight = step * np.exp(self.a * logs[0] + b * logs[1] - special.betaln(self.a, b))
            at, nobody = values(chance, x[rows], end[rows])
            mean[rows] = nobody + (weight * (at - nobody[:, None])).sum(axis=1)
        made: Floats = np.maximum(mean, 0.0)[place]
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
        x, t_x, end = (values[:, None] for values in customer_arrays(frequency, recency, T))
        count = np.arange(up_to + 1.0)[None, :]
        a, b, rate = self.a, self.b + x, self.r + x
        share = (self.alpha + end) / (self.alpha + end + horizon)
        here = np.exp(special.betaln(a, b + count) - special.betaln(a, b))
        chances = here * stats.nbinom.pmf(count, rate, share)
        # Left after the last of them: they would have bought at least as often.
        some = np.maximum(count, 1)
        left = np.exp(special.betaln(a + 1, b + some - 1) - special.betaln(a, b))
        more = stats.nbinom.sf(some - 1, rate, share)
        chances = chances + np.where(count > 0, left * more, 0.0)
        alive = self.p_alive(x, t_x, end)
        made: Floats = alive * chances + np.where(count == 0, 1 - alive, 0.0)
        return made

    def _times(self, rng: np.random.Generator, buyers: Buyers, cells: Cells, clock: Clock) -> Drawn:
        row, rate = buyers
        span = float(clock.marks[-1])
        wanted = rng.poisson(rate * span)
        some = np.flatnonzero(wanted)
        chance = rng.beta(self.a, self.b + cells.frequency[row[some]])
        # The purchase after which a customer leaves; a chance of nought is one of never leaving.
        last = np.ceil(
            np.log1p(-rng.random(len(some))) / np.log1p(-np.clip(chance, 1e-15, 1 - 1e-15))
        )
        who = np.repeat(np.arange(len(some)), wanted[some])
        shown = rng.random(len(who)) * span
        order = np.lexsort((shown, who))
        begins = np.repeat(np.cumsum(wanted[some]) - wanted[some], wanted[some])
        made = np.arange(len(who)) - begins < np.maximum(last, 1)[who]
        who = who[made]
        return Drawn(clock.back(shown[order][made]), row[some][who], some[who])
