"""The rule by which a forecast is published, or withheld.

A forecast is published only if, tried from earlier days,

1. its mean absolute error was smaller than that of every naive forecast, and
2. its intervals held what came as often as they promise.

The second cannot be asked to the letter of a few trials: of twenty-four numbers in three trials one
in twenty lies outside by right, and as strong weeks come together, so do those outside. So the
model is taken at its word: its own drawn futures tell what would be found were it right. The
intervals fail where as many numbers outside, or a whole time as far off in one of the trials, would
be found in fewer than one in forty such cases each, one in twenty together. The one finds intervals
that are too narrow, the other a world that has changed. Where trials forecast the same days, those
outside are taken to fall together, which forgives more: fewer independent days prove less.

Days on which no model could be fitted, for lack of data, are left out; fewer trials than
:data:`~workbench.retention.backtest.origins.MIN_ORIGINS` prove nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np

from workbench.data.phrases import counted, day, listed, share, uncapitalised
from workbench.retention.backtest.origins import MIN_ORIGINS
from workbench.retention.backtest.scores import MODEL, errors_of
from workbench.retention.backtest.trials import Trial, fitted
from workbench.retention.maximise import Floats

__all__ = ["UNLIKELY", "Verdict", "judge"]

UNLIKELY = 0.025
"""Intervals fail where so many misses, or so far a miss, would come less often than this."""
_CASES = 20_000  # ways to combine the trials' futures


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
    far_chance
        How often a whole time would be as far off in one of the trials; None likewise.
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
    far_chance: float | None = None


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
    told = fitted(trials)
    errors = errors_of(told or trials, name)
    models = {model for trial in told for model in trial.futures} | {MODEL}
    naive = {method: float(e.mean()) for method, e in errors.items() if method not in models}
    best = min(naive, key=lambda method: (naive[method], method)) if naive else ""
    if len(told) < MIN_ORIGINS or not best:
        why, nothing = _unproven(trials, told), naive[best] if best else None
        return Verdict(name, False, why, len(told), best, None, nothing, 0, 0, None)
    trials = told
    error = float(errors[MODEL].mean())
    outside, numbers, chance = _outside(trials, name, alpha, seed)
    far, farthest = _far(trials, name, seed)
    reasons = []
    if not error < naive[best]:
        reasons.append(
            f"from {counted(len(trials), 'earlier day')} it was no better than a simple rule "
            f"({best})"
        )
    if chance < UNLIKELY:
        reasons.append(f"its {share(1 - alpha, 0)} ranges missed {outside} of {numbers} numbers")
    if far < UNLIKELY:
        then = day(date.fromordinal(int(trials[farthest].bounds[0])))
        reasons.append(f"what came after {then} was too far off for chance")
    return Verdict(
        name=name,
        published=not reasons,
        reason=listed(reasons) if reasons else "",
        trials=len(trials),
        naive=best,
        error=error,
        naive_error=naive[best],
        outside=outside,
        numbers=numbers,
        chance=chance,
        far_chance=far,
    )


def _unproven(trials: Sequence[Trial], told: Sequence[Trial]) -> str:
    """Return why a forecast could not be put to the test."""
    if len(told) >= MIN_ORIGINS:
        return "there is no naive forecast to hold it against"
    unfitted = [trial for trial in trials if not trial.chosen]
    few = f"it could be tried from {counted(len(told), 'earlier day')} only"
    if not unfitted:
        return few
    why = uncapitalised(unfitted[0].reason).removesuffix(".")
    if told:
        return f"{few}; on another day no model could be fitted: {why}"
    return f"on none of {counted(len(trials), 'earlier day')} a model could be fitted: {why}"


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
    together = _together(trials, expected, seed).sum(axis=0)
    return missed, numbers, float((together >= missed).mean())


def _far(trials: Sequence[Trial], name: str, seed: int) -> tuple[float, int]:
    """Return how often a trial's last number is as far off by chance, and in which it was."""
    found, expected = [], []
    for trial in trials:
        drawn = trial.futures[trial.chosen].draws[name][:, -1]
        middle, spread = float(drawn.mean()), float(drawn.std()) or 1.0
        found.append(abs(float(trial.actual[name][-1]) - middle) / spread)
        expected.append(np.abs(drawn - middle) / spread)
    together = _together(trials, expected, seed).max(axis=0)
    return float((together >= max(found) - 1e-9).mean()), int(np.argmax(found))


def _together(trials: Sequence[Trial], expected: Sequence[Any], seed: int) -> Floats:
    """Return what the trials' futures give together, in many cases, shape (trials, cases)."""
    overlap = any(trial.bounds[0] < before.bounds[-1] for before, trial in pairwise(trials))
    if overlap:  # all at their worst together
        ranks = (np.arange(_CASES) + 0.5) / _CASES
        return np.array([np.quantile(each, ranks, method="inverted_cdf") for each in expected])
    rng = np.random.default_rng(seed)
    return np.array([rng.choice(each, _CASES) for each in expected], dtype="float64")
