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
import signal
import sys
import threading
from collections.abc import Mapping
from contextvars import Context
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

from workbench.suite.limits import Limits

__all__ = ["FRESH", "FreshKernelEngine", "Limits", "Record", "stop_all"]

FRESH = "workbench-fresh"
_LONGEST_SOCKET_PATH = 90  # a Unix socket's path holds at most 104 bytes on macOS, 108 on Linux
_OUTPUT_WAIT_SECONDS = 60

# Papermill and nbclient report to this logger what the suite reports itself, and better.
logging.getLogger("papermill").addHandler(logging.NullHandler())
logging.getLogger("papermill").propagate = False


@dataclass
class Record:
    """What an engine notes while a notebook runs; filled in even when it raises.

    Parameters
    ----------
    notebook
        The notebook as far as it got.
    cell_index
        The cell that was begun last; -1 before the first.
    stopped
        Why it ended early when no cell says so itself: ``CellTimeout``, ``NotebookTimeout``,
        ``KernelDied``, ``KernelNotStarted``; else empty.
    message
        The same as a sentence.
    started
        Seconds until the kernel was ready.
    """

    notebook: NotebookNode | None = None
    cell_index: int = -1
    stopped: str = ""
    message: str = ""
    started: float = 0.0
    began: float = field(default_factory=monotonic)


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

    def start_new_kernel_client(self, **kwargs: Any) -> Any:
        """Connect to the kernel and note how long it took to be ready."""
        client = super().start_new_kernel_client(**kwargs)
        self.record.started = monotonic() - self.record.began
        return client

    def papermill_execute_cells(self) -> None:
        """Run the cells; a kernel that died says how before it is cleaned away."""
        try:
            super().papermill_execute_cells()
        except DeadKernelError:
            self.record.stopped = "KernelDied"
            self.record.message = _how_it_died(self.km)
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
            coalesce_streams=True,
            shutdown_kernel="immediate",
        )
        client.km = client.create_kernel_manager()
        _place_sockets(client.km, folder)
        with _watched(client.km):
            try:
                # An empty context holds no event loop of the caller's, so ours may be closed.
                Context().run(_execute, client, env=dict(environment), cwd=str(folder))
            except CellTimeoutError:
                _note_timeout(record, limits)
                raise
            except RuntimeError as error:
                if record.cell_index < 0 and not record.stopped:
                    record.stopped = "KernelNotStarted"
                    record.message = f"The kernel did not start: {error}"
                raise


def _execute(client: _Client, **options: Any) -> None:
    """Run the notebook in an event loop of its own, and close that."""
    try:
        client.execute(cleanup_kc=True, **options)
    finally:
        ensure_event_loop().close()
        asyncio.set_event_loop(None)


def _note_timeout(record: Record, limits: Limits) -> None:
    taken = monotonic() - record.began - record.started
    if taken >= limits.notebook_seconds:
        record.stopped = "NotebookTimeout"
        record.message = (
            f"The notebook ran longer than its limit of {limits.notebook_seconds:g} seconds."
        )
    else:
        record.stopped = "CellTimeout"
        record.message = f"The cell ran longer than its limit of {limits.cell_seconds:g} seconds."


def _place_sockets(manager: Any, folder: Path) -> None:
    """Let the kernel talk through sockets in the job's folder, or, failing that, through ports."""
    manager.connection_file = str(folder / "kernel.json")
    if os.name == "posix" and len(str(folder).encode()) <= _LONGEST_SOCKET_PATH:
        manager.transport = "ipc"
        manager.ip = str(folder / "k")


def _how_it_died(manager: Any) -> str:
    process = getattr(manager.provisioner, "process", None)
    code = process.poll() if process is not None else None
    if code is None:
        return "The kernel's process ended without a word."
    if code < 0:
        name = signal.Signals(-code).name
        hint = " Most often the machine ran out of memory." if name == "SIGKILL" else ""
        return f"The kernel's process was ended by {name}.{hint}"
    return f"The kernel's process ended by itself with exit code {code}."


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
        process = getattr(manager.provisioner, "process", None)
        if process is not None and process.poll() is None:
            process.kill()
            stopped += 1
    return stopped


papermill_engines.register(FRESH, FreshKernelEngine)
