"""How good probabilities are: ranking, calibration, what the top tenth holds, with intervals.

The customers of the test are what was sampled. Every measure is linearised: the interval comes from
how much each customer moves it, so that it needs no resampling and the same data give the same
interval.

References
----------
DeLong, DeLong & Clarke-Pearson, "Comparing the areas under two or more correlated ROC curves",
Biometrics 44, 1988. Deville, "Variance estimation for complex statistics and estimators", Survey
Methodology 25(2), 1999: linearisation, an estimated threshold included. Cox, "Two further
applications of a model for binary regression", Biometrika 45, 1958: slope and intercept of
calibration.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, exp, log, sqrt

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from scipy.special import expit

from workbench.data.intervals import wilson
from workbench.data.phrases import counted
from workbench.retention.propensity.models import fit_line

__all__ = [
    "LEVEL",
    "TOP",
    "Figure",
    "Quality",
    "calibration",
    "difference",
    "gains",
    "losses",
    "measure",
    "reliability",
    "top_of",
]

Floats = npt.NDArray[np.float64]
LEVEL = 0.95
TOP = 0.1
"""The share of customers that a campaign could contact: the top tenth."""
_EDGE = 0.05  # of all customers, on each side of the threshold, tell the rate at it
_METHOD = "linearised, over customers"


@dataclass(frozen=True)
class Figure:
    """A number with its interval.

    Parameters
    ----------
    value
        The estimate; None where there is none.
    ci_lower, ci_upper
        The interval's ends; None where there is none.
    level
        Of the interval.
    method
        How it was made.
    reason
        Why there is no number or no interval; empty otherwise.
    """

    value: float | None
    ci_lower: float | None
    ci_upper: float | None
    level: float = LEVEL
    method: str = _METHOD
    reason: str = ""

    @property
    def ci(self) -> tuple[float, float, float, str] | None:
        """Return the interval as the report room takes it."""
        if self.ci_lower is None or self.ci_upper is None:
            return None
        return self.ci_lower, self.ci_upper, self.level, self.method


@dataclass(frozen=True)
class Quality:
    """How good the probabilities of one model are on customers that it has not seen.

    Parameters
    ----------
    customers, leavers
        Who it was tried on, and how many of them left.
    auc
        How often a customer who left has a higher probability than one who stayed; 0.5 is chance.
    precision
        Share of the top tenth that left.
    lift
        The same, over the share of all that left.
    captured
        Share of those who left that the top tenth holds.
    brier, log_loss
        Mean squared error, and minus the mean log-likelihood.
    slope, intercept
        Of calibration in log-odds: 1 and 0 are right; a slope below 1 says that high risks are
        overstated, an intercept above 0 that more left than was said.
    """

    customers: int
    leavers: int
    auc: Figure
    precision: Figure
    lift: Figure
    captured: Figure
    brier: Figure
    log_loss: Figure
    slope: Figure
    intercept: Figure


def measure(log_odds: Floats, left: Floats) -> Quality:
    """Return how good log-odds are.

    Parameters
    ----------
    log_odds
        Calibrated, shape (customers,).
    left
        Who left, 0 or 1, with at least one of each.
    """
    precision, lift, captured = top_of(log_odds, left, TOP)
    slope, intercept = calibration(log_odds, left)
    squares = (expit(log_odds) - left) ** 2
    return Quality(
        len(left),
        int(left.sum()),
        _auc(log_odds, left),
        precision,
        lift,
        captured,
        _mean(squares),
        _mean(losses(log_odds, left)),
        slope,
        intercept,
    )


def losses(log_odds: Floats, left: Floats) -> Floats:
    """Return each customer's log loss: minus the log of the probability of what happened."""
    made: Floats = np.logaddexp(0.0, np.where(left == 1, -log_odds, log_odds))
    return made


def difference(one: Floats, other: Floats) -> Figure:
    """Return the mean of one loss less another of the same customers, with its interval."""
    return _mean(one - other)


