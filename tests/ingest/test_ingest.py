"""From a source to a snapshot: what passes, what is set aside and why, and that nothing is lost."""

from __future__ import annotations

import csv
import gzip
import json
import os
import stat
from decimal import Decimal
from functools import partial
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.project import Project, accepted, reasons
from workbench.data.engine import connect
from workbench.data.snapshots import verify_snapshot
from workbench.errors import ContractError, ParameterError, SnapshotError, SourceError

GOOD = {"order_id": "A1", "customer_id": "C1", "ordered_at": "2025-01-31", "amount": "10.50"}


def order(**changes: str) -> dict[str, str]:
    return {**GOOD, **changes}


def test_good_rows_pass_as_typed_rows(build: Project) -> None:
    found = build.table("orders", [order(), order(order_id="A2", amount="-3.2500")]).ingest()
    rows = accepted(found, "orders", "order_id, customer_id, ordered_at::VARCHAR, amount, source")
    assert rows == [
        ("A1", "C1", "2025-01-31 00:00:00", Decimal("10.5000"), "main"),
        ("A2", "C1", "2025-01-31 00:00:00", Decimal("-3.2500"), "main"),
    ]
    assert found.record.table("orders").quarantined == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount": "ten"}, "unreadable:amount"),
        ({"amount": "inf"}, "unreadable:amount"),
        ({"amount": "999999999999999999999"}, "unreadable:amount"),
        ({"amount": ""}, "missing:amount"),
        ({"amount": "10000001"}, "absurd:amount"),
        ({"amount": "-10000001"}, "absurd:amount"),
        ({"ordered_at": "31/01/2025"}, "unreadable:ordered_at"),
        ({"ordered_at": "2025-02-30"}, "unreadable:ordered_at"),
        ({"ordered_at": "  "}, "missing:ordered_at"),
        ({"ordered_at": "2025-07-01"}, "after_as_of:ordered_at"),
        ({"ordered_at": "1900-01-01"}, "before_start:ordered_at"),
        ({"order_id": ""}, "missing:order_id"),
        ({"unit_price": "-1"}, "negative:unit_price"),
    ],
)
def test_each_bad_value_is_a_reason(build: Project, change: dict[str, str], reason: str) -> None:
    rows = [order(unit_price="1", order_id="B"), order(**{"unit_price": "1", **change})]
    found = build.table("orders", rows).ingest()
    assert reasons(found, "orders") == {reason: 1}
    (kept,) = build.quarantine(found, "orders")
    assert (kept["_row"], kept["_reasons"], kept["_source"]) == ("2", reason, "main")
    assert {name: kept[name] for name in rows[1]} == rows[1]


def test_the_last_moment_of_as_of_still_counts(build: Project) -> None:
    rows = [order(ordered_at="2025-06-30 23:59:59"), order(ordered_at="2025-07-01 00:00:00")]
    assert reasons(build.table("orders", rows).ingest(), "orders") == {"after_as_of:ordered_at": 1}


def test_a_time_with_an_offset_is_the_units_local_time(build: Project) -> None:
    # 23:30 UTC on 30 June is 00:30 on 1 July in London: after as_of.
    rows = [order(ordered_at="2025-06-30T23:30:00Z"), order(ordered_at="2025-06-30T22:30:00Z")]
    found = build.table("orders", rows).ingest()
    assert reasons(found, "orders") == {"after_as_of:ordered_at": 1}
    assert accepted(found, "orders", "ordered_at::VARCHAR") == [("2025-06-30 23:30:00",)]


def test_a_row_keeps_all_of_its_reasons(build: Project) -> None:
    rows = [order(amount="x", ordered_at="2031-01-01", order_id="")]
    found = build.table("orders", rows).ingest()
    (kept,) = build.quarantine(found, "orders")
    assert kept["_reasons"].split() == [
        "missing:order_id",
        "after_as_of:ordered_at",
        "unreadable:amount",
    ]


def test_repeated_rows_and_keys(build: Project) -> None:
    customers = [
        {"customer_id": "C1", "joined_at": "2020-01-01", "region": "North"},
        {"customer_id": "C1", "joined_at": "2020-01-01", "region": "North"},
        {"customer_id": "C2", "joined_at": "bad", "region": "North"},
        {"customer_id": "C2", "joined_at": "2021-01-01", "region": "South"},
        {"customer_id": "", "joined_at": "2021-01-01", "region": "South"},
    ]
    found = build.table("customers", customers).ingest()
    kept = {
        row["_row"]: set(row["_reasons"].split()) for row in build.quarantine(found, "customers")
    }
    assert kept == {
        "2": {"duplicate_row", "duplicate_key"},
        # A good row goes before a bad one with the same key, wherever it stands.
        "3": {"duplicate_key", "unreadable:joined_at"},
        "5": {"missing:customer_id"},
    }
    assert accepted(found, "customers", "customer_id, region") == [("C1", "North"), ("C2", "South")]


