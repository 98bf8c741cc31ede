"""The cells that break a dependency, and which cell of the row is to blame."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.triage.suspects.dependencies import CODES, TOLERANCE, Dependency, hold_codes
from workbench.triage.suspects.evidence import add_cells
from workbench.triage.suspects.frame import PREFIX, Column, Frame

__all__ = ["find_violations"]

_USUAL = f"{PREFIX}usual"
_VOTES = f"{PREFIX}votes"
_ACCUSED = f"{PREFIX}accused"
_MIXED = f"{PREFIX}mixed"
_FIRST = f"{PREFIX}first"
_JUDGED = f"{PREFIX}judged"
_WEIGHT = "DECIMAL(9,4)"
_DOUBT = 0.3
_NULLS = 0.1


def find_violations(frame: Frame, dependencies: Sequence[Dependency]) -> None:
    """Add the cells that differ from the usual value of their group.

    Each dependency on a column is a vote on its cells, for or against; a vote weighs more when its
    group is large and agrees. A vote counts for less when the deciding cell of that row is itself
    accused more heavily: a wrong zip code accuses its city, but is accused by all that it decides.
    """
    if not dependencies:
        return
    hold_codes(frame, dependencies)
    make = frame.connection.execute
    make(f"CREATE TEMP TABLE {_USUAL} (d INTEGER, a UBIGINT, b UBIGINT, w {_WEIGHT}, sure BOOLEAN)")
    make(f"CREATE TEMP TABLE {_ACCUSED} (r BIGINT, place INTEGER)")
    kept = [(d, one) for d, one in enumerate(dependencies) if _accuse(frame, one)]
    if not frame.one(f"SELECT count(*) FROM {_ACCUSED}")[0]:
        return
    rows = f"{PREFIX}accused_rows"
    make(f"CREATE TEMP TABLE {rows} AS SELECT * FROM {CODES} WHERE r IN (SELECT r FROM {_ACCUSED})")
    for d, one in kept:
        groups = f"SELECT {one.by.sql} FROM {rows}"
        make(f"INSERT INTO {_USUAL} SELECT {d}, * FROM ({_usual(frame, one, groups)})")
    make(
        f"CREATE TEMP TABLE {_VOTES} (r BIGINT, place INTEGER, by_place INTEGER, "
        f"usual UBIGINT, w {_WEIGHT}, against BOOLEAN)"
    )
    for d, one in kept:
        make(
            # A value that comes again in its group is less likely a slip.
            f"INSERT INTO {_VOTES} SELECT r, {one.on.place}, {one.by.place}, usual, "
            "CASE WHEN against THEN w / count(*) OVER (PARTITION BY a, b) ELSE w END, against "
            f"FROM (SELECT t.r, t.{one.on.sql} AS b, u.a, u.b AS usual, u.w, u.sure, "
            f"t.{one.on.sql} <> u.b AS against FROM {rows} t JOIN {_USUAL} u "
            f"ON u.d = {d} AND t.{one.by.sql} = u.a WHERE t.r IN "
            f"(SELECT r FROM {_ACCUSED} WHERE place = {one.on.place})) WHERE sure OR NOT against"
        )
    _weigh(frame)
    for place in sorted({one.on.place for _, one in kept}):
        _add(frame, frame.columns[place])


def _accuse(frame: Frame, one: Dependency) -> bool:
    """Note the cells that differ from the usual value of their group; false where too many do."""
    by, on = one.by.sql, one.on.sql
    filled = _filled(frame, one)
    # In most groups all rows agree: only the others are looked at.
    frame.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_MIXED} AS SELECT {by} AS a FROM {CODES} "
        f"WHERE {by} <> 0 {filled} GROUP BY {by} HAVING min({on}) <> max({on})"
    )
    differ = (
        f"FROM {CODES} t JOIN ({_usual(frame, one, f'SELECT a FROM {_MIXED}')}) u "
        f"ON t.{by} = u.a WHERE u.sure AND t.{on} <> u.b {filled.replace(on, f't.{on}')}"
    )
    (wrong,) = frame.one(f"SELECT count(*) {differ}")
    if int(wrong) > TOLERANCE * frame.count:
        return False
    frame.connection.execute(f"INSERT INTO {_ACCUSED} SELECT t.r, {one.on.place} {differ}")
    return True


def _filled(frame: Frame, one: Dependency) -> str:
    """Return the condition on the decided cell; an empty one counts where nearly all are filled."""
    few = frame.count - one.on.filled <= _NULLS * frame.count
    return "" if few else f"AND {one.on.sql} <> 0"


def _usual(frame: Frame, one: Dependency, groups: str) -> str:
    """Return a query of each group's usual value: ``a, b, w`` (its weight), ``sure``.

    Of a tie none is usual, and neither is a value of less than three rows in five.
    """
    by, on = one.by.sql, one.on.sql
    counted = (
        f"SELECT {by} AS a, {on} AS b, count(*) AS n FROM {CODES} "
        f"WHERE {by} <> 0 AND {by} IN ({groups}) {_filled(frame, one)} GROUP BY ALL"
    )
    return (
        f"SELECT a, max_by(b, (n, b)) AS b, max(n) / (sum(n) + 1) AS w, sum(n) >= 3 AS sure "
        f"FROM ({counted}) GROUP BY a HAVING max(n) >= 2 AND max(n) >= 0.6 * sum(n) "
        "AND max_by(b, (n, b)) <> 0"
    )


def _weigh(frame: Frame) -> None:
    blamed = (
        "CAST(sum(weight) FILTER (WHERE against) AS DOUBLE) / "
        f"(CAST(sum(weight) AS DOUBLE) + {_DOUBT})"
    )
    frame.connection.execute(
        f"CREATE TEMP TABLE {_FIRST} AS SELECT r, place, {blamed.replace('weight', 'w')} AS c "
        f"FROM {_VOTES} GROUP BY r, place HAVING bool_or(against)"
    )
    weighed = (
        f"SELECT o.*, CAST(CASE WHEN coalesce(b.c, 0) > f.c THEN o.w * (1 - b.c) ELSE o.w END "
        f"AS {_WEIGHT}) AS weight FROM {_VOTES} o JOIN {_FIRST} f USING (r, place) "
        f"LEFT JOIN {_FIRST} b ON b.r = o.r AND b.place = o.by_place"
    )
    judged = f"SELECT r, place, {blamed} AS confidence FROM ({weighed}) GROUP BY r, place"
    proposed = (
        f"SELECT r, place, usual FROM (SELECT r, place, usual, sum(weight) AS weight "
        f"FROM ({weighed}) WHERE against GROUP BY ALL) "
        "QUALIFY row_number() OVER (PARTITION BY r, place ORDER BY weight DESC, usual) = 1"
    )
    frame.connection.execute(
        f"CREATE TEMP TABLE {_JUDGED} AS SELECT r, place, usual, confidence "
        f"FROM ({judged}) JOIN ({proposed}) USING (r, place)"
    )


def _add(frame: Frame, column: Column) -> None:
    """Add the judged cells of a column, with the texts behind the codes."""
    judged = f"(SELECT * FROM {_JUDGED} WHERE place = {column.place})"
    (cells,) = frame.one(f"SELECT count(*) FROM {judged}")
    if not cells:
        return
    source = f"(SELECT v FROM {column.values})"
    if not column.listed:
        source = f"(SELECT {column.sql} AS v FROM {frame.rows} WHERE {column.sql} IS NOT NULL)"
    texts = (
        f"(SELECT hash(v) AS usual, min(v) AS suggestion FROM {source} "
        f"WHERE hash(v) IN (SELECT usual FROM {judged}) GROUP BY usual)"
    )
    add_cells(
        frame,
        f"SELECT r, place, v, CASE WHEN v IS NULL THEN 'missing' ELSE 'dependency' END AS kind, "
        f"suggestion, confidence FROM {judged} JOIN {texts} USING (usual) "
        f"JOIN (SELECT r, {column.sql} AS v FROM {frame.rows}) USING (r)",
    )
