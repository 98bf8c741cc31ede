"""Kaplan-Meier curves and restricted means on grouped times, given survival so far.

All counts are weighted, so a table of distinct times with their counts gives the same result as one
row per customer. Customers may come under observation late (left truncation) and leave it before
the event (right censoring).

References
----------
Kaplan & Meier, JASA 53, 1958. Greenwood's variance and the log-log interval: Kalbfleisch &
Prentice, "The Statistical Analysis of Failure Time Data", section 1.4. Restricted mean:
Royston & Parmar, BMC Med. Res. Meth. 13, 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from workbench.errors import AnalysisError
from workbench.retention.log_rank import LogRank, log_rank
from workbench.retention.times import Floats, at_risk, checked_times, marks_of, total_at

__all__ = ["Estimate", "LogRank", "SurvivalCurve", "kaplan_meier", "log_rank"]

METHOD = "Kaplan-Meier, log-log interval"


@dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    Parameters
    ----------
    value
        The estimate; None where the data cannot give it.
    ci_lower, ci_upper
        Interval; an end is None where the data do not bound it.
    level, method
        Of the interval.
    reason
        Why there is no value; empty otherwise.
    """

    value: float | None
    ci_lower: float | None
    ci_upper: float | None
    level: float
    method: str
    reason: str = ""


