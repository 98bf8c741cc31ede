"""``workbench verify``: make editions again elsewhere, and compare them byte for byte."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from workbench.cli.app import workspace_of
from workbench.cli.options import Kernel
from workbench.suite.editions import Edition
from workbench.suite.naming import find_edition, find_units, shown
from workbench.suite.verify import Verified, verify
from workbench.workspace import Workspace

__all__ = ["app"]

app = typer.Typer(add_completion=False)
MOST = 10


@app.command(name="verify", epilog="Example: workbench verify demo/atlas/2025-06-30")
def verify_editions(
    unit: Annotated[
        str,
        typer.Argument(help="A suite for all of its units, UNIT, SUITE/UNIT or SUITE/UNIT/EDITION"),
    ] = "",
    edition: Annotated[
        str, typer.Argument(help="Edition, start of its name, or day; else the one shown now.")
    ] = "",
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Reports at once; one for each core.")
    ] = None,
    kernel: Kernel = "auto",
) -> None:
    """Make an edition again in a scratch folder and compare every file, byte for byte.

    Data come from the snapshots: no source is read, and nothing of the project changes.

    Exit code 1: a file differs (the first difference is named), the edition is damaged or was
    changed on purpose, or something that it was made from is not here any more.
    """
    workspace = workspace_of()
    is_good = True
    for one in _editions(workspace, unit, edition):
        name = f"{one.manifest['suite']}/{one.manifest['unit']}/{one.id}"
        found = verify(
            workspace,
            one,
            workers=jobs,
            kernel=kernel,
            told=partial(_made, name),
        )
        _say(name, found)
        is_good = is_good and found.is_same
    raise typer.Exit(0 if is_good else 1)


def _made(name: str, report: str) -> None:
    typer.echo(f"{name}: {report} made again", err=True)


def _editions(workspace: Workspace, unit: str, edition: str) -> list[Edition]:
    if edition or unit.count("/") == 2:
        return [find_edition(workspace, unit, edition)]
    return [shown(folder) for folder in find_units(workspace, unit)]


def _say(name: str, found: Verified) -> None:
    if found.damaged:
        typer.echo(f"{name}: damaged: {', '.join(found.damaged[:MOST])}")
        typer.echo("  `workbench run` mends it, if data and code are as they were.")
    elif found.changed:
        typer.echo(f"{name}: cannot be verified any more: {found.why_changed}")
        _list(found.changed)
    elif found.missing:
        typer.echo(f"{name}: cannot be made again here")
        _list(found.missing)
    elif found.differences:
        first = found.differences[0]
        typer.echo(f"{name}: {len(found.differences)} of {found.files} files differ")
        typer.echo(f"  first: {first.file}: {first.words}")
        _list([one.file for one in found.differences[1:]])
    else:
        kept = f"; as they are: {', '.join(found.kept)}" if found.kept else ""
        typer.echo(f"{name}: the same, {found.files} files, {len(found.made)} reports{kept}")


def _list(lines: list[str] | tuple[str, ...]) -> None:
    for line in lines[:MOST]:
        typer.echo(f"  {line}")
    if len(lines) > MOST:
        typer.echo(f"  and {len(lines) - MOST} more")