def calibration(log_odds: Floats, left: Floats) -> tuple[Figure, Figure]:
    """Return slope and intercept of calibration with Wald intervals.

    The intercept is that of the model with the slope held at 1 ("calibration in the large").
    """
    z = float(stats.norm.ppf((1 + LEVEL) / 2))
    method = "Wald"
    line = fit_line(log_odds, left, smooth=False)
    if line.slope_error == 0:
        none = Figure(None, None, None, reason="all customers have the same probability")
        slope = none
    else:
        reach = z * line.slope_error
        slope = Figure(line.slope, line.slope - reach, line.slope + reach, method=method)
    shift = 0.0
    for _ in range(50):
        p = expit(log_odds + shift)
        step = float((left - p).sum() / max((p * (1 - p)).sum(), 1e-12))
        shift += float(np.clip(step, -5, 5))
        if abs(step) < 1e-12:
            break
    p = expit(log_odds + shift)
    error = 1 / sqrt(max(float((p * (1 - p)).sum()), 1e-12))
    return slope, Figure(shift, shift - z * error, shift + z * error, method=method)


def top_of(score: Floats, left: Floats, share: float) -> tuple[Figure, Figure, Figure]:
    """Return precision, lift and share captured of the top of a ranking.

    Customers who tie at the edge count in part, so that the top is exactly the share.

    Parameters
    ----------
    score
        What ranks the customers, shape (customers,).
    left
        Who left, 0 or 1.
    share
        The top's share of the customers, above 0 and below 1.

    Notes
    -----
    With ``w`` the part of a customer that counts in the top and ``m`` the rate at the edge, a
    customer moves the precision by ``(w (y - m) - k (P - m)) / k`` over n; ``m`` enters because the
    edge is estimated, too. The interval of a share is Wilson's, of as many customers as would give
    that error if each were drawn by itself; that of a lift is made of its logarithm.
    """
    n = len(left)
    weight, edge = _top(score, left, share)
    inside = float((weight * left).sum() / n)  # of all customers: in the top, and left
    rate = float(left.mean())
    precision = inside / share
    moves = (weight * (left - edge) - share * (precision - edge)) / share
    lift_moves = moves / rate - (left - rate) * precision / rate**2
    lift = precision / rate
    captured = lift * share
    return (
        _share_figure(precision, _error(moves), n * share),
        _log_figure(lift, _error(lift_moves)),
        _share_figure(captured, _error(lift_moves * share), n * rate),
    )


def _top(score: Floats, left: Floats, share: float) -> tuple[Floats, float]:
    """Return how far each customer counts in the top, and the rate of leaving at the edge."""
    n = len(score)
    wanted = share * n
    edge = np.sort(score)[::-1][min(ceil(wanted), n) - 1]
    above, ties = score > edge, score == edge
    weight = above.astype("float64")
    weight[ties] = (wanted - above.sum()) / ties.sum()
    if ties.sum() >= 2 * _EDGE * n:
        return weight, float(left[ties].mean())
    order = np.lexsort((left, -score))
    around = slice(max(round(wanted - _EDGE * n), 0), round(wanted + _EDGE * n) + 1)
    return weight, float(left[order][around].mean())


def gains(score: Floats, left: Floats, shares: tuple[float, ...] = ()) -> pd.DataFrame:
    """Return which share of those who left is found among the first customers of a ranking.

    Returns
    -------
    pandas.DataFrame
        `contacted` (share of customers, 0 to 1), `captured` with `ci_lower` and `ci_upper`, and
        `at_random` (what the same number of customers drawn by lot would hold).
    """
    points = shares or tuple(tenth / 10 for tenth in range(1, 10))
    rows: list[tuple[float, ...]] = [(0.0, 0.0, 0.0, 0.0, 0.0)]
    for share in points:
        _, _, found = top_of(score, left, share)
        value = found.value or 0.0
        low = value if found.ci_lower is None else found.ci_lower
        high = value if found.ci_upper is None else found.ci_upper
        rows.append((share, value, low, high, share))
    rows.append((1.0, 1.0, 1.0, 1.0, 1.0))
    names = ["contacted", "captured", "ci_lower", "ci_upper", "at_random"]
    return pd.DataFrame(rows, columns=names)


