"""The triage record as small frames: why rows were set aside, where, and who should mend what."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from workbench.triage.reading import each_reason, joined, share_of
from workbench.triage.record import TriageRecord

__all__ = ["examples", "reasons_met", "to_mend"]


def reasons_met(record: TriageRecord) -> pd.DataFrame:
    """Return one row a reason and source, those that set most rows aside first.

    Returns
    -------
    pandas.DataFrame
        ``table, source, department, code, severity, what, why, fix``, ``outcome`` (``set aside`` or
        ``remarked``), ``rows``, ``share`` (0-1 of the source's received rows) and ``amount``
        (the money in those rows, as ``to_mend`` says). A row of the source may have several
        reasons, so that ``rows`` does not add up to the rows set aside.
    """
    found = pd.DataFrame(
        [
            {
                "table": table.name,
                "source": source.name,
                "department": source.department,
                "code": reason.code,
                "severity": reason.severity,
                "outcome": "set aside" if reason.severity == "reject" else "remarked",
                "what": reason.title.replace("`", ""),
                "why": reason.why,
                "fix": reason.fix.replace("`", ""),
                "rows": reason.rows,
                "share": share_of(reason.rows, source.received),
                "amount": float(reason.amount) if reason.amount is not None else None,
            }
            for table, source, reason in each_reason(record)
        ],
        columns=[
            "table",
            "source",
            "department",
            "code",
            "severity",
            "outcome",
            "what",
            "why",
            "fix",
            "rows",
            "share",
            "amount",
        ],
    )
    # A column of nothing but None would be one of objects.
    return found.astype({"amount": float}).sort_values(
        ["severity", "rows", "table", "source", "code"],
        ascending=[True, False, True, True, True],
        ignore_index=True,
    )


def examples(record: TriageRecord) -> pd.DataFrame:
    """Return where each reason was met first, one row a reason and source.

    Returns
    -------
    pandas.DataFrame
        ``table, source, code, what, rows`` (the first record numbers, as text) and ``patterns``:
        the different shapes of the values there, missing where the reason is about no value.
    """
    return pd.DataFrame(
        [
            {
                "table": table.name,
                "source": source.name,
                "code": reason.code,
                "what": reason.title.replace("`", ""),
                "rows": ", ".join(f"{place.row:,}" for place in reason.examples),
                "patterns": joined(place.pattern for place in reason.examples),
            }
            for table, source, reason in each_reason(record)
            if reason.examples
        ],
        columns=["table", "source", "code", "what", "rows", "patterns"],
    )


def to_mend(record: TriageRecord, *, by: Literal["rows", "amount"] = "rows") -> pd.DataFrame:
    """Return what each department should mend, the most first.

    Parameters
    ----------
    record
        What triage recorded.
    by
        ``rows``: the reason that sets most rows aside comes first. ``amount``: the one that sets
        most money aside; then, by rows, those of which no money is known.

    Returns
    -------
    pandas.DataFrame
        ``department, table, source, what, fix, rows`` and ``amount``: the money in those rows,
        returns counted by their size, in the unit's currency; missing where the table has no
        amount, or the amounts themselves are in doubt. Reasons that set rows aside only. A row with
        two reasons stands under both, so that neither rows nor amounts add up.
    """
    found = reasons_met(record)
    found = found[found["severity"] == "reject"]
    first = ["amount", "rows"] if by == "amount" else ["rows"]
    return found[["department", "table", "source", "what", "fix", "rows", "amount"]].sort_values(
        [*first, "department", "table", "source", "what"],
        ascending=[*(False for _ in first), True, True, True, True],
        ignore_index=True,
        na_position="last",
    )
