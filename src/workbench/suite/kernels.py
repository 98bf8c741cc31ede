"""Where a job's kernel comes from: forked from a process that has imported, or started anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from workbench.errors import ParameterError, RenderError, one_of
from workbench.suite.cells import load
from workbench.suite.environment import kernel_environment
from workbench.suite.limits import Limits
from workbench.suite.record import Record
from workbench.suite.zygote.client import Task, Zygote, can_fork
from workbench.suite.zygote.preload import names_used
from workbench.workspace import Workspace

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["CHOICES", "FRESH", "ForkedKernels", "FreshKernels", "Kernels", "open_kernels"]

CHOICES = ("auto", "fresh")


class Kernels(Protocol):
    """Runs notebooks, each in a process of its own."""

    @property
    def name(self) -> str:
        """Return ``forked`` or ``fresh``."""

    @property
    def why(self) -> str:
        """Return why kernels are not forked, in words; empty where they are, or were not to be."""

    def run(
        self,
        notebook: NotebookNode,
        limits: Limits,
        record: Record,
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        """Run a notebook; ``record`` holds what came of it."""

    def stop(self) -> None:
        """End every kernel that runs now; their notebooks end as they are."""

    def __enter__(self) -> Kernels: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class FreshKernels:
    """Starts an ordinary kernel for each notebook.

    Parameters
    ----------
    why
        Why kernels are not forked; empty when nobody asked for that.
    """

    name = "fresh"

    def __init__(self, why: str = "") -> None:
        self.why = why

    def run(
        self,
        notebook: NotebookNode,
        limits: Limits,
        record: Record,
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        """Run a notebook in a new kernel; ``record`` holds what came of it."""
        # Imported only now: who forks kernels should not wait for Papermill.
        engine = import_module("workbench.suite.engine")
        engine.run_fresh(notebook, limits, record, folder, environment)

    def stop(self) -> None:
        """End every kernel that runs now."""
        import_module("workbench.suite.engine").stop_all()

    def __enter__(self) -> FreshKernels:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass


class ForkedKernels:
    """Forks a clean process for each notebook from one that has imported the heavy packages.

    Parameters
    ----------
    zygote
        That process.
    """

    name = "forked"
    why = ""

    def __init__(self, zygote: Zygote) -> None:
        self.zygote = zygote

    def run(
        self,
        notebook: NotebookNode,
        limits: Limits,
        record: Record,
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        """Run a notebook in a fork; ``record`` holds what came of it."""
        record.notebook = notebook
        code = {
            index: cell for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"
        }
        for cell in code.values():
            cell.outputs, cell.execution_count = [], None

        def count(index: int, number: int) -> None:
            code[index].execution_count = number

        task = Task(
            [
                {
                    "index": index,
                    "source": cell.source,
                    "tolerant": "raises-exception" in cell.metadata.get("tags", []),
                }
                for index, cell in code.items()
                if cell.source.strip()
            ],
            {index: cell.outputs for index, cell in code.items()},
            count,
            folder,
            environment,
        )
        language = self.zygote.run(task, limits, record)
        node = type(notebook)
        for cell in code.values():
            cell.outputs = [_as(node, output) for output in cell.outputs]
        if language is not None:
            notebook.metadata["language_info"] = _as(node, language)
            if record.failed < 0:
                record.cell_index = len(notebook.cells) - 1

    def stop(self) -> None:
        """End every kernel that runs now."""
        self.zygote.close()

    def __enter__(self) -> ForkedKernels:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.zygote.close()


def _as(node: type[NotebookNode], value: Mapping[str, object]) -> NotebookNode:
    return node(
        {key: _as(node, one) if isinstance(one, Mapping) else one for key, one in value.items()}
    )


FRESH = FreshKernels()


def open_kernels(
    workspace: Workspace, choice: str = "auto", notebooks: Iterable[Path] = ()
) -> Kernels:
    """Return where kernels come from; to be closed by ``with``.

    Parameters
    ----------
    workspace
        The project.
    choice
        ``auto``: forked where that is possible, else ordinary ones. ``fresh``: ordinary ones.
    notebooks
        What will be run: what these import is imported once, before the first fork.

    Raises
    ------
    ParameterError
        For another choice.
    """
    if choice not in CHOICES:
        raise ParameterError(
            f"unknown kernel `{choice}`", where="kernel", fix=one_of(choice, CHOICES)
        )
    if choice == "fresh":
        return FreshKernels()
    if why := can_fork():
        return FreshKernels(why)
    names = names_used(load(path) for path in sorted(set(notebooks)))
    zygote = Zygote(lambda home: kernel_environment(workspace, home, home / "job.json"), names)
    try:
        zygote.start()
        zygote.wait()
    except (OSError, RenderError) as error:
        zygote.close()
        return FreshKernels(error.what if isinstance(error, RenderError) else str(error))
    return ForkedKernels(zygote)
