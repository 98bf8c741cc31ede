"""What the texts of a column look like: shapes, lengths, what they read as, personal data.

Different values are gathered first where they repeat, and each is looked at once, with its count.
Where nearly every row has a value of its own, gathering would cost more than it saves: the rows
are then looked at as they come, with the same shares. The shapes with their rows are all that is
kept of a column; every figure but the number of different values comes from them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate
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
    named_kinds,
    suspect,
)
from workbench.triage.shapes import PATTERN_LENGTH, shown

__all__ = ["Glance", "TextColumn", "glance", "look_at", "shaping"]

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


@dataclass(frozen=True)
class Glance:
    """What one reading of all columns tells of one of texts; it spares most of them the dear looks.

    Parameters
    ----------
    filled
        Rows with a value.
    distinct
        Different values, about.
    early
        Whether a value begins with a digit, a blank or a sign before the letters: no date and no
        telephone number begins otherwise.
    at, plus
        Whether a value holds ``@``, or ``+``.
    """

    filled: int
    distinct: int
    early: bool
    at: bool
    plus: bool


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


def glance(
    connection: duckdb.DuckDBPyConnection, rows: str, names: Sequence[str]
) -> dict[str, Glance]:
    """Return what one reading tells of each column.

    Parameters
    ----------
    connection
        The engine.
    rows
        What stands after FROM.
    names
        The columns.
    """
    if not names:
        return {}
    parts = (
        f"count({column}), approx_count_distinct({column}), bool_or({column} < ':'), "
        f"bool_or(contains({column}, '@')), bool_or(contains({column}, '+'))"
        for column in map(_text, names)
    )
    cells = iter(_row(connection, f"SELECT {', '.join(parts)} FROM {rows}"))
    return {
        name: Glance(filled, distinct, bool(early), bool(at), bool(plus))
        for name, filled, distinct, early, at, plus in zip(names, *[cells] * 5, strict=True)
    }


def look_at(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    name: str,
    first: Glance,
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
    first
        What `glance` told of it.
    exact
        Whether different values must be counted one by one, even where they do not repeat.
    min_group
        The fewest rows for which a pattern is shown.
    """
    column, filled, distinct = _text(name), first.filled, first.distinct
    repeated = distinct <= _REPEATED * filled
    n, by_value = ("count(*)", "GROUP BY _wb_v") if repeated else ("1", "")
    values = (
        f"SELECT {column} AS _wb_v, {n} AS _wb_n FROM {rows} WHERE _wb_v IS NOT NULL {by_value}"
    )
    if exact and not repeated:
        distinct = _row(connection, f"SELECT count(DISTINCT {column}) FROM {rows}")[0]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _wb_shapes AS {_shapes(values, first)}")
    seen = _seen(connection, named_kinds(name))
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


def _shapes(values: str, first: Glance) -> str:
    """Return the query of shapes and lengths, with the rows of each and what they read as.

    A value is looked at itself only where its shape says that it may be what is looked for. What
    no value can be, the engine is not asked: it takes longer to learn a pattern than to find it in
    some hundred values, and learns it again for each place that names it.
    """
    shaped = (
        "SELECT _wb_v AS v, _wb_n AS n, length(_wb_v) AS size, "
        f"_wb_shape(left(_wb_v, {_LOOKED_AT + 1})) AS shape FROM ({values})"
    )
    formats = ", ".join(literal(one) for one in _FORMATS)
    day = r"regexp_extract(v, '^\s*([0-9]+[-/.][0-9]+[-/.][0-9]+|[0-9]+ [A-Za-z]+ [0-9]+)', 1)"
    address = literal(EMAIL)
    # Before the colon stand digits, white space and the signs that a number may begin with.
    like_date = f"v < ':' AND regexp_full_match(shape, {literal(_DATE)})"
    like_phone = f"v < ':' AND NOT like_date AND regexp_full_match(shape, {literal(_PHONE)})"
    steps = {
        "like_date": like_date if first.early else "false",
        "has_email": f"contains(v, '@') AND regexp_matches(v, {address})" if first.at else "false",
        "is_abroad": f"contains(v, '+') AND regexp_matches(v, {literal(NUMBER_ABROAD)})"
        if first.plus
        else "false",
    }
    later = {
        "is_date": f"CASE WHEN like_date THEN try_strptime({day}, [{formats}]) IS NOT NULL END"
        if first.early
        else "false",
        "email_within": rf"CASE WHEN has_email THEN NOT regexp_full_match(v, '\s*' || {address} "
        r"|| '\s*') END"
        if first.at
        else "false",
        "is_phone": f"CASE WHEN {like_phone} THEN {_is_phone()} END" if first.early else "false",
    }
    noted = ", ".join(f"{sql} AS {name}" for name, sql in steps.items())
    told = ", ".join(f"{sql} AS {name}" for name, sql in later.items())
    return (
        "SELECT shape, size, sum(n)::BIGINT AS n, count(*) AS different, "
        "sum(n) FILTER (is_date) AS dates, sum(n) FILTER (has_email) AS emails, "
        "sum(n) FILTER (email_within) AS emails_within, sum(n) FILTER (is_phone) AS phones, "
        "sum(n) FILTER (is_abroad) AS abroad, "
        "sum(n) FILTER (is_abroad AND NOT coalesce(is_phone, false)) AS abroad_within "
        f"FROM (SELECT *, {told} FROM (SELECT *, {noted} FROM ({shaped}))) GROUP BY shape, size"
    )


def _is_phone() -> str:
    """Return SQL that tells of digits and separators whether somebody may be called there."""
    digits = "length(regexp_replace(v, '[^0-9]', '', 'g'))"
    marked = r"regexp_matches(trim(v), '^([+0(]|[0-9]+[ /-])')"
    # 1,234.56 and 192.168.0.1 have separators too, and nobody answers.
    other = literal(r"([1-9][0-9]*|0)([.][0-9]+)?|([0-9]{1,3}[.]){3}[0-9]{1,3}")
    return f"{digits} BETWEEN 7 AND 15 AND {marked} AND NOT regexp_full_match(trim(v), {other})"


def _seen(connection: duckdb.DuckDBPyConnection, named: Collection[str]) -> dict[str, int]:
    """Return the rows of each kind; what leans on a column's name is 0 where it is not so named."""
    number = (
        f"size <= {_LOOKED_AT} AND contains(shape, '9') "
        f"AND regexp_full_match(shape, {literal(_NUMBER)})"
    )
    person, small, bare = (
        f"regexp_full_match(trim(shape), {literal(shape)})" if kind in named else "false"
        for kind, shape in (
            ("person", PERSON_SHAPE),
            ("person", SMALL_SHAPE),
            ("phone", BARE_SHAPE),
        )
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
    sizes = connection.execute(
        "SELECT size, sum(n)::BIGINT FROM temp._wb_shapes GROUP BY size ORDER BY size"
    ).fetchall()
    if not sizes:
        return None, None, None
    upto = list(accumulate(rows for _, rows in sizes))
    median = next(
        size for (size, _), so_far in zip(sizes, upto, strict=True) if 2 * so_far >= upto[-1]
    )
    return sizes[0][0], median, sizes[-1][0]


def _text(name: str) -> str:
    return f"CAST({quote(name)} AS VARCHAR)"


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return connection.execute(query).fetchone() or ()
