"""Reports a minute: this package beside the plain ways to run and render the same notebooks.

    python benchmarks/reports.py [--small] [--only workbench,plain] [--folder /somewhere]

The demo suite's units x reports x two days, all contestants in one run, one after the other:

    workbench       ``workbench run``, as it comes: a fork for each report, jobs side by side
    fresh kernels   ``workbench run --kernel fresh``: an ordinary kernel for each report
    plain           a shell loop of ``papermill`` and ``jupyter nbconvert --to html``
    plain, 2 at once    the same, two at a time with ``xargs -P 2``
    one process     ``papermill.execute_notebook`` and nbconvert's HTMLExporter in one process

Data are ingested before and not timed; all byte-code is compiled before. Ours does more than the
others: it checks the sources, compares with the edition before, writes tables, manifest and portal.
Processor seconds are those of all processes that ended; peak memory is the largest sum of the
proportional set sizes of all processes at once, looked at five times a second.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
DAYS = ("2025-05-31", "2025-06-30")
REPORTS = ("triage", "segmentation", "experiments", "retention")
UNITS = ("atlas", "brook", "cirrus")
BIN = Path(sys.executable).parent
IN_ONE_PROCESS = """
import json, sys
from pathlib import Path
import papermill
from nbconvert import HTMLExporter
jobs, out = json.loads(sys.argv[1]), Path(sys.argv[2])
for number, job in enumerate(jobs):
    made = out / f"{number}.ipynb"
    papermill.execute_notebook(
        job["notebook"], made, job["parameters"], kernel_name="python3", progress_bar=False
    )
    html, _ = HTMLExporter().from_filename(str(made))
    made.with_suffix(".html").write_text(html, encoding="utf-8")
"""


@dataclass(frozen=True)
class Job:
    """A notebook with its parameters."""

    unit: str
    report: str
    day: str
    snapshot: str

    @property
    def parameters(self) -> dict[str, str]:
        """Return what the notebook is told."""
        return {"suite": "demo", "unit": self.unit, "snapshot": self.snapshot}


@dataclass(frozen=True)
class Measured:
    """What a contestant took."""

    name: str
    jobs: int
    wall: float
    cpu: float
    peak_mb: float

    @property
    def a_minute(self) -> float:
        """Return the jobs a minute."""
        return 60 * self.jobs / self.wall


class Memory:
    """Samples the memory of all processes that this one started."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            held = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    held += process.memory_full_info().pss
                except (psutil.Error, OSError):
                    continue
            self.peak = max(self.peak, held / 2**20)