def test_the_first_source_wins_a_key(build: Project) -> None:
    build.table("customers", [{"customer_id": "C1", "region": "till"}], name="till")
    build.table(
        "customers",
        [{"customer_id": "C1", "region": "shop"}, {"customer_id": "C2", "region": "shop"}],
        name="shop",
    )
    found = build.ingest()
    assert accepted(found, "customers", "customer_id, region, source") == [
        ("C1", "till", "till"),
        ("C2", "shop", "shop"),
    ]
    assert [row["customer_id"] for row in build.quarantine(found, "customers", "shop")] == ["C1"]


def test_references_to_nothing(build: Project) -> None:
    build.table("customers", [{"customer_id": "C1"}, {"customer_id": "C2"}])
    rows = [order(), order(customer_id="C9"), order(customer_id=""), order(customer_id="C2")]
    found = build.table("orders", rows).ingest()
    assert reasons(found, "orders") == {"orphan:customer_id": 1}
    assert len(accepted(found, "orders")) == 3


def test_an_order_of_a_rejected_customer_is_an_orphan(build: Project) -> None:
    build.table("customers", [{"customer_id": "C1", "joined_at": "2031-01-01"}])
    assert reasons(build.table("orders", [order()]).ingest(), "orders") == {"orphan:customer_id": 1}


def test_events_in_an_impossible_order(build: Project) -> None:
    rows = [
        {"interaction_id": "1", "opened_at": "2025-02-01", "resolved_at": "2025-01-31"},
        {"interaction_id": "2", "opened_at": "2025-02-01", "resolved_at": "2025-02-01"},
        {"interaction_id": "3", "opened_at": "2025-02-01", "resolved_at": ""},
    ]
    found = build.table("interactions", rows).ingest()
    assert reasons(found, "interactions") == {"order_of_events:resolved_at": 1}


def test_a_subscription_may_end_in_the_future(build: Project) -> None:
    row = {
        "subscription_id": "S1",
        "customer_id": "C1",
        "started_at": "2025-01-01",
        "ended_at": "2026-01-01",
    }
    assert reasons(build.table("subscriptions", [row]).ingest(), "subscriptions") == {}


def test_expressions_types_and_rules(build: Project) -> None:
    raw = "No;Datum;Stk;Preis;Kunde\nA1;31.12.2024;3;1.234,50;7\nA2;1.1.2025;x;1;\n"
    build.table(
        "orders",
        raw,
        """
read: {delimiter: ";", decimal: ",", thousands: ".", date_format: "%d.%m.%Y"}
types: {Stk: integer, Preis: decimal, Datum: date, Kunde: integer}
columns: {order_id: "No", ordered_at: Datum, amount: Stk * Preis, customer_id: Kunde}
rules:
  known: {check: Kunde is not null, severity: warn}
  early: Datum < as_of
  second: _row <> 2
""",
    )
    found = build.ingest()
    assert accepted(
        found, "orders", "order_id, customer_id, amount, ordered_at::DATE::VARCHAR"
    ) == [("A1", "7", Decimal("3703.5000"), "2024-12-31")]
    # The amount is missing because `Stk` is unreadable: that is said once.
    assert reasons(found, "orders") == {
        "unreadable:Stk": 1,
        "rule:known": 1,
        "rule:second": 1,
    }


def test_an_expression_that_fails_for_a_row_is_a_reason(build: Project) -> None:
    build.table(
        "orders",
        [order(amount="1", Extra="7"), order(amount="1", Extra="x")],
        "columns: {amount: CAST(Extra AS INTEGER) * 2}",
    )
    found = build.ingest()
    assert reasons(found, "orders") == {"unreadable:amount": 1}
    assert accepted(found, "orders", "amount") == [(Decimal(14),)]


