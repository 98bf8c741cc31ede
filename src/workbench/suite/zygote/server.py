"""The process that imports the heavy packages once, and forks a clean child for each job."""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from workbench.suite.zygote.child import run_child
from workbench.suite.zygote.preload import load_names
from workbench.suite.zygote.shell import BACKEND
from workbench.suite.zygote.wire import Wire, receive_with_socket

__all__ = ["main", "threads"]


def threads() -> list[str]:
    """Return the names of this process's threads but the first: those that importing started."""
    own = str(os.getpid())
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        return []
    found = []
    for task in sorted(tasks.iterdir()):
        if task.name != own:
            with suppress(OSError):
                found.append((task / "comm").read_text(encoding="utf-8").strip())
    return found


def main(handle: int, names: list[str]) -> None:
    """Import, then fork a child for each job that is sent, until the other side is gone.

    Parameters
    ----------
    handle
        The file descriptor of the socket to the suite.
    names
        What to import beside what every kernel needs.
    """
    control = socket.socket(fileno=handle)
    if sys.modules.get("rfc3987_syntax", sys) is None:  # see `workbench.suite`
        del sys.modules["rfc3987_syntax"]
    os.environ.setdefault("MPLBACKEND", BACKEND)  # read when matplotlib is imported
    load_names(names)
    # Nobody steps through a job.
    setattr(import_module("ipykernel.debugger"), "_is_debugpy_available", False)  # noqa: B010
    gc.collect()
    gc.freeze()  # what is imported is not looked at again, so that its pages stay shared
    wake, woken = socket.socketpair()
    for end in (wake, woken):
        end.setblocking(False)
    signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    Wire(control).send(op="ready", threads=threads())
    _serve(control, wake)


def _serve(control: socket.socket, wake: socket.socket) -> None:
    live: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([control, wake], [], [])
        if wake in ready:
            with suppress(BlockingIOError):
                wake.recv(4096)
            _bury(live)
        if control not in ready:
            continue
        try:
            told = receive_with_socket(control)
        except OSError:
            told = None
        if told is None:
            break
        message, end = told
        # What stands in a buffer now would be written twice.
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            run_child(message, end)  # does not return
        live[child] = end
    for child in live:
        _end_group(child)
    os._exit(0)


def _bury(live: dict[int, socket.socket]) -> None:
    """Tell how each child that ended did so, and end what it left behind."""
    while True:
        try:
            child, status, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if child == 0:
            return
        end = live.pop(child, None)
        if end is None:
            continue
        _end_group(child)
        last = {
            "op": "exit",
            "code": os.waitstatus_to_exitcode(status),
            "cpu_seconds": used.ru_utime + used.ru_stime,
            "peak_mb": used.ru_maxrss / 1024,
        }
        with suppress(OSError):  # nobody listens any more
            end.setblocking(False)
            end.sendall(b"\n" + json.dumps(last).encode() + b"\n")
        end.close()


def _end_group(child: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
