"""Scores from 1 (worst) to n (best) for recency, frequency and money, by cut points one can read.

A score is one more than the number of cut points below the value, so equal values always get the
same score. Where many customers share a value, several quantiles fall on it and some score is
left without customers: that is counted and said (`CutPoints.empty_scores`), never hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from workbench.errors import AnalysisError, one_of

__all__ = ["MEASURES", "CutPoints", "Measure", "cut_table", "score", "score_at"]

MIN_BINS, MAX_BINS = 3, 10


@dataclass(frozen=True)
class Measure:
    """What a score is made of.

    Parameters
    ----------
    score
        Column of the score: `r_score`, `f_score` or `m_score`.
    column
        Column of the value that is scored.
    label
        The value in plain words.
    low_is_good
        Whether a small value earns a high score.
    """

    score: str
    column: str
    label: str
    low_is_good: bool = False


MEASURES = {
    "recency": Measure("r_score", "days_since_last_purchase", "Days since last purchase", True),
    "frequency": Measure("f_score", "purchase_days", "Days with a purchase"),
    "money": Measure("m_score", "revenue", "Revenue, net of returns"),
}
"""The three scores: recency, frequency, money."""


@dataclass(frozen=True)
class CutPoints:
    """Where one score changes.

    Parameters
    ----------
    measure
        What is scored.
    cuts
        `n_bins - 1` values, rising; equal ones where many customers share a value.
    customers
        Customers with score 1, 2 ... `n_bins`.
    declared
        Whether the cut points were set, rather than read off the data.
    """

    measure: Measure
    cuts: tuple[float, ...]
    customers: tuple[int, ...]
    declared: bool

    @property
    def n_bins(self) -> int:
        """Return how many scores there are."""
        return len(self.customers)

    @property
    def empty_scores(self) -> tuple[int, ...]:
        """Return the scores that no customer has, because of ties or of declared cut points."""
        return tuple(i + 1 for i, count in enumerate(self.customers) if not count)

    @property
    def note(self) -> str:
        """Return what a reader should know of ties, or an empty string."""
        if not self.empty_scores:
            return ""
        what = self.measure.label[0].lower() + self.measure.label[1:]
        which = ", ".join(str(s) for s in self.empty_scores)
        why = (
            "no value lies between the cut points that were set"
            if self.declared
            else "too many customers share one value to be split"
        )
        return f"No customer scores {which} for {what}: {why}."


def score(
    customers: pd.DataFrame,
    *,
    n_bins: int = 5,
    cuts: Mapping[str, Sequence[float]] | None = None,
) -> tuple[pd.DataFrame, tuple[CutPoints, ...]]:
    """Return customers with `r_score`, `f_score` and `m_score`, and the cut points used.

    Parameters
    ----------
    customers
        `CustomerBase.customers`.
    n_bins
        Number of scores, 3 to 10.
    cuts
        Cut points to use in place of quantiles: `recency` (days), `frequency` (purchase days),
        `money` (net revenue), each `n_bins - 1` rising values. A value equal to a cut point
        belongs below it.

    Raises
    ------
    AnalysisError
        For a number of bins outside 3 to 10, unknown names, or cut points that do not rise.
    """
    if not MIN_BINS <= n_bins <= MAX_BINS:
        raise AnalysisError(
            f"n_bins == {n_bins}, must be {MIN_BINS} to {MAX_BINS}", where="segmentation scores"
        )
    given = dict(cuts or {})
    for name in given:
        if name not in MEASURES:
            raise AnalysisError(
                f"cut points for unknown score {name}",
                where="segmentation scores",
                fix=one_of(name, MEASURES),
            )
    points = []
    for name, measure in MEASURES.items():
        values = customers[measure.column].to_numpy("float64")
        edges = (
            _declared(name, given[name], n_bins) if name in given else _quantiles(values, n_bins)
        )
        points.append(CutPoints(measure, tuple(edges), (0,) * n_bins, name in given))
    return score_at(customers, points)


def score_at(
    customers: pd.DataFrame, points: Sequence[CutPoints]
) -> tuple[pd.DataFrame, tuple[CutPoints, ...]]:
    """Return customers with their scores by cut points found before, as at another day.

    Parameters
    ----------
    customers
        `CustomerBase.customers`.
    points
        As :func:`score` returns them; they need not rise, where customers share a value.

    Returns
    -------
    pandas.DataFrame
        With `r_score`, `f_score` and `m_score`.
    tuple of CutPoints
        The same cut points with how many of these customers have each score.
    """
    scored, counted = customers.copy(), []
    for point in points:
        values = customers[point.measure.column].to_numpy("float64")
        below = np.searchsorted(np.asarray(point.cuts), values, side="left")
        scores = point.n_bins - below if point.measure.low_is_good else below + 1
        scored[point.measure.score] = scores.astype("int64")
        counts = np.bincount(scores, minlength=point.n_bins + 1)[1:]
        counted.append(replace(point, customers=tuple(int(count) for count in counts)))
    return scored, tuple(counted)


def _quantiles(values: np.ndarray[Any, Any], n_bins: int) -> list[float]:
    """Return values of customers that split them into parts of equal size, as far as ties allow."""
    if not len(values):
        return [0.0] * (n_bins - 1)
    at = np.arange(1, n_bins) / n_bins
    return [float(v) for v in np.quantile(values, at, method="inverted_cdf")]


def _declared(name: str, cuts: Sequence[float], n_bins: int) -> list[float]:
    edges = [float(c) for c in cuts]
    rising = all(a < b for a, b in pairwise(edges))
    if len(edges) != n_bins - 1 or not rising or not np.isfinite(edges).all():
        raise AnalysisError(
            f"cut points {name} == {edges}",
            where="segmentation scores",
            fix=f"Give {n_bins - 1} finite numbers, each larger than the one before.",
        )
    return edges


def cut_table(points: Sequence[CutPoints], shown: Mapping[str, Sequence[bool]]) -> pd.DataFrame:
    """Return one row per measure and score, best score first, with its range of values.

    Parameters
    ----------
    points
        As :func:`score` returns them.
    shown
        Score column -> for each score from 1 up, whether its number of customers may be shown,
        see :func:`workbench.segmentation.shown.what_to_show`.

    Returns
    -------
    pandas.DataFrame
        `measure`, `score`, `above` (exclusive, None for no lower end), `up_to` (inclusive, None for
        no upper end), `customers` (None where hidden). Scores that nobody has by ties have
        equal ends and nought customers.
    """
    rows = []
    for point in points:
        ends: list[float | None] = [None, *point.cuts, None]
        for value in range(point.n_bins, 0, -1):
            place = point.n_bins - value if point.measure.low_is_good else value - 1
            count = point.customers[value - 1]
            told = count if shown[point.measure.score][value - 1] else None
            rows.append((point.measure.label, value, ends[place], ends[place + 1], told))
    columns = ["measure", "score", "above", "up_to", "customers"]
    return pd.DataFrame(rows, columns=columns, dtype=object)
