"""A tiny project: two units, three thin notebooks, snapshots without a real ingest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from workbench.workspace import Workspace

HOUSE = """\
suite: str = ""  # the suite to read; empty: the one chosen with make lab, else demo
unit: str = ""  # the business unit; empty: the suite's first
snapshot: str = ""  # digest of the data snapshot; empty: the unit's newest
"""
FRONT = """\
---
title: {title}
question: Does it run?
reader: Nobody
decision: None
---"""

MakeNotebook = Callable[..., Path]


def write_notebook(
    path: Path,
    *cells: str,
    title: str = "A report",
    parameters: str = "",
    tables: tuple[str, ...] = (),
    order: int = 10,
    front: str = FRONT,
) -> Path:
    """Write a notebook in the house's form: front matter, parameters, then the cells given."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "language": "python",
        "display_name": "Python 3",
    }
    notebook.metadata["workbench"] = {"tables": list(tables), "order": order}
    declared = nbformat.v4.new_code_cell(HOUSE + parameters, id="parameters")
    declared.metadata["tags"] = ["parameters"]
    notebook.cells = [
        nbformat.v4.new_raw_cell(front.format(title=title), id="front-matter"),
        declared,
        *(nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(cells, 1)),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for name in ("params", "notebooks", "data", "reports"):
        (tmp_path / name).mkdir()
    return Workspace(tmp_path)


@pytest.fixture
def make_notebook(workspace: Workspace) -> MakeNotebook:
    def make(name: str, *cells: str, **options: object) -> Path:
        path = workspace.notebooks / f"{name}.ipynb"
        return write_notebook(path, *cells, **options)  # type: ignore[arg-type]

    return make