def test_severities_limits_and_keys_can_be_set(build: Project) -> None:
    build.more = """
tables:
  orders:
    key: [order_id, line]
    severity: {duplicate_row: warn, "after_as_of:ordered_at": warn, duplicate_key: "off"}
    limits: {amount: [0, 50], line: [1, 9]}
    plausible_start: 2025-01-01
"""
    rows = [
        order(line="1"),
        order(line="1"),
        order(line="2", ordered_at="2026-01-01"),
        order(line="3", amount="51"),
        order(line="4", amount="-1"),
        order(line="12"),
        order(line="5", ordered_at="2024-12-31"),
    ]
    found = build.table("orders", rows).ingest()
    assert reasons(found, "orders") == {
        "duplicate_row": 1,
        "after_as_of:ordered_at": 1,
        "absurd:amount": 1,
        "negative:amount": 1,
        "absurd:line": 1,
        "before_start:ordered_at": 1,
    }
    source = found.record.table("orders").sources[0]
    assert (source.received, source.accepted, source.quarantined, source.warned) == (7, 3, 4, 2)


def test_more_checks_than_bits_in_a_word(build: Project) -> None:
    rules = "".join(f"  r{nth}: _row <> {nth}\n" for nth in range(1, 131))
    rows = [order(order_id=f"A{nth}") for nth in range(1, 141)]
    found = build.table("orders", rows, f"rules:\n{rules}").ingest()
    assert found.record.table("orders").accepted == 10
    assert reasons(found, "orders") == {f"rule:r{nth}": 1 for nth in range(1, 131)}
    assert [row["_reasons"] for row in build.quarantine(found, "orders")] == [
        f"rule:r{nth}" for nth in range(1, 131)
    ]


def test_decimals_that_are_not_kept_are_remarked(build: Project) -> None:
    found = build.table("orders", [order(amount="1.00005"), order(amount="1.50000")]).ingest()
    assert reasons(found, "orders") == {"rounded:amount": 1}
    assert found.record.table("orders").accepted == 2


