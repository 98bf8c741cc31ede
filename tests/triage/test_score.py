"""Shares of a table on five dimensions: by count, and how they move from load to load."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.contracts import CONTRACTS
from workbench.triage.judged import DIMENSIONS, ScorePoint
from workbench.triage.reasons import KINDS
from workbench.triage.record import (
    ColumnRecord,
    ReasonRecord,
    SourceRecord,
    TableRecord,
    TriageRecord,
)
from workbench.triage.score import (
    ANSWERED_BY_NOTHING,
    MEANINGS,
    Held,
    age_in_days,
    dimension_of,
    score,
    score_points,
    with_history,
)

DAY = date(2025, 6, 30)


def column(name: str, missing: int, kind: str = "text") -> ColumnRecord:
    return ColumnRecord(name, kind, "", False, missing, 1, None, True, None, None, None, None, ())


def source(
    received: int = 10,
    accepted: int = 8,
    *,
    name: str = "till",
    invalid: int | None = 0,
    repeated: int | None = 0,
    inconsistent: int | None = 0,
    newest: str | None = "2025-06-28 10:00:00",
    lines: int = 0,
) -> SourceRecord:
    unread = ReasonRecord("unreadable_line", "", "reject", lines, "", "", "", ())
    return SourceRecord(
        name,
        "Sales",
        "till.csv",
        received,
        accepted,
        received - accepted,
        0,
        (unread,) if lines else (),
        invalid,
        repeated,
        inconsistent,
        newest,
    )


def table(*sources: SourceRecord, columns: tuple[ColumnRecord, ...] = ()) -> TableRecord:
    return TableRecord("orders", "a line", "ordered_at", None, None, sources, columns, {})


def record(as_of: str, *tables: TableRecord) -> TriageRecord:
    return TriageRecord("demo", "atlas", as_of, tables)


def test_each_dimension_is_a_count_over_a_count() -> None:
    found = score(
        table(
            source(invalid=3, repeated=1, inconsistent=2, lines=2),
            columns=(column("channel", 2), column("category", 0), column("note", 8, "carried")),
        ),
        DAY,
    )
    assert found.completeness == Held(14, 16)  # the column that is carried along does not count
    assert found.validity == Held(7, 10)
    assert found.uniqueness == Held(7, 8)  # two lines could not be read
    assert found.consistency == Held(6, 8)
    assert found.freshness == Held(8, 8)
    assert found.weakest == "validity"


def test_an_empty_cell_that_is_an_answer_does_not_count() -> None:
    columns = (column("campaign_id", 8, "id"), column("channel", 4))
    assert score(table(source(), columns=columns), DAY).completeness == Held(4, 8)
    for name, answered in ANSWERED_BY_NOTHING:
        declared = CONTRACTS[name].column(answered)
        assert declared is not None
        assert not declared.required


def test_rows_of_a_source_that_is_old_are_not_fresh() -> None:
    old = source(20, 12, name="web", newest="2025-05-25 23:59:59")
    undated = source(5, 5, name="shop", newest=None)
    both = table(source(), old, undated)
    assert score(both, DAY).freshness == Held(8, 20)
    assert score(replace(both, max_age_days=36), DAY).freshness == Held(20, 20)
    assert score(replace(both, max_age_days=None), DAY).freshness is None
    assert score(table(undated), DAY).freshness is None


def test_the_last_day_allowed_is_fresh() -> None:
    for day, held in (("2025-05-26", 8), ("2025-05-25", 0)):
        one = table(source(newest=f"{day} 00:00:00"))
        assert score(one, DAY).freshness == Held(held, 8)


def test_where_there_is_nothing_to_count_there_is_no_share() -> None:
    found = score(table(source(0, 0, newest=None)), DAY)
    assert set(found.shares.values()) == {None}
    assert found.weakest is None
    unread = score(table(source(4, 0, invalid=4, lines=4, newest=None)), DAY)
    assert (unread.validity, unread.uniqueness) == (Held(0, 4), None)


def test_a_record_from_before_has_no_share_of_what_was_not_counted() -> None:
    found = score(table(source(), source(name="web", invalid=None)), DAY)
    assert found.validity is None
    assert found.uniqueness == Held(20, 20)


def test_the_first_of_equals_is_the_weakest() -> None:
    found = score(table(source(repeated=1, inconsistent=1)), DAY)
    assert found.weakest == "uniqueness"
    assert score(table(source()), DAY).weakest is None


def test_each_kind_of_reason_speaks_against_one_dimension() -> None:
    found = {kind: dimension_of(kind) for kind in KINDS}
    assert {kind for kind, one in found.items() if one == "uniqueness"} == {
        "duplicate_row",
        "duplicate_key",
    }
    assert {kind for kind, one in found.items() if one == "consistency"} == {
        "orphan",
        "order_of_events",
        "rule",
    }
    assert set(found.values()) == {"validity", "uniqueness", "consistency"}
    assert tuple(MEANINGS) == DIMENSIONS


counts = st.integers(0, 30)


@given(counts, counts, counts, counts, counts, st.integers(0, 5))
def test_a_share_is_between_nothing_and_all(
    received: int, invalid: int, repeated: int, inconsistent: int, accepted: int, lines: int
) -> None:
    read = max(received - lines, 0)
    one = source(
        received,
        min(accepted, read),
        invalid=min(invalid, received),
        repeated=min(repeated, read),
        inconsistent=min(inconsistent, read),
        lines=min(lines, received),
    )
    shares = score(table(one, columns=(column("channel", 0),)), DAY).shares
    assert all(share is None or 0 <= share <= 1 for share in shares.values())
    assert (shares["validity"] is None) == (received == 0)


def test_days_are_counted_from_day_to_day() -> None:
    assert age_in_days("2025-06-29 23:59:59.999", DAY) == 1
    assert age_in_days(None, DAY) is None


def loads(days: list[str], most: int = 12) -> TriageRecord:
    before = None
    for nth, day in enumerate(days):
        now = record(day, table(source(invalid=nth % 10)))
        before = with_history(now, before, most)
    assert before is not None
    return before


def test_history_holds_each_earlier_day_once() -> None:
    found = loads(["2025-04-30", "2025-05-31", "2025-05-31", "2025-06-30"])
    validity = [point for point in found.history if point.dimension == "validity"]
    assert validity == [
        ScorePoint("2025-04-30", "orders", "validity", 1.0),
        ScorePoint("2025-05-31", "orders", "validity", 0.8),  # of the second load of that day
    ]


def test_a_day_that_is_loaded_again_keeps_what_came_before_it() -> None:
    found = loads(["2025-05-31", "2025-06-30", "2025-06-30"])
    assert {point.as_of for point in found.history} == {"2025-05-31"}


def test_a_load_of_an_earlier_day_knows_nothing_of_later_ones() -> None:
    found = loads(["2025-04-30", "2025-06-30", "2025-05-31"])
    assert {point.as_of for point in found.history} == {"2025-04-30"}


@given(st.lists(st.integers(1, 28), min_size=1, max_size=20), st.integers(0, 6))
def test_history_never_grows_beyond_its_size(days: list[int], most: int) -> None:
    found = loads([f"2025-05-{day:02}" for day in days], most)
    known = list(dict.fromkeys(point.as_of for point in found.history))
    assert len(known) <= most
    assert all(one < other for one, other in pairwise([*known, found.as_of]))


def test_the_newest_days_are_kept() -> None:
    found = loads(["2025-03-31", "2025-04-30", "2025-05-31", "2025-06-30"], most=2)
    assert {point.as_of for point in found.history} == {"2025-04-30", "2025-05-31"}


def test_the_first_load_has_no_history() -> None:
    one = record("2025-06-30", table(source()))
    assert with_history(replace(one, history=score_points(one)), None).history == ()


def test_history_survives_the_file() -> None:
    found = loads(["2025-05-31", "2025-06-30"])
    assert TriageRecord.from_json(found.to_json()) == found


@pytest.mark.parametrize("gone", ["gate", "history"])
def test_a_record_from_before_scores_can_be_read(gone: str) -> None:
    told = loads(["2025-06-30"]).to_json()
    del told[gone]
    del told["tables"][0]["max_age_days"]
    for name in ("invalid", "repeated", "inconsistent", "newest"):
        del told["tables"][0]["sources"][0][name]
    found = TriageRecord.from_json(told)
    assert (found.gate, found.history) == ((), ())
    assert found.tables[0].max_age_days == 35
    assert score(found.tables[0], DAY).validity is None
