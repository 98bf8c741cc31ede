"""How wrong forecasts were, and how often their intervals held what came.

Errors are means over all trials and periods. For numbers that are right on average and differ in
size, errors of a model mean something only beside those of naive forecasts.

References
----------
Hyndman & Koehler, "Another look at measures of forecast accuracy", International Journal of
Forecasting 22, 2006 (MASE). Gneiting & Raftery, "Strictly Proper Scoring Rules, Prediction, and
Estimation", JASA 102, 2007 (the pinball loss of quantiles).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.retention.backtest.trials import Trial, fitted
from workbench.retention.maximise import Floats

__all__ = ["MODEL", "brier_table", "errors_of", "pinball", "score_table"]

MODEL = "the model"
"""The method whose forecast would have been used."""
LEVELS = np.arange(0.1, 0.95, 0.1)


def pinball(quantiles: Floats, actual: Floats) -> float:
    """Return the mean pinball loss of nine quantiles, from 10% to 90%.

    Parameters
    ----------
    quantiles
        Shape (9, periods); a forecast without an interval has nine equal ones, and half its mean
        absolute error is its loss.
    actual
        What came, shape (periods,).
    """
    error = actual[None, :] - quantiles
    level = LEVELS[:, None]
    return float(np.maximum(level * error, (level - 1) * error).mean())


def errors_of(trials: Sequence[Trial], name: str) -> dict[str, Floats]:
    """Return method -> absolute errors, shape (trials, periods), of methods that all trials have.

    Parameters
    ----------
    trials
        The trials, as many periods each.
    name
        The number.
    """
    made: dict[str, list[Floats]] = {}
    for trial in trials:
        actual = trial.actual[name][: trial.periods]
        points = {model: f.mean(name)[: trial.periods] for model, f in trial.futures.items()}
        if trial.chosen:
            points[MODEL] = points[trial.chosen]
        points |= {method: values[name] for method, values in trial.naive.items() if name in values}
        for method, point in points.items():
            made.setdefault(method, []).append(np.abs(point - actual))
    return {
        method: np.array(errors) for method, errors in made.items() if len(errors) == len(trials)
    }


def score_table(trials: Sequence[Trial], name: str, *, alpha: float = 0.05) -> pd.DataFrame:
    """Return the errors of all methods for one number.

    Parameters
    ----------
    trials
        The trials; those without a model are left out, unless no model could ever be fitted.
    name
        The number.
    alpha
        One minus the level of the intervals.

    Returns
    -------
    pandas.DataFrame
        `method`, `naive`, `mae` (in the number's own unit), `mase` (1: as wrong as periods differ
        from one to the next), `pinball`, `coverage` (share of periods, and of whole times, whose
        number lay in the interval), the smallest `mae` first; None where there is none.
    """
    rows = []
    trials = fitted(trials) or trials
    models = {model for trial in trials for model in trial.futures} | {MODEL}
    for method, errors in errors_of(trials, name).items():
        rows.append(
            (
                method,
                method not in models,
                float(errors.mean()),
                _scaled(trials, name, errors),
                _pinball(trials, name, method, errors),
                _coverage(trials, name, method, alpha) if method in models else None,
            )
        )
    rows.sort(key=lambda row: (row[2], row[0]))
    names = ["method", "naive", "mae", "mase", "pinball", "coverage"]
    return pd.DataFrame(rows, columns=names, dtype=object)


def brier_table(trials: Sequence[Trial]) -> pd.DataFrame:
    """Return the mean squared errors of customers' chances: `method`, `brier`, smallest first."""
    found: dict[str, list[float]] = {}
    trials = fitted(trials) or trials
    for trial in trials:
        named = dict(trial.brier)
        if trial.chosen in named:
            named[MODEL] = named[trial.chosen]
        for method, value in named.items():
            found.setdefault(method, []).append(value)
    rows = [
        (method, float(np.mean(values)))
        for method, values in found.items()
        if len(values) == len(trials)
    ]
    rows.sort(key=lambda row: (row[1], row[0]))
    return pd.DataFrame(rows, columns=["method", "brier"], dtype=object)


def _scaled(trials: Sequence[Trial], name: str, errors: Floats) -> float | None:
    scales = [trial.scale[name] for trial in trials]
    known = [scale for scale in scales if scale]
    if not known or len(known) < len(trials):
        return None
    return float(np.mean(errors.mean(axis=1) / np.array(known)))


def _pinball(trials: Sequence[Trial], name: str, method: str, errors: Floats) -> float:
    losses = []
    for trial, error in zip(trials, errors, strict=True):
        futures = trial.futures.get(trial.chosen if method == MODEL else method)
        if futures is None:
            losses.append(float(error.mean()) / 2)
            continue
        drawn = futures.draws[name][:, : trial.periods]
        losses.append(
            pinball(np.quantile(drawn, LEVELS, axis=0), trial.actual[name][: trial.periods])
        )
    return float(np.mean(losses))


def _coverage(trials: Sequence[Trial], name: str, method: str, alpha: float) -> float:
    held = []
    for trial in trials:
        futures = trial.futures[trial.chosen if method == MODEL else method]
        low, high = futures.ends(name, alpha)
        actual = trial.actual[name][: len(low)]
        held.append(((actual >= low) & (actual <= high)).mean())
    return float(np.mean(held))
