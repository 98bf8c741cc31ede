"""Columns that seem personal and that nobody declared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.data.contracts import CONTRACTS
from workbench.params import TableParams
from workbench.triage.facts import Suspicion
from workbench.triage.privacy import suspected, undeclared, withheld_columns
from workbench.triage.record import ColumnRecord, SourceRecord, TableRecord, TriageRecord

EMAIL = Suspicion("email", 3, 0.25, 3, named=False)


def column(name: str, *suspicions: Suspicion) -> ColumnRecord:
    return ColumnRecord(
        name,
        "carried",
        "",
        False,
        0,
        1,
        None,
        True,
        None,
        None,
        None,
        None,
        (),
        suspicions=suspicions,
    )


COLUMNS = (column("order_id"), column("channel", EMAIL), column("note", EMAIL), column("size"))
ORDERS = CONTRACTS["orders"]


def record(personal: dict[str, str]) -> TriageRecord:
    sources = tuple(
        SourceRecord(name, f"{name} team", "", 4, 4, 0, 0, ()) for name in ("till", "shop")
    )
    table = TableRecord("orders", "", None, None, None, sources, COLUMNS, personal)
    return TriageRecord("demo", "atlas", "2025-06-30", (table,))


def names(table: TableParams | None) -> list[str]:
    return [one.name for one in suspected(ORDERS, table, COLUMNS)]


def test_a_column_that_seems_personal_is_suspected_until_its_owner_speaks() -> None:
    assert names(None) == ["channel", "note"]
    assert names(TableParams(personal={"note": "drop"})) == ["channel"]
    assert names(TableParams(personal={"note": "token"}, waive={"channel": "codes"})) == []


def test_a_column_that_the_contract_declares_is_not_suspected() -> None:
    found = suspected(CONTRACTS["interactions"], None, (column("text", EMAIL), column("topic")))
    assert found == ()


@pytest.mark.parametrize("needed", ["order_id", "customer_id", "ordered_at", "LineNo"])
def test_a_column_that_the_table_needs_is_not_left_out(needed: str) -> None:
    columns = (column(needed, EMAIL), column("note", EMAIL))
    key = ("order_id", "LineNo")
    assert withheld_columns(ORDERS, None, key, columns) == ("note",)
    assert [one.name for one in suspected(ORDERS, None, columns)] == [needed, "note"]


def test_a_failure_says_where_why_and_what_to_write() -> None:
    found = undeclared(record({"note": "withheld"}), {"orders": TableParams(waive={"size": "x"})})
    assert [(one.kind, one.table, one.column) for one in found] == [
        ("personal", "orders", "channel"),
        ("personal", "orders", "note"),
    ]
    channel, note = found
    evidence = "3 rows hold what looks like an e-mail address within a longer text (25.0% of the "
    assert evidence in note.sentence
    assert note.sentence.endswith("until it is declared, it is kept out of every report.")
    assert channel.sentence.endswith("until it is declared, no report is made of it.")
    assert "`personal: {note: drop}`" in note.fix
    assert "`waive: {note: <why>}`" in note.fix
    assert "`tables.orders`" in note.fix
    assert note.department == "shop team and till team"


def test_declared_columns_hold_nothing_back() -> None:
    said = TableParams(personal={"note": "drop"}, waive={"channel": "names of branches"})
    assert undeclared(record({}), {"orders": said}) == ()
    other = {"customers": TableParams(waive={"note": "x", "channel": "x"})}
    assert len(undeclared(record({}), other)) == 2


def test_every_suspicion_of_a_column_is_told() -> None:
    phone = replace(EMAIL, kind="phone", rows=1, within=0, share=0.0833)
    one = record({})
    table = replace(one.tables[0], columns=(column("note", EMAIL, phone),))
    (found,) = undeclared(replace(one, tables=(table,)), {})
    assert "an e-mail address within" in found.sentence
    assert " and 1 row holds what looks like a telephone number" in found.sentence
