"""The triage record in sentences: can the numbers be trusted, and who should mend what."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from workbench.data import phrases
from workbench.errors import AnalysisError
from workbench.triage.frames import flow, freshness
from workbench.triage.mending import reasons_met, to_mend
from workbench.triage.record import TriageRecord

_TWIN = {"duplicate_row", "duplicate_key"}  # reasons for which another row does count

__all__ = ["FrequentReasons", "Verdict", "frequent_reasons", "verdict"]


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
    asked
        A sentence: what most rows need to be mended.
    to_do
        Who should do what first; None when nothing was set aside.
    fresh
        A sentence: how old the newest rows are.
    stale
        Whether the newest row is older than the report's limit.
    remark
        A sentence on rows that passed with a warning; None when there are none.
    counting
        How different values were counted: one by one, or estimated.
    no_share, no_age
        Why there is no share or no age; None where there is one.
    """

    received: int
    accepted: int
    quarantined: int
    accepted_share: float | None
    age_days: int | None
    passed: str
    worst: str | None
    asked: str
    to_do: str | None
    fresh: str
    stale: bool
    remark: str | None
    counting: str
    no_share: str | None
    no_age: str | None


@dataclass(frozen=True)
class FrequentReasons:
    """The reasons that set most rows aside, ready to be drawn.

    Parameters
    ----------
    frame
        ``label`` and ``rows``, the most frequent first.
    message, how_to_read, alt
        What the picture says, how to read it, and the same in words.
    """

    frame: pd.DataFrame
    message: str
    how_to_read: str
    alt: str


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
            f"{accepted:,} of {received:,} rows passed every check ({phrases.share(share)}); "
            f"{quarantined:,} were set aside, all kept with their reasons."
        )
    mend = _to_ask(record)
    age, fresh = _freshness(record, max_age_days)
    return Verdict(
        received=received,
        accepted=accepted,
        quarantined=quarantined,
        accepted_share=share,
        age_days=age,
        passed=passed,
        worst=_worst(mend),
        asked=_asked(mend),
        to_do=_to_do(mend),
        fresh=fresh,
        stale=age is not None and age > max_age_days,
        remark=(
            f"{phrases.counted(warned, 'row')} passed with a warning, and count in every report; "
            f"most often: {_first_warning(record)}."
            if warned
            else None
        ),
        counting=_counting(record),
        no_share=None if received else "no rows were received",
        no_age=None if age is not None else "no table of the unit is dated",
    )


def frequent_reasons(record: TriageRecord, most: int = 10) -> FrequentReasons:
    """Return the reasons that set most rows aside, over all sources of a table.

    Parameters
    ----------
    record
        What triage recorded.
    most
        How many to return, at least 1.
    """
    found = to_mend(record)
    if found.empty:
        return FrequentReasons(
            pd.DataFrame({"label": ["no reason met"], "rows": [0]}),
            "No row was set aside",
            "Rows set aside, by reason",
            "One empty bar: no row was set aside.",
        )
    found = found.assign(label=found["table"] + ": " + found["what"])
    rows = found.groupby("label", sort=True)["rows"].sum()
    rows = rows.sort_values(ascending=False, kind="stable").head(most)
    frame = rows.reset_index()
    first = found[found["label"] == rows.index[0]].iloc[0]
    told = "; ".join(f"{label}: {count:,}" for label, count in rows.head(3).items())
    return FrequentReasons(
        frame,
        f"Most rows, {int(rows.iloc[0]):,}: {first['what']} ({first['table']})",
        "Rows with each reason; one row may have several",
        f"Bars of rows per reason. The longest: {told}.",
    )


def _to_ask(record: TriageRecord) -> pd.DataFrame:
    """Return what is to be mended, with its code and the names of all sources of its table."""
    found = reasons_met(record)
    found = found[found["severity"] == "reject"].reset_index(drop=True)
    sources = {table.name: [source.name for source in table.sources] for table in record.tables}
    kind = found["code"].str.partition(":")[0] if len(found) else found["code"]
    return found.assign(kind=kind, sources=found["table"].map(sources))


def _worst(mend: pd.DataFrame) -> str | None:
    if mend.empty:
        return None
    first = mend.iloc[0]
    said = (
        f"The most frequent reason: {first['what']}, in {_rows(first)} of {first['table']} from "
        f"{first['source']}."
    )
    if first["kind"] not in _TWIN:
        return said
    if len(first["sources"]) > 1:
        names = phrases.listed(first["sources"])
        more = "both deliver" if len(first["sources"]) == 2 else "several of them deliver"
        return f"{said} {first['table'].capitalize()} come from {names}: what {more} counts once."
    return f"{said} Of such rows the first one counts."


def _asked(mend: pd.DataFrame) -> str:
    if mend.empty:
        return "Nobody has to mend anything."
    first = mend.iloc[0]
    others = mend["department"].nunique() - 1
    also = ""
    if others:
        also = f"; {phrases.counted(others, 'more department')} should mend something, too"
    return (
        f"{_rows(first)} of {first['table']} from {first['source']} set aside: "
        f"{first['what']}{also}."
    )


def _rows(reason: pd.Series) -> str:
    return phrases.counted(int(reason["rows"]), "row")


def _to_do(mend: pd.DataFrame) -> str | None:
    if mend.empty:
        return None
    first = mend.iloc[0]
    if first["kind"] == "duplicate_key" and len(first["sources"]) > 1:
        names = phrases.listed(first["sources"])
        return (
            f"{first['department']}: settle which source leads where {names} deliver the same "
            f"{first['table']}, and export each of them once."
        )
    return f"{first['department']}: {phrases.uncapitalised(first['fix'])}"


def _first_warning(record: TriageRecord) -> str:
    """Return what the most frequent warning is."""
    met = reasons_met(record)
    return str(met[met["severity"] == "warn"].iloc[0]["what"])


def _counting(record: TriageRecord) -> str:
    exact = all(column.exact for table in record.tables for column in table.columns)
    if exact:
        return "Counted one by one."
    return "Tables of more than 5 million rows are estimated, to within about 2%."


def _freshness(record: TriageRecord, max_age_days: int) -> tuple[int | None, str]:
    ages = freshness(record).dropna(subset=["age_days"])
    if ages.empty:
        return None, "No table is dated, so nothing can be said of how fresh the data are."
    newest = ages.sort_values(["age_days", "table"]).iloc[0]
    age = int(newest["age_days"])
    limit = f"; the report allows {max_age_days:,}" if age > max_age_days else ""
    day = phrases.day(newest["newest"])
    when = (
        "on the day of the report" if age == 0 else f"{phrases.days(age)} before the report's day"
    )
    return age, f"The newest row ({newest['table']}) is of {day}, {when}{limit}."
