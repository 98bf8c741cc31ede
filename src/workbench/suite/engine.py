"""A Papermill engine of our own: one fresh kernel for each job, bounded in time, isolated.

It differs from Papermill's in five ways. The kernel is always the interpreter that runs the suite,
whatever kernels a user has installed. It gets only the variables that it is given. A cell and the
whole notebook have time limits. It talks through sockets in the job's own folder, which no other
user can open. And whatever happens, the notebook as far as it got and the reason are kept.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Mapping
from contextvars import Context
from pathlib import Path
from time import monotonic
from typing import Any

import papermill
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError

from workbench.suite.limits import MOST_OUTPUT, Limits
from workbench.suite.record import Record, how_it_ended
from workbench.suite.watcher import Watcher
from workbench.suite.zygote.outputs import in_order, say_cut

__all__ = ["FRESH", "FreshKernelEngine", "run_fresh", "stop_all"]

FRESH = "workbench-fresh"
_LONGEST_SOCKET_PATH = 90  # a Unix socket's path holds at most 104 bytes on macOS, 108 on Linux
_OUTPUT_WAIT_SECONDS = 60

# Papermill and nbclient report to this logger what the suite reports itself, and better.
logging.getLogger("papermill").addHandler(logging.NullHandler())
logging.getLogger("papermill").propagate = False


class _ThisInterpreter(KernelSpecManager):
    """Knows one kernel: the interpreter that runs the suite."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the running interpreter, whatever a user has installed under the name."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")


class _Manager(AsyncKernelManager):
    """Starts the running interpreter, with its sockets in the job's folder."""

    def _kernel_spec_manager_default(self) -> KernelSpecManager:
        return _ThisInterpreter(parent=self)


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Runs the cells within their time, noting which one has begun."""

    def __init__(self, manager: NotebookExecutionManager, record: Record, **options: Any) -> None:
        super().__init__(manager, **options)
        self.record = record
        self.printed: dict[int, int] = {}

    def start_new_kernel_client(self, **kwargs: Any) -> Any:
        """Connect to the kernel and note how long it took to be ready."""
        client = super().start_new_kernel_client(**kwargs)
        self.record.started = monotonic() - self.record.began
        return client

    def output(self, outs: Any, msg: Any, display_id: Any, cell_index: int) -> Any:
        """Take in an output; of what a cell prints no more than it may keep."""
        if msg["msg_type"] == "stream":
            text = msg["content"]["text"]
            room = max(0, MOST_OUTPUT - self.printed.get(cell_index, 0))
            self.printed[cell_index] = self.printed.get(cell_index, 0) + len(text)
            if len(text) > room:
                cut = self.record.cut.get(cell_index, 0)
                self.record.cut[cell_index] = cut + len(text) - room
                msg["content"]["text"] = text[:room]
                if not room:
                    return None
        return super().output(outs, msg, display_id, cell_index)

    def papermill_execute_cells(self) -> None:
        """Run the cells; a kernel that died says how before it is cleaned away."""
        try:
            super().papermill_execute_cells()
        except DeadKernelError:
            self.record.stop("KernelDied", how_it_ended(_code_of(self.km)))
            raise


class FreshKernelEngine(NBClientEngine):  # type: ignore[misc]
    """Runs each notebook in a new kernel of the running interpreter."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        record: Record,
        limits: Limits,
        folder: Path,
        environment: Mapping[str, str],
        **_: Any,
    ) -> None:
        """Run the notebook; ``record`` holds what happened, whether or not this raises.

        Parameters
        ----------
        nb_man
            Papermill's manager of the notebook.
        kernel_name
            Not used: the kernel is the running interpreter.
        record
            Where to note what happens.
        limits
            How long it may take.
        folder
            The kernel's working folder, which nobody else may enter.
        environment
            All of the kernel's variables.
        """
        record.notebook = nb_man.nb
        deadline = monotonic() + limits.start_seconds + limits.notebook_seconds

        def began(cell: NotebookNode, cell_index: int) -> None:
            record.cell_index = cell_index

        def allowed(cell: NotebookNode) -> float:
            remaining = record.began + record.started + limits.notebook_seconds - monotonic()
            return max(0.1, min(limits.cell_seconds, remaining, deadline - monotonic()))

        client = _Client(
            nb_man,
            record,
            kernel_manager_class=_Manager,
            kernel_name="python3",
            timeout_func=allowed,
            startup_timeout=limits.start_seconds,
            iopub_timeout=_OUTPUT_WAIT_SECONDS,
            on_cell_start=began,
            record_timing=False,
            shutdown_kernel="immediate",
        )
        client.km = client.create_kernel_manager()
        manager = client.km  # the client lets go of it at the end
        _place_sockets(manager, folder)
        with _watched(manager), Watcher(lambda: _process_of(manager), limits, record):
            try:
                # An empty context holds no event loop of the caller's, so ours may be closed.
                Context().run(_execute, client, env=dict(environment), cwd=str(folder))
            except CellTimeoutError:
                record.timed_out(limits)
                raise
            except RuntimeError as error:
                if record.cell_index < 0:
                    record.stop("KernelNotStarted", f"The kernel did not start: {error}")
                raise


