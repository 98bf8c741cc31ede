"""The handle that a notebook opens, on what an ingest has left."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import narwhals as nw
import pytest

from support.project import Project
from workbench.data import open_unit
from workbench.data.unit import SUITE_VARIABLE, job_facts
from workbench.errors import ContractError, ParameterError, SnapshotError
from workbench.workspace import JOB_VARIABLE, ROOT_VARIABLE

ROW = {"order_id": "A1", "customer_id": "C1", "ordered_at": "2025-01-31", "amount": "10.50"}


@pytest.fixture
def analyst(build: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project as an analyst has it open."""
    build.table("orders", [ROW, {**ROW, "amount": "x"}])
    build.ingest()
    monkeypatch.chdir(build.root / "notebooks")
    monkeypatch.setenv(SUITE_VARIABLE, "test")
    return build


def test_by_hand(analyst: Project) -> None:
    unit = open_unit()
    assert (unit.suite, unit.name, unit.title, unit.currency) == ("test", "one", "One", "GBP")
    assert unit.as_of == date(2025, 6, 30)
    assert unit.has("orders")
    assert not unit.has("orders", "customers")
    assert tuple(unit.snapshot.tables) == ("orders",)
    assert unit.table("orders").fetchone()[1] == "C1"
    assert nw.from_native(unit.table("orders")).collect("pandas").shape == (1, 5)


def test_an_older_snapshot_can_be_named(analyst: Project) -> None:
    first = open_unit().snapshot.digest
    analyst.suite = analyst.suite.replace("2025-06-30", "2025-05-31")
    analyst.ingest()
    assert open_unit().snapshot.digest != first
    assert open_unit(snapshot=first).as_of == date(2025, 6, 30)


def test_what_does_not_exist_is_named(analyst: Project) -> None:
    with pytest.raises(ParameterError, match="Allowed: one"):
        open_unit(unit="two")
    with pytest.raises(ParameterError, match="Allowed: test"):
        open_unit("other")
    with pytest.raises(SnapshotError, match="no table `customers`"):
        open_unit().table("customers")
    with pytest.raises(ContractError, match="Did you mean `orders`"):
        open_unit().table("order")


def test_a_job_reads_its_own_facts(
    analyst: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = open_unit()
    facts = job_facts(
        {
            "name": "one",
            "title": "As it was called then",
            "owner": "Insight",
            "currency": "EUR",
            "timezone": "UTC",
            "week_start": "sunday",
            "fiscal_year_start": 4,
            "experiments": {},
            "calendar": {
                "eid": {
                    "title": "Eid al-Fitr",
                    "start": "2025-03-30",
                    "end": "2025-04-01",
                    "explains": ["volume"],
                }
            },
        },
        unit.snapshot,
        seed=7,
        min_group=9,
        actions=tmp_path / "actions",
    )
    path = tmp_path / "job.json"
    path.write_text(json.dumps(facts))
    monkeypatch.setenv(JOB_VARIABLE, str(path))
    monkeypatch.setenv(ROOT_VARIABLE, "/nowhere")
    job = open_unit("ignored", "ignored")
    assert (job.title, job.currency, job.seed, job.min_group) == (
        "As it was called then",
        "EUR",
        7,
        9,
    )
    assert job.snapshot == unit.snapshot
    assert unit.calendar == {}
    assert [(one.title, one.end) for one in job.calendar.values()] == [
        ("Eid al-Fitr", date(2025, 4, 1))
    ]
