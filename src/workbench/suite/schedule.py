"""Which job starts next, so that the machine is busy and its memory is enough.

Units are worked on in their order, so that the first ones are published early and an interrupt
keeps them; within a unit the longest job comes first. One that is so long that it would be the last
to end is started before its turn. What a job takes is what it took last time, as the run logs tell;
of one that never ran, its rows give an idea.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Cost", "Name", "Queue", "costs_of"]

Name = tuple[str, str]
"""A job's name: its unit and its report."""

PATIENCE = 8
"""How often a job may be passed over by smaller ones before nothing else is started."""
SLACK = 1.25
"""By how much a job may take longer than last time."""
MOST_LOGS = 20
"""How many run logs are looked through for what jobs took, the newest first."""
_FIRST_SECONDS, _ROWS_A_SECOND = 3.0, 200_000
_FIRST_MB, _ROWS_A_MB = 500.0, 2_000  # a kernel of a small report holds 250, Quarto 480


@dataclass(frozen=True)
class Cost:
    """What a job is expected to take.

    Parameters
    ----------
    seconds
        Wall-clock seconds.
    megabytes
        The most memory that it holds.
    """

    seconds: float
    megabytes: float


def costs_of(rows: Mapping[Name, int], logs: Path) -> dict[Name, Cost]:
    """Return what each job is expected to take.

    Parameters
    ----------
    rows
        Job -> the rows that it reads.
    logs
        The folder of the suite's run logs; it need not be there.
    """
    told = _told(set(rows), logs)
    found = {}
    for name, count in rows.items():
        known = told.get(name, {})
        found[name] = Cost(
            known.get("seconds", _FIRST_SECONDS + count / _ROWS_A_SECOND),
            known.get("peak_mb", _FIRST_MB + count / _ROWS_A_MB),
        )
    return found


def _told(wanted: set[Name], logs: Path) -> dict[Name, dict[str, float]]:
    """Return the newest that the logs tell of each job: ``seconds``, ``peak_mb``."""
    found: dict[Name, dict[str, float]] = {}
    open_names = set(wanted)
    for path in sorted(logs.glob("*.json"), reverse=True)[:MOST_LOGS]:
        if not open_names:
            break
        for name, job in _jobs(path):
            if name in open_names:
                told = {
                    key: float(job[key]) for key in ("seconds", "peak_mb") if _is_size(job, key)
                }
                found[name] = {**told, **found.get(name, {})}
                if len(found[name]) == 2:
                    open_names.discard(name)
    return found


def _jobs(path: Path) -> Iterable[tuple[Name, Mapping[str, Any]]]:
    """Return the jobs of a run log; none when it cannot be read: it is no more than a hint."""
    try:
        jobs = json.loads(path.read_bytes())["jobs"]
        return [((str(job["unit"]), str(job["report"])), job) for job in jobs]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _is_size(job: Mapping[str, Any], key: str) -> bool:
    value = job.get(key)
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


class Queue:
    """Jobs that wait, and the room that there is; what it answers depends on its calls alone.

    Parameters
    ----------
    workers
        How many jobs may run at once, at least 1.
    megabytes
        How much memory they may hold together. A job that wants more runs alone.

    Examples
    --------
    >>> queue = Queue(workers=2, megabytes=1000)
    >>> queue.add(("atlas", "triage"), Cost(2.0, 300))
    >>> queue.add(("atlas", "retention"), Cost(4.0, 600))
    >>> queue.take(), queue.take(), queue.take()
    (('atlas', 'retention'), ('atlas', 'triage'), None)
    """

    def __init__(self, workers: int, megabytes: float) -> None:
        self.workers, self.megabytes = max(1, workers), megabytes
        self._waiting: dict[Name, Cost] = {}
        self._running: dict[Name, Cost] = {}
        self._passed: dict[Name, int] = {}
        self._units: dict[str, int] = {}

    @property
    def waiting(self) -> tuple[Name, ...]:
        """Return the jobs that wait, in the order in which they would start one by one."""
        return tuple(sorted(self._waiting, key=self._turn))

    @property
    def running(self) -> tuple[Name, ...]:
        """Return the jobs that were taken and are not done."""
        return tuple(self._running)

    def add(self, name: Name, cost: Cost) -> None:
        """Let a job wait; units have their turn in the order in which they are first named."""
        if name in self._waiting or name in self._running:
            raise ValueError(f"{name} waits or runs already")
        self._units.setdefault(name[0], len(self._units))
        self._waiting[name] = cost

    def take(self) -> Name | None:
        """Return the job to start now, which then counts as running; None to wait for a `done`.

        None with nothing running means that nothing waits either.
        """
        if len(self._running) >= self.workers:
            return None
        passed: list[Name] = []
        for name in self._order():
            if self._fits(self._waiting[name]):
                for other in passed:
                    self._passed[other] = self._passed.get(other, 0) + 1
                self._running[name] = self._waiting.pop(name)
                return name
            if self._passed.get(name, 0) >= PATIENCE:
                return None  # it has waited long enough: what runs now makes room for it
            passed.append(name)
        return None

    def done(self, name: Name) -> None:
        """Give back a job's room."""
        del self._running[name]

    def drop(self) -> tuple[Name, ...]:
        """Forget all jobs that wait, and return them."""
        dropped = self.waiting
        self._waiting.clear()
        return dropped

    def _order(self) -> list[Name]:
        """Return who may start, best first: the one that would end last, then all in turn."""
        turn = list(self.waiting)
        if not turn:
            return turn
        longest = min(turn, key=lambda name: (-self._waiting[name].seconds, self._turn(name)))
        share = sum(cost.seconds for cost in self._waiting.values()) / self.workers
        if self._waiting[longest].seconds * SLACK >= share:
            turn.remove(longest)
            turn.insert(0, longest)
        return turn

    def _turn(self, name: Name) -> tuple[int, float, Name]:
        return self._units[name[0]], -self._waiting[name].seconds, name

    def _fits(self, cost: Cost) -> bool:
        held = sum(one.megabytes for one in self._running.values())
        return not self._running or held + cost.megabytes <= self.megabytes
