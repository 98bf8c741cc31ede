"""Who is in the dirty unit twice is found: nearly all, hardly anybody else, few questions."""

from __future__ import annotations

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import duckdb
import pytest

from support.demo_project import demo_project, ingested
from workbench.ingest import IngestSummary
from workbench.workspace import Workspace

Pairs = set[tuple[str, str]]


@pytest.fixture(scope="module")
def brook(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Pairs, Workspace, IngestSummary]:
    """Return the pairs of records that are one person, the workspace, and the summary."""
    workspace, planted = demo_project(tmp_path_factory, project)
    truth = planted.units["brook"].duplicates
    summary = ingested(tmp_path_factory, project, "brook")
    same = zip(truth["customer_id_a"], truth["customer_id_b"], strict=True)
    return {(min(pair), max(pair)) for pair in same}, workspace, summary


def _customers(summary: IngestSummary) -> dict[str, str]:
    """Return record -> customer, for the accepted records."""
    path = str(summary.snapshot.path("customers"))
    query = "SELECT source_customer_id, customer_id FROM read_parquet(?)"
    return dict(duckdb.execute(query, [path]).fetchall())


def _asked(workspace: Workspace) -> Pairs:
    path = workspace.unit_data("demo", "brook") / "reviews" / "customers.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return {(row["record_a"], row["record_b"]) for row in csv.DictReader(lines)}


def test_next_to_all_are_found_and_next_to_nobody_else(
    brook: tuple[Pairs, Workspace, IngestSummary],
) -> None:
    same, _, summary = brook
    records: dict[str, list[str]] = defaultdict(list)
    for record, customer in _customers(summary).items():
        records[customer].append(record)
    found = {pair for each in records.values() for pair in combinations(sorted(each), 2)}
    assert len(same) > 800
    assert len(found & same) >= 0.98 * len(found)
    assert len(found & same) >= 0.9 * len(same)


def test_few_pairs_are_asked_and_most_of_them_are_one_person(
    brook: tuple[Pairs, Workspace, IngestSummary],
) -> None:
    same, workspace, summary = brook
    asked, of = _asked(workspace), _customers(summary)
    assert 0 < len(asked) <= 0.1 * len(same)
    assert len(asked & same) >= 0.7 * len(asked)
    assert all(of[one] != of[other] for one, other in asked), "a question that is answered already"


def test_the_record_counts_them_and_names_nobody(
    brook: tuple[Pairs, Workspace, IngestSummary],
) -> None:
    _, workspace, summary = brook
    told, of = summary.record.customers, _customers(summary)
    assert told is not None
    assert (told.records, told.customers) == (len(of), len(set(of.values())))
    assert told.asked == len(_asked(workspace))
    assert {"name", "email", "phone"} <= set(told.by)
    assert "country" not in told.by, "all records have the same one"
    text = (summary.snapshot.folder / "triage.json").read_text(encoding="utf-8")
    for pair in sorted(_asked(workspace)):
        assert not any(f'"{record}"' in text for record in pair)
