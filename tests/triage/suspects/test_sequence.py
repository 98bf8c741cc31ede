"""Dates whose neighbours tell that day and month changed places."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from workbench.triage.suspects import Suspects, find_suspects

Look = Callable[..., Suspects]
START = date(2024, 1, 2)


def diary(count: int = 700, step: int = 2) -> list[dict[str, Any]]:
    """Return rows in the order of their dates, a few a day."""
    return [
        {"sold": START + timedelta(days=number // step), "n": number} for number in range(count)
    ]


def swap(day: date) -> date:
    return date(day.year, day.day, day.month)


def test_a_swapped_date_is_found_between_its_neighbours(look: Look) -> None:
    rows = diary()
    place = next(i for i, row in enumerate(rows) if row["sold"] == date(2024, 10, 4))
    rows[place]["sold"] = swap(rows[place]["sold"])
    found = look(rows).findings
    (cell,) = found.to_dict("records")
    assert (cell["row"], cell["column"], cell["kind"]) == (place + 1, "sold", "date order")
    assert (cell["value"], cell["suggestion"]) == ("2024-04-10", "2024-10-04")


@pytest.mark.parametrize("day", [date(2023, 5, 20), date(2024, 5, 25)])
def test_a_late_entry_that_no_swap_mends_is_no_suspect(look: Look, day: date) -> None:
    rows = diary()
    rows[500]["sold"] = day
    assert look(rows).findings.empty


def test_dates_in_no_order_are_left_alone(look: Look) -> None:
    rows = diary()
    rows = [rows[(number * 331) % len(rows)] for number in range(len(rows))]
    place = next(i for i, row in enumerate(rows) if row["sold"] == date(2024, 10, 4))
    rows[place]["sold"] = swap(rows[place]["sold"])
    assert look(rows).findings.empty


def test_what_was_left_out_of_a_large_or_wide_table_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workbench.triage.suspects.sequence.MOST_ROWS", 50)
    monkeypatch.setattr("workbench.triage.suspects.scales.MOST_ROWS", 50)
    columns = ", ".join(f"'a' AS x{place}" for place in range(203))
    rows = f"SELECT i AS _row, {columns} FROM range(60) t(i)"
    said = find_suspects(duckdb.connect(), rows, table="t").not_tried
    assert "3 columns were not looked at: they come after the first 200" in said
    assert "dates out of sequence were not looked for: more than 50 rows" in said
    assert "numbers in another unit than their like were not looked for: more than 50 rows" in said
