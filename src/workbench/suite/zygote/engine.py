"""The forked kernels as an engine of Papermill: ``papermill.execute_notebook(engine_name=...)``."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError

from workbench.suite.kernels import ForkedKernels
from workbench.suite.limits import Limits
from workbench.suite.record import Record
from workbench.suite.zygote.client import Zygote
from workbench.suite.zygote.preload import names_used

__all__ = ["FORKED", "ForkedKernelEngine"]

FORKED = "workbench-forked"


class ForkedKernelEngine(Engine):  # type: ignore[misc]
    """Runs a notebook in a fork of a process that has imported the heavy packages."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        zygote: Zygote | None = None,
        limits: Limits | None = None,
        record: Record | None = None,
        **options: Any,
    ) -> None:
        """Run the notebook.

        Parameters
        ----------
        nb_man
            Papermill's manager of the notebook.
        kernel_name
            Not used: the kernel is the running interpreter.
        zygote
            The process to fork from; one of its own unless given, which costs seconds.
        limits
            How much it may take.
        record
            Where to note what happens.
        options
            ``cwd``: the working folder; a new one unless given. Papermill's others have no effect.

        Raises
        ------
        CellTimeoutError, DeadKernelError
            When it took too much, or the kernel died. That a cell failed Papermill raises itself.
        """
        noted = record or Record()
        own = zygote or Zygote(lambda home: dict(os.environ), names_used([nb_man.nb]))
        own.start()
        try:
            with tempfile.TemporaryDirectory(prefix="workbench-") as made:
                folder = Path(options.get("cwd") or made).resolve()
                environment = dict(os.environ)
                ForkedKernels(own).run(nb_man.nb, limits or Limits(), noted, folder, environment)
        finally:
            if zygote is None:
                own.close()
        _tell(nb_man, noted)


def _tell(nb_man: NotebookExecutionManager, noted: Record) -> None:
    """Tell Papermill's manager what happened to each cell, as its own engine does meanwhile."""
    for index, cell in enumerate(nb_man.nb.cells[: noted.cell_index + 1]):
        nb_man.cell_start(cell, index)
        failed = [out for out in cell.get("outputs", []) if out["output_type"] == "error"]
        if failed and "raises-exception" not in cell.metadata.get("tags", []):
            last = failed[-1]
            told = (last["ename"], last["evalue"], last["traceback"])
            error = PapermillExecutionError(index, cell.execution_count, cell.source, *told)
            nb_man.cell_exception(cell, cell_index=index, exception=error)
        nb_man.cell_complete(cell, cell_index=index)
    if noted.stopped.endswith("Timeout"):
        raise CellTimeoutError(noted.message)
    if noted.stopped:
        raise DeadKernelError(noted.message)


papermill_engines.register(FORKED, ForkedKernelEngine)
