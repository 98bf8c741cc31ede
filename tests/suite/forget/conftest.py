"""One world for all tests of this folder, and a copy for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from .world import World, make_world


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("forget") / "project")


@pytest.fixture
def world(story: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A copy that the test may change, and in which commands work."""
    copied = story.copy(tmp_path / "copy")
    monkeypatch.chdir(copied.workspace.root)
    return copied
