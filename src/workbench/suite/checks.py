"""Checks that a notebook keeps the house's form, and says how to mend what does not.

A report's notebook is thin: it asks, calls the package, shows. What computes belongs in the
package, where it is tested. The form:

1. the first cell is the front matter: title, question, reader, decision;
2. the first code cell is the one and only ``parameters`` cell, each line typed and commented;
3. at most six lines of code a cell, no definitions, loops, joins or groupings;
4. no outputs, no execution counts, a stable id for each cell; each figure has alternative text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import NotebookError
from workbench.suite.cells import Cell, Notebook, load
from workbench.suite.notebook import (
    HOUSE_PARAMETERS,
    PARAMETERS_TAG,
    front_matter,
    parse_parameters,
    read_report,
)

__all__ = ["Problem", "check_folder", "check_notebook"]

MOST_LINES = 6
FRONT_MATTER = ("title", "question", "reader", "decision")
_STATEMENTS: dict[type[ast.AST], str] = {
    ast.FunctionDef: "a function",
    ast.AsyncFunctionDef: "a function",
    ast.ClassDef: "a class",
    ast.Lambda: "a lambda",
    ast.For: "a loop",
    ast.AsyncFor: "a loop",
    ast.While: "a loop",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
}
_CALLS = {
    "merge": "a join",
    "join": "a join",
    "groupby": "a grouping",
    "group_by": "a grouping",
    "concat": "a concatenation",
    "apply": "a loop in disguise",
    "pivot_table": "a grouping",
}
_MAGIC = re.compile(r"^\s*[%!]", re.MULTILINE)


@dataclass(frozen=True)
class Problem:
    """One breach of the house's form.

    Parameters
    ----------
    file
        The notebook.
    cell
        The cell's id, or empty when it is about the whole notebook.
    line
        The line within the cell, from 1; 0 when it is about the whole cell.
    what
        What is wrong.
    fix
        How to mend it.
    """

    file: Path
    cell: str
    line: int
    what: str
    fix: str

    def __str__(self) -> str:
        """Return the problem as one line: place, what is wrong, how to mend it."""
        place = str(self.file)
        if self.cell:
            place += f", cell {self.cell}"
        if self.line:
            place += f", line {self.line}"
        return f"{place}: {self.what}. {self.fix}"


def check_folder(folder: Path) -> list[Problem]:
    """Return the problems of every notebook of a folder, in the order of their names."""
    return [problem for path in sorted(folder.glob("*.ipynb")) for problem in check_notebook(path)]


def check_notebook(path: Path) -> list[Problem]:
    """Return the problems of one notebook; an empty list when it keeps the form."""
    try:
        notebook = load(path)
        read_report(path)
    except NotebookError as error:
        return [Problem(path, "", 0, error.what, error.fix)]
    found = [*_whole(path, notebook), *_parameters(path, notebook)]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            found.extend(_code(path, cell))
    return found


def _whole(path: Path, notebook: Notebook) -> Iterator[Problem]:
    said = front_matter(notebook)
    for key in FRONT_MATTER:
        if not said.get(key, "").strip():
            yield Problem(
                path,
                "",
                0,
                f"the front matter has no {key}",
                "Begin the first cell with a YAML block: title, question, reader, decision.",
            )


def _parameters(path: Path, notebook: Notebook) -> Iterator[Problem]:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    tagged = [cell for cell in code if PARAMETERS_TAG in cell.tags]
    if len(tagged) != 1:
        yield Problem(
            path,
            "",
            0,
            f"{len(tagged)} cells are tagged `{PARAMETERS_TAG}`, must be 1",
            "Tag the first code cell, and only it, in the property inspector of JupyterLab.",
        )
        return
    cell = tagged[0]
    if cell is not code[0]:
        yield Problem(
            path,
            cell.id,
            0,
            "code stands before the parameters cell",
            "Move the parameters cell to the top, after the front matter.",
        )
    parameters = parse_parameters(cell.source, str(path))
    for item in parameters:
        if not item.comment:
            yield Problem(
                path,
                cell.id,
                0,
                f"parameter `{item.name}` has no comment",
                "Say in a trailing comment what it means and in which unit.",
            )
    names = tuple(item.name for item in parameters)
    if names[: len(HOUSE_PARAMETERS)] != HOUSE_PARAMETERS:
        yield Problem(
            path,
            cell.id,
            0,
            "the house's parameters do not come first",
            f'Begin with {", ".join(HOUSE_PARAMETERS)}, each `: str = ""`.',
        )


def _code(path: Path, cell: Cell) -> Iterator[Problem]:
    if cell.has_outputs:
        yield Problem(path, cell.id, 0, "it holds outputs", "Clear all outputs before you commit.")
    if cell.execution_count is not None:
        yield Problem(
            path, cell.id, 0, "it holds an execution count", "Clear all outputs before you commit."
        )
    if _MAGIC.search(cell.source):
        yield Problem(
            path, cell.id, 0, "it runs a magic or shell command", "Call the package instead."
        )
        return
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        yield Problem(
            path, cell.id, error.lineno or 0, "this is no Python", f"Python says: {error.msg}."
        )
        return
    if PARAMETERS_TAG in cell.tags:
        return
    lines = _lines_of_code(cell.source, tree)
    if lines > MOST_LINES:
        yield Problem(
            path,
            cell.id,
            0,
            f"{lines} lines of code, at most {MOST_LINES} are allowed",
            "Move what computes into the package, or split the cell.",
        )
    for node in ast.walk(tree):
        yield from _node(path, cell.id, node)


def _lines_of_code(source: str, tree: ast.Module) -> int:
    """Count the lines that hold code: neither blank, nor comments, nor lone brackets."""
    held: set[int] = set()
    for statement in tree.body:
        held.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    texts = source.splitlines()
    return sum(
        1
        for number in held
        if texts[number - 1].strip(" \t()[]{},") and not texts[number - 1].strip().startswith("#")
    )


def _node(path: Path, cell: str, node: ast.AST) -> Iterator[Problem]:
    line = getattr(node, "lineno", 0)
    if type(node) in _STATEMENTS:
        yield Problem(
            path,
            cell,
            line,
            f"{_STATEMENTS[type(node)]} does not belong in a notebook",
            "Move it into the package, test it there, and call it here.",
        )
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in _CALLS and isinstance(node.func, ast.Attribute | ast.Name):
        yield Problem(
            path,
            cell,
            line,
            f"`{name}` is {_CALLS[name]}, which does not belong in a notebook",
            "Let an analysis of the package return what is to be shown.",
        )
    if name == "figure" and isinstance(node.func, ast.Name):
        yield from _alt(path, cell, line, node)


def _alt(path: Path, cell: str, line: int, call: ast.Call) -> Iterator[Problem]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    alt = given.get("alt")
    empty = isinstance(alt, ast.Constant) and not str(alt.value or "").strip()
    if alt is None or empty:
        yield Problem(
            path,
            cell,
            line,
            "a figure without alternative text",
            "Say in `alt=` what the figure shows, for those who cannot see it.",
        )
