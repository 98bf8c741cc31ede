"""What a fork does before the notebook begins: its own session, folder, variables and chance."""

from __future__ import annotations

import asyncio
import ctypes
import os
import random
import signal
import socket
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from workbench.suite.zygote.shell import make_kernel
from workbench.suite.zygote.streams import Files, redirect
from workbench.suite.zygote.wire import Wire

__all__ = ["run_child"]

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>


def run_child(order: dict[str, Any], end: socket.socket) -> None:
    """Run a notebook's cells in this process, which was forked for it, and end the process.

    Parameters
    ----------
    order
        ``folder``, ``environment``, ``cells`` (each with ``index``, ``source`` and ``tolerant``).
    end
        Where to send what comes of it.
    """
    code = 1
    try:
        _own_process(end, order)
        wire = Wire(end)
        files = redirect(order["folder"])
        wire.send(op="started", pid=os.getpid())
        _run(order["cells"], wire, files)
        code = 0
    except SystemExit as asked:
        code = asked.code if isinstance(asked.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever it is, the suite is told
        with suppress(BaseException):
            Wire(end).send(op="broken", text=traceback.format_exc())
    finally:
        os._exit(code)  # no handler of the process that it was forked from may run


def _own_process(end: socket.socket, order: dict[str, Any]) -> None:
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _close_others(end.fileno())
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    tempfile.tempdir = None
    file = f"{order['folder']}/kernel.json"
    sys.argv = [order["launcher"], "-f", file, "--HistoryManager.hist_file=:memory:"]
    # A fork has its parent's state of chance; each kernel starts from one of its own.
    random.seed()
    import_module("numpy.random").seed()


def _close_others(kept: int) -> None:
    """Close every file but the three standard ones and our socket: nothing leaks into a job."""
    for number in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if number > 2 and number != kept:
            with suppress(OSError):  # the one that listed them
                os.close(number)


def _run(cells: list[dict[str, Any]], wire: Wire, files: Files) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    kernel = make_kernel(wire, files)
    wire.send(op="ready")
    for cell in cells:
        wire.send(op="begin", index=cell["index"])
        reply = loop.run_until_complete(
            kernel.do_execute(cell["source"], False, store_history=True, allow_stdin=False)
        )
        sys.stdout.flush()
        sys.stderr.flush()
        files.hand_on()
        failed = reply["status"] == "error"
        wire.send(op="end", index=cell["index"], failed=failed)
        if failed and not cell["tolerant"]:
            break
        if kernel.shell.exit_now:
            if cell is not cells[-1]:
                raise SystemExit(0)
            break
    wire.send(op="done", language_info=kernel.language_info)
