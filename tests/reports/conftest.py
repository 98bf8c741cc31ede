"""The demo suite, run once for all tests of this folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from workbench.data.demo import write_demo
from workbench.params import load_suite
from workbench.suite.render.quarto import find_quarto
from workbench.suite.run import Choice, RunResult, run
from workbench.workspace import Workspace


@dataclass(frozen=True)
class Demo:
    """A run of the demo suite in a folder of its own."""

    workspace: Workspace
    result: RunResult

    def page(self, unit: str, report: str) -> Path:
        """Return the HTML of a report."""
        return self.result.editions[unit].folder / f"{report}.html"


def run_demo(
    project: Path,
    root: Path,
    workers: int,
    units: tuple[str, ...] = (),
    kernel: str = "auto",
    renderer: str = "embedded",
) -> Demo:
    """Write the demo's data into a new project, and run the suite there."""
    shutil.copytree(project / "params" / "demo", root / "params" / "demo")
    shutil.copytree(project / "notebooks", root / "notebooks")
    workspace = Workspace(root)
    suite = load_suite(workspace, "demo")
    write_demo(workspace.data / "demo" / "raw", seed=suite.seed, as_of=suite.as_of)
    chosen = Choice(units=units, renderer=renderer, workers=workers, kernel=kernel)
    return Demo(workspace, run(workspace, "demo", chosen))


@pytest.fixture(scope="session")
def demo(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Return the demo suite's run."""
    return run_demo(project, tmp_path_factory.mktemp("demo") / "first", workers=2)


@pytest.fixture(scope="session")
def again(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Return another run of two units: in another folder, one by one, in ordinary kernels."""
    root = tmp_path_factory.mktemp("other") / "the" / "second"
    return run_demo(project, root, workers=1, units=("brook", "cirrus"), kernel="fresh")


@pytest.fixture(scope="session")
def by_quarto(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Return a run of the unit that has all reports, rendered by Quarto."""
    if find_quarto() is None:
        pytest.skip("there is no Quarto on this machine")
    root = tmp_path_factory.mktemp("quarto") / "suite"
    return run_demo(project, root, workers=2, units=("atlas",), renderer="quarto")