@dataclass(frozen=True)
class SurvivalCurve:
    """The share without the event over time.

    Parameters
    ----------
    table
        One row per distinct time, from 0 on: `time`, `at_risk`, `events`, `censored`, `survival`
        (just after the time), `ci_lower`, `ci_upper`. Never missing: before the first event the
        lower end is the exact binomial bound, after the last survivor the last upper end is kept.
    group
        What the curve is of; empty for everyone.
    n_obs, events
        Customers and observed events.
    level, method
        Of the intervals.
    gaps
        Spans of time, first and last, in which nobody was followed while others came later: what
        happens in them is not known, so that nothing is said of later times.
    """

    table: pd.DataFrame
    group: str
    n_obs: int
    events: int
    level: float
    method: str = METHOD
    gaps: tuple[tuple[float, float], ...] = ()

    @property
    def last_time(self) -> float:
        """Return the longest time that was observed."""
        return float(self.table["time"].iloc[-1])

    def survival_at(self, time: float) -> Estimate:
        """Return the share without the event at a time, with its interval.

        Parameters
        ----------
        time
            Not negative. Beyond the longest observed time there is no value, unless everyone has
            had the event.

        Raises
        ------
        AnalysisError
            For a negative or missing time.
        """
        if not time >= 0:
            raise AnalysisError(f"time == {time}, must be >= 0", where="survival")
        row = self.table[self.table["time"] <= time].iloc[-1]
        why = self._unknown(time)
        if why:
            return Estimate(None, None, None, self.level, self.method, why)
        return Estimate(
            float(row["survival"]),
            float(row["ci_lower"]),
            float(row["ci_upper"]),
            self.level,
            self.method,
        )

    @property
    def median(self) -> Estimate:
        """Return the time by which half had the event, with the interval of Brookmeyer & Crowley.

        References
        ----------
        Brookmeyer & Crowley, "A Confidence Interval for the Median Survival Time", Biometrics 38.
        """
        value, low, high = (
            self._first_at_half(name) for name in ("survival", "ci_lower", "ci_upper")
        )
        if value is not None and (hidden := self._unknown(value)):
            return Estimate(None, None, None, self.level, self.method, hidden)
        why = "" if value is not None else "Fewer than half have had the event."
        return Estimate(
            value, low if value is not None else None, high, self.level, self.method, why
        )

    def _first_at_half(self, column: str) -> float | None:
        below = self.table.loc[self.table[column] <= 0.5, "time"]
        return float(below.iloc[0]) if len(below) else None

    def restricted_mean(self, horizon: float) -> Estimate:
        """Return the mean time without the event up to a horizon.

        Parameters
        ----------
        horizon
            Above 0; no later than the longest observed time, unless everyone has had the event.
        """
        method = "restricted mean, normal interval"
        if not horizon > 0:
            raise AnalysisError(f"horizon == {horizon}, must be > 0", where="restricted mean")
        times = self.table["time"].to_numpy("float64")
        survival = self.table["survival"].to_numpy("float64")
        why = self._unknown(horizon)
        if why:
            return Estimate(None, None, None, self.level, method, why)
        kept = times < horizon
        steps = np.diff(np.append(times[kept], horizon)) * survival[kept]
        after = np.cumsum(steps[::-1])[::-1]  # area from each time to the horizon
        events = self.table["events"].to_numpy("float64")[kept]
        at_risk = self.table["at_risk"].to_numpy("float64")[kept]
        left = at_risk - events
        terms = np.divide(events, at_risk * left, out=np.zeros_like(events), where=left > 0)
        half = float(stats.norm.isf((1 - self.level) / 2) * np.sqrt(np.sum(after**2 * terms)))
        mean = float(steps.sum())
        if half == 0:  # all alike: with none, or all, of so many the variance cannot be told
            few = max(float(at_risk[at_risk > 0].min(initial=np.inf)), 1.0)
            least = float(np.power((1 - self.level) / 2, 1 / few))
            ends = least * mean, least * mean + (1 - least) * horizon
            return Estimate(mean, *ends, self.level, "restricted mean, exact binomial interval")
        return Estimate(mean, max(mean - half, 0.0), min(mean + half, horizon), self.level, method)

    def given(self, so_far: float) -> SurvivalCurve:
        """Return the curve of those who are still without the event after a time.

        Parameters
        ----------
        so_far
            Not negative, and shorter than the longest observed time.

        Returns
        -------
        SurvivalCurve
            Its times count from `so_far` on, and its share is 1 there: the probability to go on for
            so much longer, given that it went on so far. Its intervals, means and medians are those
            of this curve. `n_obs` are those who were followed for longer than `so_far`.

        Raises
        ------
        AnalysisError
            For a negative time, or one that nobody was observed for longer than.
        """
        if not so_far >= 0:
            raise AnalysisError(f"so_far == {so_far}, must be >= 0", where="survival so far")
        later = self.table[self.table["time"] > so_far]
        if not len(later):
            raise AnalysisError(
                f"nobody was observed for longer than {so_far:g}",
                where="survival so far",
                fix=f"Ask for less than {self.last_time:g}.",
            )
        first = later.iloc[[0]].assign(time=so_far, events=0, censored=0)
        table = pd.concat([first, later], ignore_index=True)
        followed, events = (table[name].to_numpy("float64") for name in ("at_risk", "events"))
        survival = _product(followed, events)
        lower, upper = _log_log(survival, followed, events, 1 - self.level)
        table = table.assign(
            time=table["time"] - so_far, survival=survival, ci_lower=lower, ci_upper=upper
        )
        return SurvivalCurve(
            table=table,
            group=self.group,
            n_obs=int(table["events"].sum() + table["censored"].sum()),
            events=int(table["events"].sum()),
            level=self.level,
            method=f"{METHOD}, given survival so far",
            gaps=tuple(
                (max(first - so_far, 0.0), last - so_far)
                for first, last in self.gaps
                if last > so_far
            ),
        )

    def survival_given(self, so_far: float, ahead: float) -> Estimate:
        """Return the probability to go on for a time, given survival so far, with its interval.

        Parameters
        ----------
        so_far, ahead
            Not negative.
        """
        if so_far >= self.last_time:
            return self._beyond(so_far, f"{METHOD}, given survival so far")
        return self.given(so_far).survival_at(ahead)

    def mean_given(self, so_far: float, horizon: float) -> Estimate:
        """Return the mean further time without the event up to a horizon, given survival so far.

        Parameters
        ----------
        so_far
            Not negative.
        horizon
            Above 0, counted from `so_far` on.
        """
        if so_far >= self.last_time:
            return self._beyond(so_far, "restricted mean, normal interval")
        return self.given(so_far).restricted_mean(horizon)

    def _beyond(self, so_far: float, method: str) -> Estimate:
        why = f"Nobody was observed for longer than {so_far:g}."
        return Estimate(None, None, None, self.level, method, why)

    def _unknown(self, time: float) -> str:
        """Return why nothing can be said of a time; empty where something can."""
        for first, last in self.gaps:
            if time > first:
                return (
                    f"Nobody was followed from {first:g} to {last:g}, and others came under "
                    "observation later: ask for survival given a later time."
                )
        gone = self.table.loc[self.table["survival"] <= 0, "time"]
        if not len(gone):
            if time > self.last_time:
                return f"Nobody was observed for longer than {self.last_time:g}."
            return ""
        end = float(gone.iloc[0])
        after = self.table.loc[self.table["time"] > end, "at_risk"]
        if time >= end and len(after) and after.max() > 0:
            return (
                f"All who were followed at {end:g} had the event, and others came under "
                "observation later: ask for survival given a later time."
            )
        return ""


