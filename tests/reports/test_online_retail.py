"""The triage page of Online Retail states the published figures."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path

import pytest

from workbench.suite.run import Choice, run
from workbench.workspace import Workspace


def test_the_triage_page_states_the_published_figures(
    workbench_data: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_DATA", str(workbench_data))
    shutil.copytree(project / "params/online_retail", tmp_path / "params/online_retail")
    shutil.copytree(project / "notebooks", tmp_path / "notebooks")
    chosen = Choice(units=("all",), reports=("triage",), renderer="embedded")
    result = run(Workspace(tmp_path), "online_retail", chosen)
    page = (result.editions["all"].folder / "triage.html").read_text(encoding="utf-8")
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
    for figure in (
        "541,909",  # lines received
        "135,080",  # without a customer
        "9,288",  # cancelled
        "5,268",  # exact duplicates
        "25,900",  # invoices
        "4,372",  # customers received
        "397,884",  # lines accepted
        "4,338",  # customers accepted
        "8,911,407.904",  # revenue, as a sum of decimals
    ):
        assert re.search(rf"(?<![\d,.]){re.escape(figure)}(?![\d,]|\.\d)", text), figure
