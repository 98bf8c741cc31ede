"""Several sources that feed one table: what both have, where they disagree, which to keep.

Sources are compared by the table's key, two at a time. Nothing is weighed, and a conflict does not
tell who is right. The recommendation asks one question after the other, and the first that tells
the two apart decides:

1. Which has the later date in the table's clock for more of the shared keys?
2. Which has more values where the other has none?
3. Whose newest row is newer?
4. Which has more keys?
5. Which is declared first?

The first two tell the sources apart only where the difference is more than one in a hundred of the
shared keys, and more than chance would make (a sign test: two standard errors of a fair coin).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import duckdb

from workbench.data import phrases
from workbench.data.engine import column_types
from workbench.errors import AnalysisError
from workbench.triage.shared_keys import ColumnOverlap, Counted, SourceRows, count_shared

__all__ = [
    "ColumnOverlap",
    "Overlap",
    "Recommendation",
    "SourceRows",
    "compare_sources",
]

CLEAR = 0.01
"""A difference of fewer than this share of the shared keys does not tell two sources apart."""


@dataclass(frozen=True)
class Recommendation:
    """Which source to keep where both have a key.

    Parameters
    ----------
    keep
        The source's name; empty where they share nothing, so that both are needed.
    criterion
        What decided: ``nothing_shared``, ``later``, ``complete``, ``newest``, ``more_keys`` or
        ``declared_first``.
    sentence
        The same in words, with the figures.
    """

    keep: str
    criterion: str
    sentence: str


@dataclass(frozen=True)
class Overlap:
    """Two sources of one table.

    Parameters
    ----------
    first, second
        Their names, in the order of their declaration.
    key
        The columns that a row is known by.
    first_rows, second_rows
        Their rows.
    first_keys, second_keys
        Their different keys; a row with a part of its key missing has none.
    shared, only_first, only_second
        Keys in both, and in one of them.
    repeated
        Shared keys that either source has more than once. Of such rows the values cannot be
        compared, so they count in none of the figures below.
    conflicts
        Shared keys with a conflict in any column.
    columns
        The columns that both have, the most conflicts first.
    first_newest, second_newest
        The newest day in the clock; None without one.
    first_later, second_later
        Shared keys for which that source has the later date in the clock.
    recommendation
        Which to keep.
    sentence
        What they share, in words.
    """

    first: str
    second: str
    key: tuple[str, ...]
    first_rows: int
    second_rows: int
    first_keys: int
    second_keys: int
    shared: int
    only_first: int
    only_second: int
    repeated: int
    conflicts: int
    columns: tuple[ColumnOverlap, ...]
    first_newest: date | None
    second_newest: date | None
    first_later: int
    second_later: int
    recommendation: Recommendation
    sentence: str

    def column(self, name: str) -> ColumnOverlap | None:
        """Return one column, or None when not both sources have it."""
        return next((column for column in self.columns if column.name == name), None)


def compare_sources(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[SourceRows],
    *,
    key: Sequence[str],
    clock: str | None = None,
) -> tuple[Overlap, ...]:
    """Return what each two sources of a table share, and which of them to keep.

    Parameters
    ----------
    connection
        The engine; temporary tables whose names begin with ``_overlap`` are made and removed.
    sources
        Two sources or more, in the order of their declaration.
    key
        The columns that a row is known by; at least one, and every source must have all of them.
    clock
        The column (date or timestamp) that dates a row; None where the table has none, or one of
        two sources lacks it: then nothing is said of freshness.

    Returns
    -------
    tuple of Overlap
        One for each pair, in the order of declaration; empty for a single source.

    Raises
    ------
    AnalysisError
        When there is no key, or a source lacks a column of it.
    """
    if not key:
        raise AnalysisError(
            "sources cannot be compared without a key", fix="State the table's `key:`."
        )
    types = {}
    for source in sources:
        types[source.name] = {
            name: kind
            for name, kind in column_types(connection, source.sql).items()
            if not name.startswith("_wb_")
        }
        for name in key:
            if name not in types[source.name]:
                raise AnalysisError(
                    f"there is no column `{name}` of the key",
                    where=f"source {source.name}",
                    fix=f"The columns are: {', '.join(types[source.name])}.",
                )
    found = []
    for first, second in combinations(sources, 2):
        one, other = types[first.name], types[second.name]
        columns = {name: one[name] == other[name] for name in one if name in other}
        dated = clock if clock in columns else None
        counted = count_shared(connection, first, second, tuple(key), columns, dated)
        found.append(_overlap(first.name, second.name, tuple(key), counted))
    return tuple(found)


def _overlap(first: str, second: str, key: tuple[str, ...], found: Counted) -> Overlap:
    return Overlap(
        first=first,
        second=second,
        key=key,
        first_rows=found.rows[0],
        second_rows=found.rows[1],
        first_keys=found.keys[0],
        second_keys=found.keys[1],
        shared=found.shared,
        only_first=found.keys[0] - found.shared,
        only_second=found.keys[1] - found.shared,
        repeated=found.repeated,
        conflicts=found.conflicts,
        columns=found.columns,
        first_newest=found.newest[0],
        second_newest=found.newest[1],
        first_later=found.later[0],
        second_later=found.later[1],
        recommendation=_advice(first, second, found),
        sentence=_sentence(first, second, found),
    )


def _sentence(first: str, second: str, found: Counted) -> str:
    only = [keys - found.shared for keys in found.keys]
    if not found.shared:
        return (
            f"`{first}` and `{second}` share no key: {only[0]:,} are in `{first}` alone, "
            f"{only[1]:,} in `{second}` alone."
        )
    said = (
        f"{phrases.counted(found.shared, 'key')} in both, {only[0]:,} in `{first}` alone, "
        f"{only[1]:,} in `{second}` alone. "
    )
    compared = found.shared - found.repeated
    if not compared:
        return f"{said}All of the shared keys are repeated: nothing can be compared."
    if not found.conflicts:
        return f"{said}Where both have a value, they agree."
    worst = [column for column in found.columns if column.conflicts][:3]
    columns = phrases.listed([f"`{column.name}` ({column.conflicts:,})" for column in worst])
    return (
        f"{said}They disagree about {found.conflicts:,} of {compared:,} shared keys "
        f"({phrases.share(found.conflicts / compared)}), most often in {columns}."
    )


def _advice(first: str, second: str, found: Counted) -> Recommendation:
    """Return which source to keep: the first criterion that tells the two apart decides."""
    if not found.shared:
        return Recommendation(
            "", "nothing_shared", "Keep both: neither has a key that the other has."
        )
    names = (first, second)
    compared = found.shared - found.repeated
    alone = tuple(
        sum(getattr(column, only) for column in found.columns)
        for only in ("only_first", "only_second")
    )
    for criterion, figures, said in (
        (
            "later",
            found.later,
            "the later date for {keys}, {other} for {less:,}",
        ),
        ("complete", alone, "{values} that {other} lacks, which has {less:,} the other way"),
    ):
        if _clear(figures[0], figures[1], compared):
            return _keep(names, criterion, (figures[0], figures[1]), said, found)
    days = tuple(day.toordinal() if day else 0 for day in found.newest)
    for criterion, figures, said in (
        ("newest", days, "the newer newest row ({day})"),
        ("more_keys", found.keys, "more keys ({more:,}; {other} has {less:,})"),
    ):
        if figures[0] != figures[1]:
            return _keep(names, criterion, (figures[0], figures[1]), said, found)
    return Recommendation(
        first,
        "declared_first",
        f"Keep `{first}`: nothing tells the two apart, and it is declared first.",
    )


def _clear(one: int, other: int, compared: int) -> bool:
    """Return whether two counts differ by more than a little, and by more than chance makes."""
    gap = abs(one - other)
    return gap > CLEAR * compared and gap * gap > 4 * (one + other)


def _keep(
    names: tuple[str, str], criterion: str, figures: tuple[int, int], said: str, found: Counted
) -> Recommendation:
    """Return a recommendation, with the columns for which the other source is the fuller."""
    kept = 0 if figures[0] > figures[1] else 1
    day = found.newest[kept]
    reason = said.format(
        more=figures[kept],
        less=figures[1 - kept],
        values=phrases.counted(figures[kept], "value"),
        keys=phrases.counted(figures[kept], "shared key"),
        other=f"`{names[1 - kept]}`",
        day=phrases.day(day) if day else "",
    )
    sentence = f"Keep `{names[kept]}` where both have a key: it has {reason}."
    compared = found.shared - found.repeated
    better = []
    for column in found.columns:
        only = (column.only_first, column.only_second)
        if only[1 - kept] > only[kept] and _clear(only[0], only[1], compared):
            better.append(f"`{column.name}` ({only[1 - kept]:,})")
    if better:
        sentence += (
            f" `{names[1 - kept]}` alone has values of {phrases.listed(sorted(better))} "
            "for some of them."
        )
    return Recommendation(names[kept], criterion, sentence)
