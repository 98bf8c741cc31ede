"""Check that a text of ``columns:``, ``rules:`` or ``split:`` is one harmless SQL expression.

The engine's own parser answers (``json_serialize_sql``), so that nothing is guessed from the text.
What an expression may not do: ask another table, add up rows, look at other rows, read files or
settings, or give another answer on another day. A report could not be rebuilt from such a one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import duckdb

from workbench.data.engine import connect
from workbench.data.quoting import quote
from workbench.errors import ParameterError, nearest

__all__ = ["check_expression"]

_CLOCK_OR_SETTINGS = re.compile(
    r"current_.*|session_user|user|localtime(stamp)?|pg_.*|has_.*_privilege|inet_.*|version|stats"
    r"|getvariable|getenv|json_(de)?serialize_.*|col_description|(sh)?obj_description|get_block_size"
    r"|format_pg_type|ago|vector_type|write_log|in_search_path|json_execute_.*|__internal_.*"
    r"|create_sort_key|icu_sort_key|parse_duckdb_log_message"
)
"""Functions and keywords that the engine calls consistent, or lists nowhere, but that are not."""

_ROWS_FROM_ONE = {"unnest", "unlist", "generate_subscripts", "regexp_split_to_table"}
_TAKES_LAMBDA = {
    f"{prefix}{name}"
    for name in ("transform", "apply", "filter", "reduce")
    for prefix in ("list_", "array_", "")
}
"""Functions whose ``x -> ...`` binds a name; elsewhere the arrow takes a value out of JSON."""
_AGGREGATE_MACROS = re.compile(r"geomean|geometric_mean|wavg|weighted_avg|json_group_.*")
_FORBIDDEN = {
    "SUBQUERY": "holds a subquery",
    "WINDOW": "looks at other rows (OVER)",
    "STAR": "names all columns (*)",
    "PARAMETER": "holds a placeholder",
    "POSITIONAL_REFERENCE": "names a column by its position",
    "DEFAULT": "holds DEFAULT",
}
_SHAPE = "Write one expression over the row's columns, such as `Quantity * UnitPrice`."


def check_expression(
    text: str, columns: Iterable[str] | Mapping[str, str], *, where: str
) -> frozenset[str]:
    r"""Return the columns that an SQL expression uses, having checked that it may be used.

    Parameters
    ----------
    text
        The expression, as the parameter file states it.
    columns
        The names that it may use, ``_row`` and ``as_of`` among them where they are known. A mapping
        of name to SQL type (`workbench.data.casts.SQL_TYPES`) has types and functions checked too.
    where
        File and key, for the message.

    Returns
    -------
    frozenset[str]
        The names as ``columns`` writes them; the expression may write them in another case.

    Raises
    ------
    ParameterError
        When the text is no single expression; when it holds a subquery, an aggregate, a window, an
        unknown column or function, or a function that reads files, settings, clock or chance.

    Notes
    -----
    Put the text on lines of its own when building SQL (``(\n{text}\n)``): it may end in a
    comment.

    Examples
    --------
    >>> sorted(check_expression("quantity * UnitPrice", ["Quantity", "UnitPrice"], where="atlas"))
    ['Quantity', 'UnitPrice']
    """
    known = {name.lower(): name for name in columns}
    expression = _parse(text, where)
    used = set()
    for node, bound in _walk(expression, frozenset()):
        kind = node["class"]
        if kind in _FORBIDDEN or node["type"] == "GROUPING_FUNCTION":
            reason = _FORBIDDEN.get(kind, "groups rows")
            raise ParameterError(f"the expression `{text}` {reason}", where=where, fix=_SHAPE)
        if kind == "FUNCTION":
            _check_function(node, text, where)
        elif kind == "COLUMN_REF":
            name = _column(node["column_names"], known, bound, text, where)
            used.update([name] if name else [])
    if isinstance(columns, Mapping):
        _check_types(text, columns, where)
    return frozenset(used)


def _parse(text: str, where: str) -> dict[str, Any]:
    """Return the tree of the one expression that the text is."""
    parsed = _serialize(f"SELECT {text}\n")
    if parsed["error"]:
        raise ParameterError(
            f"`{text}` is no SQL expression: {parsed.get('error_message', 'it cannot be parsed')}",
            where=where,
            fix=_SHAPE,
        )
    statements = parsed["statements"]
    node = statements[0]["node"]
    expressions = node.pop("select_list", [])
    # Whatever stands around the expression (FROM, WHERE, ORDER BY, a second statement) shows as a
    # difference from the bare `SELECT NULL`.
    if len(statements) != 1 or len(expressions) != 1 or _bare(statements[0]) != _plain_select():
        raise ParameterError(f"`{text}` is more than one expression", where=where, fix=_SHAPE)
    expression: dict[str, Any] = expressions[0]
    if expression["alias"]:
        raise ParameterError(
            f"`{text}` gives its result a name of its own (`{expression['alias']}`)",
            where=where,
            fix="Leave the name out: the key before the expression is its name.",
        )
    return expression


def _serialize(sql: str) -> dict[str, Any]:
    try:
        row = _engine().execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    except duckdb.Error as error:
        return {"error": True, "error_message": str(error)}
    assert row is not None
    parsed: dict[str, Any] = json.loads(row[0])
    return parsed


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    return connect(memory="256MB", threads=1)


@cache
def _plain_select() -> str:
    statement = _serialize("SELECT NULL\n")["statements"][0]
    del statement["node"]["select_list"]
    return _bare(statement)


def _bare(statement: dict[str, Any]) -> str:
    return re.sub(r'"query_location": \d+', "", json.dumps(statement, sort_keys=True))


def _walk(tree: Any, bound: frozenset[str]) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """Yield each expression of a tree with the names that lambdas around it bind."""
    if isinstance(tree, list):
        for item in tree:
            yield from _walk(item, bound)
    if not isinstance(tree, dict):
        return
    if "class" in tree and "type" in tree:
        yield tree, bound
        if tree.get("function_name", "").lower() in _TAKES_LAMBDA:
            for child in tree["children"]:
                if child["class"] == "LAMBDA":
                    names = {node["column_names"][-1].lower() for node in _references(child["lhs"])}
                    yield from _walk(child["expr"], bound | names)
                else:
                    yield from _walk(child, bound)
            return
    for value in tree.values():
        yield from _walk(value, bound)


def _references(tree: Any) -> list[dict[str, Any]]:
    return [node for node, _ in _walk(tree, frozenset()) if node["class"] == "COLUMN_REF"]


def _column(
    names: list[str], known: Mapping[str, str], bound: frozenset[str], text: str, where: str
) -> str | None:
    """Return the column that a reference means, or None for a lambda's own name."""
    written = ".".join(names)
    if names[0].lower() in bound:
        return None
    if len(names) == 1 and names[0].lower() in known:
        return known[names[0].lower()]
    if _CLOCK_OR_SETTINGS.fullmatch(written.lower()):
        raise _unstable(written, text, where)
    guess = nearest(written, known)
    hint = f"Did you mean `{known[guess]}`? " if guess else ""
    raise ParameterError(
        f"the expression `{text}` names the column `{written}`, which is not there",
        where=where,
        fix=f"{hint}Columns: {', '.join(sorted(known.values())) or 'none'}.",
    )


