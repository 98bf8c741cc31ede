from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import PublishError
from workbench.suite import editions
from workbench.suite.editions import (
    Stage,
    clean,
    damage,
    list_editions,
    lost_pointer,
    serve,
    served,
    standing,
)
from workbench.suite.lock import only_run


def manifest(digests: Mapping[str, str], as_of: str = "2025-06-30") -> dict[str, Any]:
    return {
        "suite": "mini",
        "unit": "atlas",
        "as_of": as_of,
        "reports": {},
        "environments": {},
        "files": dict(digests),
    }


def publish(folder: Path, content: str, secrets: tuple[str, ...] = ()) -> editions.Edition:
    stage = Stage(folder)
    stage.write("good.html", content.encode())
    stage.write("tables/good-a.csv", b"n\n1\n")
    return stage.publish(manifest, secrets)


def test_an_edition_is_named_by_its_manifest_and_served(tmp_path: Path) -> None:
    edition = publish(tmp_path, "one")
    assert edition.id.startswith("2025-06-30-")
    assert len(edition.id) == len("2025-06-30-") + 16
    assert served(tmp_path) == edition
    assert set(edition.manifest["files"]) == {"good.html", "tables/good-a.csv"}
    assert damage(edition) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [edition.id, "served.json"]


def test_the_same_content_is_the_same_edition(tmp_path: Path) -> None:
    first = publish(tmp_path, "one")
    made = (first.folder / "good.html").stat().st_mtime_ns
    assert publish(tmp_path, "one") == first
    assert (first.folder / "good.html").stat().st_mtime_ns == made
    second = publish(tmp_path, "two")
    assert served(tmp_path) == second
    assert [edition.id for edition in list_editions(tmp_path)] == [second.id, first.id]
    publish(tmp_path, "one")
    assert served(tmp_path) == first


def test_published_files_are_not_writable(tmp_path: Path) -> None:
    edition = publish(tmp_path, "one")
    mode = (edition.folder / "good.html").stat().st_mode
    assert not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)


def test_a_flipped_bit_is_seen_and_mended_by_publishing_again(tmp_path: Path) -> None:
    edition = publish(tmp_path, "one")
    page = edition.folder / "good.html"
    page.chmod(0o644)
    page.write_bytes(b"onf")
    assert damage(edition) == ["good.html"]
    again = publish(tmp_path, "one")
    assert again.id == edition.id
    assert damage(again) == []
    assert (again.folder / "good.html").read_bytes() == b"one"


def test_a_damaged_manifest_is_no_edition(tmp_path: Path) -> None:
    edition = publish(tmp_path, "one")
    path = edition.folder / "manifest.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace("mini", "mino"))
    assert served(tmp_path) is None
    assert list_editions(tmp_path) == []
    (tmp_path / "served.json").write_text("{")
    assert served(tmp_path) is None


def test_carrying_over_checks_the_digest(tmp_path: Path) -> None:
    edition = publish(tmp_path, "one")
    stage = Stage(tmp_path)
    assert stage.carry(edition, "tables/good-a.csv")
    assert not stage.carry(edition, "missing.html")
    page = edition.folder / "good.html"
    page.chmod(0o644)
    page.write_bytes(b"x")
    assert not stage.carry(edition, "good.html")
    stage.discard()


@pytest.mark.parametrize(
    "shown",
    [
        'p&ss"word',
        "p&amp;ss&quot;word",
        'p&ss\\"word',
        "p%26ss%22word",
        "cCZzcyJ3b3Jk",
    ],
)
def test_a_secret_in_any_form_stops_publishing(tmp_path: Path, shown: str) -> None:
    good = publish(tmp_path, "one")
    with pytest.raises(PublishError, match=r"good\.html") as caught:
        publish(tmp_path, f"<p>{shown}</p>", ('p&ss"word',))
    assert "p&ss" not in str(caught.value)
    assert served(tmp_path) == good
    assert sorted(path.name for path in tmp_path.iterdir()) == [good.id, "served.json"]


