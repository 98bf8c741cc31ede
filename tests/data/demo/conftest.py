"""The demo suite's data, written once for all tests of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from support.demo import Demo
from support.demo_project import demo_project
from workbench.data.demo import write_demo


@pytest.fixture(scope="session")
def demo(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Return the data that `workbench demo` writes, at full size."""
    workspace, truth = demo_project(tmp_path_factory, project)
    return Demo(workspace.data / "demo" / "raw", truth)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Return a twentieth of the data, from another seed, up to a leap day."""
    raw = tmp_path_factory.mktemp("small") / "raw"
    return Demo(raw, write_demo(raw, seed=7, as_of=date(2024, 2, 29), scale=0.05))
