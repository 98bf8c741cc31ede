"""Two reports on a small fixed project: what they say is compared with what they said before.

The real notebooks run through the real suite. `UPDATE_GOLDEN=1` writes the expected files anew;
read their difference before committing it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest
from tests.support.outline import reading_outline
from tests.support.project import SUITE, Project

from workbench.suite.render.engines import find_renderer
from workbench.suite.run import Choice, run
from workbench.workspace import Workspace

GOLDEN = Path(__file__).parent / "golden"
REPORTS = ("triage", "segmentation")
OURS = re.compile(r"application/vnd\.workbench\.(\w+)\+json")
# Drawings and the digests of files may differ in their last bits; tables stand in the page's text.
LEFT_OUT = {"svg", "png", "html", "digest"}
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
has_quarto = bool(os.environ.get("QUARTO_PATH") or shutil.which("quarto"))
RENDERERS = (
    "embedded",
    pytest.param(
        "quarto",
        marks=pytest.mark.skipif(
            not has_quarto,
            reason="Quarto is not installed: put it on PATH or name it with QUARTO_PATH",
        ),
    ),
)


def orders() -> Iterator[dict[str, str]]:
    """Yield the order lines of twelve customers, and one row for each of six errors."""
    number = 0
    for customer in range(1, 13):
        for again in range(1 + customer % 4):
            number += 1
            day = date(2025, 6, 28) - timedelta(days=23 * customer - 17 * again)
            yield {
                "order_id": f"o{number:03d}",
                "customer_id": f"c{customer:02d}",
                "ordered_at": day.isoformat(),
                "amount": f"{12.5 * customer + 3 * again:.2f}",
                "category": ("Home", "Garden")[number % 2],
            }
    good = {"customer_id": "c01", "ordered_at": "2025-06-01", "amount": "10.00", "category": "Home"}
    yield {**good, "order_id": "o900", "amount": "ten pounds"}
    yield {**good, "order_id": "o901", "ordered_at": "31/12/2024"}
    yield {**good, "order_id": "o902", "ordered_at": "2031-01-01"}
    yield {**good, "order_id": ""}
    yield {**good, "order_id": "o903", "customer_id": ""}
    yield {**good, "order_id": "o904"}
    yield {**good, "order_id": "o904"}


def build(root: Path, notebooks: Path) -> Workspace:
    """Return a project of one unit, with the real notebooks."""
    suite = SUITE + "min_group: 2\nseed: 7\nreports: {segmentation: {n_bins: 3}}\n"
    project = Project(root, suite)
    project.table("orders", list(orders()), "types: {ordered_at: date, amount: decimal}")
    workspace = project.save()
    for report in REPORTS:
        shutil.copy(notebooks / f"{report}.ipynb", root / "notebooks")
    return workspace


@pytest.fixture(scope="module")
def edition(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function that gives the folder of the edition that a renderer made."""

    @cache
    def made(renderer: str) -> Path:
        root = tmp_path_factory.mktemp(renderer)
        workspace = build(root, project / "notebooks")
        result = run(workspace, "test", Choice(renderer=renderer, workers=2))
        assert [outcome.state for outcome in result.outcomes] == ["ok", "ok"]
        return result.editions["one"].folder

    return made


def compare(name: str, found: str) -> None:
    """Compare with an expected file, or write it when that was asked for."""
    path = GOLDEN / name
    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8"), f"UPDATE_GOLDEN=1 writes {name} anew"


def rounded(value: Any) -> Any:
    """Return a record without last bits: numbers to nine digits, in texts as well."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items() if key not in LEFT_OUT}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, str):
        return re.sub(r"\d+\.\d{8,}", lambda match: f"{float(match[0]):.9g}", value)
    return value


def records(notebook: Path) -> list[dict[str, Any]]:
    """Return what an executed notebook recorded for the suite, in order."""
    found = []
    for cell in nbformat.read(notebook, as_version=4).cells:
        for output in cell.get("outputs", ()):
            for mime, record in output.get("data", {}).items():
                if match := OURS.fullmatch(mime):
                    found.append({"kind": match[1], "cell": cell.id, **rounded(record)})
    return found


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("renderer", RENDERERS)
def test_the_page_says_what_it_said(edition: Any, renderer: str, report: str) -> None:
    folder = edition(renderer)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert find_renderer(renderer).name in json.dumps(manifest["renderer"])
    page = (folder / f"{report}.html").read_text(encoding="utf-8")
    outline = re.sub(r"digest [0-9a-f]{16}", "digest", reading_outline(page))
    compare(f"{report}.txt", outline)


@pytest.mark.parametrize("report", REPORTS)
def test_the_notebook_records_what_it_recorded(edition: Any, report: str) -> None:
    found = records(edition("embedded") / f"{report}.ipynb")
    compare(f"{report}.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def test_rows_are_conserved(edition: Any) -> None:
    manifest = json.loads((edition("embedded") / "manifest.json").read_text(encoding="utf-8"))
    told = manifest["data"]["rows"]["orders"]["main"]
    assert told["received"] == len(list(orders()))
    assert told["received"] == told["accepted"] + told["quarantined"]
