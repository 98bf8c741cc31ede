"""Rare texts and rare words beside a frequent near-twin: ``Yorkshre`` beside ``Yorkshire``."""

from __future__ import annotations

from workbench.triage.suspects.evidence import add_values
from workbench.triage.suspects.frame import PREFIX, Column, Frame

__all__ = ["find_twins"]

MOST_VALUES = 100_000
"""Columns with more different values than this are not searched for twins."""
MOST_WORK = 400_000_000
"""Comparisons of letters up to which each rare text is compared with each frequent one."""
_RATIO = 5
_FREQUENT = 4
_SELDOM = 3
_FAR_MORE = 50
_CROWD = 2_000


def find_twins(frame: Frame) -> None:
    """Add rare texts that are a few typed letters away from a frequent one of their column.

    A text is rare beside another when that one is five times as frequent. Twins differ in about one
    letter in seven at most, and not by digits alone (``A-1`` and ``A-2`` are two things). Where
    frequent texts have near-twins as well (``Jon`` and ``Joan``), rare ones count for less: only
    for what they have more of them. A text whose every word is common in the column is no twin.
    Where texts share a small stock of words, a rare word beside a frequent twin counts as well.
    """
    for column in frame.texts():
        if max(column.number_share, column.date_share) >= 0.9 or column.distinct < 2:
            continue
        if column.distinct > MOST_VALUES:
            frame.not_tried.append(
                f"`{column.name}` was not searched for typing errors: "
                f"more than {MOST_VALUES:,} different values"
            )
            continue
        # Where every text is frequent, no word is rare.
        if column.fewest < _SELDOM or column.fewest * _RATIO <= column.most:
            _texts(frame, column)
            _words(frame, column)


def _texts(frame: Frame, column: Column) -> None:
    words = f"{PREFIX}words_of"
    frame.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {words} AS SELECT v, n, unnest(list_distinct("
        f"regexp_extract_all(lower(v), '{column.word}'))) AS word FROM {column.values}"
    )
    if column.most < max(_least(column), _RATIO * column.fewest) or not _pairs(
        frame, column, column.values
    ):
        return
    # A text made of words that others of the column use as well is another text, not a typo.
    known = (
        f"SELECT t.v FROM {words} t JOIN (SELECT word, sum(n) AS rows FROM {words} "
        "GROUP BY word) k USING (word) "
        f"WHERE t.v IN (SELECT v FROM {PREFIX}twins) GROUP BY t.v "
        "HAVING min(k.rows - t.n) >= 3 * max(t.n)"
    )
    # Of two texts with equally many words, each word is the other's twin or the same.
    ours, theirs = (f"regexp_extract_all({one}, '{column.word}')" for one in ("v", "twin"))
    paired = (
        f"SELECT v, twin, confidence, list_zip({ours}, {theirs}) AS words, "
        f"len({ours}) = len({theirs}) AS even FROM {PREFIX}twins"
    )
    apart = (
        "len(list_filter(words, lambda w: w[1] <> w[2] AND damerau_levenshtein(w[1], w[2]) "
        "> greatest(1, length(w[2]) // 4)))"
    )
    add_values(
        frame,
        column,
        "typo",
        f"SELECT v, twin AS suggestion, confidence FROM ({paired}) "
        f"WHERE v NOT IN ({known}) AND NOT (even AND {apart} > 0)",
    )


def _words(frame: Frame, column: Column) -> None:
    """Add texts with a rare word beside a frequent twin, where the words are a small stock."""
    words, stock = f"{PREFIX}words_of", f"{PREFIX}stock"
    frame.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {stock} AS SELECT word AS v, CAST(sum(n) AS BIGINT) AS n, "
        f"count(*) AS texts FROM {words} WHERE length(word) >= 4 GROUP BY word"
    )
    several, distinct, total, rare = frame.one(
        f"SELECT (SELECT count(*) FROM (SELECT v FROM {words} GROUP BY v HAVING count(*) > 1)), "
        "count(*), coalesce(sum(n), 0), "
        f"coalesce(sum(n) FILTER (WHERE n < {_SELDOM}), 0) FROM {stock}"
    )
    small = 0 < int(rare) <= 0.1 * int(total) and int(distinct) <= 20_000
    if not small or int(several) == 0 or not _pairs(frame, column, stock):
        return
    add_values(
        frame,
        column,
        "typo",
        "SELECT v, arg_max(suggestion, (confidence, suggestion)) AS suggestion, "
        f"max(confidence) AS confidence FROM (SELECT w.v, {_mended('w.v', 't.v', 't.twin')} "
        f"AS suggestion, t.confidence FROM {words} w JOIN {PREFIX}twins t ON w.word = t.v "
        f"JOIN {stock} s ON s.v = t.v WHERE t.times >= 10 AND s.texts <= 2) GROUP BY v",
    )


