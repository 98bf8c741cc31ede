"""Planted small groups, through the real suite: no file of the edition tells of them."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.support.project import SUITE, Project

from workbench.suite.run import Choice, run
from workbench.workspace import Workspace

pytestmark = pytest.mark.usefixtures("quick")

REPORTS = ("segmentation", "retention")
WORTH = "8642.75"  # of the two to win back, together


def orders() -> Iterator[dict[str, str]]:
    """Yield order lines: 60 customers, two of them of value and long gone, two newly come."""
    people = [(20 + n % 9, 4, 100 + n) for n in range(30)]
    people += [(150 + n % 9, 2, 20 + n) for n in range(26)]
    people += [(360, 4, 0), (361, 4, 0)]  # to win back
    people += [(1, 1, 9), (2, 1, 9)]  # a cohort of two
    number = 0
    for place, (since, days, amount) in enumerate(people):
        for again in range(days):
            number += 1
            day = date(2025, 6, 30) - timedelta(days=since + 30 * again)
            money = float(amount) if amount else (4000.50, 4642.25)[place % 2] / 4
            yield {
                "order_id": f"o{number:04d}",
                "customer_id": f"c{place:02d}",
                "ordered_at": day.isoformat(),
                "amount": f"{money:.4f}",
            }


@pytest.fixture(scope="module")
def world(project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Path]:
    """Return the project, and its edition's folder."""
    root = tmp_path_factory.mktemp("small")
    made = Project(root, SUITE + "seed: 7\nreports: {segmentation: {n_bins: 3}}\n")
    made.table("orders", list(orders()), "types: {ordered_at: date, amount: decimal}")
    people = sorted({row["customer_id"] for row in orders()})
    agreed = [{"customer_id": name, "marketing_consent": "true"} for name in people]
    made.table("customers", agreed, "types: {marketing_consent: boolean}")
    workspace = made.save()
    for report in REPORTS:
        shutil.copy(project / "notebooks" / f"{report}.ipynb", root / "notebooks")
    result = run(workspace, "test", Choice(renderer="embedded", workers=2))
    assert [outcome.state for outcome in result.outcomes] == ["ok", "ok"]
    return workspace, result.editions["one"].folder


def texts(folder: Path) -> str:
    """Return all that an edition holds, numbers without their separators."""
    found = (path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file())
    return re.sub(r"(?<=\d),(?=\d\d\d)", "", "\n".join(found))


def test_few_on_the_list_are_neither_counted_nor_valued(world: Any) -> None:
    workspace, folder = world
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    record, other = results["reports"]["segmentation"]["actions"]
    assert (record["id"], other["id"]) == ("win-back", "thank")
    assert (record["customers"], record["value"], record["display"]) == (None, None, None)
    assert record["customers_display"] == "fewer than 5 customers"
    actions = workspace.unit_data("test", "one") / "actions"
    named = [row for name in ("", ".holdout") for row in rows_of(actions / f"win-back{name}.csv")]
    assert sum(float(row["value"]) for row in named) == float(WORTH), "the list is whole"
    contacts = json.loads((folder / "contacts.json").read_text(encoding="utf-8"))
    told = contacts["lists"][0]
    assert (told["id"], told["received"], told["value"]) == ("win-back", None, None)
    assert {cell["customers"] for cell in told["counts"].values()} == {None}
    page = re.sub(r"<[^>]+>", "", (folder / "segmentation.html").read_text(encoding="utf-8"))
    assert "Valuable customers to win back: fewer than 5 customers qualify." in page
    everything = texts(folder)
    assert WORTH not in everything
    assert str(round(float(WORTH))) not in everything


def test_no_table_holds_a_small_group_or_leaves_one_over(world: Any) -> None:
    _, folder = world
    tables = {path.stem: list(rows_of(path)) for path in folder.rglob("*.csv")}
    segments = [int(row["Customers"]) for row in tables["segmentation-segments"]]
    assert sum(segments) == 60
    assert min(segments) >= 5
    counts = [row["Customers"] for row in tables["segmentation-cut-points"]]
    assert not any(count and 0 < int(count) < 5 for count in counts)
    overall = [int(row["Customers at the start"]) for row in tables["retention-cohorts-overall"]]
    steps = [before - after for before, after in pairwise([60, *overall])]
    assert len(overall) > 3
    assert all(step == 0 or step >= 5 for step in steps), "the two of June are a difference"


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file by their headings."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
