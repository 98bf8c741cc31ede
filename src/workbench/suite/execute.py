"""Runs one job: parameters in, executed notebook out, whatever happens in between."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import nbformat

from workbench.files import canonical, write_file
from workbench.suite.cells import load
from workbench.suite.environment import kernel_environment
from workbench.suite.failure import Failure
from workbench.suite.kernels import FRESH, Kernels
from workbench.suite.limits import Limits
from workbench.suite.normalise import Places, clean_text, normalise, places
from workbench.suite.notebook import PARAMETERS_TAG, as_code
from workbench.suite.record import Record
from workbench.workspace import Workspace

__all__ = ["Executed", "Limits", "execute", "inject"]

INJECTED_TAG = "injected-parameters"


@dataclass(frozen=True)
class Executed:
    """What came of a job.

    Parameters
    ----------
    notebook
        The executed notebook, as far as it got, without anything that differs from run to run.
    failure
        Why it failed, or None.
    seconds
        Wall-clock seconds in all.
    start_seconds
        Seconds of them until the kernel was ready.
    cells
        Cell id -> wall-clock seconds. All times are for the run log; none enters an edition.
    cpu_seconds, peak_mb
        Seconds of processor time and the most memory of the kernel; 0 where unknown.
    """

    notebook: nbformat.NotebookNode
    failure: Failure | None
    seconds: float
    start_seconds: float
    cells: Mapping[str, float]
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0


def inject(notebook: nbformat.NotebookNode, parameters: Mapping[str, Any]) -> None:
    """Put a cell that sets the parameters behind the parameters cell, in place.

    Papermill would do so with a random cell id, and formats the cell differently where ``black``
    happens to be installed.
    """
    cell = nbformat.v4.new_code_cell(as_code(parameters), id=INJECTED_TAG)
    cell.metadata["tags"] = [INJECTED_TAG]
    for index, other in enumerate(notebook.cells):
        if PARAMETERS_TAG in other.metadata.get("tags", []):
            notebook.cells.insert(index + 1, cell)
            return
    notebook.cells.insert(0, cell)


def execute(
    workspace: Workspace,
    notebook: Path,
    parameters: Mapping[str, Any],
    facts: Mapping[str, Any],
    limits: Limits | None = None,
    kernels: Kernels = FRESH,
) -> Executed:
    """Run a notebook in a kernel of its own and return what came of it.

    Parameters
    ----------
    workspace
        The project.
    notebook
        The report's notebook; it is not changed.
    parameters
        Name -> value, the house's parameters included.
    facts
        What the job knows of its suite and unit; the kernel finds it as JSON in the file that
        ``WORKBENCH_JOB`` names.
    limits
        How much it may take.
    kernels
        Where its kernel comes from.

    Returns
    -------
    Executed
        Also when a cell failed, took too much, or the kernel died: ``failure`` says so.

    Raises
    ------
    NotebookError
        When the notebook cannot be read.
    """
    load(notebook)  # says what is wrong with it in our words
    node = nbformat.read(notebook, as_version=4)
    inject(node, parameters)
    record = Record()
    with tempfile.TemporaryDirectory(prefix="workbench-", ignore_cleanup_errors=True) as made:
        folder = Path(made).resolve()
        job_file = folder / "job.json"
        write_file(job_file, canonical(facts))
        environment = kernel_environment(workspace, folder, job_file)
        kernels.run(node, limits or Limits(), record, folder, environment)
        hidden = places(workspace.root, folder)
    result = record.notebook if record.notebook is not None else node
    failure = _failure(result, record, hidden)
    return Executed(
        normalise(result, hidden),
        failure,
        monotonic() - record.began,
        record.started,
        {result.cells[index].id: seconds for index, seconds in sorted(record.cells.items())},
        round(record.cpu_seconds, 3),
        round(record.peak_mb, 1),
    )


def _failure(notebook: nbformat.NotebookNode, record: Record, hidden: Places) -> Failure | None:
    cells = notebook.cells
    for index, cell in enumerate(cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return Failure(
                    index,
                    cell.id,
                    cell.source,
                    output.ename,
                    clean_text(output.evalue, hidden),
                    clean_text("\n".join(output.traceback), hidden),
                )
    if record.failed >= 0:  # IPython says what is wrong with a magic word in print only
        record.stop("CellFailed", _last_words(cells[record.failed]))
        record.cell_index = record.failed
    if not record.stopped and record.cell_index + 1 == len(cells):
        return None
    index = record.cell_index
    cell = cells[index] if 0 <= index < len(cells) else None
    return Failure(
        index,
        cell.id if cell is not None else "",
        cell.source if cell is not None else "",
        record.stopped or "NotFinished",
        clean_text(record.message or "The notebook ended before its last cell.", hidden),
        "",
    )


def _last_words(cell: nbformat.NotebookNode) -> str:
    said = "".join(output.get("text", "") for output in cell.outputs).strip()
    return said.splitlines()[-1] if said else "The cell failed and did not say why."
