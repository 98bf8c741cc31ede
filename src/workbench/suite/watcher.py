"""Watches over the memory of a kernel that another process runs, and ends it at its limit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from workbench.suite.limits import Limits
from workbench.suite.record import Record

__all__ = ["Watcher"]

_TICK = 0.1


class Watcher:
    """Looks at a process from time to time while a notebook runs in it.

    Parameters
    ----------
    find
        Returns the process, or None before it has started.
    limits
        What it may hold; without a limit it is only measured.
    record
        Where to note its processor time and memory, and that it held too much.
    """

    def __init__(self, find: Callable[[], Any], limits: Limits, record: Record) -> None:
        self._find, self._limits, self._record = find, limits, record
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_TICK):
            process = self._find()
            if process is None:
                continue
            held = _held_mb(process.pid)
            self._record.peak_mb = max(self._record.peak_mb, held)
            if self._limits.memory_mb is not None and held > self._limits.memory_mb:
                self._record.too_large(self._limits)
                process.kill()
                return


def _held_mb(pid: int) -> float:
    """Return the memory that a process holds, in megabytes; 0 where that cannot be told."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    for line in lines.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
