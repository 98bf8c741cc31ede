"""Customers counted by equal covariates and stretches of periods: what a hazard model is fitted to.

A stretch is one period, or several neighbouring ones in which few left, that have one hazard. A
customer's periods within a stretch are as many trials, of which the last may be the event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.errors import AnalysisError
from workbench.retention.covariates import checked_columns, distinct_rows
from workbench.retention.times import Floats, Ints, checked_times

__all__ = ["PeriodCells", "period_cells"]

WHERE = "hazard model"


@dataclass(frozen=True)
class PeriodCells:
    """Customer-periods by distinct covariates and stretch; only cells with trials are held.

    Parameters
    ----------
    x
        Covariates, centred and scaled over customer-periods, shape (covariates, cells).
    bin
        Number of the stretch, shape (cells,).
    trials, events
        Customer-periods, and how many left, shape (cells,).
    bins
        First and last period of each stretch.
    names, centre, scale
        Of the covariates; a scale of 0 is a constant.
    customers
        How many were followed in one period at least.
    spans
        Number of the distinct covariates, periods done at the entry and at the end, event, and
        customers: who was followed from when to when, each of shape (spans,).
    cluster
        Number of the cluster of each span; None without.
    row
        Number of the distinct covariates of each cell, shape (cells,).
    values
        The distinct covariates as they were given, shape (covariates, rows).
    """

    x: Floats
    bin: Ints
    trials: Floats
    events: Floats
    bins: tuple[tuple[int, int], ...]
    names: tuple[str, ...]
    centre: Floats
    scale: Floats
    customers: int
    spans: tuple[Ints, Ints, Ints, Ints, Floats]
    cluster: Ints | None
    row: Ints
    values: Floats

    @property
    def rows(self) -> int:
        """Return how many distinct covariates there are."""
        return int(self.values.shape[1])

    def parts(self, folds: int, seed: int) -> Iterator[tuple[Floats, Floats]]:
        """Yield trials and events of each of several parts, into which customers fall by chance.

        Parameters
        ----------
        folds
            How many parts, at least 2.
        seed
            Of the chance: each customer falls in each part with the same probability.
        """
        row, start, stop, event, n = self.spans
        place = self.row * len(self.bins) + self.bin
        rng = np.random.default_rng(seed)
        share = rng.multinomial(n.astype("int64"), np.full(folds, 1 / folds))
        for fold in range(folds):
            own = share[:, fold].astype("float64")
            trials, events = _counted(row, start, stop, event, own, self.bins, self.rows)
            yield trials[place], events[place]


def period_cells(
    durations: Any,
    event_observed: Any,
    covariates: Any,
    *,
    entry: Any,
    n: Any,
    min_events: int,
    cuts: Sequence[int] = (),
    cluster: Ints | None = None,
) -> tuple[PeriodCells | None, str]:
    """Return the cells, or None and why there are none.

    Parameters
    ----------
    durations, event_observed, covariates, entry, n, min_events
        As :func:`workbench.retention.hazard.fit_hazard` takes them.
    cuts
        Periods that end a stretch, however few left in it.
    cluster
        Number of the cluster of each row, not negative; None without.

    Raises
    ------
    AnalysisError
        For impossible times, or covariates that are missing or no numbers.
    """
    times, event, start, weight = checked_times(durations, event_observed, entry, n, where=WHERE)
    start = np.maximum(start, 0.0)
    wrong = (times % 1 != 0) | (start % 1 != 0) | ((times < 1) & (event == 1))
    if wrong.any():
        raise AnalysisError(
            f"{int(wrong.sum())} rows have durations or entries that are no whole periods, or an "
            "event before period 1",
            where=WHERE,
            fix="Count the periods that a customer has begun: who leaves in the first has 1.",
        )
    names, columns = checked_columns(covariates, len(times), where=WHERE)
    seen = times > start
    if not (seen & (event == 1)).any():
        return None, "Nobody had the event."
    keys = [values[seen].astype("int64") for values in (times, start, event)]
    columns = [column[seen] for column in columns]
    order, first = distinct_rows([np.zeros(len(keys[0]), dtype="int64")], columns)
    begins = np.zeros(len(order), dtype="int64")
    begins[first[1:]] = 1
    row = np.empty_like(begins)
    row[order] = np.cumsum(begins)
    x = np.array([column[order[first]] for column in columns])
    named = None if cluster is None else cluster[seen]
    order, first = distinct_rows([row, *keys], [], named)
    stop, begin, left = (key[order[first]] for key in keys)
    held = np.add.reduceat(weight[seen][order], first)
    bins, why = _stretches(begin, stop, left, held, min_events, cuts)
    if why:
        return None, why
    spans = row[order[first]], begin, stop, left, held
    return _cells(x, spans, bins, names, None if named is None else named[order[first]]), ""


def _cells(
    x: Floats,
    spans: tuple[Ints, Ints, Ints, Ints, Floats],
    bins: tuple[tuple[int, int], ...],
    names: tuple[str, ...],
    cluster: Ints | None,
) -> PeriodCells:
    """Return distinct covariates, shape (covariates, rows), and who lived how long as cells."""
    trials, events = _counted(*spans, bins, x.shape[1])
    place = np.flatnonzero(trials > 0)
    kept = x[:, np.repeat(np.arange(x.shape[1]), len(bins))[place]]
    trials, events = trials[place], events[place]
    centre, scale = np.zeros(len(names)), np.zeros(len(names))
    for number, values in enumerate(kept):
        centre[number] = float(np.einsum("i,i->", trials, values)) / trials.sum()
        if (values != values[0]).any():
            values -= centre[number]
            square = float(np.einsum("i,i,i->", trials, values, values))
            scale[number] = np.sqrt(square / trials.sum())
            values /= scale[number]
        else:
            values[:] = 0.0
    return PeriodCells(
        x=kept,
        bin=np.tile(np.arange(len(bins)), x.shape[1])[place],
        trials=trials,
        events=events,
        bins=bins,
        names=names,
        centre=centre,
        scale=scale,
        customers=int(spans[-1].sum()),
        spans=spans,
        cluster=cluster,
        row=place // len(bins),
        values=x,
    )


def _stretches(
    start: Ints, stop: Ints, event: Ints, n: Floats, min_events: int, cuts: Sequence[int]
) -> tuple[tuple[tuple[int, int], ...], str]:
    """Return stretches of periods in which enough left, and somebody stayed."""
    last = int(stop.max())
    events = np.bincount(stop, weights=n * event, minlength=last + 1)[1:]
    change = np.bincount(start, weights=n, minlength=last + 1)[:last]
    gone = np.concatenate([[0.0], np.bincount(stop, weights=n, minlength=last + 1)[1:last]])
    trials = np.cumsum(change - gone)
    made: list[tuple[int, int]] = []
    first, left, tried = 1, 0.0, 0.0
    for period in range(1, last + 1):
        left, tried = left + events[period - 1], tried + trials[period - 1]
        enough = left >= min_events and left < tried
        if enough or period in cuts or period == last:
            # What is left at the end of a part joins the stretch before it in that part.
            if not enough and made and made[-1][1] not in cuts:
                first = made.pop()[0]
            made.append((first, period))
            first, left, tried = period + 1, 0.0, 0.0
    if events.sum() >= trials.sum():
        return (), "Everyone left in the first period that was seen."
    return tuple(made), ""


def _counted(
    row: Ints,
    start: Ints,
    stop: Ints,
    event: Ints,
    n: Floats,
    bins: tuple[tuple[int, int], ...],
    rows: int,
) -> tuple[Floats, Floats]:
    """Return trials and events, stretches running fastest, shape (rows * bins,)."""
    trials, events = np.zeros((rows, len(bins))), np.zeros((rows, len(bins)))
    for number, (first, last) in enumerate(bins):
        inside = np.minimum(stop, last) - np.maximum(start, first - 1)
        some = inside > 0
        trials[:, number] = np.bincount(row[some], weights=(n * inside)[some], minlength=rows)
        here = (event == 1) & (stop >= first) & (stop <= last)
        events[:, number] = np.bincount(row[here], weights=n[here], minlength=rows)
    return trials.ravel(), events.ravel()
