"""A project for each test of ingest."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.project import Project


@pytest.fixture
def build(tmp_path: Path) -> Project:
    """Return an empty project."""
    return Project(tmp_path)
