"""What both purchase models share when futures are drawn: who still buys, and a clock.

Seasons, campaigns and events make all customers buy faster or slower for a while. That is a clock
which runs faster or slower: a model draws purchases on it as if every moment were alike, and the
times are read off the calendar afterwards. What customers do next - leave after a purchase, or be
counted once however often they buy - then follows by itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.errors import AnalysisError
from workbench.retention.maximise import Floats
from workbench.retention.purchases.cells import Cells

__all__ = ["Buyers", "Clock", "Drawn", "DrawsFutures", "draw_buyers"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Clock:
    """How fast customers buy, stretch by stretch.

    Parameters
    ----------
    ends
        Where the stretches end on the calendar, rising from above 0, shape (stretches,).
    pace
        How many times as fast as usual customers buy in each, above 0, shape (stretches,).

    Examples
    --------
    >>> clock = Clock(np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    >>> clock.run(np.array([0.5, 1.5])).tolist(), clock.back(np.array([2.5])).tolist()
    ([0.5, 2.5], [1.5])
    """

    ends: Floats
    pace: Floats

    @classmethod
    def even(cls, horizon: float) -> Clock:
        """Return the clock of a time in which every moment is alike."""
        return cls(np.array([float(horizon)]), np.ones(1))

    def __post_init__(self) -> None:
        widths = np.diff(self.ends, prepend=0.0)
        if not (len(widths) and (widths > 0).all() and (self.pace > 0).all()):
            raise AnalysisError(
                "a clock needs stretches with ends that rise and a pace above 0", where="forecast"
            )

    @property
    def horizon(self) -> float:
        """Return where the last stretch ends."""
        return float(self.ends[-1])

    @property
    def marks(self) -> Floats:
        """Return what the clock shows at 0 and at the end of each stretch."""
        widths = np.diff(self.ends, prepend=0.0)
        made: Floats = np.concatenate([[0.0], np.cumsum(widths * self.pace)])
        return made

    def run(self, times: Floats) -> Floats:
        """Return what the clock shows at some times."""
        made: Floats = np.interp(times, np.concatenate([[0.0], self.ends]), self.marks)
        return made

    def back(self, shown: Floats) -> Floats:
        """Return the times at which the clock shows some numbers."""
        made: Floats = np.interp(shown, self.marks, np.concatenate([[0.0], self.ends]))
        return made


class Drawn(NamedTuple):
    """Purchases of one drawn future, in no particular order.

    Parameters
    ----------
    times
        When, after the end of observation, shape (purchases,).
    row
        To which row of the cells the customer belongs, shape (purchases,).
    who
        A number of the customer, the same for all purchases of one, shape (purchases,).
    """

    times: Floats
    row: Ints
    who: Ints


class Buyers(NamedTuple):
    """Customers who are drawn as still buying.

    Parameters
    ----------
    row
        To which row of the cells each belongs, shape (buyers,).
    rate
        How often each buys in a unit of time, shape (buyers,).
    """

    row: Ints
    rate: Floats


def draw_buyers(
    rng: np.random.Generator, alive: Floats, cells: Cells, *, r: float, alpha: float
) -> Buyers:
    """Draw who of all customers still buys, and how often.

    Parameters
    ----------
    rng
        The source of chance.
    alive
        The chance that a customer of each row still buys, shape (cells,).
    cells
        The customers.
    r, alpha
        Of the gamma distribution of rates among new customers.
    """
    some = rng.binomial(cells.n.astype("int64"), alive)
    row = np.repeat(np.arange(len(cells)), some)
    return Buyers(row, rng.gamma(r + cells.frequency[row]) / (alpha + cells.T[row]))


class DrawsFutures(ABC):
    """What both models share: gamma distributed rates, and futures of those who still buy."""

    r: float
    alpha: float

    @abstractmethod
    def p_alive(self, frequency: Any, recency: Any, T: Any) -> Floats:
        """Return the chance that each customer still buys, shape (customers,)."""

    @abstractmethod
    def _times(self, rng: np.random.Generator, buyers: Buyers, cells: Cells, clock: Clock) -> Drawn:
        """Draw the purchases of customers who still buy, until each of them leaves."""

    def draw_times(
        self,
        rng: np.random.Generator,
        horizon: float,
        cells: Cells,
        clock: Clock | None = None,
        alive: Floats | None = None,
    ) -> Drawn:
        """Draw the future purchases of all customers within `horizon`.

        Parameters
        ----------
        rng
            The source of chance.
        horizon
            How far after T, above 0.
        cells
            The customers.
        clock
            When customers buy faster or slower than usual; its horizon takes the place of
            `horizon`. Never when not given.
        alive
            As :meth:`p_alive_of` gives it; for many futures it is worked out once.
        """
        clock = clock or Clock.even(horizon)
        alive = self.p_alive_of(cells) if alive is None else alive
        buyers = draw_buyers(rng, alive, cells, r=self.r, alpha=self.alpha)
        return self._times(rng, buyers, cells, clock)

    def p_alive_of(self, cells: Cells) -> Floats:
        """Return the chance that each cell's customers still buy."""
        return self.p_alive(cells.frequency, cells.recency, cells.T)
