"""A suite that was run four times: May, June, June with a report that fails, July."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from workbench.suite import inputs
from workbench.suite.editions import Edition, list_editions, served
from workbench.suite.run import Choice, run
from workbench.workspace import Workspace

from .conftest import Project, fill, make_workspace, write_params

QUICK = Choice(renderer="embedded")


@dataclass(frozen=True)
class World:
    """A copy of the suite for one test."""

    project: Project

    @property
    def workspace(self) -> Workspace:
        return self.project.workspace

    def folder(self, unit: str = "atlas") -> Path:
        return self.workspace.unit_reports("mini", unit)

    def ids(self, unit: str = "atlas") -> list[str]:
        """Return the names of a unit's editions, the newest first."""
        return [edition.id for edition in list_editions(self.folder(unit))]

    def shown(self, unit: str = "atlas") -> Edition:
        found = served(self.folder(unit))
        assert found is not None
        return found

    def portal(self) -> str:
        return (self.workspace.reports / "mini" / "index.html").read_text(encoding="utf-8")

    def run(self, choice: Choice = QUICK) -> None:
        """Run the suite with its stand-in for the ingest."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(inputs, "ingest_suite", self.project.ingest)
            run(self.workspace, "mini", choice)


def make_world(root: Path) -> World:
    """Run the suite of `fill` four times; the July edition is shown in the end.

    In June's second edition of Atlas the report `shaky` failed, so that it links to the first one.
    """
    world = World(fill(make_workspace(root)))
    for as_of, broken, lines in (
        ("2025-05-31", 0, 10),
        ("2025-06-30", 0, 12),
        ("2025-06-30", 1, 12),
        ("2025-07-31", 1, 15),
    ):
        write_params(world.workspace, as_of=as_of, atlas={"shaky": {"broken": broken}})
        world.project.ingest.rows["atlas"]["orders"] = lines
        world.run()
    return world


def copy_world(world: World, root: Path) -> World:
    """Return a copy in another folder."""
    shutil.copytree(world.workspace.root, root)
    workspace = Workspace(root)
    ingest = type(world.project.ingest)(workspace, dict(world.project.ingest.rows))
    return World(Project(workspace, ingest))
