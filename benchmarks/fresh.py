"""A run with nothing to do: what it takes over a hundred fresh reports.

    python benchmarks/fresh.py [--units 34] [--runs 5] [--folder /somewhere]

The demo suite's unit ``cirrus``, so often as asked under other names, with three reports each. All
is ingested and published once (not timed as such); then the same command again and again, as a
whole process. It looks at each source, at each job's key and at each edition, and writes the
portal; it starts no kernel. ``workbench status`` beside it.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from reports import call, make_project, measure

UNIT = "cirrus"
REPORTS = 3


def repeat(folder: Path, times: int) -> None:
    """Let the suite have one unit so often, and no other."""
    home = folder / "params" / "demo"
    text = (home / f"{UNIT}.yml").read_text()
    title = next(line for line in text.splitlines() if line.startswith("title:"))
    for path in home.glob("*.yml"):
        if path.name != "suite.yml":
            path.unlink()
    for number in range(times):
        named = text.replace(title, f"{title} {number + 1:02}", 1)
        (home / f"{UNIT}-{number + 1:02}.yml").write_text(named)


def show(name: str, work: Callable[[], object], runs: int) -> None:
    """Measure a command several times and print the median, the least and the most."""
    found = [measure(name, 0, work) for _ in range(runs)]
    walls, cpus = [one.wall for one in found], [one.cpu for one in found]
    print(
        f"{name:18} wall s: median {statistics.median(walls):.2f}, {min(walls):.2f} to "
        f"{max(walls):.2f}; CPU s: median {statistics.median(cpus):.2f}; "
        f"peak {max(one.peak_mb for one in found):.0f} MB",
        flush=True,
    )


def main() -> None:
    """Publish once, then measure runs that find all of it fresh."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=34)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder else")
    asked = parser.parse_args()
    jobs = asked.units * REPORTS
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="workbench-bench-") as made:
        folder = Path(made).resolve() / "project"
        folder.mkdir()
        make_project(folder)
        repeat(folder, asked.units)
        command = ("workbench", "--root", folder, "run", "demo", "--renderer", "embedded")
        first = measure("first", jobs, lambda: call(*command, cwd=folder))
        print(f"published {jobs} reports in {first.wall:.0f} s (ingest in it)", flush=True)

        def again() -> None:
            said = call(*command, cwd=folder)
            assert f"{jobs} ready ({jobs} unchanged)" in said, said

        show(f"run, {jobs} fresh", again, asked.runs)
        status = ("workbench", "--root", folder, "status", "demo")
        show(f"status, {jobs} fresh", lambda: call(*status, cwd=folder), asked.runs)


if __name__ == "__main__":
    main()
