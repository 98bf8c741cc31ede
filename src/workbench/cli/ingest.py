"""``workbench ingest``: sources to snapshots."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.cli.app import workspace_of
from workbench.cli.options import AsOf, Suite, Units, as_of_day, suite_or_only
from workbench.ingest import IngestSummary, ingest_suite
from workbench.params import load_suite
from workbench.suite.compare.plain import one_line
from workbench.suite.held import in_words
from workbench.suite.lock import only_run
from workbench.suite.progress import make_progress

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: workbench ingest demo --unit atlas")
def ingest(
    suite: Suite = "",
    unit: Units = None,
    as_of: AsOf = "",
    rehash: Annotated[
        bool, typer.Option("--rehash", help="Read every source, even an unchanged one.")
    ] = False,
) -> None:
    """Read a suite's sources, let every row pass the checks, and keep the good ones as a snapshot.

    Rejected rows are kept, each with all its reasons, in data/<suite>/<unit>/quarantine.
    """
    workspace = workspace_of()
    params = load_suite(workspace, suite_or_only(workspace, suite), as_of_day(as_of))
    with (
        only_run(workspace.data / params.name, params.name),
        make_progress(Console(stderr=True)) as progress,
    ):
        progress.step("Reading the sources")
        found = ingest_suite(
            workspace, params, unit or None, rehash=rehash, progress=progress.detail
        )
    console = Console(highlight=False)
    console.print(_summary(found))
    for name, one in found.items():
        if one.record.gate:
            said = escape(one_line(f"reports are held back. {in_words(one.record.gate)}"))
            console.print(f"[yellow]{name}[/]: {said}", soft_wrap=True)


def _summary(found: dict[str, IngestSummary]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Unit", "Table", "Source"):
        table.add_column(name)
    for name in ("Received", "Accepted", "Quarantined"):
        table.add_column(name, justify="right")
    table.add_column("Snapshot")
    for name, one in found.items():
        kept = f"{one.snapshot.digest}{' (unchanged)' if one.reused else ''}"
        for record in one.record.tables:
            for source in record.sources:
                table.add_row(
                    name,
                    record.name,
                    source.name,
                    f"{source.received:,}",
                    f"{source.accepted:,}",
                    f"{source.quarantined:,}",
                    kept,
                )
                name = kept = ""
    return table
