"""The project of UCI Online Retail, ingested once for all workers of a test run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.once import made_once
from workbench.ingest import IngestSummary, ingest_suite
from workbench.params import load_suite
from workbench.workspace import Workspace

__all__ = ["SUITE", "retail_project"]

SUITE = "online_retail"


def retail_project(
    factory: pytest.TempPathFactory, project: Path, data: Path
) -> tuple[Workspace, dict[str, IngestSummary]]:
    """Return a project that holds the suite with its notebooks, and what its ingest came to.

    It is shared: whoever changes files of it, but for its reports, copies it first.
    """

    def make(root: Path) -> dict[str, IngestSummary]:
        shutil.copytree(project / "params" / SUITE, root / "params" / SUITE)
        shutil.copytree(project / "notebooks", root / "notebooks")
        workspace = Workspace(root)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("WORKBENCH_DATA", str(data))
            return ingest_suite(workspace, load_suite(workspace, SUITE))

    root, ingested = made_once(factory, "retail", make)
    return Workspace(root), ingested
