"""Scores and gate as frames and sentences; and what is to be mended, by the money in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd

from workbench import triage
from workbench.triage.judged import GateFailure, ScorePoint
from workbench.triage.record import ReasonRecord, SourceRecord, TableRecord, TriageRecord


def source(name: str, department: str, **failing: int) -> SourceRecord:
    counts = {"invalid": 0, "repeated": 0, "inconsistent": 0, **failing}
    newest = "2025-06-01 00:00:00"
    return SourceRecord(name, department, "", 100, 90, 10, 0, (), **counts, newest=newest)


def table(name: str, *sources: SourceRecord) -> TableRecord:
    return TableRecord(name, "", None, None, None, sources, (), {})


RECORD = TriageRecord(
    "demo",
    "atlas",
    "2025-06-30",
    (
        table("customers", source("crm", "Service")),
        table("orders", source("till", "Sales", invalid=5), source("web", "E-commerce")),
    ),
    history=(
        ScorePoint("2025-04-30", "orders", "validity", 0.99),
        ScorePoint("2025-05-31", "customers", "completeness", 0.5),
        ScorePoint("2025-05-31", "orders", "validity", 1.0),
    ),
)


def test_one_row_a_table_and_no_total() -> None:
    found = triage.scores(RECORD)
    assert found.columns.tolist() == [
        "table",
        "completeness",
        "validity",
        "uniqueness",
        "consistency",
        "freshness",
        "weakest",
        "departments",
    ]
    orders = found.set_index("table").loc["orders"]
    assert orders[["validity", "uniqueness", "freshness"]].tolist() == [0.975, 1.0, 1.0]
    assert pd.isna(orders["completeness"])
    assert (orders["weakest"], orders["departments"]) == ("validity", "E-commerce and Sales")
    assert found["weakest"].isna().tolist() == [True, False]


def test_the_greatest_fall_comes_first() -> None:
    found = triage.score_trend(RECORD)
    first = found.iloc[0]
    assert first[["table", "dimension", "loads"]].tolist() == ["orders", "validity", 3]
    assert (first["now"], first["before"], first["since"]) == (0.975, 1.0, date(2025, 5, 31))
    assert round(first["change"], 6) == -0.025
    rest = found.set_index(["table", "dimension"])
    lost = rest.loc[("customers", "completeness")]
    assert pd.isna(lost["now"])
    assert (lost["before"], lost["loads"]) == (0.5, 1)
    new = rest.loc[("orders", "freshness")]
    assert pd.isna(new["before"])
    assert new["loads"] == 1
    assert ("orders", "completeness") not in rest.index


def test_the_lowest_share_in_words() -> None:
    assert triage.score_verdict(RECORD) == (
        "The lowest share is the validity of orders, 97.5%: rows received whose own values are "
        "readable, present and possible. Its sources are owned by E-commerce and Sales."
    )
    good = replace(RECORD, tables=RECORD.tables[:1])
    assert triage.score_verdict(good).startswith("On every dimension that can be counted, all")


FAILURE = GateFailure(
    "rows", "orders", "", "at least 9 rows", "1 row", "1 row passed.", "Look at `it`.", "Sales"
)


def test_nothing_holds_back_where_nothing_failed() -> None:
    assert triage.gate_verdict(RECORD).passed
    assert triage.gate_verdict(RECORD).to_do is None
    assert triage.gate_failures(RECORD).empty


def test_what_holds_back_is_said_with_who_should_act() -> None:
    other = replace(FAILURE, table="", column="note", department="")
    found = triage.gate_verdict(replace(RECORD, gate=(FAILURE, other)))
    assert not found.passed
    assert found.sentence == (
        "The unit's other reports are held back. 1 row passed. 1 more reason stands below."
    )
    assert found.to_do == "Sales: look at it."
    frame = triage.gate_failures(replace(RECORD, gate=(FAILURE, other)))
    assert frame["table"].tolist() == ["orders", "all tables"]
    assert frame["column"].isna().tolist() == [True, False]
    one = triage.gate_verdict(replace(RECORD, gate=(other,)))
    assert one.to_do == "The unit: look at it."
    assert one.sentence.endswith("1 row passed.")


def reason(code: str, rows: int, amount: str | None) -> ReasonRecord:
    return ReasonRecord(code, "", "reject", rows, code, "", "mend it", (), amount)


def test_what_to_mend_is_ordered_by_rows_or_by_money() -> None:
    told = (
        reason("a", 50, None),
        reason("b", 9, "12.5000"),
        reason("c", 5, "900.0000"),
        reason("d", 70, None),
    )
    till = replace(RECORD.tables[0].sources[0], reasons=told)
    record = replace(RECORD, tables=(table("orders", till),))
    assert triage.to_mend(record)["what"].tolist() == ["d", "a", "b", "c"]
    by_money = triage.to_mend(record, by="amount")
    assert by_money["what"].tolist() == ["c", "b", "d", "a"]
    assert by_money["amount"].tolist()[:2] == [900.0, 12.5]
    assert by_money["amount"].isna().tolist() == [False, False, True, True]


def test_without_a_reason_the_frames_are_empty() -> None:
    assert triage.to_mend(RECORD, by="amount").empty
    empty = replace(RECORD, tables=(), history=())
    assert triage.scores(empty).empty
    assert triage.score_trend(empty).empty
