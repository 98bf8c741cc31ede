"""``workbench new``: the start of a report."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli.app import workspace_of
from workbench.suite.new import new_report

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog='Example: workbench new returns --title "Who sends things back?"')
def new(
    name: Annotated[str, typer.Argument(help="The report's name, such as returns_by_channel.")],
    title: Annotated[str, typer.Option(help="Its title, for a reader; the name unless told.")] = "",
    tables: Annotated[
        str, typer.Option(help="The canonical tables that it needs, separated by commas.")
    ] = "orders",
) -> None:
    """Start a report: a notebook in the house's form that runs as it is."""
    workspace = workspace_of()
    chosen = [table.strip() for table in tables.split(",") if table.strip()]
    path = new_report(workspace.notebooks, name, title=title, tables=chosen)
    typer.echo(f"{path.relative_to(workspace.root)} counts the rows of {', '.join(chosen)} a month")
    typer.echo(
        "Next: `make lab` to change it, `workbench notebooks` to check its form, "
        f"`workbench run --report {name}` to publish it."
    )
