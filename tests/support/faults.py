"""A small project that is run, broken in some way, looked at, and run again.

A run is killed at any of its steps: each time that it opens a file to write, makes, renames or
removes one in the project counts as a step. The run is a process of its own, and the kill is the
one that no program can catch.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import nbformat

from workbench.data.snapshots import current_snapshot, verify_snapshot
from workbench.suite.editions import Edition, damage, served, standing
from workbench.suite.limits import Limits
from workbench.suite.run import Choice, RunResult, run
from workbench.workspace import Workspace

__all__ = ["FIRST", "SECOND", "UNITS", "World", "flip", "tmpfs"]

FIRST, SECOND = "2025-05-31", "2025-06-30"
UNITS = ("north", "south")
SUITE = """
title: Faults
as_of: 2025-06-30
currency: GBP
timezone: UTC
owner: Insight
"""
UNIT = """
title: Shop {unit}
sources:
  orders:
    till: {{path: raw/{unit}.csv}}
"""
HOUSE = 'suite: str = ""  # the suite\nunit: str = ""  # the unit\nsnapshot: str = ""  # the data\n'
CELLS = {
    "counts": (
        "from workbench.data import open_unit\nfrom workbench.report import finding, metric",
        "lines = open_unit(suite, unit, snapshot).table('orders').shape[0]\n"
        "metric('lines', lines, label='Lines', unit='lines')\n"
        "finding(f'{lines} lines.', id='lines')",
    ),
    "spare": ("print('spare')",),
}
# Runs the suite and kills itself at a step; 0 for never, and then tells how many there were.
CHILD = """
import os, signal, sys, threading
from datetime import date
from pathlib import Path
root, at, day = Path(sys.argv[1]), int(sys.argv[2]), date.fromisoformat(sys.argv[3])
from workbench.suite.run import Choice, run
from workbench.workspace import Workspace
inside, steps, lock = str(root), 0, threading.Lock()
WRITES = os.O_WRONLY | os.O_RDWR
def hook(event, arguments):
    global steps
    if event == "open":
        path, mode, flags = arguments
        wanted = bool((flags or 0) & WRITES) or any(c in str(mode or "") for c in "wax+")
    else:
        wanted = event in {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"}
        path = arguments[0] if arguments else ""
    if not wanted or isinstance(path, int) or not os.fsdecode(path or "").startswith(inside):
        return
    with lock:
        steps += 1
        if steps == at:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
run(Workspace(root), "faults", Choice(as_of=day, renderer="embedded", workers=2))
print(steps)
"""


def _notebook(path: Path, cells: tuple[str, ...], order: int) -> None:
    made = nbformat.v4.new_notebook()
    made.metadata["workbench"] = {"tables": ["orders"], "any_of": [], "order": order}
    front = f"---\ntitle: {path.stem}\nquestion: q\nreader: r\ndecision: d\n---"
    declared = nbformat.v4.new_code_cell(HOUSE, id="parameters")
    declared.metadata["tags"] = ["parameters"]
    made.cells = [
        nbformat.v4.new_raw_cell(front, id="front"),
        declared,
        *(nbformat.v4.new_code_cell(one, id=f"c{n}") for n, one in enumerate(cells)),
    ]
    nbformat.write(made, path)


@dataclass(frozen=True)
class World:
    """A project with editions of a first day, and what its second day comes to when all is well.

    Parameters
    ----------
    root
        The project.
    first, second
        Unit -> the name of the edition of that day.
    """

    root: Path
    first: dict[str, str]
    second: dict[str, str]

    @classmethod
    def make(cls, root: Path) -> World:
        """Write the project, publish the first day, and learn from a copy what the second is."""
        for name in ("raw", "notebooks", "params/faults", "data", "reports"):
            (root / name).mkdir(parents=True)
        (root / "params" / "faults" / "suite.yml").write_text(SUITE)
        for unit in UNITS:
            (root / "params" / "faults" / f"{unit}.yml").write_text(UNIT.format(unit=unit))
            rows = [
                f"{unit}{n},c{n % 7},2025-0{4 + n % 3}-1{n % 9} 10:00:00,{n}.50" for n in range(60)
            ]
            head = "order_id,customer_id,ordered_at,amount"
            (root / "raw" / f"{unit}.csv").write_text("\n".join([head, *rows]) + "\n")
        for order, (name, cells) in enumerate(CELLS.items()):
            _notebook(root / "notebooks" / f"{name}.ipynb", cells, order)
        world = cls(root, {}, {})
        world.first.update(world.run(FIRST))
        with world.copy(root.parent / f"{root.name}-second") as other:
            world.second.update(other.run(SECOND))
        return world

    @contextmanager
    def copy(self, place: Path) -> Iterator[World]:
        """Give a copy of the project as it is, and remove it afterwards."""
        shutil.copytree(self.root, place, symlinks=True)
        try:
            yield World(place, self.first, self.second)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    @property
    def workspace(self) -> Workspace:
        """Return the project."""
        return Workspace(self.root)

    def result(self, day: str, limits: Limits | None = None) -> RunResult:
        """Run the suite and return what came of it."""
        choice = Choice(
            as_of=date.fromisoformat(day),
            renderer="embedded",
            limits=limits or Limits(),
        )
        return run(self.workspace, "faults", choice)

    def run(self, day: str) -> dict[str, str]:
        """Run the suite, all of which must be well, and return the editions that are served."""
        found = self.result(day)
        assert found.exit_code == 0, (found.problems, [one.reason for one in found.outcomes])
        return {name: edition.id for name, edition in found.editions.items()}

    def killed_at(self, step: int, day: str = SECOND) -> subprocess.CompletedProcess[str]:
        """Run the suite in another process that dies at a step; at 0 it says how many there are."""
        command = [sys.executable, "-c", CHILD, str(self.root), str(step), day]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)

    def check_visible(self, *, days: tuple[str, ...] = (FIRST, SECOND), damaged: str = "") -> None:
        """Check what a reader can see: each unit's edition of one of the days, whole; no others.

        A damaged edition, named by its unit and its own name, is one that is known to be so.
        """
        known = {FIRST: self.first, SECOND: self.second}
        for unit in UNITS:
            folder = self.workspace.unit_reports("faults", unit)
            shown = standing(folder)
            assert shown is not None, f"{unit}: nothing is served"
            if damaged:
                assert shown.manifest["as_of"] in days, shown.id
            else:
                assert shown.id in {known[day][unit] for day in days}, shown.id
            for place in folder.iterdir():
                if place.is_dir() and not place.name.startswith("."):
                    wrong = _wrong(place)
                    named = f"{unit}/{place.name}"
                    assert not wrong or named == damaged, f"{named}: {wrong}"
                    assert not wrong or place.name != shown.id, f"{named} is served"
        page = (self.root / "reports" / "faults" / "index.html").read_text(encoding="utf-8")
        assert page.rstrip().endswith("</html>")

    def check_recovers(self, *, published: bool = False, damaged: str = "") -> None:
        """Check that a plain run puts all in order: the editions of the second day, no remains.

        Where the disturbed run published editions of its own, the next ones follow those, and have
        other names; so have those that follow a damaged edition.
        """
        found = self.run(SECOND)
        if not published:
            assert damaged or found == self.second, f"{found} instead of {self.second}"
            self.check_visible(days=(SECOND,), damaged=damaged)
            for unit in UNITS:
                shown = served(self.workspace.unit_reports("faults", unit))
                assert shown is not None, f"{unit}: the pointer is not mended"
        remains = [
            path
            for path in self.root.rglob(".*")
            if path.name.startswith((".staging-", ".work-", ".draft-", ".pruned-"))
        ]
        assert not remains
        for unit in UNITS:
            verify_snapshot(current_snapshot(self.workspace.unit_data("faults", unit)))


def _wrong(place: Path) -> list[str]:
    """Return which files of an edition are not what it says, its manifest among them."""
    try:
        return damage(Edition(place, json.loads((place / "manifest.json").read_bytes())))
    except (ValueError, KeyError, AttributeError, TypeError):  # a bit of the manifest was flipped
        return ["manifest.json"]


def flip(path: Path, chance: random.Random) -> int:
    """Flip one bit of a file, and return which."""
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content) * 8)
    content[place // 8] ^= 1 << place % 8
    path.chmod(0o644)
    path.write_bytes(content)
    return place


@contextmanager
def tmpfs(place: Path, size: str) -> Iterator[str]:
    """Mount a small disk over a folder, with what was in it; give why not where that is refused."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        yield "only root may mount a small disk"
        return
    kept = place.with_name(f"{place.name}.kept")
    shutil.copytree(place, kept, symlinks=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        if done.returncode:
            yield f"a small disk cannot be mounted: {done.stderr.strip()}"
            return
        shutil.copytree(kept, place, symlinks=True, dirs_exist_ok=True)
        yield ""
    finally:
        subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)
        shutil.rmtree(kept, ignore_errors=True)
