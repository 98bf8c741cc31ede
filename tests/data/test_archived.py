"""Which list of an earlier day is given, and what becomes of one that is damaged or gone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from workbench.data.archived import LIST_DAYS, Archived, days_needed, lists_to_measure
from workbench.data.earlier_list import read_list
from workbench.errors import SnapshotError
from workbench.files import digest_of_file

MAY, JUNE, JULY = "2025-05-31", "2025-06-30", "2025-07-31"


def archive(home: Path, day: str, *names: str, shown: bool = True) -> None:
    for name in names:
        path = home / "actions" / "earlier" / day / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        arms = {"customer_id": [f"{day}-1", "2"], "arm": ["contact", "held out"]}
        pd.DataFrame({**arms, "shown": shown}).to_parquet(path)


def given(home: Path, as_of: str) -> dict[tuple[str, str], str]:
    found = lists_to_measure(home, date.fromisoformat(as_of))
    return {(report, id): one.day for report, own in found.items() for id, one in own.items()}


def test_the_newest_that_is_old_enough_is_given_list_by_list(tmp_path: Path) -> None:
    archive(tmp_path, MAY, "a.calls", "a.thanks", "b.calls")
    archive(tmp_path, JUNE, "a.calls", "a_b.calls")
    archive(tmp_path, JULY, "a.calls")
    old = {("a", "calls"): JUNE, ("a", "thanks"): MAY, ("b", "calls"): MAY, ("a_b", "calls"): JUNE}
    assert given(tmp_path, JULY) == old
    assert given(tmp_path, "2025-07-28") == old, f"{LIST_DAYS} days are enough"
    assert set(given(tmp_path, "2025-07-27").values()) == {MAY}
    assert given(tmp_path, JUNE) == {key: MAY for key in old if key != ("a_b", "calls")}
    assert given(tmp_path, MAY) == given(tmp_path / "none", JULY) == {}


def test_what_is_removed_beside_it_changes_nothing(tmp_path: Path) -> None:
    for day in (MAY, JUNE, JULY):
        archive(tmp_path, day, "a.calls")
    before = lists_to_measure(tmp_path, date(2025, 8, 1))
    for day in (MAY, JULY):
        (tmp_path / "actions" / "earlier" / day / "a.calls.parquet").unlink()
    assert lists_to_measure(tmp_path, date(2025, 8, 1)) == before


def test_the_days_that_later_editions_need(tmp_path: Path) -> None:
    days = ["2025-06-01", "2025-06-02", "2025-06-03", "2025-06-30"]
    for day in days:
        archive(tmp_path, day, "a.calls")
    assert days_needed(tmp_path, date(2025, 6, 30)) == set(days[1:])
    assert days_needed(tmp_path, date(2025, 6, 28)) == set(days)
    assert days_needed(tmp_path, date(2026, 6, 30)) == {days[-1]}
    assert days_needed(tmp_path / "none", date(2025, 6, 30)) == set()


def test_a_list_is_read_as_its_digest_says(tmp_path: Path) -> None:
    archive(tmp_path, MAY, "a.calls")
    one = lists_to_measure(tmp_path, date(2025, 7, 1))["a"]["calls"]
    assert Archived("a", "calls", **one.told) == one
    assert one.is_here(tmp_path)
    found = read_list(tmp_path, one)
    assert (found.day, found.is_shown, found.problem) == (date(2025, 5, 31), True, "")
    assert found.customers.to_dict("list") == {
        "customer_id": [f"{MAY}-1", "2"],
        "arm": ["contact", "held out"],
    }
    archive(tmp_path, MAY, "a.calls", shown=False)
    assert not one.is_here(tmp_path)
    with pytest.raises(SnapshotError, match=r"`calls` of 2025-05-31 is no longer here"):
        read_list(tmp_path, one)
    hidden = lists_to_measure(tmp_path, date(2025, 7, 1))["a"]["calls"]
    assert not read_list(tmp_path, hidden).is_shown
    (tmp_path / one.file).unlink()
    with pytest.raises(SnapshotError, match="no longer here"):
        read_list(tmp_path, hidden)


@pytest.mark.parametrize("how", ["cut", "text", "columns"])
def test_a_damaged_file_is_an_empty_list_that_says_so(tmp_path: Path, how: str) -> None:
    archive(tmp_path, MAY, "a.calls")
    path = tmp_path / "actions" / "earlier" / MAY / "a.calls.parquet"
    if how == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    elif how == "text":
        path.write_text("customer_id,arm\n1,contact\n")
    else:
        pd.DataFrame({"customer_id": [1]}).to_parquet(path)
    found = read_list(tmp_path, Archived("a", "calls", MAY, digest_of_file(path)))
    assert found.problem == "its file is damaged"
    assert found.customers.empty
    assert found.customers.columns.tolist() == ["customer_id", "arm"]
