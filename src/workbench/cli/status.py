"""``workbench status``: what is fresh, what is stale, and why."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.cli.app import workspace_of
from workbench.cli.options import AsOf, Renderer, Suite, as_of_day, suite_or_only
from workbench.params import load_suite
from workbench.suite.inputs import known
from workbench.suite.notebook import find_reports
from workbench.suite.render import find_renderer
from workbench.suite.status import suite_status

__all__ = ["app"]

app = typer.Typer(add_completion=False)
_LOOK = {
    "fresh": "[green]fresh[/]",
    "stale": "[yellow]stale[/]",
    "failed": "[red]failed[/]",
    "stopped": "[yellow]held back[/]",
    "not_applicable": "[dim]not applicable[/]",
    "never_run": "[dim]never run[/]",
}


@app.command(epilog="Example: workbench status demo")
def status(suite: Suite = "", as_of: AsOf = "", renderer: Renderer = "auto") -> None:
    """Say for each unit and report whether it is fresh, stale (and why), or failed.

    It compares with the data that were ingested last; no source is read.
    """
    workspace = workspace_of()
    params = load_suite(workspace, suite_or_only(workspace, suite), as_of_day(as_of))
    reports = find_reports(workspace.notebooks)
    found = find_renderer(renderer)
    units, snapshots = known(workspace, params)
    named = {"name": found.name, "version": found.version}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Unit", "Report", "State", "Why"):
        table.add_column(column)
    last = ""
    for row in suite_status(workspace, params, units, reports, snapshots, named):
        unit = row.unit.name
        table.add_row(
            unit if unit != last else "",
            row.report.name,
            _LOOK[row.condition],
            escape("; ".join(row.reasons)),
        )
        last = unit
    Console(highlight=False).print(table)
