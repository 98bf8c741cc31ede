"""The demo suite from raw files to pages: complete, honest, and the same bytes each time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest

from workbench.suite.editions import served
from workbench.triage import read_record

EXPECTED = {
    ("atlas", "triage"): "ok",
    ("atlas", "segmentation"): "ok",
    ("atlas", "experiments"): "ok",
    ("atlas", "retention"): "ok",
    ("brook", "triage"): "ok",
    ("brook", "segmentation"): "ok",
    ("brook", "experiments"): "not_applicable",
    ("brook", "retention"): "ok",
    ("cirrus", "triage"): "ok",
    ("cirrus", "segmentation"): "not_applicable",
    ("cirrus", "experiments"): "ok",
    ("cirrus", "retention"): "ok",
}
READY = [key for key, state in EXPECTED.items() if state == "ok"]


def words(path: Path) -> str:
    """Return what a reader sees of a page, on one line."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"<(style|script)\b.*?</\1>", " ", text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_every_report_is_there_or_says_why_not(demo: Any) -> None:
    found = {(one.unit, one.report): one.state for one in demo.result.outcomes}
    assert found == EXPECTED
    assert demo.result.exit_code == 0
    reasons = {one.reason for one in demo.result.outcomes if one.state == "not_applicable"}
    assert all(reasons)


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def test_another_folder_and_another_number_of_jobs_give_the_same_bytes(
    demo: Any, again: Any
) -> None:
    assert list(again.result.editions) == ["cirrus"]
    for unit, other in again.result.editions.items():
        edition = demo.result.editions[unit]
        first, second = dict(files(edition.folder)), dict(files(other.folder))
        assert list(first) == list(second)
        differing = [name for name in first if first[name] != second[name]]
        assert differing == []
        assert edition.id == other.id


def test_another_folder_gives_the_same_data(demo: Any, again: Any) -> None:
    for unit in ("brook", "cirrus"):
        homes = [one.workspace.unit_data("demo", unit) for one in (demo, again)]
        for part in ("snapshots", "quarantine"):
            here, there = (dict(files(home / part)) for home in homes)
            assert here
            assert [name for name in here if here[name] != there.get(name)] == []
            assert list(here) == list(there)


def test_another_user_at_another_time_gets_the_same_edition(demo: Any, elsewhere: Any) -> None:
    """Other name, home, time zone, language, umask, hash seed, age of the files; one process."""
    first = demo.result.editions["cirrus"]
    other = served(elsewhere.workspace.unit_reports("demo", "cirrus"))
    assert other is not None
    here, there = dict(files(first.folder)), dict(files(other.folder))
    assert [name for name in here if here[name] != there.get(name)] == []
    assert list(here) == list(there)
    assert first.id == other.id
    assert {Path(name).suffix for name in here} >= {".html", ".ipynb", ".svg", ".csv", ".json"}


def test_another_user_at_another_time_gets_the_same_data(demo: Any, elsewhere: Any) -> None:
    homes = [one.workspace.unit_data("demo", "cirrus") for one in (demo, elsewhere)]
    for part in ("snapshots", "quarantine", "actions"):
        here, there = (dict(files(home / part)) for home in homes)
        assert here == there
    assert dict(files(homes[0] / "snapshots"))
    assert (
        homes[0].joinpath("current.json").read_bytes() == (homes[1] / "current.json").read_bytes()
    )


def test_whose_umask_it_is_decides_who_may_read(demo: Any, elsewhere: Any) -> None:
    """The rights of a published file are its maker's choice, less the right to write."""
    first = demo.result.editions["cirrus"]
    other = elsewhere.workspace.unit_reports("demo", "cirrus") / first.id
    for path in sorted(first.folder.rglob("*")):
        mode = S_IMODE((other / path.relative_to(first.folder)).stat().st_mode)
        if path.is_file():
            assert S_IMODE(path.stat().st_mode) & 0o222 == 0
            assert mode == 0o444 & ~elsewhere.umask
        else:
            assert mode == 0o777 & ~elsewhere.umask


def test_it_was_really_another_user(elsewhere: Any) -> None:
    if elsewhere.user is None:
        pytest.skip("no other user can run this Python here: it was this one under another name")
    made = served(elsewhere.workspace.unit_reports("demo", "cirrus"))
    assert made is not None
    assert {path.owner() for path in made.folder.rglob("*")} == {elsewhere.user}


def test_no_path_of_the_machine_is_in_an_edition(demo: Any) -> None:
    roots = {str(demo.workspace.root), str(Path.home())}
    for edition in demo.result.editions.values():
        for name, content in files(edition.folder):
            for root in roots:
                assert root.encode() not in content, name


def test_no_person_is_in_an_edition(demo: Any) -> None:
    """No e-mail address and no name of the customers' files stands in any file of an edition."""
    addresses = re.compile(rb"[a-z0-9._-]+@example\.(org|com|net)")
    for edition in demo.result.editions.values():
        for name, content in files(edition.folder):
            assert not addresses.search(content), name


@pytest.mark.parametrize(("unit", "report"), READY)
def test_each_page_answers_first_and_fetches_nothing(demo: Any, unit: str, report: str) -> None:
    html = demo.page(unit, report).read_text(encoding="utf-8")
    body = html[html.index("<body") :]
    assert body.index("What this report says") < body.index("In this report")
    assert "Content-Security-Policy" in html
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", html)
    assert "<script" not in html
    for image in re.findall(r"<img\b[^>]*>", html):
        assert re.search(r'alt="[^"]{20,}"', image), "every figure says in words what it shows"
    shown = words(demo.page(unit, report))
    assert not re.search(r"\bnan\b|\bNaN\b|\bNone\b|\bNaT\b", shown.split("How this report")[0])
    assert not re.search(r"\d\.\d{7,}", shown.split("How this report")[0]), "no ten-digit numbers"


def test_rows_are_conserved_in_every_manifest(demo: Any) -> None:
    for unit, edition in demo.result.editions.items():
        manifest = json.loads((edition.folder / "manifest.json").read_text(encoding="utf-8"))
        for table in demo_record(demo, unit).tables:
            for source in table.sources:
                told = manifest["data"]["rows"][table.name][source.name]
                assert told["received"] == told["accepted"] + told["quarantined"]
                assert told["received"] == source.received


def demo_record(demo: Any, unit: str) -> Any:
    home = demo.workspace.unit_data("demo", unit)
    digest = json.loads((home / "current.json").read_text())["snapshot"]
    return read_record(home / "snapshots" / digest)


def test_the_broken_experiment_is_not_decided(demo: Any) -> None:
    shown = words(demo.page("atlas", "experiments"))
    assert "Do not decide" in shown
