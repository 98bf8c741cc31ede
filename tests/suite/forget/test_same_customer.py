"""A customer of several records: forgotten by one of them, all of them go."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from support.people import COLUMNS, make_people
from support.project import Project
from workbench.ingest import ingest_suite
from workbench.ingest.forget.tombstones import read_tombstones
from workbench.params import load_suite
from workbench.suite.forget import forget

from .world import World, dated

ORDER = {"ordered_at": "2025-01-31", "amount": "10.50"}
MORE = """
tables:
  customers:
    personal: {given_name: drop, family_name: drop, email: drop, phone: drop, birth_date: drop}
identity: {}
"""


def built(root: Path) -> World:
    """Ingest the same customers on two days, all but one order on the first."""
    people = make_people(300, seed=11)
    project = Project(root, more=MORE)
    project.table("customers", [dict(zip(COLUMNS, row, strict=True)) for row in people.rows])
    orders = [
        {**ORDER, "order_id": f"A{n}", "customer_id": row[0]} for n, row in enumerate(people.rows)
    ]
    project.table("orders", orders[:-1])
    workspace = project.save()
    dated(workspace, "2025-05-31")
    ingest_suite(workspace, load_suite(workspace, "test"))
    project.table("orders", orders)
    project.save()
    ingest_suite(workspace, load_suite(workspace, "test"))
    return World(workspace)


def answer(world: World, lines: list[tuple[str, str]], delimiter: str) -> Path:
    """Write answered pairs, as a spreadsheet saves them."""
    path = world.home / "reviews" / "customers.csv"
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["record_a", "record_b", "answer", "name (a | b)"])
        writer.writerows([one, other, "different", "x | y"] for one, other in lines)
    return path


@pytest.mark.parametrize("by", ["record", "customer"])
def test_all_records_of_a_resolved_customer_go(tmp_path: Path, by: str) -> None:
    world = built(tmp_path)
    files = sorted(world.home.glob("identity/*/customers.parquet"))
    assert len(files) == 2
    of = dict(duckdb.sql(f"SELECT record, customer FROM '{files[0]}'").fetchall())
    record, customer = min((one, other) for one, other in of.items() if one != other)
    hers = {one for one, other in of.items() if other == customer}
    others = sorted(set(of) - hers)
    answer(world, [(min(hers), others[0]), (others[1], others[2])], ";")
    for one in hers:
        found = world.holders(one)
        assert sum("/identity/" in name for name in found) == 2
        assert sum(name.endswith("orders.parquet") for name in found) == 2

    done = forget(world.workspace, "test", record if by == "record" else customer)

    assert (done.problems, done.left) == ((), ())
    assert world.holders(*hers) == set()
    (site,) = done.sites
    assert site.rows["identity"] >= 2 * len(hers)
    assert site.sources == {"customers.main": len(hers), "orders.main": len(hers)}
    stone = read_tombstones(world.home).stones[0]
    assert len(stone.hashes) == len(hers)
    with (world.home / "reviews/customers.csv").open(encoding="utf-8-sig", newline="") as file:
        left = list(csv.reader(file))
    told = {cell for row in left for cell in row}
    assert {others[1], others[2]} <= told  # another's answer stays
    newest = next(path for path in world.home.glob("snapshots/*/customers.parquet"))
    assert {
        row for (row,) in duckdb.sql(f"SELECT source_customer_id FROM '{newest}'").fetchall()
    } == set(others)

    again = ingest_suite(world.workspace, load_suite(world.workspace, "test"), rehash=True)["one"]
    assert [source.erased for table in again.record.tables for source in table.sources] == [
        len(hers)
    ] * 2
    assert world.holders(*hers) == set()


def test_who_was_told_apart_since_stays(tmp_path: Path) -> None:
    world = built(tmp_path)
    files = sorted(world.home.glob("identity/*/customers.parquet"))
    of = dict(duckdb.sql(f"SELECT record, customer FROM '{files[0]}'").fetchall())
    pairs = {customer: [r for r, c in of.items() if c == customer] for customer in of.values()}
    one, other = min(sorted(records) for records in pairs.values() if len(records) == 2)
    answer(world, [(one, other)], ",")
    summary = ingest_suite(world.workspace, load_suite(world.workspace, "test"))["one"]
    path = summary.snapshot.path("customers")
    now = dict(duckdb.sql(f"SELECT source_customer_id, customer_id FROM '{path}'").fetchall())
    assert now[one] != now[other]
    gone, stays = (one, other) if now[one] == one else (other, one)

    done = forget(world.workspace, "test", gone)

    assert done.problems == ()
    newest = next(path for path in world.home.glob("snapshots/*/customers.parquet"))
    left = {r for (r,) in duckdb.sql(f"SELECT source_customer_id FROM '{newest}'").fetchall()}
    assert gone not in left
    assert stays in left
