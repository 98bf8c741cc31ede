"""The demo suite's project, written and ingested once for all workers of a test run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.demo import AS_OF, SEED
from support.once import made_once
from workbench.data.demo import DemoTruth, write_demo
from workbench.ingest import IngestSummary, ingest_suite
from workbench.params import load_suite
from workbench.workspace import Workspace

__all__ = ["demo_project", "ingested"]


def demo_project(factory: pytest.TempPathFactory, project: Path) -> tuple[Workspace, DemoTruth]:
    """Return a project that holds the demo's parameters and raw data at full size, and the truth.

    It is shared: whoever changes files of it copies it first.
    """

    def make(root: Path) -> DemoTruth:
        shutil.copytree(project / "params" / "demo", root / "params" / "demo")
        shutil.copytree(project / "notebooks", root / "notebooks")
        return write_demo(root / "data" / "demo" / "raw", seed=SEED, as_of=AS_OF)

    root, truth = made_once(factory, "demo", make)
    return Workspace(root), truth


def ingested(factory: pytest.TempPathFactory, project: Path, unit: str) -> IngestSummary:
    """Return what the ingest of one of the project's units came to."""
    workspace, _ = demo_project(factory, project)

    def make(_: Path) -> IngestSummary:
        return ingest_suite(workspace, load_suite(workspace, "demo"), [unit])[unit]

    return made_once(factory, f"demo-{unit}", make)[1]
