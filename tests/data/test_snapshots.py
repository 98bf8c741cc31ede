"""Snapshots: named by their content, whole or not there, never changed."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from workbench.data.snapshots import (
    Snapshot,
    current_snapshot,
    make_current,
    publish_snapshot,
    read_snapshot,
    verify_snapshot,
)
from workbench.errors import SnapshotError


def publish(home: Path, rows: int = 3, as_of: str = "2025-06-30") -> Snapshot:
    draft = home / ".draft"
    draft.mkdir(parents=True)
    duckdb.sql(f"SELECT range AS n FROM range({rows})").write_parquet(str(draft / "orders.parquet"))
    (draft / "triage.json").write_text("{}")
    return publish_snapshot(
        draft, home, suite="demo", unit="atlas", as_of=as_of, rows={"orders": rows}
    )


def test_the_same_content_has_one_name(tmp_path: Path) -> None:
    first, second = publish(tmp_path), publish(tmp_path)
    assert first == second
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == [first.digest]
    assert publish(tmp_path, rows=4).digest != first.digest
    assert publish(tmp_path, as_of="2025-06-29").digest != first.digest


def test_it_says_what_it_holds(tmp_path: Path) -> None:
    found = publish(tmp_path)
    assert (found.suite, found.unit, found.as_of) == ("demo", "atlas", "2025-06-30")
    assert found.tables["orders"].rows == 3
    assert found.path("orders").is_file()
    verify_snapshot(found)


def test_the_current_one_is_a_pointer(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="workbench ingest"):
        current_snapshot(tmp_path)
    first, second = publish(tmp_path), publish(tmp_path, rows=4)
    make_current(tmp_path, second.digest)
    assert current_snapshot(tmp_path) == second
    make_current(tmp_path, first.digest)
    assert current_snapshot(tmp_path) == first


@pytest.mark.parametrize("name", ["orders.parquet", "triage.json"])
def test_a_flipped_bit_is_found_and_mended(tmp_path: Path, name: str) -> None:
    found = publish(tmp_path)
    path = found.folder / name
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)
    with pytest.raises(SnapshotError, match=name.replace(".", r"\.")):
        verify_snapshot(found)
    verify_snapshot(publish(tmp_path))


def test_a_changed_description_is_found(tmp_path: Path) -> None:
    found = publish(tmp_path)
    path = found.folder / "snapshot.json"
    path.write_text(path.read_text().replace('"atlas"', '"other"'))
    with pytest.raises(SnapshotError, match="not what its digest says"):
        read_snapshot(tmp_path, found.digest)


def test_a_snapshot_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="no such snapshot"):
        read_snapshot(tmp_path, "0" * 16)
