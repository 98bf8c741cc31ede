"""Trials of forecasts, made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.retention.backtest.trials import Trial
from workbench.retention.futures import Futures


def made_trial(
    *,
    actual: Sequence[float],
    model: Sequence[float],
    naive: Sequence[float],
    season: Sequence[float] | None = None,
    spread: float = 1.5,
    begin: int = 1000,
    fitted: bool = True,
) -> Trial:
    """Return a trial of one number, `orders`, whose futures lie around what the model says."""
    size = len(actual)
    bounds = begin + 30 * np.arange(size + 1)
    rng = np.random.default_rng(1)
    middle = np.array([*model, sum(model)], dtype="float64")
    drawn = middle + rng.normal(size=(2000, size + 1)) * spread
    drawn[:, -1] = middle[-1] + (drawn[:, :-1] - middle[:-1]).sum(axis=1)
    rules = {"last period": {"orders": np.array(naive, dtype="float64")}}
    if season is not None:
        rules["same season"] = {"orders": np.array(season, dtype="float64")}
    return Trial(
        bounds=bounds,
        customers=500,
        chosen="BG/NBD" if fitted else "",
        futures={"BG/NBD": Futures(bounds, "BG/NBD", {"orders": drawn})} if fitted else {},
        naive=rules,
        actual={"orders": np.array([*actual, sum(actual)], dtype="float64")},
        scale={"orders": 2.0},
        reason="" if fitted else "Nobody has bought again.",
    )
