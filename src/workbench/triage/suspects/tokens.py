"""Missing values in disguise: texts and numbers that stand for "not known"."""

from __future__ import annotations

from workbench.data.quoting import literal
from workbench.triage.suspects.evidence import add_cells, add_values
from workbench.triage.suspects.frame import SHORT, Column, Frame
from workbench.triage.suspects.missing import LIKELY, SURE, WORDS, among

__all__ = ["find_tokens"]

FEW_WORDS = 50
"""Different values up to which a column is one of categories: there, what may be meant is meant
when it is half as frequent as the others are on average."""
_NINES = r"-?9{3,}([.]0+)?|-?9{2,}[.]9+"
_DAYS = ("0001-01-01", "1900-01-01", "1899-12-30", "1970-01-01", "9999-12-31", "2099-12-31")


def find_tokens(frame: Frame) -> None:
    """Add values that stand for "not known"."""
    for column in frame.texts():
        if not column.tokens:
            continue
        plain = max(column.number_share, column.date_share) >= 0.5
        word = 0.8 if plain else 0.0
        likely = 0.85 if plain else 0.6
        few = 2 <= column.distinct <= FEW_WORDS
        category = column.filled / column.distinct / 2 if few else column.filled + 1
        add_values(
            frame,
            column,
            "missing in disguise",
            f"SELECT v, NULL AS suggestion, confidence FROM (SELECT v, "
            f"CASE WHEN {among('t', SURE)} THEN 0.9 "
            f"WHEN {among('t', LIKELY)} AND (n < {category} OR {plain}) THEN {likely} "
            f"WHEN {among('t', WORDS)} THEN {word} END AS confidence "
            f"FROM (SELECT v, n, lower(trim(v)) AS t FROM {column.values} "
            f"WHERE strlen(v) <= {SHORT})) WHERE confidence > 0",
        )
    for column in frame.columns:
        if column.date_share >= 0.9 and column.filled >= 20:
            _days(frame, column)


def _days(frame: Frame, column: Column) -> None:
    """Add days that programs put where none is known, when they stand far from all others."""
    text = column.kind == "text"
    day = f"CAST({'TRY_CAST(v AS TIMESTAMP)' if text else column.time_sql} AS DATE)"
    source = column.values if text else f"(SELECT *, 1 AS n FROM {frame.rows})"
    known = f"{day} IN ({', '.join(f'DATE {literal(one)}' for one in _DAYS)})"
    low, high, rows = frame.one(
        f"SELECT min({day}) FILTER (WHERE NOT {known}), max({day}) FILTER (WHERE NOT {known}), "
        f"sum(n) FILTER (WHERE {known}) FROM {source} WHERE {day} IS NOT NULL"
    )
    if not rows or low is None:
        return
    far = f"({day} < DATE '{low}' - 365 OR {day} > DATE '{high}' + 365)"
    if text:
        suspected = f"SELECT v, NULL AS suggestion, 0.85 AS confidence FROM {source}"
        add_values(frame, column, "missing in disguise", f"{suspected} WHERE {known} AND {far}")
        return
    add_cells(
        frame,
        f"SELECT r, {column.place} AS place, {column.sql} AS v, 'missing in disguise' AS kind, "
        f"NULL AS suggestion, 0.85 AS confidence FROM {frame.rows} WHERE {known} AND {far}",
    )
