"""Numbers that carry their unit in the cell, where the column does not do so in one way."""

from __future__ import annotations

from workbench.data.quoting import literal
from workbench.triage.suspects.evidence import add_values
from workbench.triage.suspects.frame import SHORT, Column, Frame
from workbench.triage.suspects.missing import ALL_TOKENS, among

__all__ = ["find_units"]

_NUMBER = r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+(?:[.][0-9]+)?|[0-9]+(?:[.,][0-9]+)?|[.][0-9]+)"
AFTER = rf"^\s*({_NUMBER})\s*([^0-9\s][^0-9]{{0,19}})?$"
BEFORE = rf"^\s*([$£€¥]|[A-Z]{{3}}\s)\s*({_NUMBER})\s*$"
_FEWEST = 20
_SPELLINGS = 8
_READ = 0.5


def find_units(frame: Frame) -> None:
    """Add numbers with a unit where most have none, another, or the same one spelled otherwise.

    - Most cells hold a bare number: those with a unit are suspected.
    - Nine in ten spell one unit in one way: those that do not are suspected.
    - Else the column cannot be read as numbers as it stands: each cell with a unit is suspected.

    The suggestion is the number alone (in the second case with the usual unit); whether the units
    mean the same is for the owner to say.
    """
    for column in frame.texts():
        if (
            column.filled >= _FEWEST
            and column.number_share < 1
            and column.numbered >= _READ * column.filled
        ):
            _units(frame, column)


def _units(frame: Frame, column: Column) -> None:
    parted = (
        "SELECT v, n, CASE WHEN before <> '' THEN "
        f"regexp_extract(v, {literal(BEFORE)}, 2) ELSE regexp_extract(v, {literal(AFTER)}, 1) "
        "END AS number, CASE WHEN before <> '' THEN before ELSE "
        f"trim(regexp_extract(v, {literal(AFTER)}, 2)) END AS unit, before <> '' AS ahead FROM "
        f"(SELECT v, n, trim(regexp_extract(v, {literal(BEFORE)}, 1)) AS before "
        f"FROM {column.values} WHERE strlen(v) <= {SHORT} "
        f"AND NOT {among('lower(trim(v))', ALL_TOKENS)})"
    )
    # `1 month` beside `12 months` is no other spelling.
    parted = (
        f"SELECT *, CASE WHEN lower(unit) IN ('st', 'nd', 'rd', 'th') THEN 'th' "
        f"ELSE coalesce(nullif(rtrim(unit, 's'), ''), unit) END AS spelled "
        f"FROM ({parted}) WHERE number <> ''"
    )
    found = frame.all(
        f"SELECT spelled, sum(n), count(DISTINCT number), max(n) FROM ({parted}) "
        "GROUP BY spelled ORDER BY sum(n) DESC, spelled"
    )
    chosen = _suspected(frame, column, [(text, int(n), int(k)) for text, n, k, _ in found])
    if chosen is None:
        return
    usual, every = chosen
    suggestion = "number"
    if usual and not every:
        unit = frame.one(
            f"SELECT v[: strpos(v, number) - 1], v[strpos(v, number) + length(number) :] "
            f"FROM ({parted}) WHERE spelled = {literal(usual)} ORDER BY n DESC, v LIMIT 1"
        )
        suggestion = f"{literal(unit[0])} || number || {literal(unit[1])}"
    which = "unit <> ''" if every else f"spelled <> {literal(usual)}"
    add_values(
        frame,
        column,
        "unit",
        f"SELECT v, {suggestion} AS suggestion, {0.8 if every else 0.85} AS confidence "
        f"FROM ({parted}) WHERE {which}",
    )


def _suspected(
    frame: Frame, column: Column, found: list[tuple[str, int, int]]
) -> tuple[str, bool] | None:
    """Return the usual spelling, and whether every cell with a unit is suspected."""
    rows = sum(n for _, n, _ in found)
    if len(found) < 2 or rows < _FEWEST or rows < _READ * column.filled:
        return None
    (valued,) = frame.one(
        f"SELECT coalesce(sum(n), 0) FROM {column.values} "
        f"WHERE NOT {among('lower(trim(v))', ALL_TOKENS)}"
    )
    first = sum(n for _, n, _ in found[:_SPELLINGS])
    if rows < 0.8 * int(valued) or first < 0.95 * rows:
        return None
    usual, most, numbers = found[0]
    # `3 - Moderate` is a label, not three of something; `85123A` is a code.
    if numbers < 3 or _coded(frame, column):
        return None
    if not usual and most >= 0.5 * rows:
        return ("", False) if len(found) <= 4 else None
    if most >= 0.9 * rows:
        return usual, False
    several = sum(n for _, n, k in found if k >= 2)
    return (usual, True) if several >= 0.9 * rows else None


def _coded(frame: Frame, column: Column) -> bool:
    """Return whether nearly all values begin with equally many digits, four or more."""
    rows, most, digits = frame.one(
        "SELECT sum(rows), max(rows), max_by(digits, rows * 100 + digits) FROM (SELECT "
        "length(regexp_extract(v, '^[0-9]+')) AS digits, sum(n) AS rows "
        f"FROM {column.values} GROUP BY 1)"
    )
    return int(digits) >= 4 and int(most) >= 0.9 * int(rows)
