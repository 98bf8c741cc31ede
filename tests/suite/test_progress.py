from __future__ import annotations

import io

from rich.console import Console

from workbench.suite.progress import Lines, Live, make_progress


def test_plain_lines_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    with make_progress(Console(file=out, width=200)) as progress:
        assert isinstance(progress, Lines)
        progress.step("Reading [the] sources")
        progress.detail("orders: reading", 0.5)
        progress.planned(1)
        progress.started("atlas", "good")
        progress.finished("atlas", "good", "ok", 1.23, "")
        progress.finished("atlas", "bad", "failed", 1, "KeyError: [b]")
    assert out.getvalue().splitlines() == [
        "Reading [the] sources",
        "1 report to run",
        "done atlas/good (1.2 s)",
        "FAILED atlas/bad (1.0 s): KeyError: [b]",
    ]


def test_a_bar_in_a_terminal_that_prints_failures_above_it() -> None:
    out = io.StringIO()
    with make_progress(Console(file=out, width=100, force_terminal=True)) as progress:
        assert isinstance(progress, Live)
        progress.step("Reading")
        progress.detail("orders: reading", 0.5)
        progress.detail("orders: checking", None)
        progress.planned(2)
        for report in ("a", "b"):
            progress.started("atlas", report)
        progress.finished("atlas", "a", "failed", 1, "KeyError")
        progress.finished("atlas", "b", "ok", 1, "")
        assert progress.running == []
    assert "FAILED atlas/a (1.0 s): KeyError" in out.getvalue()


def test_a_step_of_unknown_length_pulses() -> None:
    with make_progress(Console(file=io.StringIO(), width=100, force_terminal=True)) as progress:
        assert isinstance(progress, Live)
        (task,) = progress.bar.tasks
        progress.detail("orders: reading", 0.5)
        assert (task.total, task.completed) == (100, 50)
        progress.detail("orders: checking", None)
        assert (task.total, task.completed) == (None, 0)
