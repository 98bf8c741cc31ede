"""What the README shows is true: its YAML loads; its targets, commands and links exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.params import load_suite
from workbench.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_your_own_data_in_ten_lines(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    written = 0
    for name, body in re.findall(r"```yaml\n# (params/\S+)\n(.*?)```", README, flags=re.DOTALL):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, encoding="utf-8")
        written += len(body.splitlines())
    assert 0 < written <= 10
    suite = load_suite(Workspace(tmp_path), "mine")
    source = suite.units["shop"].sources["orders"]["export"]
    assert source.kind == "csv"
    assert {"order_id", "ordered_at", "amount"} <= set(source.columns)


def test_the_targets_are_those_that_make_prints() -> None:
    printed = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert printed.stdout in README


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^\| `workbench (\w+)`", README, re.M))))
def test_each_command_is_there_and_shows_an_example(command: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("workbench"), command, "--help"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert f"workbench {command}" in done.stdout


def test_links_to_files_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", README):
        assert (ROOT / target).exists(), target
