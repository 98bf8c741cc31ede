"""``workbench run``: a suite's reports, from the sources to the portal."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.cli.app import workspace_of
from workbench.cli.options import (
    AsOf,
    Kernel,
    Renderer,
    Reports,
    Suite,
    Units,
    as_of_day,
    suite_or_only,
)
from workbench.suite.compare.plain import one_line
from workbench.suite.limits import Limits
from workbench.suite.progress import make_progress
from workbench.suite.run import Choice, Outcome, RunResult
from workbench.suite.run import run as run_suite

__all__ = ["app"]

app = typer.Typer(add_completion=False)
_LOOK = {
    "ok": "[green]ready[/]",
    "failed": "[red]failed[/]",
    "stopped": "[yellow]held back[/]",
    "not_applicable": "[dim]not applicable[/]",
    "not_run": "[dim]not run[/]",
}
MANY_UNITS = 25
ALERTED = 3
HELD_BACK = 4


@app.command(epilog="Example: workbench run demo --unit atlas --report segmentation --jobs 2")
def run(
    suite: Suite = "",
    unit: Units = None,
    report: Reports = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Reports at once; one for each core.")
    ] = None,
    as_of: AsOf = "",
    renderer: Renderer = "auto",
    kernel: Kernel = "auto",
    force: Annotated[bool, typer.Option("--force", help="Run what is fresh, too.")] = False,
    failed: Annotated[
        bool, typer.Option("--failed", help="Run only what failed or was held back.")
    ] = False,
    why: Annotated[
        bool, typer.Option("--why", help="Say why each report is run, and which are fresh.")
    ] = False,
    memory: Annotated[
        float | None,
        typer.Option(min=100, help="Megabytes for all reports at once; most of what is free."),
    ] = None,
    fail_on_alert: Annotated[
        bool, typer.Option("--fail-on-alert", help="End with exit code 3 when there is an alert.")
    ] = False,
    fail_on_gate: Annotated[
        bool,
        typer.Option("--fail-on-gate", help="End with exit code 4 when a gate holds reports back."),
    ] = False,
    cell_timeout: Annotated[
        float, typer.Option(min=1, help="Seconds that one cell may run.")
    ] = Limits.cell_seconds,
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds that one report may run.")
    ] = Limits.notebook_seconds,
) -> None:
    """Read what is new, run the reports that are stale, and publish an edition for each unit.

    Exit code 0: all is good. 1: a report failed; the others are published. 2: wrong usage or
    parameters; nothing ran. 3: with --fail-on-alert, all is published and an alert is open.
    4: with --fail-on-gate, all that may be is published, and a unit's gate holds reports back.
    """
    workspace = workspace_of()
    name = suite_or_only(workspace, suite)
    choice = Choice(
        units=tuple(unit or ()),
        reports=tuple(report or ()),
        as_of=as_of_day(as_of),
        workers=jobs,
        renderer=renderer,
        kernel=kernel,
        force=force,
        failed=failed,
        why=why,
        memory_mb=memory,
        limits=Limits(cell_seconds=cell_timeout, notebook_seconds=timeout),
    )
    with make_progress(Console(stderr=True)) as progress:
        result = run_suite(workspace, name, choice, progress)
    _print_summary(Console(highlight=False), result)
    alerted = ALERTED if fail_on_alert and any(result.alerts.values()) else 0
    held = HELD_BACK if fail_on_gate and result.held_back else 0
    raise typer.Exit(result.exit_code or held or alerted)


def _print_summary(console: Console, result: RunResult) -> None:
    units = list(dict.fromkeys(outcome.unit for outcome in result.outcomes))
    if len(units) <= MANY_UNITS:
        console.print(_table(result, units))
    for outcome in result.outcomes:
        if outcome.state == "failed":
            console.print(f"[red]{outcome.unit}/{outcome.report}[/]: {escape(outcome.reason)}")
            if outcome.page is not None:
                console.print(f"  {outcome.page}", soft_wrap=True, markup=False)
    for name, reason in result.held_back.items():
        said = escape(one_line(f"reports are held back. {reason}"))
        console.print(f"[yellow]{name}[/]: {said}", soft_wrap=True)
    for name, problem in result.problems.items():
        console.print(f"[red]{name}[/]: {escape(problem)}", soft_wrap=True)
    for unit, alerts in result.alerts.items():
        for alert in alerts:
            style = "red" if alert["severity"] == "critical" else "yellow"
            said = escape(one_line(f"{alert['words']} (for {alert['owner']})"))
            console.print(f"[{style}]{unit}/{alert['report']}[/]: {said}", soft_wrap=True)
    console.print(_counts(result))
    console.print(f"Portal: {result.portal}", soft_wrap=True, markup=False)


def _table(result: RunResult, units: list[str]) -> Table:
    reports = list(dict.fromkeys(outcome.report for outcome in result.outcomes))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Unit", *reports):
        table.add_column(column)
    cells = {(outcome.unit, outcome.report): outcome for outcome in result.outcomes}
    for unit in units:
        table.add_row(unit, *(_cell(cells.get((unit, report))) for report in reports))
    return table


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    tail = " [dim](unchanged)[/]" if outcome.reused else ""
    return _LOOK[outcome.state] + (f" {outcome.seconds:.1f} s" if outcome.seconds else tail)


def _counts(result: RunResult) -> str:
    states = [outcome.state for outcome in result.outcomes]
    reused = sum(outcome.reused for outcome in result.outcomes)
    parts = [f"{states.count('ok')} ready"]
    if reused:
        parts[0] += f" ({reused} unchanged)"
    if "failed" in states:
        parts.append(f"[red]{states.count('failed')} failed[/]")
    if "stopped" in states:
        parts.append(f"[yellow]{states.count('stopped')} held back[/]")
    if "not_applicable" in states:
        parts.append(f"{states.count('not_applicable')} not applicable")
    return f"{', '.join(parts)} in {result.seconds:.1f} s"
