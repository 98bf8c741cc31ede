"""Reads a notebook's file without nbformat: what planning needs of it, and no more.

nbformat brings a validator of JSON schemas with it, which takes longer to import than a run with
nothing to do may take. Where a notebook is executed, `execute` reads it with nbformat.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import NotebookError

__all__ = ["Cell", "Notebook", "load"]

_FORMAT = (4, 5)  # the first format in which each cell has an id
_KINDS = {"code", "markdown", "raw"}
_SAVE = "Open it in JupyterLab and save it in the notebook format 4.5 or newer."


@dataclass(frozen=True)
class Cell:
    """One cell.

    Parameters
    ----------
    id
        Its own id.
    cell_type
        ``code``, ``markdown`` or ``raw``.
    source
        Its text.
    tags
        The tags that it bears.
    has_outputs
        Whether it holds outputs.
    execution_count
        What its last run left; None when it left nothing.
    """

    id: str
    cell_type: str
    source: str
    tags: tuple[str, ...] = ()
    has_outputs: bool = False
    execution_count: int | None = None


@dataclass(frozen=True)
class Notebook:
    """A notebook as its file has it.

    Parameters
    ----------
    cells
        Its cells, in their order.
    said
        What it says of itself under ``workbench`` in its metadata.
    """

    cells: tuple[Cell, ...]
    said: Mapping[str, Any]


def load(path: Path) -> Notebook:
    """Return a notebook read from its file.

    Raises
    ------
    NotebookError
        When the file is missing or is no notebook of the current format, or a cell has no id of
        its own: it would be given a random one, and no two runs would be the same.
    """
    where = str(path)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        form = told["nbformat"], told["nbformat_minor"]
        if form[0] != _FORMAT[0] or form < _FORMAT:
            raise NotebookError(
                f"the notebook format is {form[0]}.{form[1]}, must be 4.5 or newer",
                where=where,
                fix=_SAVE,
            )
        _check_ids(told["cells"], where)
        said = told["metadata"].get("workbench", {})
        found = Notebook(tuple(_cell(cell) for cell in told["cells"]), dict(said))
    except FileNotFoundError:
        raise NotebookError(
            "no such notebook", where=where, fix="Look into notebooks/ for the reports."
        ) from None
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise NotebookError(
            f"this file is no notebook ({type(error).__name__})",
            where=where,
            fix="Open it in JupyterLab and save it again.",
        ) from error
    return found


def _check_ids(cells: list[dict[str, Any]], where: str) -> None:
    ids = [cell.get("id") for cell in cells]
    if None in ids:
        raise NotebookError("a cell has no id", where=where, fix=_SAVE)
    for name in ids:
        if ids.count(name) > 1:
            raise NotebookError(
                f"{ids.count(name)} cells share the id `{name}`",
                where=where,
                fix="Give each cell an id of its own.",
            )


def _cell(told: Mapping[str, Any]) -> Cell:
    kind, source = told["cell_type"], told["source"]
    if kind not in _KINDS:
        raise ValueError(kind)
    return Cell(
        id=str(told["id"]),
        cell_type=kind,
        source=source if isinstance(source, str) else "".join(source),
        tags=tuple(told["metadata"].get("tags", ())),
        has_outputs=bool(told.get("outputs")),
        execution_count=told.get("execution_count"),
    )
