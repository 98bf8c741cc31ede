"""``workbench triage``: what the owner of the data can do about what was found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.cli.app import workspace_of
from workbench.cli.options import suite_or_only
from workbench.errors import ParameterError
from workbench.ingest.repairs import Suggested, write_suggestions
from workbench.params import WHOLE, SuiteParams, UnitParams, load_suite
from workbench.suite.lock import only_run

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    epilog="Example: workbench triage repairs brook",
    help="Suggest repairs of suspected cells, for the data's owner to answer.",
)


@app.callback()
def _triage() -> None:
    """Keep this a group, whatever the number of its commands."""


@app.command(epilog="Example: workbench triage repairs brook --suite demo")
def repairs(
    unit: Annotated[
        str,
        typer.Argument(
            metavar="[SUITE/]UNIT", help="The unit; `all` in a suite that splits its sources."
        ),
    ],
    suite: Annotated[str, typer.Option(help="The suite, where the unit is named alone.")] = "",
) -> None:
    """Write suggested repairs of a unit's suspected cells as a file for the data's owner.

    The owner answers each line with yes or no; the next ingest applies what is answered with yes
    and records it. Nothing is changed before that, and the received rows never are. Lines that are
    answered already stay as they are.
    """
    workspace = workspace_of()
    named, _, name = unit.rpartition("/")
    params = load_suite(workspace, suite_or_only(workspace, suite or named))
    chosen = _unit(params, name)
    with only_run(workspace.data / params.name, params.name):
        found = write_suggestions(workspace, params, chosen)
    console = Console(highlight=False)
    if found.left_out:
        console.print(_left_out(found))
    answered = sum(bool(one.apply) for one in found.lines)
    path = found.path.relative_to(workspace.root)
    console.print(
        f"{path}: {len(found.lines) - answered:,} to answer, {answered:,} answered",
        markup=False,
        soft_wrap=True,
    )


def _unit(params: SuiteParams, name: str) -> UnitParams:
    """Return the unit; of a suite that splits its sources, the whole that they belong to."""
    if params.whole is None:
        return params.unit(name)
    if name != WHOLE:
        raise ParameterError(
            f"the sources of suite `{params.name}` belong to all of its units",
            where=f"unit {name}",
            fix=f"Name the whole: `workbench triage repairs {params.name}/{WHOLE}`.",
        )
    return params.whole


def _left_out(found: Suggested) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title="Not written")
    for column in ("Table", "Source", "Column", "Suspected of"):
        table.add_column(column)
    table.add_column("Cells", justify="right")
    table.add_column("Why")
    for one in found.left_out:
        cells = (one.table, one.source, one.column, one.kind)
        table.add_row(*_plain(cells), f"{one.cells:,}", one.why)
    return table


def _plain(cells: Iterable[str]) -> list[str]:
    return [escape(cell) for cell in cells]
