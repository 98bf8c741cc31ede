"""``workbench prune``: remove old editions, never the one that is shown."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.cli.app import workspace_of
from workbench.suite.keep import Pruning, Wish, size_words
from workbench.suite.keep import prune as prune_units
from workbench.suite.naming import find_units

__all__ = ["app"]

app = typer.Typer(add_completion=False)
_WHAT = {
    "edition": "edition",
    "damaged": "rest of a damaged edition",
    "snapshot": "data",
    "quarantine": "rows set aside",
    "identity": "who was which customer",
    "lists": "earlier lists",
}


@app.command(epilog="Example: workbench prune demo --keep 12 --dry-run")
def prune(
    keep: Annotated[int, typer.Option(min=1, help="How many of each unit's newest editions stay.")],
    unit: Annotated[
        str, typer.Argument(metavar="[SUITE[/UNIT]]", help="A suite, or a unit; all when left out.")
    ] = "",
    damaged: Annotated[
        bool, typer.Option("--damaged", help="Also what is left of damaged editions.")
    ] = False,
    snapshots: Annotated[
        bool,
        typer.Option(
            "--snapshots",
            help="Also data, and their rows set aside, that no kept edition was made from. "
            "The newest data stay.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove the oldest editions of each unit.

    What is shown stays, and so does an edition that a kept one links to, because it holds the last
    good version of a report that failed. Each edition is gone as a whole or not at all.
    """
    workspace = workspace_of()
    wish = Wish(keep, damaged, snapshots)
    done = prune_units(workspace, find_units(workspace, unit), wish, dry_run=dry_run)
    _print(Console(highlight=False), done, dry_run)
    for one in done:
        if one.problem:
            typer.echo(f"workbench: {one.suite}/{one.unit}: {one.problem}", err=True)
    if any(one.problem for one in done):
        raise typer.Exit(1)


def _print(console: Console, done: list[Pruning], dry_run: bool) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Unit", "Would go" if dry_run else "Removed", "What", "Size"):
        table.add_column(column, justify="right" if column == "Size" else "left")
    for one in done:
        for going in one.going:
            unit, what = f"{one.suite}/{one.unit}", _WHAT[going.kind]
            table.add_row(unit, escape(going.path.name), what, size_words(going.size))
    if table.row_count:
        console.print(table)
    for one in done:
        for staying in one.staying:
            console.print(f"{one.suite}/{one.unit}: {staying.id} stays: {staying.reason}.")
    removed = [going for one in done for going in one.going]
    editions = sum(going.kind == "edition" for going in removed)
    verb = "would be freed" if dry_run else "freed"
    console.print(
        f"{editions} editions {'would go' if dry_run else 'removed'}, "
        f"{sum(one.kept for one in done)} stay; "
        f"{size_words(sum(one.size for one in done))} {verb}"
    )
