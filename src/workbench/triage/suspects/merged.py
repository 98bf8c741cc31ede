"""Two columns' values in one cell: ``Madison WI`` in the city, and nothing in the state."""

from __future__ import annotations

from workbench.triage.suspects.evidence import add_cells
from workbench.triage.suspects.frame import Column, Frame

__all__ = ["find_merged"]

MOST_PAIRS = 300
_FEWEST = 3
_LAST, _FIRST = r"^(.*\S)[\s,;/|-]+(\S+)\s*$", r"^\s*(\S+?)[\s,;/|-]+(\S.*)$"


def find_merged(frame: Frame) -> None:
    """Add cells that end (or begin) with a value of another column, where that one is empty.

    That is taken for an error where it holds for half of the rows in which the other column is
    empty, and for next to none in which it is filled.
    """
    lacking = [
        one
        for one in frame.texts()
        if _FEWEST <= frame.count - one.filled <= 0.3 * frame.count
        and 2 <= one.distinct <= 5_000
        and one.filled >= 3 * one.distinct
        and one.number_share < 0.5
    ]
    pairs = [
        (holder, lack)
        for lack in lacking
        for holder in frame.texts()
        if holder.place != lack.place and holder.number_share < 0.5
    ]
    if len(pairs) > MOST_PAIRS:
        frame.not_tried.append(
            f"{len(pairs) - MOST_PAIRS:,} of {len(pairs):,} pairs of columns were not searched for "
            "two values in one cell"
        )
    for holder, lack in pairs[:MOST_PAIRS]:
        for pattern, rest, token in ((_LAST, 1, 2), (_FIRST, 2, 1)):
            _merged(frame, holder, lack, pattern, rest, token)


def _merged(
    frame: Frame, holder: Column, lack: Column, pattern: str, rest: int, token: int
) -> None:
    part = f"regexp_extract({holder.sql}, '{pattern}', {token})"
    within = f"{part} IN (SELECT v FROM {lack.values})"
    hits, empty = frame.one(
        f"SELECT count(*) FILTER (WHERE {within}), count(*) FROM {frame.rows} "
        f"WHERE {lack.sql} IS NULL AND {holder.sql} IS NOT NULL"
    )
    if int(hits) < _FEWEST or int(hits) < 0.5 * int(empty):
        return
    usual, filled = frame.one(
        f"SELECT coalesce(sum(n) FILTER (WHERE {within}), 0), coalesce(sum(n), 0) FROM "
        f"(SELECT {holder.sql}, count(*) AS n FROM {frame.rows} "
        f"WHERE {lack.sql} IS NOT NULL AND {holder.sql} IS NOT NULL GROUP BY ALL)"
    )
    if int(usual) > 0.05 * int(filled):
        return
    where = f"FROM {frame.rows} WHERE {lack.sql} IS NULL AND {within}"
    add_cells(
        frame,
        f"SELECT r, {holder.place} AS place, {holder.sql} AS v, 'merged' AS kind, "
        f"regexp_extract({holder.sql}, '{pattern}', {rest}) AS suggestion, 0.9 AS confidence "
        f"{where} UNION ALL SELECT r, {lack.place}, NULL, 'merged', {part}, 0.9 {where}",
    )
