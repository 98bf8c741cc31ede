"""The repairs of a record, for the triage report: a table and a sentence."""

from __future__ import annotations

import pandas as pd

from workbench.data import phrases
from workbench.triage.reading import each_source
from workbench.triage.record import TriageRecord

__all__ = ["repaired", "repairs_verdict"]

_COLUMNS = ("table", "source", "department", "column", "kind", "repairs", "cells", "state")


def repaired(record: TriageRecord) -> pd.DataFrame:
    """Return the repairs that were applied at the owner's word, one row a column and kind.

    Returns
    -------
    pandas.DataFrame
        ``table, source, department, column`` (the source's own), ``kind`` (why the cells were
        suspected), ``repairs`` (lines of the file), ``cells`` (that were changed) and ``state`` (in
        words: applied, or how many found nothing to repair).
    """
    return pd.DataFrame(
        [
            {
                "table": table.name,
                "source": source.name,
                "department": source.department,
                "column": one.column,
                "kind": one.kind or "by hand",
                "repairs": one.repairs,
                "cells": one.cells,
                "state": _state(one.repairs, one.lost),
            }
            for table, source in each_source(record)
            for one in source.repaired
        ],
        columns=list(_COLUMNS),
    )


def repairs_verdict(record: TriageRecord) -> str:
    """Return a sentence that says what was repaired before the rows were checked."""
    every = [one for _, source in each_source(record) for one in source.repaired]
    if not every:
        return "No value was repaired: every row was checked as it came."
    cells = sum(one.cells for one in every)
    lost = sum(one.lost for one in every)
    lines = phrases.counted(sum(one.repairs for one in every), "repair")
    said = (
        f"{phrases.counted(cells, 'cell was', 'cells were')} changed by {lines} that the data's "
        "owner agreed to, "
        "before the rows were checked; the rows as they came are kept."
    )
    if lost:
        said += (
            f" {phrases.counted(lost, 'repair')} found nothing to repair: "
            "the source was mended, or the record changed."
        )
    return said


def _state(repairs: int, lost: int) -> str:
    if not lost:
        return "applied"
    if lost == repairs:
        return "found nothing to repair"
    return f"applied; {lost:,} of {repairs:,} found nothing to repair"
