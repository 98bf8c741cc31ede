"""Repairs and pairs to review without a customer: her lines go, those about others stay."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from support.project import Project
from workbench.data.engine import connect
from workbench.ingest.forget.lists import erase_lists
from workbench.ingest.forget.person import Person
from workbench.ingest.forget.tombstones import Tombstones
from workbench.ingest.inbox import Inbox
from workbench.ingest.naming import name_sources
from workbench.params import load_suite
from workbench.triage.repairs.apply import record_sql
from workbench.triage.repairs.file import read_repairs

ANN = Person(frozenset({"C-0012"}), Tombstones("s"))
HEAD = ("apply", "table", "source", "column", "value", "repair", "record", "row", "cells")
ROWS = [
    {"order_id": "A1", "customer_id": "C-0012", "town": "Leds"},
    {"order_id": "A2", "customer_id": "C-0012", "town": "Yrok"},
    {"order_id": "A3", "customer_id": "C-0013", "town": "Leds"},
    {"order_id": "A4", "customer_id": "C-0013", "town": "Hlul"},
]
HERS = frozenset({1, 2})


class Unit:
    def __init__(self, root: Path) -> None:
        build = Project(root)
        build.table("orders", [{**row, "ordered_at": "2025-01-31", "amount": "1"} for row in ROWS])
        summary = build.ingest()
        suite = load_suite(build.save(), "test")
        self.home = root / "data/test/one"
        inbox = Inbox(self.home / "received", root, rehash=False)
        self.there = [(one, inbox.last(one)) for one in name_sources(suite.unit("one"))]
        received = self.there[0][1]
        assert summary.record.table("orders").received == len(ROWS)
        self.digests = [
            digest
            for (digest,) in duckdb.sql(
                f"SELECT {record_sql(received.columns)} FROM '{received.path}'"
            ).fetchall()
        ]

    def write(self, lines: list[dict[str, str]], delimiter: str = ",", mark: str = "") -> Path:
        path = self.home / "repairs.csv"
        with path.open("w", newline="", encoding="utf-8" + mark) as file:
            writer = csv.DictWriter(file, HEAD, restval="", delimiter=delimiter)
            writer.writeheader()
            known = {"table": "orders", "source": "main", "column": "town", "repair": "x"}
            writer.writerows({**known, **line} for line in lines)
        return path

    def erase(self, rows=HERS, person: Person = ANN, *, write: bool = True) -> int:
        with connect() as connection:
            return erase_lists(
                connection, self.home, person, self.there, {("orders", "main"): rows}, write=write
            )


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return Unit(tmp_path_factory.mktemp("lists"))


def lines(unit: Unit) -> list[dict[str, str]]:
    return [
        {"value": "Leds"},  # of hers and of another's
        {"value": "Yrok", "apply": "yes"},  # hers alone
        {"value": "Hlul"},
        {"value": "Bht"},  # nobody's now: it may come again
        {"value": "Leds", "record": unit.digests[0]},
        {"value": "Leds", "record": unit.digests[2], "row": "1"},
        {"value": "Old", "record": "r" + "0" * 24},  # a record that is not delivered any more
        {"column": "customer_id", "value": "c-0012", "repair": "C-0012"},
        {"source": "gone", "value": "Yrok", "row": "1"},
    ]


STAY = [("Leds", ""), ("Hlul", ""), ("Bht", ""), ("Leds", "other"), ("Yrok", "")]


@pytest.mark.parametrize(("delimiter", "mark"), [(",", ""), (";", "-sig"), ("\t", "")])
def test_what_is_about_her_rows_alone_goes(unit: Unit, delimiter: str, mark: str) -> None:
    path = unit.write(lines(unit), delimiter, mark)
    before = path.read_bytes()
    assert unit.erase(write=False) == 4
    assert path.read_bytes() == before
    assert unit.erase() == 4
    found = [(one.value, "other" if one.record else "") for one in read_repairs(path)]
    assert sorted(found) == sorted(STAY)
    assert path.read_bytes().startswith(before.splitlines(keepends=True)[0])
    assert unit.erase() == 0


def test_of_a_source_without_her_only_her_name_goes(unit: Unit) -> None:
    path = unit.write(lines(unit))
    assert unit.erase(rows=frozenset()) == 1
    assert len(read_repairs(path)) == len(lines(unit)) - 1


def test_a_short_number_is_no_reason_to_take_a_line_away(unit: Unit) -> None:
    unit.write([{"value": "12", "repair": "13"}])
    assert unit.erase(frozenset(), Person(frozenset({"12"}), Tombstones("s"))) == 0


def test_pairs_to_review(unit: Unit) -> None:
    path = unit.home / "reviews" / "customers.csv"
    path.parent.mkdir(exist_ok=True)
    (unit.home / "repairs.csv").unlink(missing_ok=True)
    path.write_text(
        "\ufeffrecord_a;record_b;answer;name (a | b)\r\nC-0013;C-0012;same;Ann | An\r\n"
        "C-0013;C-0014;;Ben | Be; C-00123\r\n'C-0012;C-0014;;Ann | A\r\n",
        encoding="utf-8",
        newline="",
    )
    assert unit.erase() == 2
    assert path.read_bytes().decode() == (
        "\ufeffrecord_a;record_b;answer;name (a | b)\r\nC-0013;C-0014;;Ben | Be; C-00123\r\n"
    )