def _execute(client: _Client, **options: Any) -> None:
    """Run the notebook in an event loop of its own, and close that."""
    try:
        client.execute(cleanup_kc=True, **options)
    finally:
        ensure_event_loop().close()
        asyncio.set_event_loop(None)


def _place_sockets(manager: Any, folder: Path) -> None:
    """Let the kernel talk through sockets in the job's folder, or, failing that, through ports."""
    manager.connection_file = str(folder / "kernel.json")
    if os.name == "posix" and len(str(folder).encode()) <= _LONGEST_SOCKET_PATH:
        manager.transport = "ipc"
        manager.ip = str(folder / "k")


def _process_of(manager: Any) -> Any:
    return getattr(manager.provisioner, "process", None)


def _code_of(manager: Any) -> int | None:
    process = _process_of(manager)
    return process.poll() if process is not None else None


_live: set[Any] = set()
_lock = threading.Lock()


class _watched:  # noqa: N801 - reads as a statement: with _watched(manager)
    """Keeps a kernel among the live ones while it runs."""

    def __init__(self, manager: Any) -> None:
        self.manager = manager

    def __enter__(self) -> None:
        with _lock:
            _live.add(self.manager)

    def __exit__(self, *_: object) -> None:
        with _lock:
            _live.discard(self.manager)


def stop_all() -> int:
    """End every kernel that runs now and return how many; their jobs then fail by themselves."""
    with _lock:
        managers = list(_live)
    stopped = 0
    for manager in managers:
        process = _process_of(manager)
        if process is not None and process.poll() is None:
            process.kill()
            stopped += 1
    return stopped


def run_fresh(
    notebook: NotebookNode,
    limits: Limits,
    record: Record,
    folder: Path,
    environment: Mapping[str, str],
) -> None:
    """Run a notebook in an ordinary kernel; ``record`` holds what came of it.

    Parameters
    ----------
    notebook
        The notebook, with its parameters.
    limits
        How much it may take.
    record
        Where to note what happens.
    folder
        The kernel's working folder, which nobody else may enter.
    environment
        All of its variables.
    """
    try:
        papermill.execute_notebook(
            notebook,
            None,
            engine_name=FRESH,
            kernel_name="python3",
            progress_bar=False,
            autosave_cell_every=0,
            record=record,
            limits=limits,
            folder=folder,
            environment=environment,
        )
    except PapermillExecutionError:
        pass  # the cell's own output says it, in full
    except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
        record.stop("NotFinished", f"{type(error).__name__}: {error}")
    result = record.notebook
    if result is None:
        return
    marker = "papermill-error-cell-tag"  # Papermill's own cells on a failure: their ids are random
    result.cells = [cell for cell in result.cells if marker not in cell.metadata.get("tags", [])]
    for index, cell in enumerate(result.cells):
        if cell.cell_type == "code":
            cell.outputs = in_order(cell.outputs)
            if index in record.cut:
                say_cut(cell.outputs, record.cut[index])
            if cell.metadata.get("papermill", {}).get("exception"):
                record.failed = index
            record.cells[index] = cell.metadata.get("papermill", {}).get("duration") or 0.0


papermill_engines.register(FRESH, FreshKernelEngine)
