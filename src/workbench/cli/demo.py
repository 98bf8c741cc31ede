"""``workbench demo``: the demo suite's raw data."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from workbench.cli.app import workspace_of
from workbench.data.demo import write_demo
from workbench.params import load_suite

__all__ = ["app"]

app = typer.Typer(add_completion=False)
SUITE = "demo"


@app.command(epilog="Example: workbench demo && workbench run demo")
def demo(
    scale: Annotated[
        float, typer.Option(help="Multiplies the number of customers (about 5,000 a unit).")
    ] = 1.0,
) -> None:
    """Write the demo suite's raw data: three invented businesses, with errors planted in them.

    The same bytes each time; a file that is right already is not touched.
    """
    workspace = workspace_of()
    params = load_suite(workspace, SUITE)
    folder = workspace.data / SUITE / "raw"
    console = Console(stderr=True)
    with console.status("Writing the demo suite's raw data"):
        truth = write_demo(folder, seed=params.seed, as_of=params.as_of, scale=scale)
    units = ", ".join(truth.units)
    typer.echo(f"Raw data of {units} in {folder.relative_to(workspace.root)}")
