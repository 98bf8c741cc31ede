"""What a forecast of a unit is: the results, and what is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import pandas as pd

from workbench.params import EventParams
from workbench.retention.backtest.trials import Trial
from workbench.retention.backtest.verdict import Verdict
from workbench.retention.events import EventFactor
from workbench.retention.periods import Calendar
from workbench.retention.purchases.fits import PurchaseFit
from workbench.retention.purchases.season import Season
from workbench.retention.recurring import RevenueRetention
from workbench.retention.recurring_shown import ShownWaterfall
from workbench.retention.renewals import RenewalFit
from workbench.retention.spans import bounds
from workbench.retention.worth import Worth

__all__ = ["Forecast", "Forecasts", "Moved", "Terms"]


@dataclass(frozen=True)
class Forecast:
    """One number's forecast, or the naive one in its place.

    Parameters
    ----------
    name
        `orders`, `active`, `revenue`; or `ended`, `active`, `revenue`.
    verdict
        Whether it is published, and why not.
    table
        As :func:`workbench.retention.futures.summed_up` gives it; where the forecast is withheld,
        `expected` is the naive one and there are no intervals (None).
    past
        The periods before: `first_day`, `last_day`, `actual` (None where too small to show).
    tracked
        What came, and what had been forecast on the latest trial's day: `first_day`, `last_day`
        (day numbers), `after` (that day or before), `actual` (None where too small to show),
        `expected`, `ci_lower`, `ci_upper` (None before that day).
    scores
        As :func:`workbench.retention.backtest.scores.score_table` gives them.
    actual_total, expected_total, total_lower, total_upper
        The latest trial's whole time: what came, and what had been forecast.
    """

    name: str
    verdict: Verdict
    table: pd.DataFrame
    past: pd.DataFrame
    tracked: pd.DataFrame
    scores: pd.DataFrame
    actual_total: float | None
    expected_total: float | None
    total_lower: float | None
    total_upper: float | None

    @property
    def total(self) -> Mapping[str, Any]:
        """Return the last row of the table: the whole time, or the last period of a stock."""
        last = self.table.iloc[-1]
        return {name: last[name] for name in self.table.columns}


@dataclass(frozen=True)
class Moved:
    """How recurring revenue moved.

    Parameters
    ----------
    waterfall
        The movements by period, and churn by reason, as they may be shown.
    year
        What is left of the revenue of a year ago; None where the data are younger.
    whole, end
        The movements of these periods as one, and the day after the last one.
    reason
        Why there is neither; empty otherwise.
    """

    waterfall: ShownWaterfall | None
    year: RevenueRetention | None
    whole: ShownWaterfall | None = None
    end: date | None = None
    reason: str = ""


@dataclass(frozen=True)
class Forecasts:
    """All that a report shows of what is to come.

    Parameters
    ----------
    kind
        `orders` or `subscriptions`.
    as_of
        The last day of the data.
    grain, ahead
        What a period is, and how many are forecast.
    customers
        Whose future it is: customers known, or subscriptions that run.
    model
        The model in use, or both together; empty where there is none.
    fits
        The models as they were fitted to all that is known; empty likewise.
    numbers
        The forecasts by name; empty where the data are too few.
    trials
        From which earlier days they were tried.
    brier
        How wrong the chances of single customers were.
    events
        Known events to come.
    season
        In which months known customers buy more or less; None for subscriptions, or without trials.
    worth
        What customers are worth; None where the data are too few.
    moved
        How recurring revenue moved; None for orders.
    min_group
        The smallest group that may be shown.
    reason
        Why there is no forecast at all; empty otherwise.
    """

    kind: Literal["orders", "subscriptions"]
    as_of: date
    grain: str
    ahead: int
    customers: int
    model: str
    fits: tuple[PurchaseFit, ...] | tuple[RenewalFit, ...]
    numbers: Mapping[str, Forecast]
    trials: tuple[Trial, ...]
    brier: pd.DataFrame
    events: tuple[EventFactor, ...]
    worth: Worth | None
    moved: Moved | None
    min_group: int
    reason: str = ""
    season: Season | None = None


@dataclass(frozen=True)
class Terms:
    """What is asked for.

    Parameters
    ----------
    as_of, calendar, ahead, seed, min_group, discount, margin, events
        As :func:`workbench.retention.forecasts.forecast` takes them.
    """

    as_of: date
    calendar: Calendar
    ahead: int
    seed: int
    min_group: int
    discount: float
    margin: float
    events: Mapping[str, EventParams] = field(default_factory=dict)

    @property
    def grain(self) -> str:
        """Return what a period is."""
        return self.calendar.grain

    @property
    def edges(self) -> Any:
        """Return the last days of the periods to come, `as_of` first, shape (ahead + 1,)."""
        return bounds(self.as_of, self.grain, back=0, ahead=self.ahead)
