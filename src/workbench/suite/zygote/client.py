"""The side of the suite: starts the process that forks, sends it jobs, watches over them."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any

from workbench.errors import RenderError
from workbench.suite.limits import Limits
from workbench.suite.record import Record, how_it_ended
from workbench.suite.zygote.outputs import Outputs
from workbench.suite.zygote.wire import Wire, send_with_socket

__all__ = ["Task", "Zygote", "can_fork"]

_TICK = 0.05
_GRACE = 10.0
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20 if hasattr(os, "sysconf") else 0.0


def can_fork() -> str:
    """Return why kernels cannot be forked here, in words; empty where they can."""
    if sys.platform != "linux":
        return f"on {sys.platform} a process that has imported graphics cannot be forked safely"
    return ""


@dataclass(frozen=True)
class Task:
    """A notebook to run in a fork.

    Parameters
    ----------
    cells
        ``index``, ``source`` and ``tolerant`` (whether an error may pass) of each cell to run.
    outputs
        Index -> the list that takes in a cell's outputs.
    counts
        Called with a cell's index and the number of its execution.
    folder
        The kernel's working folder, which nobody else may enter.
    environment
        All of its variables.
    """

    cells: Sequence[Mapping[str, Any]]
    outputs: Mapping[int, list[dict[str, Any]]]
    counts: Callable[[int, int], None]
    folder: Path
    environment: Mapping[str, str]


class Zygote:
    """A process that has imported the heavy packages, from which each kernel is forked.

    Parameters
    ----------
    environment
        From a folder to all of the process's variables.
    names
        What it imports beside what every kernel needs: `workbench.suite.zygote.preload.names_used`.
    """

    def __init__(
        self, environment: Callable[[Path], Mapping[str, str]], names: Sequence[str] = ()
    ) -> None:
        self._environment, self._names = environment, names
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._home: tempfile.TemporaryDirectory[str] | None = None
        self._closed = False
        self.threads: list[str] = []

    def start(self) -> None:
        """Start the process; it imports while the suite goes on.

        Raises
        ------
        OSError
            When it cannot be started.
        """
        if self._process is not None:
            return
        self._home = tempfile.TemporaryDirectory(prefix="workbench-", ignore_cleanup_errors=True)
        home = Path(self._home.name).resolve()
        ours, theirs = socket.socketpair()
        with theirs, (home / "errors.txt").open("wb") as errors:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", f"{__package__}.server"),
                    *(str(theirs.fileno()), *self._names),
                ],
                pass_fds=[theirs.fileno()],
                env=dict(self._environment(home)),
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,  # a Ctrl-C in a terminal is for the suite alone
            )
        self._control = ours

    def wait(self, seconds: float = 120) -> None:
        """Wait until the process has imported all that it will.

        Raises
        ------
        RenderError
            When it ends before that, or takes longer: with what it said.
        """
        with self._lock:
            if self.threads or self._control is None:
                return
            self._control.settimeout(seconds)
            try:
                told = next(Wire(self._control).receive(), None)
            except (OSError, EOFError):
                told = None
            self._control.settimeout(None)
            if told is None:
                raise RenderError(
                    f"the process that forks kernels did not start: {self._last_words()}",
                    where="kernel",
                    fix="Run with `--kernel fresh`, which needs no such process.",
                )
            self.threads = ["main", *told["threads"]]

    def _last_words(self) -> str:
        if self._home is None:
            return "it was closed"
        with suppress(OSError):
            said = (Path(self._home.name) / "errors.txt").read_text(errors="replace").strip()
            return said.splitlines()[-1] if said else "it said nothing"
        return "it said nothing"

    @property
    def is_alive(self) -> bool:
        """Tell whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def run(self, task: Task, limits: Limits, record: Record) -> Mapping[str, Any] | None:
        """Run a notebook in a fork; ``record`` and the task's outputs hold what came of it.

        Parameters
        ----------
        task
            What to run.
        limits
            How much it may take.
        record
            Where to note what happens.

        Returns
        -------
        Mapping or None
            What the kernel says of its language; None when it did not come to its end.
        """
        self.wait()
        ours, theirs = socket.socketpair()
        with ours:
            order = {
                "folder": str(task.folder),
                "environment": dict(task.environment),
                "cells": [dict(cell) for cell in task.cells],
                "launcher": _launcher(),
            }
            try:
                with self._lock, theirs:
                    if self._control is None:
                        raise BrokenPipeError
                    send_with_socket(self._control, order, theirs)
            except OSError:
                record.stop("KernelNotStarted", "The process that forks kernels has ended.")
                return None
            return _Watch(Wire(ours), task, limits, record).follow()

    def close(self) -> None:
        """End the process and every fork of it; their notebooks end as they are."""
        if self._control is not None:
            with suppress(OSError):
                self._control.shutdown(socket.SHUT_RDWR)
        if self._process is not None:
            try:
                self._process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        with self._lock:
            if self._control is not None:
                self._control.close()
                self._control = None
            if self._home is not None:
                self._home.cleanup()
                self._home = None


