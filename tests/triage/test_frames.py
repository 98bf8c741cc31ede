"""The triage record as frames and sentences."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import triage
from workbench.data.contracts import CONTRACTS, INGEST_ORDER
from workbench.errors import AnalysisError, SnapshotError
from workbench.triage.record import (
    ColumnRecord,
    Example,
    ReasonRecord,
    SourceRecord,
    TableRecord,
    TriageRecord,
)
from workbench.triage.shapes import masked
from workbench.triage.units import slug


def reason(code: str, rows: int, severity: str = "reject") -> ReasonRecord:
    column = code.partition(":")[2]
    return ReasonRecord(
        code, column, severity, rows, f"`{column}` is odd", "why", "mend it", (Example(3, "A9"),)
    )


def source(name: str, received: int, quarantined: int, *reasons: ReasonRecord) -> SourceRecord:
    return SourceRecord(
        name,
        f"{name} team",
        f"{name}.csv",
        received,
        received - quarantined,
        quarantined,
        sum(one.rows for one in reasons if one.severity == "warn"),
        reasons,
    )


def record(*sources: SourceRecord, newest: str | None = "2025-06-28 10:00:00") -> TriageRecord:
    column = ColumnRecord(
        "amount",
        "money",
        "what is paid",
        True,
        2,
        5,
        None,
        True,
        "1.0000",
        "90000.5000",
        "3.25",
        "12345.6000",
        (),
    )
    identifier = ColumnRecord(
        "order_id", "id", "the order", True, 0, 7, 9, True, None, None, None, None, ()
    )
    text = ColumnRecord(
        "channel",
        "text",
        "channel",
        False,
        0,
        2,
        None,
        True,
        None,
        None,
        None,
        None,
        (("web", 1200), ("shop", 7)),
    )
    table = TableRecord(
        "orders",
        "a line",
        "ordered_at",
        "2024-01-01 00:00:00",
        newest,
        sources,
        (column, identifier, text),
        {},
    )
    return TriageRecord("demo", "atlas", "2025-06-30", (table,))


TWO = record(
    source("till", 100, 10, reason("missing:amount", 10), reason("rounded:amount", 50, "warn")),
    source("shop", 0, 0),
)


def test_flow_counts_every_source() -> None:
    found = triage.flow(TWO).set_index("source")
    assert found.loc["till", ["received", "accepted", "quarantined"]].tolist() == [100, 90, 10]
    assert found.loc["till", "accepted_share"] == 0.9
    assert found["accepted_share"].isna().tolist() == [False, True]


def test_reasons_that_set_rows_aside_come_first() -> None:
    found = triage.reasons_met(TWO)
    assert found["code"].tolist() == ["missing:amount", "rounded:amount"]
    assert found["outcome"].tolist() == ["set aside", "remarked"]
    assert found["share"].tolist() == [0.1, 0.5]
    assert triage.to_mend(TWO)["rows"].tolist() == [10]


def test_examples_hold_places_and_shapes_only() -> None:
    found = triage.examples(TWO).iloc[0].tolist()
    assert found == ["orders", "till", "missing:amount", "amount is odd", "3", "A9"]


def test_sources_that_overlap_are_named() -> None:
    two = record(source("till", 100, 0), source("web", 50, 20, reason("duplicate_key", 20)))
    said = triage.verdict(two, max_age_days=9)
    assert said.worst is not None
    assert said.worst.endswith("Orders come from till and web: what both deliver counts once.")
    assert said.to_do is not None
    assert said.to_do.startswith("web team: settle which source leads where till and web deliver")
    alone = record(source("till", 100, 20, reason("duplicate_row", 20)))
    worst = triage.verdict(alone, max_age_days=9).worst
    assert worst is not None
    assert worst.endswith("Of such rows the first one counts.")


def test_freshness_is_measured_against_as_of() -> None:
    found = triage.freshness(TWO).iloc[0]
    assert found["age_days"] == 2
    assert found["newest"] == datetime(2025, 6, 28, 10)
    assert triage.freshness(record(newest=None))["age_days"].isna().all()


def test_profiles_are_readable() -> None:
    found = triage.columns(TWO).set_index("column")
    assert found.loc["amount", "total"] == "12,345.60"
    assert found.loc["amount", "highest"] == "90,000.50"
    assert found.loc["channel", "top"] == "web (1,200), shop (7)"
    assert triage.identifiers(TWO)[["received", "accepted"]].to_numpy().tolist() == [[9, 7]]
    assert triage.completeness(TWO).iloc[0]["column"] == "amount"


def test_the_verdict_says_who_should_mend_what() -> None:
    said = triage.verdict(TWO, max_age_days=1)
    assert said.passed.startswith("90 of 100 rows passed every check (90.0%); 10 were set aside")
    assert said.asked == "10 rows of orders from till set aside: amount is odd."
    assert said.to_do == "till team: mend it"
    assert said.stale
    assert "2 days before the report's day; the report allows 1" in said.fresh
    assert said.remark is not None
    assert said.remark.startswith("50 rows passed with a warning")


def test_the_verdict_on_nothing() -> None:
    said = triage.verdict(record(newest=None), max_age_days=0)
    assert (said.received, said.accepted_share, said.worst) == (0, None, None)
    assert said.no_share == "no rows were received"
    assert not said.stale
    worst = triage.frequent_reasons(record())
    assert worst.frame["rows"].tolist() == [0]


def test_a_share_is_never_rounded_to_nothing_or_all() -> None:
    found = triage.verdict(record(source("till", 100_000, 1)), max_age_days=9)
    assert "(>99.9%)" in found.passed


def test_a_negative_age_is_refused() -> None:
    with pytest.raises(AnalysisError, match="max_age_days == -1, must be >= 0"):
        triage.verdict(TWO, max_age_days=-1)


def test_the_record_comes_back_as_it_was(tmp_path) -> None:
    assert TriageRecord.from_json(TWO.to_json()) == TWO
    with pytest.raises(SnapshotError, match="no triage record"):
        triage.read_record(tmp_path)


@given(st.text(max_size=60))
def test_a_mask_shows_no_letter_or_digit_of_the_value(text: str) -> None:
    shape = masked(text)
    if shape != "(empty)":
        assert all(char in "Aa9" or not char.isalnum() for char in shape)
        assert len(shape) <= 41


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_slugs_are_plain_and_unlike_each_other(first: str, second: str) -> None:
    one = slug(first, taken={"all": "", "rest": ""})
    two = slug(second, taken={"all": "", "rest": "", one: first})
    assert one != two
    for name in (one, two):
        assert name
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert name[0] != "-"


def test_a_table_comes_after_those_that_it_refers_to() -> None:
    for name, table in CONTRACTS.items():
        for target in table.references.values():
            assert INGEST_ORDER.index(target) < INGEST_ORDER.index(name)
            assert len(CONTRACTS[target].key) == 1
