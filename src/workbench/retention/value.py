"""What future purchases or renewals are worth today.

Values are expected values, discounted to today, over a horizon that is stated: a value for ever
rests on years that no data have shown.

References
----------
Fader, Hardie & Lee, "RFM and CLV: Using Iso-Value Curves for Customer Base Analysis", Journal of
Marketing Research 42(4), 2005. Fader & Hardie, "Customer-Base Valuation in a Contractual Setting:
The Perils of Ignoring Heterogeneity", Marketing Science 29(1), 2010.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from workbench.errors import AnalysisError
from workbench.retention.maximise import Floats
from workbench.retention.spend import GammaGamma

__all__ = ["BuysOn", "Renews", "contract_value", "customer_value", "discounted_purchases"]


class BuysOn(Protocol):
    """What a purchase model must tell for a value: its rate of purchases at a time to come."""

    def purchase_rate(self, ahead: float, frequency: Any, recency: Any, T: Any) -> Floats:
        """Return the mean number of purchases per unit of time, at a time `ahead` of T."""


def discounted_purchases(
    model: BuysOn,
    frequency: Any,
    recency: Any,
    T: Any,
    *,
    horizon: float,
    discount: float,
    year: float = 365.25,
) -> Floats:
    """Return the expected purchases within a horizon, each discounted from the day it is made.

    Parameters
    ----------
    model
        A fitted purchase model.
    frequency, recency, T
        Customers, or cells, as the model takes them.
    horizon
        How far to look ahead, above 0, in the model's unit of time.
    discount
        Yearly rate, from 0 on: 0.1 is ten per cent.
    year
        Length of a year in the model's unit of time.

    Raises
    ------
    AnalysisError
        For a horizon or rate outside these.

    Notes
    -----
    The integral of the rate of purchases times ``(1 + discount) ** (-time / year)``.
    """
    _check_terms(horizon, discount)
    at, weight = np.polynomial.legendre.leggauss(24)
    # Rates fall quickly at first and slowly later: points are even in the root of the time.
    roots = np.sqrt(horizon) * (at + 1) / 2
    times, steps = roots**2, weight * roots * np.sqrt(horizon)
    x = np.asarray(frequency, dtype="float64")
    worth = np.zeros_like(x)
    for time, step in zip(times, steps, strict=True):
        factor = step * (1 + discount) ** (-time / year)
        worth += factor * model.purchase_rate(float(time), frequency, recency, T)
    return worth


def customer_value(
    model: BuysOn,
    spend: GammaGamma,
    customers: Any,
    *,
    horizon: float,
    discount: float,
    margin: float = 1.0,
    year: float = 365.25,
) -> Floats:
    """Return what each customer without a contract is expected to bring, as of today.

    Parameters
    ----------
    model, spend
        The fitted models of purchases and of spend.
    customers
        A frame with `frequency`, `recency`, `T` and `monetary_value`.
    horizon, discount, year
        As :func:`discounted_purchases` takes them.
    margin
        What is left of a unit of spend, from 0 to 1.

    Raises
    ------
    AnalysisError
        For terms outside these, or where the spend model has no mean.
    """
    if not 0 <= margin <= 1:
        raise AnalysisError(f"margin == {margin}, must lie between 0 and 1", where="value")
    x, t_x, end = (customers[name].to_numpy("float64") for name in ("frequency", "recency", "T"))
    bought = discounted_purchases(model, x, t_x, end, horizon=horizon, discount=discount, year=year)
    each = spend.mean_spend(x, customers["monetary_value"].to_numpy("float64"))
    worth: Floats = margin * bought * each
    return worth


class Renews(Protocol):
    """What a renewal model must tell for a value: the share that is still there."""

    def survival(self, periods: Any) -> Floats:
        """Return the share still there after so many periods."""


def contract_value(
    model: Renews, renewals: Any, amount: Any, *, periods: int, discount: float
) -> Floats:
    """Return what customers under contract are expected to pay from now on, as of today.

    Parameters
    ----------
    model
        A fitted renewal model.
    renewals
        How often each customer has renewed so far, whole numbers from 0 on.
    amount
        What each pays per period.
    periods
        How many further renewals to look ahead, at least 1.
    discount
        Rate per period, from 0 on.

    Returns
    -------
    numpy.ndarray
        The payments at the coming renewals: the k-th from now, if it comes, discounted by k
        periods. What is paid for the period that runs is not counted.

    Raises
    ------
    AnalysisError
        For renewals, periods or a rate outside these.
    """
    _check_terms(periods, discount)
    done = np.asarray(renewals, dtype="float64")
    if not ((done >= 0) & (done == np.floor(done))).all():
        raise AnalysisError("renewals must be whole numbers from 0 on", where="value")
    known, where = np.unique(done, return_inverse=True)
    ahead = np.arange(1, int(periods) + 1)
    stays = model.survival(known[:, None] + ahead) / model.survival(known)[:, None]
    worth = (stays / (1 + discount) ** ahead).sum(axis=1)
    made: Floats = worth[where] * np.asarray(amount, dtype="float64")
    return made


def _check_terms(horizon: float, discount: float) -> None:
    if not (horizon > 0 and np.isfinite(horizon)):
        raise AnalysisError(f"horizon == {horizon}, must be > 0", where="value")
    if not (discount >= 0 and np.isfinite(discount)):
        raise AnalysisError(f"discount == {discount}, must be >= 0", where="value")
