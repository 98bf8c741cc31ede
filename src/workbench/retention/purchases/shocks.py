"""How far seasons, campaigns and other shocks move all customers at once, period by period.

The purchase models know customers who differ, but no calendar: a strong week and a weak one are
chance to them. What the periods of the fit show beyond chance is taken as what periods to come
will show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline

from workbench.errors import AnalysisError
from workbench.retention.maximise import Floats
from workbench.retention.purchases.cells import Cells
from workbench.retention.purchases.fits import Model, PurchaseFit

__all__ = [
    "PeriodShocks",
    "fitted_path",
    "level_of",
    "path_until",
    "period_shocks",
    "shaken",
    "spread_of",
]

_CURVE = 201  # points; the curve between them is right to six digits
_ENOUGH = 12  # periods with purchases, to tell how far periods differ
_EXPECTED = 10.0  # purchases; a period with fewer tells nothing of shocks


@dataclass(frozen=True)
class PeriodShocks:
    """How far single periods move all customers at once, beyond chance.

    Parameters
    ----------
    spread
        Standard deviation of a period's purchases relative to what was expected, without what
        chance explains; 0 for no sign of it.
    persistence
        Correlation of a period with the next, from 0 to 0.95.
    periods
        How many periods of the fit tell it.
    reason
        Why it is not told (`spread` is then 0); empty otherwise.
    level, level_error
        How far the last period of the fit stood from what was expected, and how well that is known,
        both in units of the spread; 0 and 1 where nothing is known of it.
    """

    spread: float
    persistence: float
    periods: int
    reason: str = ""
    level: float = 0.0
    level_error: float = 1.0


def period_shocks(fit: PurchaseFit, cells: Cells, actual: Any, *, length: float) -> PeriodShocks:
    """Return how far the periods of the fit differ from what was expected, beyond chance.

    Parameters
    ----------
    fit, cells
        The fitted model, and the customers that it was fitted to.
    actual
        Repeat purchases of these customers counted by period, from the first customer's first
        purchase on, shape (some,); periods after the end of the fit are not read.
    length
        How long a period is, above 0, in the model's unit of time; the last one ends with the fit.

    Raises
    ------
    AnalysisError
        When there is no fit, or `actual` does not reach its end.

    Notes
    -----
    From the squared relative errors less what a Poisson count has by chance; the persistence from
    the products of neighbouring errors. Customers differ, which adds a little more chance than
    that: it is then counted as shocks, so that the intervals are rather too wide.
    """
    fitted, counts = fitted_path(fit, cells, actual, length=length)
    return spread_of(np.diff(fitted, prepend=0.0), counts[: len(fitted)])


def spread_of(expected: Floats, counts: Floats) -> PeriodShocks:
    """Return how far counted periods differ from what was expected, beyond chance.

    Parameters
    ----------
    expected, counts
        Events by period, in the order of time, shape (periods,).
    """
    told = expected >= _EXPECTED
    if told.sum() < _ENOUGH:
        why = f"Fewer than {_ENOUGH} periods have {_EXPECTED:g} purchases or more."
        return PeriodShocks(0.0, 0.0, int(told.sum()), why)
    error = np.where(told, counts / np.where(told, expected, 1) - 1, 0.0)
    chance = np.where(told, 1 / np.where(told, expected, 1), 0.0)
    variance = float((error**2 - chance).sum() / told.sum())
    if variance <= 0:
        return PeriodShocks(0.0, 0.0, int(told.sum()))
    pairs = told[1:] & told[:-1]
    neighbours = float((error[1:] * error[:-1])[pairs].sum() / max(int(pairs.sum()), 1))
    persistence = float(np.clip(neighbours / variance, 0.0, 0.95))
    return PeriodShocks(float(np.sqrt(variance)), persistence, int(told.sum()))


def level_of(shocks: PeriodShocks, expected: Floats, counts: Floats) -> PeriodShocks:
    """Return the shocks with where the last period stood, which the next ones begin from.

    A strong season, or the loss of a shop, lasts: where periods were found to persist, the last
    ones tell of the next.

    Parameters
    ----------
    shocks
        How far, and for how long.
    expected, counts
        As :func:`spread_of` takes them.

    References
    ----------
    The filter of Kalman (1960) for a level that persists from period to period (an autoregression
    of order one), seen with a Poisson count's chance.
    """
    if not shocks.spread > 0:
        return shocks
    variance, persists = shocks.spread**2, shocks.persistence
    level, doubt = 0.0, variance
    for wanted, counted in zip(expected.tolist(), counts.tolist(), strict=True):
        level, doubt = persists * level, persists**2 * doubt + (1 - persists**2) * variance
        if wanted >= _EXPECTED:
            gain = doubt / (doubt + 1 / wanted)
            level, doubt = level + gain * (counted / wanted - 1 - level), (1 - gain) * doubt
    return replace(
        shocks, level=level / shocks.spread, level_error=float(np.sqrt(doubt)) / shocks.spread
    )


def shaken(shocks: PeriodShocks, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Return factors that persist from period to period, with mean 1 where no level is known.

    Parameters
    ----------
    shocks
        How far, and for how long.
    shape
        Futures and periods.
    rng
        The source of chance.
    """
    variance, persists = np.log1p(shocks.spread**2), shocks.persistence
    noise = rng.standard_normal(shape)
    level = np.empty(shape)
    before = shocks.level + shocks.level_error * rng.standard_normal(shape[0])
    for period in range(shape[1]):
        level[:, period] = persists * before + np.sqrt(1 - persists**2) * noise[:, period]
        before = level[:, period]
    factors: Floats = np.exp(np.sqrt(variance) * level - variance / 2)
    return factors


