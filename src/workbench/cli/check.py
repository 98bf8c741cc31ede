"""``workbench check``: everything that can be known to be wrong before anything runs."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli.app import FAILED, MISUSED, workspace_of
from workbench.params import list_suites
from workbench.suite.preflight import Trouble, check_suite

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: workbench check demo")
def check(
    suite: Annotated[str, typer.Argument(help="The suite; all of them unless told.")] = "",
) -> None:
    """Check parameter files, overrides and expressions, and open every source.

    No row is read beyond a source's header, and no report is run. Exit code 1: a source cannot be
    opened. 2: a file or a notebook is wrong.
    """
    workspace = workspace_of()
    troubles: list[Trouble] = []
    for name in [suite] if suite else list_suites(workspace):
        found = check_suite(workspace, name)
        troubles += found.troubles
        typer.echo(
            f"{name}: {found.units} units, {found.sources} sources, "
            + (f"{len(found.troubles)} wrong" if found.troubles else "all good")
        )
        for trouble in found.troubles:
            typer.echo(f"  {trouble.text}", err=True)
    if troubles:
        raise typer.Exit(MISUSED if any(one.is_parameter for one in troubles) else FAILED)
