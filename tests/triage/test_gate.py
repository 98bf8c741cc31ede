"""What the gate asks, at its exact limits, and what it says when something does not hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.params import GateParams, TableGate
from workbench.triage.gate import gated, judge
from workbench.triage.judged import GateFailure
from workbench.triage.record import SourceRecord, TableRecord, TriageRecord


def table(
    name: str, *sources: SourceRecord, newest: str | None = "2025-06-20 12:00:00"
) -> TableRecord:
    return TableRecord(name, "", "ordered_at" if newest else None, None, newest, sources, (), {})


def source(name: str, received: int, accepted: int, department: str = "Sales") -> SourceRecord:
    return SourceRecord(
        name, department, f"{name}.csv", received, accepted, received - accepted, 0, ()
    )


RECORD = TriageRecord(
    "demo",
    "atlas",
    "2025-06-30",
    (
        table("customers", source("crm", 50, 50, "Service"), newest=None),
        table("orders", source("till", 100, 97), source("web", 50, 43, "E-commerce")),
    ),
)  # 200 received, 10 set aside, the newest row 10 days old


@pytest.mark.parametrize(
    ("holds", "fails", "kind"),
    [
        ({"max_quarantine_share": 0.05}, {"max_quarantine_share": 0.0499}, "quarantine"),
        ({"max_age_days": 10}, {"max_age_days": 9}, "age"),
        ({"min_rows": 190}, {"min_rows": 191}, "rows"),
    ],
)
def test_a_limit_that_is_met_exactly_is_met(holds: dict, fails: dict, kind: str) -> None:
    assert judge(RECORD, GateParams(**holds)) == ()
    assert [one.kind for one in judge(RECORD, GateParams(**fails))] == [kind]


@pytest.mark.parametrize(
    ("holds", "fails", "kind"),
    [
        ({"max_quarantine_share": 10 / 150}, {"max_quarantine_share": 0.0666}, "quarantine"),
        ({"max_age_days": 10}, {"max_age_days": 9}, "age"),
        ({"min_rows": 140}, {"min_rows": 141}, "rows"),
    ],
)
def test_a_table_has_limits_of_its_own(holds: dict, fails: dict, kind: str) -> None:
    assert judge(RECORD, GateParams(tables={"orders": TableGate(**holds)})) == ()
    found = judge(RECORD, GateParams(tables={"orders": TableGate(**fails)}))
    assert [(one.kind, one.table) for one in found] == [(kind, "orders")]


def test_what_is_not_asked_does_not_fail() -> None:
    assert judge(RECORD, None) == judge(RECORD, GateParams()) == ()
    absent = GateParams(tables={"campaigns": TableGate(min_rows=1, max_age_days=0)})
    assert judge(RECORD, absent) == ()


def test_too_many_rows_set_aside_in_words() -> None:
    (found,) = judge(RECORD, GateParams(max_quarantine_share=0.04))
    assert found == GateFailure(
        kind="quarantine",
        table="",
        column="",
        asked="at most 4%",
        found="5%",
        sentence="5% of the rows received were set aside (10 of 200), most of them from web; the "
        "gate allows at most 4%.",
        fix="Mend what the triage report names first, and load again.",
        department="E-commerce",
    )


@pytest.mark.parametrize(
    ("most", "asked", "found"),
    [(0.0499, "4.99%", "5.00%"), (0.0, "0%", "5%"), (0.049999, "4.9999%", "5.0000%")],
)
def test_shares_that_differ_are_never_told_alike(most: float, asked: str, found: str) -> None:
    (failure,) = judge(RECORD, GateParams(max_quarantine_share=most))
    assert (failure.asked, failure.found) == (f"at most {asked}", found)


@given(st.integers(1, 10**6), st.data(), st.floats(0, 1))
def test_a_share_fails_only_beyond_the_limit(
    received: int, data: st.DataObject, most: float
) -> None:
    aside = data.draw(st.integers(0, received))
    one = source("till", received, received - aside)
    found = judge(
        replace(RECORD, tables=(table("orders", one),)), GateParams(max_quarantine_share=most)
    )
    assert bool(found) == (aside / received > most)
    assert all(failure.asked != f"at most {failure.found}" for failure in found)


def test_an_old_row_and_too_few_of_them_in_words() -> None:
    gate = GateParams(tables={"orders": TableGate(max_age_days=1, min_rows=1000)})
    age, rows = judge(RECORD, gate)
    assert age.sentence == (
        "The newest row of orders that passed is 10 days old; the gate allows at most 1 day."
    )
    assert rows.sentence == (
        "140 rows of orders passed every check; the gate asks for at least 1,000."
    )
    assert age.department == rows.department == "E-commerce and Sales"


def test_an_age_that_nobody_knows_fails() -> None:
    (found,) = judge(RECORD, GateParams(tables={"customers": TableGate(max_age_days=400)}))
    assert (found.kind, found.found, found.department) == ("age", "not known", "Service")
    assert found.sentence.startswith("No row of customers that passed is dated")


def test_without_rows_only_what_is_asked_of_rows_fails() -> None:
    empty = replace(RECORD, tables=(table("orders", source("till", 0, 0), newest=None),))
    assert judge(empty, GateParams(max_quarantine_share=0.0)) == ()
    assert [one.kind for one in judge(empty, GateParams(min_rows=1))] == ["rows"]


def test_failures_stand_in_a_fixed_order() -> None:
    asked = {"max_quarantine_share": 0.0, "max_age_days": 0, "min_rows": 10**6}
    gate = GateParams(**asked, tables={"orders": TableGate(**asked)})
    assert [(one.table, one.kind) for one in judge(RECORD, gate)] == [
        ("", "quarantine"),
        ("", "age"),
        ("", "rows"),
        ("orders", "quarantine"),
        ("orders", "age"),
        ("orders", "rows"),
    ]


def test_a_record_learns_its_failures_and_its_ages() -> None:
    gate = GateParams(max_age_days=20, min_rows=500, tables={"orders": TableGate(max_age_days=15)})
    found = gated(RECORD, gate, {})
    assert found.gate == judge(RECORD, gate)
    assert [one.max_age_days for one in found.tables] == [20, 15]
    assert [one.max_age_days for one in gated(RECORD, None, {}).tables] == [35, 35]
    over = replace(RECORD, tables=(table("assignments", source("desk", 5, 5)),))
    asked = GateParams(max_age_days=20, tables={"assignments": TableGate(max_age_days=90)})
    ages = [gated(over, one, {}).tables[0].max_age_days for one in (None, gate, asked)]
    assert ages == [None, None, 90]  # an experiment that is over gets no newer rows
    assert TriageRecord.from_json(found.to_json()) == found