def _mended(text: str, word: str, twin: str) -> str:
    """Return SQL for a text with a word (in small letters) replaced, in the case of the text."""
    found = f"{text}[strpos(lower({text}), {word}) :][: length({word})]"
    cased = (
        f"CASE WHEN {found} = lower({found}) THEN {twin} WHEN {found} = upper({found}) "
        f"THEN upper({twin}) ELSE upper({twin}[1]) || {twin}[2:] END"
    )
    return (
        f"{text}[: strpos(lower({text}), {word}) - 1] || {cased} || "
        f"{text}[strpos(lower({text}), {word}) + length({word}) :]"
    )


def _pairs(frame: Frame, column: Column, table: str) -> bool:
    """Make the table of twins (``v, twin, times, confidence``); false where there is none."""
    bare, least = f"{PREFIX}bare", _least(column)
    frame.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {bare} AS SELECT v, n, length(v) AS long, "
        f"regexp_replace(v, '[0-9]+', '', 'g') AS bare FROM {table} "
        "WHERE length(v) BETWEEN 3 AND 400"
    )
    most, frequent, rare, long = frame.one(
        f"SELECT max(n), count(*) FILTER (WHERE n >= {least}), "
        f"count(*) FILTER (WHERE n * {_RATIO} <= (SELECT max(n) FROM {bare})), "
        f"coalesce(CAST(sum(long) AS BIGINT) // greatest(count(*), 1), 0) FROM {bare}"
    )
    if not frequent or not rare or int(most) < least:
        return False
    brute = int(rare) * int(frequent) * (int(long) + 1) ** 2 <= MOST_WORK
    if not brute:
        frame.not_tried.append(
            f"`{column.name}` has many values: it was searched for twins of one typed letter only"
        )
    near = _near(bare, least, brute=brute)
    frame.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {PREFIX}near AS SELECT a.v, a.n, a.long, b.v AS twin, "
        f"b.n AS often, damerau_levenshtein(a.v, b.v) AS steps FROM {near}"
    )
    crowded, twinned, seldom = frame.one(
        f"SELECT count(DISTINCT v) FILTER (WHERE n >= {least} "
        f"AND often < n * {_FAR_MORE}), count(DISTINCT v) FILTER "
        f"(WHERE n < {least} AND often >= n * {_RATIO}), (SELECT count(*) FROM {bare} "
        f"WHERE n < {least} AND n * {_RATIO} <= {most}) FROM {PREFIX}near WHERE {_close('long')}"
    )
    # By chance rare texts have as many twins as frequent ones: what is more than that, is typed.
    chance = int(crowded) / int(frequent)
    rate = int(twinned) / int(seldom) if seldom else 1.0
    usual = max(0.0, 1 - chance / rate) if rate else 0.0
    frame.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {PREFIX}twins AS SELECT v, twin, often / n AS times, "
        f"{usual:.4f} * (often / (often + 2.0 * n)) * (1 - 0.5 * steps / long) "
        f"* CASE WHEN long < 5 AND often < 20 * n THEN 0.7 ELSE 1 END AS confidence "
        f"FROM {PREFIX}near WHERE often >= n * {_RATIO} AND {_close('long')} "
        "QUALIFY row_number() OVER (PARTITION BY v ORDER BY steps, often DESC, twin) = 1"
    )
    return usual > 0


def _least(column: Column) -> int:
    """Return the rows from which a text is frequent."""
    return max(_FREQUENT, column.filled // 20_000)


def _close(long: str) -> str:
    return f"steps BETWEEN 1 AND greatest(1, least(8, {long} * 15 // 100))"


def _near(bare: str, least: int, *, brute: bool) -> str:
    """Return the pairs to compare, as the FROM clause of ``a`` (rarer) and ``b`` (frequent)."""
    same = (
        f"b.n >= {least} AND (a.n < b.n OR (a.n = b.n AND a.v < b.v)) "
        "AND a.bare <> b.bare AND length(b.bare) >= 3 "
        "AND abs(a.long - b.long) <= greatest(1, least(8, a.long * 15 // 100))"
    )
    # Frequent texts are compared with each other too: it is they that say how crowded it is.
    if brute:
        return f"{bare} a JOIN {bare} b ON {same}"
    # Of two texts one typed letter apart, the first or the last halves are equal.
    keys = (
        f"(SELECT DISTINCT v, n, long, bare, unnest([left(v, long // 2), "
        f"left(v, (long - 1) // 2), '\x1f' || right(v, long // 2), "
        f"'\x1f' || right(v, (long - 1) // 2)]) AS key FROM {bare})"
    )
    crowds = f"(SELECT key FROM {keys} GROUP BY key HAVING count(*) BETWEEN 2 AND {_CROWD})"
    found = (
        f"SELECT DISTINCT a.v AS av, b.v AS bv FROM {keys} a JOIN {keys} b USING (key) "
        f"WHERE key IN {crowds} AND {same} AND abs(a.long - b.long) <= 1"
    )
    return f"({found}) p JOIN {bare} a ON a.v = p.av JOIN {bare} b ON b.v = p.bv"
