"""Values whose shape next to no other value of the column has."""

from __future__ import annotations

from workbench.data.quoting import literal
from workbench.triage.suspects.evidence import add_values
from workbench.triage.suspects.frame import Column, Frame
from workbench.triage.suspects.missing import ALL_TOKENS, among

__all__ = ["find_patterns", "shape_sql"]

FEWEST = 20
"""Rows below which a column has no usual shape."""
_MAIN = 0.05
_TOGETHER = 0.93
_RARE = 0.03
_NAMES = 0.01


def shape_sql(value: str, *, ascii_only: bool = False) -> str:
    """Return SQL for a text's shape: runs of digits are ``9``, words are ``a``, numbers are ``9``.

    Other marks stand for themselves, but in a text without digits they do not count, since names
    of people and places hold them freely: ``12.5`` is ``9``, ``AB-12`` is ``a-9``, ``O'Neil`` is
    ``a``, ``9x%`` is ``9a%``.

    Parameters
    ----------
    value
        SQL for the text.
    ascii_only
        Whether it holds nothing but ASCII: the engine need not learn what else is a letter.
    """
    letters = "A-Za-z" if ascii_only else r"\pL\pM"
    lettered = rf"regexp_replace({value}, '[{letters}]+', 'a', 'g')"
    digits = rf"regexp_replace({lettered}, '[0-9]+', '9', 'g')"
    words = rf"regexp_replace({digits}, 'a([\s.,&/''-]+a)+', 'a', 'g')"
    numbers = rf"regexp_replace({words}, '^[+-]?(9([.]9?)?|[.]9)$', '9')"
    spaced = rf"trim(regexp_replace({numbers}, '\s+', ' ', 'g'))"
    return rf"CASE WHEN regexp_matches({value}, '[0-9]') THEN {spaced} ELSE 'a' END"


def find_patterns(frame: Frame) -> None:
    """Add values whose shape is rare in a column of few shapes."""
    for column in frame.texts():
        # Without a digit all texts have one shape.
        if column.filled >= FEWEST and column.distinct > 1 and column.digits:
            _outliers(frame, column)
            _lengths(frame, column)


def _outliers(frame: Frame, column: Column) -> None:
    shaped = (
        f"(SELECT v, n, {shape_sql('v', ascii_only=column.ascii)} AS shape FROM {column.values} "
        f"WHERE NOT {among('lower(trim(v))', ALL_TOKENS)})"
    )
    found = frame.all(f"SELECT shape, sum(n), count(*) FROM {shaped} GROUP BY shape")
    rows = sum(int(n) for _, n, _ in found)
    values = sum(int(count) for *_, count in found)
    if rows < FEWEST:
        return
    main = {shape: int(n) / rows for shape, n, _ in found if int(n) >= _MAIN * rows}
    together = sum(main.values())
    if not 0 < len(main) <= 3 or together < _TOGETHER or len(main) == len(found):
        return
    # Words among digits (an address) have any shape; so have names, where a few hold digits.
    if any("a" in shape and " " in shape for shape in main):
        return
    if max(main, key=lambda shape: (main[shape], shape)) == "a" and together < 1 - _NAMES:
        return
    # A few frequent values (yes, no) do not make a shape usual; nor do many rare ones.
    usual = sum(int(count) for shape, _, count in found if shape in main)
    if usual < 0.5 * values:
        return
    shares = ", ".join(
        f"({literal(shape)}, {int(n)})"
        for shape, n, _ in sorted(found)
        if shape not in main and int(n) <= _RARE * rows
    )
    if not shares:
        return
    add_values(
        frame,
        column,
        "pattern",
        f"SELECT v, NULL AS suggestion, {0.9 * together:.4f} - 8.0 * rows / {rows} AS confidence "
        f"FROM {shaped} JOIN (VALUES {shares}) AS t(rare, rows) ON shape = rare",
    )


def _lengths(frame: Frame, column: Column) -> None:
    """Add codes of digits (there are leading zeros) that lack or exceed the usual length."""
    if column.number_share < 0.9:
        return
    found = frame.all(
        f"SELECT length(v), sum(n), sum(n) FILTER (WHERE v[1] = '0') FROM {column.values} "
        "WHERE regexp_full_match(v, '[0-9]+') GROUP BY 1 ORDER BY sum(n) DESC, 1"
    )
    if not found or len(found) < 2:
        return
    rows = sum(int(n) for _, n, _ in found)
    usual, most, zeros = found[0]
    if int(usual) < 3 or not zeros or int(most) < 0.95 * rows:
        return
    add_values(
        frame,
        column,
        "pattern",
        f"SELECT v, CASE WHEN length(v) = {usual} - 1 THEN '0' || v END AS suggestion, "
        f"0.7 AS confidence FROM {column.values} "
        f"WHERE regexp_full_match(v, '[0-9]+') AND length(v) <> {usual}",
    )
