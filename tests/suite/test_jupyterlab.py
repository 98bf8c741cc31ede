"""A notebook run by hand in a real JupyterLab gives what the suite gives."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.jupyterlab import Lab, serve
from support.project import Project
from workbench.report.mime import FIGURE, FINDING, KINDS, METRIC, TABLE
from workbench.suite.run import Choice, run

N_BINS = 4
ORDERS = [
    {
        "order_id": f"O{customer}-{number}",
        "customer_id": f"C{customer:03}",
        "ordered_at": f"{2023 + (customer + number) % 2}-{1 + (customer * 7 + number) % 12:02}-11",
        "amount": f"{10 + customer * (number + 1) % 97}.50",
    }
    for customer in range(80)
    for number in range(1 + customer % 5)
]


@dataclass(frozen=True)
class Both:
    """A report that the suite has run, and a JupyterLab on the same project."""

    lab: Lab
    root: Path
    executed: dict[str, Any]

    @property
    def cells(self) -> list[dict[str, Any]]:
        """Return the cells of the analyst's own notebook."""
        path = self.root / "notebooks" / "segmentation.ipynb"
        return json.loads(path.read_text(encoding="utf-8"))["cells"]


@pytest.fixture(scope="module")
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("by-hand")
    build = Project(folder / "project", more=f"reports: {{segmentation: {{n_bins: {N_BINS}}}}}\n")
    build.table("orders", ORDERS, "types: {ordered_at: date, amount: decimal}")
    workspace = build.save()
    source = request.config.rootpath / "notebooks" / "segmentation.ipynb"
    shutil.copy(source, workspace.notebooks)
    result = run(workspace, "test", Choice(renderer="embedded"))
    assert result.exit_code == 0, result.outcomes
    executed = result.editions["one"].folder / "segmentation.ipynb"
    (folder / "scratch").mkdir()
    with serve(build.root, "test", folder / "scratch") as lab:
        yield Both(lab, build.root, json.loads(executed.read_text(encoding="utf-8")))


def outputs_of(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [output for cell in notebook["cells"] for output in cell.get("outputs", [])]


def records(outputs: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """Return the records of outputs, whatever form their JSON has."""
    return [
        (KINDS[mime], output["data"][mime])
        for output in outputs
        for mime in KINDS
        if mime in output.get("data", {})
    ]


def said(outputs: list[dict[str, Any]]) -> str:
    return "".join("".join(output["text"]) for output in outputs if "text" in output)


def test_the_same_records_as_the_suite(both: Both) -> None:
    """As an analyst does who has read what `open_unit` said: the suite's values in a cell."""
    code = [cell for cell in both.cells if cell["cell_type"] == "code"]
    with both.lab.session("segmentation.ipynb") as session:
        session.run("".join(code[0]["source"]))
        session.run(f"n_bins = {N_BINS}")
        found = session.run_all(code[1:])
    assert [output for output in found if output["output_type"] == "error"] == []
    expected = records(outputs_of(both.executed))
    assert {kind for kind, _ in expected} >= {"finding", "metric", "table", "figure", "action"}
    assert records(found) == expected
    assert "other parameters" not in said(found)


def test_the_difference_is_said_without_the_cell(both: Both) -> None:
    with both.lab.session("segmentation.ipynb") as session:
        found = session.run_all(both.cells)
    assert said(found).splitlines()[-1] == f"    n_bins = {N_BINS}"
    assert records(found) != records(outputs_of(both.executed))


def test_each_record_has_a_preview(both: Both) -> None:
    """What JupyterLab shows of a record: it knows none of our types, and all of these."""
    previews = {FINDING: "text/markdown", METRIC: "text/markdown", TABLE: "text/html"}
    previews[FIGURE] = "image/svg+xml"
    seen = set()
    for output in outputs_of(both.executed):
        for mime, preview in previews.items():
            if mime in output.get("data", {}):
                assert output["data"][preview]
                seen.add(mime)
    assert seen == set(previews)


def test_the_server_is_the_one_of_make_lab(both: Both, request: pytest.FixtureRequest) -> None:
    recipe = (request.config.rootpath / "Makefile").read_text(encoding="utf-8")
    lab = recipe.partition("\nlab:")[2].partition("\n\n")[0]
    assert "-m jupyterlab --ServerApp.root_dir=notebooks" in lab
    assert {"WORKBENCH_ROOT", "WORKBENCH_SUITE", "JUPYTER_PREFER_ENV_PATH"} <= set(
        re.findall(r"(\w+)=", lab)
    )
