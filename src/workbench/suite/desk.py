"""Hands out the jobs, takes in what came of them, publishes each unit once it is complete."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING

from workbench.data.sources.secrets import redact
from workbench.errors import PublishError, WorkbenchError
from workbench.suite.assemble import Bench, UnitWork, finish
from workbench.suite.editions import Edition, Stage, clean
from workbench.suite.inputs import actions_folder
from workbench.suite.kernels import Kernels, open_kernels
from workbench.suite.late import import_jobs
from workbench.suite.limits import Limits
from workbench.suite.memory import memory_budget
from workbench.suite.plan import Job
from workbench.suite.progress import Progress
from workbench.suite.runlog import RunLog
from workbench.suite.schedule import Name, Queue, costs_of
from workbench.suite.warm import warm_fonts

if TYPE_CHECKING:
    from workbench.suite.jobs import Done

__all__ = ["Desk", "Room"]


@dataclass(frozen=True)
class Room:
    """What the jobs of a run may take.

    Parameters
    ----------
    workers
        How many jobs at once; the number of cores unless given.
    memory_mb
        The most memory that they should hold together, in megabytes; most of what this machine
        has free unless given.
    limits
        How much each may take; of memory no more than all together, unless told.
    kernel
        ``auto`` (forked where that is possible) or ``fresh``.
    """

    workers: int | None = None
    memory_mb: float | None = None
    limits: Limits = field(default_factory=Limits)
    kernel: str = "auto"


@dataclass(frozen=True)
class _Waiting:
    """A job with the edition that it is for."""

    work: UnitWork
    job: Job
    stage: Stage


class Desk:
    """Hands out the jobs of a run.

    Parameters
    ----------
    bench
        What all units share.
    room
        What the jobs may take.
    told
        Where to tell what happens.
    log
        Where the times go.
    problems
        Unit -> why nothing can be published for it; more are added.
    """

    def __init__(
        self, bench: Bench, room: Room, told: Progress, log: RunLog, problems: dict[str, str]
    ) -> None:
        self.bench, self.room, self.told, self.log = bench, room, told, log
        self.problems = problems
        self.editions: dict[str, Edition] = {}
        self.seconds: dict[Name, float] = {}

    def work(self, works: Iterable[UnitWork]) -> None:
        """Do all jobs; on an interrupt the running ones are ended and what is done is kept."""
        works = list(works)
        for work in works:
            clean(work.folder)
        jobs = sum(len(work.to_run) for work in works)
        self.told.planned(jobs)
        try:
            waiting = self._open(works)
            if jobs:
                self._do_all(waiting)
        finally:
            for work in works:
                work.discard()

    def _open(self, works: Iterable[UnitWork]) -> dict[Name, _Waiting]:
        """Publish what needs no job, and return the jobs of the rest."""
        waiting: dict[Name, _Waiting] = {}
        for work in works:
            if not work.to_run:
                self._publish(work)
                continue
            try:
                stage = work.stage
            except PublishError as error:
                self.problems[work.data.unit.name] = redact(str(error))
                continue
            for job in work.to_run:
                waiting[job.unit, job.report.name] = _Waiting(work, job, stage)
        return waiting

    def _do_all(self, waiting: dict[Name, _Waiting]) -> None:
        warm_fonts(self.bench.workspace)
        workers = self.room.workers or os.cpu_count() or 1
        budget = self.room.memory_mb or memory_budget()
        queue = Queue(workers, budget)
        logs = self.bench.workspace.data / self.bench.params.name / "runs"
        costs = costs_of({name: _rows(one.job) for name, one in waiting.items()}, logs)
        for each in waiting:
            queue.add(each, costs[each])
        limits = self.room.limits
        if limits.memory_mb is None:
            limits = replace(limits, memory_mb=budget)
        early = Thread(target=import_jobs)  # while the kernels are made ready
        early.start()
        notebooks = {one.job.report.path for one in waiting.values()}
        with open_kernels(self.bench.workspace, self.room.kernel, notebooks) as kernels:
            if kernels.why:
                self.told.step(f"Each report gets a kernel that starts anew: {kernels.why}")
            early.join()
            do = partial(self._do, limits=limits, kernels=kernels)
            self._hand_out(queue, waiting, do, kernels)

    def _hand_out(
        self,
        queue: Queue,
        waiting: Mapping[Name, _Waiting],
        do: Callable[[_Waiting], Done],
        kernels: Kernels,
    ) -> None:
        """Start each job as soon as there is room for it, and take in what came of it."""
        pool = ThreadPoolExecutor(queue.workers)
        running: dict[Future[Done], Name] = {}
        try:
            while True:
                while (name := queue.take()) is not None:
                    running[pool.submit(do, waiting[name])] = name
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    ended = running.pop(future)
                    queue.done(ended)
                    self._take(waiting[ended], future)
        except BaseException:
            queue.drop()
            pool.shutdown(wait=False, cancel_futures=True)
            kernels.stop()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _do(self, one: _Waiting, *, limits: Limits, kernels: Kernels) -> Done:
        self.told.started(one.job.unit, one.job.report.name)
        jobs = import_jobs()
        done: Done = jobs.do(
            jobs.Order(
                self.bench.workspace,
                one.job,
                actions_folder(self.bench.workspace, one.job.suite, one.job.unit),
                one.stage,
                self.bench.renderer,
                limits,
                kernels,
                one.work.last_good[one.job.report.name],
            )
        )
        return done

    def _take(self, one: _Waiting, future: Future[Done]) -> None:
        unit, report = one.job.unit, one.job.report.name
        try:
            done = future.result()
        except (WorkbenchError, OSError) as error:
            said = redact(str(error))
            self.problems[unit] = f"{report}: {said}"
            self.told.finished(unit, report, "failed", 0.0, said)
            return
        # What a notebook raised goes to the screen and the log, which nobody searches for secrets.
        entry = replace(done.entry, reason=redact(done.entry.reason))
        one.work.entries[report] = entry
        seconds = done.times["seconds"]
        self.seconds[unit, report] = seconds
        self.log.job(unit, report, entry.state, entry.reason, done.times)
        self.told.finished(unit, report, entry.state, seconds, entry.reason)
        if one.work.is_complete:
            self._publish(one.work)

    def _publish(self, work: UnitWork) -> None:
        try:
            edition = finish(self.bench, work)
        except WorkbenchError as error:
            self.problems[work.data.unit.name] = redact(str(error))
            return
        self.editions[work.data.unit.name] = edition
        self.log.edition(work.data.unit.name, edition.id)


def _rows(job: Job) -> int:
    return sum(job.snapshot.tables[name].rows for name in job.tables)
