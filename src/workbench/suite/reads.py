"""Which tables a notebook reads, seen in its code: what a job's key must hold."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

__all__ = ["TablesRead", "tables_read"]

_OPENS = "open_unit"
_LOOKS = {"table", "has"}
_FACTS_ONLY = {
    "suite",
    "name",
    "title",
    "owner",
    "currency",
    "timezone",
    "week_start",
    "fiscal_year_start",
    "as_of",
    "seed",
    "min_group",
    "experiments",
    "calendar",
    "actions",
    "state",  # what the earlier edition handed on: the key holds it by itself
    "state_day",
    "earlier_list",  # so it does its own earlier lists
}


@dataclass(frozen=True)
class TablesRead:
    """What a notebook's code asks of its unit.

    Parameters
    ----------
    names
        The tables named in ``unit.table("...")`` and ``unit.has("...")``.
    everything
        Whether it may read anything: the unit is handed on whole, or its snapshot is used.
    """

    names: frozenset[str]
    everything: bool


def tables_read(notebook: Any) -> TablesRead:
    """Return the tables that a notebook's code names, and whether it may read others.

    Parameters
    ----------
    notebook
        The report's notebook, however it was read: its ``cells``, each with a ``cell_type`` and a
        ``source``; a cell that is no Python counts as one that may read anything.
    """
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return TablesRead(frozenset(), True)
    nodes = list(ast.walk(tree))
    kept = [node for node in nodes if isinstance(node, ast.Assign) and _is_open(node.value)]
    units = {target.id for node in kept for target in node.targets if isinstance(target, ast.Name)}
    names: set[str] = set()
    plain = {id(node.value) for node in kept}  # uses that cannot reach an unnamed table
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            asked = [getattr(argument, "value", None) for argument in node.args]
            is_named = not node.keywords and all(isinstance(name, str) for name in asked)
            if node.func.attr in _LOOKS and is_named and _is_unit(node.func.value, units):
                names.update(str(name) for name in asked)
                plain.add(id(node.func.value))
        elif isinstance(node, ast.Attribute) and node.attr in _FACTS_ONLY:
            plain.add(id(node.value))
    bare = any(_is_unit(node, units) and id(node) not in plain for node in nodes)
    return TablesRead(frozenset(names), bare)


def _is_unit(node: ast.AST, units: set[str]) -> bool:
    """Tell whether a node stands for a unit: a name that holds one, or the call that opens it."""
    is_name = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in units
    return is_name or _is_open(node)


def _is_open(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == _OPENS
