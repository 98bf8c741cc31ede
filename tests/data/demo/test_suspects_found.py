"""What no check can tell of the dirty unit is suspected, by row: every planted kind of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from support.demo_project import demo_project, ingested
from workbench.ingest import IngestSummary

# What nothing in a row tells: the empty cell is counted, and that is all there is to say of it.
UNTOLD = {"postcode", "about"}
# By a free text alone: the column is declared personal, so its text is not looked at.
OF_A_COLUMN = {"personal_in_note"}


@pytest.fixture(scope="module")
def brook(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[pd.DataFrame, pd.DataFrame, IngestSummary]:
    """Return planted errors that no check tells, suspected cells, and the summary."""
    workspace, truth = demo_project(tmp_path_factory, project)
    planted = truth.units["brook"].errors
    summary = ingested(tmp_path_factory, project, "brook")
    folder = workspace.unit_data("demo", "brook") / "quarantine" / summary.snapshot.digest
    return planted, pd.read_parquet(folder / "suspected_cells.parquet"), summary


def _rows(frame: pd.DataFrame) -> set[tuple[str, str, int]]:
    return set(zip(frame["table"], frame["source"], frame["row"], strict=True))


def _cells(frame: pd.DataFrame) -> list[tuple[str, str, int, str]]:
    columns = (frame[name] for name in ("table", "source", "row", "column"))
    return list(zip(*columns, strict=True))


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("broken_dependency", 1.0),
        ("case_variant", 1.0),
        ("date_order", 1.0),
        ("misspelt", 1.0),
        ("swapped_fields", 1.0),
        ("missing_value", 1.0),
        # Two of the web shop's articles are too seldom bought to know what they cost.
        ("wrong_units", 0.9),
    ],
)
def test_a_planted_kind_is_suspected_by_row(
    brook: tuple[pd.DataFrame, pd.DataFrame, IngestSummary], kind: str, least: float
) -> None:
    planted, found, _ = brook
    told = planted[(planted["kind"] == kind) & ~planted["column"].isin(UNTOLD)]
    rows = _rows(told)
    assert len(rows) >= 10
    assert len(rows & _rows(found)) >= least * len(rows)


def test_no_kind_is_left_out(brook: tuple[pd.DataFrame, pd.DataFrame, IngestSummary]) -> None:
    planted, found, _ = brook
    silent = planted[planted["reason"] == ""]
    for kind, errors in silent.groupby("kind"):
        assert kind in OF_A_COLUMN or _rows(errors) & _rows(found), kind


def test_next_to_nothing_else_is_suspected(
    brook: tuple[pd.DataFrame, pd.DataFrame, IngestSummary],
) -> None:
    planted, found, _ = brook
    false = _rows(found) - _rows(planted)
    # Telephone numbers written in a form that next to no other has, and three days without sales.
    assert len(false) <= 0.1 * len(_rows(found))


def test_suggestions_are_the_truth(
    brook: tuple[pd.DataFrame, pd.DataFrame, IngestSummary],
) -> None:
    planted, found, _ = brook
    told = planted[planted["kind"].isin(["misspelt", "case_variant"])]
    truth = dict(zip(_cells(told), told["true_value"], strict=True))
    right = [
        suggestion == truth[cell]
        for cell, suggestion in zip(_cells(found), found["suggestion"], strict=True)
        if cell in truth
    ]
    assert len(right) >= 150
    assert sum(right) >= 0.97 * len(right)


def test_the_record_counts_them_and_shows_no_value(
    brook: tuple[pd.DataFrame, pd.DataFrame, IngestSummary],
) -> None:
    _, found, summary = brook
    counted = {
        (table.name, source.name, one.column, one.kind): one.cells
        for table in summary.record.tables
        for source in table.sources
        for one in source.suspected
    }
    by = ["table", "source", "column", "kind"]
    assert counted == found.groupby(by).size().to_dict()
    text = (summary.snapshot.folder / "triage.json").read_text(encoding="utf-8")
    for value in found.loc[found["kind"] == "typo", "value"]:
        assert value not in text
