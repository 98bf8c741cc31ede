from __future__ import annotations

import importlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from workbench.cli import app
from workbench.cli.app import COMMANDS

HOUSE = (
    'suite: str = \\"\\"  # the suite\\n'
    'unit: str = \\"\\"  # the unit\\n'
    'snapshot: str = \\"\\"  # the data\\n'
)
NOTEBOOK = """\
{{"cells": [
 {{"cell_type": "raw", "id": "front", "metadata": {{}},
  "source": "---\\ntitle: Groups\\nquestion: Who?\\nreader: All\\ndecision: What?\\n---"}},
 {{"cell_type": "code", "id": "parameters", "metadata": {{"tags": ["parameters"]}},
  "execution_count": null, "outputs": [],
  "source": "{house}k_max: int = 8  # most groups"}},
 {{"cell_type": "code", "id": "body", "metadata": {{}}, "execution_count": null, "outputs": [],
  "source": "{body}"}}],
 "metadata": {{"workbench": {{"tables": ["orders"], "order": 1}}}},
 "nbformat": 4, "nbformat_minor": 5}}
"""
SUITE = """\
title: Shop
as_of: 2025-06-30
owner: Sales
currency: GBP
timezone: Europe/London
"""
UNIT = """\
title: Atlas
sources:
  orders:
    till:
      path: data/raw/orders.csv
      types: {{ordered_at: timestamp, amount: decimal}}
reports: {reports}
"""
ORDERS = "order_id,ordered_at,amount\n1,2025-06-01,10.00\n2,2025-06-02,20.00\n2,never,5\n"


HEAVY = (
    "matplotlib",
    "seaborn",
    "sklearn",
    "statsmodels",
    "great_tables",
    "papermill",
    "nbconvert",
    "pandas",
)


def write(root: Path, body: str = "print(k_max)", reports: str = "{}") -> Path:
    for name in ("params/shop", "notebooks", "data/raw"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "notebooks" / "groups.ipynb").write_text(NOTEBOOK.format(house=HOUSE, body=body))
    (root / "params" / "shop" / "suite.yml").write_text(SUITE)
    (root / "params" / "shop" / "atlas.yml").write_text(UNIT.format(reports=reports))
    (root / "data" / "raw" / "orders.csv").write_text(ORDERS)
    return root


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("WORKBENCH_ROOT", raising=False)
    monkeypatch.chdir(write(tmp_path))
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_help_lists_every_command() -> None:
    found = call("--help")
    assert found.exit_code == 0
    for name, said in COMMANDS.items():
        assert name in found.stdout
        assert said.split()[0] in found.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_shows_an_example_in_its_help(name: str) -> None:
    found = call(name, "--help")
    assert found.exit_code == 0, found.output
    assert f"Example: workbench {name}" in " ".join(found.stdout.split())


@pytest.mark.parametrize("module", ["workbench.cli", "workbench.params", "workbench"])
def test_nothing_heavy_is_imported_before_it_is_needed(module: str) -> None:
    code = f"import sys, {module}\nprint([name for name in {HEAVY} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_every_command_has_its_module() -> None:
    for name in COMMANDS:
        assert importlib.import_module(f"workbench.cli.{name}").app.registered_commands


def test_an_unknown_command_is_wrong_usage() -> None:
    assert call("rnu").exit_code == 2


def test_params_shows_name_type_default_and_meaning(root: Path) -> None:
    found = call("params", "groups")
    assert found.exit_code == 0
    for word in ("k_max", "int", "8", "most groups", "reports: {groups: {k_max: 8}}"):
        assert word in found.stdout


def test_wrong_names_are_told_without_a_traceback(root: Path) -> None:
    found = call("params", "group")
    assert found.exit_code == 2
    assert "Did you mean `groups`?" in found.stderr
    assert "Traceback" not in found.output
    assert call("status", "shpo").exit_code == 2


def test_notebooks_says_what_breaks_the_form(root: Path) -> None:
    assert call("notebooks").exit_code == 0
    write(root, body="[x for x in y]")
    found = call("notebooks")
    assert found.exit_code == 2
    assert "notebooks/groups.ipynb, cell body, line 1: a comprehension" in found.stderr