def fitted_path(
    fit: PurchaseFit, cells: Cells, actual: Any, *, length: float
) -> tuple[Floats, Floats]:
    """Return the modelled cumulative purchases by period of the fit, and all counted ones.

    Parameters
    ----------
    fit, cells, actual, length
        As :func:`period_shocks` takes them.

    Raises
    ------
    AnalysisError
        As :func:`period_shocks` does.
    """
    if not (length > 0 and np.isfinite(length)):
        raise AnalysisError(f"length == {length}, must be > 0", where="forecast")
    model = fit.model
    counts = np.asarray(actual, dtype="float64")
    longest = float(cells.T.max())
    before = max(int(np.ceil(longest / length - 1e-9)), 1)
    if len(counts) < before or not np.isfinite(counts).all() or (counts < 0).any():
        raise AnalysisError(
            f"actual has {len(counts)} periods, {before} are needed",
            where="tracking",
            fix="Count the purchases of each period of the fit; none is missing or negative.",
        )
    # A customer's clock runs since the first purchase; the last period ends with the fit.
    return path_until(model, cells, length * np.arange(before - 1, -1, -1.0)), counts


def path_until(model: Model, cells: Cells, back: Floats) -> Floats:
    """Return the expected repeat purchases until some time before now, as of new customers.

    Parameters
    ----------
    model
        The model, which sees each customer come and knows nothing else of them.
    cells
        The customers.
    back
        How long before now, from 0 to the longest T, shape (marks,).
    """
    ages, where = np.unique(cells.T, return_inverse=True)
    people = np.bincount(where, weights=cells.n)
    # The expectation of a new customer is one smooth curve: so many points of it give the others.
    grid = float(ages[-1]) * np.linspace(0, 1, _CURVE) ** 2
    new = np.zeros(1)
    curve = CubicSpline(
        grid, [float(model.expected_purchases(span, new, new, new)[0]) for span in grid]
    )
    spans = np.maximum(ages[None, :] - back[:, None], 0.0)
    made: Floats = np.maximum(curve(spans), 0.0) @ people
    return made
