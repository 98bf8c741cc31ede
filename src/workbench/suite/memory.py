"""How much memory jobs may hold together: what the machine or its container has free."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["memory_budget"]

SHARE = 0.8
"""The jobs' part of what is free: the run itself and the renderer need the rest."""
_LEAST_MB = 512.0
_UNKNOWN_MB = 4096.0
_MB = 1024.0 * 1024.0
_LIMITS = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))


def memory_budget(root: Path = Path("/")) -> float:
    """Return how many megabytes the jobs of a run may hold together, at least 512.

    It is the smallest of what the machine has free and what each control group around this process
    has left, files that the system only keeps at hand not counted.

    Parameters
    ----------
    root
        Where ``proc`` and ``sys`` are; a test puts files of its own there.
    """
    free = [*_machine(root / "proc" / "meminfo"), *_groups(root)]
    return max(_LEAST_MB, SHARE * min(free, default=_unknown()))


def _unknown() -> float:
    """Return half of the memory that is built in, where the system does not say what is free."""
    with suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _MB / 2
    return _UNKNOWN_MB


def _machine(path: Path) -> Iterator[float]:
    with suppress(OSError, ValueError):
        for line in path.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("MemAvailable:"):
                yield float(line.split()[1]) / 1024


def _groups(root: Path) -> Iterator[float]:
    """Yield what is left in each group that holds this process, version 2 and 1."""
    mounted = root / "sys" / "fs" / "cgroup"
    folders = {mounted, mounted / "memory"}
    with suppress(OSError):
        for line in (root / "proc" / "self" / "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in {"", "memory"}:
                own = mounted / controllers / path.strip("/")
                folders |= {one for one in (own, *own.parents) if one.is_relative_to(mounted)}
    for folder in sorted(folders):
        for most, now in _LIMITS:
            with suppress(OSError, ValueError):
                limit = float((folder / most).read_text())  # "max" is no number: no limit
                used = float((folder / now).read_text()) - _kept_at_hand(folder / "memory.stat")
                yield max(0.0, limit - used) / _MB


def _kept_at_hand(path: Path) -> float:
    """Return the bytes of files that the system would drop before it runs short."""
    told = dict(line.split() for line in path.read_text().splitlines())
    return float(told.get("total_inactive_file", told.get("inactive_file", 0)))
