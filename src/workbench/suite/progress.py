"""Says what a run is doing: a live bar in a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bar

__all__ = ["Lines", "Live", "Progress", "Silent", "make_progress"]

WORDS = {"ok": "done", "failed": "FAILED"}


class Progress(Protocol):
    """What a run tells while it works."""

    def step(self, text: str) -> None:
        """Say which step begins."""

    def detail(self, text: str, share: float | None) -> None:
        """Say what the step is doing now, and which share (0-1) of that is done, if known."""

    def planned(self, jobs: int) -> None:
        """Say how many jobs there are to run."""

    def because(self, unit: str, report: str, reasons: Iterable[str]) -> None:
        """Say why a job is to run; without reasons, that it is fresh."""

    def started(self, unit: str, report: str) -> None:
        """Say that a job begins."""

    def finished(self, unit: str, report: str, state: str, seconds: float, reason: str) -> None:
        """Say how a job ended."""

    def close(self) -> None:
        """Take the display down."""


class Silent:
    """Tells nothing."""

    def step(self, text: str) -> None:
        """Say nothing."""

    def detail(self, text: str, share: float | None) -> None:
        """Say nothing."""

    def planned(self, jobs: int) -> None:
        """Say nothing."""

    def because(self, unit: str, report: str, reasons: Iterable[str]) -> None:
        """Say nothing."""

    def started(self, unit: str, report: str) -> None:
        """Say nothing."""

    def finished(self, unit: str, report: str, state: str, seconds: float, reason: str) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Nothing is displayed."""


class Lines(Silent):
    """One plain line for each thing that happens: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def step(self, text: str) -> None:
        """Print the step."""
        self._print(text)

    def planned(self, jobs: int) -> None:
        """Print how many jobs there are."""
        self._print(f"{jobs} {'report' if jobs == 1 else 'reports'} to run")

    def because(self, unit: str, report: str, reasons: Iterable[str]) -> None:
        """Print why the job is to run."""
        said = "; ".join(reasons)
        self._print(f"{unit}/{report}: {said or 'fresh, nothing that it depends on changed'}")

    def finished(self, unit: str, report: str, state: str, seconds: float, reason: str) -> None:
        """Print how the job ended."""
        tail = f": {reason}" if reason else ""
        self._print(f"{WORDS.get(state, state)} {unit}/{report} ({seconds:.1f} s){tail}")

    def _print(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)


class Live(Lines):
    """A bar that fills up, with what is running now beside it."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self.running: list[str] = []
        self.bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self.task = self.bar.add_task("", total=None)
        self.bar.start()

    def step(self, text: str) -> None:
        """Show the step beside the bar."""
        self.bar.update(self.task, description=text)

    def detail(self, text: str, share: float | None) -> None:
        """Show what the step is doing now, and let the bar show how far it is."""
        done = None if share is None else round(100 * share)
        # update() takes a total of None for "as before": a bar of unknown length is set by hand.
        self.bar.tasks[self.task].total = None if done is None else 100
        self.bar.update(self.task, description=text, completed=done or 0)

    def planned(self, jobs: int) -> None:
        """Give the bar its length."""
        self.bar.update(self.task, total=jobs, completed=0)

    def started(self, unit: str, report: str) -> None:
        """Show what is running."""
        self.running.append(f"{unit}/{report}")
        self._describe()

    def finished(self, unit: str, report: str, state: str, seconds: float, reason: str) -> None:
        """Move the bar on; a failure is also printed above it."""
        if f"{unit}/{report}" in self.running:
            self.running.remove(f"{unit}/{report}")
        self.bar.advance(self.task)
        self._describe()
        if state == "failed":
            super().finished(unit, report, state, seconds, reason)

    def close(self) -> None:
        """Take the bar away."""
        self.bar.stop()

    def _describe(self) -> None:
        shown = ", ".join(self.running[:3])
        more = f" and {len(self.running) - 3} more" if len(self.running) > 3 else ""
        self.bar.update(self.task, description=f"{shown}{more}")


class make_progress:  # noqa: N801 - reads as a statement: with make_progress(console)
    """Gives the display that fits where the output goes, and takes it down at the end."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def __enter__(self) -> Progress:
        self.shown: Progress = (
            Live(self.console) if self.console.is_terminal else Lines(self.console)
        )
        return self.shown

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shown.close()
