"""What a customer spends on a purchase: the Gamma-Gamma model, and whether it may be used.

A customer's purchases are gamma distributed (shape ``p``) around the customer's own mean, and the
rates of these distributions are gamma distributed over customers (shape ``q``, rate ``v``). The
model rests on spend and frequency being unrelated, which :func:`spend_relation` checks.

References
----------
Fader, Hardie & Lee, "RFM and CLV: Using Iso-Value Curves for Customer Base Analysis", Journal of
Marketing Research 42(4), 2005. Fader & Hardie, "The Gamma-Gamma Model of Monetary Value", 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import special, stats

from workbench.data.phrases import share, signed
from workbench.errors import AnalysisError
from workbench.retention.maximise import (
    Fitted,
    Floats,
    Maximum,
    in_logs,
    maximise,
    parameters_of,
    total,
)

__all__ = ["GammaGamma", "SpendFit", "SpendRelation", "fit_gamma_gamma", "spend_relation"]

_NAMES = ("p", "q", "v")
_SAME_SPEND = "All customers seem to spend the same on average, so how far they differ is not told."
_EDGES = {
    (0, 1): "Every customer spends the same each time, so how purchases vary cannot be told.",
    (0, -1): "Spend varies too much from purchase to purchase for this model.",
    (1, 1): _SAME_SPEND,
    (2, 1): _SAME_SPEND,
    (1, -1): "A few customers spend so much more than others that no mean can be told.",
    (2, -1): "A few customers spend so much more than others that no mean can be told.",
}
_FEWEST = 10  # customers, for an interval of a correlation
_WEAK, _STRONG = 0.1, 0.3  # limits of a correlation: Cohen's small and medium


@dataclass(frozen=True)
class GammaGamma:
    """The spend model with its parameters.

    Parameters
    ----------
    p
        Shape of a customer's purchases.
    q, v
        Shape and rate of the rates over customers; `v` in units of money.

    Examples
    --------
    >>> cdnow = GammaGamma(6.25, 3.74, 15.44)
    >>> round(cdnow.mean, 1), cdnow.mean_spend([0, 1, 9], [0, 100, 100]).round(1).tolist()
    (35.2, [35.2, 80.3, 97.0])
    """

    name: ClassVar[str] = "Gamma-Gamma"
    names: ClassVar[tuple[str, ...]] = _NAMES
    p: float
    q: float
    v: float

    @property
    def mean(self) -> float | None:
        """Return the mean spend of all customers; None where `q` is 1 or less: it has no bound."""
        return self.p * self.v / (self.q - 1) if self.q > 1 else None

    def mean_spend(self, frequency: Any, monetary_value: Any) -> Floats:
        """Return each customer's expected mean spend, given what they have spent so far.

        It lies between the customer's own mean and that of all, nearer the own one the more
        purchases there are.

        Parameters
        ----------
        frequency
            Repeat purchases; 0 gives the mean of all.
        monetary_value
            Mean spend on them; not read where frequency is 0.

        Raises
        ------
        AnalysisError
            When `q` is 1 or less and a customer has so few purchases that there is no mean.
        """
        x = np.asarray(frequency, dtype="float64")
        spend = np.where(x > 0, np.asarray(monetary_value, dtype="float64"), 0.0)
        below = self.p * x + self.q - 1
        if (below <= 0).any():
            raise AnalysisError(
                f"q == {self.q:.3g}, so the mean spend of all customers has no bound",
                where="Gamma-Gamma",
                fix="Ask for customers with repeat purchases only, or do without this model.",
            )
        mean: Floats = self.p * (self.v + x * spend) / below
        return mean


@dataclass(frozen=True)
class SpendFit(Fitted[GammaGamma]):
    """The spend model fitted to customers, or why it could not be.

    The log-likelihood is that of the customers' mean spends.

    Parameters
    ----------
    customers
        How many customers have repeat purchases.
    """

    customers: int

    def model_at(self, log_params: Floats) -> GammaGamma:
        """Return the model with other parameters, such as drawn ones."""
        return GammaGamma(*(float(value) for value in np.exp(log_params)))


def fit_gamma_gamma(
    frequency: Any, monetary_value: Any, *, n: Any = None, alpha: float = 0.05
) -> SpendFit:
    """Return the Gamma-Gamma model of spend by maximum likelihood.

    Parameters
    ----------
    frequency
        Repeat purchases, whole numbers; customers without any are passed over.
    monetary_value
        Mean spend on repeat purchases, above 0; not read where frequency is 0.
    n
        How many customers a row stands for; 1 when not given.
    alpha
        One minus the level of the intervals.

    Raises
    ------
    AnalysisError
        For a spend of nought or below, or frequencies that cannot be.
    """
    x, spend, weight = _spending(frequency, monetary_value, n)
    reason = _cannot(x, spend)
    if reason:
        found = Maximum(np.empty(0), None, np.empty((0, 0)), 0, reason)
    else:
        found = _search(x, spend, weight)
    return SpendFit(
        name=GammaGamma.name,
        parameters=parameters_of(found, _NAMES, alpha=alpha),
        loglik=found.value,
        found=found,
        reason=found.reason,
        customers=int(weight.sum()),
    )


def _spending(frequency: Any, monetary_value: Any, n: Any) -> tuple[Floats, Floats, Floats]:
    """Return frequency, spend and weight of customers with repeat purchases, or refuse them."""
    x, spend = (np.asarray(values, dtype="float64") for values in (frequency, monetary_value))
    weight = np.ones_like(x) if n is None else np.asarray(n, dtype="float64")
    if not x.shape == spend.shape == weight.shape:
        raise AnalysisError("frequency, monetary_value and n differ in shape", where="spend")
    again = x > 0
    wrong = {
        "frequency is not a whole number from 0 on": ~((x >= 0) & (x == np.floor(x))),
        "n is not a whole number from 1 on": ~((weight >= 1) & (weight == np.floor(weight))),
        "the mean repeat spend is negative": again & (spend < 0),
        "the mean repeat spend is nought": again & (spend == 0),
        "the mean repeat spend is missing": again & ~np.isfinite(spend),
    }
    said = [f"{what} (rows: {int(rows.sum()):,})" for what, rows in wrong.items() if rows.any()]
    if said:
        raise AnalysisError(
            "; ".join(said),
            where="spend",
            fix="The model knows spend above nought only: leave such customers out on purpose, "
            "and say how many.",
        )
    order = np.lexsort((spend[again], x[again]))
    return x[again][order], spend[again][order], weight[again][order]


def _cannot(x: Floats, spend: Floats) -> str:
    if len(x) < 2:
        return "Fewer than two rows have repeat purchases; a model of spend needs many customers."
    if spend.min() == spend.max():
        return "All customers spend the same, so how far they differ cannot be told."
    return ""


def _search(x: Floats, spend: Floats, weight: Floats) -> Maximum:
    counts, where = np.unique(x, return_inverse=True)
    people = np.bincount(where, weights=weight)
    log_spend = np.log(spend)

    def loglik(log_params: Floats) -> tuple[float, Floats, Floats]:
        params = np.exp(log_params)
        p, q, v = params
        each, px = p * counts, p * x
        both = v + x * spend
        log_both = np.log(both)
        everyone = float(weight.sum())
        value = people @ (special.gammaln(each + q) - special.gammaln(each))
        value += everyone * (q * np.log(v) - special.gammaln(q))
        value += total(weight, px * np.log(x) + (px - 1) * log_spend - (px + q) * log_both)
        psi, psi_1 = special.psi(each + q), special.polygamma(1, each + q)
        gradient, hessian = np.empty(3), np.empty((3, 3))
        gradient[0] = people @ (counts * (psi - special.psi(each)))
        gradient[0] += total(weight * x, np.log(x) + log_spend - log_both)
        gradient[1] = people @ psi + everyone * (np.log(v) - special.psi(q))
        gradient[1] -= total(weight, log_both)
        gradient[2] = everyone * q / v - total(weight, (px + q) / both)
        hessian[0, 0] = people @ (counts**2 * (psi_1 - special.polygamma(1, each)))
        hessian[1, 1] = people @ psi_1 - everyone * special.polygamma(1, q)
        hessian[2, 2] = total(weight, (px + q) / both**2) - everyone * q / v**2
        hessian[0, 1] = hessian[1, 0] = people @ (counts * psi_1)
        hessian[0, 2] = hessian[2, 0] = -total(weight, x / both)
        hessian[1, 2] = hessian[2, 1] = everyone / v - total(weight, 1 / both)
        return (float(value), *in_logs(params, gradient, hessian))

    middle = total(weight, spend) / float(weight.sum())
    unit = np.array([0.0, 0.0, np.log(middle)])
    starts = [
        np.log([p, q, middle * max(q - 1, 0.5) / p])
        for p, q in ((4.0, 3.0), (1.0, 2.0), (20.0, 5.0), (1.0, 20.0))
    ]
    starts.sort(key=lambda start: -loglik(start)[0])
    return maximise(
        loglik,
        starts[:2],
        lower=unit + np.log(1e-4),
        upper=unit + np.log(1e4),
        at_edge=_EDGES,
        names=_NAMES,
    )


@dataclass(frozen=True)
class SpendRelation:
    """Whether customers who buy more often spend more, or less, on a purchase.

    Parameters
    ----------
    correlation, ci_lower, ci_upper
        Pearson's correlation of frequency and mean repeat spend, with its interval; None where
        there is none.
    level, method
        Of the interval.
    customers
        Customers with repeat purchases.
    usable
        Whether the spend model may be used: not when a correlation beyond 0.3 is likely.
    sentence
        What it says, in words.
    """

    correlation: float | None
    ci_lower: float | None
    ci_upper: float | None
    level: float
    method: str
    customers: int
    usable: bool
    sentence: str


def spend_relation(
    frequency: Any, monetary_value: Any, *, n: Any = None, alpha: float = 0.05
) -> SpendRelation:
    """Return whether spend and frequency are unrelated, as the spend model needs it.

    Pearson's correlation is taken, not one of ranks: where the model holds, the mean of the spend
    does not depend on the frequency, but its median does, as means of few purchases are skewed.

    Parameters
    ----------
    frequency, monetary_value, n, alpha
        As :func:`fit_gamma_gamma` takes them.

    Raises
    ------
    AnalysisError
        As :func:`fit_gamma_gamma` does.

    References
    ----------
    The interval is Fisher's, with a standard error that needs no normal distribution: the variance
    of the correlation's influence function (Devlin, Gnanadesikan & Kettenring, Biometrika 62,
    1975).
    """
    x, spend, weight = _spending(frequency, monetary_value, n)
    method = "Pearson, Fisher's interval, standard error without normality"
    people = float(weight.sum())
    if people < _FEWEST or (x.min() == x.max()) or (spend.min() == spend.max()):
        why = "Whether spend and frequency are related cannot be told: "
        few = f"fewer than {_FEWEST} customers bought again."
        why += few if people < _FEWEST else "they do not vary."
        return SpendRelation(None, None, None, 1 - alpha, method, int(people), False, why)
    u, w = (_standard(values, weight) for values in (x, spend))
    r = float(np.clip(total(weight, u * w) / people, -1 + 1e-12, 1 - 1e-12))
    influence = u * w - r / 2 * (u**2 + w**2)
    error = float(np.sqrt(total(weight, influence**2))) / people / max(1 - r * r, 1e-12)
    half = float(stats.norm.isf(alpha / 2)) * error
    low, high = (float(np.tanh(np.arctanh(r) + sign * half)) for sign in (-1, 1))
    low, high = min(low, r), max(high, r)
    usable, said = _relation(r, low, high)
    ends = f"{signed(low, 2)} to {signed(high, 2)}"
    sentence = f"{said} (correlation {signed(r, 2)}, {share(1 - alpha, 0)} interval {ends})."
    return SpendRelation(r, low, high, 1 - alpha, method, int(people), usable, sentence)


def _standard(values: Floats, weight: Floats) -> Floats:
    people = float(weight.sum())
    centred = values - total(weight, values) / people
    made: Floats = centred / np.sqrt(total(weight, centred**2) / people)
    return made


def _relation(r: float, low: float, high: float) -> tuple[bool, str]:
    way = "more" if r > 0 else "less"
    if low <= 0 <= high and max(-low, high) < _STRONG:
        return True, "Spend and frequency are unrelated as far as the data show"
    if low <= 0 <= high:
        return False, "The data are too few to tell whether spend and frequency are related"
    if abs(r) < _WEAK:
        return True, f"Those who buy more often spend {way} on a purchase, but hardly so"
    if abs(r) < _STRONG:
        return True, (
            f"Those who buy more often spend somewhat {way} on a purchase, so values of frequent "
            f"customers are somewhat too {'low' if r > 0 else 'high'}"
        )
    return False, (
        f"Those who buy more often spend {way} on a purchase, so spend and frequency must not be "
        "forecast apart"
    )