def _launcher() -> str:
    spec = find_spec("ipykernel_launcher")
    return str(spec.origin) if spec else "ipykernel_launcher"


class _Watch:
    """Takes in what a fork tells, and ends it when it takes too much."""

    def __init__(self, wire: Wire, task: Task, limits: Limits, record: Record) -> None:
        self.wire, self.task, self.limits, self.record = wire, task, limits, record
        self.outputs = Outputs(task.outputs)
        self.tolerant = {cell["index"] for cell in task.cells if cell["tolerant"]}
        self.pid = 0
        self.executed = 0
        self.is_ready = self.is_ended = False
        self.code: int | None = None
        self.language: Mapping[str, Any] | None = None
        self.cell_began = monotonic()

    def follow(self) -> Mapping[str, Any] | None:
        """Follow the fork until it has ended, and return what it said of its language."""
        try:
            while not self.is_ended:
                ready, _, _ = select.select([self.wire.end], [], [], _TICK)
                if ready:
                    for message in self.wire.receive():
                        getattr(self, f"_on_{message.pop('op')}")(**message)
                self._check()
        except (EOFError, OSError):
            self.record.stop("KernelDied", "The process that forks kernels has ended.")
        finally:
            self._kill()
            self.outputs.end()
        if self.language is None:
            why = "KernelDied" if self.is_ready else "KernelNotStarted"
            self.record.stop(why, how_it_ended(self.code))
        return self.language

    def _check(self) -> None:
        record, limits, now = self.record, self.limits, monotonic()
        if self.is_ended or self.language is not None or record.stopped:
            return
        if not self.is_ready:
            if now - record.began > limits.start_seconds:
                took = f"within {limits.start_seconds:g} seconds"
                record.stop("KernelNotStarted", f"The kernel did not start {took}.")
                self._kill()
            return
        whole = now - record.began - record.started
        if now - self.cell_began > limits.cell_seconds or whole > limits.notebook_seconds:
            record.timed_out(limits)
            self._kill()
        elif limits.memory_mb is not None and self._held_mb() > limits.memory_mb:
            record.too_large(limits)
            self._kill()

    def _held_mb(self) -> float:
        try:
            told = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()
        except OSError:
            return 0.0
        return int(told[1]) * _PAGE_MB

    def _kill(self) -> None:
        """End the fork and all that it started; nothing happens once it has ended."""
        if self.pid and not self.is_ended:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def _on_started(self, pid: int) -> None:
        self.pid = pid

    def _on_ready(self) -> None:
        self.is_ready = True
        self.record.started = monotonic() - self.record.began
        self.cell_began = monotonic()

    def _on_begin(self, index: int) -> None:
        self.record.cell_index = index
        self.outputs.begin(index)
        self.executed += 1
        self.task.counts(index, self.executed)
        self.cell_began = monotonic()

    def _on_message(self, kind: str, content: Mapping[str, Any]) -> None:
        self.outputs.message(kind, content)

    def _on_printed(self, name: str, text: str, cut: int) -> None:
        self.outputs.printed(name, text, cut)

    def _on_end(self, index: int, failed: bool) -> None:
        self.outputs.end()
        if failed and index not in self.tolerant:
            self.record.failed = index
        self.record.cells[index] = round(monotonic() - self.cell_began, 4)

    def _on_done(self, language_info: Mapping[str, Any]) -> None:
        self.language = language_info

    def _on_broken(self, text: str) -> None:
        last = text.strip().splitlines()[-1]
        self.record.stop("KernelDied", f"The kernel's process broke down: {last}")

    def _on_exit(self, code: int, cpu_seconds: float, peak_mb: float) -> None:
        self.is_ended, self.code = True, code
        self.record.cpu_seconds, self.record.peak_mb = cpu_seconds, peak_mb
