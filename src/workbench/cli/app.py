"""The group of commands, each loaded when it is called; errors in plain words."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from workbench.errors import NotebookError, ParameterError, WorkbenchError
from workbench.workspace import ROOT_VARIABLE, Workspace

__all__ = ["COMMANDS", "app", "main", "workspace_of"]

COMMANDS = {
    "demo": "Write the demo suite's raw data.",
    "ingest": "Read the sources of a suite into snapshots.",
    "triage": "Suggest repairs of suspected cells, for the data's owner to answer.",
    "run": "Run a suite's reports and publish them.",
    "status": "Say which reports are fresh, stale or failed, and why.",
    "diff": "Say what changed between two editions of a unit, and why.",
    "editions": "List the editions that are kept, and which one is shown.",
    "rollback": "Show an earlier edition again.",
    "prune": "Remove old editions, never the one that is shown.",
    "verify": "Make an edition again elsewhere and compare it byte for byte.",
    "bundle": "Write one unit's edition as a zip or folder to hand on.",
    "new": "Start a report that runs as it is.",
    "params": "Show which parameters a report has.",
    "check": "Check all parameter files and sources without running a report.",
    "notebooks": "Check that the notebooks keep the house's form.",
    "doctor": "Say what is installed here and what will be used.",
}
FAILED, MISUSED, INTERRUPTED = 1, 2, 130


class _Lazy(TyperGroup):
    """Knows its commands by name, and imports a command's module when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands in the order in which one needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return what the list of commands shows of one; it cannot be called."""
        if cmd_name not in COMMANDS:
            return None
        return TyperCommand(cmd_name, callback=None, help=COMMANDS[cmd_name])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that is called, its module imported."""
        name, _, rest = super().resolve_command(ctx, args)
        loaded = get_command(import_module(f"workbench.cli.{name}").app)
        loaded.name = name
        return name, loaded, rest

    def invoke(self, ctx: Any) -> Any:
        """Call the command; what workbench refuses on purpose is said in plain words."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("workbench: interrupted; what was published stays", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except WorkbenchError as error:
            typer.echo(f"workbench: {_without_secrets(str(error))}", err=True)
            code = MISUSED if isinstance(error, ParameterError | NotebookError) else FAILED
            raise typer.Exit(code) from None


def _without_secrets(text: str) -> str:
    """Blot out every secret that the project's parameters name, resolved or not."""
    # Imported only now: a command that goes well should not wait for it.
    secrets = import_module("workbench.data.sources.secrets")
    with suppress(WorkbenchError, OSError, UnicodeDecodeError):
        for path in Workspace.find().params.glob("*/*.y*ml"):
            lines = path.read_text(encoding="utf-8").splitlines()
            # The folder of a file is no secret; blotted out, a message would not help.
            secrets.referenced_secrets(line for line in lines if "path:" not in line)
    return str(secrets.redact(text))


app = typer.Typer(
    cls=_Lazy,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _workbench(
    root: Annotated[
        Path | None,
        typer.Option(
            help="The project's folder; the one around the working folder unless told.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
) -> None:
    """Turn raw customer data into reports that can be decided on.

    A first run: [bold]workbench demo[/bold], then [bold]workbench run demo[/bold].
    """
    if root is not None:
        os.environ[ROOT_VARIABLE] = str(root.resolve())


def workspace_of() -> Workspace:
    """Return the project that the command line names, or the one around the working folder."""
    return Workspace.find()


def main() -> None:
    """Run the command line and exit; what nobody foresaw is told without any secret."""
    try:
        sys.exit(app())
    except Exception:  # noqa: BLE001 - all of them, and the whole trace is told
        sys.stderr.write(_without_secrets(traceback.format_exc()))
        sys.exit(FAILED)
