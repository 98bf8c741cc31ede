"""The season of known customers, and customers on its clock.

What is expected of a month depends on who the model takes for a customer still, and the model on
the season; so the two are found in turns, a few times.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from workbench.retention.maximise import Floats
from workbench.retention.purchases.fits import PurchaseFit, fit_bgnbd, fit_nbd
from workbench.retention.purchases.log import Known, in_season
from workbench.retention.purchases.outlook import weekly_purchases
from workbench.retention.purchases.season import EVEN, MONTHS, months_of, no_season, season_of
from workbench.retention.purchases.shocks import path_until

__all__ = ["on_season"]

Ints = npt.NDArray[np.int64]
_TURNS = 4  # after which the factors move by less than half a percent
_YEAR = 365.25
_STEADY = 0.05  # by so much a month differs from year to year where weeks do not differ at all
_PERSISTS = 1.1  # variance of a month to that of its weeks around it, if 0.6 persist to the next


def on_season(known: Known, busy: Iterable[tuple[int, int]] = ()) -> Known:
    """Return customers on the clock of their season; as they are where there is none.

    Parameters
    ----------
    known
        The customers, on any clock.
    busy
        First and last day numbers of known events: their days tell nothing of a season.
    """
    if known.last - known.begin < 2:
        return in_season(known, no_season("The data hold a few days only."))
    ends, used = _stretches(known, busy)
    counted = _counted(known, ends)[used]
    month, year = months_of(ends)[used], ((known.last - ends) / _YEAR).astype("int64")[used]
    season = EVEN
    for _ in range(_TURNS):
        known = in_season(known, season)
        fit = fit_bgnbd(known.cells)
        if not fit.converged:
            fit = fit_nbd(known.cells)
        if not fit.converged:
            return in_season(known, no_season(fit.reason))
        path = path_until(fit.model, known.cells, -known.weeks_until(ends))
        expected = np.diff(path, prepend=0.0)[used] / np.exp(season.logs)[month]
        rows = _by_month(month, year, expected, counted)
        season = season_of(*rows, yearly=_yearly(known, fit))
        if season.even:
            break
    return in_season(known, season)


def _yearly(known: Known, fit: PurchaseFit) -> float:
    """Return how far months may differ from year to year, by how weeks within a month differ.

    Weeks that move together beyond chance move their month, too; nothing else within a year tells
    such a month from one of a season.
    """
    ends = known.last - 7 * np.arange((known.last - known.begin - 1) // 7, -1, -1)
    counted = weekly_purchases(known, days=7).astype("float64")
    path = path_until(fit.model, known.cells, -known.weeks_until(ends))
    expected = np.diff(path, prepend=0.0)
    month = np.cumsum(np.diff(months_of(ends), prepend=-1) != 0) - 1
    whole = (months_of(ends - 6) == months_of(ends)) & (expected > 0)
    weeks = np.bincount(month[whole], minlength=month[-1] + 1)
    whole &= weeks[month] > 1
    month, counted, expected = month[whole], counted[whole], expected[whole]
    sums = [np.bincount(month, weights=values) for values in (expected, counted)]
    part = expected / sums[0][month]
    fair = part * sums[1][month]
    beyond = float(((counted - fair) ** 2 - fair * (1 - part)).sum())
    scale = float((fair**2 * (1 - 1 / weeks[month])).sum())
    moved = max(beyond / scale, 0.0) if scale > 0 else 0.0
    return float(np.sqrt(_STEADY**2 + _PERSISTS * moved))


def _stretches(known: Known, busy: Iterable[tuple[int, int]]) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the last days of stretches within one month and one year, and which tell a season."""
    days = np.arange(known.begin + 1, known.last + 1)
    quiet = np.ones(len(days), dtype=bool)
    for first, last in busy:
        quiet &= (days < first) | (days > last)
    year = ((known.last - days) / _YEAR).astype("int64")
    changes = [np.diff(values) != 0 for values in (months_of(days), year, quiet.astype("int64"))]
    cut = np.append(np.any(changes, axis=0), True)
    return days[cut], quiet[cut]


def _counted(known: Known, ends: Ints) -> Floats:
    place = np.searchsorted(ends, known.day[known.repeat])
    return np.bincount(place, minlength=len(ends)).astype("float64")


def _by_month(
    month: Ints,
    year: Ints,
    expected: Floats,
    counted: Floats,
) -> tuple[Ints, Ints, Floats, Floats]:
    """Return the sums of stretches that lie in one month of one year."""
    keys, place = np.unique(year * MONTHS + month, return_inverse=True)
    sums = [np.bincount(place, weights=values).astype("float64") for values in (expected, counted)]
    return keys % MONTHS, keys // MONTHS, sums[0], sums[1]
