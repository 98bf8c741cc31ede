"""Scores and gate as small frames and sentences, for the triage report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from workbench.data import phrases
from workbench.triage.judged import DIMENSIONS
from workbench.triage.reading import departments_of
from workbench.triage.record import TriageRecord
from workbench.triage.score import MEANINGS, Score, score

__all__ = [
    "GateVerdict",
    "gate_failures",
    "gate_verdict",
    "score_trend",
    "score_verdict",
    "scores",
]


@dataclass(frozen=True)
class GateVerdict:
    """Whether the other reports of a unit are made.

    Parameters
    ----------
    passed
        Whether nothing holds them back.
    sentence
        That, and why not, in plain words.
    to_do
        Who should do what first; None when nothing holds them back.
    """

    passed: bool
    sentence: str
    to_do: str | None


def scores(record: TriageRecord) -> pd.DataFrame:
    """Return one row a table: five shares, the weakest, and who owns its sources.

    Parameters
    ----------
    record
        What triage recorded.

    Returns
    -------
    pandas.DataFrame
        ``table``; ``completeness, validity, uniqueness, consistency, freshness`` (0-1, missing
        where there is nothing to count; ``workbench.triage.score`` defines them); ``weakest``: the
        dimension of the lowest share, missing where all that is known holds; ``departments`` of
        its sources. There is no total: shares of different things do not add up.
    """
    day = date.fromisoformat(record.as_of)
    rows = []
    for table in record.tables:
        found = score(table, day)
        shares = {str(name): share for name, share in found.shares.items()}
        about = {"weakest": found.weakest, "departments": departments_of(table.sources)}
        rows.append({"table": table.name, **shares, **about})
    columns = ["table", *DIMENSIONS, "weakest", "departments"]
    # A column of nothing but None would be one of objects.
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(DIMENSIONS, float))


def score_trend(record: TriageRecord) -> pd.DataFrame:
    """Return one row a table and dimension: how the share stood before, and how it moved.

    Parameters
    ----------
    record
        What triage recorded, with the scores of earlier loads.

    Returns
    -------
    pandas.DataFrame
        ``table, dimension``; ``now, before`` (shares 0-1, missing where there is none); ``since``:
        the day of the load before (a date, missing on the first); ``change``: now less before
        (a share, 0.01 is one percentage point), missing where one is; ``loads``: on how many days
        the share is known, this one included. The greatest fall comes first.
    """
    day = date.fromisoformat(record.as_of)
    rows = []
    for table in record.tables:
        for dimension, now in score(table, day).shares.items():
            earlier = [
                point
                for point in record.history
                if (point.table, point.dimension) == (table.name, dimension)
            ]
            last = earlier[-1] if earlier else None
            if now is None and last is None:
                continue
            before = None if last is None else last.share
            rows.append(
                {
                    "table": table.name,
                    "dimension": dimension,
                    "now": now,
                    "before": before,
                    "since": None if last is None else date.fromisoformat(last.as_of),
                    "change": None if now is None or before is None else now - before,
                    "loads": len(earlier) + (now is not None),
                }
            )
    columns = ["table", "dimension", "now", "before", "since", "change", "loads"]
    numbers = dict.fromkeys(("now", "before", "change"), float)
    found = pd.DataFrame(rows, columns=columns).astype({**numbers, "loads": int})
    # Whoever reads knows the tables in the record's order: it settles ties.
    return found.sort_values("change", kind="stable", na_position="last", ignore_index=True)


def score_verdict(record: TriageRecord) -> str:
    """Return a sentence: which share of which table is lowest, and who owns its sources.

    Parameters
    ----------
    record
        What triage recorded.
    """
    day = date.fromisoformat(record.as_of)
    low: list[tuple[float, int, Score]] = []
    for place, table in enumerate(record.tables):
        found = score(table, day)
        if found.weakest is not None:
            low.append((found.shares[found.weakest] or 0.0, place, found))
    if not low:
        return "On every dimension that can be counted, all rows and cells of every table hold."
    value, place, worst = min(low, key=lambda one: one[:2])
    assert worst.weakest is not None
    owners = departments_of(record.tables[place].sources)
    asked = f" Its sources are owned by {owners}." if owners else ""
    return (
        f"The lowest share is the {worst.weakest} of {worst.table}, {phrases.share(value)}: "
        f"{MEANINGS[worst.weakest]}.{asked}"
    )


def gate_failures(record: TriageRecord) -> pd.DataFrame:
    """Return one row for each thing that holds the unit's other reports back.

    Parameters
    ----------
    record
        What triage recorded.

    Returns
    -------
    pandas.DataFrame
        ``kind, table`` (``all tables`` for all rows together), ``column`` (missing where it is
        about none), ``asked, found, sentence, fix`` and ``department`` (missing where none is
        known). No row when the reports are made.
    """
    return pd.DataFrame(
        [
            {
                "kind": one.kind,
                "table": one.table or "all tables",
                "column": one.column or None,
                "asked": one.asked,
                "found": one.found,
                "sentence": one.sentence,
                "fix": one.fix.replace("`", ""),
                "department": one.department or None,
            }
            for one in record.gate
        ],
        columns=["kind", "table", "column", "asked", "found", "sentence", "fix", "department"],
    )


def gate_verdict(record: TriageRecord) -> GateVerdict:
    """Return whether the other reports of the unit are made, in words.

    Parameters
    ----------
    record
        What triage recorded.
    """
    if not record.gate:
        return GateVerdict(True, "Nothing holds the unit's other reports back.", None)
    first = record.gate[0]
    more = len(record.gate) - 1
    also = f" {phrases.counted(more, 'more reason stands', 'more reasons stand')} below." * (
        more > 0
    )
    who = first.department or "The unit"
    return GateVerdict(
        False,
        f"The unit's other reports are held back. {first.sentence}{also}",
        f"{who}: {phrases.uncapitalised(first.fix)}".replace("`", ""),
    )
