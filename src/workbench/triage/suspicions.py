"""Suspected cells of the triage record as frames and sentences."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from workbench.data import phrases
from workbench.triage.reading import each_source, joined, share_of
from workbench.triage.record import TriageRecord

__all__ = ["KINDS_IN_WORDS", "SuspicionVerdict", "learned", "suspected", "suspicion_verdict"]

KINDS_IN_WORDS = {
    "missing in disguise": "stands for “not known”",
    "pattern": "has a form that next to no other value has",
    "unit": "has its unit written in another way",
    "case": "same text in other capitals",
    "spacing": "same text with other blanks",
    "typo": "looks like a slip of a frequent value",
    "rare value": "is met next to nowhere else",
    "outlier": "is far from all other numbers",
    "date order": "has day and month exchanged",
    "event order": "lies before what must come first",
    "gap": "first row after days without any",
    "merged": "holds two columns’ values",
    "dependency": "contradicts what other rows say",
    "missing": "is empty, though other rows tell it",
}
"""Each kind of suspicion, as the second half of "a cell that ..."."""


@dataclass(frozen=True)
class SuspicionVerdict:
    """What a manager should know of suspected cells.

    Parameters
    ----------
    cells
        How many accepted cells look wrong.
    said
        The same in a sentence.
    asked
        Who should look at what first, in a sentence; None where nothing was found.
    not_tried
        What was not looked at, in a sentence; None where all was.
    """

    cells: int
    said: str
    asked: str | None
    not_tried: str | None


def suspected(record: TriageRecord) -> pd.DataFrame:
    """Return cells that passed every check and still look wrong, by column and kind.

    Returns
    -------
    pandas.DataFrame
        ``table, source, place`` (both in words), ``department, column`` (the source's own), ``kind,
        what`` (in words), ``cells, share`` (0-1 of the source's accepted rows), ``rows`` (the first
        record numbers, as text) and ``patterns`` (shapes there; no value is shown). The most cells
        come first.
    """
    found = pd.DataFrame(
        [
            {
                "table": table.name,
                "source": source.name,
                "place": f"{table.name} from {source.name}",
                "department": source.department,
                "column": one.column,
                "kind": one.kind,
                "what": KINDS_IN_WORDS.get(one.kind, one.kind),
                "cells": one.cells,
                "share": share_of(one.cells, source.accepted),
                "rows": ", ".join(f"{place.row:,}" for place in one.examples),
                "patterns": joined(place.pattern for place in one.examples),
            }
            for table, source in each_source(record)
            for one in source.suspected
        ],
        columns=[
            "table",
            "source",
            "place",
            "department",
            "column",
            "kind",
            "what",
            "cells",
            "share",
            "rows",
            "patterns",
        ],
    )
    return found.sort_values(
        ["cells", "table", "source", "column", "kind"],
        ascending=[False, True, True, True, True],
        ignore_index=True,
    )


def learned(record: TriageRecord) -> pd.DataFrame:
    """Return which columns decide others, as the rows show, but for a few.

    Returns
    -------
    pandas.DataFrame
        ``table, source, by, on`` and ``share`` (0-1 of the rows that keep to it), those that are
        broken most often first; what no row breaks is left out.
    """
    found = pd.DataFrame(
        [
            {
                "table": table.name,
                "source": source.name,
                "by": one.by,
                "on": one.on,
                "share": one.share,
            }
            for table, source in each_source(record)
            for one in source.learned
            if one.share < 1
        ],
        columns=["table", "source", "by", "on", "share"],
    )
    return found.sort_values(["share", "table", "source", "by", "on"], ignore_index=True)


def suspicion_verdict(record: TriageRecord) -> SuspicionVerdict:
    """Return what a manager should know of suspected cells."""
    found = suspected(record)
    skipped = [
        f"{table.name} from {source.name}: {why.replace('`', '')}"
        for table, source in each_source(record)
        for why in source.not_tried
    ]
    not_tried = f"Not looked at: {'; '.join(skipped)}." if skipped else None
    cells = int(found["cells"].sum())
    if not cells:
        return SuspicionVerdict(
            0, "No cell that passed the checks looks wrong beside the others.", None, not_tried
        )
    columns = len(found[["table", "source", "column"]].drop_duplicates())
    said = (
        f"{phrases.counted(cells, 'cell')} in {phrases.counted(columns, 'column')} passed every "
        f"check and still {'looks' if cells == 1 else 'look'} wrong beside the others. "
        "Nothing was changed for it."
    )
    by = ["table", "source", "department", "column"]
    most = found.groupby(by, sort=True)["cells"].sum().sort_values(ascending=False, kind="stable")
    table, source, department, column = most.index[0]
    first = found[(found[by] == [table, source, department, column]).all(axis=1)].iloc[0]
    asked = (
        f"{department}: look at {phrases.counted(int(most.iloc[0]), 'cell')} of {column} in "
        f"{table} from {source}; most often a cell {first['what']}."
    )
    return SuspicionVerdict(cells, said, asked, not_tried)
