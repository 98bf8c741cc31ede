"""Where a project is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import ParameterError
from workbench.workspace import ROOT_VARIABLE, Workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("params", "notebooks"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_a_project_is_found_from_below(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = root / "notebooks" / "deep"
    deep.mkdir()
    assert Workspace.find(deep).root == root
    monkeypatch.chdir(deep)
    assert Workspace.find().root == root


def test_the_variable_wins_over_the_working_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(root))
    assert Workspace.find().root == root


def test_no_project_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="--root"):
        Workspace.find(tmp_path)


def test_the_folders(root: Path) -> None:
    here = Workspace(root)
    assert here.unit_data("demo", "atlas") == root / "data/demo/atlas"
    assert here.unit_reports("demo", "atlas") == root / "reports/demo/atlas"
