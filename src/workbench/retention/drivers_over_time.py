"""How an effect differs early and late, where one ratio for all times does not tell it.

A Cox regression gives one ratio. Where the test finds that it does not hold over time, time since
the start is cut in two at the day by which half of those who left had left, and a discrete-time
hazard gives a ratio for each part. The cut depends on no effect, so it favours none.

The test of one effect also sees changes of the others: where a factor fades, another that holds may
be named with it. So a factor is told of only where its ratios of the two parts differ by more than
chance, the others' changes being in the model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.data.phrases import days as in_days
from workbench.retention.hazard_effects import PartEffects, effects_by_part, half_of_events

__all__ = ["FEW", "OverTime", "as_times", "effects_over_time"]

FEW = 5
"""So many of a value must have left in a part of time, or nobody, for a ratio of that part."""
_STRETCHES = 40  # so many stretches of equal hazard, about, follow any course of it
_LEVEL = 0.05
_PARTS = ("early", "late")
_COLUMNS = [
    *("factor", "level", "reference"),
    *(f"{part}{end}" for part in _PARTS for end in ("", "_lower", "_upper")),
    *("changes", "way"),
]


@dataclass(frozen=True)
class OverTime:
    """Ratios of two parts of time, or why there are none.

    Parameters
    ----------
    table
        One row per value of each factor whose effect changes: `factor`, `level`, `reference`,
        `early`, `early_lower`, `early_upper` (how many times as likely to leave in the first
        `days`, with its interval), `late`, `late_lower`, `late_upper` (afterwards), `changes`
        (whether the two clearly differ) and `way`: `shrinks`, `grows`, `turns` (to the other
        side of 1), `first` or `later` (a difference is shown in that part only), `neither`; empty
        where a part has no ratio. Numbers are None where too few were followed, or 1 to 4 left; a
        ratio is 0 where nobody left. Empty where nothing can be said.
    pvalues
        Factor -> the p-value of the test that none of its ratios changes, of those in the table.
    days
        Where time is cut: the day by which half of those who left had left.
    level, method
        Of the intervals.
    reason
        Why there is no table; empty otherwise.
    """

    table: pd.DataFrame
    pvalues: dict[str, float]
    days: int
    level: float
    method: str
    reason: str


def effects_over_time(
    rows: pd.DataFrame,
    design: pd.DataFrame,
    shown: Sequence[tuple[str, str, str]],
    changing: Sequence[str],
    *,
    min_group: int,
    alpha: float,
) -> OverTime | None:
    """Return how the effects of some factors differ early and late; None where none may change.

    Parameters
    ----------
    rows
        One per subscription: `durations` (days), `event` (0 or 1), `customer`.
    design
        A column of 0 and 1 per value that is compared, as the regression had it.
    shown
        Factor, value and reference of each of these columns.
    changing
        Names of the columns whose effect may change over time.
    min_group
        The smallest group of customers that may be shown, at least 1.
    alpha
        One minus the level of the intervals.
    """
    told = dict(zip(design.columns, shown, strict=True))
    factors = list(dict.fromkeys(told[name][0] for name in changing))
    periods = rows["durations"] + 1  # who leaves on the day of the start leaves in period 1
    cut = half_of_events(periods, rows["event"])
    if not factors or cut is None:
        return None
    days = cut - 1
    while True:
        levels = {one: [n for n in design.columns if told[n][0] == one] for one in factors}
        found = effects_by_part(
            periods,
            rows["event"],
            design,
            changing=[name for names in levels.values() for name in names],
            cuts=[cut],
            cluster=rows["customer"],
            alpha=alpha,
            min_events=max(10, math.ceil(int(rows["event"].sum()) / _STRETCHES)),
        )
        if found.reason:
            return _nothing(days, alpha, f"How much cannot be said: {found.reason}")
        pvalues = {one: _changes(found, names) for one, names in levels.items()}
        least = max(factors, key=lambda one: pvalues[one])
        if pvalues[least] < _LEVEL:
            break
        factors.remove(least)
        if not factors:
            why = f"Between the first {in_days(days)} and later no ratio clearly differs."
            return _nothing(days, alpha, why)
    table = _table(rows, design, told, levels, found, cut, min_group)
    if not table["way"].astype(bool).any():
        return _nothing(days, alpha, "Too few left early, or later, to say how much.")
    return OverTime(table, pvalues, days, found.level, found.method, "")


def _changes(found: PartEffects, names: Sequence[str]) -> float:
    """Return the p-value that no ratio changes; nought where nobody left in one part only."""
    for name in names:
        own = found.table[found.table["covariate"] == name].sort_values("ci_upper")
        low, high = own.iloc[0], own.iloc[-1]
        if low["ratio"] == 0 and low["ci_upper"] < high["ci_lower"]:
            return 0.0
    test = found.change(*names)
    return 1.0 if test is None else test.pvalue


def _table(
    rows: pd.DataFrame,
    design: pd.DataFrame,
    told: Mapping[str, tuple[str, str, str]],
    levels: Mapping[str, Sequence[str]],
    found: PartEffects,
    cut: int,
    min_group: int,
) -> pd.DataFrame:
    late = rows["durations"] + 1 > cut
    parts = [(rows["event"].where(~late, 0), rows), (rows["event"].where(late, 0), rows[late])]
    made = []
    for factor, names in levels.items():
        base = design[list(names)].sum(axis=1) == 0
        for name in names:
            ends: list[float | None] = []
            for part, (gone, seen) in enumerate(parts):
                groups = [_enough(seen, gone, own, min_group) for own in (base, design[name] == 1)]
                known = all(groups) and gone[base].any()
                ends += _ratio(found, name, part) if known else [None] * 3
            apart = _changes(found, [name]) < _LEVEL
            made.append((factor, *told[name][1:], *ends, apart, _way(ends)))
    return pd.DataFrame(made, columns=_COLUMNS, dtype=object).astype({"changes": bool})


def as_times(value: float) -> str:
    """Return a ratio in words, with two digits that tell something.

    Examples
    --------
    >>> as_times(1.234), as_times(0.0534), as_times(0)
    ('1.23', '0.053', '0')
    """
    if value == 0 or value >= 0.0995:
        return f"{value:.2f}" if value else "0"
    return f"{value:.{1 - math.floor(math.log10(value))}f}"


def _enough(seen: pd.DataFrame, gone: pd.Series, own: pd.Series, min_group: int) -> bool:
    """Tell whether enough customers were followed in a part, and none or enough of them left."""
    people = int(seen.loc[own.reindex(seen.index), "customer"].nunique())
    left = int(gone[own].sum())
    return people >= min_group and (left == 0 or left >= max(FEW, min_group))


def _ratio(found: PartEffects, name: str, part: int) -> list[float | None]:
    row = found.table[(found.table["covariate"] == name) & (found.table["part"] == part)]
    # What follows the twelfth digit is rounding, and depends on the order of levels of one size.
    return [float(f"{value:.12g}") for value in row[["ratio", "ci_lower", "ci_upper"]].iloc[0]]


def _way(ends: Sequence[Any]) -> str:
    """Return how an effect changes from the first part to the second."""
    early, early_lower, early_upper, late, late_lower, late_upper = ends
    if early is None or late is None:
        return ""
    at_first, later = (
        not low <= 1 <= high for low, high in ((early_lower, early_upper), (late_lower, late_upper))
    )
    if not at_first and not later:
        return "neither"
    if at_first != later:
        return "first" if at_first else "later"
    if (early < 1) != (late < 1):
        return "turns"
    far = [abs(math.log(value)) if value else math.inf for value in (early, late)]
    return "shrinks" if far[1] < far[0] else "grows"


def _nothing(days: int, alpha: float, reason: str) -> OverTime:
    return OverTime(pd.DataFrame(columns=_COLUMNS), {}, days, 1 - alpha, "", reason)
