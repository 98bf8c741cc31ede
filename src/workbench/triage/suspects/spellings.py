"""The same text in another case or with other blanks."""

from __future__ import annotations

from workbench.triage.suspects.evidence import add_values
from workbench.triage.suspects.frame import Column, Frame

__all__ = ["find_spellings"]

_FEWEST = 20
_ENOUGH = 50


def find_spellings(frame: Frame) -> None:
    """Add texts that differ from a more frequent one, or from all others, by case or blanks."""
    for column in frame.texts():
        if column.filled >= _FEWEST and column.distinct > 1:
            # Texts that hardly repeat have no usual spelling.
            if column.distinct <= 0.5 * column.filled:
                _variants(frame, column)
            _style(frame, column)
            _blanks(frame, column)


def _variants(frame: Frame, column: Column) -> None:
    folded = r"lower(trim(regexp_replace(v, '\s+', ' ', 'g')))"
    (differ,) = frame.one(f"SELECT count(DISTINCT {folded}) < count(*) FROM {column.values}")
    if not differ:
        return
    query = (
        "SELECT v, suggestion, kind, 0.95 - 0.9 * n / best AS confidence FROM (SELECT v, n, "
        "first_value(v) OVER w AS suggestion, first_value(n) OVER w AS best, "
        r"CASE WHEN lower(v) = lower(first_value(v) OVER w) THEN 'case' ELSE 'spacing' END AS kind "
        f"FROM (SELECT v, n, {folded} AS folded FROM {column.values}) "
        "WINDOW w AS (PARTITION BY folded ORDER BY n DESC, v)) WHERE v <> suggestion AND best >= 3"
    )
    for kind in ("case", "spacing"):
        add_values(frame, column, kind, f"SELECT * FROM ({query}) WHERE kind = '{kind}'")


def _style(frame: Frame, column: Column) -> None:
    """Add texts that are not in capitals (or not in small letters) where all but a few are."""
    # Numbers and dates hold one letter at most. The engine takes milliseconds to learn what letters
    # are, so columns without enough of them are not asked.
    if column.filled < _ENOUGH or 1.0 in (column.number_share, column.date_share):
        return
    letters = f"regexp_matches(v, '[{column.letters}].*[{column.letters}]')"
    rows, capitals, small = (
        int(one or 0)
        for one in frame.one(
            f"SELECT sum(n), sum(n) FILTER (WHERE v = upper(v)), sum(n) FILTER (WHERE v = lower(v))"
            f" FROM {column.values} WHERE {letters}"
        )
    )
    if rows < _ENOUGH:
        return
    for function, having in (("upper", capitals), ("lower", small)):
        if 0.98 * rows <= having < rows:
            add_values(
                frame,
                column,
                "case",
                f"SELECT v, {function}(v) AS suggestion, 0.65 AS confidence "
                f"FROM {column.values} WHERE {letters} AND v <> {function}(v) AND NOT v IN "
                f"(SELECT v FROM _wb_suspect_by_value WHERE place = {column.place} "
                "AND kind = 'case')",
            )
            return


def _blanks(frame: Frame, column: Column) -> None:
    """Add texts with blanks around them where next to none has them."""
    outer = r"regexp_matches(v, '^\s|\s$')"
    if 0 < column.spaced <= 0.05 * column.filled:
        add_values(
            frame,
            column,
            "spacing",
            f"SELECT v, regexp_replace(v, '^\\s+|\\s+$', '', 'g') AS suggestion, "
            f"0.6 AS confidence FROM {column.values} WHERE {outer} AND NOT v IN "
            f"(SELECT v FROM _wb_suspect_by_value WHERE place = {column.place} "
            "AND kind = 'spacing')",
        )
