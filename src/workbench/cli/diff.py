"""``workbench diff``: what changed between two editions of a unit, and why."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.cli.app import workspace_of
from workbench.errors import ParameterError, PublishError, one_of
from workbench.files import canonical, replace_file
from workbench.report.formats import format_share
from workbench.report.text import clean
from workbench.suite.compare import Changes, Told, changes_json, changes_page, compare
from workbench.suite.compare.sides import choose, numbers_before, told_before, told_by
from workbench.suite.compare.words import VERDICTS
from workbench.suite.editions import SERVED, Edition, list_editions, served
from workbench.workspace import Workspace

__all__ = ["app"]

app = typer.Typer(add_completion=False)
_LOOK = {
    "beyond_noise": "bold",
    "within_noise": "dim",
    "not_known": "",
    "not_comparable": "yellow",
    "unchanged": "dim",
}


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
    folder = _folder(workspace, suite, unit)
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


def _folder(workspace: Workspace, suite: str, unit: str) -> Path:
    """Return the folder of the editions of the unit that a person means."""
    named, _, name = unit.rpartition("/")
    wanted = suite or named
    there = sorted(path.parent for path in workspace.reports.glob(f"*/*/{SERVED}"))
    found = [path for path in there if path.name == name and wanted in {"", path.parent.name}]
    if len(found) == 1:
        return found[0]
    names = [f"{path.parent.name}/{path.name}" for path in there]
    if found:
        among = ", ".join(f"{path.parent.name}/{path.name}" for path in found)
        raise ParameterError(
            f"several suites have a unit `{name}`", where="reports/", fix=f"Name one: {among}."
        )
    asked = f"{wanted}/{name}" if wanted else name
    raise ParameterError(f"no editions of `{asked}`", where="reports/", fix=one_of(asked, names))


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
    console.print(f"[bold]{_said(changes.title)}[/]  {before}{changes.new.id}\n", soft_wrap=True)
    for sentence in changes.summary:
        console.print(f"- {_said(sentence)}")
    for table in _tables(changes):
        console.print()
        console.print(table)


def _tables(changes: Changes) -> Iterator[Table]:
    moved = [metric for metric in changes.metrics if metric.verdict.state != "unchanged"]
    if moved:
        table = _table("Number", "Report", "Before", "Now", "Change", "More than noise?")
        for metric in moved:
            state = metric.verdict.state
            change = f"{metric.change_display} {metric.relative_display}".strip() or "–"
            word = VERDICTS[state] if metric.state == "kept" else metric.state
            clear = f", {metric.direction}" if state == "beyond_noise" and metric.direction else ""
            cells = (metric.label, metric.report, metric.old_display, metric.new_display, change)
            table.add_row(*map(_said, cells), f"{word}{clear}", style=_LOOK[state])
        yield table
    said = [finding for finding in changes.findings if finding.state != "updated"]
    if said:
        table = _table("Finding", "Report", "Before", "Now")
        for one in said:
            table.add_row(*map(_said, (one.state, one.report, one.old_text, one.new_text)))
        yield table
    for whole in changes.breakdowns:
        table = _table(whole.part, "Before", "Now", "Change", "Share before", "Share now")
        for part in whole.parts:
            sizes = part.old_display, part.new_display, part.change_display or "–"
            shares = format_share(part.old_share), format_share(part.new_share)
            table.add_row(*map(_said, (part.name, *sizes, *shares)))
        yield table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(_said(column))
    return table


def _said(text: str) -> str:
    """Return text from data that can neither style nor move what is around it."""
    return escape(" ".join(clean(text).split()))
