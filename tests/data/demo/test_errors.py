"""Each planted error stands in the raw files where the truth says, as read by other readers."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from support.demo import Demo, Record, as_text
from workbench.data.demo import UNITS

KINDS = {
    "absurd",
    "after_as_of",
    "before_start",
    "broken_dependency",
    "broken_line",
    "case_variant",
    "date_order",
    "duplicate_key",
    "exact_duplicate",
    "misspelt",
    "missing_value",
    "negative_amount",
    "negative_quantity",
    "null_key",
    "order_of_events",
    "orphan",
    "personal_in_note",
    "swapped_fields",
    "unreadable_date",
    "unreadable_number",
    "wrong_total",
    "wrong_units",
}


def _errors(demo: Demo, unit: str, kind: str = "") -> list[Any]:
    frame = demo.unit(unit).errors
    return list((frame if not kind else frame[frame["kind"] == kind]).itertuples())


def _same_value(stored: str, told: str) -> bool:
    """Compare as text, or as numbers where a database has kept a number."""
    if stored == told:
        return True
    try:
        return Decimal(stored.replace(",", ".")) == Decimal(told.replace(",", "."))
    except ArithmeticError:
        return False


def test_brook_has_every_kind(demo: Demo) -> None:
    assert set(demo.unit("brook").errors["kind"]) == KINDS


@pytest.mark.parametrize("unit", UNITS)
def test_cells_hold_what_the_truth_says(demo: Demo, unit: str) -> None:
    broken = {(e.file, e.row) for e in _errors(demo, unit, "broken_line")}
    seen = 0
    for error in _errors(demo, unit):
        if not error.column or (error.file, error.row) in broken:
            continue
        record = demo.read(error.file, error.table)[error.row - 1]
        stored = as_text(record[error.column])
        assert _same_value(stored, error.value), error
        assert error.value != error.true_value
        seen += 1
    assert seen > 15


@pytest.mark.parametrize("unit", UNITS)
def test_one_error_a_row(demo: Demo, unit: str) -> None:
    counted = Counter((e.file, e.table, e.row) for e in _errors(demo, unit))
    twice = {place for place, count in counted.items() if count > 1}
    # Only what is one error in two columns stands twice.
    kinds = {e.kind for e in _errors(demo, unit) if (e.file, e.table, e.row) in twice}
    assert kinds <= {"swapped_fields", "wrong_units"}


@pytest.mark.parametrize("unit", UNITS)
def test_reason_and_severity_go_together(demo: Demo, unit: str) -> None:
    for error in _errors(demo, unit):
        assert (error.severity in ("reject", "warn")) == bool(error.reason)
        assert not error.reason or re.fullmatch(r"[a-z_]+(:\w+)?", error.reason)


@pytest.mark.parametrize("unit", UNITS)
def test_exact_duplicates_are_exact(demo: Demo, unit: str) -> None:
    for error in _errors(demo, unit, "exact_duplicate"):
        records = demo.read(error.file, error.table)
        assert records[error.row - 1] == records[int(error.true_value) - 1]
        assert int(error.true_value) < error.row


def test_duplicate_keys_differ_in_one_column(demo: Demo) -> None:
    for error in _errors(demo, "brook", "duplicate_key"):
        records = demo.read(error.file, error.table)
        first, second = records[int(error.true_value) - 1], records[error.row - 1]
        assert [name for name in first if first[name] != second[name]] == [error.column]


def test_no_other_exact_duplicates(demo: Demo) -> None:
    for file, table in (
        ("brook/till_sales.csv.gz", "orders"),
        ("brook/shop.db", "orders"),
        ("brook/till_customers.csv", "customers"),
        ("atlas/orders.csv.gz", "orders"),
        ("cirrus/subscriptions.csv", "subscriptions"),
    ):
        unit = file.split("/")[0]
        records = demo.read(file, table)
        whole = Counter(tuple(as_text(v) for v in record.values()) for record in records)
        planted = list(_errors(demo, unit, "exact_duplicate"))
        here = [e for e in planted if (e.file, e.table) == (file, table)]
        assert sum(count - 1 for count in whole.values()) == len(here)


def test_broken_lines_have_a_field_too_many(demo: Demo) -> None:
    broken = _errors(demo, "brook", "broken_line")
    for error in broken:
        assert demo.read(error.file, error.table)[error.row - 1][None] == ["see over"]
    for file in ("brook/till_sales.csv.gz", "brook/till_customers.csv"):
        found = [n for n, record in enumerate(demo.read(file), start=1) if None in record]
        assert found == [e.row for e in broken if e.file == file]


def test_dates_and_numbers_are_unreadable(demo: Demo) -> None:
    british = re.compile(r"(0[1-9]|[12]\d|3[01])/(0[1-9]|1[0-2])/\d{4}( \d\d:\d\d)?")
    sales = demo.read("brook/till_sales.csv.gz")
    rows = {e.row for e in _errors(demo, "brook", "unreadable_date") if "sales" in e.file}
    assert {n for n, r in enumerate(sales, 1) if not british.fullmatch(r["sold"])} == rows
    rows = {e.row for e in _errors(demo, "brook", "unreadable_number") if "sales" in e.file}
    number = re.compile(r"-?\d+,\d\d")
    assert {n for n, r in enumerate(sales, 1) if not number.fullmatch(r["total"])} == rows


def _key(record: Record, name: str) -> str:
    return as_text(record[name])


def test_orphans_are_orphans_and_nothing_else_is(demo: Demo) -> None:
    rejected = demo.unit("brook").errors.query("severity == 'reject'")

    def lost(file: str, table: str) -> set[int]:
        here = rejected[(rejected["file"] == file) & (rejected["table"] == table)]
        return set(here["row"])

    known = set()
    for file, name in (("brook/till_customers.csv", "card"), ("brook/shop.db", "account")):
        out = lost(file, "customers")
        records = demo.read(file, "customers")
        known |= {_key(r, name) for n, r in enumerate(records, 1) if n not in out}
    for file, table, name in (
        ("brook/till_sales.csv.gz", "orders", "card"),
        ("brook/shop.db", "orders", "account"),
        ("brook/service_desk.jsonl", "interactions", "customer"),
        ("brook/touchpoints.parquet", "touchpoints", "customer"),
    ):
        records = demo.read(file, table)
        strange = {n for n, r in enumerate(records, 1) if _key(r, name) not in known | {""}}
        planted = rejected[
            (rejected["file"] == file)
            & (rejected["table"] == table)
            & (rejected["reason"] == "orphan:customer_id")
        ]
        assert strange == set(planted["row"])


def test_addresses_depend_on_postcodes_but_for_planted_errors(demo: Demo) -> None:
    for file in ("brook/till_customers.csv", "brook/shop.db"):
        here = demo.unit("brook").errors.query("table == 'customers'")
        here = here[here["file"] == file]
        town = set(here[here["column"] == "town"]["row"])
        broken = set(here[here["kind"].isin(["broken_line"])]["row"])
        towns: dict[str, set[str]] = {}
        for n, record in enumerate(demo.read(file, "customers"), 1):
            if n in broken | town or not record["postcode"]:
                continue
            area = re.match("[A-Z]+", record["postcode"])
            assert area is not None
            towns.setdefault(area.group(), set()).add(record["town"])
        assert all(len(names) == 1 for names in towns.values())
        for error in here[here["kind"] == "broken_dependency"].itertuples():
            assert error.value != error.true_value


def test_pence_for_pounds(demo: Demo) -> None:
    for error in _errors(demo, "brook", "wrong_units"):
        ratio = Decimal(error.value.replace(",", ".")) / Decimal(error.true_value.replace(",", "."))
        assert ratio == 100


def test_american_dates_can_be_read_as_british_ones(demo: Demo) -> None:
    for error in _errors(demo, "brook", "date_order"):
        assert int(error.value[:2]) <= 12
        assert int(error.value[3:5]) <= 12
        assert error.value[:2] + error.value[3:5] == error.true_value[3:5] + error.true_value[:2]


def test_addresses_in_notes(demo: Demo) -> None:
    for file, table in (
        ("brook/till_customers.csv", "customers"),
        ("brook/shop.db", "customers"),
        ("brook/till_sales.csv.gz", "orders"),
    ):
        found = {n for n, r in enumerate(demo.read(file, table), 1) if "@" in as_text(r["note"])}
        told = demo.unit("brook").errors.query("kind == 'personal_in_note'")
        assert found == set(told[(told["file"] == file) & (told["table"] == table)]["row"])


@pytest.mark.parametrize("unit", UNITS)
def test_totals_agree_with_the_files(demo: Demo, unit: str) -> None:
    truth = demo.unit(unit)
    files = {(e.table, e.source): e.file for e in truth.errors.itertuples()}
    for (table, source), file in files.items():
        total = truth.facts["totals"][f"{table}/{source}"]
        assert total["records"] == len(demo.read(file, table))
        assert total["records"] == total["rejected"] + total["accepted"]


def test_accepted_amounts_agree_with_the_files(demo: Demo) -> None:
    atlas = demo.unit("atlas")
    lost = set(atlas.errors.query("table == 'orders' and severity == 'reject'")["row"])
    total = sum(
        int(r["Qty"]) * Decimal(r["UnitPrice"]) - Decimal(r["Discount"])
        for n, r in enumerate(demo.read("atlas/orders.csv.gz"), 1)
        if n not in lost
    )
    assert str(total) == atlas.facts["totals"]["orders/shop"]["amount_accepted"]

    brook = demo.unit("brook")
    lost = set(brook.errors.query("source == 'web' and table == 'orders' and reason != ''")["row"])
    lost |= set(brook.overlap.query("table == 'orders'")["row_b"])
    total = sum(
        Decimal(str(r["total"]))
        for n, r in enumerate(demo.read("brook/shop.db", "orders"), 1)
        if n not in lost
    )
    assert total == Decimal(brook.facts["totals"]["orders/web"]["amount_accepted"])


def test_overlap_is_all_that_both_sources_hold(demo: Demo) -> None:
    overlap = demo.unit("brook").overlap
    errors = demo.unit("brook").errors
    touched = {(e.file, e.table, e.row) for e in errors.itertuples() if e.kind != "exact_duplicate"}
    for table, till, names in (
        ("customers", "brook/till_customers.csv", (("card",), ("account",))),
        (
            "orders",
            "brook/till_sales.csv.gz",
            (("receipt", "line_no"), ("order_no", "line_no")),
        ),
    ):
        here = overlap[overlap["table"] == table]
        sides = []
        for file, columns in zip((till, "brook/shop.db"), names, strict=True):
            records = demo.read(file, table)
            sides.append(
                {
                    "|".join(as_text(record[c]) for c in columns): n
                    for n, record in reversed(list(enumerate(records, 1)))
                    if (file, table, n) not in touched
                }
            )
        shared = (sides[0].keys() & sides[1].keys()) - {"", "|"}
        assert shared == set(here["key"])
        for row in here.itertuples():
            assert (sides[0][row.key], sides[1][row.key]) == (row.row_a, row.row_b)


def test_conflicts_in_shared_orders(demo: Demo) -> None:
    overlap = demo.unit("brook").overlap.query("table == 'orders'")
    till, web = demo.read("brook/till_sales.csv.gz"), demo.read("brook/shop.db", "orders")
    for row in overlap.itertuples():
        first, second = till[row.row_a - 1], web[row.row_b - 1]
        same = Decimal(first["total"].replace(",", ".")) == Decimal(str(second["total"]))
        assert same == (row.conflict == "")
    assert 0.03 < (overlap["conflict"] != "").mean() < 0.1


def test_duplicate_customers_are_in_the_files(demo: Demo) -> None:
    brook = demo.unit("brook")
    keys = {
        "till": {r["card"] for r in demo.read("brook/till_customers.csv")},
        "web": {r["account"] for r in demo.read("brook/shop.db", "customers")},
    }
    person = dict(zip(brook.customers["customer_id"], brook.customers["person"], strict=True))
    assert len(brook.duplicates) > 700
    for pair in brook.duplicates.itertuples():
        assert pair.customer_id_a < pair.customer_id_b
        assert pair.customer_id_a in keys[pair.source_a]
        assert pair.customer_id_b in keys[pair.source_b]
        assert person[pair.customer_id_a] == person[pair.customer_id_b]
