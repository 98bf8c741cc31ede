"""The portal after another edition is shown, or old ones are gone: no source is read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from workbench.errors import RenderError
from workbench.files import read_json
from workbench.params import load_suite, parse_as_of
from workbench.suite.editions import served
from workbench.suite.inputs import known
from workbench.suite.notebook import find_reports
from workbench.suite.portal import write_portal
from workbench.suite.render import Renderer, find_renderer
from workbench.suite.status import suite_status
from workbench.workspace import Workspace

__all__ = ["rewrite_portal"]


def rewrite_portal(workspace: Workspace, suite: str) -> Path:
    """Write a suite's page from what is served now, as of the day that it had, and return it.

    Parameters
    ----------
    workspace
        The project.
    suite
        The suite's name.

    Raises
    ------
    ParameterError, NotebookError
        When the suite's parameters or notebooks cannot be read.
    SnapshotError
        When a unit's data are damaged.
    """
    folder = workspace.reports / suite
    params = load_suite(workspace, suite, _day(folder))
    reports = find_reports(workspace.notebooks)
    units, snapshots = known(workspace, params)
    renderer = _renderer(folder)
    named = {"name": renderer.name, "version": renderer.version}
    rows = suite_status(workspace, params, units, reports, snapshots, named)
    return write_portal(workspace, params, reports, rows)


def _day(folder: Path) -> date | None:
    """Return the day of the suite's page as it stands; None where there is no page."""
    try:
        told = read_json(folder / "portal.json") or {}
        return parse_as_of(str(told["as_of"])) if "as_of" in told else None
    except (OSError, ValueError, TypeError):
        return None


def _renderer(folder: Path) -> Renderer:
    """Return the renderer of the newest edition that is served, where it is still to be had."""
    editions = [served(path) for path in sorted(folder.iterdir()) if path.is_dir()]
    told = [one.manifest for one in editions if one is not None]
    newest = max(told, key=lambda manifest: str(manifest["as_of"]), default={})
    try:
        return find_renderer(newest.get("renderer", {}).get("name", "auto"))
    except RenderError:
        return find_renderer()
