from __future__ import annotations

import heapq
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.suite.memory import memory_budget
from workbench.suite.schedule import PATIENCE, Cost, Name, Queue, costs_of

SECONDS = st.floats(0.1, 600)
MEGABYTES = st.floats(1, 2000)
COSTS = st.lists(st.builds(Cost, SECONDS, MEGABYTES), max_size=30)


def named(costs: Sequence[Cost]) -> dict[Name, Cost]:
    """Return four jobs a unit."""
    return {(f"u{place // 4}", f"r{place % 4}"): cost for place, cost in enumerate(costs)}


def simulate(jobs: dict[Name, Cost], workers: int, megabytes: float) -> list[tuple[float, Name]]:
    """Work a queue off with jobs that take what was expected; return when each one started.

    At each moment, what must always hold is asserted.
    """
    queue = Queue(workers, megabytes)
    for name, cost in jobs.items():
        queue.add(name, cost)
    started: list[tuple[float, Name]] = []
    running: list[tuple[float, Name]] = []
    now = 0.0
    while True:
        while (name := queue.take()) is not None:
            started.append((now, name))
            heapq.heappush(running, (now + jobs[name].seconds, name))
        assert set(queue.running) == {name for _, name in running}
        assert len(running) <= workers
        held = sum(jobs[name].megabytes for _, name in running)
        assert held <= megabytes or len(running) == 1
        if not running:
            assert not queue.waiting
            return started
        now, name = heapq.heappop(running)
        queue.done(name)


@given(COSTS, st.integers(1, 6), st.floats(10, 4000))
def test_all_jobs_run_once_within_workers_and_memory(
    costs: list[Cost], workers: int, megabytes: float
) -> None:
    jobs = named(costs)
    started = simulate(jobs, workers, megabytes)
    assert sorted(name for _, name in started) == sorted(jobs)
    assert started == simulate(jobs, workers, megabytes)


@given(st.lists(SECONDS, min_size=1, max_size=30), st.integers(1, 6))
def test_with_memory_enough_no_worker_idles_while_a_job_waits(
    seconds: list[float], workers: int
) -> None:
    """Graham's bound of 1966: then the end is within (2 - 1/m) of the best."""
    jobs = named([Cost(one, 1) for one in seconds])
    end = max(begun + jobs[name].seconds for begun, name in simulate(jobs, workers, 1e9))
    best = max(max(seconds), sum(seconds) / workers)
    assert end <= (2 - 1 / workers) * best * (1 + 1e-9)


def test_a_long_job_at_the_end_of_the_line_goes_before_its_turn() -> None:
    jobs = {(f"u{unit:02d}", "short"): Cost(3.0, 1) for unit in range(30)}
    jobs["u29", "long"] = Cost(90.0, 1)
    started = simulate(jobs, 2, 1e9)
    assert started[0][1] == ("u29", "long")
    assert max(begun + jobs[name].seconds for begun, name in started) == 90.0


def test_a_long_job_waits_its_turn_while_the_others_take_longer() -> None:
    jobs = {(f"u{unit:02d}", "short"): Cost(3.0, 1) for unit in range(30)}
    jobs["u29", "long"] = Cost(9.0, 1)
    started = simulate(jobs, 2, 1e9)
    assert [name for _, name in started[:3]] == [(f"u0{unit}", "short") for unit in range(3)]
    assert max(begun + jobs[name].seconds for begun, name in started) <= 51.0


def test_a_long_one_does_not_hold_up_others() -> None:
    jobs = {("a", "long"): Cost(100.0, 1)} | {("a", f"s{n}"): Cost(1.0, 1) for n in range(10)}
    started = {name: begun for begun, name in simulate(jobs, 2, 1e9)}
    assert max(started.values()) < 10.0


def test_units_have_their_turn_in_the_order_of_the_suite_and_the_longest_job_first() -> None:
    queue = Queue(1, 1000)
    for name, seconds in {
        ("z", "a"): 1.0,
        ("z", "b"): 2.0,
        ("a", "c"): 1.0,
        ("a", "d"): 1.0,
    }.items():
        queue.add(name, Cost(seconds, 1))
    assert queue.waiting == (("z", "b"), ("z", "a"), ("a", "c"), ("a", "d"))


def test_a_job_larger_than_the_memory_runs_alone() -> None:
    queue = Queue(3, 1000)
    queue.add(("a", "huge"), Cost(9.0, 5000))
    queue.add(("a", "small"), Cost(1.0, 1))
    assert queue.take() == ("a", "huge")
    assert queue.take() is None
    queue.done(("a", "huge"))
    assert queue.take() == ("a", "small")


def test_small_jobs_pass_a_large_one_only_so_often() -> None:
    queue = Queue(2, 1000)
    queue.add(("a", "first"), Cost(100.0, 10))
    assert queue.take() == ("a", "first")
    queue.add(("a", "large"), Cost(50.0, 995))
    for number in range(100):
        queue.add(("b", f"s{number}"), Cost(1.0, 10))
    taken = 0
    while (name := queue.take()) is not None:
        assert name != ("a", "large")
        taken += 1
        queue.done(name)
    assert taken == PATIENCE
    queue.done(("a", "first"))
    assert queue.take() == ("a", "large")