def _check_function(node: dict[str, Any], text: str, where: str) -> None:
    name = node["function_name"].lower()
    kinds = _functions().get(name, frozenset())
    if node["schema"] not in ("", "main"):
        reason = f"is called on `{node['schema']}`; put the column between the parentheses"
    elif name in _ROWS_FROM_ONE:
        reason = "makes several rows of one"
    elif "aggregate" in kinds or _AGGREGATE_MACROS.fullmatch(name):
        reason = "adds up rows; an expression sees one row at a time"
    elif _CLOCK_OR_SETTINGS.fullmatch(name) or "unstable" in kinds or _is_age_of_today(node):
        raise _unstable(f"{name}()", text, where)
    elif "table" in kinds and "scalar" not in kinds:
        reason = "reads a table or a file"
    elif not kinds:
        guess = nearest(name, [known for known in _functions() if known.isidentifier()])
        raise ParameterError(
            f"the expression `{text}` calls `{name}()`, which the engine does not know",
            where=where,
            fix=f"Did you mean `{guess}`?" if guess else "See the engine's list of functions.",
        )
    else:
        return
    raise ParameterError(f"`{name}()` in `{text}` {reason}", where=where, fix=_SHAPE)


def _is_age_of_today(node: dict[str, Any]) -> bool:
    return bool(node["function_name"].lower() == "age" and len(node["children"]) == 1)


def _unstable(name: str, text: str, where: str) -> ParameterError:
    return ParameterError(
        f"`{name}` in `{text}` depends on clock, chance, session or settings",
        where=where,
        fix="The same data must give the same rows; use `as_of` for the day of the report.",
    )


@cache
def _functions() -> dict[str, frozenset[str]]:
    """Return the engine's functions by name with their kinds, ``unstable`` among these."""
    rows = (
        _engine()
        .execute(
            "SELECT lower(function_name), CASE WHEN coalesce(stability, 'CONSISTENT') <>"
            " 'CONSISTENT' OR coalesce(has_side_effects, FALSE) THEN 'unstable' ELSE"
            " replace(replace(function_type, 'table_macro', 'table'), 'macro', 'scalar') END"
            " FROM duckdb_functions() WHERE function_type <> 'pragma'"
        )
        .fetchall()
    )
    kinds: dict[str, set[str]] = {}
    for name, kind in rows:
        kinds.setdefault(name, set()).add(kind)
    return {name: frozenset(found) for name, found in kinds.items()}


def _check_types(text: str, columns: Mapping[str, str], where: str) -> None:
    """Let the engine bind the expression to typed columns without a row."""
    nulls = ", ".join(f"NULL::{kind} AS {quote(name)}" for name, kind in columns.items())
    try:
        _engine().execute(f"EXPLAIN SELECT (\n{text}\n) FROM (SELECT {nulls})")
    except duckdb.Error as error:
        reason = str(error).splitlines()[0].split(": ", 1)[-1]
        types = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        raise ParameterError(
            f"the expression `{text}` does not fit its columns: {reason}",
            where=where,
            fix=f"State `types:` for the source's columns; they are: {types}.",
        ) from error
