"""Repeat purchases of all customers by period to come, with predictive intervals.

An interval is for the number that will be counted, so it holds both that the parameters are not
known exactly and that customers are left to chance: parameters are drawn from the normal
distribution of their logarithms at the maximum, then each customer's purchases are drawn. Seasons
and campaigns move all customers at once, which the models do not know: how far they did so while
the model was fitted can be told by `shocks.py` and widens the intervals. The same seed
gives the same numbers. What is not in it: customers who are yet to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline

from workbench.errors import AnalysisError
from workbench.retention.maximise import Floats, total
from workbench.retention.purchases.cells import Cells
from workbench.retention.purchases.fits import Model, PurchaseFit
from workbench.retention.purchases.shocks import (
    PeriodShocks,
    fitted_path,
    period_shocks,
    shaken,
)

__all__ = [
    "PurchaseForecast",
    "drawn_means",
    "expected_path",
    "forecast_purchases",
    "track_purchases",
]

_CUSTOMERS = 5_000  # drawn one by one; of a larger base so many stand for all
_KNOTS = 8  # points of the curve of what is expected
_COARSE = 40  # steps of the longest time, for how expected numbers move with the parameters
METHOD = "predictive, parameters and customers drawn"
WITH_SHOCKS = "predictive, parameters, customers and periods drawn"


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
    shocks: PeriodShocks | None = None,
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
    shocks
        How far periods differ beyond chance; not at all when not given.

    Raises
    ------
    AnalysisError
        When there is no fit, or for arguments outside these.
    """
    _check(periods, length, draws, alpha)
    model = fit.model
    ends = length * np.arange(1, periods + 1.0)
    rng = np.random.default_rng(seed)
    futures = _futures(fit, cells, ends, draws, rng)
    moved = shocks is not None and shocks.spread > 0
    if shocks is not None and moved:
        futures = np.rint(futures * shaken(shocks, futures.shape, rng))
    table = _table(expected_path(model, cells, ends), futures, alpha)
    last = table.iloc[-1]
    return PurchaseForecast(
        table=table,
        total=float(last["cumulative"]),
        ci_lower=int(last["cumulative_ci_lower"]),
        ci_upper=int(last["cumulative_ci_upper"]),
        level=1 - alpha,
        method=WITH_SHOCKS if moved else METHOD,
        draws=draws,
        seed=seed,
        customers=cells.customers,
        model=fit.name,
    )


