"""A notebook run by hand says what it reads, and where the suite would do otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from support.project import Project
from workbench.data import by_hand, open_unit
from workbench.data.by_hand import SUITE_VARIABLE

ROW = {"order_id": "A1", "customer_id": "C1", "ordered_at": "2025-01-31", "amount": "10.50"}


@pytest.fixture
def analyst(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project whose unit overrides a parameter, open in JupyterLab."""
    build = Project(tmp_path, more="reports: {segmentation: {n_bins: 4, cuts: {money: [1]}}}\n")
    build.table("orders", [ROW], "types: {ordered_at: date, amount: decimal}")
    build.ingest()
    monkeypatch.chdir(build.root / "notebooks")
    monkeypatch.setenv(SUITE_VARIABLE, "test")
    monkeypatch.setenv("JPY_SESSION_NAME", "deep/segmentation.ipynb")
    return build


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Return the variables of a notebook that runs here."""
    names: dict[str, object] = {"suite": "", "unit": "", "snapshot": ""}

    class Shell:
        user_ns = names

    monkeypatch.setattr(by_hand.sys.modules["IPython"], "get_ipython", Shell)
    return names


def test_what_the_suite_overrides_is_said(
    analyst: Project, shell: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    shell |= {"n_bins": 5, "cuts": {"money": [1]}}
    digest = open_unit().snapshot.digest
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == f"Suite test, unit one, as of 2025-06-30, snapshot {digest}"
    assert rest[-1] == "    n_bins = 4"
    assert len(rest) == 2


def test_nothing_more_is_said_where_they_agree(
    analyst: Project, shell: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    shell |= {"n_bins": 4, "cuts": {"money": [1]}}
    open_unit()
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_another_notebook_has_other_parameters(
    analyst: Project,
    shell: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shell["n_bins"] = 5
    monkeypatch.setenv("JPY_SESSION_NAME", "other.ipynb")
    open_unit()
    monkeypatch.delenv("JPY_SESSION_NAME")
    open_unit()
    assert "n_bins" not in capsys.readouterr().out
    shell["__vsc_ipynb_file__"] = "/home/me/segmentation.ipynb"
    open_unit()
    assert "n_bins = 4" in capsys.readouterr().out


def test_a_day_that_moved_on_is_said(
    analyst: Project, shell: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    analyst.suite = analyst.suite.replace("2025-06-30", "2025-07-31")
    analyst.save()
    open_unit()
    assert "looks back from 2025-07-31: `workbench ingest test`" in capsys.readouterr().out


def test_a_program_is_not_talked_to(analyst: Project, capsys: pytest.CaptureFixture[str]) -> None:
    InteractiveShell.clear_instance()  # another test of this process may have left its own
    open_unit()
    assert capsys.readouterr().out == ""
