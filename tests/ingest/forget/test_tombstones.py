"""Who is forgotten, as salted hashes: the same in SQL and here, and nothing that names a person."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SnapshotError
from workbench.ingest.forget.tombstones import (
    TOMBSTONES,
    Tombstones,
    read_tombstones,
    write_tombstones,
)


def test_they_are_kept_for_their_owner_only_and_name_nobody(tmp_path: Path) -> None:
    stones = read_tombstones(tmp_path)
    assert (stones.stones, stones.digest) == ((), "")
    first = stones.new("2025-06-30", ["C-0012", "W-9"])
    stones = stones.put(first.with_more({"received": 3}, {}).with_more({"received": 1}, {"e": "w"}))
    write_tombstones(tmp_path, stones)
    path = tmp_path / TOMBSTONES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "C-0012" not in path.read_text()
    again = read_tombstones(tmp_path)
    assert again == stones
    assert (again.stones[0].rows, again.stones[0].editions) == ({"received": 4}, {"e": "w"})
    assert again.of("W-9") == again.of("C-0012") == again.stones[0]
    assert again.of("C-001") is None
    assert again.new("2025-07-31", ["X"]).number == 2


def test_each_unit_has_a_salt_of_its_own(tmp_path: Path) -> None:
    one, other = read_tombstones(tmp_path), read_tombstones(tmp_path)
    assert one.salt != other.salt
    assert one.hash_of("C-0012") != other.hash_of("C-0012")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20))
def test_sql_finds_the_same_as_python(identifier: str) -> None:
    stones = Tombstones("salt's")
    stones = stones.put(stones.new("2025-06-30", ["C-0012", identifier]))
    query = f"SELECT {stones.matches('?')}"
    assert duckdb.execute(query, [identifier]).fetchone() == (True,)
    assert duckdb.execute(query, [identifier + "x"]).fetchone() == (stones.holds(identifier + "x"),)
    assert duckdb.execute(query, [None]).fetchone() == (False,)


def test_without_tombstones_nothing_matches() -> None:
    assert Tombstones("s").matches("x") == "false"
    assert not Tombstones("s").holds("")


@pytest.mark.parametrize("content", ["{", "{}", '{"salt": "s", "stones": [{"number": 1}]}', "[]"])
def test_a_damaged_file_stops_what_needs_it(tmp_path: Path, content: str) -> None:
    (tmp_path / TOMBSTONES).write_text(content)
    with pytest.raises(SnapshotError, match=r"cannot be read.*Put the file back"):
        read_tombstones(tmp_path)


def test_the_digest_depends_on_who_is_forgotten_alone() -> None:
    stones = Tombstones("s")
    one = stones.put(stones.new("2025-06-30", ["A"]))
    told = json.dumps({"other": "day"})
    same = stones.put(stones.new("2024-01-01", ["A"]).with_more({"received": 9}, {told: "x"}))
    assert one.digest == same.digest != one.put(one.new("2025-06-30", ["B"])).digest
