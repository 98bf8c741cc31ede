"""The triage record as small frames: what came, how fresh it is, what each column holds."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd

from workbench.triage.reading import each_source, joined, share_of
from workbench.triage.record import ColumnRecord, TriageRecord

__all__ = [
    "columns",
    "completeness",
    "contents",
    "flow",
    "freshness",
    "identifiers",
]


def flow(record: TriageRecord) -> pd.DataFrame:
    """Return one row a source: what was received, accepted and set aside.

    Returns
    -------
    pandas.DataFrame
        ``table, source, department, origin, received, accepted, quarantined, warned`` (rows) and
        ``accepted_share`` (0-1, missing where nothing was received).
    """
    return pd.DataFrame(
        [
            {
                "table": table.name,
                "source": source.name,
                "department": source.department,
                "origin": source.origin,
                "received": source.received,
                "accepted": source.accepted,
                "quarantined": source.quarantined,
                "warned": source.warned,
                "accepted_share": share_of(source.accepted, source.received),
            }
            for table, source in each_source(record)
        ],
        columns=[
            "table",
            "source",
            "department",
            "origin",
            "received",
            "accepted",
            "quarantined",
            "warned",
            "accepted_share",
        ],
    )


def completeness(record: TriageRecord) -> pd.DataFrame:
    """Return how many accepted rows lack a value, the worst column first.

    Returns
    -------
    pandas.DataFrame
        ``table, column, about, rows, missing, complete_share`` (0-1).
    """
    found = pd.DataFrame(
        [
            {
                "table": table.name,
                "column": column.name,
                "about": column.about,
                "rows": table.accepted,
                "missing": column.missing,
                "complete_share": share_of(table.accepted - column.missing, table.accepted),
            }
            for table in record.tables
            for column in table.columns
        ],
        columns=["table", "column", "about", "rows", "missing", "complete_share"],
    )
    return found.sort_values(
        ["complete_share", "table", "column"], ignore_index=True, na_position="last"
    )


def freshness(record: TriageRecord) -> pd.DataFrame:
    """Return how old the newest accepted row of each table is on the day ``as_of``.

    Returns
    -------
    pandas.DataFrame
        ``table, rows, oldest, newest`` (times, missing where a table has no clock or no rows) and
        ``age_days`` from the newest row's day to ``as_of``.
    """
    as_of = date.fromisoformat(record.as_of)
    rows = []
    for table in record.tables:
        newest = datetime.fromisoformat(table.newest) if table.newest else None
        oldest = datetime.fromisoformat(table.oldest) if table.oldest else None
        rows.append(
            {
                "table": table.name,
                "rows": table.accepted,
                "oldest": oldest,
                "newest": newest,
                "age_days": (as_of - newest.date()).days if newest else None,
            }
        )
    return pd.DataFrame(rows, columns=["table", "rows", "oldest", "newest", "age_days"])


def identifiers(record: TriageRecord) -> pd.DataFrame:
    """Return how many different orders, customers and so on came, and how many passed.

    Returns
    -------
    pandas.DataFrame
        ``table, column, about, received, accepted`` (different values) and ``exact``.
    """
    return pd.DataFrame(
        [
            {
                "table": table.name,
                "column": column.name,
                "about": column.about,
                "received": column.distinct_received,
                "accepted": column.distinct,
                "exact": column.exact,
            }
            for table in record.tables
            for column in table.columns
            if column.distinct_received is not None
        ],
        columns=["table", "column", "about", "received", "accepted", "exact"],
    )


def columns(record: TriageRecord) -> pd.DataFrame:
    """Return the profile of every column of the accepted rows.

    Returns
    -------
    pandas.DataFrame
        ``table, column, kind, missing_share`` (0-1), ``distinct``, ``lowest, highest, mean, total``
        (text), ``top``: the most frequent values with their rows, and ``holds``: the range, or
        else the most frequent values.
    """
    return pd.DataFrame(
        [
            {
                "table": table.name,
                "column": column.name,
                "kind": column.kind,
                "missing_share": share_of(column.missing, table.accepted),
                "distinct": column.distinct,
                "lowest": _short(column.lowest),
                "highest": _short(column.highest),
                "mean": _short(column.mean),
                "total": _exact(column.total),
                "top": (top := joined(f"{value} ({rows:,})" for value, rows in column.top)),
                "holds": _range(column.lowest, column.highest) or top,
            }
            for table in record.tables
            for column in table.columns
        ],
        columns=[
            "table",
            "column",
            "kind",
            "missing_share",
            "distinct",
            "lowest",
            "highest",
            "mean",
            "total",
            "top",
            "holds",
        ],
    )


def contents(record: TriageRecord) -> pd.DataFrame:
    """Return what the texts of each column look like; columns that seem personal come first.

    Returns
    -------
    pandas.DataFrame
        ``table, column, kind``; ``patterns``: up to three shapes with their shares of the filled
        rows; ``reads_as``: what at least one row in a hundred reads as, with its share;
        ``personal``: the evidence that the column holds personal data, missing where there is none.
        A column whose most frequent values are shown by ``columns``, or that holds no texts, stands
        there only if there is more to say of it.
    """
    found = pd.DataFrame(
        [
            {
                "table": table.name,
                "column": column.name,
                "kind": column.kind,
                "patterns": _patterns(column, table.accepted),
                "reads_as": _reads_as(column, table.accepted),
                "personal": joined(found.evidence for found in column.suspicions),
            }
            for table in record.tables
            for column in table.columns
            if column.suspicions
            or (column.text is not None and (not column.top or _reads_as(column, table.accepted)))
        ],
        columns=["table", "column", "kind", "patterns", "reads_as", "personal"],
    )
    return found.sort_values("personal", key=lambda said: said.isna(), kind="stable").reset_index(
        drop=True
    )


def _patterns(column: ColumnRecord, rows: int) -> str | None:
    filled = rows - column.missing
    shown = () if column.text is None else column.text.patterns[:3]
    return joined(f"{shape} ({_percent(n, filled)})" for shape, n in shown)


def _reads_as(column: ColumnRecord, rows: int) -> str | None:
    if column.text is None:
        return None
    filled = rows - column.missing
    read = {
        "number": column.text.numbers,
        "date": column.text.dates,
        "e-mail": column.text.emails,
        "telephone": column.text.phones,
    }
    return joined(
        f"{kind} ({_percent(n, filled)})" for kind, n in read.items() if 100 * n >= filled > 0
    )


def _percent(part: int, whole: int) -> str:
    """Return a share in words that never round something to nothing or all."""
    percent = 100 * part / whole
    if part < whole and percent > 99:
        return "over 99%"
    return f"{percent:.0f}%" if percent >= 1 else "under 1%"


def _range(lowest: str | None, highest: str | None) -> str | None:
    if lowest is None or highest is None:
        return None
    ends = [_short(end) or "" for end in (lowest, highest)]
    # Of a time the day is enough for a range.
    return " to ".join(end[:10] if end.count(":") else end for end in ends)


def _exact(total: str | None) -> str | None:
    """Return a sum of decimals with all of its digits, but no trailing zeros beyond two places."""
    if total is None:
        return None
    whole, _, decimals = total.lstrip("-").partition(".")
    minus = "\u2212" if total.startswith("-") else ""
    return f"{minus}{int(whole):,}.{decimals.rstrip('0'):0<2}"


def _short(text: str | None) -> str | None:
    """Return a bound of a column without the digits that say nothing: midnight, trailing zeros."""
    if text is None:
        return None
    if text.endswith(" 00:00:00"):
        return text[:10]
    if text.count(":") == 2:
        return text[:16]
    try:
        number = float(text)
    except ValueError:
        return text
    if "." not in text:
        return f"{int(text):,}" if abs(number) >= 10_000 else text
    return f"{number:,.2f}".replace("-", "\u2212")
