"""How much faster or slower all customers buy in each month of the year.

The purchase models know no calendar: to them a December is a month like any other, and who bought
much in it will go on so. A season is a clock that runs faster in strong months and slower in weak
ones; on that clock every moment is alike, and the models are fitted and drawn on it. What is
estimated are twelve factors with their mean at 1.

Twelve factors always fit some noise. So each is drawn towards 1 by as much as chance, and the
difference of one year from the next, may explain; where that is likely to be all, there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from workbench.data.frames import calendar_days
from workbench.retention.maximise import Floats

__all__ = ["EVEN", "MONTHS", "Season", "months_of", "no_season", "season_of"]

Ints = npt.NDArray[np.int64]
MONTHS = 12

_EXPECTED = 5.0  # purchases; a month with fewer expected tells nothing of a season
_APART = np.geomspace(0.02, 1.5, 20)  # standard deviations of the months' effects that are tried
_YEARLY = np.geomspace(1 / 6, 6, 13)  # and of one year's from the next, as a share of what is usual
_GIVE = 0.7  # how sure it is what is usual (standard deviation of the logarithm)
_WIDE = 0.3  # months are seldom farther apart than twice this
_NONE = 0.5  # how likely it is that there is no season, before any data
_NOTHING = 1e-6  # what is less likely is left out
_SURE = 0.9  # from here on none is taken for certain; below, it counts as far as it is likely


def months_of(days: Ints) -> Ints:
    """Return the month of each day number, 0 for January to 11.

    Examples
    --------
    >>> from datetime import date
    >>> days = date(2024, 2, 29), date(2024, 12, 31)
    >>> months_of(np.array([day.toordinal() for day in days])).tolist()
    [1, 11]
    """
    made: Ints = calendar_days(days).astype("datetime64[M]").astype("int64") % MONTHS
    return made


@dataclass(frozen=True)
class Season:
    """How fast all customers buy in each month.

    Parameters
    ----------
    logs
        Logarithms of the factors, January first, shape (12,); the factors have mean 1.
    cov
        Covariance of the logarithms for the next time each month comes, shape (12, 12).
    years
        How many years tell it.
    reason
        Why there is none; empty otherwise.
    """

    logs: Floats
    cov: Floats
    years: int
    reason: str = ""

    @property
    def even(self) -> bool:
        """Return whether every month is like any other."""
        return not self.logs.any()

    def pace(self, days: Ints) -> Floats:
        """Return the factor of each day, by day numbers of any shape."""
        made: Floats = np.exp(self.logs)[months_of(days)]
        return made

    def drawn(self, rng: np.random.Generator, draws: int) -> Floats:
        """Return drawn factors by month for the next time it comes, shape (draws, 12)."""
        logs = rng.multivariate_normal(self.logs, self.cov, size=draws, method="eigh")
        factors = np.exp(logs)
        made: Floats = factors / factors.mean(axis=1, keepdims=True)
        return made

    def ends(self, alpha: float) -> tuple[Floats, Floats]:
        """Return the ends of the factors' intervals of level 1 - alpha, for the next time."""
        half = float(stats.norm.isf(alpha / 2)) * np.sqrt(np.diag(self.cov))
        return np.exp(self.logs - half), np.exp(self.logs + half)


EVEN = Season(np.zeros(MONTHS), np.zeros((MONTHS, MONTHS)), 0)
"""No season."""


