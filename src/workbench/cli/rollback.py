"""``workbench rollback``: show an earlier edition again."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli.app import workspace_of
from workbench.suite.keep import RolledBack, roll_back
from workbench.suite.naming import find_unit

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: workbench rollback demo/atlas 2025-05-31")
def rollback(
    unit: Annotated[str, typer.Argument(help="The unit, or SUITE/UNIT.")],
    edition: Annotated[
        str, typer.Argument(help="Edition, start of its name, or day; else the one before.")
    ] = "",
) -> None:
    """Show an earlier edition of a unit again. No edition is changed or removed.

    Every file is compared with its digest first; a damaged edition is refused. The next run
    publishes again from the data and parameters of then.

    Exit code 1: there is no such edition, it is damaged, or a run is under way; nothing changed.
    Also when the portal could not be written anew, which is said.
    """
    workspace = workspace_of()
    done = roll_back(workspace, find_unit(workspace, unit), edition)
    _say(done)
    if done.problem:
        typer.echo(f"workbench: the portal could not be written anew: {done.problem}", err=True)
        raise typer.Exit(1)


def _say(done: RolledBack) -> None:
    for name in done.passed:
        typer.echo(f"{name} is damaged and was passed over.")
    named = f"{done.suite}/{done.unit}"
    if done.before == done.edition.id:
        typer.echo(f"{named}: {done.edition.id} is shown already.")
    elif done.before:
        typer.echo(f"{named}: {done.edition.id} is shown now, {done.before} no longer.")
    else:
        typer.echo(f"{named}: {done.edition.id} is shown now.")
    if done.portal is not None:
        typer.echo(f"Portal: {done.portal}")
    typer.echo("The next `workbench run` publishes again from the data and parameters of then.")
