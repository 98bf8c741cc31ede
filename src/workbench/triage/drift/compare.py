"""One table's load beside the load before, as readable steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from workbench.data.engine import column_types
from workbench.data.quoting import quote
from workbench.errors import AnalysisError
from workbench.params import ChangeKind, EventParams
from workbench.triage.drift import words
from workbench.triage.drift.changes import (
    FreshnessChange,
    HistoryChange,
    SchemaChange,
    VolumeChange,
)
from workbench.triage.drift.columns import ColumnReader, Compared, Family
from workbench.triage.drift.figures import count_basics
from workbench.triage.drift.history import restated
from workbench.triage.drift.measures import usual_growth
from workbench.triage.drift.result import TableDrift
from workbench.triage.drift.settings import Load, Settings, Subject

__all__ = ["compare_loads"]

FEWEST_COUNTS = 4
"""Loads before this one from which a usual growth is learned: three steps from one to the next."""

ASSUMED_GROWTH = (-0.5, 1.0)
"""Taken for usual while there are fewer: from half the rows to twice as many."""


@dataclass(frozen=True)
class _Pair:
    """Two loads and what they have in common.

    Parameters
    ----------
    before, now
        What stands after ``FROM``.
    types_before, types_now
        Columns -> SQL types.
    same
        Columns of one type in both.
    """

    before: str
    now: str
    types_before: Mapping[str, str]
    types_now: Mapping[str, str]

    @property
    def same(self) -> dict[str, str]:
        return {
            name: kind for name, kind in self.types_now.items()
            if self.types_before.get(name) == kind
        }  # fmt: skip


def compare_loads(
    connection: duckdb.DuckDBPyConnection,
    before: Load,
    now: Load,
    subject: Subject,
    settings: Settings,
    calendar: Mapping[str, EventParams] | None = None,
) -> TableDrift:
    """Return what changed in a table from the load before to this one.

    Rows are taken as drawn independently of each other. Where they come in clumps (many lines of
    one customer), intervals are too narrow, and the thresholds of size must do more of the work.

    Parameters
    ----------
    connection
        The engine. Ten million rows of a dozen columns take it some seconds a load.
    before, now
        The two loads.
    subject
        Which table it is: its clock, its key, its earlier counts.
    settings
        How it is compared, and from which size on a change is large.
    calendar
        Known events by name; those that meet the days between the loads explain what they say.

    Returns
    -------
    TableDrift
        Every change with size, interval, threshold and sentence, whether it is flagged or not.

    Raises
    ------
    AnalysisError
        When this load is older than the load before, a column of the subject is in neither, or
        ``new`` rows shall be compared and there is no clock.
    """
    if now.as_of < before.as_of:
        raise AnalysisError(
            f"this load is of {now.as_of}, the load before of {before.as_of}",
            where=subject.table,
            fix="Give the older load first.",
        )
    pair = _Pair(
        before.sql, now.sql, column_types(connection, before.sql), column_types(connection, now.sql)
    )
    _refuse_unknown(subject, pair, settings)
    days = (min(before.as_of + timedelta(days=1), now.as_of), now.as_of)
    events = _Events(subject.table, days, calendar or {})
    return _compare_pair(connection, pair, (before, now), subject, settings, events)


def _compare_pair(
    connection: duckdb.DuckDBPyConnection,
    pair: _Pair,
    loads: tuple[Load, Load],
    subject: Subject,
    settings: Settings,
    events: _Events,
) -> TableDrift:
    """Return what changed; see :func:`compare_loads`."""
    totals = tuple(count_basics(connection, source, {}).rows for source in (pair.before, pair.now))
    fresh, newest = _freshness(connection, pair, loads, subject, settings, events)
    compared = Compared(pair.before, _compared_rows(pair, subject, settings, newest), pair.same)
    learned = len(subject.earlier_counts) + 1 >= FEWEST_COUNTS
    reader = ColumnReader(connection, compared, subject, settings, events.explained_by)
    family = reader.family(others=1 if learned else 0)
    read = reader.read(family)
    return TableDrift(
        table=subject.table,
        first=events.days[0],
        last=events.days[1],
        compared=settings.compared,
        rows_before=read.rows_before,
        rows_now=read.rows_now,
        level=settings.level,
        intervals=family.size,
        method=_method(family, settings),
        schema=_schema(pair, subject, events),
        volume=_volume(totals[0], totals[1], subject, settings, family, events),
        freshness=fresh,
        history=_history(connection, pair, subject, settings, events),
        missing=read.missing,
        categories=read.categories,
        new_categories=read.new_categories,
        distributions=read.distributions,
        not_compared=read.not_compared,
    )


@dataclass(frozen=True)
class _Events:
    """What a calendar says of the days between two loads of a table."""

    table: str
    days: tuple[date, date]
    calendar: Mapping[str, EventParams]

    def explained_by(self, kind: ChangeKind) -> tuple[str, ...]:
        """Return the titles of the events that account for a kind of change, in their order."""
        return tuple(
            event.title
            for event in self.calendar.values()
            if event.covers(kind, self.table, *self.days)
        )


def _refuse_unknown(subject: Subject, pair: _Pair, settings: Settings) -> None:
    if settings.compared == "new" and subject.clock is None:
        raise AnalysisError(
            "new rows cannot be told from old ones without a clock",
            where=subject.table,
            fix="Name the column that dates a row, or compare all rows.",
        )
    known = {**pair.types_before, **pair.types_now}
    for name in (*subject.key, *([subject.clock] if subject.clock else [])):
        if name not in known:
            raise AnalysisError(
                f"there is no column `{name}`",
                where=subject.table,
                fix=f"The columns are: {', '.join(known)}.",
            )


def _compared_rows(
    pair: _Pair, subject: Subject, settings: Settings, newest: tuple[date | None, ...]
) -> str:
    """Return this load's rows of which the values are compared."""
    if settings.compared == "all" or subject.clock is None or newest[0] is None:
        return pair.now
    clock = quote(subject.clock)
    if subject.clock not in pair.same:
        return f"(SELECT * FROM {pair.now} WHERE false)"
    return f"(SELECT * FROM {pair.now} WHERE {clock} > (SELECT max({clock}) FROM {pair.before}))"


