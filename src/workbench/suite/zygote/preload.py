"""What notebooks import, so that the process that forks them has imported it before."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from sys import modules
from typing import Any

__all__ = ["load_names", "names_used"]

# The house's own packages, and libraries that are known to work in a fork of a process that has
# imported them. Others may open connections or start threads when imported: a fork imports those
# by itself.
_SAFE = {"workbench", "duckdb", "matplotlib", "numpy", "pandas", "pyarrow", "scipy"}
_ALWAYS = ("ipykernel.ipkernel", "numpy.random", "pandas")
_DRAWING = ("matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg")


def names_used(notebooks: Iterable[Any]) -> list[str]:
    """Return what notebooks import: ``package.module``, and ``package.module:name`` for a name.

    Parameters
    ----------
    notebooks
        However they were read: their ``cells``, each with a ``cell_type`` and a ``source``. A cell
        that is no plain Python is passed over.

    Returns
    -------
    list of str
        In the order of the alphabet; only what may be imported before a fork.
    """
    found: set[str] = set()
    for notebook in notebooks:
        aliases: dict[str, str] = {}
        for cell in notebook.cells:
            if cell.cell_type == "code":
                with suppress(SyntaxError):
                    found |= _names(ast.parse(cell.source), aliases)
    return sorted(name for name in found if name.partition(".")[0].partition(":")[0] in _SAFE)


def _names(tree: ast.Module, aliases: dict[str, str]) -> set[str]:
    """Return what a cell imports, and which names it takes from what was imported as a whole."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                found.add(one.name)
                aliases[one.asname or one.name] = one.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for one in node.names:
                found.add(f"{node.module}:{one.name}")
                aliases[one.asname or one.name] = f"{node.module}.{one.name}"
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and (whole := aliases.get(node.value.id))
        ):
            found.add(f"{whole}:{node.attr}")
    return found


def load_names(names: Iterable[str]) -> None:
    """Import what every kernel needs, and these names; one that cannot be had is left to the fork.

    Parameters
    ----------
    names
        As `names_used` returns them.
    """
    for name in _ALWAYS:
        import_module(name)
    for name in names:
        module, _, wanted = name.partition(":")
        with suppress(Exception):  # the notebook that asks for it will say what is wrong
            there = import_module(module)
            if wanted and not hasattr(there, wanted):
                import_module(f"{module}.{wanted}")
    if "matplotlib" in modules:
        for name in _DRAWING:  # matplotlib itself imports them only when it draws
            import_module(name)
