"""Rows that changed in the past: each way, by hand; and against plain Python for any loads."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from workbench.data.engine import connect
from workbench.triage.drift import Limits, Load, Settings, Subject, compare_loads
from workbench.triage.drift.history import restated

ENGINE = connect(threads=1)
BEFORE = """
    SELECT * FROM (VALUES (1, DATE '2025-05-01', 10, 'x'), (2, DATE '2025-05-02', 20, 'y'),
        (3, DATE '2025-05-03', 30, 'z'), (4, DATE '2025-05-31', 40, 'z'),
        (5, DATE '2025-05-04', 50, 'z'), (5, DATE '2025-05-04', 50, 'z')
    ) t(id, day, amount, town)
"""
NOW = """
    SELECT * FROM (VALUES (1, DATE '2025-05-01', 11, 'x'), (2, DATE '2025-05-02', 20, 'y'),
        (4, DATE '2025-06-01', 44, 'z'), (6, DATE '2025-05-10', 60, 'z'),
        (7, DATE '2025-05-31', 70, 'z'), (8, DATE '2025-06-20', 80, 'z'),
        (NULL, DATE '2025-05-01', 90, 'z')
    ) t(id, day, amount, town)
"""


def test_a_case_counted_by_hand() -> None:
    found = compare_loads(
        ENGINE,
        Load(BEFORE, date(2025, 5, 31)),
        Load(NOW, date(2025, 6, 30)),
        Subject("orders", clock="day", key=("id",)),
        Settings(seed=1),
    ).history
    assert found is not None
    assert found.until == date(2025, 5, 31)
    # 1 and 4 changed, 3 went, 6 came late; 7 is of the day that was not over, 8 is new.
    assert (found.changed, found.gone, found.late) == (2, 1, 1)
    assert found.columns == (("amount", 2), ("day", 1))
    assert (found.rows_before, found.unfollowed) == (4, 3)
    assert (found.first, found.last) == (date(2025, 5, 1), date(2025, 5, 31))
    assert found.flag
    assert found.sentence == (
        "Of the rows dated up to 31 May 2025, 2 changed (all in `amount`), 1 went and 1 came late: "
        "100.0% of those before, dated 1 May 2025 to 31 May 2025."
    )


def test_the_same_rows_are_no_restated_ones() -> None:
    settings = Settings(seed=1, limits=Limits(history=0))
    load = Load(BEFORE, date(2025, 5, 31))
    subject = Subject("orders", clock="day", key=("id",))
    found = compare_loads(ENGINE, load, load, subject, settings).history
    assert found is not None
    assert (found.share, found.flag) == (0, False)
    assert found.sentence == "Nothing dated up to 31 May 2025 was restated."


def test_without_key_or_clock_nothing_is_followed() -> None:
    load = Load(BEFORE, date(2025, 5, 31))
    for subject in (Subject("orders", clock="day"), Subject("orders", key=("id",))):
        assert compare_loads(ENGINE, load, load, subject, Settings(seed=1)).history is None


ROW = st.tuples(st.integers(0, 6), st.integers(0, 9), st.one_of(st.none(), st.integers(0, 2)))
ROWS = st.lists(ROW, max_size=7, unique_by=lambda row: row[0])


def _sql(rows: list[tuple[int, int, int | None]]) -> str:
    none = "SELECT 0 AS id, DATE '2025-01-01' AS day, 0 AS v WHERE false"
    values = ", ".join(
        f"({key}, DATE '2025-01-01' + {day}, {'NULL' if value is None else value})"
        for key, day, value in rows
    )
    return f"({none} UNION ALL SELECT * FROM (VALUES {values}))" if rows else f"({none})"


@given(before=ROWS, now=ROWS)
def test_any_two_loads_agree_with_plain_python(
    before: list[tuple[int, int, int | None]], now: list[tuple[int, int, int | None]]
) -> None:
    found = restated(
        ENGINE, _sql(before), _sql(now), key=("id",), clock="day", columns=("id", "day", "v")
    )
    if not before:
        assert found is None
        return
    assert found is not None
    newest = max(day for _, day, _ in before)
    old, new = ({key: rest for key, *rest in rows} for rows in (before, now))
    assert found.until == date(2025, 1, 1) + timedelta(days=newest)
    assert found.changed == sum(1 for key in old if key in new and new[key] != old[key])
    assert found.gone == sum(1 for key in old if key not in new)
    assert found.late == sum(1 for key in new if key not in old and new[key][0] < newest)
    differs = [key for key in old if key in new and new[key][1] != old[key][1]]
    assert dict(found.columns).get("v", 0) == len(differs)
