"""The triage record in sentences: can the numbers be trusted, and who should mend what."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from workbench.errors import AnalysisError
from workbench.triage.frames import flow, freshness, to_mend
from workbench.triage.record import TriageRecord

__all__ = ["Verdict", "verdict"]


@dataclass(frozen=True)
class Verdict:
    """What a manager should know of the unit's data.

    Parameters
    ----------
    received, accepted, quarantined
        Rows of all tables.
    accepted_share
        Share of the received rows that passed (0-1).
    age_days
        Days from the newest dated row to ``as_of``; None where no table has a clock.
    passed
        A sentence: how much passed.
    worst
        A sentence: which reason sets most rows aside; None when nothing was set aside.
    to_do
        A sentence: what is asked of whom; None when nothing was set aside.
    fresh
        A sentence: how old the newest rows are.
    stale
        Whether the newest row is older than the report's limit.
    remark
        A sentence on rows that passed with a warning; None when there are none.
    """

    received: int
    accepted: int
    quarantined: int
    accepted_share: float | None
    age_days: int | None
    passed: str
    worst: str | None
    to_do: str | None
    fresh: str
    stale: bool
    remark: str | None


def verdict(record: TriageRecord, *, max_age_days: int) -> Verdict:
    """Return what a manager should know of a unit's data.

    Parameters
    ----------
    record
        What triage recorded.
    max_age_days
        The newest row may be this old on the day ``as_of``; at least 0.

    Raises
    ------
    AnalysisError
        When ``max_age_days`` is negative.
    """
    if max_age_days < 0:
        raise AnalysisError(f"max_age_days == {max_age_days}, must be >= 0")
    came = flow(record)
    received = int(came["received"].sum())
    accepted = int(came["accepted"].sum())
    quarantined = int(came["quarantined"].sum())
    warned = int(came["warned"].sum())
    share = accepted / received if received else None
    passed = "No rows were received: there is nothing to report on."
    if share is not None:
        passed = (
            f"{accepted:,} of {received:,} rows passed every check ({_percent(share)}); "
            f"{quarantined:,} were set aside, all kept with their reasons."
        )
    mend = to_mend(record)
    age, fresh = _freshness(record, max_age_days)
    return Verdict(
        received=received,
        accepted=accepted,
        quarantined=quarantined,
        accepted_share=share,
        age_days=age,
        passed=passed,
        worst=_worst(mend),
        to_do=_to_do(mend),
        fresh=fresh,
        stale=age is not None and age > max_age_days,
        remark=(
            f"{warned:,} accepted rows carry a warning; they count in every report."
            if warned
            else None
        ),
    )


def _worst(mend: pd.DataFrame) -> str | None:
    if mend.empty:
        return None
    first = mend.iloc[0]
    return (
        f"The most frequent reason: {first['what']} - {int(first['rows']):,} rows of "
        f"{first['table']} from {first['source']} ({first['department']})."
    )


def _to_do(mend: pd.DataFrame) -> str | None:
    if mend.empty:
        return None
    first = mend.iloc[0]
    others = mend["department"].nunique() - 1
    also = f" {others} more department{'s are' if others > 1 else ' is'} asked below." * (
        others > 0
    )
    return f"{first['department']}: {first['fix']}{also}"


def _freshness(record: TriageRecord, max_age_days: int) -> tuple[int | None, str]:
    ages = freshness(record).dropna(subset=["age_days"])
    if ages.empty:
        return None, "No table is dated, so nothing can be said of how fresh the data are."
    newest = ages.sort_values(["age_days", "table"]).iloc[0]
    age = int(newest["age_days"])
    limit = f"; the report allows {max_age_days:,}" if age > max_age_days else ""
    day = newest["newest"].date().isoformat()
    when = "on the day of the report" if age == 0 else f"{age:,} day{'s' * (age != 1)} before it"
    return age, f"The newest row ({newest['table']}) is of {day}, {when}{limit}."


def _percent(share: float) -> str:
    """Return a share as a percentage that never rounds something to nothing, or some to all."""
    if 0 < share < 0.001:
        return "less than 0.1%"
    if 0.999 < share < 1:
        return "more than 99.9%"
    return f"{share:.1%}"
