"""One contestant of a benchmark at work, in a process of its own: seconds, CPU and peak memory.

Used by the benchmarks beside it; by itself it measures nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

CHILD = """
import json, os, resource, sys, time
path, threads, arguments = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
{prepare}
begun, spent = time.perf_counter(), time.process_time()
said = work()
wall, cpu = time.perf_counter() - begun, time.process_time() - spent
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
if os.path.exists("/proc/self/status"):  # the other is never below that of the process that starts
    with open("/proc/self/status") as lines:
        peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1e3
print(json.dumps({{"wall": wall, "cpu": cpu, "peak": peak, "said": str(said)}}))
"""


@dataclass(frozen=True)
class Run:
    """One run: seconds of wall and CPU, MB at the peak, what was found."""

    wall: float
    cpu: float
    peak: float
    said: str

    @property
    def digest(self) -> str:
        """Return a digest of what was found."""
        return hashlib.sha256(self.said.encode()).hexdigest()[:8] if self.said else ""


def run(python: str, prepare: str, path: Path, threads: int, *arguments: str) -> Run:
    """Let a contestant work.

    Parameters
    ----------
    python
        The interpreter, of an environment that has the contestant.
    prepare
        Code that defines ``work()``; before it, ``path``, ``threads`` and ``arguments`` are known.
        The time that it takes is not measured.
    path, threads, arguments
        What it works on, and with how many threads.
    """
    done = subprocess.run(
        [python, "-c", CHILD.format(prepare=prepare), str(path), str(threads), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "POLARS_MAX_THREADS": str(threads)},
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"a contestant failed:\n{done.stderr[-3000:]}")
    return Run(**json.loads(done.stdout.splitlines()[-1]))
