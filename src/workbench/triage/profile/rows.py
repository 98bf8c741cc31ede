"""The profile of any table: what each column holds, in a few readings of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import duckdb

from workbench.data.engine import column_types
from workbench.data.quoting import quote
from workbench.data.small_groups import shown_of
from workbench.triage.facts import ColumnProfile, Suspicion
from workbench.triage.profile.measures import Measures, form_of, measure
from workbench.triage.profile.suspicion import LEANING, named_kinds, suspect
from workbench.triage.profile.texts import Glance, glance, look_at, shaping
from workbench.triage.tally import EXACT_UP_TO

__all__ = ["profile_rows"]

_NEARLY = 0.5
_AT_ONCE = 100
"""Columns of a table of few rows that are held at once while their texts are looked at."""
_HELD_ROWS = 100_000

_TOP = 5
_SHOWN = 200
"""Characters of a value that are shown."""
_MOST_VALUES = 200
"""Columns with more different values than this are free text, names or figures: no top values."""


def profile_rows(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    *,
    min_group: int,
    exact_up_to: int = EXACT_UP_TO,
    declared: Collection[str] = (),
) -> tuple[ColumnProfile, ...]:
    """Return the profile of each column of a table.

    Parameters
    ----------
    connection
        The engine; it gets two functions and a temporary table while this runs.
    rows
        What stands after FROM: a table's name, ``read_parquet('...')``, or a query in parentheses.
        It is read several times, so it should be cheap to read.
    min_group
        The fewest rows for which a value or a pattern is shown, at least 1.
    exact_up_to
        Rows up to which different values are counted one by one. Above, they are estimated where
        they do not repeat (HyperLogLog, within some 10 %), and each result says so. All else is
        exact for any number of rows.
    declared
        Columns whose meaning is known not to be personal: a suspicion that leans on their name
        (names of people, dates of birth) is none.

    Returns
    -------
    tuple of ColumnProfile
        In the table's order. The same bytes for the same rows, whatever their order and the number
        of threads.

    Examples
    --------
    >>> people = "(VALUES ('ann@x.org', 31), ('bo@y.org', 29)) AS t(contact, age)"
    >>> contact, age = profile_rows(duckdb.connect(), people, min_group=1)
    >>> contact.suspicions[0].evidence
    '2 rows hold what looks like an e-mail address (100.0% of the filled)'
    >>> age.lowest, age.highest, age.mean, age.key
    ('29', '31', '30.0', True)
    """
    types = column_types(connection, rows)
    counted = connection.execute(f"SELECT count(*) FROM {rows}").fetchone()
    count = int(counted[0]) if counted else 0
    exact = count <= exact_up_to
    table = _Rows(connection, rows, count, exact, min_group, frozenset(declared))
    measures = measure(connection, rows, types, exact=exact)
    profiles: list[ColumnProfile] = []
    names = list(types)
    try:
        with shaping(connection):
            for start in range(0, len(names), _AT_ONCE):
                some = names[start : start + _AT_ONCE]
                texts = [name for name in some if name not in measures]
                part = table
                if texts and count <= _HELD_ROWS:
                    # A file's directory takes longer to read than a column of few rows.
                    chosen = ", ".join(quote(name) for name in some)
                    connection.execute(
                        f"CREATE OR REPLACE TEMP TABLE _wb_some AS SELECT {chosen} FROM {rows}"
                    )
                    part = replace(table, rows="temp._wb_some")
                first = glance(connection, part.rows, texts)
                profiles += [
                    part.measured(name, types[name], measures[name])
                    if name in measures
                    else part.texts(name, types[name], first[name])
                    for name in some
                ]
    finally:
        connection.execute("DROP TABLE IF EXISTS temp._wb_some")
    return tuple(profiles)


@dataclass(frozen=True)
class _Rows:
    """A table that is being profiled."""

    connection: duckdb.DuckDBPyConnection
    rows: str
    count: int
    exact: bool
    min_group: int
    declared: frozenset[str]

    def measured(self, name: str, kind: str, one: Measures) -> ColumnProfile:
        """Return the profile of a column of numbers, times or flags."""
        constant, key = self._identity(one.filled, one.distinct, exact=one.exact)
        suspicions = self._held(name, _birth(self.connection, self.rows, name, kind, one))
        return ColumnProfile(
            name=name,
            type=kind,
            rows=self.count,
            missing=self.count - one.filled,
            distinct=one.distinct,
            exact=one.exact,
            lowest=one.lowest,
            highest=one.highest,
            quantiles=one.quantiles,
            mean=one.mean,
            sd=one.sd,
            total=one.total,
            top=self._top(name, one.filled, one.distinct, suspicions),
            constant=constant,
            key=key,
            text=None,
            suspicions=suspicions,
        )

    def texts(self, name: str, kind: str, first: Glance) -> ColumnProfile:
        """Return the profile of a column of texts, or of what has no other measures."""
        seen = look_at(
            self.connection, self.rows, name, first, exact=self.exact, min_group=self.min_group
        )
        suspicions = self._held(name, seen.suspicions)
        constant, key = self._identity(seen.filled, seen.distinct, exact=seen.exact)
        plain = form_of(kind) == "text"
        return ColumnProfile(
            name=name,
            type=kind,
            rows=self.count,
            missing=self.count - seen.filled,
            distinct=seen.distinct,
            exact=seen.exact,
            lowest=None,
            highest=None,
            quantiles=(),
            mean=None,
            sd=None,
            total=None,
            top=self._top(name, seen.filled, seen.distinct, suspicions) if plain else (),
            constant=constant,
            key=key,
            text=seen.facts if plain else None,
            suspicions=suspicions,
        )

    def _held(self, name: str, found: tuple[Suspicion, ...]) -> tuple[Suspicion, ...]:
        if name not in self.declared:
            return found
        return tuple(one for one in found if one.kind not in LEANING)

    def _identity(self, filled: int, distinct: int, *, exact: bool) -> tuple[bool, bool | None]:
        """Return whether all rows share one value, and whether each has its own (None: unknown)."""
        full = 0 < filled == self.count
        if exact or not full:
            return full and distinct == 1, full and distinct == self.count
        # An estimate is within some 10 %: one far below the number of rows is as good as a no.
        return False, None if distinct >= _NEARLY * self.count else False

    def _top(
        self, name: str, filled: int, distinct: int, suspicions: Sequence[Suspicion]
    ) -> tuple[tuple[str, int], ...]:
        """Return the most frequent values that may be named, such that the rest is not few rows."""
        if suspicions or not 0 < distinct <= _MOST_VALUES:
            return ()
        found = self.connection.execute(
            f"SELECT CAST({quote(name)} AS VARCHAR) AS _wb_value, count(*) AS _wb_n "
            f"FROM {self.rows} WHERE _wb_value IS NOT NULL GROUP BY _wb_value "
            f"HAVING _wb_n >= {self.min_group} ORDER BY _wb_n DESC, _wb_value LIMIT {_TOP}"
        ).fetchall()
        kept = shown_of([rows for _, rows in found], filled, min_group=self.min_group)
        return tuple((_short(value), rows) for value, rows in found[:kept])


def _birth(
    connection: duckdb.DuckDBPyConnection, rows: str, name: str, kind: str, one: Measures
) -> tuple[Suspicion, ...]:
    """Return the suspicion that times are dates of birth: so named, and days without a time."""
    if kind == "TIME" or form_of(kind) != "time" or "birth" not in named_kinds(name):
        return ()
    column = quote(name)
    found = connection.execute(
        f"SELECT count(*) FROM {rows} "
        f"WHERE isfinite({column}) AND CAST({column} AS TIMESTAMP) = CAST({column} AS DATE)"
    ).fetchone()
    return suspect(name, one.filled, {"birth": int(found[0]) if found else 0}, {})


def _short(value: str) -> str:
    return value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