def season_of(
    month: Ints, year: Ints, expected: Floats, counted: Floats, *, yearly: float = 0.1
) -> Season:
    """Return the season from what was counted and what is expected of months without one.

    Parameters
    ----------
    month
        0 for January to 11, shape (some,).
    year
        Which year each belongs to, from 0 on, shape (some,). Years need not begin in January.
    expected, counted
        Purchases in these months: as many as at an even pace, and those that came. Months of which
        few are expected are not read.
    yearly
        By how much, relatively, a month is thought to differ from the same month of another year,
        before these data; above 0.

    Notes
    -----
    The logarithm of counted to expected is the sum of a level of the year, of the month's own
    effect (variance `t`), of what a year does to a month (variance `u`) and of a count's chance.
    One year alone cannot tell `t` from `u`, and two can hardly; so no single pair is chosen. The
    restricted likelihood of each is weighed with a prior (`t` half normal, or 0 in one of two
    cases; `u` lognormal around `yearly`), and the effects are the mean over all pairs of the best
    linear unbiased predictions, their covariance likewise.

    References
    ----------
    Henderson, "Best Linear Unbiased Estimation and Prediction under a Selection Model", Biometrics
    31, 1975. Patterson & Thompson, "Recovery of Inter-Block Information when Block Sizes are
    Unequal", Biometrika 58, 1971. Hoeting, Madigan, Raftery & Volinsky, "Bayesian Model Averaging:
    A Tutorial", Statistical Science 14, 1999.
    """
    told = expected >= _EXPECTED
    month, year = month[told], year[told]
    if len(np.unique(month)) < MONTHS:
        return no_season("Not every month of the year has purchases enough to tell a season.")
    ratio = np.log((counted[told] + 0.5) / (expected[told] + 0.5))
    chance = 1 / (counted[told] + 0.5)
    years = np.unique(year, return_inverse=True)[1]
    level = np.eye(int(years.max()) + 1)[years]
    size = level.shape[1]
    spreads = yearly * _YEARLY
    likely = _weights(ratio, chance, level, month, spreads)
    if likely[:, 0].sum() > _SURE:
        return no_season(
            "That the months of the year differ by chance only is more likely than a season.", size
        )
    seen = np.bincount(month, minlength=MONTHS)
    mean, square = np.zeros(MONTHS), np.zeros((MONTHS, MONTHS))
    for row, spread in zip(likely, spreads, strict=True):
        # What the next year will do to a month; of several years a part is seen as moved weeks.
        again = np.diag(spread**2 / seen)
        square += row[0] * again
        for apart, weight in zip(_APART, row[1:], strict=True):
            if weight < _NOTHING:
                continue
            effects, cov = _effects(ratio, 1 / (chance + spread**2), level, month, float(apart))
            mean += weight * effects
            square += weight * (cov + again + np.outer(effects, effects))
    centred = np.eye(MONTHS) - 1 / MONTHS  # a level of all months is no season
    cov = centred @ (square - np.outer(mean, mean)) @ centred
    return Season(mean - np.log(np.exp(mean).mean()), cov, size)


def no_season(reason: str, years: int = 0) -> Season:
    """Return that there is no season, and why."""
    return Season(EVEN.logs, EVEN.cov, years, reason)


def _weights(ratio: Floats, chance: Floats, level: Floats, month: Ints, spreads: Floats) -> Floats:
    """Return how likely each pair of spreads is: by row one of `spreads`, 0 and `_APART`."""
    logs = np.empty((len(spreads), len(_APART) + 1))
    wide = np.log(np.gradient(_APART)) - (_APART / _WIDE) ** 2 / 2
    wide += np.log(1 - _NONE) - np.log(np.exp(wide).sum())
    prior = np.append(np.log(_NONE), wide)
    for row, spread in enumerate(spreads):
        weight = 1 / (chance + spread**2)
        own = -((np.log(_YEARLY[row]) / _GIVE) ** 2) / 2 + np.log(weight).sum() / 2
        for place, apart in enumerate(np.append(0.0, _APART)):
            logs[row, place] = own + _restricted(ratio, weight, level, month, float(apart))
    each = np.exp(logs + prior - (logs + prior).max())
    made: Floats = each / each.sum()
    return made


def _restricted(ratio: Floats, weight: Floats, level: Floats, month: Ints, apart: float) -> float:
    """Return the restricted log-likelihood, without the weights' own part."""
    sums = np.bincount(month, weights=weight, minlength=MONTHS)
    shrink = apart**2 / (1 + apart**2 * sums)
    both = np.column_stack([level, ratio])
    scaled = weight[:, None] * both
    by_month = np.eye(MONTHS)[month].T @ scaled
    product = both.T @ scaled - by_month.T @ (shrink[:, None] * by_month)
    inner, cross, square = product[:-1, :-1], product[:-1, -1], float(product[-1, -1])
    rest = square - float(cross @ np.linalg.solve(inner, cross))
    free = float(np.log1p(apart**2 * sums).sum()) + float(np.linalg.slogdet(inner)[1])
    return -(free + rest) / 2


def _effects(
    ratio: Floats, weight: Floats, level: Floats, month: Ints, apart: float
) -> tuple[Floats, Floats]:
    """Return the months' effects and the covariance of their errors, from Henderson's equations."""
    both = np.column_stack([level, np.eye(MONTHS)[month]])
    size = level.shape[1]
    equations = both.T @ (weight[:, None] * both)
    equations[range(size, size + MONTHS), range(size, size + MONTHS)] += 1 / apart**2
    inverse: Floats = np.linalg.inv(equations).astype("float64")
    effects = (inverse @ (both.T @ (weight * ratio)))[size:]
    return effects, inverse[size:, size:]
