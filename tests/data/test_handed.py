"""Which state a new edition is given: the newest of an earlier day, of the last good report."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from workbench.data.handed import (
    Handed,
    copy_file,
    editions_by_hand,
    handed_on,
    read_handed,
    state_content,
    state_file,
)
from workbench.files import canonical, digest_of

MAY, JUNE, JULY = "2025-05-31", "2025-06-30", "2025-07-31"


def publish(unit: Path, as_of: str, report: dict[str, Any] | None, **days: str) -> Path:
    """Publish an edition whose files `state` and `copy` are of the given days; it is served."""
    places = {"state": state_file("groups"), "copy": copy_file("groups")}
    files = {
        places[name]: state_content("groups", day, {"of": {"day": day}})
        for name, day in days.items()
    }
    manifest = {
        "as_of": as_of,
        "reports": {"groups": report} if report else {},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    content = canonical(manifest)
    folder = unit / f"{as_of}-{digest_of(content)}"
    for name, inner in {**files, "manifest.json": content}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(inner)
    (unit / "served.json").write_bytes(canonical({"edition": folder.name}))
    return folder


def ok(as_of: str) -> dict[str, Any]:
    return {"state": "ok", "as_of": as_of}


def given(unit: Path, as_of: str) -> Handed:
    return handed_on(partial(editions_by_hand, unit), "groups", as_of)


def test_nothing_is_given_to_the_first(tmp_path: Path) -> None:
    assert given(tmp_path / "none", MAY) == Handed("groups")
    publish(tmp_path, MAY, ok(MAY), state=MAY)
    assert given(tmp_path, MAY) == Handed("groups")
    assert not given(tmp_path, MAY).is_anything


def test_a_later_day_is_given_the_state_and_the_same_day_its_own_copy(tmp_path: Path) -> None:
    publish(tmp_path, JUNE, ok(JUNE), state=JUNE, copy=MAY)
    assert given(tmp_path, JULY) == Handed("groups", JUNE, {"of": {"day": JUNE}})
    assert given(tmp_path, JUNE).as_of == MAY


def test_a_good_report_that_kept_nothing_hands_on_nothing(tmp_path: Path) -> None:
    publish(tmp_path, JUNE, ok(JUNE), copy=MAY)
    assert given(tmp_path, JULY) == Handed("groups")
    assert given(tmp_path, JUNE).as_of == MAY


@pytest.mark.parametrize("state", ["failed", "stopped", "not_applicable", "not_run"])
def test_without_a_good_report_the_last_good_one_counts(tmp_path: Path, state: str) -> None:
    report = {"state": state, "as_of": JUNE} if state == "failed" else {"state": state}
    publish(tmp_path, JUNE, report, state=JUNE, copy=MAY)
    assert given(tmp_path, JULY).as_of == JUNE
    assert given(tmp_path, JUNE).as_of == MAY


def test_what_came_later_is_not_given(tmp_path: Path) -> None:
    publish(tmp_path, MAY, ok(MAY), state=MAY)
    publish(tmp_path, JULY, ok(JULY), state=JULY, copy=MAY)
    assert given(tmp_path, JUNE).as_of == MAY


def test_what_was_carried_over_from_a_later_day_is_passed_over(tmp_path: Path) -> None:
    publish(tmp_path, MAY, ok(MAY), state=MAY)
    publish(tmp_path, JUNE, ok(JULY), state=JULY, copy=JUNE)
    assert given(tmp_path, JUNE).as_of == MAY


def test_a_report_that_is_not_in_the_edition_is_given_nothing(tmp_path: Path) -> None:
    publish(tmp_path, MAY, ok(MAY), state=MAY)
    publish(tmp_path, JUNE, None)
    assert given(tmp_path, JULY) == Handed("groups")


def test_a_damaged_file_is_found_elsewhere_or_said(tmp_path: Path) -> None:
    may = publish(tmp_path, MAY, ok(MAY), state=MAY)
    june = publish(tmp_path, JUNE, ok(JUNE), state=JUNE, copy=MAY)
    (june / copy_file("groups")).write_text("{}")
    assert given(tmp_path, JUNE).as_of == MAY
    (may / state_file("groups")).unlink()
    found = given(tmp_path, JUNE)
    assert not found.is_anything
    assert found.problem.startswith(f"prior/state/groups.json of edition {june.name}")
    assert given(tmp_path, JULY).as_of == JUNE


def test_a_damaged_manifest_is_no_edition(tmp_path: Path) -> None:
    publish(tmp_path, MAY, ok(MAY), state=MAY)
    june = publish(tmp_path, JUNE, ok(JUNE), state=JUNE, copy=MAY)
    (june / "manifest.json").write_text("{}")
    assert given(tmp_path, JULY).as_of == MAY


def test_the_shown_edition_comes_first_and_then_the_newest(tmp_path: Path) -> None:
    days = [MAY, JULY, JUNE]
    shown = [publish(tmp_path, day, ok(day)) for day in days][-1]
    assert next(folder for folder, _ in editions_by_hand(tmp_path)) == shown
    assert [told["as_of"] for _, told in editions_by_hand(tmp_path)] == [JUNE, JULY, MAY]


def test_the_bytes_say_it_all(tmp_path: Path) -> None:
    handed = Handed("groups", MAY, {"of": {"day": MAY}})
    folder = publish(tmp_path, MAY, ok(MAY), state=MAY)
    assert (folder / state_file("groups")).read_bytes() == handed.content
    manifest = {"files": {state_file("groups"): hashlib.sha256(handed.content).hexdigest()}}
    assert read_handed(folder, manifest, state_file("groups")) == handed
    assert Handed(**handed.to_json()) == handed
    assert handed.digest == digest_of(handed.content)
