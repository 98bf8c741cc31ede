"""Customers at several cut-off days, with what became of them: what a model learns from.

Cut-offs lie one horizon apart, so that all that was learned is older than what it is tried on::

    |-- train --|-- train --|-- calibrate --|-- test --|   today
                                            ^          ^
                                       last cut-off   as_of: who leaves next is not known yet

What a row tells of the time after its cut-off ends where the next cut-off lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.frames import collect, day_number, lazy
from workbench.data.phrases import counted, days
from workbench.retention.propensity.bought import buyers_between
from workbench.retention.propensity.facts import Fact, LeftOut, Tables
from workbench.retention.propensity.features import declared, features_at
from workbench.retention.propensity.held import leavers_between, spells_of

__all__ = [
    "MAX_TRAINING",
    "MIN_CUSTOMERS",
    "MIN_LEAVERS",
    "Panel",
    "Part",
    "build_panel",
    "too_few",
]

Part = Literal["train", "calibrate", "test", "today"]
MAX_TRAINING = 4
"""So many cut-offs are learned from at most: older ones tell of other times."""
MIN_CUSTOMERS = 200
"""Each of training, calibration and test needs as many customers,"""
MIN_LEAVERS = 30
"""and as many of them who left, and who stayed: below, no number is shown."""
_HISTORY = 2  # periods before the first cut-off: the last one and the one before


@dataclass(frozen=True)
class Panel:
    """Customers at cut-off days.

    Parameters
    ----------
    kind
        ``orders``, ``subscriptions``, or ``snapshot`` where there is one day only.
    horizon_days
        How far ahead leaving is looked for; None in a snapshot.
    rows
        One row per customer and cut-off, sorted by both: `customer_id`, `cutoff`, `part` (`train`,
        `calibrate`, `test` or `today`), `left` (1, 0; NaN today), `value`, and the facts.
    facts
        The facts that are columns of `rows`.
    left_out
        Columns that are not used, and why.
    undecided
        How many customers of training, calibration and test ended without a decision to leave (a
        failed payment); they count as not having left.
    reason
        Why nothing can be learned, as a sentence; empty when it can.
    """

    kind: Literal["orders", "subscriptions", "snapshot"]
    horizon_days: int | None
    rows: pd.DataFrame
    facts: tuple[Fact, ...]
    left_out: tuple[LeftOut, ...]
    undecided: int
    reason: str

    def part(self, *parts: Part) -> pd.DataFrame:
        """Return the rows of some parts."""
        return self.rows[self.rows["part"].isin(parts)]

    def later(self) -> Panel:
        """Return the same rows one step on: calibrated on the test, trained on what was before."""
        moved = {"test": "calibrate", "calibrate": "train"}
        return Panel(
            self.kind,
            self.horizon_days,
            self.rows.assign(part=self.rows["part"].replace(moved)),
            self.facts,
            self.left_out,
            self.undecided,
            self.reason,
        )

    def came_back(self) -> tuple[int, int, float] | None:
        """Return how many of the first cut-off's leavers bought again after the horizon.

        Returns
        -------
        tuple or None
            The number of the cut-off day, how many left after it, and the share of them who bought
            again by the last day; None without purchases or leavers.
        """
        last = "days_since_last_purchase"
        rows = self.rows
        if last not in rows or self.horizon_days is None or not (rows["left"] == 1).any():
            return None
        first = int(rows["cutoff"].min())
        gone = rows.loc[(rows["cutoff"] == first) & (rows["left"] == 1), "customer_id"]
        if not len(gone):
            return None
        # Whoever bought after the horizon stands at a later cut-off with the day of it.
        later = rows["cutoff"] - rows[last] > first + self.horizon_days
        back = gone.isin(rows.loc[later, "customer_id"])
        return first, len(gone), float(back.mean())


def outcome(rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return who left, as numbers."""
    left: npt.NDArray[np.float64] = rows["left"].to_numpy("float64")
    return left


