"""``workbench params``: a report's parameters."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.cli.app import workspace_of
from workbench.cli.options import suite_or_only
from workbench.errors import ParameterError
from workbench.params import load_suite
from workbench.suite.notebook import HOUSE_PARAMETERS, Report, as_code, find_reports, resolve

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: workbench params segmentation --unit atlas --code")
def params(
    report: Annotated[str, typer.Argument(help="The report: a notebook's name.")],
    suite: Annotated[str, typer.Option(help="The suite, with --unit.")] = "",
    unit: Annotated[str, typer.Option("--unit", "-u", help="As the suite sets them here.")] = "",
    code: Annotated[
        bool, typer.Option("--code", help="Print the cell that the suite puts into the notebook.")
    ] = False,
) -> None:
    """Show a report's parameters, as its notebook declares them or as a unit gets them."""
    workspace = workspace_of()
    found = find_reports(workspace.notebooks, (report,))[report]
    if code and not unit:
        raise ParameterError("for which unit?", where="--code", fix="Name one with --unit.")
    values: dict[str, object] = {item.name: item.default for item in found.parameters}
    name = ""
    if unit:
        name = suite_or_only(workspace, suite)
        chosen = load_suite(workspace, name).unit(unit)
        where = f"{chosen.where}, reports.{report}"
        values |= resolve(found.parameters, chosen.reports.get(report, {}), where)
    if code:
        own = {key: value for key, value in values.items() if key not in HOUSE_PARAMETERS}
        typer.echo(as_code({"suite": name, "unit": unit, **own}))
        return
    _show(found, values, f"{name}, {unit}" if unit else "")


def _show(found: Report, values: dict[str, object], place: str) -> None:
    console = Console(highlight=False)
    console.print(f"[bold]{escape(found.title)}[/] ({found.name})")
    own = [item for item in found.parameters if item.name not in HOUSE_PARAMETERS]
    if not own:
        console.print("It has no parameters of its own.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Parameter", "Type", "Default", *([place] if place else []), "Meaning"):
        table.add_column(escape(column))
    for item in own:
        set_to = [escape(repr(values[item.name]))] if place else []
        default = escape(repr(item.default))
        table.add_row(item.name, escape(item.type), default, *set_to, escape(item.comment))
    console.print(table)
    first = own[0]
    console.print("\nOverride one in params/<suite>/suite.yml, or for one unit in its file:")
    console.print(f"  reports: {{{found.name}: {{{first.name}: {first.default!r}}}}}", markup=False)
