"""``workbench forget``: erase a customer from all that the workbench keeps."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from workbench.cli.app import workspace_of
from workbench.cli.options import Suite, Units, suite_or_only
from workbench.suite.forget import Erased, Forgotten
from workbench.suite.forget import forget as forget_customer
from workbench.suite.progress import make_progress

__all__ = ["app"]

app = typer.Typer(add_completion=False)
MOST = 10
_WHAT = {
    "received": "received rows",
    "quarantine": "rows set aside, and suspected cells",
    "lists": "lines of lists to be answered",
    "actions": "lines of action lists",
    "snapshots": "rows in data that go as a whole",
    "identity": "records of who is the same customer",
    "editions": "places in editions",
}


@app.command(epilog="Example: workbench forget C-001234 demo --dry-run")
def forget(
    customer: Annotated[
        str, typer.Argument(help="The customer's identifier, as the data have it.")
    ],
    suite: Suite = "",
    unit: Units = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Erase a customer from received rows, data, rows set aside, action lists and editions.

    A tombstone without personal data stays; by it the customer is left out at each later ingest.
    The sources themselves, backups and copies that were handed on are not touched.

    Exit code 1: something could not be done, or a run is under way; run this again, it goes on.
    Exit code 2: nobody has this identifier; nothing was changed.
    """
    workspace = workspace_of()
    name = suite_or_only(workspace, suite)
    if dry_run or not yes:
        _say(forget_customer(workspace, name, customer, unit or (), dry_run=True), would=True)
        if dry_run:
            return
        typer.confirm("Erase this customer? It cannot be undone", abort=True)
    with make_progress(Console(stderr=True)) as progress:
        progress.step("Erasing the customer")
        done = forget_customer(workspace, name, customer, unit or (), progress=progress.detail)
    _say(done, would=False)
    if done.problems:
        raise typer.Exit(1)


def _say(done: Forgotten, *, would: bool) -> None:
    for one in done.sites:
        _say_site(one, would)
    for name in done.already:
        typer.echo(f"{name}: this customer is forgotten already; nothing is left")
    if done.logs:
        typer.echo(f"{done.logs} places in logs of runs {'would be ' if would else ''}erased")
    if done.plain and done.sites:
        typer.echo(
            f"Not looked for in the texts of editions and logs: {', '.join(done.plain)}. "
            "There it cannot be told from a number or a word; customers are not listed in reports."
        )
    for name in done.left:
        typer.echo(f"still names the customer, look yourself: {name}")
    for problem in done.problems:
        typer.echo(f"workbench: {problem}", err=True)
    if done.sites and not would:
        typer.echo(
            f"Run `workbench run {done.suite}`: the reports that are shown until then were made "
            "with this customer among many."
        )


def _say_site(one: Erased, would: bool) -> None:
    verb = "would be erased" if would else f"erased, tombstone {one.tombstone}"
    typer.echo(f"{one.site}: {verb}")
    for place, count in one.rows.items():
        typer.echo(f"  {count:>9,}  {_WHAT[place]}")
    for unit, digests in one.snapshots.items():
        gone = "would be removed" if would else "removed"
        typer.echo(f"  data of {unit} {gone}: {', '.join(digests)}")
    if one.editions:
        typer.echo(f"  editions that {'could' if would else 'can'} no longer be verified:")
        for name, why in list(one.editions.items())[:MOST]:
            typer.echo(f"    {name}: {why}")
        if len(one.editions) > MOST:
            typer.echo(f"    and {len(one.editions) - MOST} more; all stand in tombstones.json")
    if one.sources:
        listed = ", ".join(f"{name} ({rows:,})" for name, rows in one.sources.items())
        typer.echo(f"  These sources delivered the customer and may still hold them: {listed}.")
        typer.echo("  Have their owners erase it there; until then it is left out at each ingest.")
