"""What the texts of a column look like: shapes, lengths, what they read as, personal data.

Different values are gathered first where they repeat, and each is looked at once, with its count.
Where nearly every row has a value of its own, gathering would cost more than it saves: the rows
are then looked at as they come, with the same shares. The shapes with their rows are all that is
kept of a column; every figure but the number of different values comes from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import duckdb
from duckdb.func import PythonUDFType

from workbench.data.quoting import literal, quote
from workbench.data.small_groups import shown_of
from workbench.triage.facts import Suspicion, TextFacts
from workbench.triage.profile.arrays import runs, shapes
from workbench.triage.profile.suspicion import (
    BARE_SHAPE,
    EMAIL,
    MANY_NAMES,
    NUMBER_ABROAD,
    PERSON_SHAPE,
    SMALL_SHAPE,
    suspect,
)
from workbench.triage.shapes import PATTERN_LENGTH, shown

__all__ = ["TextColumn", "look_at", "shaping"]

_PATTERNS = 8
_LOOKED_AT = 80
"""Characters of a text whose shape is taken: no number, address or date is longer."""
_TELLING = 0.5
"""Where the plain patterns shown cover less than this share, runs are gathered."""
_REPEATED = 0.5
"""Up to this share of different values, rows are gathered by value."""

# Shapes, not values: a letter of any kind is A or a, the T and the Z of a time too.
_NUMBER = r"\s*[-+]?(9{1,3}([,' ]9{3})+|9+)?([.,]9+)?\s*"
_DATE = (
    r"\s*(9999[-/.]9{1,2}[-/.]9{1,2}|9{1,2}[-/.]9{1,2}[-/.]9999|9{1,2} Aaa 9999)"
    r"([A ]99?:99(:99([.]9{1,6})?)?A?)?\s*"
)
_PHONE = r"\s*[+]?[9(][9 ()./-]{5,22}9\s*"
_FORMATS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y"),
    *("%m-%d-%Y", "%d %b %Y"),
)


@dataclass(frozen=True)
class TextColumn:
    """What was seen of one column of texts.

    Parameters
    ----------
    filled
        Rows with a value.
    distinct, exact
        Different values, and whether they were counted or estimated.
    facts
        What they look like.
    suspicions
        Which personal data they seem to hold.
    """

    filled: int
    distinct: int
    exact: bool
    facts: TextFacts
    suspicions: tuple[Suspicion, ...]


@contextmanager
def shaping(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let the engine know ``_wb_shape`` and ``_wb_runs``, and drop what the block leaves behind."""
    for name, function in {"_wb_shape": shapes, "_wb_runs": runs}.items():
        # It knows them already after an earlier profile; a function once removed cannot come back.
        with suppress(duckdb.CatalogException, duckdb.NotImplementedException):
            connection.create_function(
                name, function, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW
            )
    try:
        yield
    finally:
        connection.execute("DROP TABLE IF EXISTS temp._wb_shapes")


def look_at(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    name: str,
    *,
    exact: bool,
    min_group: int,
) -> TextColumn:
    """Return what the texts of a column look like; inside ``shaping``.

    Parameters
    ----------
    connection
        The engine.
    rows
        What stands after FROM.
    name
        The column.
    exact
        Whether different values must be counted one by one, even where they do not repeat.
    min_group
        The fewest rows for which a pattern is shown.
    """
    column = f"CAST({quote(name)} AS VARCHAR)"
    filled, distinct = _row(
        connection, f"SELECT count({column}), approx_count_distinct({column}) FROM {rows}"
    )
    repeated = distinct <= _REPEATED * filled
    n, by_value = ("count(*)", "GROUP BY _wb_v") if repeated else ("1", "")
    values = (
        f"SELECT {column} AS _wb_v, {n} AS _wb_n FROM {rows} WHERE _wb_v IS NOT NULL {by_value}"
    )
    if exact and not repeated:
        distinct = _row(connection, f"SELECT count(DISTINCT {column}) FROM {rows}")[0]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _wb_shapes AS {_shapes(values)}")
    seen = _seen(connection)
    if repeated:
        distinct = seen["different"]
    matches = {
        "email": seen["email"],
        "abroad": seen["abroad"],
        "phone": seen["phone"] + seen["bare"],
        "person": seen["person"] + (seen["small"] if distinct >= MANY_NAMES else 0),
        "birth": seen["date"],
    }
    within = {"email": seen["email_within"], "abroad": seen["abroad_within"]}
    return TextColumn(
        filled,
        min(distinct, filled),
        exact or repeated,
        _facts(connection, seen, filled, min_group),
        suspect(name, filled, matches, within),
    )


def _facts(
    connection: duckdb.DuckDBPyConnection, seen: Mapping[str, int], filled: int, min_group: int
) -> TextFacts:
    patterns, gathered = _patterns(connection, filled, min_group)
    shortest, median, longest = _lengths(connection)
    return TextFacts(
        shortest=shortest,
        median=median,
        longest=longest,
        patterns=patterns,
        gathered=gathered,
        numbers=seen["number"],
        dates=seen["date"],
        emails=seen["email"] - seen["email_within"],
        phones=seen["phone"],
    )


