"""What a job is said to take, so that those that run at once fit into the memory."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from workbench.suite import inputs
from workbench.suite.render.quarto import PEAK_MB
from workbench.suite.run import Choice, run

from .conftest import fill, make_workspace

STAND_IN = Path(__file__).parent / "render" / "quarto_stand_in.py"


@pytest.mark.parametrize("renderer", ["embedded", "quarto"])
def test_the_memory_of_a_job_counts_what_lays_out_its_page(
    renderer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "quarto"
    source = STAND_IN.read_text(encoding="utf-8")
    program.write_text(f"#!{sys.executable}\n{source}", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("QUARTO_PATH", str(program))
    project = fill(make_workspace(tmp_path / "project"))
    monkeypatch.setattr(inputs, "ingest_suite", project.ingest)
    result = run(project.workspace, "mini", Choice(renderer=renderer))
    jobs = json.loads(result.log.read_bytes())["jobs"]
    told = [job["peak_mb"] for job in jobs if job["state"] == "ok"]
    if renderer == "quarto":
        assert min(told) >= PEAK_MB
    else:
        assert 0 < max(told) < PEAK_MB, "these reports are small"
