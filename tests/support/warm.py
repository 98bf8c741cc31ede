"""What each run of a suite makes ready anew is made ready once, where no test looks at it.

A run starts a process that imports the heavy packages, and lets matplotlib list the fonts of the
machine: nearly two seconds of processor time. Here that process is forked from one that has
imported them, with the variables, folder and handles that it would have been started with, and the
list is copied. ``tests/suite/zygote`` and the demo suite of ``tests/reports`` look at what really
starts.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from workbench.suite import desk
from workbench.suite.environment import kernel_environment, matplotlib_folder
from workbench.suite.verify import rebuild
from workbench.suite.warm import warm_fonts
from workbench.suite.zygote.client import Zygote, can_fork
from workbench.suite.zygote.wire import send_with_socket
from workbench.workspace import Workspace

__all__ = ["Mother", "quick_starts"]

# Answers each order with the number of the process that it forks for it, in eight bytes.
SERVER = """
import os, socket, sys, tempfile, time
from workbench.suite.zygote import server
from workbench.suite.zygote.preload import load_names
from workbench.suite.zygote.wire import receive_with_socket
control = socket.socket(fileno=int(sys.argv[1]))
load_names(sys.argv[2:])
children = set()
while told := receive_with_socket(control):
    order, end = told
    children -= {child for child in children if os.waitpid(child, os.WNOHANG)[0]}
    child = os.fork()
    if child:
        children.add(child)
        end.close()
        control.sendall(child.to_bytes(8, "big"))
        continue
    control.close()
    os.setsid()
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    tempfile.tempdir = None
    os.chdir(order["home"])
    errors = os.open("errors.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(errors, 2)
    os.close(errors)
    server.main(end.detach(), order["names"])
for child in children:
    os.waitpid(child, 0)
"""


# What the thin notebooks of most tests use.
FEW = ("workbench.data:open_unit", "workbench.report:finding", "workbench.report:metric")


class Forked:
    """As much of `subprocess.Popen` as is asked of the process, for one that is no child of ours.

    Parameters
    ----------
    pid
        Its number.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle: int | None = None
        with suppress(ProcessLookupError):
            self._handle = os.pidfd_open(pid)

    def _ended(self, seconds: float | None) -> bool:
        if self._handle is None:
            return True
        waited = select.poll()
        waited.register(self._handle, select.POLLIN)
        if not waited.poll(None if seconds is None else 1000 * seconds):
            return False
        os.close(self._handle)
        self._handle = None
        return True

    def poll(self) -> int | None:
        """Return nought once it has ended."""
        return 0 if self._ended(0) else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        if not self._ended(timeout):
            raise subprocess.TimeoutExpired("zygote", timeout or 0)
        return 0

    def send_signal(self, number: int) -> None:
        """Send it a signal, while it is there."""
        if self._handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Mother:
    """A process that has imported what every kernel needs, and the list of the machine's fonts.

    Parameters
    ----------
    folder
        Its own, empty.
    names
        What it imports beside what every kernel needs, as `names_used` returns it.
    """

    def __init__(self, folder: Path, names: Sequence[str] = FEW) -> None:
        (folder / "data").mkdir(parents=True)
        self._workspace = Workspace(folder)
        ours, theirs = socket.socketpair()
        environment = kernel_environment(self._workspace, folder, folder / "job.json")
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", SERVER, str(theirs.fileno()), *names],
                pass_fds=[theirs.fileno()],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        self._control = ours
        warm_fonts(self._workspace)

    def close(self) -> None:
        """End it."""
        self._control.close()
        self._process.wait(30)

    def start(self, zygote: Zygote) -> None:
        """Do what `Zygote.start` does, by a fork."""
        if zygote._process is not None:
            return
        zygote._home = tempfile.TemporaryDirectory(prefix="workbench-", ignore_cleanup_errors=True)
        home = Path(zygote._home.name).resolve()
        order = {
            "home": str(home),
            "environment": dict(zygote._environment(home)),
            "names": list(zygote._names),
        }
        ours, theirs = socket.socketpair()
        with theirs:
            send_with_socket(self._control, json.loads(json.dumps(order)), theirs)
            pid = int.from_bytes(self._control.recv(8, socket.MSG_WAITALL), "big")
        assert pid > 0, "the process to fork from has ended"
        zygote._process = Forked(pid)  # type: ignore[assignment]
        zygote._control = ours

    def list_fonts(self, workspace: Workspace) -> None:
        """Do what `warm_fonts` does, by a copy."""
        folder = matplotlib_folder(workspace)
        if not any(folder.glob("fontlist-*.json")):
            folder.mkdir(parents=True, exist_ok=True)
            for path in matplotlib_folder(self._workspace).glob("fontlist-*.json"):
                shutil.copy(path, folder)


@contextmanager
def quick_starts(mother: Mother) -> Iterator[None]:
    """Let runs in this process start quickly for a while."""
    if can_fork():
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Zygote, "start", lambda zygote: mother.start(zygote))
        for module in (desk, rebuild):
            patch.setattr(module, "warm_fonts", mother.list_fonts)
        yield
