"""What the triage report says of repairs."""

from __future__ import annotations

from workbench.triage.record import SourceRecord, TableRecord, TriageRecord
from workbench.triage.repairs.facts import RepairRecord
from workbench.triage.repairs.told import repaired, repairs_verdict


def record(*repairs: RepairRecord) -> TriageRecord:
    source = SourceRecord("till", "Shop floor", "till.csv", 9, 8, 1, 0, (), repaired=repairs)
    table = TableRecord("orders", "", None, None, None, (source,), (), {})
    return TriageRecord("test", "one", "2025-06-30", (table,))


def test_nothing_repaired_is_said_too() -> None:
    assert repaired(record()).empty
    assert repairs_verdict(record()).startswith("No value was repaired")


def test_each_column_and_kind_says_what_became_of_it() -> None:
    found = record(
        RepairRecord("county", "typo", 3, 5, 4, 1),
        RepairRecord("town", "missing", 2, 2, 0, 2),
        RepairRecord("zip", "", 1, 1, 1, 0),
    )
    frame = repaired(found)
    assert frame["state"].tolist() == [
        "applied; 1 of 3 found nothing to repair",
        "found nothing to repair",
        "applied",
    ]
    assert frame.loc[2, ["table", "source", "department", "column", "kind"]].tolist() == [
        *("orders", "till", "Shop floor", "zip", "by hand")
    ]
    assert frame["cells"].tolist() == [4, 0, 1]
    said = repairs_verdict(found)
    assert said.startswith("5 cells were changed by 6 repairs that the data's owner agreed to")
    assert "3 repairs found nothing to repair" in said


def test_a_record_with_repairs_is_read_back_and_one_from_before_them_too() -> None:
    found = record(RepairRecord("county", "typo", 3, 5, 4, 1))
    held = found.to_json()
    assert TriageRecord.from_json(held) == found
    del held["tables"][0]["sources"][0]["repaired"]
    assert TriageRecord.from_json(held) == record()
