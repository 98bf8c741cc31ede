"""Ingest says of every planted error what the truth expects of it, and rejects nothing else."""

from __future__ import annotations

import csv
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from support.demo import AS_OF, SEED, Demo
from workbench.data.demo import UNITS, write_demo
from workbench.ingest import IngestSummary, ingest_suite
from workbench.params import load_suite
from workbench.workspace import Workspace

Found = dict[tuple[str, str, int], set[str]]


@pytest.fixture(scope="module")
def ingested(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Demo, Workspace, dict[str, IngestSummary]]:
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(project / "params" / "demo", root / "params" / "demo")
    raw = root / "data" / "demo" / "raw"
    demo = Demo(raw, write_demo(raw, seed=SEED, as_of=AS_OF, scale=0.15))
    workspace = Workspace(root)
    return demo, workspace, ingest_suite(workspace, load_suite(workspace, "demo"))


def _quarantined(workspace: Workspace, unit: str, digest: str) -> Found:
    found: Found = {}
    for path in (workspace.unit_data("demo", unit) / "quarantine" / digest).glob("*.csv"):
        table = path.name.split(".")[0]
        with path.open(encoding="utf-8", newline="") as lines:
            for record in csv.DictReader(lines):
                place = (table, record["_source"], int(record["_row"]))
                found[place] = set(record["_reasons"].split())
    return found


@pytest.mark.parametrize("unit", UNITS)
def test_reasons_by_row(
    ingested: tuple[Demo, Workspace, dict[str, IngestSummary]], unit: str
) -> None:
    demo, workspace, summaries = ingested
    truth = demo.unit(unit)
    found = _quarantined(workspace, unit, summaries[unit].snapshot.digest)
    expected = {
        (error.table, error.source, error.row): error.reason
        for error in truth.errors.itertuples()
        if error.severity == "reject"
    }
    # What the first source holds already is a duplicate key in the second.
    for shared in truth.overlap.itertuples():
        expected[shared.table, "web", shared.row_b] = "duplicate_key"
    assert found.keys() == expected.keys()
    missed = {
        place: found[place] for place, reason in expected.items() if reason not in found[place]
    }
    assert missed == {}


@pytest.mark.parametrize("unit", UNITS)
def test_accepted_rows_and_amounts(
    ingested: tuple[Demo, Workspace, dict[str, IngestSummary]], unit: str
) -> None:
    demo, _, summaries = ingested
    snapshot = summaries[unit].snapshot
    for name, total in demo.unit(unit).facts["totals"].items():
        table, source = name.split("/")
        amount = "sum(amount)" if "amount_accepted" in total else "0"
        path = snapshot.folder / f"{table}.parquet"
        rows, paid = duckdb.execute(
            f"select count(*), {amount} from read_parquet(?) where source = ?", [str(path), source]
        ).fetchone() or (0, 0)
        assert rows == total["accepted"]
        if "amount_accepted" in total:
            assert paid == Decimal(total["amount_accepted"])
