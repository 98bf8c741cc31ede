"""One trial of a forecast: what was forecast on an earlier day, and what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.retention.futures import Futures
from workbench.retention.maximise import Fitted, Floats

__all__ = ["Trial", "brier", "changes_of", "fitted"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Trial:
    """A forecast from one earlier day, beside naive ones, and what came.

    Parameters
    ----------
    bounds
        Last days of the periods as day numbers, the day itself first, shape (periods + 1,).
    customers
        How many customers, or subscriptions, were known on that day.
    chosen
        The model, or models together, whose forecast would have been used; empty where none could
        be fitted.
    futures
        Model -> its drawn futures.
    naive
        Method -> number -> forecast by period, shape (periods,); methods that need more history are
        left out.
    actual
        Number -> what came, by period and, where the futures have it, of the whole.
    scale
        Number -> mean change from one period to the next before that day; None without any.
    brier
        Method -> mean squared error of each customer's chance to do it within the time.
    fits
        The models as they were fitted on that day.
    reason
        Why no model could be fitted; empty otherwise.
    """

    bounds: Ints
    customers: int
    chosen: str
    futures: Mapping[str, Futures]
    naive: Mapping[str, Mapping[str, Floats]]
    actual: Mapping[str, Floats]
    scale: Mapping[str, float | None]
    brier: Mapping[str, float] = field(default_factory=dict)
    fits: tuple[Fitted[Any], ...] = ()
    reason: str = ""

    @property
    def periods(self) -> int:
        """Return how many periods were looked ahead."""
        return len(self.bounds) - 1


def fitted(trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """Return the trials on whose day a model could be fitted; the others say nothing of it."""
    return tuple(trial for trial in trials if trial.chosen)


def changes_of(history: Floats) -> float | None:
    """Return the mean change from one period to the next; None without any.

    Parameters
    ----------
    history
        A number by period, shape (periods,).
    """
    moves = np.abs(np.diff(history))
    return float(moves.mean()) if len(moves) and moves.any() else None


def brier(chance: Floats, did: Floats, n: Floats) -> float:
    """Return the mean squared error of chances.

    Parameters
    ----------
    chance
        Of a group's members, each the same, shape (groups,).
    did
        How many of each group did it, shape (groups,).
    n
        How many members each group has, shape (groups,).

    References
    ----------
    Brier, "Verification of Forecasts Expressed in Terms of Probability", Monthly Weather Review 78,
    1950.
    """
    error = did * (1 - chance) ** 2 + (n - did) * chance**2
    return float(error.sum() / n.sum())
