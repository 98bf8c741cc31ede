"""A tiny project: two units, thin notebooks, snapshots without a real ingest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import pytest
from tests.support.warm import Mother, quick_starts

from workbench.data.snapshots import Snapshot, make_current, publish_snapshot
from workbench.ingest import IngestSummary
from workbench.params import SuiteParams
from workbench.suite import inputs
from workbench.triage.record import SourceRecord, TableRecord, TriageRecord
from workbench.workspace import Workspace


@pytest.fixture(scope="session")
def mother(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mother]:
    found = Mother(tmp_path_factory.mktemp("mother") / "project")
    yield found
    found.close()


@pytest.fixture(scope="module", autouse=True)
def quick(mother: Mother) -> Iterator[None]:
    """Let the runs of these tests start quickly; what starts is not what they look at."""
    with quick_starts(mother):
        yield


HOUSE = """\
suite: str = ""  # the suite to read; empty: the one chosen with make lab, else demo
unit: str = ""  # the business unit; empty: the suite's first
snapshot: str = ""  # digest of the data snapshot; empty: the unit's newest
"""
FRONT = """\
---
title: {title}
question: Does it run?
reader: Nobody
decision: None
---"""

MakeNotebook = Callable[..., Path]


def write_notebook(
    path: Path,
    *cells: str,
    title: str = "A report",
    parameters: str = "",
    tables: tuple[str, ...] = (),
    any_of: Iterable[str | list[str]] = (),
    order: int = 10,
    despite_gate: bool | None = None,
    front: str = FRONT,
) -> Path:
    """Write a notebook in the house's form: front matter, parameters, then the cells given."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "language": "python",
        "display_name": "Python 3",
    }
    notebook.metadata["workbench"] = {
        "tables": list(tables),
        "any_of": list(any_of),
        "order": order,
    }
    if despite_gate is not None:
        notebook.metadata["workbench"]["despite_gate"] = despite_gate
    declared = nbformat.v4.new_code_cell(HOUSE + parameters, id="parameters")
    declared.metadata["tags"] = ["parameters"]
    notebook.cells = [
        nbformat.v4.new_raw_cell(front.format(title=title), id="front-matter"),
        declared,
        *(nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(cells, 1)),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def make_workspace(root: Path) -> Workspace:
    """Make the folders of a project."""
    for name in ("params", "notebooks", "data", "reports"):
        (root / name).mkdir(parents=True)
    return Workspace(root)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path / "project")


@pytest.fixture
def make_notebook(workspace: Workspace) -> MakeNotebook:
    def make(name: str, *cells: str, **options: Any) -> Path:
        return write_notebook(workspace.notebooks / f"{name}.ipynb", *cells, **options)

    return make


SUITE_YAML = """\
title: Test <suite> & more
as_of: {as_of}
owner: Customer insight
currency: GBP
timezone: Europe/London
seed: 7
"""
UNIT_YAML = """\
title: {title}
sources:
  orders:
    till: {{path: data/raw/orders.csv}}
reports: {reports}
"""


def write_params(workspace: Workspace, as_of: str = "2025-06-30", **reports: object) -> None:
    """Write a suite of two units; keywords are a unit's overrides, by unit."""
    folder = workspace.params / "mini"
    folder.mkdir(exist_ok=True)
    (folder / "suite.yml").write_text(SUITE_YAML.format(as_of=as_of))
    for name, title in (("atlas", "Atlas Outfitters"), ("brook", "Brook & <Sons>")):
        text = UNIT_YAML.format(title=title, reports=json.dumps(reports.get(name, {})))
        (folder / f"{name}.yml").write_text(text)


def write_snapshot(
    workspace: Workspace,
    params: SuiteParams,
    unit: str,
    rows: Mapping[str, int],
) -> tuple[Snapshot, TriageRecord]:
    """Publish a snapshot whose tables hold the numbers from 0, and make it the current one."""
    home = workspace.unit_data(params.name, unit)
    draft = home / ".draft-test"
    draft.mkdir(parents=True)
    for table, count in rows.items():
        place = str(draft / f"{table}.parquet")
        duckdb.sql(f"COPY (SELECT range AS n FROM range({count})) TO '{place}' (FORMAT parquet)")
    record = TriageRecord(
        params.name,
        unit,
        params.as_of.isoformat(),
        tuple(_table(name, count) for name, count in rows.items()),
    )
    (draft / "triage.json").write_text(json.dumps(record.to_json()))
    snapshot = publish_snapshot(
        draft, home, suite=params.name, unit=unit, as_of=params.as_of.isoformat(), rows=rows
    )
    make_current(home, snapshot.digest)
    return snapshot, record


def _table(name: str, count: int) -> TableRecord:
    source = SourceRecord("till", "Sales", "orders.csv", count + 1, count, 1, 0, ())
    return TableRecord(name, "Order lines", None, None, None, (source,), (), {})


@dataclass
class FakeIngest:
    """Stands in for the ingest: gives each unit the rows that it is told."""

    workspace: Workspace
    rows: dict[str, dict[str, int]]

    def __call__(
        self,
        workspace: Workspace,
        params: SuiteParams,
        units: Iterable[str] | None = None,
        **_: object,
    ) -> dict[str, IngestSummary]:
        found = {}
        for name in units or params.units:
            snapshot, record = write_snapshot(workspace, params, name, self.rows[name])
            found[name] = IngestSummary(params.unit(name), snapshot, record, reused=False)
        return found


@pytest.fixture(scope="session")
def session_patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@dataclass
class Project:
    """A project with two reports that run and one that never applies."""

    workspace: Workspace
    ingest: FakeIngest


GOOD = (
    "from workbench.data import open_unit\nfrom workbench.report import finding, metric",
    'orders = open_unit(suite, unit, snapshot).table("orders")\nlines = len(orders.df())',
    'metric("lines", lines, label="Order lines <b>", unit="lines")\n'
    'finding(f"{unit} has {lines} order lines.", id="lines")\n'
    'finding("Order more.", id="more", kind="action", decision="Do we order more?")',
)
SHAKY = ('print("before")', "1 / (1 - broken)")


def fill(workspace: Workspace) -> Project:
    """Write the notebooks and parameters of a project."""
    write_notebook(
        workspace.notebooks / "good.ipynb", *GOOD, title="Order lines", tables=("orders",), order=1
    )
    write_notebook(
        workspace.notebooks / "shaky.ipynb",
        *SHAKY,
        title="Shaky",
        parameters="broken: int = 0  # fails when it is 1\n",
        tables=("orders",),
        order=2,
    )
    write_notebook(
        workspace.notebooks / "support.ipynb",
        title="Support cases",
        tables=("interactions",),
        order=3,
    )
    write_params(workspace)
    return Project(
        workspace, FakeIngest(workspace, {"atlas": {"orders": 12}, "brook": {"orders": 5}})
    )


@pytest.fixture
def project(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = fill(workspace)
    monkeypatch.setattr(inputs, "ingest_suite", made.ingest)
    return made
