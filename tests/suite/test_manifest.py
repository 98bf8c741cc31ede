from __future__ import annotations

import hashlib
from pathlib import Path

from workbench.files import canonical, read_json
from workbench.suite.keys import JobKey
from workbench.suite.manifest import (
    Entry,
    key_parts,
    make_manifest,
    make_results,
    missing_lists,
    read_entries,
)

PARTS = {
    "notebook": "n",
    "package": "p",
    "versions": {"pandas": "3.0"},
    "engine": {"python": "3.11"},
    "parameters": {"k": 1},
    "unit": {"as_of": "2025-06-30"},
    "data": {"orders": {"rows": 1, "digest": "d"}},
    "renderer": {"name": "embedded", "version": "1"},
    "prior": {},
}
DIGEST = hashlib.sha256(b"rows").hexdigest()
RESULTS = {
    "findings": [],
    "metrics": [],
    "actions": [{"file": "win-back.parquet", "digest": DIGEST}],
}
ENTRIES = [
    Entry(
        "good",
        "Good",
        1,
        "ok",
        as_of="2025-06-30",
        snapshot="s",
        key=JobKey("k", PARTS),
        files=("good.html", "good.ipynb"),
        results=RESULTS,
    ),
    Entry("rest", "Rest", 2, "not_applicable", "The unit has no orders."),
]


def test_entries_survive_the_manifest(tmp_path: Path) -> None:
    manifest = make_manifest({"suite": "mini"}, ENTRIES, {"good.html": "d"})
    path = tmp_path / "manifest.json"
    path.write_bytes(canonical(manifest))
    read = read_json(path)
    assert read_entries(read, make_results(ENTRIES)["reports"]) == {
        entry.report: entry for entry in ENTRIES
    }
    assert key_parts(read, "good") == PARTS
    assert key_parts(read, "rest") is None
    assert len(read["environments"]) == 1, "shared parts stand once for all reports"


def test_lists_that_are_gone_are_named(tmp_path: Path) -> None:
    assert missing_lists(ENTRIES[0], tmp_path) == ["win-back"]
    path = tmp_path / "candidates" / "good" / "win-back.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"rows")
    assert missing_lists(ENTRIES[0], tmp_path) == []
    path.write_bytes(b"other rows")
    assert missing_lists(ENTRIES[0], tmp_path) == ["win-back"]
