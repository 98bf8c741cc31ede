"""The published figures of UCI Online Retail, from the file to the snapshot.

Sources: Chen, Sain & Guo 2012 (DOI 10.1057/dbm.2012.17) and the publisher's page (UCI data set 352)
for the counts of received rows; the figures after the usual cleaning (customer known, not a
C-invoice, quantity and price above zero) are those that are commonly published for it.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from support.project import accepted, reasons
from support.retail_project import retail_project
from workbench import triage
from workbench.ingest import IngestSummary


@pytest.fixture(scope="module")
def retail(
    workbench_data: Path, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, IngestSummary]:
    """Return the suite's units, ingested once."""
    return retail_project(tmp_path_factory, project, workbench_data)[1]


def test_the_published_figures(retail: dict[str, IngestSummary]) -> None:
    found = retail["all"]
    table = found.record.table("orders")
    assert table.received == 541_909
    assert reasons(found, "orders") == {
        "rule:customer_known": 135_080,
        "rule:quantity_above_zero": 10_624,
        "rule:not_cancelled": 9_288,
        "duplicate_row": 5_268,
        "rule:price_above_zero": 2_517,
    }
    known = triage.identifiers(found.record).set_index("column")
    assert known.loc["order_id", "received"] == 25_900
    assert known.loc["customer_id", "received"] == 4_372
    assert known.loc["product_id", "received"] == 4_070
    assert table.accepted == 397_884
    assert known.loc["customer_id", "accepted"] == 4_338
    assert known.loc["order_id", "accepted"] == 18_532
    assert accepted(found, "orders", "sum(amount)") == [(Decimal("8911407.9040"),)]


def test_received_rows_as_another_reader_counts_them(
    retail: dict[str, IngestSummary], workbench_data: Path
) -> None:
    path = workbench_data / "online_retail/online_retail.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        countries = Counter(row["Country"] for row in csv.DictReader(file))
    titles = {name: unit.unit.title for name, unit in retail.items()}
    for name, unit in retail.items():
        received = unit.record.table("orders").received
        if name == "all":
            assert received == countries.total()
        elif name != "rest":
            assert received == countries[titles[name]]


def test_the_units_add_up_to_the_whole(retail: dict[str, IngestSummary]) -> None:
    parts = {name: unit for name, unit in retail.items() if name != "all"}
    assert set(parts) == {
        "rest",
        "belgium",
        "france",
        "germany",
        "spain",
        "switzerland",
        "united-kingdom",
    }
    for count in ("received", "accepted", "quarantined"):
        whole = getattr(retail["all"].record.table("orders"), count)
        assert whole == sum(getattr(unit.record.table("orders"), count) for unit in parts.values())
    revenue = sum(accepted(unit, "orders", "sum(amount)")[0][0] for unit in parts.values())
    assert revenue == Decimal("8911407.9040")
    for name, unit in parts.items():
        if name != "rest":
            (customers,) = accepted(unit, "orders", "count(DISTINCT customer_id)")[0]
            assert customers >= 20


def test_the_same_cleaning_by_plain_python(
    retail: dict[str, IngestSummary], workbench_data: Path
) -> None:
    path = workbench_data / "online_retail/online_retail.csv.gz"
    lines, revenue, customers = 0, Decimal(0), set()
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
            if row["CustomerID"] and row["InvoiceNo"][0] != "C" and quantity > 0 and price > 0:
                lines += 1
                revenue += quantity * price
                customers.add(row["CustomerID"])
    table = retail["all"].record.table("orders")
    column = next(column for column in table.columns if column.name == "amount")
    assert (lines, len(customers)) == (table.accepted, 4_338)
    assert Decimal(column.total) == revenue


def test_quarantine_keeps_the_rows_as_they_came(
    retail: dict[str, IngestSummary], workbench_data: Path
) -> None:
    unit = retail["france"]
    folder = unit.snapshot.folder.parent.parent / "quarantine" / unit.snapshot.digest
    kept = duckdb.sql(
        f"SELECT * FROM read_csv('{folder / 'orders.web_shop.csv'}', all_varchar = true)"
    )
    rows = dict(zip(kept.columns, kept.fetchall()[0], strict=True))
    with gzip.open(
        workbench_data / "online_retail/online_retail.csv.gz", "rt", encoding="utf-8", newline=""
    ) as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            if number == int(rows["_row"]):
                assert {name: rows[name] or "" for name in row} == row
                break