def reliability(log_odds: Floats, left: Floats, *, bins: int = 10) -> pd.DataFrame:
    """Return what was said and what happened, by groups of customers of like probability.

    Parameters
    ----------
    log_odds, left
        As :func:`measure` takes them.
    bins
        How many groups at most, at least 1; fewer where many customers tie.

    Returns
    -------
    pandas.DataFrame
        `customers`, `said` (mean probability), `left` (share that left), `ci_lower`, `ci_upper`
        (Wilson), lowest probability first; each of at least the customers over `bins`, rounded
        down, ties never split.
    """
    order = np.argsort(log_odds, kind="stable")
    ranked, gone = log_odds[order], left[order]
    size, least = len(left), max(len(left) // bins, 1)
    bounds = [0]
    for start in (np.flatnonzero(np.diff(ranked)) + 1).tolist():
        wide = start - bounds[-1] >= least and size - start >= least
        if wide and len(bounds) < bins:
            bounds.append(start)
    bounds.append(size)
    rows = []
    for begin, end in pairwise(bounds):
        said = float(expit(ranked[begin:end]).mean())
        low, high = wilson(float(gone[begin:end].sum()), end - begin, level=LEVEL)
        rows.append((end - begin, said, float(gone[begin:end].mean()), low, high))
    return pd.DataFrame(rows, columns=["customers", "said", "left", "ci_lower", "ci_upper"])


def _auc(score: Floats, left: Floats) -> Figure:
    gone = left == 1
    n, m = int(gone.sum()), int((~gone).sum())
    ranks = stats.rankdata(score)
    among_gone, among_stayed = stats.rankdata(score[gone]), stats.rankdata(score[~gone])
    above = (ranks[gone] - among_gone) / m  # of stayers below each leaver
    below = 1 - (ranks[~gone] - among_stayed) / n
    value = float(above.mean())
    if n < 2 or m < 2:
        few = f"fewer than {counted(2, 'customer')} on one side"
        return Figure(value, None, None, reason=few)
    error = sqrt(float(above.var(ddof=1)) / n + float(below.var(ddof=1)) / m)
    found = _share_figure(value, error, min(n, m))
    return Figure(value, found.ci_lower, found.ci_upper, method="DeLong, as Wilson's")


def _error(moves: Floats) -> float:
    return sqrt(float((moves**2).sum())) / len(moves)


def _mean(values: Floats) -> Figure:
    n = len(values)
    value = float(values.mean())
    if n < 2:
        return Figure(value, None, None, reason="one customer only")
    reach = float(stats.norm.ppf((1 + LEVEL) / 2)) * float(values.std(ddof=1)) / sqrt(n)
    return Figure(value, value - reach, value + reach)


def _share_figure(value: float, error: float, size: float) -> Figure:
    """Return a share with an interval that stays between 0 and 1."""
    if error == 0 or not 0 < value < 1:
        low, high = wilson(value * size, size, level=LEVEL)
        return Figure(value, low, high, method="Wilson")
    # As many customers as would give this error if they were drawn one by one: Wilson, of those.
    worth = value * (1 - value) / error**2
    low, high = wilson(value * worth, worth, level=LEVEL)
    return Figure(value, low, high)


def _log_figure(value: float, error: float) -> Figure:
    if value <= 0 or error == 0:
        return Figure(value, None, None, reason="nobody in the top tenth left")
    reach = float(stats.norm.ppf((1 + LEVEL) / 2)) * error / value
    return Figure(value, exp(log(value) - reach), exp(log(value) + reach))