def test_check_validates_files_overrides_and_sources(root: Path) -> None:
    found = call("check", "shop")
    assert (found.exit_code, found.stdout) == (0, "shop: 1 units, 1 sources, all good\n")

    (root / "data" / "raw" / "orders.csv").unlink()
    found = call("check")
    assert found.exit_code == 1
    assert "sources.orders.till" in found.stderr

    write(root, reports="{groups: {k_maks: 3}}")
    found = call("check")
    assert found.exit_code == 2
    assert "Did you mean `k_max`?" in found.stderr


def test_check_tries_the_expressions(root: Path) -> None:
    unit = root / "params" / "shop" / "atlas.yml"
    text = UNIT.format(reports="{}").replace(
        "reports:", "      columns: {amount: qty * 2}\nreports:"
    )
    unit.write_text(text)
    found = call("check", "shop")
    assert found.exit_code == 2
    assert "qty" in found.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_no_kernel_and_the_next_recovers(
    root: Path, how: signal.Signals
) -> None:
    began = root / "began"
    write(
        root,
        body="import os, time; place = os.environ['WORKBENCH_ROOT'] + '/began'; "
        "open(place, 'w').write(str(os.getpid())); time.sleep(120)",
    )
    command = [sys.executable, "-m", "workbench.cli", "run", "shop", "--renderer", "embedded"]
    with subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        while not (began.exists() and began.read_text()) and running.poll() is None:
            time.sleep(0.1)
        running.send_signal(how)
        said = running.stderr.read()
        code = running.wait(timeout=60)
    assert code == (130 if how == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in said
    kernel, deadline = int(began.read_text()), time.monotonic() + 30
    while _is_running(kernel) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not _is_running(kernel)

    write(root)
    found = call("run", "shop", "--renderer", "embedded")
    assert found.exit_code == 0, found.output
    assert not list((root / "reports").rglob(".*"))


def _is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_ingest_run_and_status_from_end_to_end(root: Path) -> None:
    found = call("ingest", "shop")
    assert found.exit_code == 0, found.output
    assert "till" in found.stdout

    assert "never run" in call("status").stdout

    found = call("run", "shop", "--renderer", "embedded", "--jobs", "1")
    assert found.exit_code == 0, found.output
    assert "1 ready" in found.stdout
    assert f"Portal: {root / 'reports' / 'shop' / 'index.html'}" in found.stdout
    assert "fresh" in call("status", "--renderer", "embedded").stdout

    write(root, body="1 / 0")
    assert "notebook changed" in call("status", "--renderer", "embedded").stdout
    found = call("run", "shop", "--renderer", "embedded")
    assert found.exit_code == 1
    assert "ZeroDivisionError in cell body" in found.stdout

    found = call("run", "shop", "--unit", "atals")
    assert found.exit_code == 2
    assert "atlas" in found.stderr


def test_root_names_the_project(root: Path, tmp_path_factory, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv("WORKBENCH_ROOT", "")
    assert call("--root", str(root), "params", "groups").exit_code == 0
    monkeypatch.delenv("WORKBENCH_ROOT", raising=False)
    found = call("params", "groups")
    assert found.exit_code == 2
    assert "no project found" in found.stderr


def test_doctor_says_what_is_here(root: Path) -> None:
    found = call("doctor")
    assert found.exit_code == 0, found.output
    for word in ("Python", "Renderer", "Disk", "Cores", "DuckDB"):
        assert word in found.stdout
    (root / "requirements.lock").write_text("pandas==0.1 \\\n    --hash=sha256:0\n")
    found = call("doctor")
    assert found.exit_code == 1
    assert "lock: 0.1" in " ".join(found.stdout.split())


def test_new_starts_a_report_that_keeps_the_form(root: Path) -> None:
    made = call("new", "returns", "--title", "Who returns?", "--tables", "orders, customers")
    assert made.exit_code == 0, made.output
    assert "notebooks/returns.ipynb" in made.output
    assert call("notebooks").exit_code == 0
    assert call("new", "returns").exit_code == 2
    assert call("new", "Returns!").exit_code == 2
    assert call("new", "other", "--tables", "order").exit_code == 2


def test_params_prints_the_cell_that_a_unit_gets(root: Path) -> None:
    write(root, reports="{groups: {k_max: 3}}")
    found = call("params", "groups", "--unit", "atlas", "--code")
    assert found.stdout.splitlines()[1:] == ["suite = 'shop'", "unit = 'atlas'", "k_max = 3"]
    assert "shop, atlas" in call("params", "groups", "--unit", "atlas").stdout
    assert call("params", "groups", "--code").exit_code == 2
