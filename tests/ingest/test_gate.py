"""Score, gate and undeclared personal data, as an ingest counts and writes them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from support.project import Project
from workbench.ingest import ingest_suite
from workbench.params import load_suite
from workbench.triage.score import Held, score
from workbench.triage.scored import score_trend

DAY = date(2025, 6, 30)
CUSTOMERS = [{"customer_id": f"C{n}", "joined_at": "2024-01-01"} for n in range(1, 4)]


def line(order: str, customer: str, amount: str, day: str = "2025-06-01", **more: str) -> dict:
    return {
        "order_id": order,
        "customer_id": customer,
        "ordered_at": day,
        "amount": amount,
        **more,
    }


def planted(build: Project) -> Project:
    """Ten lines, of which each is right or wrong in a way that stands beside it."""
    build.table("customers", CUSTOMERS)
    build.table(
        "orders",
        [
            line("1", "C1", "10.00"),
            line("1", "C1", "10.00"),  # repeats the row
            line("2", "C1", "x"),  # unreadable
            line("3", "C9", "20.00"),  # nobody's, and refers to nothing
            line("4", "C9", "99999999"),  # absurd, and refers to nothing
            line("5", "C2", "-30.00", "2026-01-01"),  # in the future
            line("6", "C2", "1.00005"),  # rounded: remarked on
            line("7", "C2", "5.00"),  # breaks the rule
            line("8", "", "7.00"),
            line("9", "C3", "-2.50"),
        ],
        options="rules: {lucky: {check: order_id <> '7', severity: warn}}",
    )
    return build


def test_each_dimension_counts_a_row_once(build: Project) -> None:
    orders = planted(build).ingest().record.table("orders")
    assert orders is not None
    (till,) = orders.sources
    assert (till.received, till.accepted) == (10, 5)
    assert (till.invalid, till.repeated, till.inconsistent) == (4, 1, 3)
    assert till.newest == "2025-06-01 00:00:00"  # of the rows that passed
    found = score(orders, DAY)
    assert found.validity == Held(6, 10)
    assert found.uniqueness == Held(9, 10)
    assert found.consistency == Held(7, 10)
    assert found.freshness == Held(5, 5)
    assert found.completeness == Held(19, 20)  # the customer of order 8 is not known


def test_a_row_with_several_reasons_of_one_dimension_counts_once(build: Project) -> None:
    build.table("orders", [line("1", "C1", "x", "y"), line("2", "C1", "1", "2025-06-01")])
    (till,) = build.ingest().record.tables[0].sources
    assert {reason.code for reason in till.reasons} >= {
        "unreadable:amount",
        "unreadable:ordered_at",
    }
    assert till.invalid == 1


def test_lines_that_cannot_be_read_are_invalid(build: Project) -> None:
    text = "order_id,customer_id,ordered_at,amount\n1,C1,2025-06-01,5\n2,C1,2025-06-01,5,6,7\n"
    build.table("orders", text)
    orders = build.ingest().record.tables[0]
    assert orders.sources[0].invalid == 1
    found = score(orders, DAY)
    assert (found.validity, found.uniqueness) == (Held(1, 2), Held(1, 1))


def test_the_money_in_the_rows_with_a_reason(build: Project) -> None:
    orders = planted(build).ingest().record.table("orders")
    assert orders is not None
    money = {reason.code: reason.amount for reason in orders.sources[0].reasons}
    assert money == {
        "duplicate_row": "10.0000",
        "unreadable:amount": None,
        "orphan:customer_id": "20.0000",  # without the absurd amount of order 4
        "absurd:amount": None,
        "after_as_of:ordered_at": "30.0000",  # a return counts by its size
        "rounded:amount": "1.0001",
        "rule:lucky": "5.0000",
    }
    assert isinstance(Decimal(money["duplicate_row"] or ""), Decimal)


def test_tables_without_an_amount_have_no_money(build: Project) -> None:
    build.table("customers", [*CUSTOMERS, CUSTOMERS[0]])
    (crm,) = build.ingest().record.tables[0].sources
    assert [(one.code, one.amount) for one in crm.reasons] == [
        ("duplicate_key", None),
        ("duplicate_row", None),
    ]


def test_a_gate_is_judged_and_kept_with_the_snapshot(build: Project) -> None:
    planted(build).more = "gate: {tables: {orders: {max_quarantine_share: 0.5}}}\n"
    assert build.ingest().record.gate == ()
    build.more = "gate: {tables: {orders: {max_quarantine_share: 0.49, max_age_days: 3}}}\n"
    found = build.ingest()
    assert not found.reused  # another gate, another judgement
    assert [one.kind for one in found.record.gate] == ["quarantine", "age"]
    assert found.record.table("orders").max_age_days == 3
    assert build.ingest().record == found.record


def test_scores_of_earlier_loads_go_with_the_snapshot(build: Project) -> None:
    suite = build.suite
    for day, amounts in (("2025-04-30", "1x"), ("2025-05-31", "11"), ("2025-06-30", "1x")):
        build.suite = suite.replace("2025-06-30", day)
        build.table("orders", [line(str(n), "C1", a, "2025-04-01") for n, a in enumerate(amounts)])
        found = build.ingest().record
    points = [one for one in found.history if one.dimension == "validity"]
    assert [(one.as_of, one.share) for one in points] == [("2025-04-30", 0.5), ("2025-05-31", 1.0)]
    trend = score_trend(found).iloc[0]
    assert (trend["dimension"], trend["now"], trend["before"]) == ("validity", 0.5, 1.0)


def test_each_unit_of_a_split_has_its_own_gate(build: Project) -> None:
    build.suite += "split: {by: country}\n"
    build.table(
        "orders",
        [line(str(n), f"C{n}", "1", country="FR" if n < 3 else "DE") for n in range(9)],
    )
    build.more = "gate: {min_rows: 4}\n"
    workspace = build.save()
    (workspace.params / "test" / "de.yml").write_text("title: DE\ngate: {min_rows: 7}\n")

    def failing() -> dict[str, int]:
        found = ingest_suite(workspace, load_suite(workspace, "test"))
        return {name: len(one.record.gate) for name, one in found.items()}

    assert failing() == {"all": 0, "de": 1, "fr": 1}
    (workspace.params / "test" / "de.yml").write_text("title: DE\ngate: {min_rows: 6}\n")
    assert failing() == {"all": 0, "de": 0, "fr": 1}


def noted(build: Project, more: str = "") -> Project:
    build.table(
        "orders",
        [
            line("1", "C1", "5", note="call ann@example.org first"),
            line("2", "C1", "6", note="gift"),
            line("3", "C2", "7", note="gift"),
        ],
    )
    build.more = more
    return build


def columns(path: Path) -> list[str]:
    return [row[0] for row in duckdb.sql(f"DESCRIBE FROM read_parquet('{path}')").fetchall()]


def test_an_undeclared_address_is_withheld_and_holds_reports_back(build: Project) -> None:
    found = noted(build).ingest()
    assert "note" not in columns(found.snapshot.path("orders"))
    (failure,) = found.record.gate
    assert (failure.kind, failure.table, failure.column) == ("personal", "orders", "note")
    assert "1 row holds what looks like an e-mail address" in failure.sentence
    assert found.record.table("orders").personal == {"note": "withheld"}
    told = (found.snapshot.folder / "triage.json").read_text()
    assert "ann@" not in told
    assert "example.org" not in told


@pytest.mark.parametrize(
    ("declared", "there"),
    [("personal: {note: drop}", False), ("waive: {note: names of branches}", True)],
)
def test_what_the_owner_declares_frees_the_reports(
    build: Project, declared: str, there: bool
) -> None:
    found = noted(build, f"tables: {{orders: {{{declared}}}}}\n").ingest()
    assert found.record.gate == ()
    assert ("note" in columns(found.snapshot.path("orders"))) == there


def test_a_withheld_column_leaves_no_trace_in_the_file(build: Project, tmp_path: Path) -> None:
    # Sorted by the note, the lines of order 1 would stand the other way round.
    notes = [("ann@example.org", "2"), ("bob@example.org", "1"), ("gift", "3")]
    rows = [line("1", "C1", "5", note=note, size=size) for note, size in notes]
    held = build.table("orders", rows).ingest().snapshot.path("orders")
    other = Project(tmp_path / "other").table("orders", rows)
    other.more = "tables: {orders: {personal: {note: drop}}}\n"
    dropped = other.ingest().snapshot.path("orders")
    assert duckdb.sql(f"SELECT size FROM '{held}'").fetchall() == [("1",), ("2",), ("3",)]
    assert held.read_bytes() == dropped.read_bytes()


def test_a_key_that_seems_personal_stays_and_holds_reports_back(build: Project) -> None:
    build.table("customers", [{"customer_id": "ann@example.org"}, {"customer_id": "C2"}])
    found = build.ingest()
    assert columns(found.snapshot.path("customers")) == ["customer_id", "source"]
    assert [one.column for one in found.record.gate] == ["customer_id"]
    assert found.record.table("customers").personal == {}


def test_columns_of_a_split_are_withheld_in_each_unit(build: Project) -> None:
    build.suite += "split: {by: country}\n"
    build.table(
        "orders",
        [
            line(str(n), f"C{n}", "1", country=country, note=note)
            for n, (country, note) in enumerate(
                [("FR", "ann@example.org"), ("FR", "gift"), ("DE", "gift"), ("DE", "late")]
            )
        ],
    )
    found = build.ingest_all()
    there = {name: "note" in columns(one.snapshot.path("orders")) for name, one in found.items()}
    assert there == {"all": False, "de": True, "fr": False}
    assert {name: len(one.record.gate) for name, one in found.items()} == {
        "all": 1,
        "de": 0,
        "fr": 1,
    }