def call(*command: str | Path, cwd: Path, **more: str) -> str:
    """Run a command of the benchmark's environment and return what it printed."""
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **more}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def measure(name: str, jobs: int, *works: Callable[[], object]) -> Measured:
    """Do some work in other processes and return what it took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with Memory() as memory:
        began = time.perf_counter()
        for work in works:
            work()
        wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    return Measured(name, jobs, wall, cpu, memory.peak)


def make_project(folder: Path) -> None:
    """Write a project with the demo suite and its raw data."""
    for name in ("params", "notebooks"):
        shutil.copytree(ROOT / name, folder / name)
    call("workbench", "--root", folder, "demo", cwd=folder)


def ingest(folder: Path, day: str) -> None:
    """Ingest the demo suite as of a day."""
    call("workbench", "--root", folder, "ingest", "demo", "--as-of", day, cwd=folder)


def jobs_of(folder: Path, units: Iterable[str], days: Iterable[str]) -> list[Job]:
    """Return the jobs of units and days: those that the suite finds applicable."""
    found = []
    for day in days:
        ingest(folder, day)
        for unit in units:
            home = folder / "data" / "demo" / unit
            snapshot = json.loads((home / "current.json").read_text())["snapshot"]
            tables = json.loads((home / "snapshots" / snapshot / "snapshot.json").read_text())
            rows = {name: table["rows"] for name, table in tables["tables"].items()}
            for report in REPORTS:
                needs = {"segmentation": ["orders"], "experiments": ["assignments"]}.get(report, [])
                if all(rows.get(table) for table in needs):
                    found.append(Job(unit, report, day, snapshot))
    return found


def ours(folder: Path, jobs: list[Job], *options: str) -> Measured:
    """Run the suite itself, a day after the other, from an empty folder of reports."""
    shutil.rmtree(folder / "reports", ignore_errors=True)
    units = [f"--unit={unit}" for unit in dict.fromkeys(job.unit for job in jobs)]
    walls, cpus, peaks = 0.0, 0.0, 0.0
    for day in dict.fromkeys(job.day for job in jobs):
        ingest(folder, day)  # of one day only is the newest snapshot; not timed
        command = ["workbench", "--root", str(folder), "run", "demo", "--as-of", day, *units]
        command += ["--renderer", "embedded", *options]
        taken = measure("", 0, lambda command=command: call(*command, cwd=folder))
        walls, cpus, peaks = walls + taken.wall, cpus + taken.cpu, max(peaks, taken.peak_mb)
    made = len(list((folder / "reports").glob("demo/*/*/*.ipynb")))
    assert made == len(jobs), f"{made} reports instead of {len(jobs)}"
    return Measured("", len(jobs), walls, cpus, peaks)


def commands(folder: Path, jobs: list[Job], out: Path) -> list[str]:
    """Return one shell command for each job: execute the notebook, make a page of it."""
    found = []
    for number, job in enumerate(jobs):
        told = " ".join(f"-p {name} {value}" for name, value in job.parameters.items())
        notebook = folder / "notebooks" / f"{job.report}.ipynb"
        made = out / f"{number}.ipynb"
        found.append(
            f"papermill --no-progress-bar -k python3 {notebook} {made} {told} && "
            f"jupyter nbconvert --log-level ERROR --to html {made}"
        )
    return found


def plain(folder: Path, jobs: list[Job], at_once: int) -> Measured:
    """Run a shell loop of the two commands."""
    with tempfile.TemporaryDirectory() as made:
        out = Path(made)
        script = out / "jobs.txt"
        script.write_text("".join(f"{line}\n" for line in commands(folder, jobs, out)))
        loop = f"xargs -P {at_once} -d '\\n' -n 1 sh -c '$0' <{script}"
        loop = loop.replace("sh -c '$0'", "sh -c 'eval \"$0\"'")
        taken = measure(
            "", len(jobs), lambda: call("sh", "-c", loop, cwd=out, WORKBENCH_ROOT=str(folder))
        )
        assert len(list(out.glob("*.html"))) == len(jobs)
    return taken


def one_process(folder: Path, jobs: list[Job]) -> Measured:
    """Run Papermill's function and nbconvert's exporter in one process."""
    told = json.dumps(
        [
            {
                "notebook": str(folder / "notebooks" / f"{job.report}.ipynb"),
                "parameters": job.parameters,
            }
            for job in jobs
        ]
    )
    with tempfile.TemporaryDirectory() as made:
        out = Path(made)
        command = (sys.executable, "-c", IN_ONE_PROCESS, told, out)
        taken = measure("", len(jobs), lambda: call(*command, cwd=out, WORKBENCH_ROOT=str(folder)))
        assert len(list(out.glob("*.html"))) == len(jobs)
    return taken


def costs(folder: Path) -> None:
    """Print what each report took, as the run logs tell."""
    logs = sorted((folder / "data" / "demo" / "runs").glob("*.json"))
    found: dict[str, list[tuple[float, float, float]]] = {}
    for log in logs:
        for job in json.loads(log.read_text())["jobs"]:
            if job.get("cpu"):
                told = (job["cpu"], job["render"], job["peak_mb"])
                found.setdefault(job["report"], []).append(told)
    print("\nCost of a report in a fork (means): kernel CPU s, page CPU s, peak MB of the kernel")
    for report, told in sorted(found.items()):
        kernel, page, peak = (sum(part) / len(told) for part in zip(*told, strict=True))
        print(f"  {report:14} {kernel:6.2f} {page:6.2f} {peak:7.0f}")


def show(found: dict[str, Measured]) -> None:
    """Print the table, with each contestant's throughput beside ours."""
    best = found.get("workbench")
    head = f"{'':18} {'jobs':>5} {'wall s':>8} {'CPU s':>8} {'CPU s/job':>10} {'jobs/min':>9}"
    print(f"{head} {'peak MB':>8} {'ours is':>9}")
    for name, one in found.items():
        ratio = f"{best.a_minute / one.a_minute:8.1f}x" if best else ""
        print(
            f"{name:18} {one.jobs:5} {one.wall:8.1f} {one.cpu:8.1f} {one.cpu / one.jobs:10.2f} "
            f"{one.a_minute:9.1f} {one.peak_mb:8.0f} {ratio}"
        )


def main() -> None:
    """Measure all contestants, or the chosen ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="one unit, one day")
    parser.add_argument("--only", default="", help="contestants, with commas between")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder else")
    asked = parser.parse_args()
    compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2, workers=0)
    compileall.compile_dir(ROOT / "src", quiet=2)
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="workbench-bench-") as made:
        folder = Path(made).resolve() / "project"
        folder.mkdir()
        make_project(folder)
        units, days = (UNITS[:1], DAYS[:1]) if asked.small else (UNITS, DAYS)
        jobs = jobs_of(folder, units, days)
        contestants: dict[str, Callable[[], Measured]] = {
            "workbench": lambda: ours(folder, jobs),
            "fresh kernels": lambda: ours(folder, jobs, "--kernel", "fresh"),
            "plain": lambda: plain(folder, jobs, 1),
            "plain, 2 at once": lambda: plain(folder, jobs, 2),
            "one process": lambda: one_process(folder, jobs),
        }
        wanted = [name.strip() for name in asked.only.split(",") if name.strip()] or contestants
        warm = [job for job in jobs if job.report == "triage"][:1]
        one_process(folder, warm)  # the files of all are in the system's cache
        found = {}
        for name in contestants:
            if name in wanted:
                found[name] = contestants[name]()
                print(f"{name}: {found[name].wall:.1f} s", flush=True)
        show(found)
        costs(folder)


if __name__ == "__main__":
    main()
