"""``workbench notebooks``: the form that a report's notebook keeps."""

from __future__ import annotations

from dataclasses import replace

import typer

from workbench.cli.app import MISUSED, workspace_of
from workbench.suite.checks import check_folder

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: workbench notebooks")
def notebooks() -> None:
    """Check that each notebook is thin, typed, commented, and committed without outputs."""
    workspace = workspace_of()
    problems = check_folder(workspace.notebooks)
    for problem in problems:
        typer.echo(str(replace(problem, file=problem.file.relative_to(workspace.root))), err=True)
    count = len(list(workspace.notebooks.glob("*.ipynb")))
    typer.echo(
        f"{count} notebooks, {len(problems)} problems"
        if problems
        else f"{count} notebooks, all good"
    )
    if problems:
        raise typer.Exit(MISUSED)
