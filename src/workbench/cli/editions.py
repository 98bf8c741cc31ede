"""``workbench editions``: which editions there are, and whether they are whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.cli.app import workspace_of
from workbench.files import canonical
from workbench.suite.keep import Kept, kept_editions, size_words
from workbench.suite.naming import find_units

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: workbench editions demo/atlas --check")
def editions(
    unit: Annotated[
        str, typer.Argument(metavar="[SUITE[/UNIT]]", help="A suite, or a unit; all when left out.")
    ] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Compare every file with its digest.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
) -> None:
    """List the editions that are kept, the newest first, and mark the one that is shown.

    Since: the day of the earlier edition that it was compared with.

    Exit code 1: one of them is damaged.
    """
    folders = find_units(workspace_of(), unit)
    found = [kept for folder in folders for kept in kept_editions(folder, check=check)]
    if as_json:
        rows = [kept.to_json() for kept in found]
        typer.echo(canonical({"schema": 1, "editions": rows}).decode(), nl=False)
    else:
        _print(Console(highlight=False), found)
    if any(kept.damage for kept in found):
        raise typer.Exit(1)


def _print(console: Console, found: list[Kept]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Edition", "", "Reports", "Size", "Since"):
        table.add_column(column, justify="right" if column == "Size" else "left", no_wrap=True)
    last = ""
    for kept in found:
        unit = f"{kept.suite}/{kept.unit}"
        if unit != last:
            table.add_row(f"[bold]{unit}[/]")
        table.add_row(
            kept.id,
            "[red]damaged[/]" if kept.damage else "[green]shown[/]" if kept.is_served else "",
            _states(kept.states),
            size_words(kept.size),
            kept.compared_with[: len(kept.as_of)],
        )
        last = unit
    console.print(table)
    for kept in found:
        if kept.damage:
            console.print(f"[red]{kept.suite}/{kept.unit}/{kept.id}[/]: {_damaged(kept.damage)}")
    if found and all(kept.damage is not None for kept in found):
        whole = sum(not kept.damage for kept in found)
        console.print(f"{whole} of {len(found)} editions are whole")


def _states(states: Mapping[str, str]) -> str:
    """Return how many reports are ready, how many failed, and how many the gate holds back."""
    ready = sum(state == "ok" for state in states.values())
    failed = sum(state == "failed" for state in states.values())
    held = sum(state == "stopped" for state in states.values())
    said = f"{ready} ready" if states else ""
    said += f", [red]{failed} failed[/]" if failed else ""
    return said + (f", [yellow]{held} held back[/]" if held else "")


def _damaged(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more files" if len(names) > 3 else ""
    verb = "are" if len(names) > 1 else "is"
    return f"{escape(', '.join(names[:3]))}{more} {verb} not what the digests say"
