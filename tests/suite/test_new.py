"""A new report keeps the house's form, whatever it is called and whichever tables it reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.project import Project
from workbench.data.contracts import CONTRACTS
from workbench.errors import ParameterError
from workbench.suite.checks import check_notebook
from workbench.suite.new import new_report
from workbench.suite.notebook import RESERVED, read_report
from workbench.suite.run import Choice, run
from workbench.workspace import Workspace

DAYS = [f"2025-{month:02d}-15" for month in range(1, 7)]
ROWS = {
    "customers": [{"customer_id": f"C{n}", "region": "North"} for n in range(6)],
    "orders": [
        {"order_id": n, "customer_id": f"C{n}", "ordered_at": day, "amount": 10}
        for n, day in enumerate(DAYS)
    ],
    "assignments": [
        {"experiment_id": "E", "customer_id": f"C{n}", "variant": "a"} for n in range(6)
    ],
    "campaigns": [{"campaign_id": "K1", "name": "Spring", "started_at": "2025-05-01"}],
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    title=st.text(max_size=60),
    tables=st.lists(st.sampled_from(sorted(CONTRACTS)), max_size=7),
    number=st.integers(0, 10**9),
)
def test_it_passes_the_checks(tmp_path: Path, title: str, tables: list[str], number: int) -> None:
    path = new_report(tmp_path / str(number), f"r{number}", title=title, tables=tables)
    try:
        assert check_notebook(path) == []
        report = read_report(path)
        assert report.title == " ".join(title.split()) or report.title == f"R{number}"
        assert report.tables == (tuple(dict.fromkeys(tables)) or ("orders",))
        assert set(report.reads(CONTRACTS)) == set(report.tables)
        assert not report.reads_all
    finally:
        path.unlink()


@pytest.mark.parametrize(
    "name", ["", "Orders", "1st", "a-b", "../up", "a b", "a" * 41, *sorted(RESERVED)]
)
def test_a_bad_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ParameterError, match="cannot name a report"):
        new_report(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    path = new_report(tmp_path, "mine")
    path.write_text("my work")
    with pytest.raises(ParameterError, match="is there already"):
        new_report(tmp_path, "mine")
    assert path.read_text() == "my work"


def test_an_unknown_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="Did you mean `orders`"):
        new_report(tmp_path, "mine", tables=["order"])


def test_it_stands_behind_the_others(workspace: Workspace, make_notebook: Any) -> None:
    make_notebook("retention", order=47)
    make_notebook("unplaced", order=1000)
    first, second = (new_report(workspace.notebooks, name) for name in ("first", "second"))
    assert [read_report(path).order for path in (first, second)] == [50, 60]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """Return the edition, and the results, of a new report over four tables, unchanged."""
    build = Project(tmp_path_factory.mktemp("new"))
    types = {
        "orders": "types: {ordered_at: date, amount: decimal}",
        "campaigns": "types: {started_at: date}",
    }
    for table, rows in ROWS.items():
        build.table(table, rows, types.get(table, ""))
    workspace = build.save()
    new_report(workspace.notebooks, "fresh", title="# How *many* <b>?", tables=list(ROWS))
    result = run(workspace, "test", Choice(renderer="embedded"))
    assert [outcome.reason for outcome in result.outcomes] == [""]
    assert result.exit_code == 0
    folder = result.editions["one"].folder
    return folder, json.loads((folder / "results.json").read_text())["reports"]["fresh"]


def test_it_runs_as_it_is(ran: tuple[Path, dict]) -> None:
    _, results = ran
    said = {finding["id"]: finding["text"] for finding in results["findings"]}
    assert said["orders-by-month"] == "6 order lines came from Jul 2024 to Jun 2025."
    assert "No date is known of these assignments" in said["assignments-by-month"]
    numbers = {metric["id"]: metric["value"] for metric in results["metrics"]}
    assert numbers == {"customers": 6, "orders": 6, "assignments": 6, "campaigns": None}


def test_its_page_makes_sense(ran: tuple[Path, dict]) -> None:
    page = (ran[0] / "fresh.html").read_text(encoding="utf-8")
    assert "<h1" in page
    assert "# How *many* &lt;b&gt;?" in page
    for words in ("How many order lines came each month?", "Decisions asked for", "Months of"):
        assert words in page
    assert "fewer than 5 campaigns" in page