def _schema(pair: _Pair, subject: Subject, events: _Events) -> SchemaChange:
    old, new = pair.types_before, pair.types_now
    came = tuple(name for name in new if name not in old)
    gone = tuple(name for name in old if name not in new)
    retyped = tuple(
        (name, old[name], kind) for name, kind in new.items() if old.get(name, kind) != kind
    )
    return SchemaChange(
        table=subject.table,
        column="",
        sentence=words.schema_sentence(came, gone, retyped),
        explained_by=events.explained_by("schema"),
        new=came,
        gone=gone,
        retyped=retyped,
    )


def _volume(
    before: int, now: int, subject: Subject, settings: Settings, family: Family, events: _Events
) -> VolumeChange:
    counts = [*subject.earlier_counts, before]
    loads = len(counts) if len(counts) >= FEWEST_COUNTS else 0
    usual = usual_growth(counts, level=family.level) if loads else ASSUMED_GROWTH
    change = now / before - 1 if before else None
    return VolumeChange(
        table=subject.table,
        column="",
        sentence=words.volume_sentence(before, now, change, usual, loads, family.level),
        explained_by=events.explained_by("volume"),
        before=before,
        now=now,
        change=change,
        usual_low=usual[0],
        usual_high=usual[1],
        loads=loads,
        threshold=settings.limits.volume,
        level=family.level,
    )


def _freshness(
    connection: duckdb.DuckDBPyConnection,
    pair: _Pair,
    loads: Sequence[Load],
    subject: Subject,
    settings: Settings,
    events: _Events,
) -> tuple[FreshnessChange | None, tuple[date | None, ...]]:
    """Return how fresh either load is, and the newest days."""
    if subject.clock is None:
        return None, (None, None)
    newest: list[date | None] = []
    for source, types in ((pair.before, pair.types_before), (pair.now, pair.types_now)):
        found = None
        if types.get(subject.clock, "").startswith(("DATE", "TIMESTAMP")):
            found = connection.execute(
                f"SELECT CAST(max({quote(subject.clock)}) AS DATE) FROM {source}"
            ).fetchone()
        newest.append(found[0] if found else None)
    ages = [
        (load.as_of - day).days if day is not None else None
        for load, day in zip(loads, newest, strict=True)
    ]
    limit = settings.limits.max_age_days
    change = FreshnessChange(
        table=subject.table,
        column=subject.clock,
        sentence=words.freshness_sentence(newest[1], ages[1], newest[0], limit),
        explained_by=events.explained_by("freshness"),
        newest_before=newest[0],
        newest_now=newest[1],
        age_before=ages[0],
        age_now=ages[1],
        max_age_days=limit,
    )
    return change, tuple(newest)


def _history(
    connection: duckdb.DuckDBPyConnection,
    pair: _Pair,
    subject: Subject,
    settings: Settings,
    events: _Events,
) -> HistoryChange | None:
    same = pair.same
    if not subject.key or subject.clock is None or not {*subject.key, subject.clock} <= set(same):
        return None
    found = restated(
        connection,
        pair.before,
        pair.now,
        key=subject.key,
        clock=subject.clock,
        columns=tuple(same),
    )
    if found is None:
        return None
    share = (found.changed + found.gone + found.late) / max(found.rows_before, 1)
    return HistoryChange(
        table=subject.table,
        column="",
        sentence=words.history_sentence(found, share),
        explained_by=events.explained_by("history"),
        threshold=settings.limits.history,
        **vars(found),
    )


def _method(family: Family, settings: Settings) -> str:
    if not family.size:
        return "No interval was needed: nothing was compared that chance could have moved."
    return (
        f"Bootstrap of {family.resamples:,} resamples by bin, interval from the distance of each "
        f"resample to what was seen; {100 * settings.level:g}% over all {family.size} intervals "
        f"together (Bonferroni, each at {100 * family.level:.6g}%). New and vanished categories: "
        "exact binomial intervals; number of rows: Student's t prediction interval."
    )