def test_personal_columns_never_enter_a_snapshot_in_clear(
    build: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_TOKEN_KEY", "a-long-secret-key")
    build.more = "tables: {customers: {personal: {email: token, loyalty: drop}}}\n"
    rows = [
        {"customer_id": "C1", "name": "Ann Lee", "email": "Ann@example.org", "loyalty": "L-77"},
        {"customer_id": "C2", "name": "Ann Lee", "email": "ann@example.org ", "loyalty": "L-78"},
    ]
    found = build.table("customers", rows).ingest()
    (first, second) = accepted(found, "customers", "email")
    assert first == second, "equal addresses have equal tokens"
    content = (
        found.snapshot.path("customers").read_bytes() + json.dumps(found.record.to_json()).encode()
    )
    for secret in (b"Ann", b"example.org", b"L-77", b"a-long-secret-key"):
        assert secret not in content
    assert found.record.table("customers").personal == {
        "name": "drop",
        "email": "token",
        "loyalty": "drop",
    }
    names = [
        column[0]
        for column in duckdb.sql(
            f"DESCRIBE SELECT * FROM '{found.snapshot.path('customers')}'"
        ).fetchall()
    ]
    assert names == ["customer_id", "email", "source"]


def test_a_token_needs_its_key(build: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_TOKEN_KEY", raising=False)
    build.more = "tables: {customers: {personal: {email: token}}}\n"
    build.table("customers", [{"customer_id": "C1", "email": "a@example.org"}])
    with pytest.raises(Exception, match="WORKBENCH_TOKEN_KEY"):
        build.ingest()


def test_a_mended_quarantine_file_is_loaded_again(build: Project) -> None:
    raw = "No;Betrag;ordered_at\nA1;1,50;2025-01-01\nA2;zwei;2025-01-02\n"
    options = 'read: {delimiter: ";", decimal: ","}\ntypes: {Betrag: decimal}\n'
    options += 'columns: {order_id: "No", amount: Betrag}'
    first = build.table("orders", raw, options).ingest()
    (path,) = (build.root / "data/test/one/quarantine" / first.snapshot.digest).iterdir()
    mended = path.read_text(encoding="utf-8").replace("zwei", '"2,00"')
    second = build.table("orders", mended, "like: main", name="mended").ingest()
    assert accepted(second, "orders", "order_id, amount, source") == [
        ("A1", Decimal("1.5"), "main"),
        ("A2", Decimal("2"), "mended"),
    ]
    assert "_reasons" not in [column.name for column in second.record.table("orders").columns]


def test_quarantine_is_for_its_owner_only(build: Project) -> None:
    found = build.table("orders", [order(amount="x")]).ingest()
    folder = build.root / "data/test/one/quarantine" / found.snapshot.digest
    assert stat.S_IMODE((folder / "orders.main.csv").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    received = build.root / "data/test/one/received/orders.main.parquet"
    assert stat.S_IMODE(received.stat().st_mode) == 0o600


def test_the_order_of_rows_and_the_number_of_threads_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        order(order_id=f"A{n % 700}", amount=f"{n % 97}.{n % 10}", x=str(n)) for n in range(3000)
    ]
    digests = set()
    for place, shuffled in enumerate((rows, rows[::-1], rows)):
        build = Project(tmp_path / str(place)).table("orders", shuffled)
        if place == 2:
            monkeypatch.setattr("workbench.ingest.making.connect", partial(connect, threads=1))
        digests.add(build.ingest().snapshot.tables["orders"].digest)
    assert len(digests) == 1


def test_an_unchanged_source_is_not_read_again(
    build: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build.table("orders", [order()]).ingest()
    calls: list[str] = []
    again = build.ingest(progress=lambda message, share: calls.append(message))
    assert again.reused
    assert again.snapshot.digest == first.snapshot.digest
    assert calls == ["orders.main: unchanged"]
    calls.clear()
    assert not build.ingest(rehash=True, progress=lambda m, s: calls.append(m)).reused
    assert "orders.main: reading" in calls
    # The same content under another time is read again, and found to be the same.
    os.utime(build.root / "raw/orders.main.csv", ns=(1, 1))
    calls.clear()
    assert build.ingest(progress=lambda m, s: calls.append(m)).reused
    assert "orders.main: reading" in calls


def test_another_day_is_another_snapshot(build: Project) -> None:
    first = build.table("orders", [order(ordered_at="2025-06-30")]).ingest()
    build.suite = build.suite.replace("2025-06-30", "2025-06-29")
    second = build.ingest()
    assert reasons(second, "orders") == {"after_as_of:ordered_at": 1}
    assert first.snapshot.digest != second.snapshot.digest
    assert first.snapshot.folder.is_dir(), "a snapshot is never removed by another"


def test_a_damaged_snapshot_is_found_and_made_again(build: Project) -> None:
    first = build.table("orders", [order()]).ingest()
    path = first.snapshot.path("orders")
    content = bytearray(path.read_bytes())
    content[50] ^= 1
    path.write_bytes(content)
    with pytest.raises(SnapshotError, match=r"orders\.parquet"):
        verify_snapshot(first.snapshot)
    again = build.ingest()
    verify_snapshot(again.snapshot)
    assert again.snapshot.digest == first.snapshot.digest
    assert not again.reused


def test_split_units_add_up_to_the_whole(build: Project) -> None:
    build.suite += "split: {by: country, min_customers: 2}\n"
    rows = [
        order(customer_id=f"{land}{n}", country=land, amount=f"{n}.25" if n else "x")
        for land, count in (("France", 4), ("Côte d'Ivoire", 3), ("Malta", 2), ("", 3))
        for n in range(count)
    ]
    found = build.table("orders", rows).ingest_all()
    assert list(found) == ["all", "rest", "cote-d-ivoire", "france"]
    assert found["france"].unit.title == "France"
    parts = [unit for name, unit in found.items() if name != "all"]
    for count in ("received", "accepted", "quarantined"):
        whole = getattr(found["all"].record.table("orders"), count)
        assert whole == sum(getattr(part.record.table("orders"), count) for part in parts)
    total = accepted(found["all"], "orders", "sum(amount)")[0][0]
    assert total == sum(accepted(part, "orders", "sum(amount)")[0][0] for part in parts)
    assert [row["country"] for row in build.quarantine(found["rest"], "orders")] == ["Malta", ""]


def test_tables_without_the_splits_column_follow_their_customer(build: Project) -> None:
    build.suite += "split: {by: region}\n"
    build.table("customers", [{"customer_id": f"C{n}", "region": "NS"[n % 2]} for n in range(4)])
    build.table("orders", [order(customer_id=f"C{n}") for n in range(4)] + [order(customer_id="")])
    found = build.ingest_all()
    assert {name: len(accepted(unit, "orders")) for name, unit in found.items()} == {
        "all": 5,
        "rest": 1,
        "n": 2,
        "s": 2,
    }


def test_a_split_that_no_table_can_tell_is_refused(build: Project) -> None:
    build.suite += "split: {by: nation}\n"
    with pytest.raises(ParameterError, match="nation"):
        build.table("orders", [order()]).ingest_all()


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ("columns: {amuont: 1}", ParameterError, "`amount`"),
        ("columns: {amount: Amnt * 2}", ParameterError, "amount"),
        ("columns: {amount: upper(1) * 2}", ParameterError, "amount"),
        ("columns: {amount: (select 1)}", ParameterError, "amount"),
        ("columns: {amount: random()}", ParameterError, "amount"),
        ("types: {amuont: decimal}", ParameterError, "`amount`"),
        ("rules: {odd: amount >}", ParameterError, "odd"),
    ],
)
def test_a_wrong_expression_is_refused_before_any_row_is_read(
    build: Project, options: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        build.table("orders", [order()], options).ingest()
    assert "sources.orders.main" in str(caught.value)
    assert not (build.root / "data/test/one/snapshots").exists()


def test_a_missing_required_column_is_refused(build: Project) -> None:
    row = {"order_id": "1", "ordered_at": "2025-01-01"}
    with pytest.raises(ContractError, match="`amount`"):
        build.table("orders", [row]).ingest()


def test_a_wrong_severity_is_refused(build: Project) -> None:
    build.more = "tables: {orders: {severity: {duplicat_row: warn}}}\n"
    with pytest.raises(ParameterError, match="Did you mean `duplicate_row`"):
        build.table("orders", [order()]).ingest()


def test_an_unknown_table_is_refused(build: Project) -> None:
    with pytest.raises(ParameterError, match="Did you mean `orders`"):
        build.table("order", [order()]).ingest()


cells = st.one_of(
    st.sampled_from(["", " ", "1", "2.5", "-3", "2025-01-01", "2031-01-01", "A", "1e5", "NaN"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r\n"), max_size=6),
)
tables = st.lists(
    st.fixed_dictionaries(dict.fromkeys((*GOOD, "unit_price", "note"), cells)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=tables)
def test_no_row_is_ever_lost(
    rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    build = Project(tmp_path_factory.mktemp("project"))
    found = build.table("orders", rows).ingest()
    record = found.record.table("orders")
    path = build.root / "raw/orders.main.csv"
    with path.open(newline="", encoding="utf-8") as file:
        received = list(csv.DictReader(file))
    kept = build.quarantine(found, "orders")
    assert record.received == len(received) == len(rows)
    assert len(accepted(found, "orders")) == record.accepted == len(rows) - len(kept)
    for row in kept:
        came = received[int(row["_row"]) - 1]
        assert {name: row[name] for name in came} == came
        assert row["_reasons"]
    assert build.ingest(rehash=True).snapshot.digest == found.snapshot.digest


def test_a_compressed_source(build: Project) -> None:
    build.table("orders", [order()])
    path = build.root / "raw/orders.main.csv"
    path.with_name("orders.main.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    build.sources["orders"]["main"] = build.sources["orders"]["main"].replace(".csv", ".csv.gz")
    assert len(accepted(build.ingest(), "orders")) == 1


def test_blanks_around_an_identifier_and_comments_in_an_expression(build: Project) -> None:
    rows = [order(order_id=" A1 ", customer_id="C1"), order(order_id="A2", customer_id=" ")]
    build.table("orders", rows, "columns: {amount: 'CAST(amount AS DECIMAL(9,2)) -- as it is'}")
    assert accepted(build.ingest(), "orders", "order_id, customer_id") == [
        ("A1", "C1"),
        ("A2", None),
    ]


def test_memory_is_a_size(build: Project) -> None:
    build.table("orders", [order()])
    assert build.ingest(memory="256MB").record.table("orders").accepted == 1
    with pytest.raises(ParameterError, match="512MB"):
        build.ingest(memory="a lot")


def test_a_column_with_a_name_of_ours_is_refused(build: Project) -> None:
    with pytest.raises(ParameterError, match="`As_Of` has a name that is kept"):
        build.table("orders", [order(As_Of="1")]).ingest()


def test_an_engine_that_cannot_finish_says_so(build: Project) -> None:
    rows = [order(order_id=f"A{n}", note="x" * 200) for n in range(40_000)]
    build.table("orders", rows)
    with pytest.raises(SourceError, match="the engine could not finish") as caught:
        build.ingest(memory="4MB")
    assert "one.yml" in caught.value.where
    assert not (build.root / "data/test/one/snapshots").exists()
    assert build.ingest().record.table("orders").accepted == 40_000
