"""The recurring-revenue waterfall as it may be shown: no small group, nor one by difference.

Opening and movements add up to closing, in money and in customers, so hiding one movement hides
nothing. Periods in which few customers moved are joined with their neighbours first; then a small
movement is hidden together with others, the smallest that will do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.data.frames import as_money
from workbench.data.phrases import counted
from workbench.data.small_groups import fewer_than, hidden_words, hide_parts, is_small
from workbench.retention.recurring import MOVEMENTS, Waterfall

__all__ = ["OTHER_REASONS", "ShownWaterfall", "shown_waterfall"]

OTHER_REASONS = "all other reasons"
_COUNTED = ("new", "won_back", "churned")  # movements that change the number of customers
_COLUMNS = [
    *("period", "last_period", "opening", *MOVEMENTS, "closing"),
    *("gross_retention", "net_retention"),
    *(f"{name}_customers" for name in ("opening", *MOVEMENTS, "closing")),
]


@dataclass(frozen=True)
class ShownWaterfall:
    """What may be shown of a waterfall.

    Parameters
    ----------
    table
        One row per period or joined periods: `period`, `last_period` (first days); `opening`, one
        column per movement, `closing` (exact money a month, :class:`decimal.Decimal`);
        `gross_retention`, `net_retention` (0 to 1); `opening_customers`, a count of customers per
        movement, `closing_customers`. None where hidden, or where there is no rate. Of joined
        periods all movements count, those of customers who came between them too.
    reasons
        `reason`, `decided`, `customers`, `amount` (monthly revenue lost), `share` (of it). Reasons
        of few customers stand together, last; empty where all are too few.
    note
        What is joined or hidden, in a sentence.
    reason
        Why there is no table; empty otherwise.
    """

    table: pd.DataFrame
    reasons: pd.DataFrame
    note: str
    reason: str


def shown_waterfall(found: Waterfall, *, min_group: int) -> ShownWaterfall:
    """Return what may be shown of a waterfall.

    Parameters
    ----------
    found
        The exact waterfall.
    min_group
        The smallest group that may be shown, at least 1.
    """
    table = _merged(found.table, min_group)
    if not len(table):
        few = fewer_than(min_group - 1, min_group) if min_group > 1 else "no"
        why = f"In every period {few} customers paid or moved."
        return ShownWaterfall(pd.DataFrame(columns=_COLUMNS), _reasons(found, 0, 1), why, why)
    counts = table[[*MOVEMENTS]].to_numpy("int64")
    hidden = _hidden(counts, min_group)
    joined = len(found.table) - len(table)
    return ShownWaterfall(
        table=_shown(table, hidden),
        reasons=_reasons(found, int(table["churned"].sum()), min_group),
        note=_note(joined, hidden, found.calendar.grain, min_group),
        reason="",
    )


def _merged(table: pd.DataFrame, min_group: int) -> pd.DataFrame:
    """Return the table with neighbouring periods joined until none tells of too few."""
    first = int(table["opening"].iloc[0])
    begin = 0
    while begin < len(table) and is_small(first, min_group):
        first = int(table["closing"].iloc[begin])  # what comes before cannot be told
        begin += 1
    groups: list[list[int]] = []
    open_one: list[int] = []
    for place in range(begin, len(table)):
        open_one.append(place)
        moved = int(table[[*MOVEMENTS]].iloc[open_one].to_numpy().sum())
        closing = int(table["closing"].iloc[place])
        if not is_small(moved, min_group) and not is_small(closing, min_group):
            groups.append(open_one)
            open_one = []
    if open_one and groups and not is_small(int(table["closing"].iloc[-1]), min_group):
        groups[-1] = groups[-1] + open_one
    rows = []
    sums = [*(f"{name}_units" for name in MOVEMENTS), *MOVEMENTS]
    for group in groups:
        part = table.iloc[group]
        row = {"period": part["period"].iloc[0], "last_period": part["period"].iloc[-1]}
        row |= {name: part[name].iloc[0] for name in ("opening", "opening_units")}
        row |= {name: part[name].iloc[-1] for name in ("closing", "closing_units")}
        rows.append({**row, **{name: int(part[name].sum()) for name in sums}})
    return pd.DataFrame(rows)


def _hidden(counts: npt.NDArray[np.int64], min_group: int) -> npt.NDArray[np.bool_]:
    """Return which movements to hide, shape (rows, movements)."""
    hidden = np.zeros(counts.shape, dtype=bool)
    for row in range(len(counts)):
        hidden[row] = _hidden_of(counts[row], [], min_group)
    # All that churned is the total of the reasons: a single hidden row would be what is left of it.
    churned = MOVEMENTS.index("churned")
    if hidden[:, churned].sum() == 1 and len(counts) > 1:
        rest = [row for row in range(len(counts)) if not hidden[row, churned]]
        row = min(rest, key=lambda place: (counts[place, churned] == 0, counts[place, churned]))
        hidden[row] = _hidden_of(counts[row], [churned], min_group)
    return hidden


def _hidden_of(
    counts: npt.NDArray[np.int64], also: list[int], min_group: int
) -> npt.NDArray[np.bool_]:
    hidden = np.array([is_small(int(count), min_group) for count in counts])
    hidden[also] = True
    by_size = sorted(range(len(counts)), key=lambda place: (counts[place] == 0, counts[place]))
    movers = [MOVEMENTS.index(name) for name in _COUNTED]
    while hidden.any():
        if hidden[movers].sum() == 1:  # the change in the number of customers would tell it
            choice = [place for place in by_size if place in movers and not hidden[place]]
        elif hidden.sum() == 1 or counts[hidden].sum() < min_group:
            choice = [place for place in by_size if not hidden[place]]
        else:
            break
        if not choice:
            break
        hidden[choice[0]] = True
    return hidden


def _shown(table: pd.DataFrame, hidden: npt.NDArray[np.bool_]) -> pd.DataFrame:
    rows = []
    for place, row in enumerate(table.to_dict("records")):
        out = dict(zip(MOVEMENTS, hidden[place].tolist(), strict=True))
        opening = int(row["opening_units"])
        kept = opening - int(row["contraction_units"]) - int(row["churned_units"])
        lost = out["contraction"] or out["churned"]
        made = {
            "period": row["period"],
            "last_period": row["last_period"],
            "gross_retention": None if lost or not opening else kept / opening,
            "net_retention": (
                None
                if lost or out["expansion"] or not opening
                else (kept + int(row["expansion_units"])) / opening
            ),
        }
        for name in ("opening", "closing", *MOVEMENTS):
            away = out.get(name, False)
            made[name] = None if away else as_money(int(row[f"{name}_units"]))
            made[f"{name}_customers"] = None if away else int(row[name])
        rows.append(made)
    return pd.DataFrame(rows, columns=_COLUMNS, dtype=object)


def _reasons(found: Waterfall, churned: int, min_group: int) -> pd.DataFrame:
    """Return the reasons with the small ones together; none where the periods do not add up."""
    table = found.churned
    names = ["reason", "decided", "customers", "amount", "share"]
    total = int(table["customers"].sum()) if len(table) else 0
    if not total or total != churned or is_small(total, min_group):
        return pd.DataFrame(columns=names)
    away = np.array(hide_parts(table["customers"].tolist(), min_group=min_group))
    whole = int(table["units"].sum())
    rows: list[tuple[str, bool | None, int, int]] = [
        (str(row["reason"]), bool(row["decided"]), int(row["customers"]), int(row["units"]))
        for row in table[~away].to_dict("records")
    ]
    rest = table[away]
    if len(rest):
        decided = bool(rest["decided"].iloc[0]) if rest["decided"].nunique() == 1 else None
        rows.append(
            (OTHER_REASONS, decided, int(rest["customers"].sum()), int(rest["units"].sum()))
        )
    made = [
        (name, decided, customers, as_money(units), units / whole if whole else None)
        for name, decided, customers, units in rows
    ]
    return pd.DataFrame(made, columns=names, dtype=object)


def _note(joined: int, hidden: npt.NDArray[np.bool_], grain: str, min_group: int) -> str:
    said = []
    if joined:
        said.append(
            f"{counted(joined, grain)} {'is' if joined == 1 else 'are'} joined with others or left "
            "out, for too few customers paid or moved."
        )
    if hidden.any():
        said.append(f"An empty cell is {hidden_words(min_group)}.")
    return " ".join(said)
