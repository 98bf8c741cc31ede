"""The rule by which a forecast is published, or withheld.

A forecast is published only if, tried from earlier days,

1. its mean absolute error was smaller than that of every naive forecast, and
2. its intervals held what came as often as they promise.

The second cannot be asked to the letter of a few trials: of twenty-four numbers in three trials one
in twenty lies outside by right, and as strong weeks come together, so do those outside. So the
model is taken at its word: its own drawn futures tell how many numbers would lie outside its
intervals were it right. The intervals fail only where as many as were found outside would come in
fewer than one in twenty such cases. Where trials forecast the same days, those outside are taken to
fall together, which forgives more: fewer independent days prove less.

Fewer trials than :data:`~workbench.retention.backtest.origins.MIN_ORIGINS` prove nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from workbench.data.phrases import counted, share
from workbench.retention.backtest.origins import MIN_ORIGINS
from workbench.retention.backtest.scores import MODEL, errors_of
from workbench.retention.backtest.trials import Trial

__all__ = ["UNLIKELY", "Verdict", "judge"]

UNLIKELY = 0.05
"""Intervals fail where so many misses, or more, would come less often than this."""
_PAIRS = 20_000  # ways to combine the trials' futures
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Verdict:
    """Whether a forecast is published, and why.

    Parameters
    ----------
    name
        The number that is forecast.
    published
        Whether it is.
    reason
        Why not, in words; empty when it is.
    trials
        From how many earlier days it was tried.
    naive
        The best naive forecast; empty where there is none.
    error, naive_error
        Mean absolute error of the model and of that one; None where there is none.
    outside, numbers
        How many of how many numbers lay outside their intervals.
    chance
        How often as many or more would lie outside, were the model right; None without trials.
    """

    name: str
    published: bool
    reason: str
    trials: int
    naive: str
    error: float | None
    naive_error: float | None
    outside: int
    numbers: int
    chance: float | None


def judge(trials: Sequence[Trial], name: str, *, alpha: float = 0.05, seed: int = 0) -> Verdict:
    """Return whether the forecast of a number is published.

    Parameters
    ----------
    trials
        The trials from earlier days.
    name
        The number.
    alpha
        One minus the level of the intervals.
    seed
        Of the ways in which the trials' futures are combined.
    """
    errors = errors_of(trials, name) if trials else {}
    models = {model for trial in trials for model in trial.futures} | {MODEL}
    naive = {method: float(e.mean()) for method, e in errors.items() if method not in models}
    best = min(naive, key=lambda method: (naive[method], method)) if naive else ""
    unfitted = [trial for trial in trials if not trial.chosen]
    if len(trials) < MIN_ORIGINS or unfitted or not best:
        why = f"it could be tried from {counted(len(trials), 'earlier day')} only"
        if unfitted:
            why = f"on an earlier day no model could be fitted. {unfitted[0].reason}"
        elif len(trials) >= MIN_ORIGINS:
            why = "there is no naive forecast to hold it against"
        nothing = naive[best] if best else None
        return Verdict(name, False, why, len(trials), best, None, nothing, 0, 0, None)
    error = float(errors[MODEL].mean())
    outside, numbers, chance = _outside(trials, name, alpha, seed)
    reasons = []
    if not error < naive[best]:
        reasons.append(
            f"tried from {counted(len(trials), 'earlier day')}, it was no better than the naive "
            f'forecast "{best}"'
        )
    if chance < UNLIKELY:
        reasons.append(
            f"its {share(1 - alpha, 0)} intervals missed {outside} of "
            f"{counted(numbers, 'number')}, too many for chance"
        )
    return Verdict(
        name=name,
        published=not reasons,
        reason=", and ".join(reasons),
        trials=len(trials),
        naive=best,
        error=error,
        naive_error=naive[best],
        outside=outside,
        numbers=numbers,
        chance=chance,
    )


def _outside(trials: Sequence[Trial], name: str, alpha: float, seed: int) -> tuple[int, int, float]:
    """Return the misses, the numbers, and how often as many would be missed by chance."""
    missed, numbers, expected = 0, 0, []
    for trial in trials:
        futures = trial.futures[trial.chosen]
        low, high = futures.ends(name, alpha)
        actual = trial.actual[name][: len(low)]
        missed += int(((actual < low) | (actual > high)).sum())
        numbers += len(low)
        drawn = futures.draws[name]
        expected.append(((drawn < low) | (drawn > high)).sum(axis=1))
    overlap = any(trial.bounds[0] < before.bounds[-1] for before, trial in pairwise(trials))
    return missed, numbers, _as_many(expected, missed, overlap=overlap, seed=seed)


def _as_many(expected: Sequence[Ints], missed: int, *, overlap: bool, seed: int) -> float:
    """Return how often the trials' futures together miss as many numbers or more."""
    if overlap:  # all at their worst together
        ranks = (np.arange(_PAIRS) + 0.5) / _PAIRS
        sums = sum(np.quantile(each, ranks, method="inverted_cdf") for each in expected)
    else:
        rng = np.random.default_rng(seed)
        sums = sum(rng.choice(each, _PAIRS) for each in expected)
    return float((np.asarray(sums) >= missed).mean())