def kaplan_meier(
    durations: Any,
    event_observed: Any,
    *,
    entry: Any = None,
    n: Any = None,
    alpha: float = 0.05,
    group: str = "",
) -> SurvivalCurve:
    """Return the Kaplan-Meier curve of grouped or single times.

    Parameters
    ----------
    durations
        Times to event or censoring, not negative, shape (rows,).
    event_observed
        1 or true where the event was seen, 0 where censored.
    entry
        Times at which observation began, before `durations`; from the start when not given. One
        who enters at a time is at risk after it.
    n
        How many customers each row stands for, whole numbers above 0; 1 when not given.
    alpha
        One minus the level of the intervals.
    group
        A name for the curve.

    Raises
    ------
    AnalysisError
        For empty input, negative or missing times, or an entry that is not before its duration.

    Examples
    --------
    >>> kaplan_meier([1, 2, 2, 3], [1, 1, 0, 0]).table["survival"].tolist()
    [1.0, 0.75, 0.5, 0.5]
    """
    times, event, start, weight = checked_times(durations, event_observed, entry, n)
    if not 0 < alpha < 1:
        raise AnalysisError(f"alpha == {alpha}, must lie between 0 and 1", where="survival")
    marks, places = marks_of(times)
    followed = at_risk(marks, times, start, weight, upto=places + 1)
    events = total_at(places, weight * event, len(marks))
    censored = total_at(places, weight, len(marks)) - events
    survival = _product(followed, events)
    lower, upper = _log_log(survival, followed, events, alpha)
    counts = {"at_risk": followed, "events": events, "censored": censored}
    whole = {name: values.astype("int64") for name, values in counts.items()}
    estimates = {"survival": survival, "ci_lower": lower, "ci_upper": upper}
    table = pd.DataFrame({"time": marks, **whole, **estimates})
    return SurvivalCurve(
        table=table,
        group=group,
        n_obs=int(weight.sum()),
        events=int(events.sum()),
        level=1 - alpha,
        gaps=_gaps(times, start, survival, marks),
    )


def _gaps(
    times: Floats, start: Floats, survival: Floats, marks: Floats
) -> tuple[tuple[float, float], ...]:
    """Return spans in which nobody was followed; one after the curve has come to nought is none."""
    if not (start >= 0).any():
        return ()
    order = np.argsort(start, kind="stable")
    entered, reached = start[order], np.maximum.accumulate(times[order])
    until = np.concatenate([[0.0], reached[:-1]])
    return tuple(
        (float(first), float(last))
        for first, last in zip(until, entered, strict=True)
        if last > first and survival[np.searchsorted(marks, first, side="right") - 1] > 0
    )


def _product(followed: Floats, events: Floats) -> Floats:
    """Return the product over times of the share that goes on."""
    # With late entries nobody may be at risk at first; the curve then stays where it is.
    share = np.divide(followed - events, followed, out=np.ones_like(followed), where=followed > 0)
    made: Floats = np.cumprod(share, dtype="float64")
    return made


def _log_log(
    survival: Floats, at_risk: Floats, events: Floats, alpha: float
) -> tuple[Floats, Floats]:
    """Return the interval of log(-log S), which stays between 0 and 1."""
    left = at_risk - events
    terms = np.divide(events, at_risk * left, out=np.zeros_like(events), where=left > 0)
    z = float(stats.norm.isf(alpha / 2))
    inside = (survival > 0) & (survival < 1)
    log = np.log(np.where(inside, survival, 0.5))
    shift = z * np.sqrt(np.cumsum(terms)) / log
    lower = np.where(inside, np.exp(log * np.exp(-shift)), 0.0)
    upper = np.where(inside, np.exp(log * np.exp(shift)), 1.0)
    before = survival >= 1
    exact = np.where(at_risk > 0, np.power(alpha / 2, 1 / np.maximum(at_risk, 1)), 1.0)
    lower = np.where(before, np.minimum.accumulate(np.where(before, exact, 1.0)), lower)
    gone = survival <= 0
    if gone.any():
        first = int(np.argmax(gone))
        upper[first:] = upper[first - 1] if first else 1.0
    return lower, upper