def _shapes(values: str) -> str:
    """Return the query of shapes and lengths, with the rows of each and what they read as.

    A value is looked at itself only where its shape says that it may be what is looked for.
    """
    shaped = (
        "SELECT _wb_v AS v, _wb_n AS n, length(v) AS size, "
        f"_wb_shape(left(v, {_LOOKED_AT + 1})) AS shape FROM ({values})"
    )
    formats = ", ".join(literal(one) for one in _FORMATS)
    day = r"regexp_extract(v, '^\s*([0-9]+[-/.][0-9]+[-/.][0-9]+|[0-9]+ [A-Za-z]+ [0-9]+)', 1)"
    address = literal(EMAIL)
    abroad = f"CASE WHEN contains(v, '+') THEN regexp_matches(v, {literal(NUMBER_ABROAD)}) END"
    flagged = (
        # Before the colon stand digits, white space and the signs that a number may begin with.
        f"SELECT shape, size, n, v < ':' AS early, "
        f"early AND regexp_full_match(shape, {literal(_DATE)}) AS like_date, "
        f"CASE WHEN like_date THEN try_strptime({day}, [{formats}]) IS NOT NULL END AS is_date, "
        f"CASE WHEN contains(v, '@') THEN regexp_matches(v, {address}) END AS has_email, "
        rf"CASE WHEN has_email THEN NOT regexp_full_match(v, '\s*' || {address} || '\s*') END "
        "AS email_within, "
        f"CASE WHEN early AND NOT like_date AND regexp_full_match(shape, {literal(_PHONE)}) "
        f"THEN {_is_phone()} END AS is_phone, {abroad} AS is_abroad, "
        "coalesce(is_abroad AND NOT coalesce(is_phone, false), false) AS abroad_within "
        f"FROM ({shaped})"
    )
    return (
        "SELECT shape, size, sum(n)::BIGINT AS n, count(*) AS different, "
        "sum(n) FILTER (is_date) AS dates, sum(n) FILTER (has_email) AS emails, "
        "sum(n) FILTER (email_within) AS emails_within, sum(n) FILTER (is_phone) AS phones, "
        "sum(n) FILTER (is_abroad) AS abroad, sum(n) FILTER (abroad_within) AS abroad_within "
        f"FROM ({flagged}) GROUP BY shape, size"
    )


def _is_phone() -> str:
    """Return SQL that tells of digits and separators whether somebody may be called there."""
    digits = "length(regexp_replace(v, '[^0-9]', '', 'g'))"
    marked = r"regexp_matches(trim(v), '^([+0(]|[0-9]+[ /-])')"
    # 1,234.56 and 192.168.0.1 have separators too, and nobody answers.
    other = literal(r"([1-9][0-9]*|0)([.][0-9]+)?|([0-9]{1,3}[.]){3}[0-9]{1,3}")
    return f"{digits} BETWEEN 7 AND 15 AND {marked} AND NOT regexp_full_match(trim(v), {other})"


def _seen(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    number = (
        f"size <= {_LOOKED_AT} AND contains(shape, '9') "
        f"AND regexp_full_match(shape, {literal(_NUMBER)})"
    )
    person, small, bare = (
        f"regexp_full_match(trim(shape), {literal(shape)})"
        for shape in (PERSON_SHAPE, SMALL_SHAPE, BARE_SHAPE)
    )
    parts = {
        "different": "sum(different)",
        "number": f"sum(n) FILTER ({number})",
        "date": "sum(dates)",
        "email": "sum(emails)",
        "email_within": "sum(emails_within)",
        "phone": "sum(phones)",
        "abroad": "sum(abroad)",
        "abroad_within": "sum(abroad_within)",
        "person": f"sum(n) FILTER ({person})",
        "small": f"sum(n) FILTER ({small})",
        "bare": f"sum(n - coalesce(phones, 0)) FILTER ({bare})",
    }
    cells = _row(connection, f"SELECT {', '.join(parts.values())} FROM temp._wb_shapes")
    return {name: int(cell or 0) for name, cell in zip(parts, cells, strict=True)}


def _patterns(
    connection: duckdb.DuckDBPyConnection, filled: int, min_group: int
) -> tuple[tuple[tuple[str, int], ...], bool]:
    """Return the most frequent shapes, plain where they tell enough, else with runs gathered."""
    plain = _frequent(connection, "shape", filled, min_group)
    if sum(rows for _, rows in plain) >= _TELLING * filled:
        return plain, False
    gathered = _frequent(connection, "_wb_runs(shape)", filled, min_group)
    if sum(rows for _, rows in gathered) <= sum(rows for _, rows in plain):
        return plain, False
    return gathered, True


def _frequent(
    connection: duckdb.DuckDBPyConnection, shape: str, filled: int, min_group: int
) -> tuple[tuple[str, int], ...]:
    """Return the most frequent shapes that may be shown, such that the rest is not few rows."""
    cut = f"left({shape}, {PATTERN_LENGTH + 1})"
    blank = f"CASE WHEN trim({cut}) = '' THEN '' ELSE {cut} END"
    found = connection.execute(
        f"SELECT {blank} AS pattern, sum(n)::BIGINT AS rows FROM temp._wb_shapes "
        f"GROUP BY pattern HAVING rows >= {min_group} ORDER BY rows DESC, pattern LIMIT {_PATTERNS}"
    ).fetchall()
    kept = shown_of([rows for _, rows in found], filled, min_group=min_group)
    return tuple((shown(pattern), rows) for pattern, rows in found[:kept])


def _lengths(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[int | None, int | None, int | None]:
    """Return the shortest, the (lower) median and the longest length."""
    shortest, median, longest = _row(
        connection,
        "SELECT min(size), min(size) FILTER (2 * upto >= total), max(size) FROM (SELECT size, "
        "sum(rows) OVER (ORDER BY size) AS upto, sum(rows) OVER () AS total "
        "FROM (SELECT size, sum(n) AS rows FROM temp._wb_shapes GROUP BY size))",
    )
    return shortest, median, longest


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return connection.execute(query).fetchone() or ()
