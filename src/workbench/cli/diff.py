"""``workbench diff``: what changed between two editions of a unit, and why."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.cli.app import workspace_of
from workbench.errors import PublishError
from workbench.files import canonical, replace_file
from workbench.suite.compare import Changes, Told, changes_json, changes_page, compare
from workbench.suite.compare.plain import one_line, plain_tables
from workbench.suite.compare.sides import numbers_before, told_before, told_by
from workbench.suite.editions import Edition, list_editions, served
from workbench.suite.naming import choose, find_unit

__all__ = ["app"]

app = typer.Typer(add_completion=False)
_LOOK = {"clear": "bold", "plain": "", "faint": "dim"}


@app.command(epilog="Example: workbench diff demo/atlas 2025-05-31 2025-06-30")
def diff(
    unit: Annotated[str, typer.Argument(help="The unit, or SUITE/UNIT.")],
    old: Annotated[
        str, typer.Argument(help="Edition, start of its name, or day; else the one before NEW.")
    ] = "",
    new: Annotated[
        str, typer.Argument(help="Edition, start of its name, or day; else the one shown now.")
    ] = "",
    suite: Annotated[str, typer.Option(help="The suite, where several have this unit.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="Write it as a page: FILE.html.", dir_okay=False)
    ] = None,
) -> None:
    """Say what changed between two editions: numbers, findings, segments, and the cause.

    Each number's change is held against noise: against the intervals of both numbers, or against
    its changes between earlier editions.
    """
    workspace = workspace_of()
    folder = find_unit(workspace, unit, suite)
    where = f"{folder.parent.name}/{folder.name}"
    editions = list_editions(folder)
    newer = choose(editions, new, where=where) if new else _shown(folder, editions, where)
    older = _older(editions, newer, old, where)
    changes = compare(older, told_by(newer), numbers_before(newer, editions))
    if output is not None:
        replace_file(output, _page(changes, output, folder))
        typer.echo(str(output), err=as_json)
    if as_json:
        typer.echo(canonical(changes_json(changes)).decode(), nl=False)
    elif output is None:
        _print(Console(highlight=False), changes)


def _shown(folder: Path, editions: list[Edition], where: str) -> Edition:
    shown = served(folder)
    if shown is None and not editions:
        raise PublishError("there is no edition yet", where=where, fix="Run workbench run first.")
    return shown or editions[0]


def _older(editions: list[Edition], newer: Edition, name: str, where: str) -> Told | None:
    if name:
        return told_by(choose(editions, name, where=where))
    return told_before(newer, editions)


def _page(changes: Changes, output: Path, folder: Path) -> bytes:
    """Return the page, with links that lead from its place to the editions."""

    def href(place: Path) -> str:
        return Path(os.path.relpath(place, output.resolve().parent)).as_posix()

    old = changes.old
    is_there = old is not None and (folder / old.id).is_dir()
    return changes_page(
        changes,
        portal_href=href(folder.parent / "index.html"),
        new_href=f"{href(folder / changes.new.id)}/",
        old_href=f"{href(folder / old.id)}/" if old is not None and is_there else None,
    )


def _print(console: Console, changes: Changes) -> None:
    before = f"{changes.old.id} -> " if changes.old else ""
    title = escape(one_line(changes.title))
    console.print(f"[bold]{title}[/]  {before}{changes.new.id}\n", soft_wrap=True)
    for sentence in changes.summary:
        console.print(f"- {escape(one_line(sentence))}")
    for told in plain_tables(changes):
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in told.columns:
            table.add_column(escape(column))
        for row, weight in zip(told.rows, told.weights, strict=True):
            table.add_row(*map(escape, row), style=_LOOK[weight])
        console.print()
        console.print(table)
