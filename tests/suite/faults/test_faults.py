"""Whatever breaks, the last good edition is served, and the next run puts all in order.

Some thirty faults; ``benchmarks/faults.py`` tries five hundred.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.faults import FIRST, SECOND, UNITS, World, flip, tmpfs

from workbench.errors import PublishError, WorkbenchError
from workbench.suite.editions import served
from workbench.suite.limits import Limits
from workbench.suite.lock import only_run

KILLS = 12


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.make(tmp_path_factory.mktemp("faults") / "project")


@pytest.fixture(scope="module")
def steps(made: World, tmp_path_factory: pytest.TempPathFactory) -> int:
    with made.copy(tmp_path_factory.mktemp("steps") / "project") as world:
        done = world.killed_at(0)
        assert done.returncode == 0, done.stderr
        return int(done.stdout)


@pytest.fixture
def world(made: World, tmp_path: Path) -> Iterator[World]:
    with made.copy(tmp_path / "project") as copy:
        yield copy


@pytest.mark.parametrize("part", range(KILLS))
def test_killed_at_a_step(world: World, steps: int, part: int) -> None:
    step = 1 + (steps - 1) * part // (KILLS - 1)
    done = world.killed_at(step)
    assert done.returncode == -signal.SIGKILL, done.stderr
    world.check_visible()
    world.check_recovers()


def test_killed_again_and_again(world: World, steps: int) -> None:
    for step in (steps // 2, steps // 3, steps // 4):
        world.killed_at(step)
        world.check_visible()
    world.check_recovers()


def _edition(world: World) -> Path:
    return world.workspace.unit_reports("faults", "north") / world.first["north"]


@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "results.json",
        "counts.html",
        "counts.ipynb",
        "changes.html",
        "alerts.json",
        "state/history.json",
    ],
)
def test_a_flipped_bit_in_the_served_edition(world: World, name: str) -> None:
    flip(_edition(world) / name, random.Random(7))
    found = world.result(FIRST)
    assert found.exit_code == 0
    assert found.editions["north"].id == world.first["north"]
    world.check_visible(days=(FIRST,))
    world.check_recovers()


@pytest.mark.parametrize("name", ["orders.parquet", "snapshot.json", "triage.json"])
def test_a_flipped_bit_in_the_snapshot(world: World, name: str) -> None:
    home = world.workspace.unit_data("faults", "south")
    digest = json.loads((home / "current.json").read_text())["snapshot"]
    flip(home / "snapshots" / digest / name, random.Random(7))
    found = world.result(FIRST)
    assert found.exit_code == 0
    assert found.editions["south"].id == world.first["south"]
    world.check_recovers()


@pytest.mark.parametrize(
    "place", ["reports/faults/north/served.json", "data/faults/north/current.json"]
)
def test_a_pointer_that_cannot_be_read(world: World, place: str) -> None:
    (world.root / place).write_bytes(b'{"edit')
    assert world.run(FIRST) == world.first, "with nothing new, what stood is shown again"
    shown = served(world.workspace.unit_reports("faults", "north"))
    assert shown is not None
    (world.root / place).write_bytes(b"")
    world.check_recovers()


def _told_by_a_run(world: World) -> str:
    """Return what a run that cannot do its work says of it."""
    try:
        found = world.result(SECOND)
    except (OSError, WorkbenchError) as error:
        return str(error)
    assert found.exit_code == 1
    return " ".join(found.problems.values())


@pytest.mark.parametrize("folder", ["reports", "data"])
def test_a_full_disk(world: World, folder: str) -> None:
    place = world.root / folder
    with tmpfs(place, "6m") as refused:
        if refused:
            pytest.skip(refused)
        filler = place / "filler"
        with filler.open("wb") as stream:
            try:
                while True:
                    stream.write(b"\0" * 65536)
                    stream.flush()
            except OSError:
                pass
        said = _told_by_a_run(world)
        assert "space" in said.lower()
        world.check_visible(days=(FIRST,))
        filler.unlink()
        world.check_recovers()


def test_a_folder_of_reports_that_cannot_be_written(world: World) -> None:
    with tmpfs(world.root / "reports", "6m") as refused:
        if refused:
            pytest.skip(refused)
        place = str(world.root / "reports")
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        said = _told_by_a_run(world)
        assert "read-only" in said.lower()
        subprocess.run(["mount", "-o", "remount,rw", place], check=True)
        world.check_visible(days=(FIRST,))
        world.check_recovers()


def test_two_runs_at_once(world: World) -> None:
    with only_run(world.root / "data" / "faults", "faults"):
        with pytest.raises(PublishError, match="another run"):
            world.run(SECOND)
        world.check_visible(days=(FIRST,))
    world.check_recovers()


BAD = {
    "hangs": ("while True:\n    pass", "CellTimeout"),
    "swells": ("held = []\nwhile True:\n    held.append(bytearray(10_000_000))", "MemoryLimit"),
    "dies": ("import os\nos.abort()", "KernelDied"),
    "floods": ("for _ in range(100):\n    print('x' * 1_000_000)", ""),
}


@pytest.mark.parametrize("name", BAD)
def test_a_notebook_that_takes_too_much(world: World, name: str) -> None:
    code, ename = BAD[name]
    path = world.root / "notebooks" / "spare.ipynb"
    good = path.read_text()
    path.write_text(good.replace("print('spare')", json.dumps(code)[1:-1]))
    limits = Limits(cell_seconds=4 if name == "hangs" else 120, memory_mb=900)
    found = world.result(SECOND, limits)
    states = {(one.unit, one.report): one for one in found.outcomes}
    for unit in UNITS:
        assert states[unit, "counts"].state == "ok", "a bad notebook holds up no other"
        spare = states[unit, "spare"]
        assert spare.reason.startswith(ename)
        assert spare.state == ("failed" if ename else "ok")
        edition = found.editions[unit].folder
        assert sum(file.stat().st_size for file in edition.rglob("*")) < 20_000_000
    path.write_text(good)
    world.check_recovers(published=True)
