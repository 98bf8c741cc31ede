"""Options that several commands share."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from workbench.errors import ParameterError
from workbench.params import list_suites, parse_as_of
from workbench.workspace import Workspace

__all__ = ["AsOf", "Kernel", "Renderer", "Reports", "Suite", "Units", "as_of_day", "suite_or_only"]

Suite = Annotated[str, typer.Argument(help="The suite; may be left out where there is one only.")]
Units = Annotated[
    list[str] | None, typer.Option("--unit", "-u", help="Only this unit; may be repeated.")
]
Reports = Annotated[
    list[str] | None, typer.Option("--report", "-r", help="Only this report; may be repeated.")
]
AsOf = Annotated[
    str, typer.Option(metavar="YYYY-MM-DD", help="The day to look back from; the suite's own.")
]
Kernel = Annotated[str, typer.Option(help="auto (forked where possible, which is fast) or fresh.")]
Renderer = Annotated[str, typer.Option(help="auto (Quarto where it is found), quarto or embedded.")]


def as_of_day(text: str) -> date | None:
    """Return the day that an option names, or None when it was not given."""
    return parse_as_of(text) if text else None


def suite_or_only(workspace: Workspace, name: str) -> str:
    """Return the named suite, or the only one that there is; ``demo`` where it is among several."""
    if name:
        return name
    suites = list_suites(workspace)
    if len(suites) == 1:
        return suites[0]
    if "demo" in suites:
        return "demo"
    raise ParameterError(
        "which suite?" if suites else "there is no suite yet",
        where="params/",
        fix=f"Name one: {', '.join(suites)}." if suites else "Add params/<suite>/suite.yml.",
    )
