"""Repeat purchases of all customers by period to come, with predictive intervals.

An interval is for the number that will be counted, so it holds both that the parameters are not
known exactly and that customers are left to chance: parameters are drawn from the normal
distribution of their logarithms at the maximum, then each customer's purchases are drawn. The
same seed gives the same numbers. What is not in it: that the model may be wrong, and customers who
are yet to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.errors import AnalysisError
from workbench.retention.maximise import Floats, total
from workbench.retention.purchases.cells import Cells
from workbench.retention.purchases.fits import Model, PurchaseFit

__all__ = ["PurchaseForecast", "forecast_purchases", "track_purchases"]

_CUSTOMERS = 20_000  # drawn one by one; of a larger base so many stand for all
METHOD = "predictive, parameters and customers drawn"


@dataclass(frozen=True)
class PurchaseForecast:
    """Repeat purchases to come.

    Parameters
    ----------
    table
        One row per period: `period` (1, 2 ...), `expected` (purchases in it), `ci_lower`,
        `ci_upper` (whole numbers), `cumulative` (expected from the first period on),
        `cumulative_ci_lower`, `cumulative_ci_upper`.
    total, ci_lower, ci_upper
        The last of the cumulative numbers.
    level, method
        Of the intervals.
    draws, seed
        How many futures were drawn, and from what.
    customers
        How many customers are followed.
    model
        `BG/NBD` or `Pareto/NBD`.
    """

    table: pd.DataFrame
    total: float
    ci_lower: int
    ci_upper: int
    level: float
    method: str
    draws: int
    seed: int
    customers: int
    model: str


def forecast_purchases(
    fit: PurchaseFit,
    cells: Cells,
    *,
    periods: int,
    length: float,
    seed: int,
    alpha: float = 0.05,
    draws: int = 1000,
) -> PurchaseForecast:
    """Return the repeat purchases of all customers in each period after the end of observation.

    Parameters
    ----------
    fit
        The fitted model.
    cells
        The customers to follow; not only those that the model was fitted to.
    periods
        How many periods to look ahead, at least 1.
    length
        How long a period is, above 0, in the model's unit of time.
    seed
        Of the draws.
    alpha
        One minus the level of the intervals.
    draws
        How many futures are drawn, at least 100.

    Raises
    ------
    AnalysisError
        When there is no fit, or for arguments outside these.
    """
    _check(periods, length, draws, alpha)
    model = fit.model
    ends = length * np.arange(1, periods + 1.0)
    cumulative = _expected(model, cells, ends)
    futures = _futures(fit, cells, ends, draws, np.random.default_rng(seed))
    tails = [alpha / 2, 1 - alpha / 2]
    low, high = _ends(futures, tails)
    all_low, all_high = _ends(np.cumsum(futures, axis=1), tails)
    table = pd.DataFrame(
        {
            "period": np.arange(1, periods + 1),
            "expected": np.diff(cumulative, prepend=0.0),
            "ci_lower": low,
            "ci_upper": high,
            "cumulative": cumulative,
            "cumulative_ci_lower": all_low,
            "cumulative_ci_upper": all_high,
        }
    )
    return PurchaseForecast(
        table=table,
        total=float(cumulative[-1]),
        ci_lower=int(all_low[-1]),
        ci_upper=int(all_high[-1]),
        level=1 - alpha,
        method=METHOD,
        draws=draws,
        seed=seed,
        customers=cells.customers,
        model=fit.name,
    )


def track_purchases(
    fit: PurchaseFit,
    cells: Cells,
    actual: Any,
    *,
    periods: int,
    length: float,
    seed: int,
    alpha: float = 0.05,
    draws: int = 1000,
) -> pd.DataFrame:
    """Return actual and modelled repeat purchases by period, before and after the end of the fit.

    Parameters
    ----------
    fit, cells, length, seed, alpha, draws
        As :func:`forecast_purchases` takes them.
    actual
        Repeat purchases of these customers counted by period, from the first customer's first
        purchase on, shape (some,): those of the fit, and of as many periods after it as are known.
    periods
        How many periods to look ahead.

    Returns
    -------
    pandas.DataFrame
        `period` (from 1, the first customer's first), `after` (whether it lies after the end of
        the fit), `actual` (None where not known yet), `expected`, `ci_lower`, `ci_upper` (None
        before the end of the fit), `actual_cumulative`, `expected_cumulative`,
        `cumulative_ci_lower`, `cumulative_ci_upper`: cumulative from the first period on; after
        the end of the fit the forecast goes on from what was counted.

    Raises
    ------
    AnalysisError
        As :func:`forecast_purchases` does, or when `actual` does not reach the end of the fit.
    """
    counts = np.asarray(actual, dtype="float64")
    longest = float(cells.T.max())
    before = max(int(np.ceil(longest / length - 1e-9)), 1)
    if len(counts) < before or not np.isfinite(counts).all() or (counts < 0).any():
        raise AnalysisError(
            f"actual has {len(counts)} periods, {before} are needed",
            where="tracking",
            fix="Count the purchases of each period of the fit; none is missing or negative.",
        )
    ahead = forecast_purchases(
        fit, cells, periods=periods, length=length, seed=seed, alpha=alpha, draws=draws
    ).table
    # A customer's clock runs since the first purchase; the last period ends with the fit.
    marks = longest - length * np.arange(before - 1, -1, -1.0)
    fitted = _since_first(fit.model, cells, marks)
    base = float(counts[:before].sum())
    whole = before + periods
    seen = np.cumsum(counts[:whole])
    rows: dict[str, Any] = {
        "period": np.arange(1, whole + 1),
        "after": np.arange(whole) >= before,
        "actual": [*counts[:whole].tolist(), *[None] * (whole - len(counts[:whole]))],
        "expected": [*np.diff(fitted, prepend=0.0), *ahead["expected"]],
        "actual_cumulative": [*seen.tolist(), *[None] * (whole - len(seen))],
        "expected_cumulative": [*fitted, *(base + ahead["cumulative"])],
    }
    for name in ("ci_lower", "ci_upper"):
        rows[name] = [*[None] * before, *ahead[name]]
        added = base + ahead[f"cumulative_{name}"]
        rows[f"cumulative_{name}"] = [*[None] * before, *added]
    return pd.DataFrame(rows).astype({"actual": object, "actual_cumulative": object})


def _check(periods: int, length: float, draws: int, alpha: float) -> None:
    wrong = {
        f"periods == {periods}, must be >= 1": periods < 1,
        f"length == {length}, must be > 0": not (length > 0 and np.isfinite(length)),
        f"draws == {draws}, must be >= 100": draws < 100,
        f"alpha == {alpha}, must lie between 0 and 1": not 0 < alpha < 1,
    }
    for what, is_wrong in wrong.items():
        if is_wrong:
            raise AnalysisError(what, where="forecast")


def _expected(model: Model, cells: Cells, ends: Floats) -> Floats:
    """Return the expected purchases of all from now until each end."""
    made = [
        total(cells.n, model.expected_purchases(float(end), cells.frequency, cells.recency, cells.T))
        for end in ends
    ]
    return np.array(made)


def _since_first(model: Model, cells: Cells, marks: Floats) -> Floats:
    """Return the expected repeat purchases until each mark, as the model saw new customers.

    A mark is a time on the clock of the customer who came first.
    """
    ages, where = np.unique(cells.T, return_inverse=True)
    people = np.bincount(where, weights=cells.n)
    longest = float(ages[-1])
    new = np.zeros(1)
    made = []
    for mark in marks:
        spans, place = np.unique(np.maximum(mark - (longest - ages), 0.0), return_inverse=True)
        each = [float(model.expected_purchases(span, new, new, new)[0]) for span in spans]
        made.append(float(people @ np.array(each)[place]))
    return np.array(made)


def _futures(
    fit: PurchaseFit, cells: Cells, ends: Floats, draws: int, rng: np.random.Generator
) -> Floats:
    """Return purchases by period of each drawn future, shape (draws, periods)."""
    some, scale = _sample(cells, rng)
    logs = rng.multivariate_normal(fit.found.log_params, fit.found.cov, size=draws, method="eigh")
    made = np.empty((draws, len(ends)))
    coarse = cells.coarse(60) if scale > 1 else some
    for draw in range(draws):
        model = fit.model_at(logs[draw])
        times, _ = model.draw_times(rng, float(ends[-1]), some)
        place = np.minimum(np.searchsorted(ends, times), len(ends) - 1)
        counted = np.bincount(place, minlength=len(ends)).astype("float64")
        if scale > 1:
            # The mean of all customers, and chance as it would be for so many.
            mean = np.diff(_expected(model, coarse, ends), prepend=0.0)
            own = np.diff(_expected(model, some, ends), prepend=0.0)
            counted = np.maximum(mean + np.sqrt(scale) * (counted - own), 0.0)
        made[draw] = counted
    return np.rint(made)


def _sample(cells: Cells, rng: np.random.Generator) -> tuple[Cells, float]:
    """Return the customers that are drawn one by one, and for how many each stands."""
    if cells.customers <= _CUSTOMERS:
        return cells, 1.0
    n = rng.multivariate_hypergeometric(
        cells.n.astype("int64"), _CUSTOMERS, method="marginals"
    ).astype("float64")
    kept = n > 0
    return (
        Cells(cells.frequency[kept], cells.recency[kept], cells.T[kept], n[kept]),
        cells.customers / _CUSTOMERS,
    )


def _ends(futures: Floats, tails: list[float]) -> Any:
    low, high = np.quantile(futures, tails, axis=0, method="inverted_cdf")
    return low.astype("int64"), high.astype("int64")