def test_a_job_is_not_added_twice() -> None:
    queue = Queue(1, 1)
    queue.add(("a", "b"), Cost(1, 1))
    with pytest.raises(ValueError, match="waits or runs already"):
        queue.add(("a", "b"), Cost(1, 1))


def test_what_waits_can_be_dropped() -> None:
    queue = Queue(1, 1)
    queue.add(("a", "b"), Cost(1, 1))
    queue.add(("a", "c"), Cost(1, 1))
    queue.take()
    assert queue.drop() == (("a", "c"),)
    assert queue.running == (("a", "b"),)
    assert queue.take() is None


def log(folder: Path, name: str, jobs: object) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps({"jobs": jobs}))


def test_what_a_job_took_last_is_what_it_is_expected_to_take(tmp_path: Path) -> None:
    logs = tmp_path / "runs"
    told = {"unit": "a", "report": "r", "state": "ok"}
    log(logs, "20250101T000000-1", [told | {"seconds": 9.0, "peak_mb": 700.0}])
    log(logs, "20250102T000000-1", [told | {"seconds": 4.0}])
    log(logs, "20250103T000000-1", [])
    assert costs_of({("a", "r"): 10}, logs) == {("a", "r"): Cost(4.0, 700.0)}


def test_a_job_that_never_ran_is_judged_by_its_rows(tmp_path: Path) -> None:
    few, many = costs_of({("a", "r"): 0, ("a", "s"): 10_000_000}, tmp_path / "none").values()
    assert few.seconds < many.seconds
    assert few.megabytes < many.megabytes


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"jobs": 1}', '{"jobs": [1]}', '{"jobs": [{"unit": "a"}]}', "\x00"]
)
def test_a_log_that_cannot_be_read_is_no_more_than_a_lost_hint(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / "1.json").write_text(content)
    assert costs_of({("a", "r"): 0}, tmp_path) == costs_of({("a", "r"): 0}, tmp_path / "none")


@pytest.mark.parametrize("value", [True, -1.0, 0, "9", None])
def test_a_time_that_is_none_is_left_aside(tmp_path: Path, value: object) -> None:
    log(tmp_path, "1", [{"unit": "a", "report": "r", "seconds": value, "peak_mb": value}])
    assert costs_of({("a", "r"): 0}, tmp_path) == costs_of({("a", "r"): 0}, tmp_path / "none")


def write(root: Path, name: str, content: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(content)


def test_memory_is_what_the_machine_has_free(tmp_path: Path) -> None:
    write(tmp_path, "proc/meminfo", "MemTotal: 9000000 kB\nMemAvailable:   2048000 kB\n")
    assert memory_budget(tmp_path) == pytest.approx(0.8 * 2000)


def test_memory_is_what_the_container_has_left(tmp_path: Path) -> None:
    """Version 2: limit minus use, what is only kept at hand not counted as used."""
    write(tmp_path, "proc/meminfo", "MemAvailable: 20480000 kB\n")
    write(tmp_path, "proc/self/cgroup", "0::/pod/job\n")
    folder = "sys/fs/cgroup/pod"
    write(tmp_path, f"{folder}/memory.max", f"{3000 * 1024 * 1024}\n")
    write(tmp_path, f"{folder}/memory.current", f"{1500 * 1024 * 1024}\n")
    write(tmp_path, f"{folder}/memory.stat", f"anon 5\ninactive_file {500 * 1024 * 1024}\n")
    write(tmp_path, f"{folder}/job/memory.max", "max\n")
    assert memory_budget(tmp_path) == pytest.approx(0.8 * 2000)


def test_memory_of_the_older_groups(tmp_path: Path) -> None:
    write(tmp_path, "proc/meminfo", "MemAvailable: 20480000 kB\n")
    write(tmp_path, "proc/self/cgroup", "4:memory:/x/y\n1:cpu:/\n")
    folder = "sys/fs/cgroup/memory/x/y"
    write(tmp_path, f"{folder}/memory.limit_in_bytes", f"{1000 * 1024 * 1024}\n")
    write(tmp_path, f"{folder}/memory.usage_in_bytes", "0\n")
    write(tmp_path, f"{folder}/memory.stat", "total_inactive_file 0\n")
    assert memory_budget(tmp_path) == pytest.approx(800)


def test_memory_is_never_less_than_one_job_wants(tmp_path: Path) -> None:
    write(tmp_path, "proc/meminfo", "MemAvailable: 1 kB\n")
    assert memory_budget(tmp_path) == 512


def test_memory_of_a_system_that_does_not_tell(tmp_path: Path) -> None:
    assert memory_budget(tmp_path) >= 512