def test_a_full_disk_is_said_and_the_last_edition_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = publish(tmp_path, "one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(editions, "flush_folder", full)
    with pytest.raises(PublishError, match="No space left"):
        publish(tmp_path, "two")
    assert served(tmp_path) == good
    assert not list(tmp_path.glob(".staging-*"))


CRASH = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_editions import manifest
from workbench.suite.editions import Stage
seen = []
def at(step):
    seen.append(step)
    if step == {step!r} and seen.count(step) == {times}:
        os.kill(os.getpid(), signal.SIGKILL)
stage = Stage(Path({folder!r}), at)
stage.write("good.html", b"two")
stage.write("tables/good-a.csv", b"n\\n2\\n")
stage.publish(manifest)
"""


@pytest.mark.parametrize(
    ("step", "times", "is_new"),
    [
        ("writing", 2, False),
        ("writing", 3, False),
        ("staged", 1, False),
        ("renamed", 1, False),
        ("served", 1, True),
    ],
)
def test_killed_at_any_step_an_edition_is_served_and_the_next_run_recovers(
    tmp_path: Path, step: str, times: int, is_new: bool
) -> None:
    good = publish(tmp_path, "one")
    code = CRASH.format(
        tests=str(Path(__file__).parent), step=step, times=times, folder=str(tmp_path)
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()

    now = served(tmp_path)
    assert now is not None
    assert damage(now) == []
    assert (now.id != good.id) == is_new
    assert all(damage(edition) == [] for edition in list_editions(tmp_path))

    clean(tmp_path)
    assert not list(tmp_path.glob(".*"))
    stage = Stage(tmp_path)
    stage.write("good.html", b"two")
    stage.write("tables/good-a.csv", b"n\n2\n")
    again = stage.publish(manifest)
    assert served(tmp_path) == again
    assert len(list_editions(tmp_path)) == 2


def test_clean_takes_only_leftovers(tmp_path: Path) -> None:
    edition = publish(tmp_path, "one")
    (tmp_path / ".staging-1").mkdir()
    (tmp_path / ".served.json.1").write_text("{")
    assert sorted(clean(tmp_path)) == [".served.json.1", ".staging-1"]
    assert served(tmp_path) == edition
    assert clean(tmp_path / "none") == []


def test_serving_points_to_another_edition(tmp_path: Path) -> None:
    first = publish(tmp_path, "one")
    second = publish(tmp_path, "two")
    serve(tmp_path, first.id)
    assert json.loads((tmp_path / "served.json").read_text()) == {"edition": first.id}
    assert served(tmp_path) == first
    shutil.rmtree(first.folder)
    assert served(tmp_path) is None
    assert standing(tmp_path) == second, "the newest that there is"


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    with (
        only_run(tmp_path, "mini"),
        pytest.raises(PublishError, match=f"process {os.getpid()}"),
        only_run(tmp_path, "mini"),
    ):
        pass
    with only_run(tmp_path, "mini"):
        pass


@pytest.mark.parametrize("pointer", [b'{"edit', b"[]", b'{"edition": "../other"}', b"{}"])
def test_without_a_pointer_the_newest_edition_is_shown_and_that_is_said(
    tmp_path: Path, pointer: bytes
) -> None:
    publish(tmp_path, "one")
    newest = publish(tmp_path, "two")
    assert lost_pointer(tmp_path) == ""
    (tmp_path / "served.json").write_bytes(pointer)
    assert served(tmp_path) is None
    assert standing(tmp_path) == newest
    assert f"{newest.id}, the newest, is shown" in lost_pointer(tmp_path)


def test_a_unit_without_editions_has_lost_no_pointer(tmp_path: Path) -> None:
    assert standing(tmp_path) is None
    assert lost_pointer(tmp_path) == ""
