"""Rows grouped to what the partial likelihood needs: which event times each was at risk at.

Two customers with equal covariates who were at risk at the same event times are one cell with a
count, whatever their exact times: a customer base with a few categories and day resolution has few
cells. Where covariates are continuous there is a cell per customer, in an order of its own, so that
no result depends on the order of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.errors import AnalysisError
from workbench.retention.covariates import checked_columns, distinct_rows
from workbench.retention.maximise import total
from workbench.retention.times import Floats, Ints, checked_times, marks_upto

__all__ = ["RiskCells", "risk_cells"]

WHERE = "Cox regression"


@dataclass(frozen=True)
class RiskCells:
    """Distinct rows, sorted by their last event time; one who was at risk at none has no cell.

    Parameters
    ----------
    x
        Covariates, centred and scaled, shape (covariates, cells).
    stop, start
        How many event times lie at or before the end, and at or before the entry: a cell is at
        risk at event times number `start` to `stop - 1`, shape (cells,).
    event
        Whether the cell had the event (at time number `stop - 1`).
    n
        How many customers each cell stands for.
    cluster
        Number of the cluster; None without.
    times
        The distinct event times, rising.
    names
        Of the covariates.
    centre, scale
        What was taken off, and divided by, shape (covariates,). A scale of 0 is a covariate that
        is the same for everybody who was at risk.
    customers, events
        All of them, those without a cell included.
    """

    x: Floats
    stop: Ints
    start: Ints
    event: npt.NDArray[np.bool_]
    n: Floats
    cluster: Ints | None
    times: Floats
    names: tuple[str, ...]
    centre: Floats
    scale: Floats
    customers: int
    events: int

    def __len__(self) -> int:
        """Return how many cells there are."""
        return len(self.n)


def risk_cells(
    durations: Any,
    event_observed: Any,
    covariates: Any,
    *,
    entry: Any = None,
    n: Any = None,
    cluster: Any = None,
) -> RiskCells:
    """Return rows as cells.

    Parameters
    ----------
    durations, event_observed, entry, n
        As :func:`workbench.retention.survival.kaplan_meier` takes them.
    covariates
        A frame of numbers or true/false, a column per covariate, shape (rows, covariates).
    cluster
        Which rows belong together, such as subscriptions of one customer, shape (rows,).

    Raises
    ------
    AnalysisError
        For impossible times, missing or endless covariates, or columns that are no numbers.
    """
    times, event, entered, weight = checked_times(durations, event_observed, entry, n, where=WHERE)
    names, columns = checked_columns(covariates, len(times), where=WHERE)
    clusters = None if cluster is None else _clusters(cluster, len(times))
    happened = event == 1
    marks = np.unique(times[happened])
    stop = marks_upto(marks, times)
    start = marks_upto(marks, entered) if (entered >= 0).any() else np.zeros_like(stop)
    used = stop > start
    keys = [values[used] for values in (stop, happened.astype("int64"), start)]
    named = None if clusters is None else clusters[used]
    order, first = distinct_rows(keys, [column[used] for column in columns], named)
    place = order[first]
    held = np.add.reduceat(weight[used][order], first) if len(first) else np.zeros(0)
    x = np.empty((len(names), len(place)))
    centre, scale = np.zeros(len(names)), np.zeros(len(names))
    for row, column in enumerate(columns):
        values = column[used][place]
        if len(values) and (values != values[0]).any():
            centre[row] = total(held, values) / held.sum()
            values -= centre[row]
            scale[row] = np.sqrt(total(held * values, values) / held.sum())
            values /= scale[row]
        x[row] = values
    return RiskCells(
        x=x,
        stop=stop[used][place],
        start=start[used][place],
        event=happened[used][place],
        n=held,
        cluster=None if clusters is None else clusters[used][place],
        times=marks,
        names=names,
        centre=centre,
        scale=scale,
        customers=int(weight.sum()),
        events=int(weight[happened].sum()),
    )


def _clusters(cluster: Any, rows: int) -> Ints:
    labels = pd.Series(np.asarray(cluster))
    if len(labels) != rows:
        raise AnalysisError("cluster and durations differ in length", where=WHERE)
    if labels.isna().any():
        raise AnalysisError("a cluster is missing", where=WHERE, fix="Name the cluster of each row")
    return pd.factorize(labels, sort=True)[0].astype("int64")
