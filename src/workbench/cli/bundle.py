"""``workbench bundle``: one unit's edition as a zip or folder, to hand to that department."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.app import workspace_of
from workbench.suite.bundle import write_bundle
from workbench.suite.naming import find_edition

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: workbench bundle demo/atlas --output atlas.zip")
def bundle(
    unit: Annotated[str, typer.Argument(help="The unit, SUITE/UNIT or SUITE/UNIT/EDITION.")],
    edition: Annotated[
        str, typer.Argument(help="Edition, start of its name, or day; else the one shown now.")
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="FILE.zip or an empty folder; else UNIT-DAY.zip here."),
    ] = None,
    with_lists: Annotated[
        bool, typer.Option("--with-lists", help="Put in the action lists, which name customers.")
    ] = False,
) -> None:
    """Write one unit's edition as one zip or folder that needs nothing else.

    It opens at index.html, without a server or a network. Nothing of another unit is in it, and
    no customer is named unless --with-lists is given.

    Exit code 1: there is no such edition, or it is damaged.
    """
    workspace = workspace_of()
    found = find_edition(workspace, unit, edition)
    name = f"{found.manifest['unit']}-{found.manifest['as_of']}.zip"
    made = write_bundle(workspace, found, output or Path(name), with_lists=with_lists)
    lists = f", {made.lists} of them lists that name customers" if made.lists else ""
    typer.echo(f"{found.id}: {made.files} files{lists}")
    typer.echo(str(made.path))