def _table(cumulative: Floats, futures: Floats, alpha: float) -> pd.DataFrame:
    """Return the rows of a forecast from what is expected and from drawn futures."""
    tails = [alpha / 2, 1 - alpha / 2]
    low, high = _ends(futures, tails)
    all_low, all_high = _ends(np.cumsum(futures, axis=1), tails)
    return pd.DataFrame(
        {
            "period": np.arange(1, len(cumulative) + 1),
            "expected": np.diff(cumulative, prepend=0.0),
            "ci_lower": low,
            "ci_upper": high,
            "cumulative": cumulative,
            "cumulative_ci_lower": all_low,
            "cumulative_ci_upper": all_high,
        }
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
    fitted, counts = fitted_path(fit, cells, actual, length=length)
    before = len(fitted)
    ahead = forecast_purchases(
        fit,
        cells,
        periods=periods,
        length=length,
        seed=seed,
        alpha=alpha,
        draws=draws,
        shocks=period_shocks(fit, cells, actual, length=length),
    ).table
    base = int(counts[:before].sum())
    whole = before + periods
    known = [int(count) for count in counts[:whole]]
    unknown = [None] * (whole - len(known))
    rows: dict[str, list[Any]] = {
        "actual": [*known, *unknown],
        "expected": [*np.diff(fitted, prepend=0.0).tolist(), *ahead["expected"].tolist()],
        "ci_lower": [*[None] * before, *ahead["ci_lower"].tolist()],
        "ci_upper": [*[None] * before, *ahead["ci_upper"].tolist()],
        "actual_cumulative": [*np.cumsum(known).tolist(), *unknown],
        "expected_cumulative": [*fitted.tolist(), *(base + ahead["cumulative"]).tolist()],
    }
    for name in ("cumulative_ci_lower", "cumulative_ci_upper"):
        rows[name] = [*[None] * before, *(base + ahead[name]).tolist()]
    clock = {"period": np.arange(1, whole + 1), "after": np.arange(whole) >= before}
    drawn = {name: pd.Series(values, dtype=object) for name, values in rows.items()}
    return pd.DataFrame({**clock, **drawn})


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


def expected_path(model: Model, cells: Cells, ends: Floats, *, each: bool = False) -> Floats:
    """Return the expected purchases of all customers from now until each end, shape (ends,).

    Parameters
    ----------
    model
        The model.
    cells
        The customers.
    ends
        Times from now.
    each
        Return them for each row of the cells instead, until the last end, shape (cells,).
    """

    def until(end: float) -> Floats:
        return cells.n * model.expected_purchases(end, cells.frequency, cells.recency, cells.T)

    if each:
        return until(float(ends[-1]))
    return np.array([total(np.ones(len(cells)), until(float(end))) for end in ends])


def _futures(
    fit: PurchaseFit, cells: Cells, ends: Floats, draws: int, rng: np.random.Generator
) -> Floats:
    """Return purchases by period of each drawn future, shape (draws, periods)."""
    some, scale = _sample(cells, rng)
    logs = rng.multivariate_normal(fit.found.log_params, fit.found.cov, size=draws, method="eigh")
    made = np.empty((draws, len(ends)))
    means = drawn_means(fit, cells, ends, logs) if scale > 1 else np.empty(0)
    for draw in range(draws):
        model = fit.model_at(logs[draw])
        made[draw] = _counted(model, some, ends, rng)
        if scale > 1:
            # Two futures of one model differ by chance alone, here as it is for all customers.
            by_chance = (made[draw] - _counted(model, some, ends, rng)) * np.sqrt(scale / 2)
            made[draw] = np.maximum(means[draw] + by_chance, 0.0)
    return np.rint(made)


def _counted(model: Model, cells: Cells, ends: Floats, rng: np.random.Generator) -> Floats:
    times = model.draw_times(rng, float(ends[-1]), cells).times
    place = np.minimum(np.searchsorted(ends, times), len(ends) - 1)
    return np.bincount(place, minlength=len(ends)).astype("float64")


def drawn_means(
    fit: PurchaseFit, cells: Cells, ends: Floats, logs: Floats, *, shape: Cells | None = None
) -> Floats:
    """Return expected purchases by stretch at drawn parameters, shape (draws, stretches).

    Of many customers the parameters are known well, so the logarithm of what is expected is taken
    as linear in theirs; its slopes need coarse cells only.

    Parameters
    ----------
    fit, cells
        The fitted model, and the customers.
    ends
        Where the stretches end, rising, shape (stretches,).
    logs
        Logarithms of drawn parameters, shape (draws, parameters).
    shape
        Customers who stand for all in how purchases go on and move with the parameters; how many
        there are in all is told by `cells`. Coarse cells of all when not given.
    """
    coarse, best = shape or cells.coarse(_COARSE), fit.found.log_params

    # What is expected grows smoothly: a few points of it give the others.
    many = len(ends) > _KNOTS
    knots = np.linspace(0, ends[-1], _KNOTS + 1)[1:] if many else ends

    def by_period(log_params: Floats) -> Floats:
        path = expected_path(fit.model_at(log_params), coarse, knots)
        if many:
            path = CubicSpline(np.append(0.0, knots), np.append(0.0, path))(ends)
        return np.log(np.maximum(np.diff(path, prepend=0.0), 1e-300))

    middle, slopes = by_period(best), np.empty((len(best), len(ends)))
    for place, error in enumerate(np.sqrt(np.diag(fit.found.cov))):
        step = np.zeros_like(best)
        step[place] = error
        slopes[place] = (by_period(best + step) - by_period(best - step)) / (2 * error)
    exact = expected_path(fit.model, cells, ends[-1:])[0] / np.exp(middle).sum()
    means: Floats = exact * np.exp(middle + (logs - best) @ slopes)
    return means


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
