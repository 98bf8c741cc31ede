"""The cells that break a dependency, and which cell of the row is to blame."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.triage.suspects.dependencies import TOLERANCE, Dependency
from workbench.triage.suspects.evidence import add_cells
from workbench.triage.suspects.frame import PREFIX, Frame

__all__ = ["find_violations"]

_USUAL = f"{PREFIX}usual"
_VOTES = f"{PREFIX}votes"
_ACCUSED = f"{PREFIX}accused"
_FIRST = f"{PREFIX}first"
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
    make = frame.connection.execute
    make(f"CREATE TEMP TABLE {_USUAL} (d INTEGER, a VARCHAR, b VARCHAR, w {_WEIGHT}, accuses BOOLEAN)")
    make(f"CREATE TEMP TABLE {_ACCUSED} (r BIGINT, place INTEGER)")
    kept = [(d, one) for d, one in enumerate(dependencies) if _accuse(frame, d, one)]
    if not frame.one(f"SELECT count(*) FROM {_ACCUSED}")[0]:
        return
    make(
        f"CREATE TEMP TABLE {PREFIX}accused_rows AS SELECT * FROM {frame.rows} "
        f"WHERE r IN (SELECT r FROM {_ACCUSED})"
    )
    make(
        f"CREATE TEMP TABLE {_VOTES} (r BIGINT, place INTEGER, by_place INTEGER, v VARCHAR, "
        f"usual VARCHAR, w {_WEIGHT}, against BOOLEAN)"
    )
    for d, one in kept:
        make(
            # A value that comes again in its group is less likely a slip.
            f"INSERT INTO {_VOTES} SELECT r, {one.on.place}, {one.by.place}, v, usual, "
            "CASE WHEN against THEN w / count(*) OVER (PARTITION BY a, v) ELSE w END, against "
            f"FROM (SELECT t.r, t.{one.on.sql} AS v, u.a, u.b AS usual, u.w, u.accuses, "
            f"t.{one.on.sql} IS DISTINCT FROM u.b AS against FROM {PREFIX}accused_rows t "
            f"JOIN {_USUAL} u ON u.d = {d} AND t.{one.by.sql} = u.a WHERE "
            f"t.r IN (SELECT r FROM {_ACCUSED} WHERE place = {one.on.place})) "
            "WHERE accuses OR NOT against"
        )
    _weigh(frame)


def _accuse(frame: Frame, number: int, one: Dependency) -> bool:
    """Note each group's usual value and the cells that differ; false where too many do."""
    by, on = one.by.sql, one.on.sql
    # Where the column is nearly always filled, an empty cell differs too.
    filled = "" if frame.count - one.on.filled <= _NULLS * frame.count else f"AND {on} IS NOT NULL"
    counted = (
        f"SELECT {by} AS a, {on} AS b, count(*) AS n FROM {frame.rows} "
        f"WHERE {by} IS NOT NULL {filled} GROUP BY ALL"
    )
    frame.connection.execute(
        f"INSERT INTO {_USUAL} SELECT {number}, a, b, n / (total + 1), total >= 3 FROM ("
        f"SELECT a, b, n, sum(n) OVER (PARTITION BY a) AS total, "
        "row_number() OVER (PARTITION BY a ORDER BY n DESC, b NULLS LAST) AS place, "
        f"FROM ({counted})) WHERE place = 1 AND n >= 2 AND n >= 0.6 * total AND b IS NOT NULL"
    )
    differ = (
        f"FROM {frame.rows} t JOIN {_USUAL} u ON u.d = {number} AND t.{by} = u.a "
        f"WHERE u.accuses AND t.{on} IS DISTINCT FROM u.b {filled.replace(on, f't.{on}')}"
    )
    (wrong,) = frame.one(f"SELECT count(*) {differ}")
    if int(wrong) > TOLERANCE * frame.count:
        return False
    frame.connection.execute(f"INSERT INTO {_ACCUSED} SELECT t.r, {one.on.place} {differ}")
    return True


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
    judged = (
        f"SELECT r, place, any_value(v) AS v, {blamed} AS confidence FROM ({weighed}) "
        "GROUP BY r, place"
    )
    proposed = (
        f"SELECT r, place, usual FROM (SELECT r, place, usual, sum(weight) AS weight "
        f"FROM ({weighed}) WHERE against GROUP BY ALL) "
        "QUALIFY row_number() OVER (PARTITION BY r, place ORDER BY weight DESC, usual) = 1"
    )
    add_cells(
        frame,
        "SELECT r, place, v, CASE WHEN v IS NULL THEN 'missing' ELSE 'dependency' END AS kind, "
        f"usual AS suggestion, confidence FROM ({judged}) JOIN ({proposed}) USING (r, place)",
    )
