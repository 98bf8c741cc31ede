"""Reads a report's notebook: its parameters, its title, the tables that it needs.

A report's own parameters are declared in one place only, the cell tagged ``parameters``; what it
needs stands in the notebook's metadata, ``workbench: {title, order, tables, any_of}``; with
``despite_gate: true`` it is made even of data that the unit's gate holds other reports back from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import yaml

from workbench.data.contracts import CONTRACTS
from workbench.errors import NotebookError, one_of
from workbench.suite.cells import Notebook, load
from workbench.suite.declared import (
    HOUSE_PARAMETERS,
    DeclaredParameter,
    as_code,
    parse_parameters,
    resolve,
)
from workbench.suite.known import require_report
from workbench.suite.reads import TablesRead, tables_read

__all__ = [
    "HOUSE_PARAMETERS",
    "DeclaredParameter",
    "HasCells",
    "Report",
    "as_code",
    "declared",
    "find_reports",
    "front_matter",
    "load",
    "parse_parameters",
    "read_report",
    "resolve",
]

PARAMETERS_TAG = "parameters"
LAST_IN_ORDER = 1000
SLUG = re.compile(r"[a-z][a-z0-9_]*\Z")
RESERVED = frozenset({"changes", "index", "manifest", "results", "alerts", "history"})
"""Names of an edition's own files: no report may have them."""
_YAML_BLOCK = re.compile(r"---[ \t]*\n(.*?)\n---", re.DOTALL)
_HEADING = re.compile(r"^#\s+(.+)$", re.MULTILINE)
_LABELLED = re.compile(r"\*\*(\w+)(?::\*\*|\*\*:)\s*(.+)")
_ALSO = {"for": "reader"}


class HasCells(Protocol):
    """A notebook, as nbformat reads it or as `cells` does: each cell has a type and a source."""

    @property
    def cells(self) -> Any:
        """Return the cells, in their order."""


@dataclass(frozen=True)
class Report:
    """What a notebook says about itself.

    Parameters
    ----------
    name
        The report's name: the notebook's file name without its ending.
    path
        The notebook's file.
    title
        The report's title, for a reader.
    order
        Where it stands among the reports; lower comes first.
    tables
        The canonical tables without which it is not applicable.
    any_of
        Alternatives, each one or more tables, of which it needs one in full; empty for none.
    code_reads
        The tables that its code reads.
    parameters
        Its declared parameters, the house's included.
    despite_gate
        Whether it is made although the unit's gate holds reports back: it tells of the data
        themselves, and of what is to be mended.
    """

    name: str
    path: Path
    title: str
    order: int
    tables: tuple[str, ...]
    any_of: tuple[tuple[str, ...], ...]
    code_reads: TablesRead
    parameters: tuple[DeclaredParameter, ...]
    despite_gate: bool = False

    def reads(self, available: Iterable[str]) -> tuple[str, ...]:
        """Return the tables that it reads of those that a unit has."""
        named = {*self.tables, *chain(*self.any_of), *self.code_reads.names}
        return tuple(sorted(name for name in available if self.reads_all or name in named))

    @property
    def reads_all(self) -> bool:
        """Tell whether it may read any table, and what triage recorded with the snapshot."""
        return self.code_reads.everything


def find_reports(folder: Path, names: Iterable[str] = ()) -> dict[str, Report]:
    """Return the reports of a folder in their reading order, all or the named ones.

    Raises
    ------
    ParameterError
        When a named report does not exist.
    NotebookError
        When a notebook cannot be read.
    """
    paths = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    for name in names:
        require_report(name, paths, where=str(folder))
    wanted = set(names) or set(paths)
    reports = [read_report(path) for name, path in paths.items() if name in wanted]
    return {item.name: item for item in sorted(reports, key=lambda item: (item.order, item.name))}


def read_report(path: Path) -> Report:
    """Return what a notebook says about itself.

    Raises
    ------
    NotebookError
        When it cannot be read, or its name, metadata or parameters cell is malformed.
    """
    if not SLUG.match(path.stem) or path.stem in RESERVED:
        taken = ", ".join(sorted(RESERVED))
        raise NotebookError(
            f"`{path.stem}` cannot name a report",
            where=str(path),
            fix="Use lower-case letters, digits and underscores, a letter first; "
            f"an edition's own files have the names {taken}.",
        )
    notebook = load(path)
    said = notebook.said
    known = {"title", "order", "tables", "any_of", "despite_gate"}
    for key in said:
        if key not in known:
            raise NotebookError(
                f"unknown key `{key}`", where=f"{path}, metadata.workbench", fix=one_of(key, known)
            )
    despite_gate = said.get("despite_gate", False)
    if not isinstance(despite_gate, bool):
        raise NotebookError(
            f"`despite_gate` is {despite_gate!r}, must be true or false",
            where=f"{path}, metadata.workbench.despite_gate",
            fix="Say true only of a report that tells how good the data are.",
        )
    return Report(
        name=path.stem,
        path=path,
        title=str(said.get("title") or front_matter(notebook).get("title") or path.stem),
        order=int(said.get("order", LAST_IN_ORDER)),
        tables=_tables(said.get("tables", []), f"{path}, metadata.workbench.tables"),
        any_of=tuple(
            _tables([one] if isinstance(one, str) else one, f"{path}, metadata.workbench.any_of")
            for one in said.get("any_of", [])
        ),
        code_reads=tables_read(notebook),
        parameters=_declared_in(notebook, str(path)),
        despite_gate=despite_gate,
    )


def _tables(names: Iterable[str], where: str) -> tuple[str, ...]:
    for name in names:
        if name not in CONTRACTS:
            raise NotebookError(f"no table `{name}`", where=where, fix=one_of(name, CONTRACTS))
    return tuple(names)


def declared(path: Path) -> tuple[DeclaredParameter, ...]:
    """Return the parameters that a notebook declares, in their order.

    Raises
    ------
    NotebookError
        When the notebook cannot be read or its parameters cell is malformed.
    """
    return _declared_in(load(path), str(path))


def front_matter(notebook: HasCells) -> dict[str, str]:
    """Return what the first cell says: title, question, reader, decision, as far as it does.

    Two forms are read, in a raw or a Markdown cell: a YAML block between ``---`` lines, and plain
    Markdown, a heading for the title and lines such as ``**Question:** Who buys again?``
    (``For`` is another word for ``Reader``).
    """
    if not notebook.cells or notebook.cells[0].cell_type not in {"raw", "markdown"}:
        return {}
    source = notebook.cells[0].source.strip()
    block = _YAML_BLOCK.match(source)
    if block is None:
        heading = _HEADING.search(source)
        said = {
            _ALSO.get(label.lower(), label.lower()): text.strip()
            for label, text in _LABELLED.findall(source)
        }
        return {"title": heading[1].strip(), **said} if heading else said
    try:
        found = yaml.safe_load(block[1])
    except yaml.YAMLError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): str(value) for key, value in found.items() if value is not None}


def _declared_in(notebook: Notebook, where: str) -> tuple[DeclaredParameter, ...]:
    for cell in notebook.cells:
        if PARAMETERS_TAG in cell.tags:
            return parse_parameters(cell.source, where)
    return ()