def build_panel(tables: Tables, *, as_of: date, horizon_days: int) -> Panel:
    """Return a unit's customers at cut-off days, with what became of them.

    Parameters
    ----------
    tables
        The unit's tables.
    as_of
        The last day that counts. Rows of later days are not read, and no outcome reaches beyond.
    horizon_days
        How far ahead leaving is looked for, at least 1; also the length of the periods that the
        facts compare.

    Raises
    ------
    AnalysisError
        When there are neither orders nor subscriptions, columns are missing or of the wrong kind,
        or the horizon is below 1.
    """
    features = declared(tables, period_days=horizon_days)
    first = _first_day(tables, as_of)
    steps = 0
    if first is not None:
        room = as_of.toordinal() - first - _HISTORY * horizon_days
        steps = min(room // horizon_days, MAX_TRAINING + 2)
    if steps < 3:
        return _empty(tables, horizon_days, features.facts, features.left_out, first, as_of)
    learn: list[Part] = ["train"] * (steps - 2)
    parts: list[Part] = ["test", "calibrate", *learn]
    rows, undecided = [], 0
    spells = None if tables.subscriptions is None else spells_of(tables.subscriptions)
    for step, part in enumerate(parts, start=1):
        cutoff = as_of - timedelta(days=step * horizon_days)
        found, apart = _at(tables, spells, cutoff, horizon_days)
        rows.append(found.assign(part=part))
        undecided += apart
    today = features_at(tables, cutoff=as_of, period_days=horizon_days)
    rows.append(_labelled(today, as_of).assign(left=np.nan, part="today"))
    stacked = pd.concat(rows, ignore_index=True)
    stacked = stacked.sort_values(["cutoff", "customer_id"]).reset_index(drop=True)
    reason = too_few(stacked)
    return Panel(
        tables.kind,
        horizon_days,
        stacked,
        features.facts,
        features.left_out,
        undecided,
        reason,
    )


def _at(
    tables: Tables, spells: pd.DataFrame | None, cutoff: date, horizon_days: int
) -> tuple[pd.DataFrame, int]:
    """Return customers at a cut-off with who left, and how many ended without a decision."""
    found = features_at(tables, cutoff=cutoff, period_days=horizon_days)
    until = cutoff + timedelta(days=horizon_days)
    if spells is None:
        stayed = buyers_between(tables.orders, after=cutoff, until=until)
        left, apart = ~found.index.isin(stayed), 0
    else:
        gone = leavers_between(spells, after=cutoff, until=until)
        gone = gone[gone.index.isin(found.index)]
        left = found.index.isin(gone.index[gone["decided"]])
        apart = int((~gone["decided"]).sum())
    return _labelled(found, cutoff).assign(left=left.astype("float64")), apart


def _labelled(found: pd.DataFrame, cutoff: date) -> pd.DataFrame:
    return found.reset_index().assign(cutoff=cutoff.toordinal())


def _first_day(tables: Tables, as_of: date) -> int | None:
    """Return the first day of the data; None where there is none."""
    table, column = (
        (tables.orders, "ordered_at")
        if tables.kind == "orders"
        else (tables.subscriptions, "started_at")
    )
    frame = lazy(table, where=tables.kind, needs=(column,)).select(day=day_number(column))
    frame = frame.filter((nw.col("day") > 0) & (nw.col("day") <= as_of.toordinal()))
    found = collect(frame.select(nw.col("day").min()))["day"]
    return None if found.isna().all() else int(found.iloc[0])


def _empty(
    tables: Tables,
    horizon_days: int,
    facts: tuple[Fact, ...],
    left_out: tuple[LeftOut, ...],
    first: int | None,
    as_of: date,
) -> Panel:
    needed = (3 + _HISTORY) * horizon_days
    had = 0 if first is None else as_of.toordinal() - first
    reason = (
        f"Who leaves within {days(horizon_days)} can be learned from {days(needed)} of history, "
        f"and there are {days(had)}."
    )
    names = ["customer_id", "cutoff", "part", "left", "value", *[fact.name for fact in facts]]
    rows: Any = pd.DataFrame(columns=names)
    return Panel(tables.kind, horizon_days, rows, facts, left_out, 0, reason)


_WHERE = {
    "train": "to learn from",
    "calibrate": "to set probabilities by",
    "test": "to be tried on",
}


def too_few(rows: pd.DataFrame) -> str:
    """Return why rows are too few to learn from, as a sentence; empty when they are enough.

    How many there are is not told: few customers are not to be counted.
    """
    for part, what in _WHERE.items():
        left = rows.loc[rows["part"] == part, "left"].to_numpy("float64")
        gone, all_ = int((left == 1).sum()), len(left)
        if all_ < MIN_CUSTOMERS:
            return f"There are fewer than {counted(MIN_CUSTOMERS, 'customer')} {what}."
        if gone == all_:
            return f"Every customer {what} left, so nothing tells those who stay."
        if gone == 0:
            return f"No customer {what} left, so nothing tells those who leave."
        if gone < MIN_LEAVERS:
            return f"Of the customers {what}, fewer than {MIN_LEAVERS} left."
        if all_ - gone < MIN_LEAVERS:
            return f"Of the customers {what}, fewer than {MIN_LEAVERS} stayed."
    return ""
