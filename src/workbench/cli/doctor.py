"""``workbench doctor``: what is installed here, and what will be used."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.cli.app import FAILED, workspace_of
from workbench.suite.health import examine

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: workbench doctor")
def doctor() -> None:
    """Say which Python, packages, renderer and engine are here, and whether all is well."""
    table = Table(box=None, pad_edge=False, show_header=False)
    findings = examine(workspace_of())
    for finding in findings:
        mark = "[green]ok[/]" if finding.is_well else "[red]mend[/]"
        told = escape(finding.told) + (f"\n{escape(finding.fix)}" if finding.fix else "")
        table.add_row(mark, finding.name, told)
    Console(highlight=False).print(table)
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(FAILED)
