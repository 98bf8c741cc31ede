"""An IPython kernel without sockets: what it would publish is recorded."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.jsonutil import json_clean
from jupyter_client.session import Session
from traitlets.config import Config

from workbench.suite.limits import MOST_OUTPUT
from workbench.suite.zygote.streams import Files, install
from workbench.suite.zygote.wire import Wire

__all__ = ["BACKEND", "make_kernel"]

BACKEND = "module://matplotlib_inline.backend_inline"


class _Recorder:
    """Sends on what a kernel publishes, and of what it prints no more than a cell may keep."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._printed = 0

    def publish(self, kind: str, content: Mapping[str, Any]) -> None:
        """Send a message that shows in the notebook."""
        if kind == "execute_input":
            self._printed = 0
        else:
            self._wire.send(op="message", kind=kind, content=content)

    def begin(self) -> None:
        """Note that a cell begins."""
        self._printed = 0

    def printed(self, name: str, text: str) -> None:
        """Send a printed text; beyond what a cell may keep, only its length."""
        room = max(0, MOST_OUTPUT - self._printed)
        self._printed += len(text)
        kept, rest = text[:room], len(text) - room
        self._wire.send(op="printed", name=name, text=kept, cut=max(0, rest))


class _Session(Session):
    """A session that hands its messages to a recorder."""

    recorder: _Recorder

    def send(self, stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **__: Any) -> Any:
        """Record a message instead of sending it."""
        kind = msg_or_type
        if isinstance(msg_or_type, Mapping):
            kind, content = msg_or_type["header"]["msg_type"], msg_or_type["content"]
        told = json_clean(dict(content or {}))  # type: ignore[no-untyped-call]
        self.recorder.publish(str(kind), told)
        return {"content": content}


class _Kernel(IPythonKernel):
    """A kernel that keeps no history on the disk and no place to step through code."""

    recorder: _Recorder

    async def do_execute(self, *args: Any, **options: Any) -> Any:
        """Run a cell, counting what it prints anew."""
        self.recorder.begin()
        return await self._as_deep(*args, **options)

    async def _as_deep(self, *args: Any, **options: Any) -> Any:
        """Run a cell as many calls deep as in an ordinary kernel, for recursion without end."""
        return await super().do_execute(*args, **options)  # type: ignore[no-untyped-call]


class _NoLoop:
    """Stands where a kernel has the loop of its sockets; ``exit`` asks it to stop."""

    def call_later(self, *_: Any) -> None:
        """Do nothing: the child looks at ``exit_now`` itself."""

    def stop(self) -> None:
        """Do nothing."""


def _allow_working_folder() -> None:
    """Let modules be imported from the working folder: before installed ones, after Python's."""
    if "" not in sys.path:
        ends = [Path(place).name in {"site-packages", "dist-packages"} for place in sys.path]
        sys.path.insert(ends.index(True) if True in ends else len(ends), "")


def _quiet() -> logging.Logger:
    """Return a log that nobody reads: what a cell did wrong stands in the notebook."""
    log = logging.getLogger("workbench.kernel")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    return log


def make_kernel(wire: Wire, files: Files) -> Any:
    """Return a kernel of this process, set up as an ordinary one sets itself up.

    Parameters
    ----------
    wire
        Where to send what it publishes.
    files
        What is written below Python.
    """
    os.environ.setdefault("MPLBACKEND", BACKEND)
    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    os.environ.setdefault("PYDEVD_USE_FRAME_EVAL", "NO")
    recorder = _Recorder(wire)
    install(recorder.printed, files)
    config = Config({"HistoryManager": {"enabled": False}})
    session = _Session(config=config, key=b"")
    session.recorder = recorder
    made: Any = _Kernel
    kernel = made(config=config, session=session, iopub_socket=None, log=_quiet())
    kernel.recorder = recorder
    kernel.io_loop = _NoLoop()
    kernel.shell_channel_thread = SimpleNamespace(parent_thread=None)  # no messages arrive there
    _allow_working_folder()
    kernel.shell.extension_manager.load_extension("storemagic")
    return kernel
