"""``workbench params``: a report's parameters."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.cli.app import workspace_of
from workbench.suite.notebook import HOUSE_PARAMETERS, find_reports

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: workbench params segmentation")
def params(
    report: Annotated[str, typer.Argument(help="The report: a notebook's name.")],
) -> None:
    """Show a report's parameters, as its notebook declares them, and how to override one."""
    workspace = workspace_of()
    found = find_reports(workspace.notebooks, (report,))[report]
    console = Console(highlight=False)
    console.print(f"[bold]{escape(found.title)}[/] ({report})")
    own = [item for item in found.parameters if item.name not in HOUSE_PARAMETERS]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Parameter", "Type", "Default", "Meaning"):
        table.add_column(column)
    for item in own:
        table.add_row(item.name, item.type, escape(repr(item.default)), escape(item.comment))
    console.print(table if own else "It has no parameters of its own.")
    if own:
        first = own[0]
        console.print("\nOverride one in params/<suite>/suite.yml, or for one unit in its file:")
        console.print(f"  reports: {{{report}: {{{first.name}: {first.default!r}}}}}", markup=False)
